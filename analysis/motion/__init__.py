"""What networks do that do not rest: limit cycles, chaos."""
