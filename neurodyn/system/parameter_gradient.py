"""Derivatives by the parameters: of the energy, and their changes along a motion of states and rates.

All are averaged over the batch. For a weight between two units dE/dW_ij = -r_i r_j, and dE/db_i = -r_i; terms say
theirs. A weight of a single direction, from j to i, belongs to no energy: its entry is minus what happens to the unit i
that it leads to times the rate of j before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurodyn.numerics.arrays import Array
from neurodyn.numerics.sparse_product import pair_sums
from neurodyn.system.constants import every
from neurodyn.system.parameters import Block, Parameters

if TYPE_CHECKING:
    from neurodyn.system.local import Local
    from neurodyn.system.network import Network

Pair = tuple[Array, Array]


def energy_gradient(network: Network, local: Local, x: Array | None) -> Parameters:
    """dE/dtheta at states with these rates; x (b, n_in)."""
    rates = network.input_rates(x, local.rate.shape[1])
    pairwise = pairwise_change(network, rates, np.zeros_like(local.rate), local.rate, local.rate)
    at = every(local.state, rates), every(local.rate, rates)
    return whole(network, pairwise, [a.parameter_gradient(at) for a in network.attached], local.rate.shape[1])


def mixed_product(network: Network, local: Local, v: Pair, x: Array | None) -> Parameters:
    """(d2E/dtheta d(s, r)) v along a pair of directions of states and rates, (n, b) each."""
    return gradient_change(network, local, v, 0.0, x)


def gradient_change(network: Network, local: Local, v: Pair, beta: float, x: Array | None) -> Parameters:
    """[dE/dtheta(s + beta v_s, r + beta v_r) - dE/dtheta(s, r)] / beta, without cancellation, for v (n, b) each."""
    rates = network.input_rates(x, local.rate.shape[1])
    pairwise = pairwise_change(network, rates, local.rate, v[1], local.rate + beta * v[1])
    if not network.attached:
        return whole(network, pairwise, [], local.rate.shape[1])
    still = np.zeros_like(rates)
    at = every(local.state, rates), every(local.rate, rates)
    along = every(v[0], still), every(v[1], still)
    own = [a.gradient_change(at, along, beta) for a in network.attached]
    return whole(network, pairwise, own, local.rate.shape[1])


def whole(network: Network, pairwise: dict[str, Array], own: list[Array], batch: int) -> Parameters:
    """All blocks in their order, each averaged over the batch: sums of pairs have a minus sign."""
    parts = {name: -1.0 / batch * value for name, value in pairwise.items()}
    for attached, value in zip(network.attached, own, strict=bool(own)):
        place = 0
        for block in attached.term.blocks(network.graph):
            parts[block.name] = value[place : place + block.size] / batch
            place += block.size
    blocks = network.parameters.blocks
    return Parameters(blocks, np.concatenate([*(parts[b.name] for b in blocks), np.zeros(0)]))


def pairwise_change(network: Network, clamped: Array, before: Array, change: Array, after: Array) -> dict[str, Array]:
    """Sums over the samples of D_i after_j + before_i D_j and of D_i, by blocks; of before_i D_j from i to j alone.

    D = `change` is what happens to rates that go from `before` to `after`, (n, b) each; clamped (n_in, b) do not move.
    """
    graph, parts = network.graph, {}
    products: dict[str, list[Pair]] = {}
    for c in graph.connections:
        a, b = graph.slices.get(c.first), graph.slices.get(c.second)
        if a is None:
            products[c.name] = [(clamped, change[b])]
        elif b is None:
            products[c.name] = [(change[a], clamped)]
        elif c.own_feedback:
            products[c.name] = [(before[a], change[b])]
            products[c.own_feedback] = [(before[b], change[a])]
        else:
            back = change[a] if c.feedback == 1.0 else float(c.feedback) * change[a]
            products[c.name] = [(back, after[b]), (before[a], change[b])]
    for block in network.parameters.blocks:
        if block.name in products:
            parts[block.name] = _outer(block, products[block.name])
        elif block.name in graph.slices and network.has_bias(block.name):
            parts[block.name] = change[graph.slices[block.name]].sum(axis=1)
    return parts


def _outer(block: Block, products: list[Pair]) -> Array:
    """Sum of left right^T over the products, each once for every weight of the block."""
    if block.pattern is not None:
        out = np.zeros(block.size)
        for left, right in products:
            pair_sums(*block.pattern.pairs, left, right, out)
        return out
    found = [left @ right.T for left, right in products]
    full = found[0] if len(found) == 1 else found[0] + found[1]
    if block.symmetric:
        full = 0.5 * (full + full.T)  # the two triangles differ by rounding only
    if block.symmetric or block.hollow:
        np.fill_diagonal(full, 0.0)
    return block.pack(full)
