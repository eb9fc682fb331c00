"""Error against time: every solver of a case at many tolerances, and times at equal error read off between them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

import neurodyn as nd
from neurodyn.analysis.plots import style as look
from neurodyn.numerics.arrays import Array

from . import cyrk_peer, diffrax_peer, heyoka_peer, peers
from .cases import CASES, Case
from .diffrax_peer import Variant
from .measure import ABSOLUTE, Runner, in_turns, largest_error
from .record import OURS, Precision, Record

TOLERANCES = tuple(10.0**-k for k in range(2, 13))
#: What is measured of all cases: the smallest networks, which all peers can solve, and one trajectory.
PRECISE = ("pairs", "small", "single")
#: Errors at which times are compared in the table.
ERRORS = (1e-3, 1e-6, 1e-9, 1e-12)
#: Trajectories that are solved, whose times are scaled up to all; those whose error is measured; rounds of times.
MOST, SAMPLES, ROUNDS = 2_000, 32, 3
RELAX5, TSIT5, DOPRI8, DOP853 = "neurodyn, relax5", "diffrax, Tsit5", "diffrax, Dopri8", "SciPy, DOP853"


def solvers(case: Case, threads: int) -> dict[str, Callable[[], Runner]]:
    """Who takes part, by name."""
    found: dict[str, Callable[[], Runner]] = {
        OURS: lambda: peers.neurodyn(case, threads),
        RELAX5: lambda: peers.neurodyn(case, threads, "relax5"),
        TSIT5: lambda: diffrax_peer.runner(case, Variant(pcoeff=0.4, icoeff=0.3)),
        DOPRI8: lambda: diffrax_peer.runner(case, Variant(solver="Dopri8", pcoeff=0.4, icoeff=0.3)),
        DOP853: lambda: peers.scipy(case, threads, "DOP853"),
    }
    for width in heyoka_peer.widths(case, threads):
        found[heyoka_peer.name(width)] = lambda width=width: heyoka_peer.runner(case, width)  # type: ignore[misc]
    if cyrk_peer.takes_part(case, threads):
        found[f"{cyrk_peer.CYRK}, {cyrk_peer.METHOD}"] = lambda: cyrk_peer.runner(case)
    return found


def measure_precision(case: Case, threads: int, tolerances: tuple[float, ...] = TOLERANCES) -> list[Precision]:
    """Errors and median seconds of every solver that is installed, at these tolerances, in turns."""
    every, case = case.batch, case.replace(batch=min(case.batch, MOST))
    runners: dict[str, Runner] = {}
    for name, make in solvers(case, threads).items():
        try:
            runners[name] = make()
        except ImportError:
            continue
    exact = finest(case)
    errors = {name: [error_of(runner, rtol, exact) for rtol in tolerances] for name, runner in runners.items()}
    times: dict[str, list[float]] = {name: [] for name in runners}
    for rtol in tolerances:
        works = {name: (lambda runner=runner, rtol=rtol: runner.run(rtol)) for name, runner in runners.items()}
        for name, taken in in_turns(works, ROUNDS).items():
            times[name].append(float(np.median(taken)) * every / runners[name].samples)
    return [Precision(case.name, threads, name, errors[name], times[name]) for name in runners]


def finest(case: Case) -> Array:
    """States of the first trajectories, at the tightest tolerance there is: closer than any that is measured."""
    solver = nd.Solver("dop8", rtol=3e-14, atol=3e-14 * ABSOLUTE)
    return nd.simulate(case.network, start=case.start[:SAMPLES], t_eval=case.times, solver=solver).state


def error_of(runner: Runner, rtol: float, exact: Array) -> float:
    """Largest error over the first trajectories."""
    return largest_error(runner.states(runner.run(rtol))[:, :SAMPLES], exact)


def plot_precision(record: Record) -> Figure:
    """A panel for each case, logarithmic on both axes. Errors fall to the right: down and to the right is better."""
    cases = list(dict.fromkeys(curve.case for curve in record.precision))
    axes = look.new_axes(1, len(cases), height=3.2, width=3.2 * len(cases) + 1.5)
    styles = {
        peer: {"color": f"C{k}", "marker": look.cycle(look.MARKERS, k)}
        for k, peer in enumerate(dict.fromkeys(curve.peer for curve in record.precision))
    }
    lines = {}
    for ax, case in zip(axes, cases, strict=True):
        for curve in record.precision:
            if curve.case == case:
                (lines[curve.peer],) = ax.loglog(
                    curve.error, curve.seconds, label=curve.peer, markersize=3, **styles[curve.peer]
                )
        ax.set_title(CASES[case].title, fontsize=look.small_size())
        ax.set_xlabel("largest error")
        ax.invert_xaxis()
    axes[0].set_ylabel("seconds")
    look.legend(axes[-1], handles=[lines[peer] for peer in styles])
    return look.figure_of(axes[0])
