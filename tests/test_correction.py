"""The corrected nudged phase: the equality with the side network without an energy, in time and in the gradient."""

import itertools
from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from naive import NaiveRate
from networks import RATE, UNEQUAL, draw_input, draw_state, draw_target, prepared
from neurodyn import analysis, models
from neurodyn.experiments.model_run import run_cell
from neurodyn.models import terms
from neurodyn.models.data import digits
from neurodyn.phases.nudged_problem import nudged_problem
from neurodyn.system.fixed_point import FixedPoint
from term_networks import force_net

TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)
CORRECTED: dict[str, Any] = {"correction": "antisymmetric"}


def given(net, rng, batch=2):
    """An equilibrium and targets."""
    return nd.relax(net, draw_input(net, batch, rng), solver=TIGHT), draw_target(net, batch, rng)


def error(net, eq, y, **options):
    """Of the error signals, and of the gradient, against the side network."""
    run = nd.nudge(net, eq, y, solver=TIGHT, **options)
    found = analysis.compare(run, nd.side_network(net, eq, y, t_eval=run.t, method="exact"))
    return found.max_relative_error, found.gradient.nudged_to_exact


def boxed():
    """Hard sigmoids, most of them inside their box, with feedback weights of their own."""
    found = [terms.Leak(), terms.Bias(), terms.Bilinear("x", "h"), terms.Bilinear("h", "y", feedback="random")]
    populations = {"x": {"size": 3, "role": "input"}, "h": {"size": 5, "activation": "hard-sigmoid"}}
    populations["y"] = {"size": 2, "role": "output", "activation": "hard-sigmoid"}
    net = models.EnergyNetwork(populations, found, gain=0.5, seed=3, tau=np.geomspace(0.25, 5.0, 7))
    return net.replace(parameters={"h": np.full(5, 0.4), "y": np.full(2, 0.4)})


def test_velocities_of_unequal_weights_are_the_error_signals_at_every_moment(rng):
    net = UNEQUAL["own-feedback"]()
    eq, y = given(net, rng, batch=1)
    found = analysis.convergence(net, eq, y, betas=[1e-1, 1e-2, 1e-5], solver=TIGHT, **CORRECTED)
    assert found.one_sided_slope == pytest.approx(1.0, abs=0.1)
    assert found.centered_slope == pytest.approx(2.0, abs=0.1)
    assert found.slope("gradient_centered") == pytest.approx(2.0, abs=0.1)
    assert found.centered[-1] <= 1e-10
    assert min(error(net, eq, y, beta=1e-3)) > 0.1


@pytest.mark.parametrize("name", ["some", "own-sparse", "own-softmax"])
def test_any_rate_network_without_an_energy_can_be_corrected(name, rng):
    net = UNEQUAL[name]()
    assert max(error(net, *given(net, rng), beta=1e-5, **CORRECTED)) <= 1e-9


@pytest.mark.parametrize("make", [boxed, pytest.param(force_net, marks=pytest.mark.slow)])
def test_so_can_forces_of_the_states(make, rng):
    net = make()
    eq, y = given(net, rng)
    assert min(error(net, eq, y, beta=1e-5)) > 0.03
    assert max(error(net, eq, y, beta=1e-5, **CORRECTED)) <= 1e-9


def test_with_an_energy_the_correction_is_nothing_and_costs_nothing(rng):
    net = RATE["chain-tanh"]()
    eq, y = given(net, rng)
    plain, corrected = nd.nudge(net, eq, y), nd.nudge(net, eq, y, **CORRECTED)
    assert np.array_equal(plain.displacement, corrected.displacement)
    assert plain.counters == corrected.counters
    assert (plain.correction, corrected.correction) == (None, "antisymmetric")


@pytest.mark.parametrize("beta", [0.3, -0.2])
@pytest.mark.parametrize("name", ["own-feedback", "some"])
def test_flow_is_that_of_the_twin_with_the_antisymmetric_force(name, beta, rng):
    net = UNEQUAL[name]()
    twin, x, s, y = NaiveRate(net), *(draw(net, 1, rng)[0] for draw in (draw_input, draw_state, draw_target))
    point, delta = FixedPoint.of(net, s, x), rng.normal(0.0, 0.3, net.n)
    problem = nudged_problem(point, y[None], np.array([beta]), **CORRECTED)
    w = twin.weights[net.n_in :, net.n_in :]
    moved = s + beta * delta
    force = twin.force(x, moved) - beta * twin.cost_slope(moved, y) - twin.force(x, s)
    force -= (w - w.T) @ (twin.slope(s) * (moved - s))
    found = net.evaluate(problem.flow, delta[:, None].copy(), problem.rows, net.n)[:, 0]
    np.testing.assert_allclose(found, force / beta / net.tau, rtol=1e-9, atol=1e-12)
    h, flow = 1e-6, problem.flow
    moves = [(delta + sign * h * e)[:, None].copy() for sign in (1, -1) for e in np.eye(net.n)]
    columns = np.array([net.evaluate(flow, move, problem.rows, net.n)[:, 0] for move in moves])
    slopes = (columns[: net.n] - columns[net.n :]).T / (2 * h)
    np.testing.assert_allclose(problem.jacobian(0, 0.0, delta), slopes, atol=1e-8)


def test_critical_strength_and_times_are_those_of_the_corrected_flow(rng):
    """The flow is singular at beta_c, and its slowest rate sets the times: of a transposed matrix they are the same."""
    net = UNEQUAL["own-linear"]()
    eq, y = given(net, rng, batch=1)
    run = nd.nudge(net, eq, y, **CORRECTED)
    point = FixedPoint.of(net, eq.state, eq.x)
    matrices = [
        nudged_problem(point, y, np.array([beta]), **CORRECTED).jacobian(0, 0.0, np.zeros(net.n))
        for beta in (run.critical_beta[0], -run.critical_beta[0], 0.0)
    ]
    rates = [np.linalg.eigvals(matrix) for matrix in matrices]
    assert min(np.abs(rates[0]).min(), np.abs(rates[1]).min()) < 1e-9
    assert -rates[2].real.max() * run.t[-1] == pytest.approx(np.log(1e10), rel=1e-9)


def test_implicit_solver_follows_the_corrected_flow(rng):
    net = UNEQUAL["own-feedback"]()
    eq, y = given(net, rng, batch=1)
    stiff = nd.Solver("Radau", rtol=1e-9, atol=1e-11)
    mine, other = (
        nd.nudge(net, eq, y, t_eval=[0.5, 2.0], solver=solver, **CORRECTED).error_signal for solver in (stiff, TIGHT)
    )
    np.testing.assert_allclose(mine, other, atol=1e-7)


def test_nudged_equilibrium_of_the_corrected_flow_is_where_the_phase_ends(rng):
    net = UNEQUAL["own-feedback"]()
    eq, y = given(net, rng, batch=1)
    rest, target = nd.relax(net, eq.x[0]), y[0]
    path = analysis.nudged_path(net, rest, target, span=(-0.01, 0.3), **CORRECTED)
    beta = float(path.beta[-1])
    run = nd.nudge(net, rest, target, beta=beta, nudging="positive", solver=TIGHT, **CORRECTED)
    np.testing.assert_allclose(run.state[-1], path.state[-1], atol=1e-9)
    plane = analysis.phase_plane(
        net, rest.x, y=target, beta=beta, others="relaxed", resolution=3, rest=rest.state, state=rest.state, **CORRECTED
    )
    assert plane.correction == "antisymmetric"
    np.testing.assert_allclose(plane.velocity_of(path.state[-1:]), 0.0, atol=1e-9)
    with pytest.raises(nd.ArgumentError, match="`rest` is missing: a correction needs"):
        analysis.phase_plane(net, rest.x, y=target, beta=beta, **CORRECTED)


def test_saved_phase_knows_its_correction(tmp_path, rng):
    net = UNEQUAL["own-linear"]()
    run = nd.nudge(net, *given(net, rng), **CORRECTED)
    run.save(tmp_path / "run.nc")
    assert nd.load(tmp_path / "run.nc") == run
    positive = run.positive
    assert positive is not None
    assert positive.correction == "antisymmetric"


@pytest.mark.parametrize("value", ["symmetric", "", 1, True])
def test_unknown_correction_is_refused(value, rng):
    net = UNEQUAL["own-linear"]()
    eq, y = given(net, rng)
    for call in (
        lambda: nd.nudge(net, eq, y, correction=value),
        lambda: nd.experiment(net, eq.x, y, correction=value),
        lambda: nd.gradient(net, eq.x, y, correction=value),
        lambda: analysis.convergence(net, eq, y, correction=value),
    ):
        with pytest.raises(nd.ArgumentError, match=r"unknown `correction`.*antisymmetric"):
            call()


def test_model_files_and_cells_of_sweeps_know_the_correction():
    feedback = [f"connections.{name}.feedback=random" for name in ("h1-h2", "h2-y")]
    read = [
        models.read("rate-chain", overrides=[*feedback, f"nudging.correction={c}"]) for c in ("antisymmetric", "none")
    ]
    assert [model.correction for model in read] == ["antisymmetric", None]
    cell = {"model": "rate-chain", "connections.h2-y.feedback": 0.3, "data.samples": 1}
    none, found = (run_cell({**cell, "nudging.correction": c})["max_relative_error"] for c in ("none", "antisymmetric"))
    assert none > 0.01
    assert found < 1e-5
    with pytest.raises(nd.ModelError, match=r"nudging.correction: unknown name 'symmetric'"):
        models.read("rate-chain", overrides=["nudging.correction=symmetric"])


def test_learning_follows_the_exact_gradient_and_tells_how_feedback_aligns(rng):
    net = UNEQUAL["own-feedback"]()
    x, y = draw_input(net, 4, rng), draw_target(net, 4, rng)
    given: dict[str, Any] = {"method": "equilibrium-propagation", "epochs": 2, "alignment": 4, "rates": 0.3}
    found, plain = (nd.learn(net, x, y, correction=c, **given) for c in ("antisymmetric", None))
    assert found.cosine is not None
    assert plain.cosine is not None
    assert found.cosine.min() > 0.999
    assert plain.cosine.max() < 0.9
    assert found.feedback_cosine is not None
    assert found.feedback_cosine[-1] == nd.learning.feedback_cosine(found.network)
    assert np.isnan(nd.learning.feedback_cosine(RATE["chain-tanh"]()))


# -- what the correction promises, on many draws -----------------------------------------------------------------------


def random_units(seed):
    return prepared(models.Rate.recurrent(12, 3, 2, feedback="random", gain=0.8, seed=seed), seed)


def layered(seed):
    return prepared(models.Rate.layered([6, 10, 8, 3], feedback="random", seed=seed), seed)


def check_promise(found, plain, name):
    """The correction's orders in beta, and that the nudged phase without it is wrong; prints what was found."""
    best = min(found.centered.min(), found.one_sided.min())
    slopes = f"slopes {found.one_sided_slope:.3f}, {found.centered_slope:.3f}"
    print(f"{name}: {slopes}; best {best:.1e}; plain {plain:.2g}")
    assert found.one_sided_slope == pytest.approx(1.0, abs=0.1)
    assert found.centered_slope == pytest.approx(2.0, abs=0.1)
    assert best <= 1e-10
    assert plain > 0.01


@pytest.mark.slow
@pytest.mark.parametrize(("make", "seed"), list(itertools.product([random_units, layered], range(5))))
def test_orders_and_exactness_on_random_networks(make, seed):
    net, rng = make(seed), np.random.default_rng(seed)
    eq, y = given(net, rng, batch=1)
    found = analysis.convergence(net, eq, y, solver=TIGHT, **CORRECTED)
    plain, _ = error(net, eq, y, beta=1e-3)
    check_promise(found, plain, f"{make.__name__} {seed}")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(5))
def test_orders_and_exactness_on_sparse_networks_of_2000_units(seed):
    net = prepared(models.Rate.recurrent(2000, 10, 20, sparsity=0.98, feedback="random", gain=0.6, seed=seed), seed)
    rng = np.random.default_rng(seed)
    eq, y = given(net, rng, batch=1)
    times = 40.0 * np.linspace(0.0, 1.0, 41) ** 2
    found = analysis.convergence(net, eq, y, t_eval=times, solver=TIGHT, **CORRECTED)
    run = nd.nudge(net, eq, y, beta=1e-3, t_eval=times)
    plain = analysis.compare(run, nd.side_network(net, eq, y, t_eval=times), gradient_times=2).max_relative_error
    check_promise(found, plain, f"sparse {seed}")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_random_feedback_learns_digits_by_the_corrected_phase():
    """Digits in a shuffled order, which asks about the same hands; the library's own split asks about others."""
    model, data = models.read("random-feedback", samples=False), digits("all")
    order = np.random.default_rng(0).permutation(len(data.labels))
    learn, test = ((data.images[part], data.labels[part]) for part in np.split(order, [1437]))
    same: dict[str, Any] = {"recipe": model.recipe, "test": test, "alignment": 50, "epochs": 6}
    found, plain = (nd.learn(model.network, *learn, **same, correction=c) for c in ("antisymmetric", None))
    for name, training in (("corrected", found), ("plain", plain)):
        assert training.cosine is not None
        print(f"{name}: test error {training.test_error:.2%}, least cosine {training.cosine.min():.3f}")
    assert found.test_error is not None
    assert found.test_error <= 0.05
    assert found.cosine is not None
    assert plain.cosine is not None
    assert found.cosine.min() > 0.99
    assert plain.cosine.min() < 0.9
    assert found.feedback_cosine is not None
    assert abs(found.feedback_cosine[-1]) < 0.3  # the weights need not come to be the feedback's
