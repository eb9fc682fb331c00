"""Data to learn from: sets of images by name, samples in files of a user's own, and what a model file asks for."""

from neurodyn.models.data.idx import read_idx
from neurodyn.models.data.image_sets import MNIST_MISSING, LabelledData, digits, mnist
from neurodyn.models.data.sample_files import LearningData, read_data

__all__ = ["MNIST_MISSING", "LabelledData", "LearningData", "digits", "mnist", "read_data", "read_idx"]
