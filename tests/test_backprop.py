"""Back-propagation: the chain rule by hand, the implicit gradient without feedback, and what is refused."""

import numpy as np
import pytest

import neurodyn as nd
from naive import ACTIVATIONS, full
from networks import CHAIN, RATE, SMOOTH, directed, graph, prepared, sparse
from neurodyn import models

ACYCLIC = {
    "chain": lambda feedback: prepared(models.Rate.layered([4, 6, 5, 3], feedback=feedback, seed=1)),
    "mixed": lambda feedback: prepared(
        models.Rate.layered([4, 6, 5, 3], activation=["sigmoid", "softplus", "linear"], feedback=feedback, seed=2)
    ),
    "softmax": lambda feedback: prepared(models.Rate.layered([4, 6, 3], readout="softmax", feedback=feedback, seed=3)),
    "skip": lambda feedback: graph(
        {**CHAIN, "x": {"size": 4, "role": "input"}},
        ["h2-x", directed("h1-y", feedback), directed("h2-y", feedback), directed("h1-h2", feedback), "x-h1", "x-y"],
        models.Rate,
        seed=4,
    ),
    "no-hidden": lambda feedback: prepared(models.Rate.layered([4, 3], seed=5)),
}


def draw(net, rng, batch=5):
    y = rng.uniform(size=(batch, net.n_out))
    return rng.uniform(-1.0, 1.0, (batch, net.n_in)), y / y.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("feedback", [0.0, 1.0, -0.3, "random"])
@pytest.mark.parametrize("name", ACYCLIC)
def test_it_is_the_implicit_gradient_of_the_network_without_feedback(name, feedback, rng):
    net, bare = ACYCLIC[name](feedback), ACYCLIC[name](0.0)
    bare = bare.replace(parameters={b: net.parameters[b] for b in bare.parameters})
    x, y = draw(net, rng)
    found, exact = nd.gradient(net, x, y, method="backprop"), nd.gradient(bare, x, y, method="implicit")
    assert found.blocks == net.parameters.blocks
    for block in found:
        expected = exact.get(block, 0.0)
        np.testing.assert_allclose(found[block], expected, rtol=0, atol=1e-14 * max(1.0, exact.norm))
    assert bool(found.notes) == (feedback != 0.0 and name != "no-hidden")


def test_it_is_the_chain_rule_by_hand(rng):
    net = ACYCLIC["mixed"](0.5)
    (x, y), p = draw(net, rng), net.parameters
    rates, states, names = [x], [], ["h1", "h2", "y"]
    kinds = [net.graph[name].activation for name in names]
    for weight, bias, kind in zip(("x-h1", "h1-h2", "h2-y"), names, kinds, strict=True):
        states.append(rates[-1] @ p[weight] + p[bias])
        rates.append(ACTIVATIONS[kind][0](states[-1]))
    found = nd.gradient(net, x, y, method="backprop")
    error = (rates[3] - y) * ACTIVATIONS[kinds[2]][1](states[2])
    for k, weight in ((2, "h2-y"), (1, "h1-h2"), (0, "x-h1")):
        np.testing.assert_allclose(found[weight], rates[k].T @ error / len(x), rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(found[names[k]], error.mean(axis=0), rtol=1e-12, atol=1e-15)
        if k:
            error = (error @ p[weight].T) * ACTIVATIONS[kinds[k - 1]][1](states[k - 1])


def test_sparse_connections(rng):
    net = graph(
        CHAIN, ["x-h1", sparse("h1-h2", feedback=0.0), "x-y", sparse("h2-y", feedback=0.0)], models.Rate, seed=6
    )
    x, y = draw(net, rng)
    found, exact = nd.gradient(net, x, y, method="backprop"), nd.gradient(net, x, y, method="implicit")
    assert 0 < np.count_nonzero(full(found["h1-h2"])) < 20
    assert (found - exact).norm <= 1e-14 * exact.norm


def test_it_costs_two_sweeps_for_every_layer(rng):
    net = ACYCLIC["chain"](0.0)
    x, y = draw(net, rng)
    found = nd.gradient(net, x, y, method="backprop")
    assert found.force_evaluations == 2 * 3 * 5
    assert found.simulated_time == 0.0


def test_energy_of_the_states_is_refused():
    with pytest.raises(nd.ModelError, match=r"back-propagation is for the rate form"):
        nd.gradient(SMOOTH["chain-tanh"](), np.zeros(5), np.zeros(3), method="backprop")


@pytest.mark.parametrize("make", [RATE["recurrent"], RATE["skip"]])
def test_cycle_is_refused(make):
    net = make()
    with pytest.raises(nd.ModelError, match=r"needs a graph without cycles; connection '(s-s|h1-h1)'"):
        nd.gradient(net, np.zeros(net.n_in), np.zeros(net.n_out), method="backprop")
