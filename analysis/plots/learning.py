"""Figures of learning: curves over epochs, the filters of units that see the input, the confusion matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter, MaxNLocator

from neurodyn.analysis.plots import style as look
from neurodyn.errors import ArgumentError
from neurodyn.learning import Evaluation, Training
from neurodyn.numerics.arrays import Array
from neurodyn.system.network import Network

#: Filters in a figure, rows and columns.
FILTERS = (8, 16)


def plot_learning(training: Training, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw errors in per cent over epochs, logarithmic; the mean cost instead where targets are no labels.

    Training is blue, validation vermilion; the test, which is looked at once, a black diamond at the end.

    Parameters
    ----------
    training : Training
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the lines.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> x, y = [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    >>> training = nd.learn(net, x, y, method="implicit", epochs=3)
    >>> plots.plot_learning(training).get_xlabel()
    'epoch'
    """
    labelled = bool(np.isfinite(training.train_error).all())
    factor, what = (100.0, "error") if labelled else (1.0, "cost")
    ax = look.new_axes()[0] if ax is None else ax
    epochs = np.arange(1, training.epochs + 1)
    drawn = []
    for name, color, marker, label in (
        (f"train_{what}", look.FREE, "o", "training, while it runs"),
        (f"validation_{what}", look.NUDGED, "s", "validation"),
    ):
        values = getattr(training, name)
        if values is not None:
            options = {
                "color": color,
                "marker": marker,
                "markersize": look.wide(3.5),
                "linewidth": look.thick(1.2),
                "label": label,
                **look.own(style),
            }
            ax.plot(epochs, np.where(values > 0.0, factor * values, np.nan), **options)
            drawn.append(factor * values)
    tested = getattr(training, f"test_{what}")
    if tested is not None:
        label = f"test, once: {factor * tested:.3g}{' %' if labelled else ''}"
        ax.plot(
            epochs[-1:],
            [factor * tested],
            color=look.SIDE,
            marker="D",
            markersize=look.wide(6),
            linestyle="none",
            label=label,
        )
        drawn.append(np.array([factor * tested]))
    if any((values > 0.0).any() for values in drawn):
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter(LogFormatter())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("epoch")
    ax.set_ylabel("misread (%)" if labelled else r"mean cost $C$")
    look.title(ax, f"learning by {training.recipe.method}")
    look.legend(ax)
    return ax


def plot_settling(training: Training, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw how long free phases took to settle, mean over the samples of each epoch; parameters as `plot_learning`.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> x, y = [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    >>> training = nd.learn(net, x, y, method="implicit", epochs=3)
    >>> ax = plots.plot_settling(training)
    """
    ax = look.new_axes(height=2.4)[0] if ax is None else ax
    steps = training.recipe.method == "ep-2017"
    options = {
        "color": look.FREE,
        "marker": "o",
        "markersize": look.wide(3.5),
        "linewidth": look.thick(1.2),
        **look.own(style),
    }
    ax.plot(np.arange(1, training.epochs + 1), training.steps, **options)
    ax.set_ylim(0.0, 1.06 * float(np.max(training.steps)))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("epoch")
    ax.set_ylabel("steps of the free phase" if steps else "free phase (unit of τ)")
    look.title(ax, "settling")
    look.finish(ax)
    return ax


def plot_filters(
    network: Network, shape: tuple[int, int] | None = None, *, ax: Axes | None = None, **style: Any
) -> Axes:
    """Draw the weights from the input to the first units that it drives, each as an image.

    Blue is negative, vermilion positive, white zero; all share one scale.

    Parameters
    ----------
    network : Network
    shape : (height, width), optional
        The height and width of the input as an image. Default: a square.
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the image.

    Raises
    ------
    ArgumentError
        The input has no such shape, or there is none.

    Examples
    --------
    >>> from neurodyn import models
    >>> from neurodyn.analysis import plots
    >>> ax = plots.plot_filters(models.Hopfield.layered([4, 6, 2]), (2, 2))
    """
    from matplotlib.colors import LinearSegmentedColormap

    weights = _input_weights(network)
    side = round(np.sqrt(len(weights)))
    height, width = shape or (side, side)
    if height * width != len(weights):
        raise ArgumentError(f"`shape` must have {len(weights)} pixels, one for each input; got {height} x {width}")
    rows, columns = FILTERS
    count = min(rows * columns, weights.shape[1])
    columns = min(columns, count)
    rows = -(-count // columns)
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for k in range(count):
        i, j = divmod(k, columns)
        place = slice(i * (height + 1), i * (height + 1) + height), slice(j * (width + 1), j * (width + 1) + width)
        sheet[place] = weights[:, k].reshape(height, width)
    limit = float(np.max(np.abs(weights[:, :count]))) or 1.0
    ax = look.new_axes(height=0.6 + look.WIDTH * sheet.shape[0] / sheet.shape[1])[0] if ax is None else ax
    colors = LinearSegmentedColormap.from_list("signed", [look.FREE, "white", look.NUDGED])
    options = {"cmap": colors, "vmin": -limit, "vmax": limit, "interpolation": "nearest", **look.own(style)}
    image = ax.imshow(sheet, **options)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    bar = look.figure_of(ax).colorbar(image, ax=ax, shrink=0.8, pad=0.015)
    bar.ax.tick_params(labelsize=look.small_size())
    look.title(ax, f"weights from the input to {count} of {weights.shape[1]} units")
    return ax


def _input_weights(network: Network) -> Array:
    """(n_in, units) of the first connection of the input."""
    graph = network.graph
    for c in graph.connections:
        if c.first not in graph.slices or c.second not in graph.slices:
            values = network.parameters[c.name]
            dense: Array = np.asarray(values.toarray() if hasattr(values, "toarray") else values)
            return dense if c.second in graph.slices else dense.T
    raise ArgumentError("this network has no input, and so no filters")


def plot_confusion(evaluation: Evaluation, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw how many samples of each class (rows) were taken for each (columns); shades are of the errors alone.

    Parameters
    ----------
    evaluation : Evaluation
    ax : Axes, optional
        Default: a new figure.
    **style
        Properties of the image.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> x, y = [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    >>> ax = plots.plot_confusion(nd.evaluate(net, x, y))
    """
    counts = evaluation.confusion
    wrong = np.where(np.eye(len(counts), dtype=bool), 0, counts).astype(float)
    ax = look.new_axes(width=5.2, height=4.8)[0] if ax is None else ax
    top = max(1.0, float(wrong.max()))
    ax.imshow(wrong, **{"cmap": "Oranges", "vmin": 0.0, "vmax": 1.4 * top, **look.own(style)})
    for (i, j), count in np.ndenumerate(counts):
        if count:
            weight = "bold" if i == j else "normal"
            ax.text(j, i, str(count), ha="center", va="center", fontsize=look.small_size() - 1, fontweight=weight)
    ticks = np.arange(len(counts))
    ax.set(xticks=ticks, yticks=ticks, xlabel="prediction", ylabel="class")
    look.title(ax, f"{100.0 * evaluation.error:.2f} % of {counts.sum():,} samples misread")
    return ax


def draw_training(training: Training, shape: tuple[int, int] | None = None) -> dict[str, Figure]:
    """Draw the figures of a training: `learning`, `settling`, and `filters` where inputs are images of that shape.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> from neurodyn.analysis import plots
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> x, y = [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    >>> sorted(plots.draw_training(nd.learn(net, x, y, method="implicit", epochs=3)))
    ['learning', 'settling']
    """
    figures = {"learning": plot_learning(training).figure, "settling": plot_settling(training).figure}
    if shape is not None:
        figures["filters"] = plot_filters(training.network, shape).figure
    return {name: figure for name, figure in figures.items() if isinstance(figure, Figure)}
