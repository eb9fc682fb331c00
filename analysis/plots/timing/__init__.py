"""Figures of time scales."""
