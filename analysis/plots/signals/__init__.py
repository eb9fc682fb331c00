"""Figures of error signals and of their agreement."""
