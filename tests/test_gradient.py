"""Estimators of dJ/dtheta hold each other to account."""

import numpy as np
import pytest

import neurodyn as nd
from naive import NaiveHopfield, full
from networks import BOXED, SMOOTH, box_chain, draw_input, draw_target, quick
from neurodyn import models

TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)
#: Methods that are the gradient itself, but for numerical error.
EXACT = ("equilibrium-propagation", "recurrent-backprop", "implicit", "finite-differences")


def case(net, rng, batch=2):
    """Arguments of `gradient`: input, target, start."""
    x = draw_input(net, batch, rng)
    start = None if net.n_in else rng.normal(0.0, 0.3, (batch, net.n))
    return {"x": None if x is None else 0.5 * x, "y": draw_target(net, batch, rng), "start": start}


@pytest.mark.parametrize(
    "name",
    quick(["chain-sigmoid", "recurrent", "self-inside-chain", "input-second", "input-tanh"], "recurrent", "input-tanh"),
)
def test_implicit_gradient_and_long_side_network_agree_with_finite_differences(name, rng):
    net = SMOOTH[name]()
    given = case(net, rng)
    slopes = nd.gradient(net, **given, method="finite-differences")
    implicit = nd.gradient(net, **given, method="implicit")
    long = nd.gradient(net, **given, method="recurrent-backprop")
    assert (implicit - slopes).norm < 1e-6 * slopes.norm
    assert (long - slopes).norm < 1e-5 * slopes.norm
    for block in slopes:  # a small block must not hide behind a large one
        np.testing.assert_allclose(implicit[block], slopes[block], atol=1e-7)


@pytest.mark.parametrize("name", SMOOTH)
def test_long_nudged_phase_gives_the_implicit_gradient(name, rng):
    net = SMOOTH[name]()
    given = case(net, rng)
    exact = nd.gradient(net, **given, method="implicit")
    found = nd.gradient(net, **given, beta=1e-4, solver=TIGHT)
    assert (found - exact).norm < 1e-6 * exact.norm


@pytest.mark.parametrize("name", SMOOTH)
def test_implicit_gradient_is_that_of_dense_linear_algebra(name, rng):
    net = SMOOTH[name]()
    given = case(net, rng, batch=1)
    found = nd.gradient(net, **given, method="implicit")
    eq = nd.relax(net, given["x"], start=given["start"])
    x, s = (None if eq.x is None else eq.x[0]), eq.state[0]
    twin = NaiveHopfield(net)
    adjoint = np.linalg.solve(twin.hessian(x, s), twin.cost_slope(s, given["y"][0]))
    h = 1e-5
    up, down = (twin.energy_gradient(x, s + sign * h * adjoint) for sign in (1, -1))
    for block in found:
        expected = -(up[block] - down[block]) / (2 * h)
        np.testing.assert_allclose(full(found[block]), expected, atol=1e-8, err_msg=block)


@pytest.mark.parametrize("name", quick(BOXED, "chain-hard", "recurrent-hard-softmax"))
def test_gradient_in_the_box_agrees_with_finite_differences_off_the_kinks(name, rng):
    net = BOXED[name]()
    given = case(net, rng, batch=4)
    slopes = nd.gradient(net, **given, method="finite-differences", step=1e-6)
    implicit = nd.gradient(net, **given, method="implicit")
    np.testing.assert_allclose(implicit.vector, slopes.vector, atol=2e-6)


def test_gradient_of_one_linear_output_in_closed_form():
    net = models.Hopfield.layered([2, 1], activation="linear")
    x, y = np.array([[0.5, -1.0], [2.0, 0.3]]), np.array([[0.2], [0.1]])
    gap = x @ net.parameters["x-y"] - y  # s* = W x, so that J is linear regression
    for method in EXACT:
        found = nd.gradient(net, x, y, method=method)
        np.testing.assert_allclose(found["x-y"], x.T @ gap / 2, rtol=2e-6)  # β² = 1e-6
        np.testing.assert_allclose(found["y"], gap.mean(axis=0), rtol=2e-6)


@pytest.mark.parametrize("method", EXACT)
def test_gradient_of_a_batch_is_the_mean_over_its_samples(method, rng):
    net = SMOOTH["one-unit"]()
    given = case(net, rng, batch=3)
    whole = nd.gradient(net, **given, method=method)
    parts = [nd.gradient(net, given["x"][k], given["y"][k], method=method) for k in range(3)]
    np.testing.assert_allclose(whole.vector, np.mean([part.vector for part in parts], axis=0), atol=1e-7)


def test_a_step_against_the_gradient_lowers_the_cost_as_it_says(rng):
    net = SMOOTH["skip"]()
    given = case(net, rng, batch=4)
    slope = nd.gradient(net, **given)

    def objective(network):
        return float(np.mean(network.cost(nd.relax(network, given["x"]).state, given["y"])))

    step = 1e-4
    moved = net.replace(parameters=net.parameters - slope * step)
    assert objective(net) - objective(moved) == pytest.approx(step * slope.norm**2, rel=1e-2)


def test_samples_without_a_signal_have_no_gradient(rng):
    net = box_chain()
    x, y = rng.uniform(-1.0, 1.0, (40, 4)), rng.uniform(0.0, 1.0, (40, 3))
    eq = nd.relax(net, x)
    dead = ~eq.active[:, net.outputs].any(axis=1)
    assert dead.any()
    for method in ("implicit", "recurrent-backprop", "equilibrium-propagation"):
        assert not nd.gradient(net, x[dead], y[dead], method=method).vector.any()
    assert np.all(net.cost(eq.state, y)[dead] > 0)


def test_gradients_have_the_layout_of_the_parameters(rng):
    net = SMOOTH["recurrent"]()
    found = nd.gradient(net, **case(net, rng))
    assert found.blocks == net.parameters.blocks
    assert np.array_equal(found["s-s"], found["s-s"].T)
    assert not np.diagonal(found["s-s"]).any()


def test_one_sided_gradient_is_biased_by_beta(rng):
    net = SMOOTH["chain-tanh"]()
    given = case(net, rng)
    exact = nd.gradient(net, **given, method="implicit")
    errors = [
        (nd.gradient(net, **given, beta=beta, nudging="positive") - exact).norm / exact.norm for beta in (1e-1, 1e-2)
    ]
    assert errors[0] / errors[1] == pytest.approx(10.0, rel=0.2)


def test_unknown_method_is_refused_with_the_nearest():
    net = SMOOTH["one-unit"]()
    with pytest.raises(nd.ArgumentError, match=r"`method` 'implict'.*did you mean 'implicit'"):
        nd.gradient(net, [0.1], [0.2], method="implict")
