"""Tolerances follow the sizes of states and signals; and what holds at the bounds of a box."""

from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import brentq

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.system.sizes import nearest_power


def linear():
    """A stable chain of linear units."""
    return models.Hopfield.layered([4, 6, 5, 3], activation="linear", gain=0.3, seed=0)


def test_sizes_are_powers_of_1024_and_1_where_things_are_ordinary():
    found = nearest_power(np.array([0.0, 1e-9, 0.04, 1.0, 30.0, 1e6, np.nan, 1e-320]))
    np.testing.assert_array_equal(found, [1.0, 2.0**-30, 1.0, 1.0, 1.0, 2.0**20, 1.0, 2.0**-900])


def test_signals_scale_with_the_error_of_a_target_bit_for_bit(rng):
    net = linear()
    rest, error, times = nd.relax(net, np.zeros(4)), rng.normal(size=3), np.linspace(0.0, 30.0, 7)
    for run in (nd.nudge, nd.side_network):
        large = run(net, rest, error, t_eval=times)
        small = run(net, rest, 2.0**-30 * error, t_eval=times)
        np.testing.assert_array_equal(small.error_signal, 2.0**-30 * large.error_signal)


@pytest.mark.parametrize("scale", [1e-9, 1e-15])
def test_small_inputs_and_targets_are_resolved_as_ordinary_ones_are(scale, rng):
    net = linear()
    x, y = rng.uniform(size=(2, 4)), rng.uniform(size=(2, 3))
    rest, small = nd.relax(net, x), nd.relax(net, scale * x)
    np.testing.assert_allclose(small.state / scale, rest.state, rtol=1e-9, atol=1e-12)
    run = nd.nudge(net, small, scale * y)
    side = nd.side_network(net, small, scale * y, t_eval=run.t)
    assert analysis.compare(run, side).max_relative_error < 1e-6


def test_weights_that_move_gain_from_small_signals_what_they_gain_from_ordinary_ones(rng):
    net = linear()
    rest, error, options = nd.relax(net, np.zeros(4)), rng.normal(size=3), dict[str, Any](beta=1e-3, tau_theta=1e6)
    large = nd.plastic_phase(net, rest, error, t_eval=[20.0], **options)
    small = nd.plastic_phase(net, rest, 2.0**-30 * error, t_eval=[20.0], **options)
    np.testing.assert_allclose(small.displacement, 2.0**-30 * large.displacement, rtol=1e-6, atol=1e-18)


@pytest.mark.parametrize("scale", [1e6, 1e11])
def test_a_linear_network_comes_to_rest_whatever_its_input(scale, rng):
    net, x = linear(), rng.uniform(size=(2, 4))
    np.testing.assert_allclose(nd.relax(net, scale * x).state / scale, nd.relax(net, x).state, rtol=1e-9)


def test_a_network_that_starts_close_to_a_saddle_comes_to_rest_far_away():
    twins = models.Hopfield.recurrent(n=2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    far = nd.relax(twins, start=[1.0, 1.0])
    near = nd.relax(twins, start=[1e-9, 1e-9])
    np.testing.assert_allclose(near.state, far.state, rtol=1e-10)


def test_every_population_of_a_deep_chain_is_resolved():
    net = models.Hopfield.layered([4] + [8] * 19 + [3], seed=0, gain=0.4)
    rng = np.random.default_rng(0)
    rest, y = nd.relax(net, rng.uniform(size=4)), rng.uniform(size=3)
    run = nd.nudge(net, rest, y, beta=1e-5)
    side = nd.side_network(net, rest, y, t_eval=run.t)
    found = analysis.compare(run, side).populations
    assert max(part.max_relative_error for part in found.values()) < 2e-6


@pytest.mark.parametrize("method", ["relax5", "tsit5"])
def test_steps_across_a_kink_meet_their_tolerance(method):
    box, w = {"size": 1, "activation": "hard-sigmoid"}, 0.4
    net = models.Hopfield({"a": box, "b": box}, [nd.Connection("a", "b")], seed=0)
    net = net.replace(parameters={"a-b": [[w]], "a": [2.0], "b": [0.1]})
    matrix, drive, start = np.array([[-1.0, w], [w, -1.0]]), np.array([2.0, 0.1]), np.array([0.1, 0.2])
    rest = -np.linalg.solve(matrix, drive)

    def before(t):
        return rest + expm(matrix * t) @ (start - rest)

    hit = brentq(lambda t: before(t)[0] - 1.0, 0.0, 5.0, xtol=1e-15)  # from then on a stays at 1
    t = np.linspace(0.0, 6.0, 25)
    level, first = w + 0.1, before(hit)[1]
    expected = [before(v) if v < hit else [1.0, level + (first - level) * np.exp(hit - v)] for v in t]
    found = nd.simulate(net, start=start, t_eval=t, solver=nd.Solver(method=method)).state
    assert np.abs(found - expected).max() < 2e-8
