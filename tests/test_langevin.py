"""Motion under noise: every scheme against plain NumPy, the same bits in any company, laws, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from networks import BOXED, RATE, SMOOTH, draw_target
from neurodyn.models import EnergyNetwork, Hopfield, terms
from neurodyn.numerics import random
from neurodyn.numerics.arrays import inward
from neurodyn.phases.driven import driven_problem
from neurodyn.phases.fluctuating_weights import FluctuatingWeights
from neurodyn.phases.langevin import engine_noise, step_of
from neurodyn.solvers.noisy import PRESSED
from neurodyn.solvers.walk import begin, steps_of, walk

SCHEMES = ("euler-maruyama", "leimkuhler-matthews", "ornstein-uhlenbeck")


def fold(s, box):
    """States of units in a box reflected at 0 and 1, as often as it takes, and the sign of their direction after it."""
    side = s - 2.0 * np.round(0.5 * s)
    return np.where(box, np.abs(side), s), np.where(box & (side < 0.0), -1.0, 1.0)


def plain(net, start, noise, steps, h, x=None, y=None, beta=0.0):
    """States (steps + 1, batch, n) by the formulas of the schemes, one step after the other."""
    theta, tau, leak = np.broadcast_to(noise.temperature, (net.n,)), net.tau, net.leak / net.tau
    count, s, states = 0, start.copy(), [start]

    def variates():
        nonlocal count
        count += 1
        return random.draw(random.key_of(noise.seed), count - 1, net.n, np.arange(len(start))).T

    last = variates() if noise.smooth else None
    for _ in range(steps):
        velocity = net.force(s, x, y, beta) / tau
        drift, spread = h, np.sqrt(2.0 * theta * h / tau)
        if noise.scheme == "ornstein-uhlenbeck":
            drift = (1.0 - np.exp(-leak * h)) / leak
            spread = np.sqrt(theta / tau * (1.0 - np.exp(-2.0 * leak * h)) / leak)
        if noise.correlation_time:
            q = np.exp(-h / noise.correlation_time)
            new = q * last + np.sqrt(1.0 - q * q) * variates()
            s = s + drift * (velocity + np.sqrt(theta / (tau * noise.correlation_time)) * 0.5 * (last + new))
            s, last = np.where(net.box, np.clip(s, *PRESSED), s), new
        elif noise.scheme == "leimkuhler-matthews":
            new = variates()
            s, sign = fold(s + drift * velocity + spread * 0.5 * (last + new), net.box)
            last = sign * new
        else:
            s, _ = fold(s + drift * velocity + spread * variates(), net.box)
        states.append(s)
    return np.array(states)


@pytest.mark.parametrize("make", [SMOOTH["chain-tanh"], BOXED["chain-hard"], RATE["chain-tanh"]])
def test_schemes_are_their_formulas(make, rng):
    net = make()
    x, y, beta, h = rng.uniform(-1.0, 1.0, (5, net.n_in)), draw_target(net, 5, rng), 0.3, 0.07
    start = rng.uniform(0.0, 1.0, (5, net.n))
    temperature = rng.uniform(0.2, 0.6, net.n)
    for scheme in SCHEMES:
        for time in (None, 0.2):
            noise = nd.Langevin(temperature, scheme, h, 5, time)
            found = nd.simulate(net, x, start=start, y=y, beta=beta, noise=noise, t_eval=h * np.arange(13))
            wanted = plain(net, start, noise, 12, h, x, y, beta)
            np.testing.assert_allclose(found.state, wanted, rtol=0.0, atol=1e-11, err_msg=f"{scheme} {time}")
            inside = ~net.box | ((found.state > 0.0) & (found.state < 1.0))
            drift = np.array([net.force(s, x, y, beta) / net.tau for s in found.state])
            np.testing.assert_allclose(found.velocity[inside], drift[inside], rtol=0.0, atol=1e-11)


def test_without_temperature_it_is_euler_s_method_under_any_input(rng):
    net, times = SMOOTH["chain-tanh"](), np.array([0.0, 0.3, 0.35, 1.0])
    inputs = [
        nd.Steps([0.2, 0.35], rng.uniform(-1.0, 1.0, (3, net.n_in))),
        nd.Sine(rng.uniform(-1.0, 1.0, net.n_in), 1.0, 0.7),
        rng.uniform(-1.0, 1.0, (2, net.n_in)),
    ]
    for x in inputs:
        calm = nd.simulate(net, x, temperature=0.0, scheme="euler-maruyama", step=0.05, t_eval=times)
        euler = nd.simulate(net, x, solver=nd.Solver("euler", step=0.05), t_eval=times)
        np.testing.assert_allclose(calm.state, euler.state, rtol=0.0, atol=1e-12)
        np.testing.assert_allclose(calm.velocity, euler.velocity, rtol=0.0, atol=1e-11)


def test_bits_do_not_depend_on_company_threads_or_pieces(rng, monkeypatch):
    net, batch, h = SMOOTH["recurrent-softmax"](), 700, 0.05
    x, start = rng.normal(size=(batch, net.n_in)), rng.normal(size=(batch, net.n))
    noise = nd.Langevin(0.2, step=h, seed=3)
    whole = nd.simulate(net, x, start=start, noise=noise, t_eval=h * np.array([4.0, 50.0]))
    for some in (rng.permutation(batch)[:9], np.array([batch - 1])):
        part = nd.simulate(net, x[some], start=start[some], noise=noise, t_eval=[50 * h], streams=some)
        assert np.array_equal(part.state[-1], whole.state[-1, some])
        assert part.streams is not None
        assert np.array_equal(part.streams, some)
    monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", 1)
    monkeypatch.setattr("neurodyn.solvers.walk.BLOCK_ENTRIES", 999)
    assert np.array_equal(nd.simulate(net, x, start=start, noise=noise, t_eval=[50 * h]).state[0], whole.state[1])
    problem, engine = driven_problem(net, inward(start), x, None), engine_noise(net, noise, np.arange(batch))
    place, states = begin(problem.start, engine), []
    for count in (4, 1, 30, 15):
        found, place = walk(problem, engine, place, steps_of(count, count, h, place.time))
        states.append(found[0].T)
    assert np.array_equal(states[0], whole.state[0])
    assert np.array_equal(states[-1], whole.state[1])
    assert np.array_equal(place.state.T, whole.state[1])


def test_a_nudge_meets_the_same_noise(rng):
    net = SMOOTH["chain-linear"]()
    x, y = rng.normal(size=net.n_in), rng.normal(size=net.n_out)
    noise, times = nd.Langevin(0.5, step=0.05), [0.0, 3.0, 6.0]
    betas = (0.0, 1e-5, 2e-5)
    free, nudged, more = (nd.simulate(net, x, y=y, beta=beta, noise=noise, t_eval=times).state for beta in betas)
    assert np.abs(free[1]).max() > 0.1
    assert np.abs(more - free)[1:].max() > 1e-5
    np.testing.assert_allclose(
        more - free, 2.0 * (nudged - free), rtol=0.0, atol=2e-9
    )  # the noise is the same, and is gone


def test_weights_fluctuate_around_their_values(rng):
    net, h = SMOOTH["chain-tanh"](), 0.05
    noise = nd.Langevin(0.0, "euler-maruyama", h, 3, weight_noise=0.2, weight_correlation_time=1.0)
    weights = FluctuatingWeights(net, noise, h)
    nets = [weights.at(2 * h * k) for k in range(200)]
    eta = np.array([[n.parameters[c].ravel() / net.parameters[c].ravel() - 1.0 for n in nets] for c in ["x-h1"]])[0]
    assert all(np.array_equal(n.parameters["h1"], net.parameters["h1"]) for n in nets)
    assert np.std(eta) == pytest.approx(0.2, rel=0.05)
    assert (eta[1:] * eta[:-1]).mean() / np.mean(eta * eta) == pytest.approx(np.exp(-0.1), rel=0.02)
    x, s = rng.uniform(-1.0, 1.0, net.n_in), rng.normal(size=net.n)
    found = nd.simulate(net, x, start=s, noise=noise, t_eval=h * np.arange(9))
    for k in range(9):
        np.testing.assert_allclose(found.state[k], s, rtol=0.0, atol=1e-12)
        s = s + h * nets[k // 2].force(s, x) / net.tau
    assert found.noise == noise


def test_network_without_parameters_moves():
    net = EnergyNetwork({"s": 1}, [terms.Leak()])
    found = nd.simulate(net, start=np.zeros((4000, 1)), temperature=0.3, t_eval=[10.0])
    assert np.var(found.state) == pytest.approx(0.3, rel=0.1)


def test_default_step_is_a_part_of_the_shortest_relaxation_time():
    net = SMOOTH["chain-linear"]()
    fastest = np.linalg.eigvals(net.hessian(np.zeros(net.n), np.zeros(net.n_in)) / net.tau[:, None]).real.max()
    for scheme, part in zip(SCHEMES, (0.02, 0.1, 0.02), strict=True):
        assert step_of(net, nd.Langevin(0.1, scheme)) == pytest.approx(part / fastest, rel=1e-3)
    assert step_of(net, nd.Langevin(0.1, correlation_time=1e-3)) == 2e-4


def test_results_say_what_noise_they_met_and_load_again(tmp_path, rng):
    net = SMOOTH["one-unit"]()
    run = nd.simulate(net, [[0.3], [0.2]], temperature=[0.1], scheme="ornstein-uhlenbeck", step=0.3, seed=4)
    assert run.noise == nd.Langevin([0.1], "ornstein-uhlenbeck", run.solver["step"], 4)
    assert nd.simulate(net, [[0.3], [0.2]], noise=run.noise) == run
    run.save(tmp_path / "run.nc")
    again = nd.load(tmp_path / "run.nc")
    assert again == run
    assert again.noise == run.noise
    assert nd.simulate(net, [0.3], t_eval=[1.0]).noise is None


def test_what_diverges_is_kept_as_far_as_it_came():
    net = Hopfield.recurrent(2, activation="linear", gain=0.0)
    net = net.replace(parameters={"s-s": [[0.0, 3.0], [3.0, 0.0]]})
    with pytest.raises(nd.DivergenceError, match="sample 0 diverged") as caught:
        nd.simulate(net, temperature=0.1, step=0.1, t_eval=np.arange(1.0, 100.0), start=[[0.0, 0.0], [0.0, 0.0]])
    run = caught.value.result
    reached = int(run.last_time[0])
    assert 5 < reached < 50
    assert np.isfinite(run.state[reached - 1, 0]).all()
    assert np.isnan(run.state[reached, 0]).all()
    assert np.array_equal(run.last_state[0], run.state[reached - 1, 0])


REFUSED: dict[str, dict[str, Any]] = {
    "`temperature` must be a number >= 0": {"temperature": -0.1},
    "`temperature` must be a number >= 0, or one for each free unit; got nan": {"temperature": [0.1, np.nan, 0.1]},
    "one value for each of the 17 free units; got 2": {"temperature": [0.1, 0.2]},
    "unknown `scheme` 'euler'": {"temperature": 0.1, "scheme": "euler"},
    "`step` must be positive": {"temperature": 0.1, "step": 0.0},
    "`step` must be at least": {"temperature": 0.1, "step": 1e-20},
    "`seed` must be a whole number": {"temperature": 0.1, "seed": -1},
    "`step` must be at most `correlation_time`": {"temperature": 0.1, "step": 0.2, "correlation_time": 0.1},
    "`correlation_time` must be positive": {"temperature": 0.1, "correlation_time": -1.0},
    "`scheme` says how noise acts, and there is none": {"scheme": "euler-maruyama"},
    "`streams` says how noise acts": {"streams": [1]},
    "`streams` must be 1 whole numbers": {"temperature": 0.1, "streams": [1, 2]},
    "`streams` must lie between 0": {"temperature": 0.1, "streams": [-1]},
    "`step` is part of `noise`": {"noise": nd.Langevin(0.1), "step": 0.1},
    "`noise` must be a Langevin": {"noise": 0.1},
    "`solver` is for motion without noise": {"temperature": 0.1, "solver": nd.Solver()},
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_makes_no_sense_is_refused(message):
    net = SMOOTH["chain-tanh"]()
    with pytest.raises(nd.ArgumentError, match=message):
        nd.simulate(net, np.zeros(net.n_in), **REFUSED[message])
    with pytest.raises(nd.ArgumentError, match="`weight_noise` must be a finite number >= 0; got -1"):
        nd.Langevin(0.1, weight_noise=-1.0)
