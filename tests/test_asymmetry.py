"""The end of the equivalence without symmetric weights, measured and drawn."""

import numpy as np
import pytest

import neurodyn as nd
from naive import NaiveRate
from networks import RATE, UNEQUAL, draw_input, draw_target, prepared
from neurodyn import analysis, models
from neurodyn.analysis import plots
from neurodyn.analysis.signals.asymmetry import with_asymmetry

TIGHT = nd.Solver(rtol=1e-11, atol=1e-13)
OWN = ["own-feedback", "own-recurrent", "own-linear"]


def measured(name, rng, **options):
    net = UNEQUAL[name]()
    return analysis.asymmetry(net, draw_input(net, 2, rng), draw_target(net, 2, rng), solver=TIGHT, **options)


@pytest.mark.parametrize("name", OWN)
def test_error_grows_linearly_from_the_floor_of_symmetric_weights(name, rng):
    found = measured(name, rng)
    assert found.floor == found.error[0] <= 1e-5
    assert found.slope == pytest.approx(1.0, abs=0.1)
    assert found.gradient_slope == pytest.approx(1.0, abs=0.1)
    assert np.all(np.diff(found.error[found.fractions > 1e-3]) > 0.0)
    assert found.error[-1] > 0.05
    assert found.corrected_error.max() <= 1e-5
    assert found.corrected_gradient_error.max() <= 1e-4
    assert found.cosine[-1] < found.cosine[0]
    assert found.cosine[0] == pytest.approx(1.0, abs=1e-9)
    assert found.error[-1] <= max(part[-1] for part in found.populations.values())


@pytest.mark.parametrize("name", OWN)
def test_weights_are_symmetric_at_0_and_their_own_at_1(name):
    net = UNEQUAL[name]()
    inner = np.s_[net.n_in :, net.n_in :]
    matrices = [NaiveRate(with_asymmetry(net, a)).weights[inner] for a in (0.0, 1.0, -1.0)]
    own = NaiveRate(net).weights[inner]
    np.testing.assert_allclose(matrices[0], matrices[0].T, atol=1e-15)
    np.testing.assert_allclose(matrices[1], own, atol=1e-15)
    np.testing.assert_allclose(matrices[2], own.T, atol=1e-15)
    np.testing.assert_allclose(matrices[0], (own + own.T) / 2, atol=1e-15)


@pytest.mark.parametrize("name", OWN)
def test_asymmetry_is_the_ratio_of_norms(name, rng):
    net = UNEQUAL[name]()
    own = NaiveRate(net).weights[net.n_in :, net.n_in :]
    expected = np.linalg.norm(own - own.T) / np.linalg.norm(own + own.T)
    found = measured(name, rng, fractions=[0.5])
    assert found.asymmetry[0] == pytest.approx(0.5 * expected, rel=1e-12)
    assert np.isnan(found.floor)


def test_network_that_finds_no_rest_is_no_error():
    """A ring of two exciting and one inhibiting connection oscillates."""
    ring = [[0.0, 2.5, 0.0], [0.0, 0.0, 2.5], [-2.5, 0.0, 0.0]]
    net = models.Rate.recurrent(3, n_out=1, feedback={"s-s": ring})
    found = analysis.asymmetry(net, None, [0.5], start=[0.3, 0.2, -0.1], fractions=[0.0, 1.0])
    assert np.isfinite(found.error).tolist() == [True, False]


def test_refusals(rng):
    shared, factor = RATE["chain-tanh"](), UNEQUAL["weak-feedback"]()
    for net, sentence in ((shared, "all weights of this network are shared"), (factor, "is 0.3 times its weights")):
        with pytest.raises(nd.ArgumentError, match=sentence):
            analysis.asymmetry(net, draw_input(net, 1, rng), draw_target(net, 1, rng))
    with pytest.raises(nd.ArgumentError, match="`fractions`"):
        measured("own-linear", rng, fractions=[-1.0])


def test_failure_grows_as_the_feedback_factor_leaves_1(rng):
    """Where feedback is gamma Wᵀ: the error is 0 at gamma = 1 and linear in its distance from it."""
    x, y = rng.normal(size=(2, 4)), rng.uniform(size=(2, 2))
    distances, errors = np.array([1e-3, 1e-2, 1e-1]), []
    for distance in distances:
        net = prepared(models.Rate.layered([4, 6, 2], feedback=1.0 - distance, seed=2))
        eq = nd.relax(net, x, solver=TIGHT)
        run = nd.nudge(net, eq, y, beta=0.0, solver=TIGHT)
        side = nd.side_network(net, eq, y, t_eval=run.t, solver=TIGHT)
        errors.append(analysis.compare(run, side).max_relative_error)
    assert np.polyfit(np.log(distances), np.log(errors), 1)[0] == pytest.approx(1.0, abs=0.05)


def test_figure_shows_both_errors_and_the_floor(rng):
    found = measured("own-linear", rng, fractions=[0.0, 1e-3, 1e-2, 1e-1, 1.0])
    ax = plots.plot_asymmetry(found)
    labels = [str(line.get_label()) for line in ax.lines]
    assert labels[0].startswith("error signal, slope")
    assert labels[1].startswith("parameter gradient, slope")
    assert [label.endswith("corrected") for label in labels[2:4]] == [True, True]
    assert "symmetric weights" in labels[4]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), found.asymmetry[1:])
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), found.error[1:])
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_figure_without_an_error_says_so(rng):
    found = measured("own-linear", rng, fractions=[0.0])
    assert "no error to show" in plots.plot_asymmetry(found).texts[0].get_text()
