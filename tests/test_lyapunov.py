"""Lyapunov exponents: closed forms, and the attractors whose exponents are known."""

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.models import terms
from neurodyn.phases.growth import dimension
from neurodyn.phases.tangent import tangent_problem

RING = models.Rate.recurrent(3, feedback={"s-s": [[0.0, 3.0, 0.0], [0.0, 0.0, -3.0], [3.0, 0.0, 0.0]]})


def lorenz(s, r, theta, out):
    out[0] = theta[0] * (s[1] - s[0])
    out[1] = s[0] * (theta[1] - s[2]) - s[1]
    out[2] = s[0] * s[1] - theta[2] * s[2]


def test_tangent_vectors_follow_the_jacobian():
    rng = np.random.default_rng(0)
    own = models.EnergyNetwork(
        {"x": {"size": 2, "role": "input"}, "h": 4},
        [terms.Leak(), terms.Bias(), terms.LogSumExp("h", memories=3), terms.PairForce("h", "x", "w*tanh(b)")],
        tau=[1.0, 2.0, 0.3, 0.5],
        seed=1,
    )
    for net in (own, models.Hopfield.layered([2, 3, 2], tau=[1.0, 2.0, 0.5, 0.3, 1.0], seed=1)):
        s, x, v = rng.normal(size=(3, net.n)), rng.normal(size=(3, 2)), rng.normal(size=(2, 3, net.n))
        problem = tangent_problem(net, np.ascontiguousarray(s.T), x, np.ascontiguousarray(np.swapaxes(v, 1, 2)))
        out = np.empty_like(problem.start)
        work = np.empty((problem.work_rows, 3))
        problem.flow(np.zeros(3), problem.start, problem.rows, problem.theta, problem.layout, work, out)
        velocities = out.reshape(3, net.n, 3).swapaxes(1, 2)
        np.testing.assert_allclose(velocities[0], net.force(s, x) / net.tau, rtol=0, atol=1e-14)
        for along, found in zip(v, velocities[1:], strict=True):
            np.testing.assert_allclose(found, -net.jvp(s, along, x) / net.tau, rtol=0, atol=1e-14)


def test_exponents_of_a_network_at_rest_are_minus_its_relaxation_rates():
    net = models.Rate.recurrent(3, 2, feedback="random", tau=[1.0, 2.0, 0.5], gain=0.7, seed=3)
    x = np.array([[0.3, 0.5], [1.0, -1.0]])
    found = analysis.lyapunov(net, x, count=3, tol=1e-3)
    for sample, state in enumerate(nd.relax(net, x).state):
        rates = np.linalg.eigvals(net.jacobian(state, x[sample]) / net.tau[:, None]).real
        error = np.abs(found.exponents[sample] - np.sort(rates)[::-1])
        assert np.all(error <= 3.0 * found.standard_error[sample] + 1e-5)
    assert not found.chaotic.any()
    assert np.all(found.dimension == 0.0)
    alone = analysis.lyapunov(net, x[1], count=3, tol=1e-3)
    np.testing.assert_array_equal(alone.exponents, found.exponents[1])


def test_a_cycle_has_one_exponent_of_zero_and_dimension_one(tmp_path):
    found = analysis.lyapunov(RING, count=2)
    assert abs(found.exponents[0]) <= 3.0 * found.standard_error[0] < 0.02
    assert found.exponents[1] < -0.1
    assert found.dimension == 1.0
    assert not found.chaotic
    cycle = analysis.limit_cycle(RING)
    floquet = np.log(np.abs(cycle.multipliers[1])) / cycle.period
    assert abs(found.exponents[1] - floquet) <= 3.0 * found.standard_error[1]
    found.save(tmp_path / "exponents.nc")
    assert nd.load(tmp_path / "exponents.nc") == found


def test_kaplan_and_yorkes_dimension():
    none = np.zeros(3)
    assert dimension(np.array([0.9, 0.0, -14.5]), none, 3) == pytest.approx(2.0 + 0.9 / 14.5)
    assert dimension(np.array([0.005, -1.0, -2.0]), none + 0.002, 3) == 1.0
    assert dimension(np.array([0.5, 0.1, 0.1]), none, 3) == 3.0
    assert np.isnan(dimension(np.array([0.5, 0.1, 0.1]), none, 5))


def test_what_has_no_exponents_is_refused():
    with pytest.raises(nd.ModelError, match="hard sigmoid"):
        analysis.lyapunov(models.Hopfield.recurrent(3, activation="hard-sigmoid"))
    with pytest.raises(nd.ArgumentError, match="`count` must be a whole number from 1 to 3"):
        analysis.lyapunov(RING, count=4)


@pytest.mark.slow
def test_lorenz_exponents_lie_within_their_errors():
    field = terms.Own("s", force=lorenz, constants={"sigma": 10.0, "rho": 28.0, "beta": 8 / 3})
    flow = models.EnergyNetwork({"s": {"size": 3, "outputs": 1}}, [field])
    found = analysis.lyapunov(flow, count=3, start=[1.0, 1.0, 20.0], tol=0.006)
    error = np.abs(found.exponents - [0.9056, 0.0, -14.5723])
    assert np.all(found.standard_error <= 0.006)
    assert np.all(error <= 3.0 * found.standard_error)
    assert found.exponents.sum() == pytest.approx(-41 / 3, abs=1e-4)  # the divergence of the field
    assert found.chaotic
    assert found.dimension == pytest.approx(2.062, abs=0.004)


@pytest.mark.slow
def test_random_rate_networks_become_chaotic_as_their_gain_grows():
    found = [
        analysis.lyapunov(models.Rate.recurrent(200, feedback="random", gain=gain, seed=1), tol=0.02)
        for gain in (0.5, 3.0)
    ]
    assert not found[0].chaotic
    assert found[1].chaotic
    assert found[0].exponents[0] == pytest.approx(-0.5, abs=0.05)  # near g - 1, the edge of the circle of eigenvalues
