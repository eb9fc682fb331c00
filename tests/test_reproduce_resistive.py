"""Circuits learn, and their conductances stay those of devices."""

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import models
from neurodyn.models import terms
from neurodyn.reproductions import circuit, diode_layers, resistive_classifier, resistive_coupled, resistive_digits
from neurodyn.reproductions.moved_images import SHIFT, moved
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


def test_fast_route_rests_where_the_circuit_does_and_has_its_gradient(rng):
    """Newton's method against the motion; the nudge of a softmax read-out against the engine's."""
    sizes = {"x": 4, "h1": 3, "h2": 2, "y": 2}
    g = {name: rng.uniform(0.1, 1.0, [sizes[end] for end in name.split("-")]) for name in diode_layers.BLOCKS}
    diodes = diode_layers.Diodes(saturation=0.2, thermal=0.5)
    populations = {name: {"size": size, "activation": "linear"} for name, size in sizes.items()}
    populations["x"]["role"] = "input"
    populations["y"] |= {"role": "output", "readout": "softmax"}
    own = {"saturation": diodes.saturation, "thermal": diodes.thermal}
    resistors = [terms.Resistor(*name.split("-")) for name in g]
    grounded = [terms.Diode("h1", "", **own), terms.Diode("", "h2", **own)]
    net = models.EnergyNetwork(populations, [*resistors, *grounded], parameters=g)
    x, target = rng.normal(0.0, 3.0, (3, 4)), np.eye(2)[[0, 1, 0]]
    free, found = diode_layers.gradient(g, diodes, x, target, beta=0.1)
    state = np.hstack([free.h1, free.h2, free.y])
    assert np.abs(state[:, :3]).max() > 2 * diodes.thermal  # diodes conduct
    np.testing.assert_allclose(nd.relax(net, x).state, state, atol=1e-8)
    expected = nd.gradient(net, x, target, method="equilibrium-propagation", beta=0.1)
    for name, value in found.items():
        assert np.abs(expected[name]).max() > 1e-3
        np.testing.assert_allclose(value, expected[name], atol=1e-7)


def test_images_move_a_little():
    image = np.zeros((200, 8, 8))
    image[:, 3:5, 3:5] = 1.0  # four pixels in the middle, which stay within the image
    out = moved(image.reshape(200, 64), np.random.default_rng(0)).reshape(200, 8, 8)
    mass = out.sum(axis=(1, 2))
    row, column = ((out * at).sum(axis=(1, 2)) / mass - 3.5 for at in np.indices((8, 8)))
    assert 0.5 * SHIFT < np.abs(row).max() < 1.3 * SHIFT
    assert 0.5 * SHIFT < np.abs(column).max() < 1.3 * SHIFT
    assert abs(row.mean()) < 0.1
    assert 0.0 <= out.min() < out.max() <= 1.0


def test_digits_go_on_to_the_same_conductances_after_a_stop(tmp_path, monkeypatch):
    monkeypatch.setitem(resistive_digits.SIZES, "full", (3, 2, 60, 20))
    monkeypatch.setitem(resistive_digits.SEEDS, "full", 1)
    monkeypatch.setattr(resistive_digits, "AVERAGED", 1.0)  # the mean is part of what goes on
    whole = [row.value for row in resistive_digits.run("full", None, 0)]

    def stop(*arguments):
        keep(*arguments)
        raise KeyboardInterrupt

    keep = resistive_digits.keep
    monkeypatch.setattr(resistive_digits, "keep", stop)
    with pytest.raises(KeyboardInterrupt):
        resistive_digits.run("full", tmp_path, 0)
    monkeypatch.setattr(resistive_digits, "keep", keep)
    assert [row.value for row in resistive_digits.run("full", tmp_path, 0)] == whole


@pytest.mark.slow
def test_digits_are_learned(monkeypatch):
    monkeypatch.setitem(resistive_digits.SIZES, "small", (16, 5, 1287, 510))
    assert resistive_digits.run("small", None, 0)[0].value > 85.0
