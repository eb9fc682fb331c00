"""The order in beta of both kinds of nudging, and what the study leaves out."""

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis.signals.convergence import Convergence


def chain(seed=3, **options):
    tau = np.random.default_rng(0).uniform(0.3, 5.0, 17)
    return models.Hopfield.layered([5, 8, 6, 3], seed=seed, **{"tau": tau, **options})


def study(net, batch=3, **options):
    rng = np.random.default_rng(5)
    x, y = rng.uniform(0.0, 1.0, (batch, net.n_in)), rng.uniform(-0.8, 0.8, (batch, net.n_out))
    return analysis.convergence(net, nd.relax(net, x), y, **options)


@pytest.fixture(scope="module")
def precise():
    return study(chain(), solver=nd.Solver(rtol=1e-12, atol=1e-14))


def test_orders_in_beta_are_one_and_two(precise):
    assert precise.betas == pytest.approx([1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
    assert precise.one_sided_slope == pytest.approx(1.0, abs=0.1)
    assert precise.centered_slope == pytest.approx(2.0, abs=0.2)
    assert precise.slope("gradient_one_sided") == pytest.approx(1.0, abs=0.1)
    assert precise.slope("gradient_centered") == pytest.approx(2.0, abs=0.2)


def test_the_floor_is_small_and_positive_and_bounds_what_beta_can_do(precise):
    assert 0.0 < precise.floor < 1e-10
    assert 0.0 < precise.gradient_floor < 1e-10
    assert precise.centered[-1] < 100.0 * precise.floor
    assert precise.one_sided[-1] > 1e3 * precise.floor


def test_default_solver_shows_both_orders():
    found = study(chain())
    assert found.floor < 2e-10
    assert found.one_sided_slope == pytest.approx(1.0, abs=0.1)
    assert found.centered_slope == pytest.approx(2.0, abs=0.2)


def test_errors_are_those_of_compare():
    net = chain()
    x, y, times = np.full(5, 0.5), np.array([0.3, -0.2, 0.1]), np.linspace(0.0, 10.0, 9)
    equilibrium, solver = nd.relax(net, x), nd.Solver(rtol=1e-9)
    found = analysis.convergence(net, equilibrium, y, betas=[1e-2], t_eval=times, solver=solver)
    side = nd.side_network(net, equilibrium, y, t_eval=times, solver=solver)
    for kind, nudging in (("one_sided", "positive"), ("centered", "centered")):
        run = nd.nudge(net, equilibrium, y, beta=1e-2, nudging=nudging, t_eval=times, solver=solver)
        expected = analysis.compare(run, side)
        assert getattr(found, kind)[0] == pytest.approx(expected.max_relative_error, rel=1e-5)
        assert getattr(found, f"gradient_{kind}")[0] == pytest.approx(expected.gradient.relative_error, rel=1e-5)
    assert np.isnan(found.one_sided_slope)  # one beta has no slope


def test_beta_beyond_the_critical_one_gives_nan_for_centered_nudging():
    found = study(chain(tau=1.0), betas=[50.0, 1e-2, 1e-3])
    assert found.critical_beta < 50.0
    assert np.isnan(found.centered[0])
    assert np.isnan(found.gradient_centered[0])
    assert np.isfinite(found.one_sided).all()
    assert found.centered_slope == pytest.approx(2.0, abs=0.2)
    assert np.isnan(found.guide("one_sided")[0])


def test_slope_leaves_out_what_the_floor_beta_c_and_bounds_spoil():
    betas = np.logspace(-1, -5, 5)
    errors = np.array([9.0, 1e-3, 1e-5, 1e-6, 1e-6])
    found = Convergence(betas, errors, errors, 1e-7, errors, errors, 1e-7, 0.2, np.zeros(5, dtype=bool))
    assert found.one_sided_slope == pytest.approx(2.0)  # 0.1 is close to beta_c = 0.2; 1e-6 is the floor
    assert found.guide("one_sided")[1:3] == pytest.approx(errors[1:3])
    assert np.isnan(found.guide("one_sided")[[0, 3, 4]]).all()
    crossed = Convergence(betas, errors, errors, 1e-7, errors, errors, 1e-7, 0.2, np.where(betas > 5e-3, 1.0, 0.0))
    assert np.isnan(crossed.one_sided_slope)


def test_hard_sigmoid_is_fitted_where_no_unit_crosses_a_bound():
    net = models.Hopfield.layered([20, 15, 12, 5], activation="hard-sigmoid", seed=4, gain=1.5)
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0.0, 1.0, (6, 20)), rng.integers(0, 5, 6)
    found = analysis.convergence(net, nd.relax(net, x), y, betas=np.logspace(-0.5, -4, 8))
    assert (found.crossed > 0.0).tolist() == [True] * 2 + [False] * 6
    assert (found.crossed <= 1.0).all()
    assert found.centered_slope == pytest.approx(2.0, abs=0.05)


def test_no_signal_gives_nan_and_no_slope():
    net = chain(tau=1.0)
    equilibrium = nd.relax(net, np.full((2, 5), 0.5))
    found = analysis.convergence(net, equilibrium, equilibrium.state[:, net.outputs], betas=[0.1, 0.01])
    assert np.isnan(found.floor)
    assert np.isnan(found.one_sided).all()
    assert np.isnan(found.one_sided_slope)


@pytest.mark.parametrize("betas", [[], [0.0], [-1e-3], [np.nan], [[0.1]], "large", 0.1])
def test_bad_betas_are_refused(betas):
    with pytest.raises(nd.ArgumentError, match="`betas` must be a list of positive, finite numbers"):
        study(chain(), betas=betas)


def test_unknown_kind_is_refused(precise):
    with pytest.raises(nd.ArgumentError, match="allowed: one_sided, centered"):
        precise.slope("negative")
