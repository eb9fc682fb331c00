"""States, side network and weights at once: the flow against plain NumPy, its limits, samples in turn; XOR in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from naive import NaiveHopfield, NaiveRate
from networks import BOXED, RATE, SMOOTH, UNEQUAL, draw_input, draw_target
from neurodyn import models
from neurodyn.phases.concurrent import concurrent_problem
from neurodyn.phases.synapses import Synapses
from neurodyn.solvers.status import Status
from neurodyn.system.fixed_point import FixedPoint

TIGHT = nd.Solver(rtol=1e-11, atol=1e-13)
NETWORKS = {
    "chain": SMOOTH["chain-tanh"],
    "mixed": SMOOTH["mixed"],
    "sparse": SMOOTH["sparse-chain"],
    "input-tanh": SMOOTH["input-tanh"],
    "turned": SMOOTH["input-second"],
    "rate": RATE["mixed"],
    "rate-graph": RATE["skip"],
}


def soft_chain():
    return models.Hopfield.layered([3, 5, 4], readout="softmax", gain=0.8, seed=3)


def one_sample(net, rng):
    """Input (n_in,), target (n_out,)."""
    return draw_input(net, 1, rng)[0], draw_target(net, 1, rng)[0]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_joint_flow_is_the_definition(name, rng):
    net = NETWORKS[name]()
    naive = (NaiveRate if isinstance(net, models.Rate) else NaiveHopfield)(net)
    x, y = one_sample(net, rng)
    s, signal = rng.normal(0.0, 0.7, (2, net.n))
    theta = net.parameters.vector + rng.normal(0.0, 0.1, net.parameters.vector.size)
    moved = net.replace(parameters=nd.Parameters(net.parameters.blocks, theta))
    naive = type(naive)(moved)
    start = np.concatenate([s, signal, theta])[:, None]
    problem = concurrent_problem(net, start, x[None], y, (3.0, 50.0), Synapses.of(net))
    out, work = np.empty_like(start), np.empty((problem.work_rows, 1))
    problem.flow(np.zeros(1), start, problem.rows, problem.theta, problem.layout, work, out)
    n = net.n
    assert out[:n, 0] == pytest.approx(naive.velocity(x, s), abs=1e-13)
    matrix = naive.linearized(x, s)
    adjoint = matrix.T if not isinstance(net, models.Rate) else matrix
    side = (naive.cost_slope(s, y) - adjoint @ signal) / 3.0
    assert out[n : 2 * n, 0] == pytest.approx(side, abs=1e-12)
    step = 1e-6
    change = [
        moved.energy_gradient(s + sign * step * signal, x).vector / (2.0 * step * 50.0) * sign for sign in (1.0, -1.0)
    ]
    assert out[2 * n :, 0] == pytest.approx(change[0] + change[1], abs=1e-8)


@pytest.mark.parametrize("make", [*NETWORKS.values(), soft_chain])
def test_with_weights_at_rest_the_side_network_finds_the_gradient(make, rng):
    net = make()
    x, y = one_sample(net, rng)
    y = y / y.sum()
    rest = nd.relax(net, x)
    point = FixedPoint.of(net, rest.state, rest.x)
    wanted = point.solve(point.cost_slope(y[None]))[0][:, 0]
    run = nd.concurrent(net, x, y, tau_side=2.0, tau_theta=1e14, start=rest.state, t_eval=[600.0], solver=TIGHT)
    assert run.error_signal[0] == pytest.approx(wanted, abs=1e-9)
    exact = nd.gradient(net, x, y, method="implicit")
    later = nd.concurrent(
        net, x, y, tau_side=2.0, tau_theta=1e7, start=rest.state, signal=wanted, t_eval=[10.0], solver=TIGHT
    )
    speed = (later.theta[0] - net.parameters.vector) * 1e7 / 10.0
    assert speed == pytest.approx(-exact.vector, abs=1e-4 * np.abs(exact.vector).max())


def test_samples_are_shown_in_turn_and_learned(rng):
    net = models.Hopfield.layered([2, 5, 1], gain=0.8, seed=1)
    x, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.4], [-0.4]])
    run = nd.concurrent(net, x, y, tau_side=4.0, tau_theta=60.0, dwell=40.0, t_eval=np.linspace(0.0, 6000.0, 601))
    assert run.shown[[0, 3, 4, 8, 13]].tolist() == [0, 0, 1, 0, 1]
    before, after = (np.mean(n.cost(nd.relax(n, x).state, y)) for n in (net, run.learned()))
    assert after < 1e-2 * before
    half = nd.concurrent(net, x, y, tau_side=4.0, tau_theta=60.0, dwell=40.0, t_eval=[20.0, 40.0])
    assert half.theta[1] == pytest.approx(run.theta[4], abs=1e-7)


def test_results_are_saved_whole(tmp_path, rng):
    net = SMOOTH["chain-tanh"]()
    x, y = one_sample(net, rng)
    run = nd.concurrent(net, x, y, tau_side=4.0, tau_theta=60.0, t_eval=[0.0, 5.0])
    run.save(tmp_path / "run.nc")
    assert nd.load(tmp_path / "run.nc") == run
    assert np.array_equal(run.parameters(0.0).vector, net.parameters.vector)


def test_what_cannot_learn_is_refused(rng):
    net = SMOOTH["chain-tanh"]()
    x, y = draw_input(net, 2, rng), draw_target(net, 2, rng)
    for options, said in (
        ({"tau_side": 0.0}, "`tau_side` must be positive"),
        ({"tau_theta": np.nan}, "`tau_theta` must be positive"),
        ({}, "`dwell`, how long each of 2 samples is shown"),
        ({"dwell": 1.0, "start": np.zeros(3)}, "`start` must be 17 finite numbers"),
    ):
        settings: Any = {"tau_side": 1.0, "tau_theta": 1.0, "t_eval": [1.0]} | options
        with pytest.raises(nd.ArgumentError, match=said):
            nd.concurrent(net, x, y, **settings)
    for other, said in ((BOXED["chain-hard"](), "smooth activations"), (UNEQUAL["own-feedback"](), "no energy")):
        inputs, target = one_sample(other, rng)
        with pytest.raises(nd.ModelError, match=said):
            nd.concurrent(other, inputs, target, tau_side=1.0, tau_theta=1.0, t_eval=[1.0])


def test_a_network_that_diverges_says_so(rng):
    net = models.Hopfield.layered([3, 4, 2], activation="linear", gain=6.0, seed=1)
    with pytest.raises(nd.DivergenceError, match="concurrent learning: sample 0 diverged") as caught:
        nd.concurrent(net, np.ones(3), np.zeros(2), tau_side=1.0, tau_theta=1e3, t_eval=[0.5, 1e3])
    assert caught.value.result.status == Status.DIVERGED
    assert np.isfinite(caught.value.result.theta[0]).all()


# -- samples in turn, weights that move in nudged phases only ------------------------------------------------------

CORNERS = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
WANTED = np.array([[-0.5], [0.5], [0.5], [-0.5]])


def xor_network():
    net = models.Hopfield.layered([2, 12, 1], gain=0.7, seed=1)
    return net.replace(parameters={"h1": np.random.default_rng(0).uniform(-1.0, 1.0, 12)})


def test_slow_weights_take_the_steps_of_equilibrium_propagation(tmp_path):
    """theta after a round against one step of EP per sample, each by the nudged phase with weights at rest."""
    net, beta, rate, times = xor_network(), 0.5, 1e-5, [15.0]
    course = nd.learn_in_time(net, CORNERS, WANTED, rounds=1, beta=beta, tau_theta=1.0 / rate, duration=times[0])
    now, state = net, None
    for k, (x, y) in enumerate(zip(CORNERS, WANTED, strict=True)):
        rest = nd.relax(now, x, start=state)
        assert course.rest_time[k] == pytest.approx(float(rest.time), rel=1e-2)
        phase = nd.nudge(now, rest, y, beta=beta, nudging="positive", t_eval=times)
        now, state = now.replace(parameters=now.parameters - rate * phase.parameter_gradient()), phase.state[-1]
    steps = now.parameters.vector - net.parameters.vector
    assert course.theta[-1] - net.parameters.vector == pytest.approx(steps, abs=1e-3 * np.abs(steps).max())
    assert np.diff(course.t) == pytest.approx(course.rest_time[1:] + times[0])
    course.save(tmp_path / "course.nc")
    assert nd.load(tmp_path / "course.nc") == course
    for options, said in (({"rounds": 0}, "`rounds`"), ({"duration": 0.0}, "`duration`")):
        settings: Any = {"rounds": 1, "beta": 1.0, "tau_theta": 9.0, "duration": 1.0} | options
        with pytest.raises(nd.ArgumentError, match=said):
            nd.learn_in_time(net, CORNERS, WANTED, **settings)
    with pytest.raises(nd.ArgumentError, match="samples to present"):
        nd.learn_in_time(net, CORNERS[0], WANTED[0], rounds=1, beta=1.0, tau_theta=9.0, duration=1.0)


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["tied", "stdp"])
def test_xor_is_learned_in_continuous_time(rule):
    net = xor_network()
    course = nd.learn_in_time(net, CORNERS, WANTED, rounds=70, beta=1.0, tau_theta=20.0, duration=6.0, rule=rule)
    assert course.cost[:4].mean() > 0.1
    assert course.cost[-4:].max() < 0.02
    read = nd.relax(course.learned, CORNERS).state[:, -1]
    assert np.array_equal(np.sign(read), np.sign(WANTED[:, 0]))
