"""Which number of a flow is varied: beta, a gain, one weight, one bias, one component of the input, or any function."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.portraits.algebra import Rates, active
from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.errors import ArgumentError, nearest
from neurodyn.inputs import real_number
from neurodyn.numerics.arrays import Array, Mask
from neurodyn.system.graph import Graph
from neurodyn.system.network import Network


class Equations(Protocol):
    """Fixed points as zeros of a force that depends on one parameter p; what continuation solves, state by state."""

    @property
    def name(self) -> str:
        """The name of the parameter."""

    @property
    def boxed(self) -> Mask:
        """Units that live in [0, 1], (n,)."""

    @property
    def graph(self) -> Graph:
        """The graph of the network."""

    @property
    def tau(self) -> Array:
        """Time constants, (n,)."""

    def force(self, s: Array, p: float) -> Array:
        """Zero at a fixed point s (n,), (n,), and for a unit that a bound holds."""

    def jacobian(self, s: Array, p: float) -> Array:
        """Derivative of `force` with respect to s, (n, n); −1 on the diagonal for what a bound holds."""

    def slope(self, s: Array, p: float) -> Array:
        """Derivative of `force` with respect to p, (n,)."""

    def rates(self, s: Array, p: float) -> Rates:
        """Eigenvalues of T⁻¹K, K minus the force's derivative, (n,), by rising real part; infinite for what is held."""

    def energy(self, s: Array, p: float) -> float:
        """Energy of a state, NaN without one."""

    def value(self, p: float) -> float:
        """What p is to the user."""


@dataclass(frozen=True, eq=False)
class Family:
    """Landscapes that depend on one parameter p, its own value; see `Equations`.

    name: of the parameter. start: its present value. at: the landscape for a value. linear: whether the force is a
    linear function of the parameter.
    """

    name: str
    start: float
    at: Callable[[float], Landscape]
    linear: bool = False

    @cached_property
    def ends(self) -> tuple[Landscape, Landscape]:
        """The landscapes at 1 and 0, whose difference is the derivative by a parameter that enters linearly."""
        return self.at(1.0), self.at(0.0)

    @property
    def boxed(self) -> Mask:
        """Units that live in [0, 1], (n,)."""
        return self.at(self.start).boxed

    @property
    def graph(self) -> Graph:
        """The graph of the network."""
        return self.at(self.start).network.graph

    @property
    def tau(self) -> Array:
        """Time constants, (n,)."""
        return self.at(self.start).network.tau

    def force(self, s: Array, p: float) -> Array:
        """On the units that can move, (n,), 0 for those that a bound holds."""
        return np.asarray(self.at(p).projected(s[None])[0])

    def jacobian(self, s: Array, p: float) -> Array:
        """Derivative of `force` with respect to s, (n, n); −1 on the diagonal for what a bound holds."""
        landscape = self.at(p)
        moving = active(landscape.boxed, s[None], landscape.force(s[None]))[0]
        matrix = -landscape.linearized(s[None])[0]
        return np.where(np.outer(moving, moving), matrix, -np.eye(len(s)))

    def slope(self, s: Array, p: float) -> Array:
        """Derivative of `force` with respect to p, (n,): a central difference, exact where p enters linearly."""
        h = 0.5 if self.linear else 1e-4 * (1.0 + abs(p))
        sides = self.ends if self.linear else (self.at(p + h), self.at(p - h))
        force = [side.force(s[None])[0] for side in sides]
        landscape = self.at(p)
        moving = active(landscape.boxed, s[None], landscape.force(s[None]))[0]
        return np.where(moving, (force[0] - force[1]) / (2.0 * h), 0.0)

    def rates(self, s: Array, p: float) -> Rates:
        """Eigenvalues of T⁻¹K, (n,), by rising real part; infinite for what a bound holds."""
        return np.nan_to_num(self.at(p).rates(s[None])[0], nan=np.inf)

    def energy(self, s: Array, p: float) -> float:
        """Energy of a state, NaN without one."""
        return float(self.at(p).energy(s[None])[0])

    def value(self, p: float) -> float:
        """What the parameter is to the user."""
        return p


def _family(name: str, start: float, at: Callable[[float], Landscape], linear: bool = False) -> Family:
    """A family that remembers its latest landscapes, as each is asked for several times."""
    return Family(name, start, lru_cache(maxsize=8)(at), linear)


def family(landscape: Landscape, parameter: str | Callable[[float], Network], start: float = float("nan")) -> Family:
    """Read what is varied; `start` is the present value of a function's argument.

    "beta"; "gain", a factor on all weights, or "gain s-s", on one block; a weight "s-s[0,1]"; a bias "h1[3]"; a
    component of the input "x[2]" (by the name of the input population); or a function from a number to a network.
    """
    if callable(parameter):
        return _family("parameter", start, lambda p: replace(landscape, network=_checked(parameter(p), landscape)))
    network = landscape.network
    if parameter == "beta":
        if landscape.y is None:
            raise ArgumentError("`y` is missing: to vary beta needs a target")
        return _family("beta", landscape.beta, lambda p: replace(landscape, beta=p), linear=True)
    gain = re.fullmatch(r"gain(?: (\S+))?", str(parameter))
    if gain:
        return _gain(landscape, gain[1])
    entry = re.fullmatch(r"([\w.-]+)\[(\d+)(?:,\s*(\d+))?\]", str(parameter))
    if entry:
        index = tuple(int(i) for i in entry.groups()[1:] if i is not None)
        name, source = entry[1], network.graph.input
        if source is not None and name == source.name:
            return _input(landscape, name, index)
        if name in network.parameters:
            return _parameter(landscape, name, index)
    names = ["beta", "gain", *(f"gain {name}" for name in _weights(network))]
    for name, block in network.parameters.items():
        names.append(f"{name}[{','.join(str(m - 1) for m in block.shape)}]")
    if network.graph.input is not None:
        names.append(f"{network.graph.input.name}[{network.n_in - 1}]")
    raise ArgumentError(f"unknown `parameter` {parameter!r}; {nearest(parameter, names)} (or other indices)")


def _gain(landscape: Landscape, block: str | None) -> Family:
    network = landscape.network
    weights = _weights(network)
    if block is not None and block not in weights:
        raise ArgumentError(f"unknown weights {block!r} in `parameter`; {nearest(block, weights)}")
    chosen = weights if block is None else [block]

    def at(p: float) -> Landscape:
        scaled = {name: p * network.parameters[name] for name in chosen}
        return replace(landscape, network=network.replace(parameters=scaled))

    return _family("gain" if block is None else f"gain of {block}", 1.0, at, not network.extended)


def _weights(network: Network) -> list[str]:
    """The blocks of weights: of connections, feedback weights of its own included, and the matrices of other terms."""
    pairs = [name for c in network.connections for name in dict.fromkeys((c.name, c.own_feedback)) if name]
    others = [block.name for term in network.own_terms for block in term.blocks(network.graph) if len(block.shape) > 1]
    return pairs + others


def _input(landscape: Landscape, name: str, index: tuple[int, ...]) -> Family:
    x = landscape.x
    assert x is not None
    _check_index(name, index, x.shape)
    i = index[0]

    def at(p: float) -> Landscape:
        changed = x.copy()
        changed[i] = p
        return replace(landscape, x=changed)

    return _family(f"{name}[{i}]", float(x[i]), at)


def _parameter(landscape: Landscape, name: str, index: tuple[int, ...]) -> Family:
    network = landscape.network
    shown: Any = network.parameters[name]
    block = np.asarray(shown.toarray() if hasattr(shown, "toarray") else shown)  # of sparse connections, too
    _check_index(name, index, block.shape)
    within = [c for c in network.graph.connections if c.name == name and c.first == c.second]
    symmetric = any(not c.own_feedback for c in within)
    if within and index[0] == index[1]:
        raise ArgumentError(f"`parameter` {name}[{index[0]},{index[1]}]: a unit has no connection to itself")

    def at(p: float) -> Landscape:
        changed = np.array(block)
        changed[index] = p
        if symmetric:
            changed[index[::-1]] = p
        return replace(landscape, network=network.replace(parameters={name: changed}))

    return _family(f"{name}[{','.join(map(str, index))}]", float(block[index]), at, not network.extended)


def _check_index(name: str, index: tuple[int, ...], shape: tuple[int, ...]) -> None:
    if len(index) != len(shape) or any(i >= m for i, m in zip(index, shape, strict=True)):
        last = ",".join(str(m - 1) for m in shape)
        raise ArgumentError(
            f"`parameter` {name}[{','.join(map(str, index))}] is outside; the last one is {name}[{last}]"
        )


def _checked(network: object, landscape: Landscape) -> Network:
    if not isinstance(network, Network) or network.graph != landscape.network.graph:
        raise ArgumentError("`parameter` must return networks of the same populations and connections")
    return network


def span_of(span: ArrayLike, start: float) -> tuple[float, float]:
    """Two finite numbers, rising, with the present value between them."""
    if np.shape(span) != (2,):
        raise ArgumentError(f"`span` must be (low, high); got {span!r}")
    low, high = (real_number(v, "span") for v in np.asarray(span, dtype=object))
    if not low < high or (np.isfinite(start) and not low <= start <= high):
        raise ArgumentError(f"`span` must rise and hold the present value {start:g}; got {low:g} to {high:g}")
    return low, high
