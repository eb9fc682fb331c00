"""`neurodyn gradients MODEL`: every learning signal against the exact gradient; a table, figures and a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from neurodyn.cli import options
from neurodyn.cli.clock import Clock
from neurodyn.errors import ArgumentError, SimulationError
from neurodyn.progress import note

if TYPE_CHECKING:
    from neurodyn.analysis import ComparedGradients, GradientOrder, GradientTrack
    from neurodyn.models import Model

#: What --track learns by unless told otherwise.
DRIVER = "equilibrium-propagation"


@click.command()
@options.model
@options.overrides
@click.option(
    "--method", "methods", multiple=True, metavar="NAME[:OPTION=VALUE,...]", help="Default: all without noise."
)
@click.option("--track", type=int, metavar="STEPS", help="Also learn for so many steps, and follow the estimates.")
@click.option("--driver", metavar="NAME[:...]", help="What --track learns by. Default: equilibrium-propagation.")
@click.option("--rate", type=float, default=0.1, show_default=True, metavar="R", help="Learning rate of --track.")
@options.mnist_folder
@options.out("neurodyn-MODEL-gradients")
@options.as_json
@options.no_figures
@options.figure_format
@options.quiet
def gradients(
    model: str,
    overrides: tuple[str, ...],
    methods: tuple[str, ...],
    track: int | None,
    driver: str | None,
    rate: float,
    data: str | None,
    out: str | None,
    as_json: bool,
    no_figures: bool,
) -> None:
    """Estimate the gradient of MODEL by every method, and compare each with the exact gradient.

    MODEL is a name that `neurodyn models` lists, or the path of a model file. Writes gradients.json and figures: error
    against cost, error against the strength of nudging, the entries of every block; with --track the loss and the
    estimates while the network learns. Equilibrium propagation takes beta, nudging, correction and duration from the
    model.
    Example: neurodyn gradients chain --method implicit --method equilibrium-propagation:beta=0.1,nudging=positive
    """
    clock = Clock()
    with clock.part("model"):
        from neurodyn import models as library
        from neurodyn.experiments.model_run import check

        chosen = library.read(model, overrides=overrides, data=data)
        check(chosen)
        chosen_methods = _chosen_methods(chosen, methods)
        _check_track(chosen, track, driver, rate)
    from neurodyn.cli.gradients_summary import report, summarise
    from neurodyn.cli.output import output_folder, replace_earlier, write_summary
    from neurodyn.experiments.kernels import compile_kernels
    from neurodyn.flows.complex_nudged import complex_changes, complex_nudged
    from neurodyn.flows.linear import vjp
    from neurodyn.results.figure_files import write_figures

    with output_folder(out or f"neurodyn-{chosen.name}-gradients") as folder:
        with clock.part("kernels"):
            # What those call that go back through time or layers, and `holomorphic`.
            compile_kernels(chosen.network, chosen.solver, also=(vjp, complex_nudged, complex_changes))
        with clock.part("gradients"):
            compared = _compare(chosen, chosen_methods)
        with clock.part("orders"):
            order = _order(chosen)
        learned = None
        if track is not None:
            with clock.part("learning"):
                learned = _track(chosen, chosen_methods, bool(methods), driver or DRIVER, track, rate)
        replace_earlier(folder / "gradients.json", "gradients")
        figures: list[str] = []
        if not no_figures:
            with clock.part("figures"):
                from neurodyn.analysis.plots.gradients.gradients import draw_gradients

                figures = write_figures(folder, draw_gradients(compared, order, learned))
        summary = summarise(chosen, compared, order, learned)
        summary |= {"overrides": list(overrides), "seconds": clock.total, "seconds_by_part": clock.seconds}
        text = write_summary(folder / "gradients.json", "gradients", summary, figures)
    click.echo(text if as_json else report(summary))
    note(f"neurodyn: written to {folder}")


def _chosen_methods(model: Model, texts: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Methods and options by label, those of the texts or all; the model says how its phases are run."""
    from neurodyn.estimators import ESTIMATORS, build

    phase: dict[str, Any] = {"duration": model.duration}
    nudging = {"beta": model.beta, "nudging": model.nudging, "correction": model.correction}
    defaults = {DRIVER: {**nudging, **phase}, "recurrent-backprop": phase}
    found = {}
    for text in texts or (name for name, kind in ESTIMATORS.items() if not kind.noisy):
        name, given = _method(text)
        given = {**defaults.get(name, {}), **given}
        build(name, given)  # refuses what is wrong before anything is computed
        found[text] = {"method": name, **given}
    return found


def _check_track(model: Model, steps: int | None, driver: str | None, rate: float) -> None:
    if steps is None and driver is not None:
        raise ArgumentError("--driver says what --track learns by: give it a number of steps")
    if steps is not None:
        from neurodyn.inputs import positive_number, whole_number

        whole_number(steps, "--track", 1)
        positive_number(rate, "--rate")
        _chosen_methods(model, [driver or DRIVER])


def _method(text: str) -> tuple[str, dict[str, Any]]:
    """Name and options out of NAME:OPTION=VALUE,..."""
    from neurodyn.models.override import toml_value

    name, _, rest = text.partition(":")
    given = {}
    for part in rest.split(",") if rest else ():
        option, equals, value = (word.strip() for word in part.partition("="))
        if not equals or not option:
            raise ArgumentError(f"cannot read {text!r}: write NAME:OPTION=VALUE,..., for example {DRIVER}:beta=0.1")
        given[option.replace("-", "_")] = toml_value(value)
    return name.strip(), given


def _compare(model: Model, chosen_methods: dict[str, dict[str, Any]]) -> ComparedGradients:
    from neurodyn.analysis import compare_gradients

    given = {"start": model.start, "solver": model.solver, "beta": model.beta, "correction": model.correction}
    return compare_gradients(model.network, model.x, model.y, chosen_methods, **given)


def _order(model: Model) -> GradientOrder | None:
    """Errors against the strength of nudging, without which a comparison is still whole."""
    from neurodyn.analysis import gradient_order
    from neurodyn.analysis.signals.convergence import precise

    try:
        given = {"start": model.start, "solver": precise(model.solver), "correction": model.correction}
        return gradient_order(model.network, model.x, model.y, **given)
    except SimulationError as error:
        note(f"neurodyn: no orders in beta: {error}")
        return None


def _track(
    model: Model, chosen_methods: dict[str, dict[str, Any]], named: bool, driver: str, steps: int, rate: float
) -> GradientTrack:
    """Learning by the driver; beside it the methods that were named, or all that are no checks."""
    from neurodyn.analysis import track_gradients
    from neurodyn.estimators import ESTIMATORS

    followed = {label: given for label, given in chosen_methods.items() if named or not ESTIMATORS[label].check}
    followed |= _chosen_methods(model, [driver])
    settings: dict[str, Any] = {"driver": driver, "methods": followed, "steps": steps, "rate": rate}
    return track_gradients(model.network, model.x, model.y, start=model.start, solver=model.solver, **settings)
