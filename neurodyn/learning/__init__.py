"""Learning: minibatches, epochs, validation, checkpoints; the scheme of EP 2017, or any estimator of the gradient."""

from neurodyn.learning.evaluate import Evaluation, evaluate, predict
from neurodyn.learning.learn import learn
from neurodyn.learning.recipe import Recipe
from neurodyn.learning.training import Training

__all__ = ["Evaluation", "Recipe", "Training", "evaluate", "learn", "predict"]
