"""Networks, one energy per file, and a library of ready models with their data."""

from neurodyn.models import terms
from neurodyn.models.activation import Activation
from neurodyn.models.cost import Cost
from neurodyn.models.data.learning_data import learning_data
from neurodyn.models.data.sample_files import LearningData, read_data
from neurodyn.models.energy_network import EnergyNetwork
from neurodyn.models.hopfield import Hopfield
from neurodyn.models.load import Model, Outline, find, load, names, outline, read
from neurodyn.models.rate import Rate
from neurodyn.models.store import store

__all__ = [
    "Activation",
    "Cost",
    "EnergyNetwork",
    "Hopfield",
    "LearningData",
    "Model",
    "Outline",
    "Rate",
    "find",
    "learning_data",
    "load",
    "names",
    "outline",
    "read",
    "read_data",
    "store",
    "terms",
]
