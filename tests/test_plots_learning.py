"""Figures of learning show the numbers of the result."""

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis import plots


@pytest.fixture(scope="module")
def training():
    x = np.random.default_rng(0).uniform(0.0, 1.0, (60, 9))
    net = models.Hopfield.layered([9, 20, 3], activation="hard-sigmoid", seed=0)
    y = np.argmax(x[:, :3], axis=1)
    return nd.learn(net, x, y, epochs=4, rates=0.2, nudging="centered", validation=20, test=(x, y))


def line(ax, label):
    return next(found for found in ax.lines if str(found.get_label()).startswith(label))


def test_curves_are_the_errors_in_per_cent(training):
    ax = plots.plot_learning(training)
    np.testing.assert_allclose(line(ax, "training").get_ydata(), 100.0 * training.train_error)
    np.testing.assert_allclose(line(ax, "validation").get_ydata(), 100.0 * training.validation_error)
    assert line(ax, "test").get_ydata() == pytest.approx(100.0 * training.test_error)
    assert list(line(ax, "training").get_xdata()) == [1, 2, 3, 4]
    assert "%" in ax.get_ylabel()


def test_without_labels_the_curve_is_the_cost(rng):
    net = models.Hopfield.layered([4, 6, 2], activation="hard-sigmoid", seed=0)
    found = nd.learn(net, rng.uniform(0.0, 1.0, (20, 4)), rng.uniform(0.2, 0.8, (20, 2)), epochs=2, rates=0.1)
    ax = plots.plot_learning(found)
    np.testing.assert_allclose(np.asarray(line(ax, "training").get_ydata(), dtype=float), found.train_cost)
    assert "cost" in ax.get_ylabel()


def test_curves_grow_while_it_learns_and_notebooks_show_them(rng, monkeypatch):
    shown: list[Any] = []

    def display(thing, display_id):
        shown.append(thing)
        return SimpleNamespace(update=shown.append)

    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=object, version_info=(9, 0)))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    net = models.Hopfield.layered([4, 6, 2], activation="hard-sigmoid", seed=0)
    live, (x, y) = plots.LiveLearning(), (rng.uniform(0.0, 1.0, (20, 4)), rng.integers(0, 2, 20))
    found = nd.learn(net, x, y, epochs=3, rates=0.1, validation=5, callbacks=live)
    np.testing.assert_allclose(line(live.ax, "training").get_ydata(), 100.0 * found.train_error)
    assert found.validation_error is not None
    np.testing.assert_allclose(line(live.ax, "validation").get_ydata(), 100.0 * found.validation_error)
    assert len(shown) == 3
    assert shown[0]._repr_png_().startswith(b"\x89PNG")


def test_settling_is_drawn_from_zero(training):
    ax = plots.plot_settling(training)
    np.testing.assert_allclose(np.asarray(ax.lines[0].get_ydata(), dtype=float), training.steps)
    assert ax.get_ylim()[0] == 0.0


def test_filters_are_the_weights_of_each_unit(training):
    ax = plots.plot_filters(training.network, (3, 3))
    sheet = np.asarray(ax.images[0].get_array())
    weights = training.network.parameters["x-h1"]
    for k in (0, 15, 16, 19):
        i, j = divmod(k, 16)
        np.testing.assert_allclose(sheet[4 * i : 4 * i + 3, 4 * j : 4 * j + 3].ravel(), weights[:, k])
    assert ax.images[0].get_clim() == (-abs(weights).max(), abs(weights).max())
    with pytest.raises(nd.ArgumentError, match="`shape` must have 9 pixels, one for each input; got 2 x 3"):
        plots.plot_filters(training.network, (2, 3))
    with pytest.raises(nd.ArgumentError, match="no input, and so no filters"):
        plots.plot_filters(models.Hopfield.recurrent(4, n_out=1))


def test_confusion_shows_every_count(training, rng):
    x = rng.uniform(0.0, 1.0, (30, 9))
    found = nd.evaluate(training.network, x, rng.integers(0, 3, 30), training.recipe)
    ax = plots.plot_confusion(found)
    shown = np.zeros((3, 3), int)
    for text in ax.texts:
        column, row = text.get_position()
        shown[int(row), int(column)] = int(text.get_text())
    assert np.array_equal(shown, found.confusion)
    assert np.trace(found.confusion) < 30


def test_figures_of_a_training(training):
    figures = plots.draw_training(training, (3, 3))
    assert set(figures) == {"learning", "settling", "filters"}
    assert all(isinstance(figure, Figure) for figure in figures.values())
    assert set(plots.draw_training(training)) == {"learning", "settling"}
