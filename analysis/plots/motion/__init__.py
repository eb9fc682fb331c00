"""Figures of networks that do not rest."""
