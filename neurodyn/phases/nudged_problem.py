"""The nudged phase as an initial value problem: the flow of delta = (s − s*)/beta, and the constants that it reads."""

from __future__ import annotations

import numpy as np

from neurodyn.flows.nudged import nudged
from neurodyn.flows.nudged_series import nudged_series
from neurodyn.flows.rows import (
    BASE_FIELD,
    BASE_RATE,
    BASE_SLOPE,
    BETA,
    COST_CURVATURE,
    COST_SLOPE,
    DELTA_LOWER,
    DELTA_UPPER,
    PRESSURE,
    RATE,
    first_row,
    stack,
)
from neurodyn.numerics.arrays import Array
from neurodyn.phases.correction import with_correction
from neurodyn.solvers.problem import Problem
from neurodyn.system.analytic import is_analytic
from neurodyn.system.constants import every, repeated_rate
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.local import Local
from neurodyn.system.network import Network
from neurodyn.system.parameter_gradient import gradient_change
from neurodyn.system.parameters import Parameters
from neurodyn.system.sizes import signal_sizes


def nudged_problem(
    point: FixedPoint, target: Array, strengths: Array, left: Array | None = None, correction: str | None = None
) -> Problem:
    """The flow of delta for every sample at every strength, strength-major, towards targets (b, n_out).

    `left` (n, b) is a constant force beside that of the cost: what is left of the free force at s*, divided by beta.
    A correction is one of `correction.CORRECTIONS`.
    """
    network, copies = point.network, len(strengths)
    n, batch = point.s.shape
    s, local = np.tile(point.s, copies), point.local.columns(np.tile(np.arange(batch), copies))
    beta = np.repeat(strengths, batch)
    aims, slope = np.tile(target.T, copies), point.cost_slope(target) - (0.0 if left is None else left)
    sizes = signal_sizes(point, slope)
    rows = nudged_rows(network, local, beta, (np.tile(slope, copies), aims))
    free = np.tile(point.rows, copies)
    boxed = network.box.any()

    def jacobian(sample: int, t: float, delta: Array) -> Array:
        one = slice(sample, sample + 1)
        state = np.ascontiguousarray(s[:, one] + beta[sample] * delta[:, None])
        here = network.local(state, np.ascontiguousarray(free[:, one]))
        if boxed:
            out = np.ascontiguousarray(delta[:, None])
            moving = network.evaluate(nudged, out, np.ascontiguousarray(rows[:, one]), n) != 0.0
            here = here._replace(active=moving | ~network.box[:, None])
        matrix = network.linearized(here, 0)
        moves, outputs = here.active[network.outputs, 0], network.outputs
        pull = beta[sample] * network.readout.curvature(here.coordinate[outputs, 0], aims[:, sample])
        matrix[outputs, outputs] += moves[:, None] * pull * (moves * here.coordinate_slope[outputs, 0])
        return -matrix / network.tau[:, None]

    problem = Problem(
        nudged,
        np.zeros((n, batch * copies)),
        rows,
        network.theta,
        network.layout_for(nudged),
        network.work_rows(nudged),
        n,
        jacobian,
        network.graph.unit,
        first_row(DELTA_LOWER, n) if boxed else -1,
        network.threads_inside,
        sizes=None if sizes is None else np.tile(sizes, copies),
        series=nudged_series if is_analytic(network) and network.readout.is_quadratic else None,
    )
    return with_correction(problem, network, local) if correction and not network.has_energy else problem


def nudged_rows(network: Network, local: Local, beta: Array, pull: tuple[Array, Array] | None = None) -> Array:
    """Constants of the nudged flow around fixed points, as `neurodyn.flows.rows` names them, for beta (b,).

    What pulls is dC/dz (n, b), where z is the coordinate of the energy, towards targets (n_out, b); without it they are
    the constants of `network.rate_changes`.
    """
    n, batch = local.state.shape
    cost_slope = np.zeros((n, batch)) if pull is None else pull[0]
    blocks = {RATE: repeated_rate(network, batch), BASE_RATE: local.rate, BASE_SLOPE: local.slope}
    blocks |= {BASE_FIELD: local.field, COST_SLOPE: cost_slope, COST_CURVATURE: constant_curvature(network, batch)}
    blocks[BETA] = np.repeat(beta[None], n, axis=0)
    if network.box.any():
        blocks |= _box_rows(network, local, beta)
    base: list[Array] = []
    if network.extended:
        at = every(local.state, local.clamped), every(local.rate, local.clamped)
        found = [a.gradient(at) for a in network.attached if not a.term.quadratic]
        base = [local.state, *(sum((g[k][:n] for g in found), np.zeros((n, batch))) for k in (0, 1)), local.clamped]
    if pull is not None:
        base.append(network.readout.rows(local.coordinate[network.outputs], pull[1]))
    return stack(blocks, *base)


def constant_curvature(network: Network, batch: int) -> Array:
    """C'' where it is a constant, (n, batch): 1 for outputs of the squared error."""
    curvature = np.zeros((network.n, batch))
    curvature[network.outputs] = float(network.readout.is_quadratic)
    return curvature


def _box_rows(network: Network, local: Local, beta: Array) -> dict[int, Array]:
    """Outward force of inactive units over beta, and the box seen from s* in units of beta.

    At beta = 0 an inactive unit cannot leave its bound, and no active one can reach one.
    """
    box, s, zero = network.box[:, None], local.state, beta == 0.0
    safe = np.where(zero, 1.0, beta)
    reach = np.where(local.active, np.inf, 0.0)
    low, high = -s / safe, (1.0 - s) / safe
    lower = np.where(zero, -reach, np.minimum(low, high))
    upper = np.where(zero, reach, np.maximum(low, high))
    pressure = np.where(local.active | zero, 0.0, local.force / safe)
    return {PRESSURE: pressure, DELTA_LOWER: np.where(box, lower, -np.inf), DELTA_UPPER: np.where(box, upper, np.inf)}


def displaced_gradient(point: FixedPoint, delta: Array, beta: float) -> Parameters:
    """(1/beta) [dF/dtheta(s + beta delta) - dF/dtheta(s)] for displacements delta (n, b), averaged over the batch."""
    network = point.network
    rows = nudged_rows(network, point.local, np.full(delta.shape[1], beta))
    moved = network.rate_changes(delta, rows)
    return gradient_change(network, point.local, (delta, moved), beta, point.x)
