"""Fixed points: all of them where they are known, of the right kind, once each."""

import numpy as np
import pytest
from scipy.optimize import brentq

import neurodyn as nd
from networks import EVERY, SMOOTH, draw_input, draw_target, each
from neurodyn import models
from neurodyn.analysis.portraits.fixed_points import classify, fixed_points
from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.analysis.portraits.newton import minima, roots, saddles


def pair(weight, activation="tanh", bias=0.0, tau=1.0):
    """Two units that drive each other; the second is an output."""
    net = models.Hopfield.recurrent(2, n_out=1, activation=activation, tau=tau)
    return net.replace(parameters={"s-s": [[0.0, weight], [weight, 0.0]], "s": np.full(2, bias)})


def symmetric_state(weight):
    """s > 0 with s = rho'(s) w rho(s)."""
    return brentq(lambda s: weight * np.tanh(s) / np.cosh(s) ** 2 - s, 1e-3, 5.0, xtol=1e-15)


def memory(patterns, gain):
    """Hebbian weights, gain/n times the sum of the patterns' outer products."""
    n = patterns.shape[1]
    weights = gain * patterns.T @ patterns / n
    np.fill_diagonal(weights, 0.0)
    return models.Hopfield.recurrent(n).replace(parameters={"s-s": weights})


def test_bistable_pair_has_three_with_the_right_rates():
    w, s = 2.0, symmetric_state(2.0)
    found = fixed_points(pair(w))
    assert list(found.kind) == ["stable node", "stable node", "saddle"]
    assert list(found.index) == [0, 0, 1]
    assert list(found.stable) == [True, True, False]
    order = np.argsort(found.state[:, 0])
    np.testing.assert_allclose(found.state[order], [[-s, -s], [0.0, 0.0], [s, s]], rtol=0, atol=1e-14)
    r, d = np.tanh(s), 1.0 / np.cosh(s) ** 2
    np.testing.assert_allclose(found.energy, [s**2 - w * r**2] * 2 + [0.0], rtol=1e-13, atol=1e-30)
    diagonal = 1.0 + 2.0 * r * d * w * r  # 1 - rho'' g
    expected = [[diagonal - w * d**2, diagonal + w * d**2]] * 2 + [[1.0 - w, 1.0 + w]]
    np.testing.assert_allclose(found.rates, expected, rtol=1e-13)
    assert found.hits[:2].sum() == 100
    assert found.hits[2] == 0
    assert "2 stable nodes" in repr(found)


def test_rates_are_those_of_the_time_constants():
    net = pair(2.0, tau=[0.5, 4.0])
    found = fixed_points(net)
    for state, rates in zip(found.state, found.rates, strict=True):
        expected = np.sort(np.linalg.eigvals(net.hessian(state) / net.tau[:, None]))
        np.testing.assert_allclose(rates, expected, rtol=1e-12)


@pytest.mark.parametrize(("weight", "count"), [(0.9, 1), (0.999, 1), (1.001, 3), (1.1, 3), (-0.9, 1), (-1.1, 3)])
def test_count_changes_at_the_critical_weight(weight, count):
    assert len(fixed_points(pair(weight), n_starts=20)) == count


def test_at_the_pitchfork_the_origin_is_degenerate():
    found = classify(Landscape.of(pair(1.0)), np.zeros((1, 2)))
    assert list(found.kind) == ["degenerate"]


def test_two_bistable_pairs_have_nine():
    weights = np.zeros((4, 4))
    weights[0, 1] = weights[1, 0] = weights[2, 3] = weights[3, 2] = 2.0
    net = models.Hopfield.recurrent(4).replace(parameters={"s-s": weights})
    found = fixed_points(net, n_starts=200)
    kinds = {kind: int(np.sum(found.kind == kind)) for kind in set(found.kind)}
    assert kinds == {"stable node": 4, "saddle": 5}
    assert sorted(found.index) == [0] * 4 + [1] * 4 + [2]


def test_unstable_node_of_a_linear_unit_pair_under_negative_nudging():
    net = pair(0.0, activation="linear")
    both = models.Hopfield.recurrent(2, n_out=2, activation="linear").replace(parameters=net.parameters)
    found = fixed_points(both, y=[1.0, -1.0], beta=-3.0, n_starts=5)
    assert list(found.kind) == ["unstable node"]
    np.testing.assert_allclose(found.state, [[1.5, -1.5]], rtol=1e-14)  # (1 + beta) s = beta y


def test_linear_network_has_the_one_that_linear_algebra_says(rng):
    net = SMOOTH["chain-linear"]()
    x, zero = rng.uniform(-1.0, 1.0, net.n_in), np.zeros(net.n)
    found = fixed_points(net, x, n_starts=10)
    hessian = net.hessian(zero, x)
    np.testing.assert_allclose(found.state, [np.linalg.solve(hessian, net.force(zero, x))], rtol=1e-12)
    np.testing.assert_allclose(found.rates[0], np.sort(np.linalg.eigvals(hessian / net.tau[:, None]).real), rtol=1e-11)
    assert found.hits[0] == 10


def test_linear_saddle_is_found_although_nothing_rests_there():
    found = fixed_points(pair(2.0, activation="linear", bias=0.3), n_starts=5)
    assert list(found.kind) == ["saddle"]
    np.testing.assert_allclose(found.state, [[-0.3, -0.3]], rtol=1e-13)
    assert found.hits[0] == 0


def test_hard_sigmoid_pair_rests_in_the_corners():
    found = fixed_points(pair(2.0, activation="hard-sigmoid", bias=-0.5))
    np.testing.assert_allclose(found.state[found.stable], [[0.0, 0.0], [1.0, 1.0]], atol=1e-15)
    np.testing.assert_allclose(found.state[found.kind == "saddle"], [[0.5, 0.5]], rtol=1e-13)
    assert len(found) == 3
    assert np.isnan(found.rates[found.stable]).all()  # both units are stuck


@pytest.mark.slow
@pytest.mark.parametrize("gain", [2.0, pytest.param(3.0, marks=pytest.mark.slow)])
def test_memory_holds_its_patterns(gain):
    patterns = np.random.default_rng(0).choice([-1.0, 1.0], (5, 100))
    found = fixed_points(memory(patterns, gain), n_starts=60)
    stable = found.select(found.stable)
    assert np.all(stable.residual < 1e-12)
    for pattern in patterns:
        match = [k for k in range(len(stable)) if np.array_equal(np.sign(stable.state[k]), pattern)]
        assert len(match) == 1
        assert stable.hits[match[0]] > 0
    assert np.sum(found.index == 1) >= 2  # passes between them


@pytest.mark.parametrize("name", each(EVERY))
def test_every_point_is_one_and_relax_agrees(name, rng):
    net = EVERY[name]()
    x = draw_input(net, 1, rng)
    x = None if x is None else x[0]
    found = fixed_points(net, x, n_starts=10)
    assert np.all(found.residual < 1e-13)
    assert np.all(np.diff(found.energy) >= 0.0)
    eq = nd.relax(net, x, start=np.where(net.box, 0.5, 0.1))
    assert np.abs(found.state[found.stable] - eq.state).max(axis=1).min() < 1e-9
    distance = np.abs(found.state[:, None] - found.state[None]).max(axis=2) + np.eye(len(found))
    assert distance.min() > 1e-6


@pytest.mark.parametrize("name", ["chain-tanh", "mixed", "chain-hard", "recurrent"])
@pytest.mark.parametrize("beta", [0.7, -0.1])
def test_nudged_points_have_no_total_force(name, beta, rng):
    net = EVERY[name]()
    x, y = draw_input(net, 1, rng)[0], draw_target(net, 1, rng)[0]
    found = fixed_points(net, x, y=y, beta=beta, n_starts=10)
    assert found.hits.sum() == 10
    force = net.force(found.state, np.tile(x, (len(found), 1)))
    force[:, net.outputs] -= beta * (found.state[:, net.outputs] - y)
    stuck = net.box & (((found.state <= 0) & (force < 0)) | ((found.state >= 1) & (force > 0)))
    assert np.abs(np.where(stuck, 0.0, force)).max() < 1e-13


def test_newton_searches_find_what_they_promise(rng):
    landscape = Landscape.of(pair(2.0))
    start = rng.uniform(-1.5, 1.5, (50, 2))
    low, residual = minima(landscape, start)
    assert residual.max() < 1e-13
    assert np.all(landscape.index(low) == 0)
    passes, residual = saddles(landscape, start[:5])
    np.testing.assert_allclose(passes[residual < 1e-12], 0.0, atol=1e-13)
    assert np.sum(residual < 1e-12) >= 4
    assert np.sum(roots(landscape, start)[1] < 1e-12) >= 45


def test_what_does_not_fit_is_refused():
    net = pair(2.0)
    with pytest.raises(nd.ArgumentError, match="`n_starts` must be a whole number >= 1; got 0"):
        fixed_points(net, n_starts=0)
    with pytest.raises(nd.ArgumentError, match=r"`starts` must have shape \(batch, 2\)"):
        fixed_points(net, starts=np.zeros((3, 4)))
    with pytest.raises(nd.ArgumentError, match=r"`starts` must lie in \[0, 1\]"):
        fixed_points(pair(2.0, activation="hard-sigmoid"), starts=[[0.5, 1.5]])
    with pytest.raises(nd.ArgumentError, match=r"`y` is missing: nudging with beta = 0\.1"):
        fixed_points(net, beta=0.1)
    with pytest.raises(nd.ArgumentError, match="`beta` must be a finite number; got nan"):
        fixed_points(net, y=[1.0], beta=np.nan)
    with pytest.raises(nd.ArgumentError, match="`x` must be one input"):
        fixed_points(SMOOTH["chain-tanh"](), np.zeros((2, 5)))
