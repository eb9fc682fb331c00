"""Inputs that move: closed forms, jumps and kinks on steps' ends, nudges, every solver, files, refusals."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

import neurodyn as nd
from naive import NaiveHopfield, NaiveRate
from networks import BOXED, RATE, SMOOTH, draw_state, draw_target
from neurodyn.flows.free import free
from neurodyn.models import Hopfield
from neurodyn.phases.driven import Nudge, driven_problem, integrate_pieces
from neurodyn.solvers.status import Status

TIMES = np.linspace(0.0, 6.0, 13)
TIGHT = nd.Solver(rtol=1e-12, atol=1e-13)
KINDS = ("steps", "sine", "series")


def stimulus(kind, n_in, rng, batch=None, end=6.0):
    """A random one; its knots fall between and on the recorded times."""
    shape = (n_in,) if batch is None else (batch, n_in)
    if kind == "steps":
        return nd.Steps([0.37, 2.0, 2.11], rng.uniform(-1.0, 1.0, (4, *shape)))
    if kind == "sine":
        mean, amplitude = rng.uniform(-1.0, 1.0, (2, *shape))
        return nd.Sine(mean, amplitude, rng.uniform(0.0, 1.0, shape), rng.uniform(0.0, 6.0, n_in))
    return nd.Series(np.append(np.sort(rng.uniform(0.2, end, 9)), end + 1.0), rng.uniform(-1.0, 1.0, (10, *shape)))


# -- closed forms of a linear network ----------------------------------------------------------------------------------


@pytest.fixture
def linear(rng):
    """T s' = -H s + W x + b: the network, A = -H/T, W/T, b/T, a start."""
    net = SMOOTH["chain-linear"]()
    hessian, into = net.hessian(np.zeros(net.n), np.zeros(net.n_in)), np.zeros((net.n, net.n_in))
    into[net.graph.slices["h1"]] = net.parameters["x-h1"].T
    bias = np.concatenate([net.parameters[p.name] for p in net.graph.free])
    return net, -hessian / net.tau[:, None], into / net.tau[:, None], bias / net.tau, rng.normal(size=net.n)


def under_ramp(linear, start, x, slope, t):
    """The solution after t under x + slope·t."""
    _, a, into, bias, _ = linear
    n = len(start)
    whole = np.zeros((n + 2, n + 2))  # of the state, of t, of 1
    whole[:n, :n], whole[:n, n], whole[:n, n + 1], whole[n, n + 1] = a, into @ slope, into @ x + bias, 1.0
    return (expm(whole * t) @ np.r_[start, 0.0, 1.0])[:n]


def test_a_sine_drives_a_linear_network_as_its_closed_form_says(linear, rng):
    net, a, into, bias, start = linear
    wave = stimulus("sine", net.n_in, rng)
    run = nd.simulate(net, wave, start=start, t_eval=TIMES, solver=TIGHT)
    rest = -np.linalg.solve(a, into @ wave.mean + bias)
    expected = np.zeros((TIMES.size, net.n))
    forced_start = np.zeros(net.n)
    for unit in range(net.n_in):
        omega = 2j * np.pi * wave.frequency[unit]
        force = into[:, unit] * wave.amplitude[unit] * np.exp(1j * wave.phase[unit])
        answer = np.linalg.solve(omega * np.eye(net.n) - a, force)
        expected += (answer * np.exp(omega * TIMES)[:, None]).imag
        forced_start += answer.imag
    expected += rest + np.array([expm(a * t) @ (start - rest - forced_start) for t in TIMES])
    assert np.abs(run.state - expected).max() < 1e-11


def test_steps_are_a_chain_of_relaxations(linear, rng):
    net, *_, start = linear
    steps = stimulus("steps", net.n_in, rng)
    run = nd.simulate(net, steps, start=start, t_eval=TIMES, solver=TIGHT)
    edges = np.r_[0.0, steps.times]
    for k, t in enumerate(TIMES):
        state = start
        for j, begin in enumerate(edges[edges <= t]):
            stop = min(t, edges[j + 1]) if j + 1 < len(edges) else t
            state = under_ramp(linear, state, steps.levels[j], np.zeros(net.n_in), stop - begin)
        assert np.abs(run.state[k] - state).max() < 1e-11
    jump = list(TIMES).index(2.0)  # the velocity there is that under the new level
    assert run.velocity[jump] == pytest.approx(net.force(run.state[jump], steps.levels[2]) / net.tau, abs=1e-13)


def test_a_series_is_a_chain_of_ramps(linear, rng):
    net, *_, start = linear
    series = stimulus("series", net.n_in, rng)
    run = nd.simulate(net, series, start=start, t_eval=TIMES, solver=TIGHT)
    edges = np.unique(np.r_[0.0, series.times[series.times < TIMES[-1]], TIMES])
    state, found = start, {0.0: start}
    for begin, stop in pairwise(edges):
        slope = (series(stop) - series(begin)) / (stop - begin)
        state = found[float(stop)] = under_ramp(linear, state, series(begin), slope, stop - begin)
    assert np.abs(run.state - np.array([found[float(t)] for t in TIMES])).max() < 1e-11


def test_no_step_leaps_over_a_short_pulse(linear):
    net, a, into, bias, _ = linear
    width, rest = 1e-6, -np.linalg.solve(a, bias)
    kick = into @ np.ones(net.n_in)
    far = expm(a * 0.5) @ kick
    for pulse, area in (
        (nd.Steps([50.0, 50.0 + width], [np.zeros(4), np.full(4, 1e3), np.zeros(4)]), 1e3 * width),
        (nd.Series([50.0 - width, 50.0, 50.0 + width], [np.zeros(4), np.full(4, 1e3), np.zeros(4)]), 1e3 * width),
    ):
        run = nd.simulate(net, pulse, start=rest, t_eval=[50.5], solver=TIGHT)
        assert run.state[0] - rest == pytest.approx(area * far, rel=1e-4)


# -- against plain NumPy and SciPy, for every model --------------------------------------------------------------------

NETWORKS = {
    "hopfield": (SMOOTH["skip"], NaiveHopfield),
    "nonlinear-input": (SMOOTH["input-tanh"], NaiveHopfield),
    "input-second": (SMOOTH["input-second"], NaiveHopfield),
    "sparse": (SMOOTH["sparse-chain"], NaiveHopfield),
    "box": (BOXED["chain-hard"], NaiveHopfield),
    "rate": (RATE["mixed"], NaiveRate),
    "softmax": (SMOOTH["recurrent-softmax"], NaiveHopfield),
    "box-softmax": (BOXED["recurrent-hard-softmax"], NaiveHopfield),
    "rate-softmax": (RATE["chain-softmax"], NaiveRate),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_flow_under_a_moving_input_and_a_nudge_is_the_definition(name, kind, rng):
    make, naive = NETWORKS[name]
    net, beta = make(), 0.3
    x, s, y = stimulus(kind, net.n_in, rng, 3), draw_state(net, 3, rng), draw_target(net, 3, rng)
    s[:, net.box] = rng.choice([0.0, 0.4, 1.0], (3, int(net.box.sum())))
    run = nd.simulate(net, x, start=s, y=y, beta=beta, t_eval=[0.0])
    plain = naive(net)
    expected = [plain.velocity(x(0.0)[j], s[j], y[j], beta) for j in range(3)]
    assert run.velocity[0] == pytest.approx(np.array(expected), abs=1e-14)
    if kind != "steps":
        problem = driven_problem(net, np.ascontiguousarray(s.T), x, Nudge(beta, y))
        for t in (0.3, 1.77, 9.0):
            out, work = np.empty((net.n, 3)), np.empty((problem.work_rows, 3))
            problem.flow(np.full(3, t), problem.start, problem.rows, problem.theta, problem.layout, work, out)
            expected = [plain.velocity(x(t)[j], s[j], y[j], beta) for j in range(3)]
            assert pytest.approx(np.array(expected), abs=1e-14) == out.T


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["hopfield", "rate"])
def test_trajectories_are_scipys(name, kind, rng):
    make, naive = NETWORKS[name]
    net, times = make(), np.linspace(0.0, 3.0, 7)
    x, s, y = stimulus(kind, net.n_in, rng, end=3.0), draw_state(net, 1, rng)[0], draw_target(net, 1, rng)[0]
    run = nd.simulate(net, x, start=s, y=y, beta=0.3, t_eval=times)
    plain, state, edges = naive(net), s, np.unique(np.r_[0.0, x.knots[x.knots < 3.0], 3.0])
    for begin, stop in pairwise(edges):
        middle = 0.5 * (begin + stop)
        found = solve_ivp(
            lambda t, z, at=middle: plain.velocity(x(at if kind == "steps" else t), z, y, 0.3),
            (begin, stop), state, method="DOP853", rtol=1e-10, atol=1e-11, dense_output=True,
        )  # fmt: skip
        for k in np.flatnonzero((times >= begin) & (times <= stop)):
            assert run.state[k] == pytest.approx(found.sol(times[k]), abs=2e-8)
        state = found.y[:, -1]


@pytest.mark.parametrize("name", ["hopfield", "box", "rate", "softmax", "box-softmax", "rate-softmax"])
def test_jacobians_are_differences_of_the_flow(name, rng):
    net = NETWORKS[name][0]()
    s, y, step = draw_state(net, 1, rng), draw_target(net, 1, rng), 1e-6
    problem = driven_problem(net, np.ascontiguousarray(s.T), stimulus("sine", net.n_in, rng, 1), Nudge(0.7, y))
    moves = problem.start + step * np.c_[np.eye(net.n), -np.eye(net.n)]
    wide = np.repeat(problem.rows, 2 * net.n, axis=1)
    out, work = np.empty(moves.shape), np.empty((problem.work_rows, 2 * net.n))
    problem.flow(np.full(2 * net.n, 1.3), moves, wide, problem.theta, problem.layout, work, out)
    differences = (out[:, : net.n] - out[:, net.n :]) / (2.0 * step)
    assert problem.jacobian(0, 1.3, s[0]) == pytest.approx(differences, abs=1e-8)


# -- solvers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_all_methods_agree(kind, rng):
    net = SMOOTH["skip"]()
    x, s = stimulus(kind, net.n_in, rng), draw_state(net, 1, rng)[0]
    reference = nd.simulate(net, x, start=s, t_eval=TIMES, solver=TIGHT).state
    for method in ("tsit5", "dopri5", "auto", "RK45", "DOP853", "Radau", "BDF", "LSODA"):
        run = nd.simulate(net, x, start=s, t_eval=TIMES, solver=nd.Solver(method))
        assert np.abs(run.state - reference).max() < 2e-7, method


@pytest.mark.parametrize("kind", KINDS)
def test_jumps_and_kinks_do_not_spoil_the_order_of_a_method(kind, rng):
    net = SMOOTH["skip"]()
    x, s = stimulus(kind, net.n_in, rng), draw_state(net, 1, rng)[0]
    if kind == "series":
        x = nd.Series([0.37, 0.9, 1.55, 2.3, 7.0], x.table[:5])  # further apart than steps are long
    reference = nd.simulate(net, x, start=s, t_eval=[3.0], solver=TIGHT).state
    steps, errors = (0.08, 0.04, 0.02, 0.01), []
    for step in steps:
        run = nd.simulate(net, x, start=s, t_eval=[3.0], solver=nd.Solver("rk4", step=step))
        errors.append(np.abs(run.state - reference).max())
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] > 3.8


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_stiff_networks_follow_a_moving_input(kind, rng):
    net = SMOOTH["skip"]().replace(tau=np.geomspace(1e-6, 2.0, 11))
    x, s = stimulus(kind, net.n_in, rng), draw_state(net, 1, rng)[0]
    run = nd.simulate(net, x, start=s, t_eval=TIMES, solver=nd.Solver("auto"))
    implicit = nd.simulate(net, x, start=s, t_eval=TIMES, solver=nd.Solver("Radau", rtol=1e-9))
    assert run.counters["implicit"] > 0
    assert run.state == pytest.approx(implicit.state, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_trajectory_has_the_same_bits_in_any_company(kind, rng):
    net = SMOOTH["skip"]()
    x, s, y = stimulus(kind, net.n_in, rng, 11), draw_state(net, 11, rng), draw_target(net, 11, rng)
    whole = nd.simulate(net, x, start=s, y=y, beta=0.1, t_eval=TIMES)
    shared = {"steps": {"levels": 1}, "sine": {"mean": 0, "amplitude": 0, "frequency": 0, "phase": 0}}
    axes = shared.get(kind, {"values": 1})
    alone = replace(x, **{name: np.take(getattr(x, name), 4, axis=axis) for name, axis in axes.items()})
    one = nd.simulate(net, alone, start=s[4], y=y[4], beta=0.1, t_eval=TIMES)
    assert np.array_equal(one.state, whole.state[:, 4])
    assert np.array_equal(one.velocity, whole.velocity[:, 4])
    many = nd.simulate(net, alone, start=s, t_eval=TIMES)  # one stimulus serves many starts
    assert np.array_equal(many.state[:, 4], nd.simulate(net, alone, start=s[4], t_eval=TIMES).state)


def test_an_ordinary_simulation_runs_the_ordinary_flow():
    net = SMOOTH["skip"]()
    assert driven_problem(net, np.zeros((net.n, 1)), np.zeros((1, net.n_in)), None).flow is free


def test_a_nudged_simulation_is_the_nudged_phase(rng):
    for net in (SMOOTH["skip"](), BOXED["chain-hard"](), RATE["mixed"](), RATE["chain-softmax"]()):
        eq = nd.relax(net, rng.uniform(-1.0, 1.0, (2, net.n_in)))
        y = draw_target(net, 2, rng)
        nudged = nd.nudge(net, eq, y, beta=0.2, nudging="positive", t_eval=TIMES, solver=TIGHT)
        run = nd.simulate(net, eq.x, start=eq.state, y=y, beta=0.2, t_eval=TIMES, solver=TIGHT)
        assert run.state == pytest.approx(nudged.state, abs=1e-9)
        assert run.velocity == pytest.approx(nudged.velocity, abs=1e-9)


def test_without_input_the_outputs_can_be_nudged_too(rng):
    net = SMOOTH["recurrent-without-input"]()
    y = draw_target(net, 1, rng)
    run = nd.simulate(net, start=np.zeros((1, net.n)), y=y, beta=0.5, t_eval=[200.0])
    assert np.abs(NaiveHopfield(net).velocity(None, run.state[0, 0], y[0], 0.5)).max() < 1e-8


# -- results and refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [None, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_results_keep_what_the_input_was(kind, batch, rng, tmp_path):
    net = SMOOTH["skip"]()
    x, y = stimulus(kind, net.n_in, rng, batch), draw_target(net, batch or 1, rng)
    run = nd.simulate(net, x, y=y if batch else y[0], beta=0.1, t_eval=TIMES)
    assert run.stimulus == x
    assert run.x is None
    assert run.input is not None
    assert np.array_equal(run.input, x(TIMES))
    run.save(tmp_path / "run.nc")
    again = nd.load(tmp_path / "run.nc")
    assert again == run
    assert again.stimulus == x
    assert run.stimulus != replace(x, **({"phase": 0.1} if kind == "sine" else {"times": x.times + 0.1}))


def test_the_input_of_an_ordinary_trajectory_is_its_x(rng):
    net = SMOOTH["skip"]()
    run = nd.simulate(net, np.ones((2, net.n_in)), t_eval=TIMES)
    assert run.stimulus is None
    assert run.input is not None
    assert np.array_equal(run.input, np.ones((TIMES.size, 2, net.n_in)))
    shared = nd.simulate(net, stimulus("sine", net.n_in, rng), start=draw_state(net, 2, rng), t_eval=TIMES)
    assert shared.input is not None
    assert shared.input.shape == (TIMES.size, 2, net.n_in)
    assert nd.simulate(SMOOTH["recurrent-without-input"](), t_eval=[1.0]).input is None


def test_stimuli_are_read_as_they_say():
    steps = nd.Steps([1.0, 2.0], [[0.0], [5.0], [7.0]])
    assert steps([0.0, 1.0, 1.5, 2.0, 9.0]).ravel().tolist() == [0.0, 5.0, 5.0, 7.0, 7.0]
    series = nd.Series([1.0, 2.0, 4.0], [[0.0], [1.0], [5.0]])
    assert series([0.0, 1.5, 2.0, 3.0, 9.0]).ravel().tolist() == [0.0, 0.5, 1.0, 3.0, 5.0]
    sine = nd.Sine(1.0, [2.0, 3.0], 0.25, [0.0, np.pi / 2])
    assert sine(1.0) == pytest.approx([3.0, 1.0])
    assert sine(np.zeros((3, 2))).shape == (3, 2, 2)


def test_a_trajectory_that_is_lost_leaves_the_others_alone(rng):
    net = Hopfield.recurrent(3, 2, activation="linear", gain=0.1, seed=1)
    net = net.replace(parameters={"s-s": 0.1 * (np.ones((3, 3)) - np.eye(3)), "x-s": np.eye(2, 3)})
    starts = np.array([[0.1, 0.2, 0.3], [1e9, 0.0, 0.0]])
    wild = nd.Steps([1.0], np.zeros((2, 2, 2)))
    fine = nd.simulate(net, wild, start=starts[0], t_eval=[0.5, 3.0])
    unstable = net.replace(parameters={"s-s": 3.0 * (np.ones((3, 3)) - np.eye(3))})
    with pytest.raises(nd.DivergenceError, match="sample 1 diverged") as caught:
        nd.simulate(unstable, wild, start=np.array([[1e-40, -1e-40, 0.0], [1.0, 1.0, 1.0]]), t_eval=[0.5, 4.0, 12.0])
    partial = caught.value.result
    assert partial.status.tolist() == [Status.DONE, Status.DIVERGED]
    assert np.isfinite(partial.state[:2]).all()
    assert np.isfinite(partial.state[:, 0]).all()
    assert np.isnan(partial.state[2, 1]).all()
    assert nd.simulate(net, wild, start=starts, t_eval=[0.5, 3.0]).state[:, 0] == pytest.approx(fine.state[:, 0])


def test_limits_hold_over_all_pieces(rng):
    net = SMOOTH["skip"]()
    many = nd.Steps(np.arange(1.0, 2000.0), rng.uniform(-1.0, 1.0, (2000, net.n_in)))
    run = nd.simulate(net, many, t_eval=[1999.0], solver=nd.Solver(max_seconds=0.02), on_failure="return")
    assert run.status == Status.MAX_SECONDS
    few = nd.simulate(net, many, t_eval=[5.0], solver=nd.Solver(max_steps=3), on_failure="return")
    assert few.status == Status.MAX_STEPS


def test_pieces_end_where_the_next_begin():
    net = SMOOTH["skip"]()
    x, seen = np.zeros((1, net.n_in)), []

    def problem(k, start, samples):
        seen.append((k, samples.tolist()))
        return driven_problem(net, start, x, None)

    times = np.array([0.0, 1.0, 2.0, 2.5])
    pieces = integrate_pieces(problem, np.ones((net.n, 1)), np.array([1.0, 2.5, 7.0]), nd.Solver(), times, what="")
    whole = nd.simulate(net, x, start=np.ones((1, net.n)), t_eval=times)
    assert pieces.y[:, :, 0] == pytest.approx(whole.state[:, 0], abs=1e-7)
    assert pieces.f[:, :, 0] == pytest.approx(whole.velocity[:, 0], abs=1e-7)
    assert seen == [(0, [0]), (1, [0]), (2, [0])]
    assert pieces.time == [2.5]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: nd.Steps([0.0], [[1.0], [2.0]]), "positive times"),
        (lambda: nd.Steps([1.0], [[1.0]]), "one level more than times"),
        (lambda: nd.Steps([2.0, 1.0], [[1.0]] * 3), "increase strictly"),
        (lambda: nd.Steps([1.0], [1.0, 2.0]), "2 or 3 axes"),
        (lambda: nd.Series([1.0], [[1.0]]), "two at least"),
        (lambda: nd.Series([1.0, 2.0], [[1.0], [np.nan]]), "must be finite"),
        (lambda: nd.Sine(0.0, 1.0, 2.0), "for each input"),
        (lambda: nd.Sine([0.0, 1.0], [0.0, 1.0, 2.0], 2.0), "broadcast"),
        (lambda: nd.Sine(["a"], 1.0, 2.0), "array of numbers"),
    ],
)
def test_malformed_stimuli_are_refused(make, said):
    with pytest.raises(nd.ArgumentError, match=said):
        make()


def test_what_does_not_fit_the_network_is_refused(rng):
    net = SMOOTH["skip"]()
    wave = stimulus("sine", net.n_in, rng, 3)
    with pytest.raises(nd.ArgumentError, match="the stimulus has 4 inputs, this network 3"):
        nd.simulate(net, stimulus("sine", 4, rng))
    with pytest.raises(nd.ArgumentError, match="no input population"):
        nd.simulate(SMOOTH["recurrent-without-input"](), wave)
    with pytest.raises(nd.ArgumentError, match="`start` has 2 samples, `x` has 3"):
        nd.simulate(net, wave, start=np.zeros((2, net.n)))
    with pytest.raises(nd.ArgumentError, match="needs targets `y`"):
        nd.simulate(net, wave, beta=0.1)
    with pytest.raises(nd.ArgumentError, match="`beta` must be a finite number"):
        nd.simulate(net, wave, y=np.zeros((3, 2)), beta=np.inf)
    with pytest.raises(nd.ArgumentError, match="`x` must be an array of numbers; got Sine"):
        nd.relax(net, wave)
