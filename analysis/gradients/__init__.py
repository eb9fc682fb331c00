"""Estimates of the gradient, compared with each other."""
