"""The derivative by a constant that a network is made with."""

from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import models
from neurodyn.models import terms

SIZES: dict[str, Any] = {
    "x": {"size": 2, "role": "input"},
    "h": {"size": 6, "activation": "tanh"},
    "y": {"size": 2, "role": "output"},
}


def sharpened(sharpness):
    parts = [terms.Leak(), terms.Bias(), terms.Bilinear("x", "h"), terms.Bilinear("h", "y")]
    memories = terms.LogSumExp("h", memories=5, sharpness=sharpness)
    return models.EnergyNetwork(populations=SIZES, terms=[*parts, memories], seed=3)


@pytest.mark.parametrize(
    "make",
    [
        sharpened,
        lambda gain: models.Hopfield.layered([2, 4, 2], gain=gain, seed=1),
        lambda gain: models.Rate.layered([2, 4, 2], gain=gain, seed=1),
    ],
    ids=["sharpness of a term", "gain of weights", "gain in the rate form"],
)
def test_a_constant_has_the_derivative_of_the_cost_at_rest(make, rng):
    x = rng.normal(size=(3, 2))
    y = 0.3 * x

    def objective(value):
        return float(np.mean(make(value).cost(nd.relax(make(value), x).state, y)))

    expected = (objective(0.8 + 1e-4) - objective(0.8 - 1e-4)) / 2e-4
    assert abs(expected) > 1e-3
    assert nd.constant_gradient(make, 0.8, x, y, beta=2e-4) == pytest.approx(expected, rel=1e-5)
    errors = [abs(nd.constant_gradient(make, 0.8, x, y, beta=b, nudging="positive") - expected) for b in (0.1, 0.01)]
    assert 5.0 < errors[0] / errors[1] < 20.0  # of first order in beta


def test_time_constants_move_no_equilibrium():
    def slowed(tau):
        return models.Hopfield.layered([2, 4, 2], tau=tau, seed=1)

    assert nd.constant_gradient(slowed, 2.0, [0.5, -1.0], [1.0, 0.0]) == 0.0


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (3, nd.ArgumentError, "`make` must be a function from the constant to a network; got 3"),
        (lambda value: value, nd.ArgumentError, "network"),
        (
            lambda value: models.Hopfield.layered([2, 4 if value > 1.0 else 5, 2]),
            nd.ArgumentError,
            "`make` must return networks with the same units and parameters for all values",
        ),
        (
            lambda value: models.Rate.layered([2, 4, 2], feedback="random", gain=value),
            nd.ModelError,
            "this network has no energy, of which the derivative by a constant could be taken",
        ),
    ],
)
def test_what_makes_no_network_is_named(make, error, sentence):
    with pytest.raises(error, match=sentence):
        nd.constant_gradient(make, 1.0, [0.5, -1.0], [1.0, 0.0])
