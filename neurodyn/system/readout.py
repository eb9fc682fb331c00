"""How the cost reads the outputs: as they are, through a softmax, or by a function of a user's own.

All arrays are unit-major, (n_out, batch).
z is what the cost is a function of (`Local.coordinate`): the states of the outputs, in the rate form their
rates; y are the targets.

    linear     C = ½ |z − y|²              dC/dz = z − y            d2C/dz2 = 1
    softmax    C = log Σ exp z − y·z       dC/dz = p − y            d2C/dz2 = diag(p) − p pᵀ,    p = softmax(z)
    own        C = Σ c(z, y)               dC/dz = c'(z, y)         d2C/dz2 = diag(c''(z, y))

The second is the cross-entropy −Σ y log p of targets y that are probabilities. The third need not be convex.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from neurodyn.errors import ArgumentError
from neurodyn.flows.own_cost import OWN_COSTS, OwnCost
from neurodyn.flows.terms import NODES, WEIGHTS
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.kernel import Kernel
from neurodyn.system.graph import LINEAR, SOFTMAX

#: How far the probabilities of a target may be from a sum of 1.
ROUNDING = 1e-6
#: Moves of an output below which the change of a cost is an integral, as a difference would cancel.
SHORT = 0.125


class Readout(ABC):
    """A cost of the outputs, with its derivatives. Where it `is_quadratic` its second derivative is the unit matrix."""

    is_quadratic: ClassVar[bool] = False
    #: Whether no second derivative is negative, whatever outputs and targets are.
    is_convex: ClassVar[bool] = True

    @abstractmethod
    def check(self, target: Array) -> None:
        """Refuse targets (batch, n_out) that the cost makes no sense of."""

    @abstractmethod
    def cost(self, z: Array, y: Array) -> Array:
        """C of each sample, (batch,)."""

    @abstractmethod
    def slope(self, z: Array, y: Array) -> Array:
        """dC/dz, (n_out, batch)."""

    @abstractmethod
    def curvature(self, z: Any, y: Array) -> Any:
        """d2C/dz2 for the outputs and targets (n_out,) of one sample, (n_out, n_out); z may be complex."""

    @abstractmethod
    def change(self, z: Array, y: Array, move: Array, beta: float) -> Array:
        """(C(z + beta move) − C(z)) / beta, (batch,), without cancellation; move·dC/dz at beta = 0."""

    @abstractmethod
    def rows(self, z: Array, y: Array) -> Array:
        """What the kernel of the nudged phase must know of outputs and targets beside dC/dz, (k, batch)."""


class Linear(Readout):
    """The squared error of the outputs."""

    is_quadratic = True

    def check(self, target: Array) -> None:
        """All numbers will do."""

    def cost(self, z: Array, y: Array) -> Array:
        """½ |z − y|²."""
        gap = z - y
        return np.asarray(0.5 * np.sum(gap * gap, axis=0))

    def slope(self, z: Array, y: Array) -> Array:
        """The difference z − y."""
        return z - y

    def curvature(self, z: Any, y: Array) -> Any:
        """The unit matrix."""
        return np.eye(len(z))

    def change(self, z: Array, y: Array, move: Array, beta: float) -> Array:
        """(z − y + beta move / 2)·move."""
        return np.asarray(np.sum((z - y + 0.5 * beta * move) * move, axis=0))

    def rows(self, z: Array, y: Array) -> Array:
        """Nothing."""
        return np.empty((0, z.shape[1]))


class Softmax(Readout):
    """The cross-entropy of the softmax of the outputs."""

    def check(self, target: Array) -> None:
        """They must be probabilities."""
        wrong = np.flatnonzero((target < 0.0).any(axis=1) | (np.abs(target.sum(axis=1) - 1.0) > ROUNDING))
        if wrong.size:
            raise ArgumentError(
                "targets of a softmax read-out must be labels, or probabilities: none negative, and a sum of 1; "
                f"got {target[wrong[0]]} for sample {wrong[0]}"
            )

    def cost(self, z: Array, y: Array) -> Array:
        """Log Σ exp z − y·z."""
        top = z.max(axis=0)
        return np.asarray(np.log(np.sum(np.exp(z - top), axis=0)) - np.sum(y * (z - top), axis=0))

    def slope(self, z: Array, y: Array) -> Array:
        """Softmax(z) − y."""
        return _softmax(z) - y

    def curvature(self, z: Any, y: Array) -> Any:
        """Diag(p) − p pᵀ."""
        p = _softmax(z)
        return np.diag(p) - np.outer(p, p)

    def change(self, z: Array, y: Array, move: Array, beta: float) -> Array:
        """Log(1 + Σ p (exp(beta move) − 1)) / beta − y·move."""
        p = _softmax(z)
        if beta == 0.0:
            return np.asarray(np.sum((p - y) * move, axis=0))
        return np.asarray(np.log1p(np.sum(p * np.expm1(beta * move), axis=0)) / beta - np.sum(y * move, axis=0))

    def rows(self, z: Array, y: Array) -> Array:
        """Softmax(z)."""
        return np.asarray(_softmax(z))


def _softmax(z: Any) -> Any:
    """Softmax over the outputs, the first axis, of real or complex numbers."""
    powers = np.exp(z - z.max(axis=0))
    return powers / powers.sum(axis=0)


@dataclass(frozen=True)
class Own(Readout):
    """A cost of a user's own: the same function c(z, y) of every output."""

    own: OwnCost
    is_convex = False  # it may be, but nothing says so

    def check(self, target: Array) -> None:
        """All numbers will do."""

    def cost(self, z: Array, y: Array) -> Array:
        """Σ c."""
        return np.asarray(np.sum(_each(self.own.values, z, y), axis=0))

    def slope(self, z: Array, y: Array) -> Array:
        """c'."""
        return _each(self.own.slopes, z, y)

    def curvature(self, z: Any, y: Array) -> Any:
        """Diag(c'')."""
        return np.diag(_each(self.own.curvatures, z, y))

    def change(self, z: Array, y: Array, move: Array, beta: float) -> Array:
        """Of outputs that move little the integral of c' move over the way, by Gauss and Legendre."""
        way = beta * move
        near = sum(w * self.slope(z + u * way, y) for u, w in zip(NODES, WEIGHTS, strict=True)) * move
        far = (_each(self.own.values, z + way, y) - _each(self.own.values, z, y)) / (beta or 1.0)
        return np.asarray(np.sum(np.where(np.abs(way) < SHORT, near, far), axis=0))

    def rows(self, z: Array, y: Array) -> Array:
        """c', and what it is a function of."""
        return np.concatenate([self.slope(z, y), z, y])


def _each(kernel: Kernel, z: Array, y: Array) -> Array:
    """A function of every output and its target, shaped as the two are together."""
    z, y = np.broadcast_arrays(z, y)
    out = np.empty(z.shape)
    kernel(np.ascontiguousarray(z).ravel(), np.ascontiguousarray(y).ravel(), out.reshape(-1))
    return out


#: Read-outs of neurodyn by name.
READOUTS: dict[str, Readout] = {LINEAR: Linear(), SOFTMAX: Softmax()}


def readout_of(name: str) -> Readout:
    """The read-out of a name, neurodyn's or a user's own."""
    return READOUTS[name] if name in READOUTS else Own(OWN_COSTS[name])
