"""Contrastive divergence: what it is after a very short and after a long run."""

import numpy as np
import pytest

import neurodyn as nd
from networks import RATE, SMOOTH, draw_input, draw_target
from neurodyn.estimators.clamped import clamped
from neurodyn.estimators.task import Task
from neurodyn.numerics.arrays import inward
from neurodyn.system.fixed_point import FixedPoint

TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)
NETS = {"hopfield": SMOOTH["recurrent"], "rate": RATE["chain-sigmoid"]}


def case(net, rng, batch=2):
    x = draw_input(net, batch, rng)
    return {"x": 0.5 * x, "y": draw_target(net, batch, rng), "solver": TIGHT}


def divergence(net, given, duration):
    return nd.gradient(net, **given, method="contrastive-divergence", duration=duration)


@pytest.mark.parametrize("name", NETS)
def test_long_run_gives_contrastive_hebbian_learning_at_the_slowest_rate(name, rng):
    net = NETS[name]()
    given = case(net, rng, batch=1)
    limit = nd.gradient(net, **given, method="contrastive-hebbian")
    eq = nd.relax(net, given["x"], solver=TIGHT)
    slowest = FixedPoint.of(net, eq.state, eq.x).slowest_rate()
    times = np.array([15.0, 18.0, 21.0]) / slowest
    errors = [(divergence(net, given, t) - limit).norm / limit.norm for t in times]
    assert -np.polyfit(times, np.log(errors), 1)[0] == pytest.approx(slowest, rel=0.02)


@pytest.mark.parametrize("name", NETS)
def test_short_run_grows_from_the_forces_of_the_clamped_outputs(name, rng):
    """After a time t it is −t d/dt dE/dtheta at the clamped state, where nothing but the outputs feels a force."""
    net = NETS[name]()
    given = case(net, rng)
    task = Task(net, **given)
    state = clamped(task, inward(task.start), task.target.T).s.T
    velocity = net.force(state, task.x) / net.tau
    assert np.abs(np.delete(velocity, np.arange(net.n)[net.outputs], axis=1)).max() < 1e-12
    h = 1e-4
    up, down = (net.energy_gradient(state + sign * h * velocity, task.x) for sign in (1.0, -1.0))
    first = (down - up) * (0.5 / h)
    times = np.array([1e-2, 1e-3, 1e-4])
    errors = [(divergence(net, given, t) * (1.0 / t) - first).norm / first.norm for t in times]
    assert np.polyfit(np.log(times), np.log(errors), 1)[0] == pytest.approx(1.0, abs=0.1)


def test_bias_falls_with_the_run_length_to_that_of_contrastive_hebbian_learning(rng):
    net = NETS["hopfield"]()
    given = case(net, rng)
    exact = nd.gradient(net, **given, method="implicit")

    def angle(found):
        return np.arccos(found.cosine(exact))

    found = [angle(divergence(net, given, t)) for t in (0.1, 1.0, 10.0, 300.0)]
    assert found[0] > found[1] > found[2] > found[3] - 0.02
    assert found[0] > 1.2 * found[3]
    assert found[3] == pytest.approx(angle(nd.gradient(net, **given, method="contrastive-hebbian")), abs=1e-5)
    assert found[3] > 0.05


def test_default_duration_is_the_largest_time_constant(rng):
    net = NETS["hopfield"]()
    given = case(net, rng)
    default = nd.gradient(net, **given, method="contrastive-divergence")
    assert np.array_equal(default.vector, divergence(net, given, net.tau.max()).vector)


def test_no_free_phase_is_run(rng):
    net = NETS["hopfield"]()
    given = case(net, rng)
    task = Task(net, **given)
    clamped(task, inward(task.start), task.target.T)
    found = divergence(net, given, 2.0)
    assert found.simulated_time == pytest.approx(task.simulated_time + 2.0)
    assert 0 < found.force_evaluations - task.force_evaluations < task.force_evaluations


@pytest.mark.parametrize("duration", [0.0, -1.0, np.inf, "long"])
def test_bad_duration_is_refused(duration):
    with pytest.raises(nd.ArgumentError, match="`duration` must be a positive time"):
        nd.gradient(SMOOTH["one-unit"](), [0.1], [0.2], method="contrastive-divergence", duration=duration)
