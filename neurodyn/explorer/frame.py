"""A frame: all arrays that the page shows at one moment, as tables of columns by name, and its sentences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurodyn.analysis.plots import style as look
from neurodyn.analysis.portraits.phase_plane import PhasePlane
from neurodyn.analysis.units import state_letter
from neurodyn.explorer.motion import Motion
from neurodyn.explorer.plane_frame import Table, motion_tables, plane_tables
from neurodyn.explorer.settings import Settings
from neurodyn.explorer.view import View
from neurodyn.numerics.arrays import Array, Integers


@dataclass(frozen=True, eq=False)
class Frame:
    """What is shown.

    Attributes
    ----------
    tables : mapping from name to columns
        What is drawn, layer by layer.
    span : (float, float)
        The first and the last time of the time axis.
    title : str
        What the plane shows.
    report : str
        What the numbers say.
    trouble : str
        What went wrong, "" where nothing did.
    """

    tables: dict[str, Table]
    span: tuple[float, float]
    title: str
    report: str
    trouble: str


def frame_of(settings: Settings, view: View, motion: Motion, plane: PhasePlane) -> Frame:
    """Put all that was computed into tables."""
    tables = plane_tables(plane) | motion_tables(settings, view, motion)
    for name, units in view.shown.items():
        tables |= _signals(name, units, settings.selected, motion)
    end = float(motion.nudged_t[-1]) if len(motion.nudged_t) else 0.0
    return Frame(tables, (float(motion.free_t[0]), end), _title(plane), _report(settings, motion), motion.message)


def signal_names(population: str) -> tuple[str, str, str, str]:
    """Names of the tables of a population: free and nudged states, error signals of nudged phase and side network."""
    return f"free {population}", f"nudged {population}", f"signal {population}", f"side {population}"


def _signals(population: str, units: Integers, selected: int, motion: Motion) -> dict[str, Table]:
    """States in both phases, and both error signals, of some units of one population."""
    which = motion.of(selected)
    free, nudged, signal, side = signal_names(population)
    tables = {free: _lines(motion.free_t, motion.free[:, selected, units], look.FREE_SHADES)}
    none = np.zeros((0, len(units)))
    after = which is not None and len(motion.nudged_t) > 0
    for name, values, shades in (
        (nudged, motion.nudged, look.NUDGED_SHADES),
        (signal, motion.signal, look.NUDGED_SHADES),
        (side, motion.side, (look.SIDE,)),
    ):
        tables[name] = _lines(motion.nudged_t, values[:, which, units] if after else none, shades)
    return tables


def _lines(t: Array, values: Array, shades: tuple[str, ...]) -> Table:
    """One line for each column of values (T, m), as far as it is finite."""
    table: Table = {"xs": [], "ys": [], "color": []}
    for k, column in enumerate(values.T):
        good = np.isfinite(column)
        table["xs"].append(t[: len(column)][good])
        table["ys"].append(column[good])
        table["color"].append(look.cycle(shades, k))
    return table


def _title(plane: PhasePlane) -> str:
    others = "" if len(plane.flow.plane.tau) == 2 else ", others frozen"
    energy = "" if plane.has_energy else " (no energy)"
    flow = f"Nudged flow, β = {plane.beta:.3g}" if plane.beta else "Free flow"
    return f"{flow}{', corrected' if plane.correction else ''}{others}{energy}"


def _report(settings: Settings, motion: Motion) -> str:
    """How far the nudged phase is from the side network."""
    if not len(motion.nudged_t):
        return "" if motion.message else "At rest, with no target to be nudged to."
    if not np.isfinite(motion.error):
        return ""
    noise = ", both without noise" if settings.temperature else ""
    letter = state_letter(motion.network)
    return f"−(τ/β) d{letter}/dt is within {100.0 * motion.error:.2g} % of the side network's error signal{noise}."
