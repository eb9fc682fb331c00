"""Devices: what is imperfect in them is what was asked for, and nothing else."""

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import models
from neurodyn.system.device import shared_gradient


def wide(kind=models.Rate, **options):
    return kind.layered([40, 50, 30], seed=1, **options)


def test_a_perfect_device_is_the_network_and_a_seed_and_number_give_the_same_device():
    net = wide()
    assert nd.Device().network(net, 3) == net
    device = nd.Device(mismatch=0.1, bits=3, feedback=0.1, drift=0.1, seed=5)
    first, second = device.networks(net, 2, time=2.0)
    assert first == device.network(net, 0, time=2.0)
    assert first != second
    other = nd.Device(mismatch=0.1, bits=3, feedback=0.7, drift=0.1, seed=5).network(net, 0, time=2.0)
    np.testing.assert_array_equal(first.parameters["h1-y"], other.parameters["h1-y"])  # no knob moves another's draws


def test_factors_have_mean_one_and_the_spread_that_was_asked_for():
    net = wide(tau=2.0)
    made = nd.Device(mismatch=0.2, feedback=0.3, drift=0.1, seed=0)
    now, later = made.network(net), made.network(net, time=4.0)
    ratio = now.parameters["x-h1"] / net.parameters["x-h1"]
    assert ratio.mean() == pytest.approx(1.0, abs=4 * 0.2 / np.sqrt(ratio.size))
    assert np.log(ratio).std() == pytest.approx(0.2, rel=0.05)
    assert np.log(now.tau / 2.0).std() == pytest.approx(0.2, rel=0.3)
    there, back = now.parameters["h1-y"], now.parameters["y-h1"].T
    assert np.log(back / there).std() == pytest.approx(0.3, rel=0.05)
    assert np.log(later.parameters["x-h1"] / now.parameters["x-h1"]).std() == pytest.approx(0.4, rel=0.05)
    np.testing.assert_array_equal(now.parameters["y"], net.parameters["y"])
    assert not now.has_energy


def test_few_bits_write_a_weight_as_the_nearest_of_even_steps():
    net = wide(models.Hopfield)
    made = nd.Device(bits=3).network(net)
    before, after = net.parameters["x-h1"], made.parameters["x-h1"]
    steps = np.unique(after)
    assert steps.size == 8
    np.testing.assert_allclose(np.diff(steps), np.ptp(before) / 7)
    assert np.abs(after - before).max() <= 0.5 * np.ptp(before) / 7 * (1 + 1e-12)
    assert np.array_equal(made.tau, net.tau)


@pytest.mark.parametrize(
    "make", [lambda: models.Rate.layered([3, 4, 2], seed=1), lambda: models.Rate.recurrent(5, 3, 2)]
)
def test_what_the_two_directions_of_a_weight_get_is_the_gradient_of_the_weight(make, rng):
    net, x, y = make(), rng.uniform(size=(2, 3)), rng.uniform(size=(2, 2))
    alike = nd.Device(feedback=1e-12).network(net)
    assert alike.parameters.blocks != net.parameters.blocks
    found = shared_gradient(nd.gradient(alike, x, y, method="implicit"), net)
    expected = nd.gradient(net, x, y, method="implicit")
    np.testing.assert_allclose(found.vector, expected.vector, rtol=1e-8, atol=1e-12)


def test_what_no_device_can_be_is_refused():
    with pytest.raises(nd.ModelError, match="Hopfield has one weight for both directions"):
        nd.Device(feedback=0.1).network(models.Hopfield.layered([2, 2]))
    with pytest.raises(nd.ArgumentError, match="`bits` must be a whole number from 1 to 52; got 0"):
        nd.Device(bits=0)
    with pytest.raises(nd.ArgumentError, match="`mismatch` must be at most 10"):
        nd.Device(mismatch=11.0)
    with pytest.raises(nd.ArgumentError, match="`count` must be a whole number >= 1"):
        nd.Device().networks(models.Hopfield.layered([2, 2]), 0)
