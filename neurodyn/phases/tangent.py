"""The free flow with tangent vectors along the way, as initial value problems."""

from __future__ import annotations

import numpy as np

from neurodyn.errors import ModelError
from neurodyn.flows.tangent import orthonormal, tangent
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.kernel import Flow
from neurodyn.phases.relax import free_problem
from neurodyn.solvers.problem import Problem
from neurodyn.system.network import Network


def tangent_problem(network: Network, start: Array, x: Array | None, vectors: Array) -> Problem:
    """The free flow from start (n, b) under x (b, n_in), with tangent vectors (k, n, b) that grow as it says.

    Its components are the state and the vectors, n rows each.
    """
    stacked = np.concatenate([start, vectors.reshape(-1, start.shape[1])])
    return _extended(network, tangent, stacked, x, len(vectors), 0)


def growth_problem(network: Network, start: Array, x: Array | None, vectors: Array) -> Problem:
    """As `tangent_problem`, with vectors that are kept orthonormal, and the logarithms of their growth last, (k, b)."""
    count, n, batch = vectors.shape
    stacked = np.concatenate([start, vectors.reshape(-1, batch), np.zeros((count, batch))])
    return _extended(network, orthonormal, stacked, x, count, 2 * count**2)


def require_smooth(network: Network, what: str) -> None:
    """Refuse `what` for networks with hard sigmoids, whose flow has corners."""
    if network.box.any():
        raise ModelError(
            f"{what} needs a smooth flow, and units with the hard sigmoid stop at the bounds of their box: "
            "take another activation"
        )


def _extended(network: Network, flow: Flow, start: Array, x: Array | None, count: int, products: int) -> Problem:
    n, state = network.n, np.ascontiguousarray(start[: network.n])
    free = free_problem(network, state, x)

    def jacobian(sample: int, t: float, z: Array) -> Array:
        """That of every vector alone: implicit methods iterate, and need no more."""
        out, one = np.zeros((z.size, z.size)), free.jacobian(sample, t, z[:n])
        for k in range(count + 1):
            out[k * n : (k + 1) * n, k * n : (k + 1) * n] = one
        return out

    def unit(index: int) -> str:
        return free.unit(index) if index < n else f"tangent vector {index // n - 1}"

    return Problem(
        flow,
        np.ascontiguousarray(start),
        free.rows,
        network.theta,
        network.layout_for(flow),
        network.work_rows(flow) + network.n_in + products,
        n,
        jacobian,
        unit,
        threads_inside=network.threads_inside,
    )
