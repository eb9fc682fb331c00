"""Outputs under noise, averaged over the stationary law: against a quadrature, in both forms, and refusals."""

from functools import partial
from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import models
from neurodyn.phases import stationary_run
from neurodyn.phases.settle import settle

THETA = 0.3


def law_on_a_grid(net, x):
    """Mean of the second unit's state, by quadrature."""
    line = np.linspace(-6.0, 6.0, 241)
    grid = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
    energy = net.energy(grid, np.repeat(np.atleast_2d(x), len(grid), axis=0))
    weight = np.exp(-(energy - energy.min()) / THETA)
    return (weight * grid[:, 1]).sum() / weight.sum()


def test_outputs_under_noise_are_the_means_of_their_law_and_not_the_state_at_rest():
    net = models.Hopfield.recurrent(2, n_in=1, n_out=1, gain=2.0, seed=0)
    x = [[0.9], [-0.4]]
    found: Any = nd.evaluate(net, x, [[0.1], [0.2]], temperature=THETA, seed=1, tolerance=0.02)
    exact = np.array([[law_on_a_grid(net, row)] for row in x])
    assert found.output_error.max() <= 0.02
    assert np.all(np.abs(found.outputs - exact) < 4.0 * found.output_error)
    assert np.abs(nd.predict(net, x) - exact).max() > 0.05  # as far is the answer at rest
    noise = nd.Langevin(THETA, seed=1)
    np.testing.assert_array_equal(nd.predict(net, x, noise=noise, tolerance=0.02), found.outputs)
    assert nd.predict(net, x[0], temperature=THETA, seed=1, tolerance=0.05).shape == (1,)


def test_the_accuracy_in_the_rate_form_is_that_of_rates():
    net = models.Rate.layered([1, 2, 1], activation="softplus", seed=0)
    found: Any = nd.evaluate(net, [[0.7]], [[0.4]], temperature=0.1, tolerance=0.02)
    law = nd.stationary(net, [[0.7]], temperature=0.1, tolerance=0.02)
    np.testing.assert_array_equal(found.outputs, law.rate[:, net.outputs])
    assert found.output_error.max() <= 0.02
    assert found.noise["temperature"] == 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": 1}, "`seed` is about outputs under noise, and needs a `temperature`"),
        ({"temperature": 0.1, "method": "implicit", "solver": nd.Solver()}, "`solver` and `method` must be left out"),
        ({"temperature": 0.0}, "`temperature` must be positive"),
        ({"noise": nd.Langevin(0.1), "seed": 1}, "`noise` must be a Langevin, which has its own"),
    ],
)
def test_what_does_not_go_together_is_refused(options, message):
    with pytest.raises(nd.ArgumentError, match=message):
        nd.predict(models.Hopfield.layered([1, 1]), [[0.2]], **options)


def test_outputs_that_hang_on_the_well_of_their_chain_are_refused(monkeypatch):
    monkeypatch.setattr(stationary_run, "settle", partial(settle, doublings=3))
    net = models.Hopfield.recurrent(2, n_out=1, gain=0.0).replace(parameters={"s-s": [[0.0, 3.0], [3.0, 0.0]]})
    with pytest.raises(nd.ConvergenceError, match="the mean over the stationary law is not known: chains had not met"):
        nd.predict(net, None, temperature=0.03, seed=0)
