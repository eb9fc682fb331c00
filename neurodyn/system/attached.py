"""A term in a network: its primitives with the parameters and integers that they have there, for calls from Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodyn.flows.terms import NODES, SMALL, WEIGHTS
from neurodyn.numerics.arrays import Array, Complex, Integers
from neurodyn.numerics.kernel import Kernel
from neurodyn.system.graph import Graph
from neurodyn.system.parameters import Parameters
from neurodyn.system.term import Term

Pair = tuple[Array, Array]


@dataclass(frozen=True, eq=False)
class Attached:
    """A term of a network. States, rates and directions are pairs (s, r) over all units, (units, b)."""

    term: Term
    theta: Array
    place: Integers
    parameters: int
    scratch: int

    @classmethod
    def all(cls, terms: tuple[Term, ...], graph: Graph, parameters: Parameters) -> Iterator[Attached]:
        """Those of a network."""
        for term in terms:
            parts = [parameters.part(block.name) for block in term.blocks(graph)]
            own = np.concatenate([*parts, np.zeros(0)])
            theta = np.concatenate([own, np.asarray(term.constants(graph), dtype=float)])
            where = [number for name in term.populations for number in _place(graph, name)]
            place = np.array([*where, *term.integers(graph)], dtype=np.int64)
            yield cls(term, theta, place, own.size, term.scratch_rows(graph))

    def _call(self, kernel: Kernel | None, arrays: tuple[Any, ...], *out: Any) -> None:
        assert kernel is not None
        work = np.empty((self.scratch, arrays[0].shape[1]), dtype=arrays[0].dtype)
        kernel(*arrays, self.theta, self.place, work, *out)

    def energy(self, at: Pair) -> Array:
        """V, (b,)."""
        out = np.zeros((1, at[0].shape[1]))
        self._call(self.term.primitives.energy, at, out)
        return out[0]

    def gradient(self, at: Pair) -> Pair:
        """V_s and V_r."""
        out = np.zeros_like(at[0]), np.zeros_like(at[0])
        self._call(self.term.primitives.gradient, at, *out)
        return out

    def complex_gradient(self, at: tuple[Complex, Complex]) -> tuple[Complex, Complex]:
        """V_s and V_r at complex states and rates."""
        out = np.zeros_like(at[0]), np.zeros_like(at[0])
        self._call(self.term.primitives.complex_gradient, at, *out)
        return out

    def curve(self, at: Pair, v: Pair, *, transposed: bool = False) -> Pair:
        """V″ v, or its transpose, by states and by rates."""
        primitives = self.term.primitives
        kernel = primitives.curve_transposed if transposed and not self.term.has_energy else primitives.curve
        out = np.zeros_like(at[0]), np.zeros_like(at[0])
        self._call(kernel, (*at, *v), *out)
        return out

    def complex_curve(self, at: tuple[Complex, Complex], v: tuple[Complex, Complex]) -> tuple[Complex, Complex]:
        """V″ v at complex states and rates."""
        out = np.zeros_like(at[0]), np.zeros_like(at[0])
        self._call(self.term.primitives.complex_curve, (*at, *v), *out)
        return out

    def parameter_gradient(self, at: Pair) -> Array:
        """dV/dtheta, (p,), summed over the samples."""
        out = np.zeros(self.parameters)
        if self.parameters:
            self._call(self.term.primitives.parameter_gradient, at, out)
        return out

    def complex_parameter_gradient(self, at: tuple[Complex, Complex]) -> Complex:
        """dV/dtheta at complex states and rates, (p,), summed over the samples."""
        out = np.zeros(self.parameters, dtype=complex)
        if self.parameters:
            self._call(self.term.primitives.complex_parameter_gradient, at, out)
        return out

    def mixed(self, at: Pair, v: Pair) -> Array:
        """d2V/dtheta d(s, r) · v, (p,), summed over the samples."""
        out = np.zeros(self.parameters)
        if self.parameters:
            self._call(self.term.primitives.mixed, (*at, *v), out)
        return out

    def gradient_change(self, at: Pair, v: Pair, beta: float) -> Array:
        """[dV/dtheta(at + beta v) - dV/dtheta(at)] / beta, (p,), summed over the samples, without cancellation.

        A force without an energy has no dV/dtheta: what stands for the change is linear in v.
        """
        if beta == 0.0 or not self.term.has_energy:
            return self.mixed(at, v)
        if abs(beta) > SMALL:
            return (self.parameter_gradient(_moved(at, v, beta)) - self.parameter_gradient(at)) / beta
        parts = [w * self.mixed(_moved(at, v, u * beta), v) for u, w in zip(NODES, WEIGHTS, strict=True)]
        return np.asarray(np.sum(parts, axis=0))


def _moved(at: Pair, v: Pair, step: float) -> Pair:
    return at[0] + step * v[0], at[1] + step * v[1]


def _place(graph: Graph, name: str) -> tuple[int, int, int]:
    """First row of a population among all units, its size, and whether it is free."""
    if name in graph.slices:
        return graph.slices[name].start, graph[name].size, 1
    return graph.n, graph[name].size, 0
