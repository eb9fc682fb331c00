"""What a network begins with if nobody gives it: weights, and the pairs of units of sparse connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodyn.numerics.memory import check_memory
from neurodyn.system.graph import Connection, Graph
from neurodyn.system.parameters import Block, Parameters, is_sparse
from neurodyn.system.pattern import Pattern
from neurodyn.system.term import Term


@dataclass(frozen=True)
class Stored:
    """Parameters as files have them: the vector, and the pairs of units of sparse connections by name."""

    vector: Any
    pairs: Mapping[str, Any]


def patterns(graph: Graph, given: Any, seed: int | None) -> dict[str, Pattern]:
    """The patterns of the sparse connections: those of the parameters given, else drawn, each from its own stream."""
    brought = {b.name: b.pattern for b in given.blocks} if isinstance(given, Parameters) else {}
    found: dict[str, Pattern] = {}
    for i, c in enumerate(graph.connections):
        hollow = c.first == c.second and bool(c.own_feedback)
        symmetric = c.first == c.second and not hollow
        sizes = graph[c.first].size, graph[c.second].size
        for name, shape, stream in _directions(c, sizes, i):
            pattern = brought.get(name)
            value: Any = None if brought or not isinstance(given, Mapping) else given.get(name)
            if isinstance(given, Stored):
                if name in given.pairs:
                    pattern = Pattern(shape, symmetric, given.pairs[name])
            elif is_sparse(value) and value.shape == shape:
                pattern = Pattern.of_matrix(value, symmetric, name, hollow)
            elif pattern is None and c.sparsity:
                rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=stream))
                pattern = _drawn(shape, symmetric, hollow, 1.0 - c.sparsity, rng)
            if pattern is not None:
                found[name] = pattern
    return found


def _drawn(shape: tuple[int, int], symmetric: bool, hollow: bool, density: float, rng: np.random.Generator) -> Pattern:
    if hollow:
        return Pattern.draw_hollow(shape[0], density, rng)
    return Pattern.draw(shape, symmetric, density, rng)


def _directions(c: Connection, sizes: tuple[int, int], i: int) -> list[tuple[str, tuple[int, int], tuple[int, ...]]]:
    """The blocks of weights of connection i, each with its shape and the stream that its pattern is drawn from."""
    found: list[tuple[str, tuple[int, int], tuple[int, ...]]] = [(c.name, sizes, (i, 1))]
    if c.own_feedback not in ("", c.name):
        found.append((c.own_feedback, sizes[::-1], (i, 4)))
    return found


def parameters(
    graph: Graph, blocks: tuple[Block, ...], terms: tuple[Term, ...], seed: int | None, gain: float
) -> Parameters:
    """Uniform Glorot weights, biases of 0, and what terms begin with.

    Each block has its own stream, so that adding a block changes no other.
    """
    streams: dict[str, tuple[int, ...]] = {c.name: (i,) for i, c in enumerate(graph.connections)}
    streams |= {c.own_feedback: (i, 2) for i, c in enumerate(graph.connections) if c.own_feedback not in ("", c.name)}
    own = {block.name: (k, term) for k, term in enumerate(terms) for block in term.blocks(graph)}
    density = {name: 1.0 - c.sparsity for c in graph.connections for name in (c.name, c.own_feedback)}
    size = 2 * 8 * sum(block.size for block in blocks)
    check_memory(size, "a network of these sizes", "take smaller populations, or sparse connections")
    parts = []
    for block in blocks:
        if block.name in own:
            k, term = own[block.name]
            stream = (k, 3, [b.name for b in term.blocks(graph)].index(block.name))
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=stream))
            parts.append(np.asarray(term.initial(graph, block, rng, gain), dtype=float).ravel())
        elif len(block.shape) == 1:
            parts.append(np.zeros(block.size))
        else:
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=streams[block.name]))
            bound = gain * np.sqrt(6.0 / (density.get(block.name, 1.0) * sum(block.shape)))
            parts.append(rng.uniform(-abs(bound), abs(bound), block.size))
    return Parameters(blocks, np.concatenate([*parts, np.zeros(0)]))
