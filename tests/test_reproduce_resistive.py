"""Circuits learn, and their conductances stay those of devices."""

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import models
from neurodyn.models import terms
from neurodyn.reproductions import circuit, resistive_classifier, resistive_coupled
from neurodyn.system.parameters import Parameters


def test_conductances_move_by_their_logarithms_and_stay_in_the_range_of_a_device():
    """One step of size η from g is g exp(−η g dJ/dg), cut at the ends of the range."""
    net = circuit.circuit(1, 2, 1, seed=0)
    x, y = circuit.sources(np.array([[0.5], [-0.5]])), np.array([[0.3], [-0.3]])
    step = circuit.learn(net, x, y, epochs=1, batch=2, rate=0.1, rng=np.random.default_rng(0), method="implicit")
    before, slope = net.parameters.vector, nd.gradient(net, x, y, method="implicit").vector
    assert np.allclose(step.parameters.vector, before * np.exp(-0.1 * before * slope), rtol=1e-3)
    for g, end in ((1.1 * circuit.RANGE[0], circuit.RANGE[0]), (0.9 * circuit.RANGE[1], circuit.RANGE[1])):
        near = net.replace(parameters=Parameters(net.parameters.blocks, np.full(before.size, g)))
        far = circuit.learn(near, x, y, epochs=1, batch=2, rate=1e9, rng=np.random.default_rng(0), method="implicit")
        found = far.parameters.vector
        assert circuit.RANGE[0] <= found.min() <= found.max() <= circuit.RANGE[1]
        assert end in found


def test_power_of_a_voltage_divider_is_the_square_of_its_voltage_over_its_resistance():
    populations = {"x": {"size": 2, "role": "input"}, "y": {"size": 1, "role": "output", "activation": "linear"}}
    net = models.EnergyNetwork(populations, [terms.Resistor("x", "y")], parameters={"x-y": [[2.0], [0.5]]})
    assert circuit.power(net, np.array([[3.0, 0.0]])) == pytest.approx(9.0 / (1 / 2.0 + 1 / 0.5))


@pytest.mark.slow
def test_xor_is_learned():
    model = models.read("resistive-xor")
    x, y, rng = np.asarray(model.x), np.asarray(model.y), np.random.default_rng(0)
    options = resistive_classifier.NUDGING
    net = circuit.learn(model.network, x, y, epochs=150, batch=4, rate=10.0, rng=rng, **options)
    assert np.abs(circuit.outputs(net, x) - y).max() < 0.1 * resistive_classifier.HIGH
    assert net.parameters.vector.min() >= circuit.RANGE[0]


def test_coupled_learning_lowers_the_cost_of_an_allosteric_task():
    net, rng = resistive_coupled.network(6, 0), np.random.default_rng(0)
    x, y = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]]), np.array([[0.7, 0.4], [0.3, 0.6]])
    learned = circuit.learn(net, x, y, epochs=20, batch=2, rate=2.0, rng=rng, method="coupled-learning", eta=0.1)
    assert resistive_coupled.cost(learned, x, y) < 0.8 * resistive_coupled.cost(net, x, y)
