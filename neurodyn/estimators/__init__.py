"""Estimators of dJ/dtheta, the gradient of the cost at the fixed point: one file each, imported when asked for.

To add one: a file here with a frozen dataclass that inherits `Estimator`, and a line in `_WHERE`. An instance of a
class that is not here, but inherits `Estimator`, is taken wherever the name of a method is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from neurodyn.errors import ArgumentError, nearest
from neurodyn.estimators.base import Estimator
from neurodyn.inputs import choice

#: Module and class of each method.
_WHERE = {
    "equilibrium-propagation": ("equilibrium_propagation", "EquilibriumPropagation"),
    "dyadic": ("dyadic", "Dyadic"),
    "recurrent-backprop": ("recurrent_backprop", "RecurrentBackprop"),
    "implicit": ("implicit", "Implicit"),
    "backprop": ("backprop", "Backprop"),
    "bptt": ("bptt", "BackpropThroughTime"),
    "contrastive-hebbian": ("contrastive_hebbian", "ContrastiveHebbian"),
    "contrastive-divergence": ("contrastive_divergence", "ContrastiveDivergence"),
    "coupled-learning": ("coupled_learning", "CoupledLearning"),
    "finite-differences": ("finite_differences", "FiniteDifferences"),
    "holomorphic": ("holomorphic", "Holomorphic"),
    "stochastic-ep": ("stochastic_ep", "StochasticEquilibriumPropagation"),
    "fluctuation": ("fluctuation", "Fluctuation"),
}


class _Registry(Mapping[str, "type[Estimator]"]):
    """Classes of estimators by the names of their methods."""

    def _ipython_key_completions_(self) -> list[str]:
        """Names of methods, for the tabulator key of notebooks and IPython."""
        return list(self)

    def __getitem__(self, method: str) -> type[Estimator]:
        module, name = _WHERE[method]
        kind: type[Estimator] = getattr(import_module(f"{__name__}.{module}"), name)
        return kind

    def __iter__(self) -> Iterator[str]:
        return iter(_WHERE)

    def __len__(self) -> int:
        return len(_WHERE)


ESTIMATORS: Mapping[str, type[Estimator]] = _Registry()


def build(method: str | Estimator, options: Mapping[str, Any]) -> Estimator:
    """The estimator of this name with these options, or the one that is given.

    Raises
    ------
    ArgumentError
        For an unknown method, an option that it does not have, or a value that the option cannot take; for options
        beside an estimator, which has its own.

    Examples
    --------
    >>> from neurodyn.estimators import build
    >>> build("equilibrium-propagation", {"beta": 0.1}).beta
    0.1
    """
    if isinstance(method, Estimator):
        if options:
            raise ArgumentError(
                f"the estimator {method!r} has its options in its own fields: leave out {', '.join(map(repr, options))}"
            )
        return method
    if not isinstance(method, str):
        raise ArgumentError(
            f"`method` must be the name of an estimator, or an instance of a class that inherits "
            f"neurodyn.estimators.base.Estimator; got {method!r}"
        )
    kind = ESTIMATORS[choice(method, ESTIMATORS, "method")]
    allowed = [field.name for field in dataclasses.fields(kind)]
    for name in options:
        if name not in allowed:
            hint = nearest(name, allowed) if allowed else "it has none"
            raise ArgumentError(f"unknown option `{name}` of the method {method!r}; {hint}")
    return kind(**options)


def name_of(estimator: Estimator) -> str:
    """The name of its method, or where that has none the name of its class.

    Examples
    --------
    >>> from neurodyn.estimators import build, name_of
    >>> name_of(build("implicit", {}))
    'implicit'
    """
    kind = type(estimator)
    named = (method for method, (_, name) in _WHERE.items() if name == kind.__name__ and ESTIMATORS[method] is kind)
    return next(named, kind.__name__)


__all__ = ["ESTIMATORS", "Estimator", "build", "name_of"]
