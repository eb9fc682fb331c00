"""Linear algebra at fixed points, many samples at a time."""

import numpy as np
import pytest

import neurodyn as nd
from neurodyn.models import Hopfield
from neurodyn.system import fixed_point
from neurodyn.system.fixed_point import FixedPoint


def points(activation, batch=7, n=6):
    """States of a network with strong weights: some at minima, some far from it, in a box some on its bounds."""
    net = Hopfield.recurrent(n, 2, activation=activation, gain=3.0, seed=1)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, 2))
    eq = nd.relax(net, x, start=rng.uniform(0.0, 1.0, (batch, n)), on_failure="return")
    state = eq.state.copy()
    state[::2] = rng.uniform(0.0, 1.0, state[::2].shape)
    return FixedPoint.of(net, state, x)


@pytest.mark.parametrize("activation", ["tanh", "hard-sigmoid"])
@pytest.mark.parametrize("entries", [1, 80, 10**6])
def test_stacked_hessians_are_those_of_the_samples(activation, entries, monkeypatch):
    monkeypatch.setattr(fixed_point, "STACK_ENTRIES", entries)
    point, seen = points(activation), []
    for some, stack in point.stacks([5, 0, 3]):
        for j, h in zip(some, stack, strict=True):
            keep = point.local.active[:, j]
            assert np.array_equal(h[np.ix_(keep, keep)], point.linearized(j))
            assert np.array_equal(h[~keep], np.eye(len(keep))[~keep])
            seen.append(int(j))
    assert seen == [5, 0, 3]
    assert activation == "tanh" or not point.local.active.all()


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "hard-sigmoid", "softplus"])
def test_minima_are_told_from_other_states_by_eigenvalues(activation):
    point = points(activation, batch=40)
    found = point.stable(np.arange(40))
    expected = [not h.size or np.linalg.eigvalsh(h)[0] > 1e-9 for h in (point.linearized(j) for j in range(40))]
    assert list(found) == expected
    assert list(found) == [point.index(j) == 0 for j in range(40)]
    assert found.any()


def test_index_counts_the_directions_that_lead_down():
    net = Hopfield.recurrent(3).replace(parameters={"s-s": 3.0 * (np.ones((3, 3)) - np.eye(3))})
    values = np.linalg.eigvalsh(net.hessian(np.zeros(3)))
    assert FixedPoint.of(net, np.zeros(3), None).index(0) == np.sum(values < 0) == 1
    turned = net.replace(parameters={"s-s": -net.parameters["s-s"]})
    assert FixedPoint.of(turned, np.zeros(3), None).index(0) == 2


@pytest.mark.parametrize("activation", ["tanh", "hard-sigmoid"])
def test_newton_polishes_a_sample_to_the_same_bits_in_any_company(activation):
    net = Hopfield.recurrent(6, 2, activation=activation, seed=3)
    x = np.random.default_rng(1).normal(size=(9, 2))
    eq = nd.relax(net, x)
    inside = eq.active & (eq.state < 0.9)
    state = eq.state + 1e-4 * inside
    together = FixedPoint.of(net, state, x).polished(1e-12, np.ones(9))
    for j in (0, 4, 8):
        alone = FixedPoint.of(net, state[j], x[j]).polished(1e-12, np.ones(1))
        assert np.array_equal(alone.s[:, 0], together.s[:, j])
    assert together.residual.max() < 1e-12
