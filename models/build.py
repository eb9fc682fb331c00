"""From the tables of a model file to a network; checks what concerns more than one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from neurodyn.errors import ArgumentError, DataError, ModelError, nearest
from neurodyn.inputs import as_duration, tolerance
from neurodyn.learning import Recipe
from neurodyn.models.data.npz import Archive
from neurodyn.models.energy_network import EnergyNetwork, refuse
from neurodyn.models.file import ConnectionTable, ModelFile
from neurodyn.models.hopfield import Hopfield
from neurodyn.models.rate import Rate
from neurodyn.models.terms import Bias, Bilinear
from neurodyn.numerics.arrays import Array
from neurodyn.phases.langevin import Langevin
from neurodyn.solvers.solver import Solver
from neurodyn.system.graph import RANDOM, Connection, Graph, Population
from neurodyn.system.network import Network
from neurodyn.system.parameters import Block, blocks_of
from neurodyn.system.term import Term

#: More numbers than this (0.8 GB) in one network are taken for a slip.
LARGEST = 100_000_000

#: What `model` may say, beside "terms".
KINDS: dict[str, type[Network]] = {"hopfield": Hopfield, "rate": Rate}


def build_graph(tables: ModelFile, faults: list[str]) -> tuple[Graph | None, bool]:
    """The graph as far as it is sound, each connection checked on its own, and whether all its populations are.

    A population with a fault stands in with one unit, so that connections to it are not called wrong.
    """
    sound = tuple(
        Population(name, 1) if t is None else Population(name, t.size, t.activation, t.role, t.outputs, t.readout)
        for name, t in tables.populations.items()
    )
    if not sound:
        return None, False
    complete = None not in tables.populations.values()
    try:
        Graph(sound, ())
    except ModelError as error:
        complete = False
        faults.append(f"populations: {error}")
        sound = tuple(Population(p.name, p.size) for p in sound)
    graph = Graph(sound, ())
    for i, table in enumerate(tables.connections):
        if table is not None:
            try:
                feedback = RANDOM if isinstance(table.feedback, list) else table.feedback
                connection = replace(Connection.parse(table.between), sparsity=table.sparsity, feedback=feedback)
                Graph(sound, (connection,))
                graph = Graph(sound, (*graph.connections, connection))
            except ModelError as error:
                faults.append(f"connections.{i}: {error}")
    for i, term in enumerate(tables.terms):
        if isinstance(term, Bilinear) and term.fused:
            try:
                graph = Graph(sound, (*graph.connections, term.connection))
            except ModelError as error:
                faults.append(f"terms.{i}: {error}")
    return graph, complete


def build_terms(tables: ModelFile, graph: Graph, faults: list[str]) -> tuple[Term, ...]:
    """The terms that are sound: those of `connections`, and then those of [[terms]].

    A term of a population with a fault is left out, and not called wrong.
    """
    head, unknown = tables.head, {name for name, table in tables.populations.items() if table is None}
    if head is not None and head.model != "terms":
        if tables.terms:
            faults.append(f'terms: only a model = "terms" has them; got {head.model!r}')
        if "energy_of" in head.model_fields_set:
            faults.append(f'energy_of: only a model = "terms" has it; got {head.model!r}')
        return ()
    if head is not None and not tables.terms:
        faults.append('terms: a model = "terms" needs tables [[terms]], each with a `term`')
    weighted = [term for term in tables.terms if isinstance(term, Bilinear) and term.fused]
    listed = {term.connection for term in weighted}
    found: list[Term] = [Bilinear.of(c) for c in graph.connections if c not in listed]
    for i, term in enumerate(tables.terms):
        if term in weighted:  # checked with the graph
            found.append(term)
        elif term is not None and not unknown.intersection(term.populations):
            try:
                refuse(term, graph, head.energy_of if head is not None else "states")
                found.append(term)
            except ModelError as error:
                faults.append(f"terms.{i}: {error}")
    return tuple(found)


def build_network(tables: ModelFile, graph: Graph | None, folder: Path, faults: list[str]) -> Network | None:
    """The network, or None where `faults` (with those that were there before) leave none."""
    unknown = {name for name, table in tables.populations.items() if table is None}
    terms = build_terms(tables, graph, faults) if graph else ()
    blocks = _blocks(graph, terms, faults) if graph else ()
    known = tuple(b for b in blocks if not unknown.intersection(b.name.split("-")))
    present = {c.name: 1.0 - c.sparsity for c in graph.connections} if graph else {}
    count = sum(b.size * present.get(b.name, 1.0) for b in known)
    if count > LARGEST:
        faults.append(
            f"populations: the network would have {count:,.0f} parameters; at most {LARGEST:,} are possible: give "
            "large connections a `sparsity`"
        )
        return None
    arrays = _file_parameters(tables, folder, known, faults)
    _check_weights(tables.connections, known, faults)
    head = tables.head
    if head is not None and graph is not None:
        try:
            (Rate if head.energy_of == "rates" else KINDS.get(head.model, EnergyNetwork)).check(graph)
        except ModelError as error:
            faults.append(f"model: {error}")
    if faults or graph is None or head is None:
        return None
    each = [np.full(p.size, 1.0) * tables.populations[p.name].tau for p in graph.free]  # type: ignore[union-attr]
    tau = np.concatenate(each)
    network: Network
    if head.model in KINDS:
        network = KINDS[head.model](graph.populations, graph.connections, tau=tau, seed=head.seed, gain=head.gain)
    else:
        options: Any = {"seed": head.seed, "gain": head.gain, "energy_of": head.energy_of}
        network = EnergyNetwork(graph.populations, terms, tau=tau, **options)
    return network.replace(parameters=arrays or _initial_weights(tables, network))


def _blocks(graph: Graph, terms: Sequence[Term], faults: list[str]) -> tuple[Block, ...]:
    """The parameters of a network: of its connections and its biases, or of its terms."""
    if not terms:
        return blocks_of(graph)
    fused = [term for term in terms if getattr(term, "fused", False)]
    biased = [name for term in fused if isinstance(term, Bias) for name in term.over(graph)]
    try:
        return blocks_of(graph, {}, [block for t in terms if t not in fused for block in t.blocks(graph)], biased)
    except ModelError as error:
        faults.append(f"terms: {error}")
        return ()


def _check_weights(tables: Sequence[ConnectionTable | None], blocks: Sequence[Block], faults: list[str]) -> None:
    for i, table in enumerate(tables):
        if table is None:
            continue
        first, _, second = table.between.partition("-")
        for key, name, weights in (
            ("weights", table.between, table.weights),
            ("feedback", f"{second}-{first}", table.feedback),
        ):
            block = next((b for b in blocks if b.name == name), None)
            if isinstance(weights, list) and block is not None:
                try:
                    block.pack(weights)
                except ModelError as error:
                    faults.append(f"connections.{i}.{key}: {error}")


def _initial_weights(tables: ModelFile, network: Network) -> dict[str, Array]:
    """Glorot weights as drawn, or those given; both times their factors."""
    arrays: dict[str, Array] = {}
    for table, connection in zip(tables.connections, network.graph.connections, strict=False):  # then those of terms
        assert table is not None
        assert tables.head is not None
        named = {connection.own_feedback: table.feedback, connection.name: table.weights}
        for name, weights in named.items():
            if isinstance(weights, list):
                arrays[name] = tables.head.gain * table.gain * np.array(weights, dtype=float)
            elif name:
                arrays[name] = (0.0 if table.init == "zeros" else table.gain) * network.parameters[name]
    return arrays


def _file_parameters(
    tables: ModelFile, folder: Path, blocks: Sequence[Block], faults: list[str]
) -> dict[str, Array] | None:
    """The arrays of [parameters] file, or None without one."""
    if tables.parameters is None or tables.parameters.file is None:
        return None
    for i, table in enumerate(tables.connections):
        if table is None:
            continue
        if table.model_fields_set - {"between", "feedback"} or isinstance(table.feedback, list):
            faults.append(
                f"connections.{i}: weights come from [parameters], so only `between`, and a `feedback` without "
                "weights, can be given"
            )
    if tables.head is not None and tables.head.gain != 1.0:
        faults.append("gain: weights come from [parameters], not from the seed, so `gain` must be 1")
    path, fault = folder / tables.parameters.file, "parameters.file"
    names = [b.name for b in blocks]
    try:
        with Archive(str(path), "an .npz archive with the parameters") as archive:
            arrays = {name: archive.read(name).astype(float) for name in archive.names if name in names}
            found = archive.names
    except DataError as error:
        faults.append(f"{fault}: {error}")
        return None
    if None not in (*tables.connections, *tables.populations.values()):
        faults += [f"{fault}: {path.name}: unknown parameters {name!r}; {nearest(name, names)}"
                   for name in found if name not in names]  # fmt: skip
    for block in blocks:
        try:
            if block.name not in arrays:
                raise ModelError(f"parameters {block.name!r} are missing")
            block.pack(arrays[block.name])
        except ModelError as error:
            faults.append(f"{fault}: {path.name}: {error}")
    return arrays


def build_solver(tables: ModelFile, faults: list[str]) -> Solver:
    """The solver; `faults` tells what it refuses."""
    try:
        return Solver(**(tables.solver.model_dump(exclude_none=True) if tables.solver else {}))
    except ArgumentError as error:
        faults.append(f"solver: {error}")
        return Solver()


def build_noise(tables: ModelFile, network: Network | None, faults: list[str]) -> Langevin | None:
    """The noise; `faults` tells what it refuses."""
    if tables.noise is None:
        return None
    try:
        noise = Langevin(**tables.noise.model_dump(exclude_none=True))
    except ArgumentError as error:
        faults.append(f"noise: {error}")
        return None
    if network is not None and np.size(noise.temperature) not in (1, network.n):
        faults.append(f"noise.temperature: must have one number for each of the {network.n} free units")
    return noise


def check_phases(tables: ModelFile, network: Network | None, faults: list[str]) -> None:
    """Tell `faults` of a free phase that settles to nothing, and of a second phase in which nothing happens."""
    try:
        if tables.free is not None:
            tolerance(tables.free.tol, "tol")
    except ArgumentError as error:
        faults.append(f"free.tol: {error}")
    if network is None or tables.nudging is None or tables.nudging.duration is None:
        return
    try:
        as_duration(tables.nudging.duration, float(network.tau.min()))
    except ArgumentError as error:
        faults.append(f"nudging.duration: {error}")


def build_recipe(tables: ModelFile, network: Network | None, faults: list[str]) -> Recipe:
    """How the network learns; `faults` tells what it refuses."""
    given = tables.learning.model_dump(exclude_none=True, exclude={"validation"}) if tables.learning else {}
    if given.get("correction") == "none":
        del given["correction"]
    try:
        recipe = Recipe.of(given)
        return recipe if network is None or not given else recipe.resolved(network)
    except ArgumentError as error:
        faults.append(f"learning: {error}")
        return Recipe()
