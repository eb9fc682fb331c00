"""Figures of estimates of the gradient."""
