"""Curves that a flow draws: the unstable manifolds of saddles forwards in time, the stable ones backwards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurodyn.numerics.arrays import Array, Integers, Mask

Field = Callable[[Array], Array]
#: Steps per window, a curve's longest length in windows, and how far from the saddle it starts.
STEPS, LONGEST, START = 400, 20, 1e-4


def follow(
    field: Field,
    origin: Array,
    direction: Array,
    sign: Array,
    ends: Array,
    nodes: Array,
    within: Callable[[Array], Mask],
    boxed: Mask,
    width: float,
    steps: int = STEPS,
) -> list[Array]:
    """Curves of the flow by arclength, (p, m) each, that leave `origin` (k, m) along `direction` (k, m).

    Classical Runge–Kutta steps of width/`steps` along the unit field. A curve ends where it leaves the window (`within`
    tells), or on a fixed point.

    Parameters
    ----------
    field
        Velocity (k, m) at points (k, m).
    sign : (k,)
        1 forwards in time, −1 backwards.
    ends : (f, m)
        Fixed points.
    nodes : (f,) bool
        Which attract from all sides (in one direction of time); a curve must head for another one to end there.
    boxed : (m,) bool
        Coordinates that are held in [0, 1]; a curve backwards in time ends on a bound, as its past is not unique.
    width : float
        Size of the window.
    steps : int
        So many to the width of the window.
    """
    step = width / steps
    first = origin + START * width * direction / np.linalg.norm(direction, axis=1)[:, None]
    curves = [[a, b] for a, b in zip(origin, first, strict=True)]
    z, running = first, np.arange(len(origin))
    for _ in range(steps * LONGEST):
        if not running.size:
            break
        z, heading = _runge_kutta(field, z, sign[running], step)
        outside = boxed & ((z < 0.0) | (z > 1.0))
        z = np.where(boxed, np.clip(z, 0.0, 1.0), z)
        target = _arrived(z, heading, ends, nodes, origin[running], step)
        lost = outside.any(axis=1) & (sign[running] < 0)
        here = within(z) & ~lost
        for k, j in enumerate(running):
            curves[j].append(ends[target[k]] if target[k] >= 0 else z[k])
        going = here & (target < 0) & (np.abs(heading).max(axis=1) > 0.0)
        running, z = running[going], z[going]
    return [np.array(curve) for curve in curves]


def _runge_kutta(field: Field, z: Array, sign: Array, step: float) -> tuple[Array, Array]:
    """One step, and the heading after it."""

    def heading(at: Array) -> Array:
        velocity = field(at) * sign[:, None]
        speed = np.linalg.norm(velocity, axis=1)[:, None]
        return np.divide(velocity, speed, out=np.zeros_like(velocity), where=speed > 1e-14)

    k1 = heading(z)
    k2 = heading(z + 0.5 * step * k1)
    k3 = heading(z + 0.5 * step * k2)
    k4 = heading(z + step * k3)
    new = z + step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return new, k4


def _arrived(z: Array, heading: Array, ends: Array, nodes: Array, origin: Array, step: float) -> Integers:
    """Number of the fixed point that each curve has reached, (k,), or −1."""
    target = np.full(len(z), -1)
    for f, point in enumerate(ends):
        away = point - z
        distance = np.linalg.norm(away, axis=1)
        aim = np.sum(away * heading, axis=1) / np.maximum(distance, 1e-300)
        close = (distance < 1.5 * step) & (nodes[f] | (np.abs(aim) > 1.0 - 1e-6))
        own = np.linalg.norm(origin - point, axis=1) < step
        target[close & ~own] = f
    return target
