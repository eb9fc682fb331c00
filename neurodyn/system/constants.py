"""The constants of the flows of one network: rows for each sample, as `neurodyn.flows.rows` names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurodyn.flows.layout import STATES
from neurodyn.flows.rows import DIAGONAL, DRIVE, LOWER, RATE, SLOPE, UPPER, free_blocks, stack
from neurodyn.numerics.arrays import Array
from neurodyn.system.local import Local

if TYPE_CHECKING:
    from neurodyn.system.network import Network


def repeated_rate(network: Network, batch: int) -> Array:
    """1/tau, (n, batch)."""
    return np.repeat(1.0 / network.tau[:, None], batch, axis=1)


def free_rows(network: Network, x: Array | None, batch: int) -> Array:
    """Constants of the free flow; x (batch, n_in)."""
    n, clamped = network.n, network.input_rates(x, batch)
    blocks = {RATE: repeated_rate(network, batch), DRIVE: network.currents(clamped)}
    if network.box.any():
        for name, low, inside in ((LOWER, -np.inf, 0.0), (UPPER, np.inf, 1.0)):
            blocks[name] = np.repeat(np.where(network.box, inside, low)[:, None], batch, axis=1)
    if not network.extended:
        return stack(blocks)
    still, constant = every(np.zeros((n, batch)), clamped), np.zeros((n, batch))
    for attached in network.attached:
        if attached.term.quadratic:  # whose gradient is affine: this is what does not move with the free units
            by_state, by_rate = attached.gradient((still, still))
            blocks[DRIVE] = blocks[DRIVE] - by_rate[:n]
            constant -= by_state[:n]
    blocks[len(blocks)] = constant
    return stack(blocks, clamped)


def clamped_of(network: Network, rows: Array) -> Array:
    """The clamped rates, (n_in, batch), out of the constants of the free flow, where these have them."""
    first = free_blocks(network.layout) * network.n if network.extended else len(rows)
    return rows[first:]


def linear_rows(network: Network, local: Local) -> Array:
    """Constants of products with the Jacobian at a state: 0 for inactive units."""
    diagonal = network.leak[:, None] * np.ones_like(local.rate)
    if network.metric == STATES:
        diagonal -= local.curvature * local.field
    blocks = {RATE: repeated_rate(network, local.rate.shape[1])}
    blocks |= {SLOPE: local.slope * local.active, DIAGONAL: diagonal * local.active}
    base = (local.state, local.rate, local.active.astype(float), local.clamped) if network.extended else ()
    return stack(blocks, *base)


def every(free: Array, clamped: Array) -> Array:
    """Values of all units, as terms read them: the free ones, then the clamped ones."""
    return np.ascontiguousarray(np.concatenate([free, clamped]))
