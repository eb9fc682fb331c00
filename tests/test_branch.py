"""The branch of an equilibrium along beta: where it folds, and who says so."""

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.system.branch import first_fold, followed
from neurodyn.system.fixed_point import FixedPoint

#: An input, a hidden and an output unit whose branch folds at beta = 0.639616, far below its beta_c of 1.84.
X, Y, START, FOLD = [0.3], [-0.9], [0.5, 0.5], 0.639616


@pytest.fixture(scope="module")
def folding():
    populations = {"x": {"size": 1, "role": "input"}, "a": {"size": 1}, "b": {"size": 1, "role": "output"}}
    net = models.Hopfield(populations, [nd.Connection("x", "a"), nd.Connection("a", "b")], tau=[1.0, 3.0], seed=0)
    return net.replace(parameters={"x-a": [[0.8]], "a-b": [[2.1]], "a": [0.05], "b": [-0.1]})


def test_the_branch_ends_where_the_curve_of_fixed_points_turns(folding):
    rest = nd.relax(folding, X, start=START)
    point, target = FixedPoint.of(folding, rest.state, np.array([X])), np.array([Y])
    assert analysis.nudged_path(folding, rest, Y).folds[0] == pytest.approx(FOLD, abs=1e-5)
    end = followed(point, target, 0, 2.0)
    assert end.folds
    assert end.beta == pytest.approx(FOLD, abs=1e-3)
    short = followed(point, target, 0, 0.5)
    assert not short.folds
    moved = nd.nudge(folding, rest, Y, beta=0.5, nudging="positive", t_eval=[200.0])
    np.testing.assert_allclose(short.state, moved.state[-1], atol=1e-8)
    assert first_fold(point, target, 0.6) == np.inf


def test_a_linear_network_is_followed_to_its_critical_beta():
    net = models.Hopfield.layered([2, 3, 2], activation="linear", gain=0.5, seed=1)
    point = FixedPoint.of(net, nd.relax(net, [0.4, -0.2]).state, np.array([[0.4, -0.2]]))
    target = np.array([[0.5, 1.0]])
    assert first_fold(point, target, 5.0) == pytest.approx(point.critical_beta(target)[0], rel=2e-3)


def test_a_nudge_that_leaves_the_branch_is_noted(folding):
    def notes(beta, nudging="positive"):
        found = nd.gradient(folding, X, Y, start=START, beta=beta, nudging=nudging)
        return " ".join(found.notes)

    assert "the branch of s* folds at beta = 0.64, before 0.7" in notes(0.7)
    assert "the branch of s* folds" in notes(0.7, "centered")
    assert notes(0.6) == notes(0.1, "centered") == ""


def test_orders_are_fitted_below_the_fold(folding):
    rest = nd.relax(folding, X, start=START)
    found = analysis.convergence(folding, rest, Y, betas=np.logspace(-4, 0, 9))
    assert found.fold == pytest.approx(FOLD, abs=1e-3)
    assert found.critical_beta > 1.8
    assert found.one_sided_slope == pytest.approx(1.0, abs=0.1)
    assert found.centered_slope == pytest.approx(2.0, abs=0.1)
    order = analysis.gradient_order(folding, X, Y, start=START, betas=[0.1, 1.0])
    assert order.limit == pytest.approx(FOLD, abs=1e-3)


def test_a_unit_that_a_nudge_frees_from_its_bound_comes_to_rest():
    box = {"size": 1, "activation": "hard-sigmoid"}
    net = models.Hopfield({"h": box, "y": {**box, "role": "output"}}, [nd.Connection("h", "y")], seed=0)
    net = net.replace(parameters={"h-y": [[1.3]], "h": [0.3], "y": [-1.29]})
    found = nd.gradient(net, None, [1.0], start=[0.3, 0.0], beta=1.0, nudging="positive")
    # at rest h = 0.3 + 1.3 y and 2 y = 1.3 h - 0.29, so that y = 0.1 / 0.31
    np.testing.assert_allclose(found["y"], [-0.1 / 0.31], rtol=1e-6)
    assert not any("does not rest" in note for note in found.notes)
