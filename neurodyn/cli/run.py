"""`neurodyn run MODEL`: the experiment: both phases, the side network, the comparison; a table, figures and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from neurodyn.cli import options
from neurodyn.cli.artist import Artist, artist, convergence_figure, experiment_figures
from neurodyn.cli.clock import Clock
from neurodyn.collection import uncollected
from neurodyn.errors import SimulationError
from neurodyn.progress import note

if TYPE_CHECKING:
    from neurodyn.analysis.signals.convergence import Convergence
    from neurodyn.experiments.model_run import ModelRun


@click.command()
@options.model
@options.overrides
@options.mnist_folder
@options.out("neurodyn-MODEL")
@options.as_json
@options.no_figures
@options.figure_format
@options.quiet
@uncollected()
def run(
    model: str, overrides: tuple[str, ...], data: str | None, out: str | None, as_json: bool, no_figures: bool
) -> None:
    """Run both phases and the side network of MODEL, and compare their error signals.

    MODEL is a name that `neurodyn models` lists, or the path of a model file. Writes result.nc, summary.json and five
    figures. Example: neurodyn run chain --set nudging.beta=1e-2
    """
    clock, drawn = Clock(), not no_figures
    with artist(drawn) as hand:
        with clock.part("model"):
            from neurodyn import models
            from neurodyn.experiments.kernels import compile_kernels
            from neurodyn.experiments.model_run import check, run_model

            chosen = models.read(model, overrides=overrides, data=data)
            check(chosen)
        from neurodyn.cli.output import output_folder, replace_earlier, write_summary
        from neurodyn.cli.summary import summarise
        from neurodyn.cli.table import report

        with output_folder(out or f"neurodyn-{chosen.name}") as folder:
            with clock.part("kernels"):
                compile_kernels(chosen.network, chosen.solver, correction=chosen.correction)
            found = run_model(chosen, watch=clock.part)
            if drawn:
                _give(hand, found)
            with clock.part("convergence"):
                convergence = _convergence(found)
            if drawn and convergence is not None:
                hand.give(convergence_figure, convergence, found.experiment.nudged.beta)
            with clock.part("files"):
                replace_earlier(folder / "summary.json", "run")
                found.experiment.save(folder / "result.nc")
            figures: list[str] = []
            if drawn:
                with clock.part("figures"):
                    figures = hand.write(folder)
            summary = summarise(chosen, found.experiment, found.comparison, convergence)
            summary |= {"overrides": list(overrides), "seconds": clock.total, "seconds_by_part": clock.seconds}
            text = write_summary(folder / "summary.json", "run", summary, figures)
    click.echo(text if as_json else report(summary))
    note(f"neurodyn: written to {folder}")


def _give(hand: Artist, run: ModelRun) -> None:
    """Let the experiment be drawn; the free phase is simulated here, where its kernels are loaded."""
    from neurodyn.analysis.free_phase import free_phase

    free = free_phase(run.experiment.equilibrium, run.comparison.shown)
    hand.give(experiment_figures, run.experiment, run.comparison, free)


def _convergence(run: ModelRun) -> Convergence | None:
    """The convergence with beta, without which a run is still whole."""
    from neurodyn.analysis.signals.convergence import convergence, precise

    rest, times, solver = run.experiment.equilibrium, run.experiment.nudged.t[::5], precise(run.model.solver)
    try:
        correction = run.model.correction
        return convergence(run.model.network, rest, run.model.y, t_eval=times, solver=solver, correction=correction)
    except SimulationError as error:
        note(f"neurodyn: no convergence with beta: {error}")
        return None
