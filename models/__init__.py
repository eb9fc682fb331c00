"""Networks, one energy per file, and a library of ready models with their data."""

from neurodyn.models.hopfield import Hopfield

__all__ = ["Hopfield"]
