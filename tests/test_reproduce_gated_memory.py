"""A gated memory: what a shut gate holds, how a leaking one forgets, and tags: derivatives through the delay."""

import numpy as np
import pytest

from neurodyn.progress import Bar
from neurodyn.reproductions import gated_memory
from neurodyn.solvers.solver import Solver
from neurodyn.system.parameters import Parameters


@pytest.fixture
def trial(rng, monkeypatch):
    """A network with biases, samples, probes and pulls, integrated to rest."""
    monkeypatch.setattr(gated_memory, "QUICK", Solver(rtol=1e-11, atol=1e-13))
    monkeypatch.setattr(gated_memory, "SAMPLE", 60.0)
    monkeypatch.setattr(gated_memory, "PROBE", 60.0)
    net = gated_memory.network(1)
    vector = net.parameters.vector
    net = net.replace(parameters=Parameters(net.parameters.blocks, vector + rng.normal(0.0, 0.2, vector.size)))
    sample, probe, _ = gated_memory.trials(5, rng)
    return net, sample, probe, rng.normal(size=(5, 2))


def test_a_shut_gate_holds_every_bit_and_a_leaking_one_forgets_exponentially(trial):
    net, sample, probe, _ = trial
    memory = net.graph.slices["m"]
    seen, kept, last = (s[:, memory] for s in gated_memory.states(net, sample, probe, 500.0))
    assert np.array_equal(seen, kept)
    assert np.array_equal(seen, last)
    leak, delay = 0.01, 80.0
    seen, kept, _ = (s[:, memory] for s in gated_memory.states(net, sample, probe, delay, leak))
    rest = net.parameters["m"]  # of a unit that nothing reaches but its bias
    np.testing.assert_allclose(kept - rest, np.exp(-leak * delay) * (seen - rest), rtol=1e-8, atol=1e-9)


def test_tags_are_the_derivatives_of_outputs_through_the_shut_gate(trial, rng):
    net, sample, probe, pull = trial
    found = gated_memory.tags(net, gated_memory.states(net, sample, probe, 5.0), sample, probe, pull)
    assert np.abs(found["x-m"]).max() > 1e-3  # which only the sample's time has
    vector, step = net.parameters.vector, 1e-5
    for _ in range(3):
        way = rng.normal(size=vector.size)
        ends = []
        for sign in (1.0, -1.0):
            moved = net.replace(parameters=Parameters(net.parameters.blocks, vector + sign * step * way))
            last = gated_memory.states(moved, sample, probe, 5.0)[2][:, net.outputs]
            ends.append(np.mean(np.sum(pull * last, axis=1)))
        assert found.vector @ way == pytest.approx((ends[0] - ends[1]) / (2.0 * step), rel=1e-6)


@pytest.mark.slow
def test_the_task_is_learned(monkeypatch):
    monkeypatch.setitem(gated_memory.UPDATES, "small", 250)
    monkeypatch.setitem(gated_memory.TRIALS, "small", 32)
    with Bar("task") as bar:
        _, right = gated_memory.learn("small", 0, bar)
    assert right[:10].mean() < 0.7
    assert right[-20:].mean() > 0.95
