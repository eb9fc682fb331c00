"""`neurodyn evaluate TRAINING`: what a network that has learned answers: predictions and the confusion matrix."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import click

from neurodyn.cli import options
from neurodyn.errors import ArgumentError, ResultFileError
from neurodyn.progress import note

if TYPE_CHECKING:
    from neurodyn.learning import Evaluation


@click.command()
@click.argument("training")
@options.samples
@click.option("--split", type=click.Choice(["test", "train"]), default="test", help="Which samples. Default: test.")
@options.out("the folder of the training")
@options.as_json
@options.no_figures
@options.figure_format
@options.quiet
def evaluate(training: str, data: str | None, split: str, out: str | None, as_json: bool, no_figures: bool) -> None:
    """Evaluate the network that `neurodyn train` has left in the folder TRAINING.

    Writes predictions.csv, confusion.png and evaluation.json. Example: neurodyn evaluate neurodyn-train-mnist-1
    """
    from neurodyn import models
    from neurodyn.cli.output import output_folder, replace_earlier, write_summary, write_text
    from neurodyn.cli.summary import plain
    from neurodyn.learning import Training
    from neurodyn.learning import evaluate as evaluate_network
    from neurodyn.results.figure_files import write_figures
    from neurodyn.results.files import load

    source = Path(training)
    whole = source / "training.nc"
    found = load(whole if whole.exists() or not (source / "checkpoint").exists() else source / "checkpoint")
    if not isinstance(found, Training):
        raise ResultFileError(f"{whole} holds no training")
    path, changes = _model(source)
    chosen = models.read(path, overrides=changes, samples=False)
    samples = models.learning_data(chosen, data)
    x, y = (samples.x_test, samples.y_test) if split == "test" else (samples.x, samples.y)
    if y is None:
        raise ArgumentError("these data have no test samples: take --split train")
    with output_folder(out or training) as folder:
        result = evaluate_network(found.network, x, y, found.recipe)
        replace_earlier(folder / "evaluation.json", "evaluate")
        write_text(folder / "predictions.csv", _table(result))
        figures: list[str] = []
        if not no_figures:
            from neurodyn.analysis.plots import plot_confusion

            figures = write_figures(folder, {"confusion": plot_confusion(result).figure})
        summary = plain({"model": chosen.name, "split": split, "data": samples.about, "samples": len(result.cost),
                         "error": result.error, "cost": result.cost.mean(), "energy": result.energy.mean(),
                         "steps": result.steps.mean(), "confusion": result.confusion})  # fmt: skip
        text = write_summary(folder / "evaluation.json", "evaluate", summary, figures)
    click.echo(text if as_json else _report(result, samples.about, split))
    note(f"neurodyn: written to {folder}")


def _model(source: Path) -> tuple[str, tuple[str, ...]]:
    """The model file that a training was of, and its changes; the first versions say it in the summary alone."""
    from neurodyn.results.seal import read_json

    try:
        file = source / "model.json"
        about = read_json(file if file.exists() else source / "summary.json")
        return str(about["model_file"]), tuple(about["overrides"])
    except (OSError, ResultFileError, KeyError, TypeError) as error:
        raise ResultFileError(f"{source} is not a folder that `neurodyn train` has written: {error}") from error


def _table(result: Evaluation) -> str:
    """A line for each sample: number, label, prediction, outputs."""
    outputs = result.outputs.shape[1]
    text = io.StringIO()
    text.write(",".join(["sample", "label", "prediction", *(f"output_{k}" for k in range(outputs))]) + "\n")
    rows = zip(result.labels.tolist(), result.predictions.tolist(), result.outputs.tolist(), strict=True)
    for i, (label, prediction, values) in enumerate(rows):
        text.write(f"{i},{label},{prediction},{','.join(f'{v:.6g}' for v in values)}\n")
    return text.getvalue()


def _report(result: Evaluation, about: str, split: str) -> str:
    from neurodyn.cli.table import columns

    confusion = result.confusion
    head = ("class", "samples", "error", *(f"as {k}" for k in range(len(confusion))))
    rows = []
    for k, line in enumerate(confusion):
        total = int(line.sum())
        rows.append((str(k), str(total), f"{100.0 * (1 - line[k] / total):.2f} %" if total else "–", *map(str, line)))
    error = f"error {100.0 * result.error:.2f} % of {len(result.cost):,} {split} samples, cost {result.cost.mean():.4g}"
    return f"{about}\n\n{columns(head, rows)}\n\n{error}"
