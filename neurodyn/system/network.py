"""What the simulator asks of a network: a graph, parameters, time constants, and a few compiled kernels.

A model subclasses `Network` once, in `neurodyn.models`, and fills in its kernels; files name it by the name of its
class, or by `class Mine(Network, name_in_files="MyNetwork")`. Inside, arrays are unit-major,
(units, batch); the methods without underscore that take `x` face users and are batch-first.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from neurodyn.errors import ArgumentError, ModelError, TooLargeError
from neurodyn.inputs import as_batch, as_input, as_target
from neurodyn.names import NETWORKS, name_in_files
from neurodyn.numerics import aligned
from neurodyn.numerics.arrays import Array, Complex
from neurodyn.numerics.kernel import Kernel
from neurodyn.numerics.sparse_product import MANY, threads_lock
from neurodyn.system.graph import Connection, Graph, Population, expand_tau
from neurodyn.system.parameters import Block, Parameters, blocks_of, is_sparse
from neurodyn.system.pattern import Pattern
from neurodyn.system.readout import READOUTS, Readout

#: A full matrix of more units than this (0.8 GB) is refused.
LARGEST_MATRIX = 10_000


class Kernels(NamedTuple):
    """The compiled parts of a model, all with the signature `kernel.FLOW`.

    free, nudged, side: right-hand sides of the three phases (`Network.free_rows` and so on make their rows).
    driven: the free flow under an input that moves or a nudge, for `neurodyn.phases.driven`.
    plastic: the nudged phase while weights move, for `neurodyn.phases.plasticity`.
    concurrent: states, side network and weights at once, for `neurodyn.phases.concurrent`.
    energy: E of each sample, out (1, b). local: rho, rho', rho'' and field at s, out (4n, b).
    change: what the nudged phase makes of the rates, (rho(s* + beta delta) - rho(s*)) / beta.
    jvp, vjp: minus the Jacobian of the force times v, and its transpose times v; rows from `Network.linear_rows`.
    complex_nudged: right-hand side of the nudged phase for complex beta, of real and imaginary parts (2n, b); rows from
    `Network.complex_rows`. complex_changes: what it makes of rates and slopes, each (2n, b), out (4n, b).
    """

    free: Kernel
    driven: Kernel
    nudged: Kernel
    plastic: Kernel
    concurrent: Kernel
    side: Kernel
    energy: Kernel
    local: Kernel
    change: Kernel
    jvp: Kernel
    vjp: Kernel
    complex_nudged: Kernel
    complex_changes: Kernel


class Local(NamedTuple):
    """What a state means to each unit, all (n, batch): rate, slope, bend of rho; field; force; active or not.

    A unit is inactive where it sits on a bound of its box with the force pointing out. `argument` is what energy and
    cost are functions of, the force being minus the energy's derivative by it: the state itself, or the rate; and
    `argument_slope` its derivative by the state. The metric of the flow is then tau / argument_slope.
    """

    rate: Array
    slope: Array
    bend: Array
    field: Array
    force: Array
    active: np.ndarray[Any, np.dtype[np.bool_]]
    argument: Array
    argument_slope: Array

    def columns(self, samples: Any) -> Local:
        """The same for some samples, by index, in that order."""
        return Local(*(np.take(a, samples, axis=1) for a in self))

    @property
    def field_slope(self) -> Array:
        """Derivative of the force by the field, (n, batch): rho' in the Hopfield form, 1 in the rate form."""
        return self.slope / self.argument_slope

    @property
    def residual(self) -> Array:
        """Largest |force| over the active units, (batch,)."""
        return np.max(np.abs(np.where(self.active, self.force, 0.0)), axis=0)


@dataclass(frozen=True, eq=False)
class Network(ABC):
    """A network of leaky integrators on a graph, with an energy where weights are shared. Immutable; see `replace`.

    Parameters
    ----------
    populations : mapping or sequence of Population
        In order; free units are numbered in this order. A mapping gives names and sizes, or dicts of fields.
    connections : sequence of str or Connection
        Like ``"x-h1"``; ``"s-s"`` connects a population to itself, without self-loops. Weights are shared by both
        directions, unless a model allows a `Connection` with other `feedback`.
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
    #: What the energy is a function of, in words: see `Local.argument`.
    energy_of: ClassVar[str] = "states"
    #: Whether the force on a hard-sigmoid unit in its box is W·s + b − s.
    linear_in_box: ClassVar[bool] = False

    def __init_subclass__(cls, *, name_in_files: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        NETWORKS.enter(cls, name_in_files)

    def __post_init__(self) -> None:
        graph = Graph.build(self.populations, self.connections)
        self.check(graph)
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

    @classmethod
    @abstractmethod
    def check(cls, graph: Graph) -> None:
        """Raise `ModelError` for a graph that the model cannot have."""

    @abstractmethod
    def _compile(self) -> tuple[Array, np.ndarray[Any, np.dtype[np.int64]]]:
        """Return the kernels' flat parameter vector, and the integers that tell where things lie in it."""

    @abstractmethod
    def free_rows(self, x: Array | None, batch: int) -> Array:
        """Per-sample constants of the free flow; row 0 ... n-1 is 1/tau. x is (batch, n_in)."""

    @abstractmethod
    def input_rates(self, x: Array) -> Array:
        """Rates of the clamped units, (n_in, batch), for what they are clamped at, (batch, n_in)."""

    @abstractmethod
    def local(self, s: Array, rows: Array) -> Local:
        """Rates, slopes, fields and forces at unit-major states; rows from `free_rows`."""

    @abstractmethod
    def argument(self, s: Array) -> Array:
        """What energy and cost are functions of, (n, b), at states (n, b): see `Local`."""

    @abstractmethod
    def output_state(self, argument: Array) -> Array:
        """States of the outputs, (n_out, b), at which the argument is this: where a clamp must put them.

        Raises `ArgumentError` where no state has it.
        """

    @abstractmethod
    def nudged_rows(self, s: Array, local: Local, gap: Array, beta: Array) -> Array:
        """Per-sample constants of the nudged flow of delta around s; gap = dC/d argument (n, b), beta (b,)."""

    @abstractmethod
    def complex_rows(self, local: Local, gap: Array, beta: Complex) -> Array:
        """Per-sample constants of the nudged flow for complex beta (b,), as `nudged_rows`; row 0 ... 2n-1 is 1/tau."""

    @abstractmethod
    def complex_linearized(
        self, local: Local, move: Complex, rates: Complex, slopes: Complex, beta: complex
    ) -> Complex:
        """Minus the Jacobian of the force by the state, (n, n), of one sample nudged by complex beta.

        local has the one column of its s*; move, rates, slopes (n,) are the changes of state, rates and slopes since.
        """

    @abstractmethod
    def linear_rows(self, local: Local) -> Array:
        """Per-sample constants of the products with the Jacobian at a state, inactive units removed."""

    @abstractmethod
    def energy_gradient(self, s: Any, x: Any = None) -> Parameters:
        """dE/dtheta at s (batch, n), averaged over the batch. Raises `ModelError` where there is no energy."""

    @abstractmethod
    def difference_gradient(self, x: Array | None, before: Array, change: Array, after: Array) -> Parameters:
        """Change of dE/dtheta, averaged over the batch, when the rates go from `before` to `after` (n, b).

        `change` is their difference over any small factor, which also divides the result. With
        before = after, it is the derivative of dE/dtheta along a change of rates. A weight of a single direction has
        no energy; for it this is minus the change of the unit that it leads to times the rate before of the other.
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
    def readout(self) -> Readout:
        """The cost of the outputs, and its derivatives."""
        return READOUTS[self.graph.readout]

    def target(self, y: Any, batch: int, batched: bool) -> Array:
        """Targets as (batch, n_out), from numbers or labels; refuses what does not fit the outputs or the cost."""
        target = as_target(y, self.n_out, batch, batched)
        self.readout.check(target)
        return target

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

    # -- energy and force, for users ---------------------------------------------------------------------------

    @property
    def has_energy(self) -> bool:
        """Whether all weights are shared by both directions, so that the flow descends an energy."""
        return all(c.feedback == 1.0 for c in self.graph.connections)

    def require_energy(self, what: str) -> None:
        """Refuse `what` for a network without an energy."""
        for c in self.graph.connections:
            if c.feedback != 1.0:
                raise ModelError(
                    f"this network has no energy, and so no {what}: connection {c.name!r} has feedback "
                    f"{c.feedback!r}, not the shared weights of feedback 1"
                )

    def energy(self, s: Any, x: Any = None) -> Array:
        """E(theta, x, s), (batch,), for states s (batch, n) and inputs x (batch, n_in).

        Raises `ModelError` where weights are not shared by both directions: then there is none.
        """
        self.require_energy("energy")
        state, rows, batched = self._at(s, x)
        out = self.evaluate(self.kernels.energy, state, rows, 1)[0]
        return out if batched else out[0]

    def force(self, s: Any, x: Any = None) -> Array:
        """tau ds/dt, (batch, n): the net current into each unit. Not projected onto a box.

        Minus the derivative of the energy, if there is one, by the states; in the rate form by the rates.
        """
        state, rows, batched = self._at(s, x)
        return outward(self.local(state, rows).force, batched)

    def jvp(self, s: Any, v: Any, x: Any = None) -> Array:
        """Minus the Jacobian of the force at s times v, both (batch, n). All units count as active."""
        return self._product(self.kernels.jvp, s, v, x)

    def vjp(self, s: Any, v: Any, x: Any = None) -> Array:
        """Minus the transposed Jacobian of the force at s times v, both (batch, n)."""
        return self._product(self.kernels.vjp, s, v, x)

    def jacobian(self, s: Any, x: Any = None) -> Array:
        """Derivative of the force by the states at s, (batch, n, n). All units count as active."""
        matrices, _, batched = self._linearized(s, x)
        return -matrices if batched else -matrices[0]

    def hessian(self, s: Any, x: Any = None) -> Array:
        """Second derivative of the energy at s, (batch, n, n), by the states; in the rate form by the rates.

        All units count as active. Raises `ModelError` where there is no energy.
        """
        self.require_energy("Hessian")
        matrices, local, batched = self._linearized(s, x)
        full = matrices / local.argument_slope.T[:, None, :]
        return full if batched else full[0]

    def _linearized(self, s: Any, x: Any) -> tuple[Array, Local, bool]:
        state, rows, batched = self._at(s, x)
        local = _all_active(self.local(state, rows))
        return np.stack([self.linearized(local, j) for j in range(state.shape[1])]), local, batched

    def _product(self, kernel: Kernel, s: Any, v: Any, x: Any) -> Array:
        state, rows, batched = self._at(s, x)
        direction, _ = as_batch(v, self.n, "v")
        if direction.shape[0] != state.shape[1]:
            raise ArgumentError(f"`v` has {direction.shape[0]} samples, `s` has {state.shape[1]}")
        at = self.linear_rows(_all_active(self.local(state, rows)))
        return outward(self.evaluate(kernel, inward(direction), at, self.n), batched)

    def _at(self, s: Any, x: Any) -> tuple[Array, Array, bool]:
        state, batched = as_batch(s, self.n, "s")
        rates, _ = as_input(x, self.n_in)
        if rates is not None and len(rates) != len(state):
            raise ArgumentError(f"`x` has {len(rates)} samples, `s` has {len(state)}")
        return inward(state), self.free_rows(rates, len(state)), batched

    # -- inside ------------------------------------------------------------------------------------------------

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

    def linearized(self, local: Local, sample: int) -> Array:
        """Minus the Jacobian of the force of one sample, (n, n); rows and columns of inactive units are zero.

        Where the energy is a function of the states, this is its Hessian. Raises `TooLargeError` beyond
        `LARGEST_MATRIX` units.
        """
        if self.n > LARGEST_MATRIX:
            raise TooLargeError(
                f"the full Hessian of {self.n:,} units would take {8 * self.n**2 / 2**30:.1f} GiB: implicit methods, "
                f"exact side networks and whole spectra are for networks of up to {LARGEST_MATRIX:,} units"
            )
        one = local.columns(np.full(self.n, sample))
        return self.evaluate(self.kernels.jvp, np.eye(self.n), self.linear_rows(one), self.n)

    def cost(self, s: Any, y: Any) -> Array:
        """C, (batch,), for targets y (batch, n_out), or labels.

        ½‖s_out − y‖², in the rate form ½‖ρ(s_out) − y‖²; with a softmax read-out −Σ y log softmax(s_out), or ρ(s_out).
        """
        state, batched = as_batch(s, self.n, "s")
        target = self.target(y, len(state), batched)
        value = self.readout.cost(self.argument(inward(state))[self.outputs], target.T)
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
        return {
            "model": name_in_files(type(self)),
            "populations": [
                {
                    "name": p.name,
                    "size": p.size,
                    "activation": p.activation,
                    "role": p.role,
                    "outputs": p.n_outputs,
                    "readout": p.readout,
                }
                for p in self.graph.populations
            ],
            "connections": [
                dataclasses.asdict(c) if c != Connection.parse(c.name) else c.name for c in self.graph.connections
            ],
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
        patterns, notes = self.patterns, {c.name: "" for c in self.graph.connections}
        for c in self.graph.connections:
            notes[c.name] += f" ({patterns[c.name].size:,} weights)" if c.name in patterns else ""
            notes[c.name] += f" (feedback {c.feedback})" if c.feedback != 1.0 else ""
        joined = ", ".join(name + note for name, note in notes.items())
        return f"{type(self).__name__}({parts}; {joined})"


def rebuild(description: Mapping[str, Any], vector: Any, tau: Any, pairs: Mapping[str, Any]) -> Network:
    """Make the network that `Network.describe` described, with the pairs of units of its sparse connections.

    Only classes of neurodyn, or of modules that are imported already, are used: a file names a class, and reading a
    file must not run code of its choice.
    """
    kind = NETWORKS.find(description["model"])
    if kind is None:
        raise ModelError(
            f"the network is of the class {description['model']!r}, which is not there: import its module first"
        )
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
    network: Network = kind(
        populations,
        connections,
        parameters=Parameters(blocks, vector),
        tau=tau,
        seed=description["seed"],
        gain=description["gain"],
    )
    return network


def inward(values: Array) -> Array:
    """(batch, n) to unit-major (n, batch)."""
    return np.ascontiguousarray(values.T)


def outward(values: Array, batched: bool = True) -> Array:
    """Unit-major (..., n, batch) to (..., batch, n), or to (..., n) for a single sample: a view, no copy."""
    turned: Array = np.swapaxes(values, -1, -2)
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
    streams: dict[str, tuple[int, ...]] = {c.name: (i,) for i, c in enumerate(graph.connections)}
    streams |= {c.own_feedback: (i, 2) for i, c in enumerate(graph.connections) if c.own_feedback not in ("", c.name)}
    density = {c.name: 1.0 - c.sparsity for c in graph.connections}
    parts = []
    for block in blocks:
        if len(block.shape) == 1:
            parts.append(np.zeros(block.size))
            continue
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=streams[block.name]))
        bound = gain * np.sqrt(6.0 / (density.get(block.name, 1.0) * sum(block.shape)))
        parts.append(rng.uniform(-bound, bound, block.size))
    return Parameters(blocks, np.concatenate(parts))
