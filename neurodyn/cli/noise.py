"""`neurodyn noise MODEL`: averages over the stationary law under noise, with error bars; densities and fans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from neurodyn.cli import options
from neurodyn.cli.clock import Clock
from neurodyn.errors import ArgumentError
from neurodyn.progress import note

if TYPE_CHECKING:
    from neurodyn.models import Model
    from neurodyn.phases.stationary import Stationary

CHECKPOINT = "checkpoint"
#: Bins of histograms, and trajectories of the fans.
BINS, TRAJECTORIES = 60, 200


@click.command()
@options.model
@options.overrides
@options.mnist_folder
@click.option("--samples", type=float, metavar="N", help="Effective samples wanted of every unit. Default: 1000.")
@click.option("--tolerance", type=float, metavar="E", help="Largest error bar wanted of a mean state.")
@click.option("--chains", type=int, default=4, show_default=True, metavar="N", help="Chains of each sample.")
@click.option("--resume", is_flag=True, help="Go on from the folder's checkpoint.")
@options.out("neurodyn-MODEL-noise")
@options.as_json
@options.no_figures
@options.figure_format
@options.quiet
def noise(
    model: str,
    overrides: tuple[str, ...],
    data: str | None,
    samples: float | None,
    tolerance: float | None,
    chains: int,
    resume: bool,
    out: str | None,
    as_json: bool,
    no_figures: bool,
) -> None:
    """Average MODEL over its stationary law at a temperature, until enough is known; a table with error bars.

    The temperature and how noise is integrated stand in [noise] of the model file. Writes result.nc, summary.json,
    figures, and now and then a checkpoint, from which --resume goes on.

    Example: neurodyn noise two-neurons --set noise.temperature=0.2
    """
    clock = Clock()
    with clock.part("model"):
        from neurodyn import models

        chosen = models.read(model, overrides=overrides, data=data)
        if chosen.network.n_in and chosen.x is None:
            raise ArgumentError(f"model {model!r} has no inputs: give it [data] with a `name`, or with `x`")
    from neurodyn.cli.output import output_folder, replace_earlier, write_summary
    from neurodyn.phases.stationary import stationary
    from neurodyn.results.figure_files import write_figures

    with output_folder(out or f"neurodyn-{chosen.name}-noise") as folder:
        pairs = [(0, 1)] if chosen.network.n > 1 else []
        wanted: dict[str, Any] = {
            "chains": chains,
            "samples": samples,
            "tolerance": tolerance,
            "bins": BINS,
            "pairs": pairs,
        }
        with clock.part("numbers"):
            law = stationary(
                chosen.network,
                chosen.x,
                noise=chosen.noise,
                start=chosen.start,
                y=chosen.y,
                checkpoint=folder / CHECKPOINT,
                resume=resume,
                **wanted,
            )
        with clock.part("files"):
            replace_earlier(folder / "summary.json", "noise")
            law.save(folder / "result.nc")
        figures: list[str] = []
        if not no_figures:
            with clock.part("figures"):
                figures = write_figures(folder, _figures(chosen, law))
        summary = _summary(chosen, law)
        summary |= {"overrides": list(overrides), "seconds": clock.total, "seconds_by_part": clock.seconds}
        text = write_summary(folder / "summary.json", "noise", summary, figures)
    click.echo(text if as_json else _report(summary))
    note(f"neurodyn: written to {folder}")


def _figures(model: Model, law: Stationary) -> dict[str, Any]:
    """Densities of the first sample, and how many trajectories go there from its start."""
    import numpy as np

    from neurodyn.analysis import plots
    from neurodyn.phases.simulate import simulate

    network = model.network
    start = np.zeros(network.n) if model.start is None else np.atleast_2d(model.start)[0]
    x = None if model.x is None else np.atleast_2d(model.x)[:1]
    times = np.linspace(0.0, 10.0 * float(network.tau.max()), 151)
    starts = np.repeat(start[None], TRAJECTORIES, axis=0)
    run = simulate(network, x, start=starts, noise=model.noise, t_eval=times)
    return {"densities": plots.plot_densities(law)[0].figure, "fans": plots.plot_fans(run).figure}


def _summary(model: Model, law: Stationary) -> dict[str, Any]:
    """Everything a reader or a script wants to know; what is not a finite number is None."""
    import numpy as np

    from neurodyn.cli.summary import plain
    from neurodyn.results.files import versions

    populations = {}
    for p in model.network.graph.free:
        fields = ("mean", "standard_error", "rate", "autocorrelation_time", "effective_samples", "r_hat")
        parts = {name: np.atleast_2d(law.population(getattr(law, name), p.name)) for name in fields}
        deviation = np.sqrt(parts["effective_samples"]) * parts["standard_error"]
        populations[p.name] = {
            "units": p.size,
            "mean": parts["mean"].mean(),
            "standard_error": parts["standard_error"].max(),
            "standard_deviation": deviation.mean(),
            "rate": parts["rate"].mean(),
            "autocorrelation_time": parts["autocorrelation_time"].max(),
            "effective_samples": parts["effective_samples"].min(),
            "r_hat": parts["r_hat"].max(),
        }
    return plain(
        {
            "model": model.name,
            "title": model.title,
            "noise": law.noise,
            "populations": populations,
            "energy": _mean(law.energy, law.energy_error),
            "cost": None if law.cost is None else _mean(law.cost, law.cost_error),
            "burn_in": law.burn_in,
            "time": law.time,
            "chains": law.chains,
            "notes": law.notes,
            "seed": model.network.seed,
            "versions": versions(),
        }
    )


def _mean(values: Any, errors: Any) -> dict[str, float]:
    """The mean over samples, with its error bar."""
    import numpy as np

    count = np.size(values)
    return {"mean": float(np.mean(values)), "standard_error": float(np.sqrt(np.sum(np.square(errors))) / count)}


def _report(summary: dict[str, Any]) -> str:
    """The summary as text."""
    from neurodyn.cli.table import columns, number

    head = ("population", "units", "mean state", "error bar", "deviation", "autocorrelation", "samples", "R-hat")
    names = ("mean", "standard_error", "standard_deviation", "autocorrelation_time", "effective_samples", "r_hat")
    rows = [
        (name, str(p["units"]), *(number(p[field], 4) for field in names)) for name, p in summary["populations"].items()
    ]
    settings = summary["noise"]
    facts = [
        ("temperature", f"{settings['temperature']}, {settings['scheme']} with steps of {number(settings['step'])}"),
        ("averaged", f"{summary['chains']} chains of each sample, for a time {number(summary['time'], 4)}, after "
                     f"{number(summary['burn_in'], 4)}"),
    ]  # fmt: skip
    for name in ("energy", "cost"):
        if (found := summary[name]) is not None and found["mean"] is not None:
            facts.append((name, f"{number(found['mean'], 5)} ± {number(found['standard_error'], 2)}"))
    facts += [("note", text) for text in summary["notes"]]
    facts.append(("seconds", number(summary["seconds"])))
    width = max(len(name) for name, _ in facts)
    lines = [f"{name.ljust(width)}  {text}" for name, text in facts]
    legend = "mean and deviation over units; the largest error bar, time and R-hat, and the fewest effective samples"
    return "\n".join([f"{summary['model']}: {summary['title']}", "", columns(head, rows), legend, "", *lines])
