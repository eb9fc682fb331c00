"""What the simulator asks of a network: a graph, parameters, time constants, and a few compiled kernels.

A model subclasses `Network` once, in `neurodyn.models`, and fills in its kernels. Inside, arrays are unit-major,
(units, batch); the methods without underscore that take `x` face users and are batch-first.
"""

from __future__ import annotations

import dataclasses
import importlib
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from neurodyn import aligned
from neurodyn.errors import ArgumentError, ModelError, TooLargeError
from neurodyn.graph import Array, Connection, Graph, Population, expand_tau
from neurodyn.inputs import as_batch, as_input
from neurodyn.kernel import Kernel
from neurodyn.parameters import Block, Parameters, blocks_of, is_sparse
from neurodyn.pattern import Pattern
from neurodyn.sparse_product import MANY, threads_lock

#: A full matrix of more units than this (0.8 GB) is refused.
LARGEST_MATRIX = 10_000


class Kernels(NamedTuple):
    """The compiled parts of a model, all with the signature `kernel.FLOW`.

    free, nudged, side: right-hand sides of the three phases (`Network.free_rows` and so on make their rows).
    energy: E of each sample, out (1, b). local: rho, rho', rho'' and field at s, out (4n, b).
    jvp, vjp: Hessian of E times v, and its transpose times v; rows from `Network.hessian_rows`.
    drive: constant current from the clamped input and the biases.
    """

    free: Kernel
    nudged: Kernel
    side: Kernel
    energy: Kernel
    local: Kernel
    change: Kernel
    jvp: Kernel
    vjp: Kernel


class Local(NamedTuple):
    """What a state means to each unit, all (n, batch): rate, slope, bend of rho; field; force; active or not.

    A unit is inactive where it sits on a bound of its box with the force pointing out.
    """

    rate: Array
    slope: Array
    bend: Array
    field: Array
    force: Array
    active: np.ndarray[Any, np.dtype[np.bool_]]

    def columns(self, samples: Any) -> Local:
        """The same for some samples, by index, in that order."""
        return Local(*(np.take(a, samples, axis=1) for a in self))

    @property
    def residual(self) -> Array:
        """Largest |force| over the active units, (batch,)."""
        return np.max(np.abs(np.where(self.active, self.force, 0.0)), axis=0)


@dataclass(frozen=True, eq=False)
class Network(ABC):
    """An energy-based network of leaky integrators on an undirected graph. Immutable; change it by `replace`.

    Parameters
    ----------
    populations : mapping or sequence of Population
        In order; free units are numbered in this order. A mapping gives names and sizes, or dicts of fields.
    connections : sequence of str or Connection
        Undirected, like ``"x-h1"``; ``"s-s"`` connects a population to itself, without self-loops.
        ``Connection("s", "s", sparsity=0.99)`` leaves out most pairs of units, drawn from the seed.
    parameters : Parameters or mapping, optional
        Weights and biases by name. A scipy.sparse matrix says which units are connected, too: those it has entries
        for, zeros included. Default: weights uniform Glorot, ±gain·√(6/(n_first + n_second)), biases 0; with a
        sparsity, the mean numbers of connections (1 - sparsity)·n stand for the sizes.
    tau : float or sequence
        Time constants: a scalar, one per free population, or one per free unit.
    seed : int
        Seed of the initial weights, and of which units are connected where a connection is sparse.
    gain : float
        Factor on the initial weights.

    Raises
    ------
    ModelError
        If anything does not fit; the message names it.
    """

    populations: Any
    connections: Any = ()
    parameters: Any = None
    tau: Any = 1.0
    seed: int | None = 0
    gain: float = 1.0
    graph: Graph = field(init=False, repr=False)
    theta: Array = field(init=False, repr=False)
    layout: np.ndarray[Any, np.dtype[np.int64]] = field(init=False, repr=False)

    kernels: ClassVar[Kernels]

    def __post_init__(self) -> None:
        graph = Graph.build(self.populations, self.connections)
        _check_seed_and_gain(self.seed, self.gain)
        given = self.parameters
        blocks = blocks_of(graph, _patterns(graph, given, self.seed))
        if given is None:
            parameters = _glorot(graph, blocks, self.seed, self.gain)
        elif isinstance(given, Parameters) and given.blocks == blocks:
            parameters = given
        elif isinstance(given, Mapping):
            parameters = Parameters.from_arrays(blocks, given)
        else:
            raise ModelError(f"`parameters` must be a mapping from names to arrays; got {type(given).__name__}")
        for block in blocks:
            if not np.isfinite(parameters.part(block.name)).all():
                raise ModelError(f"parameters {block.name!r} must be finite; got NaN or infinity")
        for name, value in {
            "graph": graph,
            "populations": graph.populations,
            "connections": graph.connections,
            "parameters": parameters,
            "tau": expand_tau(graph, self.tau),
        }.items():
            object.__setattr__(self, name, value)
        theta, layout = self._compile()
        theta = aligned.copy(theta)
        theta.flags.writeable = layout.flags.writeable = False
        object.__setattr__(self, "theta", theta)
        object.__setattr__(self, "layout", layout)

    # -- what a model provides ---------------------------------------------------------------------------------

    @abstractmethod
    def _compile(self) -> tuple[Array, np.ndarray[Any, np.dtype[np.int64]]]:
        """Return the kernels' flat parameter vector, and the integers that tell where things lie in it."""

    @abstractmethod
    def free_rows(self, x: Array | None, batch: int) -> Array:
        """Per-sample constants of the free flow; row 0 ... n-1 is 1/tau. x is (batch, n_in)."""

    @abstractmethod
    def nudged_rows(self, s: Array, local: Local, gap: Array, beta: Array) -> Array:
        """Per-sample constants of the nudged flow of delta around s; gap = dC/ds (n, b), beta (b,)."""

    @abstractmethod
    def hessian_rows(self, local: Local) -> Array:
        """Per-sample constants of the Hessian product at a state, inactive units removed."""

    @abstractmethod
    def energy_gradient(self, s: Any, x: Any = None) -> Parameters:
        """dE/dtheta at s (batch, n), averaged over the batch."""

    @abstractmethod
    def difference_gradient(self, x: Array | None, before: Array, change: Array, after: Array) -> Parameters:
        """Change of dE/dtheta, averaged over the batch, when the rates go from `before` to `after` (n, b).

        `change` is their difference over any small factor, which also divides the result. With
        before = after, it is the derivative of dE/dtheta along a change of rates.
        """

    # -- shape -------------------------------------------------------------------------------------------------

    @property
    def n(self) -> int:
        """Number of free units."""
        return self.graph.n

    @property
    def n_in(self) -> int:
        """Number of clamped units."""
        return self.graph.n_in

    @property
    def n_out(self) -> int:
        """Number of output units."""
        return self.graph.n_out

    @property
    def outputs(self) -> slice:
        """Output units among the free ones."""
        return self.graph.outputs

    @property
    def box(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which free units live in the box [0, 1], (n,): those with the hard sigmoid."""
        mask = np.zeros(self.n, dtype=bool)
        for p in self.graph.free:
            mask[self.graph.slices[p.name]] = p.activation == "hard-sigmoid"
        return mask

    def population(self, values: Any, name: str) -> Array:
        """The part of `values` (..., n) that belongs to a population."""
        if name not in self.graph.slices:
            from neurodyn.errors import nearest

            raise ArgumentError(f"unknown population {name!r}; {nearest(name, self.graph.slices)}")
        part: Array = np.asarray(values)[..., self.graph.slices[name]]
        return part

    # -- the energy, for users ---------------------------------------------------------------------------------

    def energy(self, s: Any, x: Any = None) -> Array:
        """E(theta, x, s), (batch,), for states s (batch, n) and inputs x (batch, n_in)."""
        state, rows, batched = self._at(s, x)
        out = self.evaluate(self.kernels.energy, state, rows, 1)[0]
        return out if batched else out[0]

    def force(self, s: Any, x: Any = None) -> Array:
        """-dE/ds, (batch, n): the net current into each unit, tau ds/dt. Not projected onto a box."""
        state, rows, batched = self._at(s, x)
        return outward(self.local(state, rows).force, batched)

    def jvp(self, s: Any, v: Any, x: Any = None) -> Array:
        """Hessian d2E/ds2 at s times v, both (batch, n). All units count as active."""
        return self._product(self.kernels.jvp, s, v, x)

    def vjp(self, s: Any, v: Any, x: Any = None) -> Array:
        """Transposed Hessian at s times v, both (batch, n)."""
        return self._product(self.kernels.vjp, s, v, x)

    def hessian(self, s: Any, x: Any = None) -> Array:
        """d2E/ds2 at s, (batch, n, n). All units count as active."""
        state, rows, batched = self._at(s, x)
        local = _all_active(self.local(state, rows))
        full = np.stack([self.hessian_matrix(local, j) for j in range(state.shape[1])])
        return full if batched else full[0]

    def _product(self, kernel: Kernel, s: Any, v: Any, x: Any) -> Array:
        state, rows, batched = self._at(s, x)
        direction, _ = as_batch(v, self.n, "v")
        if direction.shape[0] != state.shape[1]:
            raise ArgumentError(f"`v` has {direction.shape[0]} samples, `s` has {state.shape[1]}")
        at = self.hessian_rows(_all_active(self.local(state, rows)))
        return outward(self.evaluate(kernel, inward(direction), at, self.n), batched)

    def _at(self, s: Any, x: Any) -> tuple[Array, Array, bool]:
        state, batched = as_batch(s, self.n, "s")
        rates, _ = as_input(x, self.n_in)
        if rates is not None and len(rates) != len(state):
            raise ArgumentError(f"`x` has {len(rates)} samples, `s` has {len(state)}")
        return inward(state), self.free_rows(rates, len(state)), batched

    # -- the energy, inside ------------------------------------------------------------------------------------

    @property
    def work_rows(self) -> int:
        """Scratch rows that every kernel may use."""
        return 2 * self.n

    @property
    def patterns(self) -> dict[str, Pattern]:
        """Which units are connected, by the names of the sparse connections."""
        return {b.name: b.pattern for b in self.parameters.blocks if b.pattern is not None}

    @property
    def threads_inside(self) -> bool:
        """Whether some product is so large that kernels share it among numba's threads."""
        return any(p.entries >= MANY for p in self.patterns.values())

    def evaluate(self, kernel: Kernel, s: Array, rows: Array, out_rows: int) -> Array:
        """Run a kernel once on unit-major arrays; returns (out_rows, batch)."""
        batch = s.shape[1]
        out = np.empty((out_rows, batch))
        guard: AbstractContextManager[Any] = threads_lock if self.threads_inside else nullcontext()
        with guard:
            kernel(np.zeros(batch), s, rows, self.theta, self.layout, np.empty((self.work_rows, batch)), out)
        return out

    def local(self, s: Array, rows: Array) -> Local:
        """Rates, slopes, fields and forces at unit-major states; rows from `free_rows`."""
        n = self.n
        r, d, c, g = self.evaluate(self.kernels.local, s, rows, 4 * n).reshape(4, n, -1)
        force = d * g - s
        box = self.box[:, None]
        stuck = box & (((s <= 0.0) & (force < 0.0)) | ((s >= 1.0) & (force > 0.0)))
        return Local(r, d, c, g, force, ~stuck)

    def hessian_matrix(self, local: Local, sample: int) -> Array:
        """Hessian of one sample, (n, n), with the rows and columns of inactive units zero.

        Raises `TooLargeError` beyond `LARGEST_MATRIX` units.
        """
        if self.n > LARGEST_MATRIX:
            raise TooLargeError(
                f"the full Hessian of {self.n:,} units would take {8 * self.n**2 / 2**30:.1f} GiB: implicit methods, "
                f"exact side networks and whole spectra are for networks of up to {LARGEST_MATRIX:,} units"
            )
        one = local.columns(np.full(self.n, sample))
        return self.evaluate(self.kernels.jvp, np.eye(self.n), self.hessian_rows(one), self.n)

    def cost(self, s: Any, y: Any) -> Array:
        """C = ½‖s_out − y‖², (batch,), for s (batch, n) and y (batch, n_out) or labels."""
        from neurodyn.inputs import as_target

        state, batched = as_batch(s, self.n, "s")
        gap = state[:, self.outputs] - as_target(y, self.n_out, len(state), batched)
        value = 0.5 * np.sum(gap * gap, axis=1)
        return value if batched else value[0]

    # -- change, compare, store --------------------------------------------------------------------------------

    def replace(self, *, parameters: Any = None, tau: Any = None) -> Self:
        """Return a network with other parameters (a mapping may name some blocks only) or time constants.

        A full array for a sparse connection must be zero where units are not connected; a scipy.sparse matrix
        changes which are.
        """
        if isinstance(parameters, Mapping) and not isinstance(parameters, Parameters):
            sparse = {b.name: b for b in self.parameters.blocks if b.pattern is not None}
            given = {
                name: value if name not in sparse or is_sparse(value) else sparse[name].unpack(sparse[name].pack(value))
                for name, value in parameters.items()
            }
            parameters = {name: self.parameters[name] for name in self.parameters if name not in given} | given
        return type(self)(
            self.populations,
            self.connections,
            parameters=self.parameters if parameters is None else parameters,
            tau=self.tau if tau is None else tau,
            seed=self.seed,
            gain=self.gain,
        )

    def describe(self) -> dict[str, Any]:
        """Return the network as plain data; its parameter vector, time constants and patterns are apart."""
        kind = type(self)
        return {
            "model": f"{kind.__module__}.{kind.__qualname__}",
            "populations": [
                {"name": p.name, "size": p.size, "activation": p.activation, "role": p.role, "outputs": p.n_outputs}
                for p in self.graph.populations
            ],
            "connections": [dataclasses.asdict(c) if c.sparsity else c.name for c in self.graph.connections],
            "seed": self.seed,
            "gain": self.gain,
        }

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Network)
            and self.describe() == other.describe()
            and self.parameters == other.parameters
            and np.array_equal(self.tau, other.tau)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        pairs = {name: pattern.pairs for name, pattern in self.patterns.items()}
        return rebuild, (self.describe(), np.array(self.parameters.vector), np.array(self.tau), pairs)

    def __repr__(self) -> str:
        parts = ", ".join(f"{p.name}: {p.size} {p.activation}" for p in self.graph.populations)
        patterns = self.patterns
        joined = ", ".join(
            f"{c.name} ({patterns[c.name].size:,} weights)" if c.name in patterns else c.name
            for c in self.graph.connections
        )
        return f"{type(self).__name__}({parts}; {joined})"


def rebuild(description: Mapping[str, Any], vector: Any, tau: Any, pairs: Mapping[str, Any]) -> Network:
    """Make the network that `Network.describe` described, with the pairs of units of its sparse connections.

    Only classes of neurodyn, or of modules that are imported already, are used: a file names a class, and reading a
    file must not run code of its choice.
    """
    module, _, name = str(description["model"]).rpartition(".")
    if module not in sys.modules and not module.startswith("neurodyn."):
        raise ModelError(f"import {module!r} first: the file's network is of its class {name!r}")
    try:
        kind = getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        raise ModelError(f"the file's network is of the class {name!r} of {module!r}, which is not there") from error
    if not (isinstance(kind, type) and issubclass(kind, Network)):
        raise ModelError(f"{description['model']!r} is not a network class")
    populations = tuple(Population(**p) for p in description["populations"])
    connections = tuple(
        Connection(**c) if isinstance(c, dict) else Connection.parse(c) for c in description["connections"]
    )
    graph = Graph(populations, connections)
    patterns = {
        c.name: Pattern((graph[c.first].size, graph[c.second].size), c.first == c.second, pairs[c.name])
        for c in connections
        if c.name in pairs
    }
    blocks = blocks_of(graph, patterns)
    return kind(
        populations,
        connections,
        parameters=Parameters(blocks, vector),
        tau=tau,
        seed=description["seed"],
        gain=description["gain"],
    )


def inward(values: Array) -> Array:
    """(batch, n) to unit-major (n, batch)."""
    return np.ascontiguousarray(values.T)


def outward(values: Array, batched: bool = True) -> Array:
    """Unit-major (..., n, batch) to (..., batch, n), or to (..., n) for a single sample."""
    turned = np.ascontiguousarray(np.swapaxes(values, -1, -2))
    return turned if batched else turned[..., 0, :]


def _all_active(local: Local) -> Local:
    return local._replace(active=np.ones_like(local.active))


def _check_seed_and_gain(seed: Any, gain: Any) -> None:
    if not isinstance(gain, (int, float, np.number)) or not np.isfinite(gain):
        raise ModelError(f"`gain` must be a finite number; got {gain!r}")
    if seed is not None and (not isinstance(seed, (int, np.integer)) or seed < 0):
        raise ModelError(f"`seed` must be a whole number >= 0, or None; got {seed!r}")


def _patterns(graph: Graph, given: Any, seed: int | None) -> dict[str, Pattern]:
    """The patterns of the sparse connections: those of the parameters given, else drawn, each from its own stream."""
    brought = {b.name: b.pattern for b in given.blocks} if isinstance(given, Parameters) else {}
    patterns: dict[str, Pattern] = {}
    for i, c in enumerate(graph.connections):
        shape, symmetric = (graph[c.first].size, graph[c.second].size), c.first == c.second
        pattern = brought.get(c.name)
        value: Any = None if brought or not isinstance(given, Mapping) else given.get(c.name)
        if is_sparse(value) and value.shape == shape:
            pattern = Pattern.of_matrix(value, symmetric, c.name)
        elif pattern is None and c.sparsity:
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(i, 1)))
            pattern = Pattern.draw(shape, symmetric, 1.0 - c.sparsity, rng)
        if pattern is not None:
            patterns[c.name] = pattern
    return patterns


def _glorot(graph: Graph, blocks: tuple[Block, ...], seed: int | None, gain: float) -> Parameters:
    """Uniform Glorot weights, each block from its own stream, so that adding a block changes no other."""
    density = {c.name: 1.0 - c.sparsity for c in graph.connections}
    parts = []
    for i, block in enumerate(blocks):
        if len(block.shape) == 1:
            parts.append(np.zeros(block.size))
            continue
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(i,)))
        bound = gain * np.sqrt(6.0 / (density[block.name] * sum(block.shape)))
        parts.append(rng.uniform(-bound, bound, block.size))
    return Parameters(blocks, np.concatenate(parts))
