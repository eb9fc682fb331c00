"""Optimizers: how a gradient g changes the parameters θ after each minibatch.

With the learning rate η of a block of parameters, the weight decay λ, which acts on weights alone and not on biases,
and `clip_norm` c, all blocks together:

    g ← g · min(1, c/‖g‖),    then    θ ← (1 − ηλ) θ − η · step

The decay is decoupled: it does not go through the moments of the optimizer. Source: Loshchilov & Hutter, ICLR 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from neurodyn.errors import ArgumentError
from neurodyn.inputs import positive_number, real_number


@dataclass(frozen=True, slots=True)
class SGD:
    """Stochastic gradient descent: the step is g.

    Examples
    --------
    >>> import neurodyn as nd
    >>> nd.Recipe(optimizer=nd.SGD()) == nd.Recipe(optimizer="sgd")
    True
    """

    #: What it keeps from minibatch to minibatch, one number for each parameter.
    keeps: ClassVar[tuple[str, ...]] = ()

    @property
    def constants(self) -> tuple[float, float, float]:
        """How much its means of gradients and of their squares keep, and epsilon; 0 for what it has not."""
        return 0.0, 0.0, 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Momentum:
    """Gradient descent with momentum: v ← momentum · v + g, and the step is v.

    A steady gradient moves the parameters 1/(1 − momentum) times as far as without; take smaller rates.

    Parameters
    ----------
    momentum : float
        From 0, which is `SGD`, to below 1.

    Examples
    --------
    >>> import neurodyn as nd
    >>> nd.Recipe(optimizer=nd.Momentum(momentum=0.8), rates=0.02).optimizer
    Momentum(momentum=0.8)
    """

    keeps: ClassVar[tuple[str, ...]] = ("mean",)

    momentum: float = 0.9

    def __post_init__(self) -> None:
        _below_one(self.momentum, "momentum")

    @property
    def constants(self) -> tuple[float, float, float]:
        """See `SGD`."""
        return self.momentum, 0.0, 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Adam:
    """Steps by the ratio of two running means: m of the gradient, u of its square, element by element.

    m ← β₁ m + (1 − β₁) g, u ← β₂ u + (1 − β₂) g², and the step is m̂/(√û + ε), with m̂ = m/(1 − β₁ᵗ) and
    û = u/(1 − β₂ᵗ) after t minibatches. Every parameter moves by about the learning rate, whatever the size of its
    gradient.

    Parameters
    ----------
    beta_1, beta_2 : float
        How much of both means is kept at each minibatch, from 0 to below 1.
    epsilon : float
        Keeps the ratio finite; positive.

    References
    ----------
    Kingma & Ba, ICLR 2015.

    Examples
    --------
    >>> import neurodyn as nd
    >>> nd.Recipe(optimizer=nd.Adam(beta_1=0.8)).rates
    0.001
    """

    keeps: ClassVar[tuple[str, ...]] = ("mean", "square")

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        _below_one(self.beta_1, "beta_1")
        _below_one(self.beta_2, "beta_2")
        positive_number(self.epsilon, "epsilon")

    @property
    def constants(self) -> tuple[float, float, float]:
        """See `SGD`."""
        return self.beta_1, self.beta_2, self.epsilon


Optimizer = SGD | Momentum | Adam

#: Optimizers by name.
OPTIMIZERS: Mapping[str, type[Any]] = {"sgd": SGD, "momentum": Momentum, "adam": Adam}
#: Learning rates where none are given.
USUAL_RATES: Mapping[type[Any], float] = {SGD: 0.1, Momentum: 0.02, Adam: 0.001}


def _below_one(value: object, name: str) -> None:
    if real_number(value, name, 0.0) >= 1.0:
        raise ArgumentError(f"`{name}` must be below 1; got {value!r}")


__all__ = ["OPTIMIZERS", "SGD", "USUAL_RATES", "Adam", "Momentum", "Optimizer"]
