"""Linear units in the scheme of EP 2017: they leave the box, rest where they should, and learn least squares."""

from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import models

LONG: dict[str, Any] = {"method": "ep-2017", "free_steps": 400, "nudged_steps": 200, "nudging": "centered", "beta": 0.1}


@pytest.fixture
def chain():
    """Hidden hard sigmoids inside and on the bounds of their box, outputs outside of [0, 1]."""
    net = models.Hopfield.layered([4, 12, 3], activation=["hard-sigmoid", "linear"], seed=3)
    return net.replace(parameters={"h1": np.linspace(-0.5, 1.0, 12), "y": [-1.5, 0.5, 2.0]})


def test_outputs_rest_where_the_compiled_relaxation_does(chain, rng):
    x = rng.normal(size=(50, 4))
    exact = nd.relax(chain, x)
    outputs = nd.predict(chain, x, **LONG)
    assert outputs.min() < -1.0
    assert outputs.max() > 2.0
    np.testing.assert_allclose(outputs, exact.state[:, chain.outputs], atol=1e-5)
    found = nd.evaluate(chain, x, np.zeros((50, 3)), **LONG)
    np.testing.assert_allclose(found.energy, exact.energy, atol=1e-4)


def test_gradient_is_the_exact_one(chain, rng):
    training = nd.learn(
        chain, rng.uniform(size=(40, 4)), rng.normal(size=(40, 3)), alignment=40, epochs=1, rates=0.0, **LONG
    )
    assert training.cosine is not None
    assert training.cosine[0] > 1 - 1e-4


def test_a_network_of_linear_units_alone_learns_least_squares(rng):
    x, wanted = rng.normal(size=(60, 3)), rng.normal(size=(3, 2))
    y = x @ wanted + [0.3, -0.7] + 0.1 * rng.normal(size=(60, 2))
    net = models.Hopfield.layered([3, 2], activation="linear", seed=0)
    training = nd.learn(
        net, x, y, epochs=300, rates=0.5, batch_size=60, persistent=False, **(LONG | {"free_steps": 60})
    )
    solution = np.linalg.lstsq(np.column_stack([x, np.ones(60)]), y, rcond=None)[0]
    np.testing.assert_allclose(training.network.parameters["x-y"], solution[:3], atol=1e-3)
    np.testing.assert_allclose(training.network.parameters["y"], solution[3], atol=1e-3)


def test_soft_units_are_refused_by_name():
    net = models.Hopfield.layered([3, 4, 2], activation=["tanh", "linear"], seed=0)
    with pytest.raises(nd.ArgumentError, match="population 'h1' is neither hard-sigmoid nor linear but tanh"):
        nd.learn(net, np.zeros((2, 3)), [0, 1], method="ep-2017")
