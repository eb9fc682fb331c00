"""Figures as people use them: in notebooks, on their own axes, with their own settings and file formats."""

from __future__ import annotations

import gc
import json
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from click.testing import CliRunner
from matplotlib.backends import backend_agg

import neurodyn as nd
from neurodyn import analysis, cli, models
from neurodyn.analysis import plots
from neurodyn.analysis.plots import style
from neurodyn.collection import uncollected
from neurodyn.results.figure_files import write_figures

PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def run():
    net = models.Hopfield.layered([2, 3, 2], seed=1)
    return nd.experiment(net, [0.2, -0.4], [0.5, 0.1], t_eval=[0.0, 0.5, 1.0, 2.0])


@pytest.fixture(scope="module")
def compared(run):
    return analysis.compare(run.nudged, run.side)


def test_notebooks_show_what_a_plot_returns(run, compared):
    one: Any = plots.plot_error_over_time(compared)
    several: Any = plots.plot_phases(run.network, run.equilibrium, run.nudged)
    assert one._repr_png_().startswith(PNG)
    assert several._repr_png_().startswith(PNG)
    left, right = several
    assert left.figure is right.figure


def test_short_names_of_styles_take_the_place_of_ours(compared):
    ax = plots.plot_error_over_time(compared, lw=4.0, c="red")
    assert {
        (line.get_linewidth(), line.get_color()) for line in ax.lines if line.get_label() == ax.lines[0].get_label()
    } == {(4.0, "red")}


def test_legends_are_not_cut_off_on_axes_of_a_user(compared):
    figure, ax = plt.subplots()
    plots.plot_error_over_time(compared, ax=ax)
    figure.canvas.draw()
    legend = ax.get_legend()
    assert legend is not None
    inner, outer = legend.get_window_extent(), figure.bbox
    assert inner.x1 <= outer.x1
    assert inner.y1 <= outer.y1
    plt.close(figure)


def test_a_users_sizes_count(compared):
    with mpl.rc_context({"figure.figsize": (3.0, 2.0), "font.size": 20.0}):
        ax = plots.plot_error_over_time(compared)
    assert tuple(style.figure_of(ax).get_size_inches()) == (3.0, 2.0)
    assert ax.xaxis.label.get_fontsize() == pytest.approx(0.95 * 20.0)
    assert plots.plot_error_over_time(compared).xaxis.label.get_fontsize() == pytest.approx(9.5)


def test_the_scale_of_a_root_axis_is_announced(run):
    left, _ = plots.plot_phases(run.network, run.equilibrium, run.nudged)
    assert r"$\sqrt{t}$ scale" in left.get_xlabel()
    assert left.get_xscale() == "function"


def test_an_unknown_format_is_refused():
    refused = CliRunner().invoke(cli.main, ["run", "two-neurons", "--format", "pdf,gif"])
    assert refused.exit_code == 2
    assert refused.stderr == "neurodyn: --format takes png, pdf, svg, with commas between; got 'gif'\n"


@pytest.mark.slow
def test_figures_are_written_as_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call = lambda *more: CliRunner().invoke(cli.main, ["run", "two-neurons", "--out=o", "--quiet", *more])  # noqa: E731
    assert call("--format", "pdf, SVG").exit_code == 0
    names = json.loads((tmp_path / "o" / "summary.json").read_text())["figures"]
    assert {name.rpartition(".")[2] for name in names} == {"pdf", "svg"}
    assert (tmp_path / "o" / "phases.pdf").read_bytes().startswith(b"%PDF")
    assert b"<svg" in (tmp_path / "o" / "phases.svg").read_bytes()
    assert call().exit_code == 0  # takes away those that are not written again
    assert {file.suffix for file in (tmp_path / "o").iterdir()} == {".nc", ".json", ".png"}


def test_a_picture_measures_each_text_once(compared, tmp_path, monkeypatch):
    """What measures the texts of a figure remembers them; laying out and drawing share it."""
    made, looked = [], []

    class Renderer(backend_agg.RendererAgg):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)
            looked.append(gc.isenabled())

    monkeypatch.setattr(backend_agg, "RendererAgg", Renderer)
    write_figures(tmp_path, {"error": plots.plot_error_over_time(compared).figure})
    assert len(made) == 1
    assert looked == [False]  # for garbage in cycles, of which there is hardly any
    assert gc.isenabled()


def test_a_run_looks_for_no_garbage_in_cycles(monkeypatch):
    looked = []

    def read(*arguments: Any, **options: Any) -> None:
        looked.append(gc.isenabled())
        raise nd.ArgumentError("no model")

    monkeypatch.setattr(models, "read", read)
    assert CliRunner().invoke(cli.main, ["run", "digits"]).exit_code != 0
    assert looked == [False]
    assert gc.isenabled()


@pytest.fixture
def unfrozen():
    """Nothing is set apart for good, as it is in other tests."""
    gc.unfreeze()
    yield
    gc.freeze()


@pytest.mark.usefixtures("unfrozen")
def test_what_is_made_in_a_block_without_collections_is_not_looked_through_after_it():
    gc.collect()
    with uncollected():
        kept: list[list[int]] = [[] for _ in range(10 * gc.get_threshold()[0])]
        assert gc.get_count()[0] > len(kept) // 2
    assert gc.get_count()[0] < gc.get_threshold()[0]
    assert any(thing is kept[0] for thing in gc.get_objects(2))


@pytest.mark.usefixtures("unfrozen")
def test_objects_set_apart_for_good_stay_there():
    gc.freeze()
    with uncollected():
        pass
    assert gc.get_freeze_count()
