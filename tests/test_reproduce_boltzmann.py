"""The Boltzmann machine: its law is what quadrature and long runs say, and learning makes images likely."""

import numpy as np
import pytest

import neurodyn as nd
from neurodyn.reproductions import boltzmann, boltzmann_law


def drawn(visible, hidden):
    """A machine with strong weights and biases."""
    rng = np.random.default_rng(5)
    net = boltzmann_law.machine(visible, hidden, 0)
    return net.replace(
        parameters={
            "v-h": rng.normal(0.0, 0.8, (visible, hidden)),
            "v": rng.normal(0.0, 0.4, visible),
            "h": rng.normal(0.0, 0.4, hidden),
        }
    )


def test_law_is_that_of_the_energy_summed_over_a_grid():
    net = drawn(2, 1)
    s, h = np.linspace(-2.2, 2.2, 89), np.linspace(-7.0, 7.0, 141)  # no point of s is 0 but the middle one
    grid = np.stack(np.meshgrid(s, s, h, indexing="ij"), axis=-1).reshape(-1, 3)
    mass = np.exp(-net.energy(grid) / boltzmann_law.TEMPERATURE)
    mass[(grid[:, :2] == 0.0).any(axis=1)] = 0.0  # on the edge of two patterns, and least likely there
    which = boltzmann.numbers(grid[:, :2])
    expected = np.bincount(which, mass, 4) / mass.sum()
    assert np.abs(boltzmann_law.law(net, nodes=5) - expected).max() < 2e-3  # what is left out on the edges
    assert np.abs(boltzmann_law.law(net) - boltzmann_law.law(net, nodes=5)).max() < 2e-3
    assert np.abs(np.diff(expected)).max() > 0.1


def test_law_is_what_chains_under_noise_visit():
    net = drawn(3, 2)
    run = nd.simulate(
        net,
        start=np.zeros((300, net.n)),
        temperature=boltzmann_law.TEMPERATURE,
        step=boltzmann.STEP,
        seed=1,
        t_eval=np.arange(20.0, 101.0, 10.0),
    )
    which = boltzmann.numbers(run.state[:, :, net.outputs].reshape(-1, 3))
    visited = np.bincount(which, minlength=8) / which.size
    assert 0.5 * np.abs(visited - boltzmann_law.law(net)).sum() < 0.04  # 2,700 samples: about 0.02 by chance


def test_there_are_as_many_bars_and_stripes_as_there_should_be():
    assert [len(boltzmann.bars_and_stripes(side)) for side in (2, 3, 4)] == [6, 14, 30]
    assert np.array_equal(boltzmann.numbers(boltzmann_law.patterns(3)), np.arange(8))


@pytest.mark.slow
def test_contrastive_hebbian_learning_makes_images_likely(monkeypatch):
    monkeypatch.setitem(boltzmann.SIZES, "small", (2, 4, 100, 4, 0.5))
    _, found = boltzmann.learn(
        boltzmann.RULES["contrastive Hebbian"], boltzmann.bars_and_stripes(2), "small", 0, lambda part: None
    )
    assert found[0, 1] == pytest.approx(-4.0 * np.log(2.0), abs=0.1)
    assert found[-1, 1] > -2.45
