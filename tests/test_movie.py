"""The movie of the nudged phase: what each picture shows, and the file."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import same_color
from PIL import Image

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis import plots
from neurodyn.analysis.plots import style
from neurodyn.analysis.plots.portraits import movie


@pytest.fixture(scope="module")
def chain():
    net = models.Hopfield.layered([5, 8, 6, 3], tau=np.geomspace(0.3, 3.0, 17), seed=3)
    rng = np.random.default_rng(4)
    return nd.experiment(net, rng.uniform(0.0, 1.0, (3, 5)), rng.uniform(-0.8, 0.8, (3, 3)))


@pytest.fixture(scope="module")
def pictures(chain):
    return movie.film(movie.stage(chain.nudged, chain.side, sample=1))


def opened(path) -> Any:
    return Image.open(path)


def pixels(picture):
    return np.asarray(picture.convert("RGB")).astype(int)


def coloured(picture):
    """Columns of the picture that have coloured pixels, left of the legend."""
    rgb = pixels(picture)[:, :640]
    return np.flatnonzero((rgb.max(axis=2) - rgb.min(axis=2) > 60).any(axis=0))


@pytest.mark.parametrize("index", [0, 7, 60])
def test_curves_grow_to_the_time_shown(chain, index):
    scene = movie.stage(chain.nudged, chain.side, sample=1, units=["h1[2]", "y[0]"])
    scene.show(index)
    axes: Any = scene.figure.axes
    left, right = axes
    upto = slice(0, index + 1)
    for ax, values, color in (
        (left, (chain.nudged.state - chain.nudged.base) / 1e-3, style.NUDGED_SHADES),
        (right, -chain.network.tau * chain.nudged.velocity / 1e-3, style.NUDGED_SHADES),
        (right, chain.side.error_signal, (style.SIDE,) * 2),
    ):
        for k, i in enumerate((2, 14)):
            drawn = [a for a in ax.lines if same_color(a.get_color(), color[k]) and a.get_marker() == "None"]
            curve = drawn[k] if color[k] == style.SIDE else drawn[0]
            np.testing.assert_array_equal(curve.get_xdata(), chain.nudged.t[upto])
            np.testing.assert_allclose(curve.get_ydata(), values[upto, 1, i], atol=1e-10)
            assert (curve.get_linestyle() == "--") == (color[k] == style.SIDE)
    dots: Any = [a for a in right.lines if a.get_marker() == "o"]
    signal = chain.nudged.error_signal[index, 1, [2, 14]]
    np.testing.assert_allclose([float(a.get_ydata()[0]) for a in dots], signal)
    assert {float(a.get_xdata()[0]) for a in dots} == {chain.nudged.t[index]}
    assert scene.clock.get_text().endswith(f"{chain.nudged.t[index]:.2f}")


def test_a_wrong_sign_would_be_seen(chain, monkeypatch):
    monkeypatch.setattr(movie, "FRAMES", 2)
    wrong = replace(chain.nudged, displacement_rate=-chain.nudged.displacement_rate)
    good, bad = (pixels(movie.film(movie.stage(r, chain.side))[-1]) for r in (chain.nudged, wrong))
    assert (np.abs(good - bad).max(axis=2) > 100).sum() > 500


def test_every_picture_differs_and_shows_more(pictures):
    assert len(pictures) == movie.FRAMES
    assert all((pixels(a) != pixels(b)).any() for a, b in pairwise(pictures))
    reach = [coloured(picture) for picture in (pictures[1], pictures[20], pictures[50], pictures[-1])]
    middle = 335
    assert np.all(np.diff([columns[columns < middle].max() for columns in reach]) > 20)
    assert np.all(np.diff([columns.max() for columns in reach]) > 20)


def test_the_last_picture_is_the_whole_figure(chain, pictures):
    """What was left out of the background is drawn again, over it and in the same place."""
    scene = movie.stage(chain.nudged, chain.side, sample=1)
    scene.figure.set_dpi(movie.DOTS_PER_INCH)
    canvas = FigureCanvasAgg(scene.figure)
    canvas.draw()
    whole = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
    difference = np.abs(whole - pixels(pictures[-1])).max(axis=2)
    assert (difference > 40).sum() < 40  # of the curves, some pixels on the spines


def test_the_file_holds_the_pictures(chain, tmp_path, monkeypatch):
    usual = movie.FRAMES
    monkeypatch.setattr(movie, "FRAMES", 12)
    path = plots.animate(chain.nudged, chain.side, str(tmp_path / "phase.gif"), sample=1)
    assert path == tmp_path / "phase.gif"
    assert [p.name for p in tmp_path.iterdir()] == ["phase.gif"]
    assert path.stat().st_size < 3e6 * movie.FRAMES / usual
    with opened(path) as film:
        assert (film.format, film.n_frames, film.info["loop"]) == ("GIF", movie.FRAMES, 0)
        first = pixels(film.copy())
        film.seek(film.n_frames - 1)
        assert film.info["duration"] == movie.LAST
        last = pixels(film.copy())
    assert (first != last).any()
    assert (first[2, 2] == 255).all()


def test_few_times_make_few_pictures(chain, tmp_path):
    few = nd.experiment(chain.network, chain.equilibrium.x, chain.nudged.target, t_eval=[0.0, 0.5, 2.0])
    with opened(plots.animate(few.nudged, few.side, tmp_path / "few.GIF")) as film:
        assert film.n_frames == 3


def test_an_unfinished_phase_stands_still_at_its_end(chain, monkeypatch):
    monkeypatch.setattr(movie, "FRAMES", 12)
    parts = {name: getattr(chain.nudged, name).copy() for name in ("displacement", "displacement_rate")}
    for part in parts.values():
        part[:, 30:, 1] = np.nan
    broken = replace(chain.nudged, **parts)
    found = movie.film(movie.stage(broken, chain.side, sample=1))
    assert len(found) == movie.FRAMES
    assert coloured(found[1]).max() > 0


def test_bad_arguments_are_refused(chain, tmp_path, monkeypatch):
    monkeypatch.setattr(movie, "FRAMES", 2)
    for path in ("phase.mp4", "phase"):
        with pytest.raises(nd.ArgumentError, match=f"`path` must end in .gif; got '.*{path}'"):
            plots.animate(chain.nudged, chain.side, tmp_path / path)
    with pytest.raises(nd.ArgumentError, match="`sample` must be a whole number from 0 to 2; got 3"):
        plots.animate(chain.nudged, chain.side, tmp_path / "a.gif", sample=3)
    with pytest.raises(nd.ArgumentError, match="`units` must be free units"):
        plots.animate(chain.nudged, chain.side, tmp_path / "a.gif", units=["x[0]"])
    with pytest.raises(nd.ResultFileError, match="cannot write"):
        plots.animate(chain.nudged, chain.side, tmp_path / "missing" / "a.gif")
    assert not list(tmp_path.iterdir())


def test_a_sample_without_a_signal_is_refused(chain, tmp_path):
    target = chain.nudged.target.copy()
    target[1] = chain.equilibrium.state[1, chain.network.outputs]
    one = nd.experiment(chain.network, chain.equilibrium.x, target, t_eval=[0.0, 1.0])
    with pytest.raises(nd.ArgumentError, match="sample 1 has no error signal"):
        plots.animate(one.nudged, one.side, tmp_path / "a.gif", sample=1)
    rest = chain.equilibrium.state[:, chain.network.outputs]
    none = nd.experiment(chain.network, chain.equilibrium.x, rest, t_eval=[0.0, 1.0])
    with pytest.raises(nd.ArgumentError, match="no sample has an error signal: all outputs sit on"):
        plots.animate(none.nudged, none.side, tmp_path / "a.gif")
