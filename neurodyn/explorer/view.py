"""Where a page looks: the two axes and their window, and the units whose signals are drawn. Sliders leave it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.analysis.portraits.plane import Plane, PlaneAxes
from neurodyn.analysis.portraits.viewpoint import choose_axes, choose_window
from neurodyn.analysis.units import unit_name
from neurodyn.errors import ArgumentError
from neurodyn.explorer.motion import Motion
from neurodyn.explorer.settings import Settings, inputs_of, target_of
from neurodyn.explorer.subject import Subject
from neurodyn.numerics.arrays import Array, Integers

#: So many units of a population are drawn.
SHOWN = 4


@dataclass(frozen=True, eq=False)
class View:
    """The plane of the page.

    Attributes
    ----------
    plane : Plane
        Through the states of rest, or what was visited.
    window : ((low, high), (low, high))
    names : (str, str)
        Of the axes.
    units : (int, int) or None
        The two units; None for directions.
    shown : mapping from population to (m,)
        The units whose states and signals are drawn, by their numbers.
    """

    plane: Plane
    window: tuple[tuple[float, float], tuple[float, float]]
    names: tuple[str, str]
    units: tuple[int, int] | None
    shown: Mapping[str, Integers]

    def coordinates(self, states: Array) -> Array:
        """Coordinates (..., 2) of states (..., n)."""
        flat = self.plane.coordinates(states.reshape(-1, states.shape[-1]))
        return flat.reshape(*states.shape[:-1], 2)

    def moved(self, state: Array, u: Array) -> Array:
        """The state (n,) moved along the plane to the coordinates u (2,), and into its box."""
        there = state + (u - self.plane.coordinates(state[None])[0]) @ self.plane.basis
        return np.where(self.plane.boxed, np.clip(there, 0.0, 1.0), there)

    def through(self, state: Array) -> Plane:
        """The parallel plane through a state (n,), with the same coordinates."""
        origin = state - self.plane.coordinates(state[None])[0] @ self.plane.basis
        return replace(self.plane, origin=origin)


def view_of(subject: Subject, settings: Settings, motion: Motion) -> View:
    """Look where most is seen, or along the axes that were chosen."""
    landscape = Landscape.of(motion.network, inputs_of(subject, settings))
    axes, state = _axes(subject, settings, motion)
    plane = Plane.of(landscape, axes, state)
    if plane.units is None and motion.network.box.any():
        raise ArgumentError(
            "principal directions leave the box in which units with the hard sigmoid live: choose two units"
        )
    seen = np.concatenate([motion.states, settings.starts])
    names = plane.names if plane.units else ("principal direction 1", "principal direction 2")
    return View(plane, choose_window(plane, seen), names, plane.units, _shown(motion, settings))


def _axes(subject: Subject, settings: Settings, motion: Motion) -> tuple[PlaneAxes, Array]:
    """The axes, and a state that the plane goes through."""
    network, wanted = motion.network, settings.axes
    middle = motion.rest[0] if len(motion.rest) else motion.states.mean(axis=0)
    restless = not len(motion.rest) and network.n > 2 and not network.box.any()
    if wanted == "principal" or (wanted is None and restless):
        states = motion.states
        center = states.mean(axis=0)
        _, _, directions = np.linalg.svd(states - center, full_matrices=False)
        signs = np.sign(np.take_along_axis(directions, np.argmax(np.abs(directions), axis=1)[:, None], axis=1))
        return (signs * directions)[:2], center
    if isinstance(wanted, tuple):
        return wanted, middle
    if not len(motion.rest):
        return (0, 1), middle
    seen = choose_axes(network, motion.rest, target_of(subject, settings), inputs_of(subject, settings))
    return list(seen.axes), seen.state


def _shown(motion: Motion, settings: Settings) -> dict[str, Integers]:
    """The units of each population with the largest error signals, or else that move most, in their order."""
    which = motion.of(settings.selected)
    if which is not None and len(motion.side):
        size = np.abs(motion.side[:, which]).max(axis=0)
    else:
        size = np.ptp(motion.free[:, settings.selected], axis=0)
    size = np.nan_to_num(size)
    slices = motion.network.graph.slices
    free = [p.name for p in motion.network.graph.free]
    return {name: slices[name].start + np.sort(np.argsort(-size[slices[name]], kind="stable")[:SHOWN]) for name in free}


def axis_label(view: View, which: int, letter: str) -> str:
    """What stands at an axis."""
    name = view.names[which]
    return f"state {letter} of {name}" if view.units else f"coordinate along {name}"


def unit_names(subject: Subject, most: int) -> list[tuple[int, str]]:
    """Numbers and names of the first units."""
    graph = subject.network.graph
    return [(i, unit_name(graph, i)) for i in range(min(graph.n, most))]
