"""Order conditions of Runge-Kutta methods: one equation for each rooted tree.

A method with stages a and weights b is of order p if, for all rooted trees t with at most p nodes,

    sum_i b_i Phi_i(t) = 1 / gamma(t).

The tree of one node has Phi_i = 1 and gamma = 1. For a root with the branches t_1 ... t_k, Phi_i is the product of all
(a Phi(t_k))_i, and gamma its number of nodes times the product of all gamma(t_k).

Source: E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I, II.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from neurodyn.numerics.arrays import Array


class Tree(NamedTuple):
    """A rooted tree: its number of nodes, gamma, and a Phi, what it brings in as a branch of another, (stages,)."""

    nodes: int
    gamma: float
    branch: Array


def violation(weights: Array, a: Array, order: int) -> float:
    """The largest error of all conditions up to an order; weights (m,), a (m, m)."""
    known: list[Tree] = []
    worst = 0.0
    for nodes in range(1, order + 1):
        grown = []
        for branches in _branches(known, nodes - 1, 0):
            phi, gamma = np.ones(len(weights)), float(nodes)
            for tree in branches:
                phi, gamma = phi * tree.branch, gamma * tree.gamma
            worst = max(worst, abs(float(weights @ phi) - 1.0 / gamma))
            grown.append(Tree(nodes, gamma, a @ phi))
        known += grown
    return worst


def _branches(known: list[Tree], nodes: int, first: int) -> Iterator[tuple[Tree, ...]]:
    """All collections of trees, from the one numbered `first` on, that have so many nodes together."""
    if nodes == 0:
        yield ()
    for k in range(first, len(known)):
        if known[k].nodes <= nodes:
            for rest in _branches(known, nodes - known[k].nodes, k):
                yield (known[k], *rest)
