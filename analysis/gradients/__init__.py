"""Estimates of the gradient, held against each other."""
