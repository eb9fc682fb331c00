"""`neurodyn portrait MODEL`: what the dynamics look like: a table of fixed points, phase portraits, the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from neurodyn.cli import options
from neurodyn.cli.clock import Clock
from neurodyn.errors import ArgumentError
from neurodyn.progress import note

if TYPE_CHECKING:
    from neurodyn.analysis.portraits.portrait import Portrait
    from neurodyn.experiments.experiment import Experiment
    from neurodyn.models import Model
    from neurodyn.phases.simulate import Trajectory


@click.command()
@options.model
@options.overrides
@options.mnist_folder
@click.option("--units", metavar="A,B", help="The two units, like h1[0],h1[1]. Default: see above.")
@click.option("--others", metavar="WORD", help="What the other units do: frozen, relaxed or sliced.")
@click.option("--sample", type=int, metavar="K", help="Which sample. Default: the first with an error signal.")
@click.option("--beta", type=float, metavar="B", help="Of the nudged flow. Default: 1, or half-way to the fold.")
@click.option("--resolution", type=int, metavar="R", help="Grid points along each axis. Default: 41, relaxed 25.")
@options.out("neurodyn-MODEL-portrait")
@options.as_json
@options.figure_format
@click.option("--animate", metavar="FILE.gif", help="Also write a movie of the nudged phase.")
@options.quiet
def portrait(
    model: str,
    overrides: tuple[str, ...],
    data: str | None,
    units: str | None,
    others: str | None,
    sample: int | None,
    beta: float | None,
    resolution: int | None,
    out: str | None,
    as_json: bool,
    animate: str | None,
) -> None:
    """Draw the phase portrait of MODEL, free and nudged, and list its fixed points.

    MODEL is a name that `neurodyn models` lists, or the path of a model file. Writes summary.json and figures: the
    portrait, basins of attraction if there are several, s* along beta, and the run as raster, energy and projection.
    Where weights are not shared by both directions there is no energy, and what would show it is left out. A network
    that goes round a limit cycle has no s*: the cycle is drawn, with its period and multipliers.

    The plane is that of both units of a network of two; that of the states of rest, if the samples lead to three or
    more for one input; that of the target's output and its strongest rival of a classifier; else that of the two units
    which the nudge moves most. The others are relaxed up to 50 units, sliced through in the plane of states of rest,
    frozen at s* in larger networks. Example: neurodyn portrait chain --units h1[0],y[2] --others frozen
    """
    clock = Clock()
    with clock.part("model"):
        from neurodyn import models

        chosen = models.read(model, overrides=overrides, data=data)
        axes = None if units is None else _units(chosen, units)
        _check(chosen, animate)
    from neurodyn.cli.output import output_folder, replace_earlier, write_summary
    from neurodyn.cli.portrait_summary import report, summarise
    from neurodyn.experiments.kernels import compile_kernels
    from neurodyn.results.figure_files import write_figures

    with output_folder(out or f"neurodyn-{chosen.name}-portrait") as folder:
        with clock.part("kernels"):
            compile_kernels(chosen.network, chosen.solver)
        with clock.part("portrait"):
            number = _sample(chosen, sample)
            found = _portrait(chosen, number, axes=axes, others=others, beta=beta, resolution=resolution)
        with clock.part("phases"):
            run = _run(chosen, number, found)
        with clock.part("figures"):
            replace_earlier(folder / "summary.json", "portrait")
            figures = write_figures(folder, _figures(found, run))
        if animate:
            with clock.part("movie"):
                _animate(run, animate)
        summary = summarise(chosen, number, found)
        summary |= {"overrides": list(overrides), "seconds": clock.total, "seconds_by_part": clock.seconds}
        text = write_summary(folder / "summary.json", "portrait", summary, figures)
    click.echo(text if as_json else report(summary))
    note(f"neurodyn: written to {folder}")


def _units(model: Model, text: str) -> tuple[int, int]:
    """The two units that `--units` names."""
    from neurodyn.analysis.units import unit_index

    names = [name.strip() for name in text.split(",")]
    graph = model.network.graph
    found = [unit_index(graph, int(name) if name.isdecimal() else name, "--units") for name in names]
    if len(found) != 2 or found[0] == found[1]:
        raise ArgumentError(f"`--units` must be two different units, like h1[0],h1[1]; got {text!r}")
    return found[0], found[1]


def _check(model: Model, animate: str | None) -> None:
    """Refuse what cannot be done, before anything is computed."""
    network = model.network
    if network.n < 2:
        raise ArgumentError(f"model {model.name!r} has one free unit: a phase plane needs two")
    if network.n_in and model.x is None:
        raise ArgumentError(f"model {model.name!r} has no inputs: give it [data] with a `name`, or with `x`")
    if animate and not animate.lower().endswith(".gif"):
        raise ArgumentError(f"`--animate` must end in .gif; got {animate!r}")
    if animate and (not network.n_out or model.y is None):
        raise ArgumentError(f"model {model.name!r} has no outputs or no targets: there is nothing to animate")


def _sample(model: Model, wanted: int | None) -> int:
    """The sample: a given one, or the first with an error signal, or 0."""
    import numpy as np

    from neurodyn.inputs import whole_number
    from neurodyn.phases.relax import relax
    from neurodyn.system.fixed_point import FixedPoint

    network = model.network
    given = [part for part in (model.x, model.y, model.start) if part is not None and np.ndim(part)]
    count = max((len(part) for part in given if np.ndim(part) == 2 or part is model.y), default=1)
    if wanted is not None:
        whole_number(wanted, "--sample", 0, count - 1)
    if wanted is not None or model.y is None or not network.n_out:
        return wanted or 0
    settings: dict[str, Any] = {"tol": model.tol, "t_max": model.t_max, "solver": model.solver, "on_failure": "return"}
    rest = relax(network, model.x, start=model.start, **settings)
    point = FixedPoint.of(network, rest.state, rest.x)
    gap = point.cost_slope(network.target(model.y, point.s.shape[1], batched=True))
    signal = np.any((gap != 0.0) & point.local.active, axis=0)
    return int(np.argmax(signal))


def _flow(model: Model, sample: int) -> tuple[Any, Any, Any]:
    """Input, target, and the starts of all samples with that input, the sample's own first."""
    import numpy as np

    x = None if model.x is None else model.x[sample]
    y = None if model.y is None or not model.network.n_out else model.y[sample]
    if model.start is None or np.ndim(model.start) == 1:
        return x, y, model.start
    same = np.ones(len(model.start), dtype=bool) if x is None else np.all(model.x == x, axis=1)
    same[sample] = False
    return x, y, np.concatenate([model.start[sample : sample + 1], model.start[same]])


def _portrait(model: Model, sample: int, **options: Any) -> Portrait:
    from neurodyn.analysis.portraits.portrait import portrait as make_portrait

    x, y, starts = _flow(model, sample)
    options |= {"starts": starts, "tol": model.tol, "solver": model.solver, "correction": model.correction}
    return make_portrait(model.network, x, y, **options)


def _run(model: Model, sample: int, found: Portrait) -> Experiment | Trajectory:
    """Both phases of the sample, as `neurodyn run` does them; without a target, or rest, the free phase alone."""
    import numpy as np

    from neurodyn.analysis.free_phase import free_phase
    from neurodyn.experiments.experiment import experiment
    from neurodyn.phases.simulate import simulate

    x, y, starts = _flow(model, sample)
    if found.equilibrium.period is not None:
        times = np.linspace(0.0, 5.0 * float(found.equilibrium.period), 401)
        return simulate(model.network, x, start=found.equilibrium.start, t_eval=times, solver=model.solver)
    if y is None:
        return free_phase(found.equilibrium)
    return experiment(
        model.network,
        x,
        y,
        start=None if starts is None else np.atleast_2d(starts)[0],
        tol=model.tol,
        t_max=model.t_max,
        beta=model.beta,
        nudging=model.nudging,
        correction=model.correction,
        duration=model.duration,
        solver=model.solver,
    )


def _figures(found: Portrait, run: Experiment | Trajectory) -> dict[str, Any]:
    from neurodyn.analysis import plots, project

    figures = {**plots.draw_portrait(found), "raster": plots.plot_raster(run)[0].figure}
    if found.free.has_energy:
        figures["energy"] = plots.plot_energy(run)[0].figure
    return {**figures, "projection": plots.plot_projection(project(run)).figure}


def _animate(run: Any, path: str) -> None:
    from neurodyn.analysis.plots import animate

    animate(run.nudged, run.side, path)
