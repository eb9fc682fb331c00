"""The circuit of resistors and diodes at rest, by Newton's method: the fast route by which it learns digits.

    F = ½ Σ g_ij (v_i − v_j)² + Σ I_s (V_T exp(D/V_T) − D) + β C(v_y, y),    C the cross-entropy of a softmax read-out

With β = 0 it is the energy of `circuit.circuit`. It is convex, so that there is one state of rest, wherever voltages
come from; a motion gets there too, but diodes that conduct well make it stiff. Hidden nodes are not joined to each
other: each is an unknown that is eliminated, and equations for the outputs are left. Arrays are (batch, node).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from neurodyn.errors import ConvergenceError
from neurodyn.numerics.arrays import Array

#: Steps at most; the largest last step of a voltage, and the largest of any, over V_T.
STEPS, LAST, LONGEST = 200, 1e-9, 3.0
#: Voltages over V_T beyond which a diode's current is not computed: no state of rest is there.
HIGHEST = 40.0
#: The names of the blocks of conductances, in the order of the parameters.
BLOCKS = ("x-h1", "x-h2", "h1-y", "h2-y")

Conductances = dict[str, Array]
Floats = TypeVar("Floats", bound=np.ndarray[Any, Any])


@dataclass(frozen=True)
class Diodes:
    """Saturation current I_s and thermal voltage V_T of all diodes."""

    saturation: float
    thermal: float


@dataclass(frozen=True)
class State:
    """Voltages of hidden nodes whose diodes lead to the ground and from it, and of the outputs."""

    h1: Array
    h2: Array
    y: Array


def softmax(z: Floats) -> Floats:
    """Probabilities of outputs (batch, n_out), in their precision."""
    raised: Floats = np.exp(z - z.max(axis=1, keepdims=True))
    raised /= raised.sum(axis=1, keepdims=True)
    return raised


def rest(
    g: Conductances,
    diodes: Diodes,
    x: Array,
    target: Array | None = None,
    beta: float = 0.0,
    start: State | None = None,
) -> State:
    """Where F is least for source voltages x (batch, n_in), nudged towards probabilities if there is a target.

    Raises
    ------
    ConvergenceError
        Newton's method does not come to an end.
    """
    to_h = np.concatenate([g["x-h1"], g["x-h2"]], axis=1)
    to_y = np.concatenate([g["h1-y"], g["h2-y"]], axis=0)
    own_h, own_y = to_h.sum(axis=0) + to_y.sum(axis=1), to_y.sum(axis=0)
    sign = np.concatenate([np.ones(g["x-h1"].shape[1]), -np.ones(g["x-h2"].shape[1])])
    inflow = x @ to_h
    h, y = (np.zeros((len(x), len(own))) for own in (own_h, own_y))
    if start is not None:
        h, y = np.concatenate([start.h1, start.h2], axis=1), start.y
    unit = np.eye(len(own_y))
    for _ in range(STEPS):
        through = diodes.saturation * np.exp(np.minimum(sign * h / diodes.thermal, HIGHEST))
        force_h = inflow + y @ to_y.T - own_h * h - sign * (through - diodes.saturation)
        force_y = h @ to_y - own_y * y
        slope_h = own_h + through / diodes.thermal
        matrix = np.einsum("ki,bk,kj->bij", -to_y, 1.0 / slope_h, to_y, optimize=True) + own_y * unit
        if target is not None:
            p = softmax(y)
            force_y = force_y - beta * (p - target)
            matrix = matrix + beta * (p[:, :, None] * unit - p[:, :, None] * p[:, None, :])
        step_y = np.linalg.solve(matrix, (force_y + (force_h / slope_h) @ to_y)[:, :, None])[:, :, 0]
        step_h = (force_h + step_y @ to_y.T) / slope_h
        longest = np.maximum(np.abs(step_h).max(axis=1), np.abs(step_y).max(axis=1))[:, None] / diodes.thermal
        shorter = np.minimum(1.0, LONGEST / np.maximum(longest, LONGEST))
        h, y = h + shorter * step_h, y + shorter * step_y
        if longest.max() < LAST:
            half = g["x-h1"].shape[1]
            return State(h[:, :half], h[:, half:], y)
    raise ConvergenceError(f"Newton's method has not found the voltages at rest in {STEPS} steps")


def squared_drops(x: Array, state: State) -> Conductances:
    """∂E/∂g = ½ (v_i − v_j)² of each resistor, in the mean over the batch."""
    places = {"x": x, "h1": state.h1, "h2": state.h2, "y": state.y}
    return {name: _squares(*(places[end] for end in name.split("-"))) for name in BLOCKS}


def _squares(u: Array, v: Array) -> Array:
    """½ (u_i − v_j)² in the mean over the batch."""
    return np.asarray(0.5 * (u * u).mean(axis=0)[:, None] + 0.5 * (v * v).mean(axis=0) - u.T @ v / len(u))


def gradient(g: Conductances, diodes: Diodes, x: Array, target: Array, beta: float) -> tuple[State, Conductances]:
    """The free state, and dJ/dg by equilibrium propagation: half the difference of both nudged phases over β."""
    free = rest(g, diodes, x)
    plus, minus = (squared_drops(x, rest(g, diodes, x, target, sign * beta, start=free)) for sign in (1.0, -1.0))
    return free, {name: (plus[name] - minus[name]) / (2.0 * beta) for name in BLOCKS}
