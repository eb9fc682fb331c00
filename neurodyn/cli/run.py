"""`neurodyn run MODEL`: the experiment: both phases, the side network, the comparison; a table, figures and files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from neurodyn.cli.clock import Clock, few_threads
from neurodyn.errors import ArgumentError

if TYPE_CHECKING:
    from neurodyn.analysis import Comparison
    from neurodyn.analysis.signals.convergence import Convergence
    from neurodyn.experiments.experiment import Experiment
    from neurodyn.models import Model


@click.command()
@click.argument("model")
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Change a key of the model file.")
@click.option("--data", metavar="FOLDER", help="Where MNIST lies. Default: NEURODYN_DATA.")
@click.option("--out", metavar="FOLDER", help="Where the files go. Default: neurodyn-MODEL in the current folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON instead of a table.")
@click.option("--no-figures", is_flag=True, help="Draw no figures.")
def run(
    model: str, overrides: tuple[str, ...], data: str | None, out: str | None, as_json: bool, no_figures: bool
) -> None:
    """Run both phases and the side network of MODEL, and compare their error signals.

    MODEL is a name that `neurodyn models` lists, or the path of a model file. Writes result.nc, summary.json and five
    figures. Example: neurodyn run chain --set nudging.beta=1e-2
    """
    clock = Clock()
    with clock.part("model"):
        from neurodyn import models

        chosen = models.read(model, overrides=overrides, data=data)
        check(chosen)
    from neurodyn.cli.output import output_folder, write_figures, write_text
    from neurodyn.cli.summary import summarise
    from neurodyn.cli.table import report

    with output_folder(out or f"neurodyn-{chosen.name}") as folder, few_threads():
        experiment = _experiment(chosen, clock)
        comparison, convergence = _measure(chosen, experiment, clock)
        with clock.part("files"):
            experiment.save(folder / "result.nc")
        if not no_figures:
            with clock.part("figures"):
                from neurodyn.analysis.plots.report import draw_report

                write_figures(folder, draw_report(experiment, comparison, convergence))
        summary = summarise(chosen, experiment, comparison, convergence)
        summary |= {"overrides": list(overrides), "seconds": clock.total, "seconds_by_part": clock.seconds}
        text = json.dumps(summary, indent=2, allow_nan=False)
        write_text(folder / "summary.json", text + "\n")
    click.echo(text if as_json else report(summary))
    click.echo(f"neurodyn: written to {folder}", err=True)


def check(model: Model) -> None:
    """Refuse what cannot be nudged, before anything is computed."""
    network = model.network
    if not network.n_out:
        raise ArgumentError(
            f"model {model.name!r} has no outputs, so there is nothing to nudge: give a population "
            "the role 'output', or a number of `outputs`"
        )
    missing = "inputs" if network.n_in and model.x is None else "targets" if model.y is None else None
    if missing:
        raise ArgumentError(f"model {model.name!r} has no {missing}: give it [data] with a `name`, or with `x` and `y`")


def compile_kernels(model: Model) -> None:
    """Compile what a run of this model needs, or load it from the disk cache, so that times are those of the run."""
    from neurodyn.solvers.stepper import advance

    for kernel in [advance] if model.solver.compiled else []:
        kernel.compiled  # noqa: B018


def _experiment(model: Model, clock: Clock) -> Experiment:
    """What `neurodyn.experiment` does, each part timed."""
    from neurodyn.experiments.experiment import Experiment, second_phase_times
    from neurodyn.phases.nudge import nudge
    from neurodyn.phases.relax import relax
    from neurodyn.phases.side import side_network

    network, solver = model.network, model.solver
    with clock.part("kernels"):
        compile_kernels(model)
    with clock.part("free phase"):
        rest = relax(network, model.x, start=model.start, tol=model.tol, t_max=model.t_max, solver=solver)
    times = second_phase_times(network, rest, model.duration)
    with clock.part("nudged phase"):
        nudged = nudge(network, rest, model.y, beta=model.beta, nudging=model.nudging, t_eval=times, solver=solver)
    with clock.part("side network"):
        side = side_network(network, rest, model.y, t_eval=times, solver=solver)
    return Experiment(network, equilibrium=rest, nudged=nudged, side=side)


def _measure(model: Model, experiment: Experiment, clock: Clock) -> tuple[Comparison, Convergence | None]:
    """The comparison; and the convergence with beta, without which a run is still whole."""
    from neurodyn.analysis.signals.compare import compare
    from neurodyn.analysis.signals.convergence import convergence, precise
    from neurodyn.errors import SimulationError

    nudged = experiment.nudged
    with clock.part("comparison"):
        comparison = compare(nudged, experiment.side)
    with clock.part("convergence"):
        try:
            order = convergence(
                model.network,
                experiment.equilibrium,
                model.y,
                t_eval=nudged.t[::5],
                solver=precise(model.solver),
            )
        except SimulationError as error:
            click.echo(f"neurodyn: no convergence with beta: {error}", err=True)
            return comparison, None
    return comparison, order
