"""Initial value problems with closed forms, for the tests of the integrators. Arrays are unit-major, (m, batch)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurodyn.numerics.arrays import Array
from neurodyn.numerics.kernel import Kernel, Series, flow_kernel, series_kernel
from neurodyn.solvers.problem import Problem


@flow_kernel(blocks=0)
def relaxation(t, y, rows, theta, layout, work, out):
    """y' = rate (target - y); rows: rates, targets."""
    m = y.shape[0]
    for i in range(m):
        for j in range(y.shape[1]):
            out[i, j] = rows[i, j] * (rows[m + i, j] - y[i, j])


@flow_kernel(blocks=0)
def limit_cycle(t, y, rows, theta, layout, work, out):
    """Turns with speed theta[0] and is drawn to the unit circle: r' = r (1 - r^2)."""
    for j in range(y.shape[1]):
        a, b = y[0, j], y[1, j]
        pull = 1.0 - a * a - b * b
        out[0, j] = pull * a - theta[0] * b
        out[1, j] = pull * b + theta[0] * a


@flow_kernel(blocks=0)
def square(t, y, rows, theta, layout, work, out):
    """y' = y^2, infinite at t = 1 / y(0)."""
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            out[i, j] = y[i, j] * y[i, j]


@series_kernel(relaxation, 1)
def relaxation_series(c, rows, theta, layout, work):
    """c_1 = rate (target - y), c_(k+1) = -rate c_k / (k + 1)."""
    m = c.shape[1]
    for k in range(1, c.shape[0]):
        for i in range(m):
            for j in range(c.shape[2]):
                target = rows[m + i, j] if k == 1 else 0.0
                c[k, i, j] = rows[i, j] * (target - c[k - 1, i, j]) / k


@series_kernel(square, 1)
def square_series(c, rows, theta, layout, work):
    """c_(k+1) = sum_j c_j c_(k-j) / (k + 1)."""
    for k in range(1, c.shape[0]):
        for i in range(c.shape[1]):
            for j in range(c.shape[2]):
                c[k, i, j] = 0.0
                for q in range(k):
                    c[k, i, j] += c[q, i, j] * c[k - 1 - q, i, j] / k


@flow_kernel(blocks=0)
def broken(t, y, rows, theta, layout, work, out):
    """y' = -y, NaN from the time theta[0] on where y(0) > 0; trajectories that start below 0 stay sound."""
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            out[i, j] = -y[i, j]
            if t[j] >= theta[0] and y[i, j] > 0.0:
                out[i, j] = np.nan


@flow_kernel(blocks=0)
def linear(t, y, rows, theta, layout, work, out):
    """y' = A y; theta: A (m, m) by rows."""
    m = y.shape[0]
    for i in range(m):
        for j in range(y.shape[1]):
            out[i, j] = 0.0
            for k in range(m):
                out[i, j] += theta[i * m + k] * y[k, j]


@flow_kernel(blocks=0)
def switched(t, y, rows, theta, layout, work, out):
    """y' = c(t) - y, where c goes from -1 to 1 at t = 1 within a time 1 / theta[0]."""
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            out[i, j] = np.tanh(theta[0] * (t[j] - 1.0)) - y[i, j]


@flow_kernel(blocks=0)
def gap(t, y, rows, theta, layout, work, out):
    """y0' = 1, NaN from theta[0] to theta[1], for a single trajectory; y1' counts how often it was NaN."""
    if t[0] == 0.0:
        work[0, 0] = 0.0
    out[0, 0] = 1.0
    if theta[0] <= t[0] <= theta[1]:
        work[0, 0] += 1.0
        out[0, 0] = np.nan
    out[1, 0] = 1e-300 * work[0, 0]


def make(
    flow: Kernel,
    start: Any,
    jacobian: Callable[[int, float, Array], Array],
    theta: Any = (),
    rows: Any = None,
    series: Series | None = None,
) -> Problem:
    """Wrap a flow; start (m, batch); rows default to time constants 1."""
    start = np.array(start, dtype=float)
    return Problem(
        flow=flow,
        start=start,
        rows=np.ones_like(start) if rows is None else np.array(rows, dtype=float),
        theta=np.array(theta, dtype=float),
        layout=np.zeros(1, dtype=np.int64),
        work_rows=1,
        units=len(start),
        jacobian=jacobian,
        unit=str,
        series=series,
    )


def relaxation_problem(rates: Any, start: Any, target: Any = 0.0) -> Problem:
    """Each component relaxes at its own rate; all arguments broadcast to (m, batch)."""
    start = np.array(start, dtype=float)
    rows = np.concatenate([np.broadcast_to(a, start.shape).astype(float) for a in (rates, target)])
    return make(relaxation, start, lambda j, t, y: -np.diag(rows[: len(start), j]), rows=rows, series=relaxation_series)


def relaxed(problem: Problem, t: Any) -> Array:
    """Solution (T, m, batch) of a `relaxation_problem`."""
    rate, target = np.split(problem.rows, 2)
    return target + (problem.start - target) * np.exp(-rate * np.asarray(t)[:, None, None])


def limit_cycle_problem(start: Any = ((0.3,), (0.0,)), speed: float = 2.0) -> Problem:
    """Spiral onto the unit circle."""

    def jacobian(j: int, t: float, y: Array) -> Array:
        pull = 1.0 - y @ y
        return np.array([[pull, -speed], [speed, pull]]) - 2.0 * np.outer(y, y)

    return make(limit_cycle, start, jacobian, theta=[speed])


def spiralled(problem: Problem, t: Any) -> Array:
    """Solution (T, 2, batch) of a `limit_cycle_problem`."""
    t = np.asarray(t)[:, None]
    radius, angle = np.hypot(*problem.start), np.arctan2(problem.start[1], problem.start[0])
    r = 1.0 / np.sqrt(1.0 + (radius**-2.0 - 1.0) * np.exp(-2.0 * t))
    angle = angle + problem.theta[0] * t
    return np.stack([r * np.cos(angle), r * np.sin(angle)], axis=1)


def blow_up_problem(start: Any = ((1.0,),)) -> Problem:
    """y' = y^2; y = y(0) / (1 - y(0) t)."""
    return make(square, start, lambda j, t, y: np.diag(2.0 * y), series=square_series)


def broken_problem(since: float, start: Any = ((1.0,), (2.0,))) -> Problem:
    """Force NaN from a time on, where y(0) > 0."""
    return make(broken, start, lambda j, t, y: -np.eye(len(y)), theta=[since])


def gap_problem(begin: float, end: float) -> Problem:
    """Force NaN for a while only, and counted."""
    return make(gap, [[0.0], [0.0]], lambda j, t, y: np.zeros((2, 2)), theta=[begin, end])


def stiff_problem(batch: int = 1, fast: float = 1e4) -> Problem:
    """Two coupled linear modes with rates 1 and `fast`, at 45 degrees to the axes."""
    half = 0.5 * np.array([[1.0 + fast, fast - 1.0], [fast - 1.0, 1.0 + fast]])
    start = np.repeat([[1.0], [0.0]], batch, axis=1)
    return make(linear, start, lambda j, t, y: -half, theta=-half.ravel())


def stiff_solution(t: Any, fast: float = 1e4) -> Array:
    """Solution (T, 2, 1) of the stiff problem."""
    slow_part, fast_part = 0.5 * np.exp(-np.asarray(t)), 0.5 * np.exp(-fast * np.asarray(t))
    return np.stack([slow_part + fast_part, fast_part - slow_part], axis=1)[:, :, None]


def switched_problem(sharpness: float = 1e4) -> Problem:
    """A target that jumps at t = 1: the step in hand is too long there."""
    return make(switched, [[0.0]], lambda j, t, y: -np.eye(1), theta=[sharpness])
