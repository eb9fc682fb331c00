"""Networks: populations on a graph, terms that make up an energy, parameters, time constants. Immutable.

What a kind of network adds, it says in a subclass in `neurodyn.models`; files name it by the name of its class, or by
`class Mine(Network, name_in_files="MyNetwork")`. Inside, arrays are unit-major, (units, batch); the methods that take
`x` face users and are batch-first.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.cards.card import Card
from neurodyn.cards.graph_picture import Edge, Node, graph_picture
from neurodyn.cards.shown import Shown, first_sentence, span, told
from neurodyn.errors import ArgumentError, ModelError, TooLargeError, shown, spelled
from neurodyn.flows.activation import CODES, LINEAR, code_of, inverse
from neurodyn.flows.complex_nudged import ARRAYS as COMPLEX_ARRAYS
from neurodyn.flows.coupling import FORTH, INPUT, products
from neurodyn.flows.input import clamped_rates
from neurodyn.flows.layout import BIASES, RATES, STATES
from neurodyn.flows.linear import jvp, vjp
from neurodyn.flows.local import LOCAL_BLOCKS, energy, local
from neurodyn.flows.populations import activations, all_differences
from neurodyn.flows.terms import ARRAYS
from neurodyn.inputs import as_batch, as_input, as_target, is_number, is_whole, real_number
from neurodyn.names import NETWORKS, name_in_files
from neurodyn.numerics import aligned
from neurodyn.numerics.arrays import Array, Integers, inward, outward
from neurodyn.numerics.kernel import Flow, Kernel
from neurodyn.numerics.sparse_product import MANY, threads_lock
from neurodyn.system import initial
from neurodyn.system.assembly import assemble, write_addresses
from neurodyn.system.attached import Attached
from neurodyn.system.constants import clamped_of, free_rows, linear_rows
from neurodyn.system.graph import Connection, Graph, Population, expand_tau
from neurodyn.system.local import Local
from neurodyn.system.parameter_gradient import energy_gradient
from neurodyn.system.parameters import Parameters, blocks_of, is_sparse
from neurodyn.system.pattern import Pattern
from neurodyn.system.readout import Readout, readout_of
from neurodyn.system.term import Term

#: A gain so large is a slip, and squares of its weights would overflow.
LARGEST_GAIN = 1e100
#: A full matrix of more units than this (0.8 GB) is refused.
LARGEST_MATRIX = 10_000
#: What users look for at a network, and where it is.
MEANT = {
    "weights": "its weights and biases are in `network.parameters`, by name, like network.parameters['x-h1']",
    "biases": "its weights and biases are in `network.parameters`, by name, like network.parameters['h1']",
    "save": "write it by `neurodyn.save(network, path)`",
    "fit": "train it by `neurodyn.learn`, or take EquilibriumPropagationClassifier",
    "predict": "it predicts by `neurodyn.predict(network, x)`",
    "relax": "it relaxes by `neurodyn.relax(network, x)`",
}
#: What is computed from terms alone, so that a subclass cannot change it.
COMPUTED = ("energy", "energies", "force", "jvp", "vjp", "jacobian", "hessian", "local", "linearized", "cost")


@dataclass(frozen=True, eq=False)
class Network(Shown):
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

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> net.n, net.n_in, net.n_out
    (5, 2, 2)
    >>> net.parameters["x-h1"].shape
    (2, 3)
    >>> net.force([0.1, 0.0, 0.0, 0.0, 0.0], [0.5, 0.2]).round(3)
    array([ 0.218, -0.235,  0.308,  0.039, -0.056])
    """

    populations: Any
    connections: Any = ()
    parameters: Any = None
    tau: Any = 1.0
    seed: int | None = 0
    gain: float = 1.0
    graph: Graph = field(init=False, repr=False)
    theta: Array = field(init=False, repr=False)
    _layout: Integers = field(init=False, repr=False)
    _ready: set[Kernel] = field(init=False, repr=False)

    #: STATES or RATES: whether tau ds/dt is minus the derivative of the energy by the states, or by the rates.
    metric: ClassVar[int] = STATES

    def __getattr__(self, name: str) -> Any:
        """Say where what users look for is."""
        if name in MEANT:
            raise AttributeError(f"a network has no attribute {name!r}: {MEANT[name]}")
        hint = "" if name.startswith("_") else spelled(name, [known for known in dir(self) if known[0] != "_"])
        raise AttributeError(f"a network has no attribute {name!r}{hint}")

    def __init_subclass__(cls, *, name_in_files: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in COMPUTED:
            if name in vars(cls):
                raise ModelError(
                    f"{cls.__name__} overrides `{name}`, which no flow would see: write a term (neurodyn.models.terms, "
                    "`Own` or one of text) and give it to models.EnergyNetwork"
                )
        NETWORKS.enter(cls, name_in_files)

    def __post_init__(self) -> None:
        graph = Graph.build(self.populations, self.connections)
        self.check(graph)
        _check_seed_and_gain(self.seed, self.gain)
        given, terms = self.parameters, self.own_terms
        for term in terms:
            term.check(graph)
        others = [block for term in terms for block in term.blocks(graph)]
        biased = [p.name for p in graph.free if self.has_bias(p.name)]
        blocks = blocks_of(graph, initial.patterns(graph, given, self.seed), others, biased)
        if given is None:
            parameters = initial.parameters(graph, blocks, terms, self.seed, self.gain)
        elif isinstance(given, Parameters) and given.blocks == blocks:
            parameters = given
        elif isinstance(given, initial.Stored):
            parameters = Parameters(blocks, given.vector)
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
        object.__setattr__(self, "attached", tuple(Attached.all(terms, graph, parameters)))
        theta, layout = assemble(self)
        theta = aligned.copy(theta)
        theta.flags.writeable = False
        object.__setattr__(self, "theta", theta)
        object.__setattr__(self, "_layout", layout)
        object.__setattr__(self, "_ready", set())

    # -- what a kind of network says ---------------------------------------------------------------------------

    @classmethod
    def check(cls, graph: Graph) -> None:
        """Raise `ModelError` for a graph that the kind of network cannot have."""

    @property
    def own_terms(self) -> tuple[Term, ...]:
        """The terms beside leaks, biases and weighted connections: flows call them by their addresses."""
        return ()

    def has_leak(self, population: str) -> bool:
        """Whether the energy has ½ s² for the units of a population, in the rate form the integral of rho^-1."""
        return True

    def has_bias(self, population: str) -> bool:
        """Whether the units of a population have biases."""
        return True

    @property
    def is_pairwise(self) -> bool:
        """Whether leaks, biases and weighted connections are all there is."""
        names = [p.name for p in self.graph.free]
        return not self.own_terms and all(self.has_leak(name) and self.has_bias(name) for name in names)

    # -- what kernels read -------------------------------------------------------------------------------------

    #: The terms beside leaks, biases and connections, with their parameters and places in this network.
    attached: tuple[Attached, ...] = field(init=False, repr=False, default=())

    @property
    def extended(self) -> bool:
        """Whether rows of constants hold the state at which a phase began: for terms, and activations of one's own."""
        return bool(self.attached) or any(p.activation not in CODES for p in self.graph.free)

    @cached_property
    def layout(self) -> Integers:
        """Where things lie, for the kernels: see `layout_for`."""
        found = self._layout.view()  # no copy: patterns of many weights are in it
        found.flags.writeable = False
        return found

    def layout_for(self, kernel: Kernel) -> Integers:
        """The layout, with the addresses of what a kernel calls; which is compiled for it."""
        if kernel not in self._ready:
            write_addresses(self, self._layout, kernel)
            self._ready.add(kernel)
        return self.layout

    def work_rows(self, flow: Flow) -> int:
        """Scratch rows of a flow."""
        units, most = self.n + self.n_in, max((a.scratch for a in self.attached), default=0)
        arrays = max(ARRAYS, 2 * COMPLEX_ARRAYS)
        return flow.blocks * self.n + (arrays * units + 2 * most if self.attached else 0)

    def evaluate(self, kernel: Flow, s: Array, rows: Array, out_rows: int) -> Array:
        """Run a kernel once on unit-major arrays; returns (out_rows, batch)."""
        batch = s.shape[1]
        out = np.empty((out_rows, batch))
        guard: AbstractContextManager[Any] = threads_lock if self.threads_inside else nullcontext()
        with guard:
            work = np.empty((self.work_rows(kernel), batch))
            kernel(np.zeros(batch), s, rows, self.theta, self.layout_for(kernel), work, out)
        return out

    @property
    def patterns(self) -> dict[str, Pattern]:
        """Which units are connected, by the names of the sparse connections."""
        return {b.name: b.pattern for b in self.parameters.blocks if b.pattern is not None}

    @property
    def threads_inside(self) -> bool:
        """Whether some product is so large that kernels share it among numba's threads."""
        return any(p.entries >= MANY for p in self.patterns.values())

    def input_rates(self, x: Array | None, batch: int | None = None) -> Array:
        """Rates of the clamped units, (n_in, batch), for what they are clamped at, x (batch, n_in)."""
        if x is None:
            return np.zeros((self.n_in, batch or 0))
        if self.clamps_rates:
            return np.array(x.T, order="C")
        return self.evaluate(clamped_rates, inward(x), np.empty((0, len(x))), self.n_in)

    def currents(self, clamped: Array) -> Array:
        """Constant current of each free unit, (n, b): biases, and the clamped rates (n_in, b) through their weights."""
        first = self._layout[BIASES]
        biases = self.theta[first : first + self.n]
        return self._add_products(INPUT, clamped, np.repeat(biases[:, None], clamped.shape[1], axis=1))

    @property
    def clamps_rates(self) -> bool:
        """Whether the rates of the clamped units are what these are clamped at."""
        return self.graph.input is None or code_of(self.graph.input.activation) == LINEAR

    @cached_property
    def coupling(self) -> Array:
        """W between free units, (n, n), written down: row i has the weights that lead to unit i."""
        return self._add_products(FORTH, np.eye(self.n), np.zeros((self.n, self.n)))

    def _add_products(self, which: int, r: Array, out: Array) -> Array:
        guard: AbstractContextManager[Any] = threads_lock if self.threads_inside else nullcontext()
        with guard:
            products(which, r, self.theta, self.layout_for(products), out)
        return out

    def rates(self, s: Array) -> Array:
        """Rho(s) of all free units, (n, b), at s (n, b)."""
        r, d = np.empty(s.shape), np.empty(s.shape)
        activations(s, self.layout_for(activations), r, d)
        return r

    def rate_changes(self, delta: Array, rows: Array) -> Array:
        """(rho(s* + beta delta) - rho(s*)) / beta, (n, b), for delta (n, b); rows are those of `nudged`."""
        change, bent = np.empty(delta.shape), np.empty(delta.shape)
        all_differences(delta, rows, self.layout_for(all_differences), change, bent)
        return change

    @cached_property
    def leak(self) -> Array:
        """1 for units that leak, else 0, (n,)."""
        return np.concatenate([np.full(p.size, float(self.has_leak(p.name))) for p in self.graph.free])

    # -- at a state --------------------------------------------------------------------------------------------

    def local(self, s: Array, rows: Array) -> Local:
        """Rates, slopes, fields and forces at unit-major states; rows from `free_rows`."""
        r, d, c, g, more = self.evaluate(local, s, rows, LOCAL_BLOCKS * self.n).reshape(LOCAL_BLOCKS, self.n, -1)
        by_states = self.metric == STATES
        force = (d * g if by_states else g) - self.leak[:, None] * s + more
        stuck = self.box[:, None] & (((s <= 0.0) & (force < 0.0)) | ((s >= 1.0) & (force > 0.0)))
        coordinate, slope = (s, np.ones_like(s)) if by_states else (r, d)
        clamped = clamped_of(self, rows) if self.extended else np.empty((0, s.shape[1]))
        return Local(s, r, d, c, g, force, ~stuck, coordinate, slope, clamped)

    def coordinate(self, s: Array) -> Array:
        """What energy and cost are functions of, (n, b), at states (n, b): see `Local`."""
        if self.metric == STATES:
            return s
        return self.rates(s)

    def output_state(self, coordinate: Array) -> Array:
        """States of the outputs, (n_out, b), at which the coordinate is this: where a clamp must put them.

        Raises `ArgumentError` where no state has it.
        """
        if self.metric == RATES:
            return inverse(next(p.activation for p in self.graph.free if p.n_outputs), coordinate)
        box = self.box[self.outputs]
        if np.any((coordinate[box] < 0.0) | (coordinate[box] > 1.0)):
            raise ArgumentError("outputs with the hard sigmoid live in [0, 1] and cannot be clamped to a `y` outside")
        return coordinate

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
        return self.evaluate(jvp, np.eye(self.n), linear_rows(self, one), self.n)

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
        return readout_of(self.graph.readout)

    def target(self, y: ArrayLike, batch: int, batched: bool) -> Array:
        """Targets as (batch, n_out), from numbers or labels; refuses what does not fit the outputs or the cost."""
        target = as_target(y, self.n_out, batch, batched)
        self.readout.check(target)
        return target

    @cached_property
    def box(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which free units live in the box [0, 1], (n,): those with the hard sigmoid."""
        mask = np.zeros(self.n, dtype=bool)
        for p in self.graph.free:
            mask[self.graph.slices[p.name]] = p.activation == "hard-sigmoid"
        mask.flags.writeable = False
        return mask

    def population(self, values: ArrayLike, name: str) -> Array:
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
        return all(c.feedback == 1.0 for c in self.graph.connections) and all(t.has_energy for t in self.own_terms)

    def require_energy(self, what: str) -> None:
        """Refuse `what` for a network without an energy."""
        for c in self.graph.connections:
            if c.feedback != 1.0:
                raise ModelError(
                    f"this network has no energy, and so no {what}: connection {c.name!r} has feedback "
                    f"{c.feedback!r}, not the shared weights of feedback 1"
                )
        for term in self.own_terms:
            if not term.has_energy:
                raise ModelError(f"this network has no energy, and so no {what}: {term!r} is a force without one")

    def energy(self, s: ArrayLike, x: ArrayLike | None = None) -> Array:
        """E(theta, x, s), (batch,), for states s (batch, n) and inputs x (batch, n_in).

        Raises `ModelError` where weights are not shared by both directions: then there is none.
        """
        self.require_energy("value of it")
        state, rows, batched = self._at(s, x)
        out = self.energies(state, rows)
        return out if batched else out[0]

    def energies(self, s: Array, rows: Array) -> Array:
        """E, (batch,), at unit-major states; rows from `free_rows`."""
        if self.attached:  # whose constants the rows have in the drive already
            clamped = clamped_of(self, rows)
            rows = rows.copy()
            rows[self.n : 2 * self.n] = self.currents(clamped)
        return self.evaluate(energy, s, rows, 1)[0]

    def force(self, s: ArrayLike, x: ArrayLike | None = None, y: ArrayLike | None = None, beta: float = 0.0) -> Array:
        """tau ds/dt, (batch, n): the net current into each unit. Not projected onto a box.

        Minus the derivative of the energy, if there is one, by the states; in the rate form by the rates. With `y` and
        `beta` it is that of the nudged flow, of E + beta C.
        """
        state, rows, batched = self._at(s, x)
        local = self.local(state, rows)
        strength = real_number(beta, "beta")
        if strength == 0.0:
            return outward(local.force, batched)
        if y is None:
            raise ArgumentError(f"`y` is missing: nudging with beta = {strength:g} needs a target")
        target = self.target(y, state.shape[1], batched)
        force = local.force.copy()
        force[self.outputs] -= strength * self.readout.slope(local.coordinate[self.outputs], target.T)
        return outward(force, batched)

    def jvp(self, s: ArrayLike, v: ArrayLike, x: ArrayLike | None = None) -> Array:
        """Minus the Jacobian of the force at s times v, both (batch, n). All units count as active."""
        return self._product(jvp, s, v, x)

    def vjp(self, s: ArrayLike, v: ArrayLike, x: ArrayLike | None = None) -> Array:
        """Minus the transposed Jacobian of the force at s times v, both (batch, n)."""
        return self._product(vjp, s, v, x)

    def jacobian(self, s: ArrayLike, x: ArrayLike | None = None) -> Array:
        """Derivative of the force by the states at s, (batch, n, n). All units count as active."""
        matrices, _, batched = self._linearized(s, x)
        return -matrices if batched else -matrices[0]

    def hessian(self, s: ArrayLike, x: ArrayLike | None = None) -> Array:
        """Second derivative of the energy at s, (batch, n, n), by the states; in the rate form by the rates.

        All units count as active. Raises `ModelError` where there is no energy.
        """
        self.require_energy("Hessian")
        matrices, local, batched = self._linearized(s, x)
        full = matrices / local.coordinate_slope.T[:, None, :]
        return full if batched else full[0]

    def _linearized(self, s: Any, x: Any) -> tuple[Array, Local, bool]:
        state, rows, batched = self._at(s, x)
        local = self.local(state, rows).all_active()
        return np.stack([self.linearized(local, j) for j in range(state.shape[1])]), local, batched

    def _product(self, kernel: Flow, s: Any, v: Any, x: Any) -> Array:
        state, rows, batched = self._at(s, x)
        direction, _ = as_batch(v, self.n, "v")
        if direction.shape[0] != state.shape[1]:
            raise ArgumentError(f"`v` has {direction.shape[0]} samples, `s` has {state.shape[1]}")
        at = linear_rows(self, self.local(state, rows).all_active())
        return outward(self.evaluate(kernel, inward(direction), at, self.n), batched)

    def _at(self, s: Any, x: Any) -> tuple[Array, Array, bool]:
        state, batched = as_batch(s, self.n, "s")
        rates, _ = as_input(x, self.n_in)
        if rates is not None and len(rates) != len(state):
            raise ArgumentError(f"`x` has {len(rates)} samples, `s` has {len(state)}")
        return inward(state), free_rows(self, rates, len(state)), batched

    # -- parameter gradients -----------------------------------------------------------------------------------

    def energy_gradient(self, s: ArrayLike, x: ArrayLike | None = None) -> Parameters:
        """dE/dtheta at s (batch, n), averaged over the batch: dE/dW_ij = -rho_i rho_j, dE/db_i = -rho_i, and of terms.

        Raises `ModelError` where there is no energy.
        """
        self.require_energy("energy gradient")
        state, rows, _ = self._at(s, x)
        return energy_gradient(self, self.local(state, rows), as_input(x, self.n_in)[0])

    def cost(self, s: ArrayLike, y: ArrayLike) -> Array:
        """C, (batch,), for targets y (batch, n_out), or labels.

        ½‖s_out − y‖², in the rate form ½‖ρ(s_out) − y‖²; with a softmax read-out −Σ y log softmax(s_out), or ρ(s_out);
        Σ c(s_out, y), or c(ρ(s_out), y), of a cost of one's own.
        """
        state, batched = as_batch(s, self.n, "s")
        target = self.target(y, len(state), batched)
        value = self.readout.cost(self.coordinate(inward(state))[self.outputs], target.T)
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
        return self._made_anew(
            parameters=self.parameters if parameters is None else parameters,
            tau=self.tau if tau is None else tau,
            seed=self.seed,
            gain=self.gain,
        )

    def with_connections(self, connections: Any) -> Self:
        """A network with other connections; weights of blocks that both have are kept, the others drawn anew."""
        net = type(self)(self.populations, connections, tau=self.tau, seed=self.seed, gain=self.gain)
        kept = {n: self.parameters[n] for n in self.parameters if n in net.parameters}
        return net.replace(parameters=kept)

    def _made_anew(self, **options: Any) -> Self:
        """A network of the same populations and terms."""
        return type(self)(self.populations, self.connections, **options)

    @classmethod
    def from_description(cls, description: Mapping[str, Any], **options: Any) -> Self:
        """The network that `describe` described, with parameters, time constants and the like as options."""
        connections = tuple(
            Connection(**c) if isinstance(c, dict) else Connection.parse(c) for c in description["connections"]
        )
        return cls(tuple(Population.read(p) for p in description["populations"]), connections, **options)

    def describe(self) -> dict[str, Any]:
        """Return the network as plain data; its parameter vector, time constants and patterns are apart."""
        return {
            "model": name_in_files(type(self)),
            "populations": [p.describe() for p in self.graph.populations],
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
        return told(type(self).__name__, [f"{parts}; {joined}"])

    def _card(self) -> Card:
        sizes = {"free units": self.n, "inputs": self.n_in, "outputs": self.n_out}
        facts = [(name, f"{size:,}") for name, size in sizes.items() if size]
        facts.append(("parameters", f"{self.parameters.vector.size:,}"))
        facts.append(("time constants", span(self.tau)))
        facts += [] if self.has_energy else [("energy", "none: weights are not shared")]
        kinds = Counter(type(term).__name__ for term in self.own_terms)
        facts += [("terms", ", ".join(f"{count} {kind}" for kind, count in kinds.items()))] if kinds else []
        rows = [(p.name, p.role, f"{p.size:,}", p.activation) for p in self.graph.populations]
        nodes = [Node(p.name, p.size, p.role) for p in self.graph.populations]
        edges = [Edge(c.first, c.second, c.feedback == 1.0) for c in self.graph.connections]
        for term in self.own_terms:
            edges += [Edge(a, b, term.has_energy) for a, b in itertools.pairwise(term.populations)]
        what = first_sentence(type(self).__doc__)
        head = ("population", "role", "units", "activation")
        return Card(type(self).__name__, what, facts, head, rows, graph_picture(nodes, edges))


def rebuild(description: Mapping[str, Any], vector: ArrayLike, tau: Any, pairs: Mapping[str, Any]) -> Network:
    """Make the network that `Network.describe` described, with the pairs of units of its sparse connections.

    Only classes of neurodyn, or of modules that are imported already, are used: a file names a class, and reading a
    file must not run code of its choice.
    """
    kind = NETWORKS.find(description["model"])
    if kind is None:
        raise ModelError(
            f"the network is of the class {description['model']!r}, which is not there: import its module first"
        )
    network: Network = kind.from_description(
        description,
        parameters=initial.Stored(vector, pairs),
        tau=tau,
        seed=description["seed"],
        gain=description["gain"],
    )
    return network


def as_network(value: object) -> Network:
    """The argument `network`, if it is one.

    Raises
    ------
    ArgumentError
        It is none; says what makes one.
    """
    if not isinstance(value, Network):
        raise ArgumentError(f"`network` must be a network, as models.Hopfield makes one; got {shown(value)}")
    return value


def _check_seed_and_gain(seed: Any, gain: Any) -> None:
    if not is_number(gain) or not 0.0 <= gain <= LARGEST_GAIN:
        raise ModelError(f"`gain` must be a finite number from 0 to {LARGEST_GAIN:g}; got {shown(gain)}")
    if seed is not None and not (is_whole(seed) and seed >= 0):
        raise ModelError(f"`seed` must be a whole number >= 0, or None; got {shown(seed)}")
