"""`neurodyn train MODEL`: learn, a line for every epoch; weights, history, figures and checkpoint in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neurodyn.cli import options
from neurodyn.cli.clock import Clock
from neurodyn.errors import ArgumentError
from neurodyn.progress import note

if TYPE_CHECKING:
    from neurodyn.learning import Training

CHECKPOINT = "checkpoint"


@click.command()
@options.model
@options.overrides
@options.samples
@click.option("--epochs", type=int, metavar="N", help="How often every sample is seen.")
@click.option("--validation", metavar="N", help="How many of the last training samples to hold out, or what fraction.")
@options.out("neurodyn-train-MODEL")
@click.option("--resume", is_flag=True, help="Go on from the folder's checkpoint.")
@options.as_json
@options.no_figures
@options.figure_format
@options.quiet
def train(
    model: str,
    overrides: tuple[str, ...],
    data: str | None,
    epochs: int | None,
    validation: str | None,
    out: str | None,
    resume: bool,
    as_json: bool,
    no_figures: bool,
) -> None:
    """Let MODEL learn from its data, and test it once in the end.

    Writes weights.npz, training.nc, summary.json, figures, and a checkpoint after every epoch: what was stopped goes on
    with --resume, to the same weights, and can be evaluated as it is.

    Example: neurodyn train mnist-1 --data FOLDER --epochs 5
    """
    clock = Clock()
    with clock.part("data"):
        from neurodyn import models

        changed = [*overrides, *([] if epochs is None else [f"learning.epochs={epochs}"])]
        changed += [] if validation is None else [f"learning.validation={validation}"]
        chosen = models.read(model, overrides=changed, samples=False)
        if not chosen.network.n_out:
            raise ArgumentError(f"model {chosen.name!r} has no outputs, so there is nothing to learn")
        samples = models.learning_data(chosen, data)
    from neurodyn.cli.output import output_folder, replace_earlier, write_summary, write_text
    from neurodyn.cli.summary import plain
    from neurodyn.learning import learn
    from neurodyn.results.figure_files import write_figures
    from neurodyn.results.seal import sealed_json

    tested = None if samples.x_test is None else (samples.x_test, samples.y_test)
    with output_folder(out or f"neurodyn-train-{chosen.name}") as folder:
        note(f"neurodyn: {samples.about}")
        checkpoint = folder / CHECKPOINT
        if checkpoint.exists() and not resume:
            raise ArgumentError(
                f"{checkpoint} is there already: go on with --resume, or name another folder with --out"
            )
        about: dict[str, Any] = {"model_file": str(models.find(model)), "overrides": changed}
        if not checkpoint.exists():  # else it is that of the checkpoint
            write_text(folder / "model.json", sealed_json(about))
        with clock.part("learning", "compiling"):
            training = learn(
                chosen.network,
                samples.x,
                samples.y,
                chosen.recipe,
                validation=chosen.validation,
                test=tested,
                checkpoint=checkpoint,
                resume=resume,
                on_epoch=_Lines(chosen.recipe.epochs),
                solver=chosen.solver if "solver" in chosen.settings else None,
            )
        with clock.part("files"):
            replace_earlier(folder / "summary.json", "train")
            write_text(folder / "model.json", sealed_json(about))
            training.save(folder / "training.nc")
            _save_weights(folder, training)
        figures: list[str] = []
        if not no_figures:
            with clock.part("figures"):
                from neurodyn.analysis.plots.learning import draw_training

                figures = write_figures(folder, draw_training(training, samples.shape))
        about |= {
            "model": chosen.name,
            "title": chosen.title,
            "data": samples.about,
            "settings": chosen.settings,
            "seconds": clock.total,
            "seconds_by_part": clock.seconds,
        }
        summary = plain(_summary(training) | about)
        text = write_summary(folder / "summary.json", "train", summary, figures)
    click.echo(text if as_json else _report(summary))
    note(f"neurodyn: written to {folder}")


class _Lines:
    """A line for every epoch, on standard error."""

    def __init__(self, epochs: int) -> None:
        self.epochs, self.spent, self.made = epochs, 0.0, 0

    def __call__(self, epoch: int, row: dict[str, float]) -> None:
        """Say what an epoch has measured, and how long the rest will take."""
        self.spent, self.made = self.spent + row["seconds"], self.made + 1
        facts = {
            "training error": percent(row["train_error"]),
            "validation": percent(row["validation_error"]) if "validation_error" in row else "",
            "cost": f"{row['train_cost']:.4g}",
            "energy": f"{row['energy']:.4g}",
            "settling": f"{row['steps']:.3g}",
            "cosine": f"{row['cosine']:.4f}" if "cosine" in row else "",
        }
        line = ", ".join(f"{name} {text}" for name, text in facts.items() if text)
        seconds = f"{row['seconds']:.2g} s, {self.spent / self.made * (self.epochs - epoch - 1):.0f} s left"
        note(f"epoch {epoch + 1} of {self.epochs}: {line}; {seconds}")


def percent(value: float | None) -> str:
    """A fraction in per cent; a dash where there is none."""
    return "–" if value is None or value != value else f"{100.0 * value:.2f} %"


def _save_weights(folder: Path, training: Training) -> None:
    import numpy as np

    from neurodyn.results.files import write

    write(folder / "weights.npz", lambda path: np.savez_compressed(path, **training.network.parameters))


def _summary(training: Training) -> dict[str, Any]:
    names = (
        "train_error",
        "train_cost",
        "energy",
        "steps",
        "rate_factor",
        "validation_error",
        "validation_cost",
        "cosine",
    )
    history = {name: getattr(training, name) for name in names if getattr(training, name) is not None}
    last = {name: values[training.best if training.recipe.patience else -1] for name, values in history.items()}
    return {"epochs": training.epochs, "best_epoch": training.best + 1, "test_error": training.test_error,
            "test_cost": training.test_cost, **last, "recipe": training.settings, "history": history,
            "seconds_per_epoch": float(training.seconds.mean())}  # fmt: skip


def _report(summary: dict[str, Any]) -> str:
    facts = [
        ("data", summary["data"]),
        ("method", f"{summary['recipe']['method']}, {summary['epochs']} epochs"),
        ("training error", f"{percent(summary['train_error'])}, cost {summary['train_cost']:.4g}"),
    ]
    if "validation_error" in summary:
        facts.append(("validation error", f"{percent(summary['validation_error'])}, the best was epoch "
                                          f"{summary['best_epoch']}"))  # fmt: skip
    facts.append(("test error", percent(summary["test_error"])))
    facts.append(("seconds", f"{summary['seconds']:.4g}, {summary['seconds_per_epoch']:.3g} per epoch"))
    width = max(len(name) for name, _ in facts)
    return "\n".join(
        [f"{summary['model']}: {summary['title']}", "", *(f"{name.ljust(width)}  {text}" for name, text in facts)]
    )
