"""Figures for papers: sizes, thin lines and text; readable in grey, several on one Axes, and on small bare axes."""

from __future__ import annotations

import inspect
from itertools import combinations

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.legend import Legend
from matplotlib.lines import Line2D

import neurodyn as nd
from neurodyn import analysis
from neurodyn.analysis import plots
from neurodyn.analysis.plots import style as look
from neurodyn.analysis.plots.studies import PLOTS
from neurodyn.results.figure_files import write_figures

BETAS = 10.0 ** np.arange(-5.0, 0.0)


def convergence(factor: float = 1.0) -> analysis.Convergence:
    one, two = factor * BETAS, factor * BETAS**2 + 1e-9
    return analysis.Convergence(BETAS, one, two, 1e-9, one, two, 1e-9, 0.4, 0.0 * BETAS)


def order() -> analysis.GradientOrder:
    errors = {"equilibrium-propagation, centered": BETAS**2, "equilibrium-propagation, positive": BETAS}
    return analysis.GradientOrder(BETAS, {**errors, "holomorphic": BETAS**4, "contrastive-hebbian": BETAS}, 1e-12, 0.4)


def legend(ax: Axes) -> Legend:
    found = ax.get_legend()
    assert found is not None
    return found


def test_paper_sets_sizes_thin_lines_and_text_that_stays_text(tmp_path):
    before, usual = dict(rcParams), plots.plot_convergence(convergence())
    with plots.paper("single", height=2.5):
        ax = plots.plot_convergence(convergence())
        look.figure_of(ax).savefig(tmp_path / "figure.svg")
        fonts = rcParams["pdf.fonttype"]
    assert dict(rcParams) == before
    assert fonts == 42
    assert look.figure_of(ax).get_size_inches() == pytest.approx([89 / 25.4, 2.5])
    sizes = {text.get_fontsize() for text in (ax.xaxis.label, ax.yaxis.label, *legend(ax).get_texts())}
    assert sizes <= {7.5 * look.LABEL, 7.5 * look.SMALL}
    for thin, line in zip(ax.lines, usual.lines, strict=True):
        assert thin.get_linewidth() <= line.get_linewidth() / 1.5
        assert thin.get_markersize() <= line.get_markersize() / 1.5
    assert ">one-sided, slope 1.00" in (tmp_path / "figure.svg").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"width": "third"}, r"`width` must be one of single, double, text or a number of inches; got 'third'"),
        ({"width": -1.0}, r"`width` must be positive and finite; got -1\.0"),
        ({"height": float("inf")}, "`height` must be positive"),
        ({"points": 0.0}, "`points` must be positive"),
    ],
)
def test_paper_refuses_what_is_no_size(arguments, sentence):
    with pytest.raises(nd.ArgumentError, match=sentence), plots.paper(**arguments):
        pass


def test_every_plot_takes_axes():
    drawn = [getattr(plots, name) for name in plots.__all__ if name.startswith("plot_")] + list(PLOTS.values())
    assert [plot.__name__ for plot in drawn if "ax" not in inspect.signature(plot).parameters] == []


def lightness(colour: str) -> float:
    """L* of CIELAB."""
    channels = np.array([int(to_hex(colour)[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16)


@pytest.mark.parametrize("shades", [look.FREE_SHADES, look.NUDGED_SHADES])
def test_shades_differ_in_lightness(shades):
    for a, b in combinations(shades, 2):
        assert abs(lightness(a) - lightness(b)) >= 10.0, (a, b)


@pytest.mark.parametrize("signs", [look.DASHES, look.MARKERS])
def test_cycles_differ_in_lightness_or_in_dash_or_marker(signs):
    cycle = [(hue, look.cycle(signs, k)) for k, hue in enumerate(look.METHODS)]
    for (a, first), (b, second) in combinations(cycle, 2):
        assert first != second or abs(lightness(a) - lightness(b)) >= 10.0, (a, b)


def test_a_second_plot_on_one_axes_goes_on_in_the_cycle():
    ax = plots.plot_convergence(convergence())
    first = {line.get_color() for line in ax.lines if line.get_marker() != "None"}
    plots.plot_convergence(convergence(3.0), ax=ax)
    colours = [
        to_hex(line.get_color()) for line in ax.lines if line.get_marker() != "None" and str(line.get_label())[0] != "_"
    ]
    assert len(colours) == 2 * len(first) == len(set(colours))
    handles = [h for h in legend(ax).legend_handles if isinstance(h, Line2D) and h.get_marker() != "None"]
    assert [to_hex(h.get_color()) for h in handles] == colours
    guides = [line for line in ax.lines if str(line.get_label()).startswith("solver alone")]
    assert {line.get_color() for line in guides} == {look.SIDE}


def test_three_panels_of_bare_axes_are_not_mostly_legend():
    figure = Figure(figsize=(7.0, 2.2))
    axes = figure.subplots(1, 3)
    plots.plot_convergence(convergence(), ax=axes[0])
    plots.plot_gradient_order(order(), ax=axes[1])
    b = BETAS
    plots.plot_asymmetry(analysis.Asymmetry(b, b, b, {}, b, b, b, b, 1e-3), ax=axes[2])
    for ax in axes:
        box, covered = ax.get_window_extent(), legend(ax).get_window_extent()
        assert covered.width <= box.width
        assert covered.width * covered.height <= 0.4 * box.width * box.height
    titles = [ax._left_title.get_window_extent() for ax in axes]
    assert titles[0].x1 < titles[1].x0 < titles[1].x1 < titles[2].x0


def test_a_picture_is_drawn_once_and_is_that_of_savefig(tmp_path, monkeypatch):
    look.figure_of(plots.plot_convergence(convergence())).savefig(tmp_path / "expected.png", dpi=150)
    drawn: list[Figure] = []
    draw = Figure.draw

    def counted(figure, renderer):
        drawn.append(figure)
        draw(figure, renderer)

    monkeypatch.setattr(Figure, "draw", counted)
    assert write_figures(tmp_path, {"found": plots.plot_convergence(convergence()).figure}) == ["found.png"]
    assert len(drawn) == 1
    assert np.array_equal(imread(tmp_path / "found.png"), imread(tmp_path / "expected.png"))
