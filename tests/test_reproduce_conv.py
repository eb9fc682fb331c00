"""Convolutions: the fast circuit is the network, a stopped training goes on, and EP is BPTT in every layer."""

import dataclasses

import numpy as np
import pytest

import neurodyn as nd
from neurodyn.reproductions import conv_gradients, conv_mnist
from neurodyn.reproductions.convolutions import Circuit, Layer, as_states, energy_network
from neurodyn.reproductions.diode_layers import softmax
from neurodyn.reproductions.kept import Kept


@pytest.fixture
def circuit(rng):
    """A small one with strong feedback."""
    drawn = Circuit.drawn(Layer(6, 2, 3, kernel=3), Layer(2, 3, 4, kernel=1), 2, seed=1, gain=0.6, feedback=0.5)
    for name in ("h1", "h2", "y"):
        drawn.weights[name][...] = rng.uniform(0.0, 0.2, drawn.weights[name].shape)
    return drawn


def test_circuit_rests_where_its_network_does(circuit, rng):
    x = rng.random((3, 72), dtype=np.float32)
    state = as_states(circuit.settle(circuit.drive(x)[1], circuit.zero(3), 60))
    assert np.mean((state > 0.0) & (state < 1.0)) > 0.4
    inputs = x.reshape(3, 6, 6, 2).transpose(0, 3, 1, 2).reshape(3, -1)
    np.testing.assert_allclose(nd.relax(energy_network(circuit), inputs).state, state, atol=1e-5)


def test_gradient_is_that_of_the_loss_at_rest(circuit, rng):
    """Equilibrium propagation against differences of the loss by each kind of weight."""
    x, target = rng.random((3, 72), dtype=np.float32), np.eye(2, dtype=np.float32)[[0, 1, 1]]

    def loss():
        rest = circuit.settle(circuit.drive(x)[1], circuit.zero(3), 100)
        return -np.sum(target * np.log(softmax(rest.y))) / 3

    gradient = circuit.gradient(x, target, 0.05, 100, 100)[1]
    for name, found in gradient.items():
        at = np.unravel_index(np.abs(found).argmax(), found.shape)
        weights, value, ends = circuit.weights[name], circuit.weights[name][at], []
        for change in (0.02, -0.02):
            weights[at] = value + change
            ends.append(loss())
        weights[at] = value
        assert abs(found[at]) > 1e-3
        assert found[at] == pytest.approx((ends[0] - ends[1]) / 0.04, rel=0.02), name


def test_training_that_was_stopped_goes_on_to_the_same_weights(tmp_path, monkeypatch):
    size = conv_mnist.size_of("small")
    size = dataclasses.replace(size, train=size.train.take(160))
    whole, kept = conv_mnist.begin(size, 0), Kept(tmp_path, "full", conv_mnist.about(size, 0))
    conv_mnist.learn(whole, size, 0, Kept(None, "full", 0))
    stopped, keep = conv_mnist.begin(size, 0), conv_mnist.keep

    def stop(*arguments):
        keep(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(conv_mnist, "keep", stop)
    with pytest.raises(KeyboardInterrupt):
        conv_mnist.learn(stopped, size, 0, kept)
    monkeypatch.undo()
    again = conv_mnist.begin(size, 0)
    assert not conv_mnist.resume(Kept(tmp_path, "full", conv_mnist.about(size, 1)), again)  # another seed
    assert conv_mnist.resume(kept, again)
    assert 0 < again.step == stopped.step < whole.step
    conv_mnist.learn(again, size, 0, kept)
    for name, weights in whole.circuit.weights.items():
        np.testing.assert_array_equal(again.circuit.weights[name], weights)


def test_ep_is_bptt_in_every_layer():
    rows = conv_gradients.run("small", None, 0)
    assert len(rows) == 6
    assert max(row.value for row in rows) < 2e-4


@pytest.mark.slow
def test_convolutions_learn_the_digits_of_the_library():
    size = conv_mnist.size_of("digits")
    learning = conv_mnist.begin(size, 0)
    conv_mnist.learn(learning, size, 0, Kept(None, "full", 0))
    assert conv_mnist.misread(learning.circuit, size.test) < 0.08
