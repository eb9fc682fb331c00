"""How a network learns: everything that decides the final weights, as one frozen object of plain data."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from neurodyn.errors import ArgumentError, nearest, shown
from neurodyn.estimators import ESTIMATORS, Estimator, build, name_of
from neurodyn.inputs import choice, real_number, whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.system.network import Network

#: The method of Scellier & Bengio (2017), and the one chosen for networks that it does not fit.
EP_2017, OTHERWISE = "ep-2017", "equilibrium-propagation"
#: How rates fall: factor of epoch k out of K.
SCHEDULES = ("constant", "linear", "cosine")

#: Learning rates: one for all, one for each connection, or by name.
Rates = float | Sequence[float] | Array | Mapping[str, float]

#: More epochs or samples than these are a slip.
MOST = 10**9


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network learns.

    Parameters
    ----------
    method : str or Estimator
        `ep-2017`: the discrete scheme of Scellier & Bengio (2017) in float32, for dense networks whose free units are
        hard sigmoids or linear; its options are those of `Euler`. Any method of `neurodyn.gradient`: minibatch gradient
        descent in float64; its options are that method's. `auto` takes the first where it fits, else
        `equilibrium-propagation`. Or an estimator of your own, whose options are its fields; files know it by the name
        of its class.
    epochs : int
        How many times every sample is seen.
    batch_size : int
        Samples per change of the weights; the last minibatch of an epoch may be smaller.
    rates : float, sequence or mapping
        Learning rates: one for all, one per connection in their order, or by the names of connections (and of
        populations for their biases). Biases otherwise have the rate of the first connection of their population.
    schedule : {"constant", "linear", "cosine"}
        Factor on the rates of epoch k out of K: 1, 1 − k/K, or (1 + cos(πk/K))/2.
    shuffle : bool
        Whether each epoch has an order of its own; else samples come as given.
    persistent : bool
        Whether each sample's free phase begins where its last one ended, instead of at zero.
    shift : int
        Inputs are square images, and each is moved by up to so many pixels along both axes, drawn anew in every epoch.
    patience : int, optional
        Stop when the validation error has not improved for so many epochs, and return the best network.
    alignment : int
        Measure after each epoch the cosine of the method's gradient with the exact one, on the first so many samples.
    seed : int
        Root of all that is drawn: orders and signs. Initial weights are the network's.
    options : mapping
        Options of the method.
    """

    method: str | Estimator = "auto"
    epochs: int = 25
    batch_size: int = 20
    rates: Rates = 0.1
    schedule: str = "constant"
    shuffle: bool = True
    persistent: bool = True
    shift: int = 0
    patience: int | None = None
    alignment: int = 0
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        choice(self.schedule, SCHEDULES, "schedule")
        for name, least in (("epochs", 1), ("batch_size", 1), ("alignment", 0), ("shift", 0), ("seed", 0)):
            whole_number(getattr(self, name), name, least, None if name == "seed" else MOST)
        if self.patience is not None:
            whole_number(self.patience, "patience", 1)
        for name in ("shuffle", "persistent"):
            if not isinstance(getattr(self, name), (bool, np.bool_)):
                raise ArgumentError(f"`{name}` must be True or False; got {getattr(self, name)!r}")
        if not isinstance(self.options, Mapping):
            raise ArgumentError(f"`options` must be a mapping from names to values; got {self.options!r}")
        object.__setattr__(self, "rates", _plain_rates(self.rates))
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))

    @classmethod
    def of(cls, recipe: Recipe | Mapping[str, Any] | None = None, **changes: Any) -> Recipe:
        """Return a recipe with changes: names that are no field of it are options of its method."""
        if isinstance(recipe, Mapping) and all(isinstance(name, str) for name in recipe):
            return cls.of(None, **{**recipe, **changes})
        if recipe is not None and not isinstance(recipe, Recipe):
            raise ArgumentError(f"`recipe` must be a Recipe, a mapping of its fields, or None; got {shown(recipe)}")
        base: Any = cls() if recipe is None else recipe
        names = {f.name for f in dataclasses.fields(cls)}
        options = {**base.options, **changes.pop("options", {})}
        options |= {name: changes.pop(name) for name in list(changes) if name not in names}
        return dataclasses.replace(base, **changes, options=options)

    def resolved(self, network: Network) -> Self:
        """The recipe with the method that `auto` means for a network, checked against it."""
        from neurodyn.learning.euler import Euler, obstacle

        reason = obstacle(network)
        method = self.method
        if method == "auto":
            method = EP_2017 if reason is None else OTHERWISE
        if not isinstance(method, Estimator):
            choice(method, (EP_2017, *ESTIMATORS), "method")
        if method == EP_2017:
            if reason is not None:
                raise ArgumentError(f"method '{EP_2017}' does not fit this network: {reason}")
            Euler.of(self.options)
        else:
            build(method, self.options)
        rates_by_block(self.rates, network)
        if self.shift and math.isqrt(network.n_in) ** 2 != network.n_in:
            raise ArgumentError(f"`shift` needs square images; this network has {network.n_in} inputs")
        return dataclasses.replace(self, method=method)

    def plain(self) -> dict[str, Any]:
        """The recipe as plain data, from which `Recipe(**plain)` makes an equal one, if its method has a name."""
        about = self._fields()
        if isinstance(self.method, Estimator):
            about |= {"method": name_of(self.method), "options": dataclasses.asdict(self.method)}
        return about

    def _fields(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)} | {"options": dict(self.options)}

    def __reduce__(self) -> Any:
        return Recipe.of, (self._fields(),)

    def factor(self, epoch: int) -> float:
        """What the rates of an epoch, counted from 0, are multiplied by."""
        if self.schedule == "linear":
            return 1.0 - epoch / self.epochs
        if self.schedule == "cosine":
            return 0.5 * (1.0 + float(np.cos(np.pi * epoch / self.epochs)))
        return 1.0


def rates_by_block(rates: Rates, network: Network) -> dict[str, float]:
    """The learning rate of every block of parameters, by name."""
    own = [block.name for term in network.own_terms for block in term.blocks(network.graph)]
    connections = [*(c.name for c in network.graph.connections), *own]
    blocks = [b.name for b in network.parameters.blocks]
    if isinstance(rates, dict):
        for name in rates:
            if name not in blocks:
                raise ArgumentError(f"unknown name {name!r} in `rates`; {nearest(name, blocks)}")
        missing = [name for name in connections if name not in rates]
        if missing:
            raise ArgumentError(f"`rates` by name lacks {', '.join(missing)}")
        given = dict(rates)
    elif isinstance(rates, list):
        if len(rates) != len(connections):
            raise ArgumentError(
                f"`rates` must be one number, or one for each of the {len(connections)} connections "
                f"({', '.join(connections)}); got {len(rates)}"
            )
        given = dict(zip(connections, rates, strict=True))
    else:
        given = dict.fromkeys(connections, rates)
    for block in blocks:
        if block not in given:
            given[block] = next((given[c] for c in connections if block in c.split("-")), 0.0)
            if "-" in block:  # feedback weights of their own
                given[block] = given["-".join(reversed(block.split("-")))]
    return given


def _plain_rates(rates: Rates) -> Any:
    """Rates as a float, a list or a dict of floats."""
    if isinstance(rates, Mapping):
        return {str(name): real_number(rate, "rates", 0.0) for name, rate in rates.items()}
    if isinstance(rates, (list, tuple)) or (isinstance(rates, np.ndarray) and rates.ndim == 1):
        return [real_number(rate, "rates", 0.0) for rate in rates]
    return real_number(rates, "rates", 0.0)
