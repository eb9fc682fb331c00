"""Learning: minibatches, epochs, validation, checkpoints; the scheme of EP 2017, or any estimator of the gradient.

The scikit-learn estimators are imported when asked for: they need scikit-learn (`pip install 'neurodyn[learn]'`).
"""

from typing import TYPE_CHECKING, Any

from neurodyn.learning.callback import EpochRecord
from neurodyn.learning.evaluate import Evaluation, evaluate, predict
from neurodyn.learning.feedback import feedback_cosine
from neurodyn.learning.learn import learn
from neurodyn.learning.metrics import METRICS
from neurodyn.learning.recipe import Recipe
from neurodyn.learning.training import Training

if TYPE_CHECKING:
    from neurodyn.learning.scikit import EquilibriumPropagationClassifier, EquilibriumPropagationRegressor

__all__ = [
    "METRICS",
    "EpochRecord",
    "EquilibriumPropagationClassifier",
    "EquilibriumPropagationRegressor",
    "Evaluation",
    "Recipe",
    "Training",
    "evaluate",
    "feedback_cosine",
    "learn",
    "predict",
]


def __getattr__(name: str) -> Any:
    if name not in ("EquilibriumPropagationClassifier", "EquilibriumPropagationRegressor"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from neurodyn.learning import scikit
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "sklearn":
            raise
        raise ImportError(f"{name} needs scikit-learn: pip install 'neurodyn[learn]'") from None
    return getattr(scikit, name)
