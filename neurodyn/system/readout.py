"""How the cost reads the outputs: as they are, or through a softmax. All arrays are unit-major, (n_out, batch).

z is what the cost is a function of (`Local.coordinate`): the states of the outputs, in the rate form their
rates; y are the targets.

    linear     C = ½ |z − y|²              dC/dz = z − y            d2C/dz2 = 1
    softmax    C = log Σ exp z − y·z       dC/dz = p − y            d2C/dz2 = diag(p) − p pᵀ,    p = softmax(z)

The second is the cross-entropy −Σ y log p of targets y that are probabilities.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from neurodyn.errors import ArgumentError
from neurodyn.numerics.arrays import Array
from neurodyn.system.graph import LINEAR, SOFTMAX

#: How far the probabilities of a target may be from a sum of 1.
ROUNDING = 1e-6


class Readout(ABC):
    """A cost of the outputs, with its derivatives. Where it `is_quadratic` its second derivative is the unit matrix."""

    is_quadratic: ClassVar[bool] = False

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


#: Read-outs by name.
READOUTS: dict[str, Readout] = {LINEAR: Linear(), SOFTMAX: Softmax()}
