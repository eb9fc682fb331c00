"""Networks, one energy per file, and a library of ready models with their data."""

from neurodyn.models.hopfield import Hopfield
from neurodyn.models.load import Model, Outline, load, names, outline, read
from neurodyn.models.rate import Rate

__all__ = ["Hopfield", "Model", "Outline", "Rate", "load", "names", "outline", "read"]
