"""How the cost grows with units, batch, simulated time and tolerance: curves, and their figure."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import neurodyn as nd
from neurodyn.analysis.plots import style as look

from .cases import Case
from .measure import ABSOLUTE, in_turns
from .record import Curve, Record, count

BASE = Case("scaling", units=16, batch=256, outputs=20)
RTOL, ROUNDS = 1e-7, 5
UNITS, BATCH, TIME, TOLERANCE = "units", "batch", "simulated time", "tolerance"
#: Where each curve is expected to have left its overhead behind, and the exponents drawn as guides there.
GUIDES = {
    UNITS: ((32.0, np.inf), (1.0, 2.0)),
    BATCH: ((64.0, np.inf), (1.0,)),
    TIME: ((300.0, np.inf), (1.0,)),
    TOLERANCE: ((0.0, np.inf), ()),
}
LABELS = {
    UNITS: r"units $n$",
    BATCH: "trajectories in the batch",
    TIME: r"simulated time (units of $\tau$)",
    TOLERANCE: "relative tolerance",
}
COLOURS = (look.FREE, look.NUDGED, look.SIDE)


def problems(quick: bool = False) -> dict[str, list[tuple[float, Case, float]]]:
    """For each curve its points: x, case and rtol."""
    step = 2 if quick else 1
    sizes, batches = (2, 4, 8, 16, 32, 64, 128, 256)[::step], (1, 4, 16, 64, 256, 1024, 4096, 16384)[::step]
    lengths, decades = (10, 20, 40, 80, 160, 320, 640, 1280, 2560)[::step], range(3, 12, step)
    return {
        UNITS: [(n, BASE.replace(units=n, batch=64), RTOL) for n in sizes],
        BATCH: [(b, BASE.replace(batch=b), RTOL) for b in batches],
        TIME: [(t, BASE.replace(end=float(t), outputs=max(1, int(t / 2.5))), RTOL) for t in lengths],
        TOLERANCE: [(10.0**-k, BASE, 10.0**-k) for k in decades],
    }


def measure_scaling(threads: int, quick: bool = False) -> list[Curve]:
    """Median seconds of every point, its curve's points in turns; with units and time per trajectory."""
    curves = []
    for against, points in problems(quick).items():
        taken = in_turns({str(x): _solve(case, rtol) for x, case, rtol in points}, 2 if quick else ROUNDS)
        shares = [1 if against == BATCH else case.batch for _, case, _ in points]
        times = [float(np.median(taken[str(x)])) / share for (x, _, _), share in zip(points, shares, strict=True)]
        curves.append(Curve(against, threads, [float(x) for x, _, _ in points], times))
    return curves


def _solve(case: Case, rtol: float) -> Any:
    network, start, times = case.network, case.start, case.times
    solver = nd.Solver(rtol=rtol, atol=ABSOLUTE * rtol)
    return lambda: nd.simulate(network, start=start, t_eval=times, solver=solver)


def plot_scaling(record: Record) -> Figure:
    """Four panels, logarithmic on both axes; dotted guides have the slope that is written on them."""
    axes = look.new_axes(2, 2, height=5.6, width=7.2)
    for ax, against in zip(axes, LABELS, strict=True):
        curves = [curve for curve in record.curves if curve.against == against]
        for k, curve in enumerate(curves):
            style: Any = {"color": look.cycle(COLOURS, k), "marker": look.cycle(look.MARKERS, k), "markersize": 4.5}
            ax.loglog(curve.x, curve.seconds, label=count(curve.threads), linewidth=1.2, **style)
        if curves:
            _guides(ax, max(curves, key=lambda curve: curve.seconds[-1]), *GUIDES[against])
        ax.set_xlabel(LABELS[against])
        ax.set_ylabel("seconds" if against == BATCH else "seconds per trajectory")
    axes[0].legend(frameon=False, fontsize=look.small_size())
    axes[3].invert_xaxis()
    return look.figure_of(axes[0])


def _guides(ax: Axes, curve: Curve, span: tuple[float, float], slopes: tuple[float, ...]) -> None:
    """Lines of given slopes above the curve's last points, which meet at the end; labels stand where they begin."""
    x = np.array([a for a in curve.x if span[0] <= a <= span[1]])
    for slope in slopes:
        y = 4.0 * curve.seconds[-1] * (x / curve.x[-1]) ** slope
        ax.loglog(x, y, color=look.QUIET, linestyle=":", linewidth=1.0)
        place: Any = {"textcoords": "offset points", "xytext": (-4, 0), "ha": "right", "va": "center"}
        begin = (float(x[0]), float(y[0]))
        ax.annotate(f"slope {slope:g}".replace("-", "−"), begin, fontsize=look.small_size(), color=look.QUIET, **place)
