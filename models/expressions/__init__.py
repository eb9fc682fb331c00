"""A user's own energy, force, activation or cost from one line of text."""
