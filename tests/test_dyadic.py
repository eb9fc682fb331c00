"""Two coupled copies of a network: exact to the second order without an energy, and centered nudging with one."""

import numpy as np
import pytest

import neurodyn as nd
from naive import NaiveRate
from networks import RATE, SMOOTH, UNEQUAL, draw_input, draw_target
from neurodyn.estimators.dyadic import dyadic_problem


def case(name, rng, batch=2):
    net = {**RATE, **UNEQUAL}[name]()
    return net, draw_input(net, batch, rng), draw_target(net, batch, rng)


@pytest.mark.parametrize("name", ["own-feedback", "own-softmax", "own-sparse", "recurrent"])
def test_distance_from_the_exact_gradient_is_of_second_order(name, rng):
    given = case(name, rng)
    exact = nd.gradient(*given, method="implicit")
    betas = (0.03, 0.01, 0.003)
    errors = [(nd.gradient(*given, method="dyadic", beta=b) - exact).norm / exact.norm for b in betas]
    assert np.polyfit(np.log(betas), np.log(errors), 1)[0] == pytest.approx(2.0, abs=0.1)
    assert errors[-1] < 1e-4


@pytest.mark.parametrize("name", ["recurrent", "own-feedback"])
def test_copies_follow_the_twins_forces_and_alone_where_weights_are_shared(name, rng):
    net, x, y = case(name, rng, batch=1)
    twin, n, beta = NaiveRate(net), net.n, 0.3
    problem, z = dyadic_problem(net, np.zeros((n, 1)), x, y, beta), rng.normal(0.0, 0.5, 2 * n)
    mean, difference = np.split(net.evaluate(problem.flow, z[:, None].copy(), problem.rows, 2 * n)[:, 0], 2)
    copies = [z[:n] + sign * 0.5 * beta * z[n:] for sign in (1, -1)]
    rates = [twin.rates(x[0], u)[net.n_in :] for u in copies]
    w, pull = twin.weights[net.n_in :, net.n_in :], np.zeros(n)
    pull[net.outputs] = np.mean(rates, axis=0)[net.outputs] - y[0]
    for sign, u, rate, other in ((1, *copies[:1], *rates), (-1, *copies[1:], *rates[::-1])):
        force = twin.force(x[0], u) - sign * 0.5 * beta * pull - 0.5 * (w - w.T) @ (rate - other)
        np.testing.assert_allclose(net.tau * (mean + sign * 0.5 * beta * difference), force, atol=1e-12)


def test_jacobian_is_the_slope_of_the_flow(rng):
    net, x, y = case("own-softmax", rng, batch=1)
    n, z, h = net.n, rng.normal(0.0, 0.5, 2 * net.n), 1e-6
    problem = dyadic_problem(net, np.zeros((n, 1)), x, y, 0.3)

    def flow(z):
        return net.evaluate(problem.flow, np.ascontiguousarray(z[:, None]), problem.rows, 2 * n)[:, 0]

    slopes = np.array([(flow(z + h * e) - flow(z - h * e)) / (2 * h) for e in np.eye(2 * n)]).T
    np.testing.assert_allclose(problem.jacobian(0, 0.0, z), slopes, atol=1e-7)


def test_duration_ends_the_run(rng):
    given = case("own-feedback", rng)
    found = nd.gradient(*given, method="dyadic", duration=1e-3)
    exact = nd.gradient(*given, method="implicit")
    assert found.simulated_time == pytest.approx(2e-3)
    assert found.norm < 0.1 * exact.norm


def test_refusals(rng):
    given = case("own-feedback", rng)
    with pytest.raises(nd.ArgumentError, match="`beta` must not be 0: the copies would have no difference"):
        nd.gradient(*given, method="dyadic", beta=0.0)
    net = SMOOTH["chain-tanh"]()
    with pytest.raises(nd.ModelError, match=r"coupled copies are for networks .* in the rate form"):
        nd.gradient(net, draw_input(net, 1, rng), draw_target(net, 1, rng), method="dyadic")
