"""The central experiment: both phases and the side network, on a network or on a model file."""
