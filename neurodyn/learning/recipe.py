"""How a network learns: everything that decides the final weights, as one frozen object of plain data."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from neurodyn.errors import ArgumentError, shown
from neurodyn.estimators import ESTIMATORS, Estimator, build, name_of
from neurodyn.inputs import choice, positive_number, real_number, whole_number
from neurodyn.learning.metrics import METRICS
from neurodyn.learning.optimizer import OPTIMIZERS, USUAL_RATES, Optimizer
from neurodyn.learning.rates import Rates, plain_rates, rates_by_block
from neurodyn.learning.schedule import ENDLESS, SCHEDULES, Schedule
from neurodyn.learning.settings import chosen, plain, shortest
from neurodyn.system.network import Network

#: The method of Scellier & Bengio (2017), and the one chosen for networks that it does not fit.
EP_2017, OTHERWISE = "ep-2017", "equilibrium-propagation"
#: What `patience` may look at, beside the metrics.
MONITORED = ("validation_error", "validation_cost")

#: More epochs or samples than these are a slip.
MOST = 10**9


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network learns.

    Names of settings stand for objects with the usual constants, and so do tables like
    ``{"kind": "adam", "beta_1": 0.8}``, as in model files.

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
    rates : float, sequence or mapping, optional
        Learning rates: one for all, one per connection in their order, or by the names of connections (and of
        populations for their biases). Biases otherwise have the rate of the first connection of their population.
        Default: 0.1, with momentum 0.02, with Adam 0.001.
    schedule : {"constant", "linear", "cosine", "step", "one-cycle"} or an object
        Factor on the rates of epoch k out of K: 1, 1 − k/K, (1 + cos(πk/K))/2; `StepSchedule`, `OneCycle`.
    optimizer : {"sgd", "momentum", "adam"} or an object
        How gradients change the parameters: `SGD`, `Momentum`, `Adam`, with constants of their own where wanted.
    weight_decay : float
        λ: at each minibatch weights, not biases, also shrink by the factor 1 − rate · λ.
    clip_norm : float, optional
        Longest gradient, all blocks together: a longer one is scaled down to it.
    shuffle : bool
        Whether each epoch has an order of its own; else samples come as given.
    persistent : bool
        Whether each sample's free phase begins where its last one ended, instead of at zero.
    shift : int
        Inputs are square images, and each is moved by up to so many pixels along both axes, drawn anew in every epoch.
    patience : int, optional
        Stop when what is monitored has not improved for so many epochs, and return the best network.
    monitor : str, optional
        What `patience` looks at: "validation_error", "validation_cost", or one of `metrics`. Default: the error, or
        where targets are no labels the cost.
    metrics : sequence of str
        What else is measured after each epoch, on the validation samples: names of `neurodyn.learning.METRICS`.
    alignment : int
        Measure after each epoch the cosine of the method's gradient with the exact one, on the first so many samples.
    seed : int
        Root of all that is drawn: orders and signs. Initial weights are the network's.
    options : mapping
        Options of the method.

    Examples
    --------
    >>> import neurodyn as nd
    >>> recipe = nd.Recipe(method="equilibrium-propagation", epochs=5, optimizer="adam")
    >>> recipe.epochs, recipe.optimizer
    (5, 'adam')
    """

    method: str | Estimator = "auto"
    epochs: int = 25
    batch_size: int = 20
    rates: Rates | None = None
    schedule: str | Schedule | Mapping[str, Any] = "constant"
    optimizer: str | Optimizer | Mapping[str, Any] = "sgd"
    weight_decay: float = 0.0
    clip_norm: float | None = None
    shuffle: bool = True
    persistent: bool = True
    shift: int = 0
    patience: int | None = None
    monitor: str | None = None
    metrics: Sequence[str] = ()
    alignment: int = 0
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, kinds in (("schedule", SCHEDULES), ("optimizer", OPTIMIZERS)):
            object.__setattr__(self, name, shortest(chosen(getattr(self, name), kinds, name), kinds))
        real_number(self.weight_decay, "weight_decay", 0.0)
        if self.clip_norm is not None:
            positive_number(self.clip_norm, "clip_norm")
        for name, least in (("epochs", 1), ("batch_size", 1), ("alignment", 0), ("shift", 0), ("seed", 0)):
            whole_number(getattr(self, name), name, least, None if name == "seed" else MOST)
        if self.patience is not None:
            whole_number(self.patience, "patience", 1)
        for name in ("shuffle", "persistent"):
            if not isinstance(getattr(self, name), (bool, np.bool_)):
                raise ArgumentError(f"`{name}` must be True or False; got {getattr(self, name)!r}")
        if not isinstance(self.options, Mapping):
            raise ArgumentError(f"`options` must be a mapping from names to values; got {self.options!r}")
        object.__setattr__(self, "metrics", _known_metrics(self.metrics))
        if self.monitor is not None:
            choice(self.monitor, (*MONITORED, *self.metrics), "monitor")
        rates = USUAL_RATES[type(self.mover)] if self.rates is None else plain_rates(self.rates)
        object.__setattr__(self, "rates", rates)
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
        if "optimizer" in changes and base.rates == USUAL_RATES[type(base.mover)]:
            changes.setdefault("rates", None)  # those of the new one
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
        about = self._fields() | {
            "schedule": plain(self.schedule, SCHEDULES),
            "optimizer": plain(self.optimizer, OPTIMIZERS),
            "metrics": list(self.metrics),
        }
        if isinstance(self.method, Estimator):
            about |= {"method": name_of(self.method), "options": dataclasses.asdict(self.method)}
        return about

    def _fields(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)} | {"options": dict(self.options)}

    def __reduce__(self) -> Any:
        return Recipe.of, (self._fields(),)

    def factor(self, epoch: int) -> float:
        """What the rates of an epoch, counted from 0, are multiplied by."""
        schedule: Schedule = chosen(self.schedule, SCHEDULES, "schedule")
        return schedule.factor(epoch, self.epochs)

    @property
    def is_endless(self) -> bool:
        """Whether its epochs do not depend on how many there are, so that learning may go on for more."""
        return isinstance(chosen(self.schedule, SCHEDULES, "schedule"), ENDLESS)

    @property
    def mover(self) -> Optimizer:
        """The optimizer as an object with its constants."""
        found: Optimizer = chosen(self.optimizer, OPTIMIZERS, "optimizer")
        return found


def _known_metrics(names: object) -> tuple[str, ...]:
    """Names of metrics, each once."""
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise ArgumentError(f"`metrics` must be a list of names like ['accuracy']; got {shown(names)}")
    for name in names:
        choice(name, METRICS, "metrics")
    return tuple(dict.fromkeys(names))
