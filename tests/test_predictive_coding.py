"""Predictive coding has back-propagation's gradient on any graph: JAX goes back through the forward passes."""

import numpy as np
import pytest

import neurodyn as nd
from networks import quick
from neurodyn import models
from neurodyn.errors import ModelError
from neurodyn.models import terms
from neurodyn.reproductions import predictive_coding_gradient as reproduction
from neurodyn.testing import check_term

jax = pytest.importorskip("jax", reason="jax is not installed: it comes with the extra [test]")
jnp = jax.numpy


@pytest.fixture(autouse=True)
def _double():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def perceptron(p, x):
    h1 = x @ p["x-h1"] + p["x-h1.bias"]
    h2 = jnp.tanh(h1) @ p["h1-h2"] + p["h1-h2.bias"]
    return jnp.tanh(h2) @ p["h2-y"] + p["h2-y.bias"]


def residual(p, x):
    h1 = x @ p["x-h1"] + p["x-h1.bias"]
    h2 = h1 + jnp.tanh(h1) @ p["h1-h2"] + p["h1-h2.bias"]
    h3 = h2 + jnp.tanh(h2) @ p["h2-h3"] + p["h2-h3.bias"]
    return jnp.tanh(h3) @ p["h3-y"] + p["h3-y.bias"]


def recurrent(p, x):
    h = jnp.zeros(5)
    for t in range(3):
        h = x[:, 2 * t : 2 * t + 2] @ p["x-h1"] + (jnp.tanh(h) @ p["h1-h2"] if t else 0.0) + p["h1-h2.bias"]
    return jnp.tanh(h) @ p["h3-y"] + p["h3-y.bias"]


PASSES = {
    "predictive-coding": perceptron,
    "predictive-coding-residual": residual,
    "predictive-coding-recurrent": recurrent,
}


@pytest.mark.parametrize("name", quick(PASSES, "predictive-coding-residual"))
def test_gradient_is_that_of_back_propagation_to_1e_12(name):
    net, x, y = reproduction.drawn(name, 3)

    def objective(p):
        return 0.5 * jnp.mean(jnp.sum((PASSES[name](p, x) - y) ** 2, axis=1))

    expected = jax.grad(objective)({block: jnp.asarray(net.parameters[block]) for block in net.parameters})
    found = nd.gradient(net, x, y, method="implicit", solver=reproduction.TIGHT)
    for block in net.parameters:
        assert np.abs(found[block] - expected[block]).max() <= 1e-12 * np.abs(expected[block]).max(), block
    reference = reproduction.back_propagation(net, x, y)
    assert reproduction.apart(found, reference) <= 1e-12  # the reproduction's own


def test_primitives_of_skips_and_of_shared_steps_are_derivatives_of_each_other():
    check_term(terms.Prediction("h1", "h2", 0.7, skip="h1"), {"h1": 3, "h2": 3})
    check_term(terms.RecurrentPrediction("x", ("h1", "h2", "h3")), {"x": 6, "h1": 2, "h2": 2, "h3": 2})


def test_what_makes_no_sense_is_refused():
    populations = {"x": {"size": 5, "role": "input"}, "h1": 3, "h2": 4}
    for found, sentence in (
        ([terms.Prediction("h1", "h2", skip="h1")], "must have as many units; got 3 and 4"),
        ([terms.Prediction("h1", "h2", skip="h2")], "cannot skip to itself"),
        ([terms.Prediction("h1", "h2", skip="h3")], "unknown population 'h3'"),
        ([terms.RecurrentPrediction("x", ("h1", "h2"))], r"steps must be equal, .* \[3, 4\] units, 5 inputs"),
    ):
        with pytest.raises(ModelError, match=sentence):
            models.EnergyNetwork(populations, found)
    with pytest.raises(ModelError, match="two populations or more"):
        terms.RecurrentPrediction("x", ("h1",))
