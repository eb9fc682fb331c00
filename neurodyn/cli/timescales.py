"""`neurodyn timescales MODEL`: relaxation times, durations, the arrival of errors; or one study of such effects."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import click

from neurodyn.cli import options
from neurodyn.cli.clock import Clock
from neurodyn.errors import ArgumentError
from neurodyn.progress import note

if TYPE_CHECKING:
    from neurodyn.analysis.studies import Study
    from neurodyn.analysis.timing.timescales import Timescales
    from neurodyn.models import Model

#: The studies, which are imported only when one is asked for.
NAMES = (
    "duration", "nudging", "heterogeneity", "plasticity", "concurrent", "stiffness", "stimulus", "discretisation",
    "fluctuation", "hardware",
)  # fmt: skip


@click.command()
@options.model
@click.option("--study", metavar="NAME", help=f"One of {', '.join(NAMES)}. Default: the time scales themselves.")
@options.overrides
@options.mnist_folder
@options.out("neurodyn-MODEL-STUDY")
@options.as_json
@options.figure_format
@options.quiet
def timescales(
    model: str, study: str | None, overrides: tuple[str, ...], data: str | None, out: str | None, as_json: bool
) -> None:
    """Study the time scales of MODEL: what relaxes how fast, and what that does to error signals and gradients.

    MODEL is a name that `neurodyn models` lists, or the path of a model file. Writes result.nc, summary.json and
    figures. Example: neurodyn timescales chain --study discretisation
    """
    clock = Clock()
    with clock.part("model"):
        from neurodyn import models
        from neurodyn.analysis.studies import STUDIES
        from neurodyn.experiments.model_run import check
        from neurodyn.inputs import choice

        if study is not None:
            choice(study, STUDIES, "--study")
        chosen = models.read(model, overrides=overrides, data=data)
        if study is not None:
            check(chosen)
        elif chosen.network.n_in and chosen.x is None:
            raise ArgumentError(f"model {model!r} has no inputs: give it [data] with a `name`, or with `x`")
    from neurodyn.cli.output import output_folder, replace_earlier, write_summary
    from neurodyn.cli.study_summary import report
    from neurodyn.results.figure_files import write_figures

    with output_folder(out or f"neurodyn-{chosen.name}-{study or 'timescales'}") as folder:
        with clock.part("numbers"):
            found = _timescales(chosen) if study is None else _study(chosen, study)
        with clock.part("files"):
            replace_earlier(folder / "summary.json", "timescales")
            found.save(folder / "result.nc")
        with clock.part("figures"):
            figures = write_figures(folder, _figures(found))
        summary = _summary(chosen, found)
        summary |= {"overrides": list(overrides), "seconds": clock.total, "seconds_by_part": clock.seconds}
        text = write_summary(folder / "summary.json", "timescales", summary, figures)
    click.echo(text if as_json else report(summary))
    note(f"neurodyn: written to {folder}")


def _timescales(model: Model) -> Timescales:
    from neurodyn.analysis.timing.timescales import timescales as measure
    from neurodyn.phases.relax import relax

    rest = relax(model.network, model.x, start=model.start, tol=model.tol, t_max=model.t_max, solver=model.solver)
    return measure(model.network, rest, model.y, beta=model.beta)


def _study(model: Model, name: str) -> Study:
    """A study with those settings of the model file that it has a parameter for, and a tight solver."""
    from neurodyn.analysis.signals.convergence import precise
    from neurodyn.analysis.studies import STUDIES

    study = STUDIES[name]
    wanted = inspect.signature(study).parameters
    names = ("start", "tol", "t_max", "beta", "nudging", "correction", "duration")
    settings: dict[str, Any] = {name: getattr(model, name) for name in names} | {"solver": precise(model.solver)}
    accepted = {name: value for name, value in settings.items() if name in wanted}
    return study(model.network, model.x, model.y, **accepted)


def _figures(found: Study | Timescales) -> dict[str, Any]:
    from neurodyn.analysis import plots
    from neurodyn.analysis.studies import Study

    return {found.name: plots.draw_study(found)} if isinstance(found, Study) else plots.draw_timescales(found)


def _summary(model: Model, found: Study | Timescales) -> dict[str, Any]:
    from neurodyn.analysis.studies import Study
    from neurodyn.cli import study_summary, timescales_summary

    if isinstance(found, Study):
        return study_summary.summarise(model, found)
    return timescales_summary.summarise(model, found)
