"""The scheme of Scellier & Bengio (2017, section 5): synchronous Euler steps in the box [0, 1]."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurodyn.errors import ArgumentError, nearest
from neurodyn.flows.layout import STATES
from neurodyn.inputs import choice, number_within, real_number, whole_number
from neurodyn.system.graph import LINEAR, SOFTMAX
from neurodyn.system.network import Network

NUDGINGS = ("random", "positive", "negative", "centered")
CONVENTIONS = ("paper", "code")

#: Bounds of beta and of the step: beyond them differences of states in float32 are rounding.
SMALLEST, LARGEST = 1e-6, 1e6


@dataclass(frozen=True, kw_only=True)
class Euler:
    """Options of the method `ep-2017`: s ← clip(s − (step/τ) ∂F/∂s, 0, 1), all units at once.

    Linear units are not clipped.

    Parameters
    ----------
    beta : float
        Strength of the nudging.
    nudging : {"random", "positive", "negative", "centered"}
        One nudged phase whose sign is drawn for each minibatch, is always + or −; or two, of both signs.
    step : float
        Step size.
    free_steps, nudged_steps : int
        Steps of the free phase, at most, and of each nudged phase.
    tol : float
        An example's free phase ends when no unit moved faster than this in the last step; 0: after `free_steps`.
    convention : {"paper", "code"}
        `paper`: C = ½‖s_out − y‖². `code`: C = ‖s_out − y‖², as in the authors' code: at equal beta the outputs are
        pulled twice as hard and weights move twice as far; at half the beta the pull is the same, and the step twice.

    References
    ----------
    Scellier & Bengio, Front. Comput. Neurosci. 11:24 (2017), section 5, eq. 43, table 1.
    """

    beta: float = 1.0
    nudging: str = "random"
    step: float = 0.5
    free_steps: int = 20
    nudged_steps: int = 4
    tol: float = 0.0
    convention: str = "paper"

    def __post_init__(self) -> None:
        choice(self.nudging, NUDGINGS, "nudging")
        choice(self.convention, CONVENTIONS, "convention")
        for name in ("beta", "step"):
            number_within(getattr(self, name), name, SMALLEST, LARGEST, "what float32 can resolve")
        if real_number(self.tol, "tol", 0.0) >= 1.0:
            raise ArgumentError(f"`tol` must be below 1, the width of the box; got {self.tol!r}")
        for name in ("free_steps", "nudged_steps"):
            whole_number(getattr(self, name), name, 1)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Euler:
        """Read the options of a recipe; refuses unknown ones by name."""
        names = [f.name for f in dataclasses.fields(cls)]
        for name in options:
            if name not in names:
                raise ArgumentError(f"unknown option {name!r} of method 'ep-2017'; {nearest(name, names)}")
        return cls(**options)

    @property
    def scale(self) -> float:
        """The cost in units of ½‖s_out − y‖²."""
        return 2.0 if self.convention == "code" else 1.0


def obstacle(network: Network) -> str | None:
    """Why a network cannot learn by this scheme; None if it can."""
    if network.metric != STATES or not network.is_pairwise:
        return f"{type(network).__name__} networks do not have the force W·s + b − s in the box [0, 1]"
    soft = [p.name for p in network.graph.free if p.activation not in ("hard-sigmoid", "linear")]
    if soft:
        return f"population {soft[0]!r} is neither hard-sigmoid nor linear but {network.graph[soft[0]].activation}"
    if network.graph.readout == SOFTMAX:
        return "its outputs are read through a softmax, and the scheme knows the squared error alone"
    if network.graph.readout != LINEAR:
        return f"its outputs have the cost {network.graph.readout!r}, and the scheme knows the squared error alone"
    if network.patterns:
        return f"connection {next(iter(network.patterns))!r} is sparse"
    return None
