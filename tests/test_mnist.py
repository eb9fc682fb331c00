"""The network of Scellier & Bengio (2017) on real MNIST images: hard sigmoids, their box, samples without a signal."""

import dataclasses

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.models.data import MNIST_MISSING, mnist

TIMES = np.linspace(0.0, 30.0, 61)


@pytest.fixture(scope="module")
def images():
    try:
        return mnist("test").take(20)
    except nd.DataError as error:
        if not str(error).startswith(MNIST_MISSING):
            raise
        pytest.skip(MNIST_MISSING)


@pytest.fixture(scope="module")
def settled(images):
    net = models.Hopfield.layered([784, 500, 10], activation="hard-sigmoid", seed=0)
    return net, nd.relax(net, images.images), nd.Status


def test_free_phase_of_images_rests_in_the_box(settled):
    net, eq, status = settled
    assert np.all(eq.status == status.STABLE)
    assert eq.residual.max() <= 1e-10
    assert eq.state.min() >= 0.0
    assert eq.state.max() <= 1.0
    on_bound = (eq.state == 0.0) | (eq.state == 1.0)
    assert not np.any(~eq.active & ~on_bound)


def test_active_units_of_samples_with_a_signal_agree_at_small_beta(settled, images):
    net, eq, _ = settled
    side = nd.side_network(net, eq, images.labels, t_eval=TIMES)
    run = nd.nudge(net, eq, images.labels, beta=1e-5, t_eval=TIMES)
    found = analysis.compare(run, side, gradient_times=2)
    assert found.max_relative_error <= 1e-4
    assert max(part.max_relative_error for part in found.populations.values()) <= 1e-4
    assert found.gradient.relative_error <= 1e-4
    assert not run.crossed.any()
    outputs = eq.active[:, net.outputs]
    np.testing.assert_array_equal(found.has_signal, outputs.any(axis=1))
    assert 2 < found.has_signal.sum() < 18
    assert np.all(side.error_signal[:, ~eq.active] == 0.0)


def test_a_strong_nudge_frees_outputs_that_a_weak_one_leaves_on_their_bound(settled, images):
    net, eq, _ = settled
    few = dataclasses.replace(eq, **{name: getattr(eq, name)[:10] for name in PER_SAMPLE})
    weak, strong = (
        nd.nudge(net, few, images.labels[:10], beta=beta, nudging="positive", t_eval=TIMES[:31]) for beta in (1e-5, 1.0)
    )
    assert weak.crossed.sum() < strong.crossed.sum()
    assert strong.crossed[:, net.outputs].any()


PER_SAMPLE = ["state", "residual", "time", "status", "energy", "active", "start", "x"]
