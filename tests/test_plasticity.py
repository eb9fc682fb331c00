"""Weights that move while the network is nudged: the closed form of their path, gradients, halves, running away."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import neurodyn as nd
from naive import NaiveHopfield, NaiveRate
from networks import BOXED, RATE, SMOOTH, UNEQUAL, draw_input, draw_target
from neurodyn import models
from neurodyn.phases import synapses
from neurodyn.phases.plasticity import critical_kappa, differences, plastic_problem
from neurodyn.phases.synapses import Synapses
from neurodyn.solvers.status import Status
from neurodyn.system.fixed_point import FixedPoint

TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)
NETWORKS = {
    "chain": SMOOTH["chain-tanh"],
    "mixed": SMOOTH["mixed"],
    "recurrent": SMOOTH["recurrent"],
    "no-input": SMOOTH["recurrent-without-input"],
    "sparse": SMOOTH["sparse-chain"],
    "turned": SMOOTH["input-second"],
    "input-tanh": SMOOTH["input-tanh"],
    "rate": RATE["mixed"],
    "rate-graph": RATE["skip"],
}


@pytest.fixture(params=NETWORKS)
def task(request, rng):
    """A network, an equilibrium, targets."""
    return make_task(NETWORKS[request.param](), rng)


def make_task(net, rng, batch=2):
    x = draw_input(net, batch, rng)
    start = None if net.n_in else rng.uniform(-1.0, 1.0, (batch, net.n))
    return net, nd.relax(net, x, start=start), draw_target(net, batch, rng)


def slow(task, beta, fraction=0.05):
    """A tau_theta at which 1/(|beta| tau_theta) is that fraction of its critical value."""
    net, eq, _ = task
    point = FixedPoint.of(net, eq.state, eq.x)
    critical = min(critical_kappa(point, Synapses.of(net, own=own)).min() for own in (False, True))
    return 1.0 / (abs(beta) * fraction * critical)


def energy_gradients(net, states, x):
    """dE/dtheta of each sample at states (batch, n), (batch, p)."""
    inputs = [None] * len(states) if x is None else x
    return np.array([net.energy_gradient(s, one).vector for s, one in zip(states, inputs, strict=True)])


# -- what moves, and how ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [0.3, -0.3])
def test_parameters_are_a_function_of_the_state(task, beta):
    net, eq, y = task
    tau_theta = slow(task, beta)
    run = nd.plastic_phase(net, eq, y, beta=beta, tau_theta=tau_theta, t_eval=[0.0, 0.4, 3.0, 20.0], solver=TIGHT)
    before = energy_gradients(net, eq.state, eq.x)
    for k in range(4):
        moved = energy_gradients(net, run.state[k], eq.x) - before
        expected = net.parameters.vector - moved / (beta * tau_theta)
        assert run.parameters[k] == pytest.approx(expected, abs=1e-10)
    assert np.abs(run.gain[-1]).max() > 1e-3


@pytest.mark.parametrize("rule", ["tied", "stdp"])
@pytest.mark.parametrize("name", NETWORKS)
def test_velocities_are_those_of_a_network_with_the_present_weights(name, rule, rng):
    """T ds/dt against plain NumPy with the moved weights; dW/dt against products of rates and their velocities."""
    net, eq, y = make_task(NETWORKS[name](), rng)
    beta = 0.2
    tau_theta = slow((net, eq, y), beta)
    run = nd.plastic_phase(net, eq, y, beta=beta, tau_theta=tau_theta, rule=rule, t_eval=[0.7, 6.0])
    wires = Synapses.of(net, own=rule == "stdp")
    parts = [run.gain] if run.back_gain is None else [run.gain, run.back_gain]
    gain = np.concatenate(parts, axis=2) / tau_theta
    naive = (NaiveRate if isinstance(net, models.Rate) else NaiveHopfield)(net)
    clamped = naive.weights.copy(), naive.bias.copy()
    position = np.where(wires.source >= 0, wires.source + net.n_in, -1 - wires.source)
    for k, j in itertools.product(range(2), range(2)):
        naive.weights, naive.bias = clamped[0].copy(), clamped[1].copy()
        np.add.at(naive.weights, (wires.target + net.n_in, position), gain[k, j][wires.weight])
        naive.bias[naive.free] += gain[k, j][wires.parameters - net.n : wires.parameters]
        x = None if eq.x is None else eq.x[j]
        expected = naive.velocity(x, run.state[k, j], y[j], beta)
        assert run.velocity[k, j] == pytest.approx(expected, abs=1e-8)
        rates = naive.rates(np.zeros(0) if x is None else x, run.state[k, j])
        motion = naive.slope(run.state[k, j]) * run.velocity[k, j]
        learned = np.zeros(wires.size)
        np.add.at(learned, wires.weight, rates[position] * motion[wires.target] / (beta * tau_theta))
        learned[wires.parameters - net.n : wires.parameters] = motion / (beta * tau_theta)
        assert run.gain_rate[k, j] / tau_theta == pytest.approx(learned[: wires.parameters], abs=1e-12)


def test_synapses_cover_every_weight_in_both_directions(task):
    net, *_ = task
    wires = Synapses.of(net)
    uses = np.bincount(wires.weight, minlength=wires.parameters)
    once = np.ones(wires.parameters, dtype=int)
    once[wires.shared] = 2
    once[-net.n :] = 0
    assert np.array_equal(uses, once)
    assert np.all(wires.target >= 0)
    own = Synapses.of(net, own=True)
    assert own.size == wires.parameters + wires.shared.size
    assert np.array_equal(np.sort(own.weight), np.r_[: wires.parameters - net.n, wires.parameters : own.size])


def test_the_box_is_kept_and_its_closed_form_too(rng):
    net, eq, y = make_task(BOXED["chain-hard"](), rng, 4)
    tau_theta = slow((net, eq, y), 0.5)
    run = nd.plastic_phase(net, eq, y, beta=0.5, tau_theta=tau_theta, t_eval=[0.0, 1.0, 20.0], solver=TIGHT)
    assert run.state.min() >= -1e-15
    assert run.state.max() <= 1.0 + 1e-15
    before = energy_gradients(net, eq.state, eq.x)
    for k in range(3):
        moved = energy_gradients(net, run.state[k], eq.x) - before
        assert run.gain[k] == pytest.approx(-moved / 0.5, abs=1e-9)


# -- the gradient ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["chain", "recurrent", "rate"])
def test_the_step_approaches_the_gradient_with_slope_one_in_kappa(name, rng):
    net, eq, y = make_task(NETWORKS[name](), rng)
    exact = nd.gradient(net, eq.x, y, method="implicit")
    kappas, beta = 0.02 / 2.0 ** np.arange(2, 7), 1e-7
    errors = []
    for kappa in kappas:
        run = nd.plastic_phase(net, eq, y, beta=beta, tau_theta=1.0 / (beta * kappa), solver=TIGHT)
        errors.append((run.parameter_gradient() - exact).norm / exact.norm)
    assert np.polyfit(np.log(kappas), np.log(errors), 1)[0] == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("name", ["chain", "recurrent", "rate"])
def test_the_step_approaches_the_gradient_with_slope_one_in_beta(name, rng):
    net, eq, y = make_task(NETWORKS[name](), rng)
    exact = nd.gradient(net, eq.x, y, method="implicit")
    betas, kappa, errors = 0.02 / 2.0 ** np.arange(1, 6), 1e-9, []
    for beta in betas:
        run = nd.plastic_phase(net, eq, y, beta=beta, tau_theta=1.0 / (beta * kappa), solver=TIGHT)
        errors.append((run.parameter_gradient() - exact).norm / exact.norm)
    assert np.polyfit(np.log(betas), np.log(errors), 1)[0] == pytest.approx(1.0, abs=0.06)


def test_slow_weights_leave_the_nudged_phase_as_it_is(task):
    net, eq, y = task
    run = nd.plastic_phase(net, eq, y, beta=1e-2, tau_theta=1e14, solver=TIGHT)
    still = nd.nudge(net, eq, y, beta=1e-2, nudging="positive", t_eval=run.t, solver=TIGHT)
    assert run.displacement == pytest.approx(still.displacement[0], abs=1e-9)
    for k in (1, 100, -1):
        t = run.t[k]
        assert run.parameter_gradient(t).vector == pytest.approx(still.parameter_gradient(t).vector, abs=1e-9)


def test_learned_is_the_update_of_equilibrium_propagation_in_the_slow_limit(rng):
    net, eq, y = make_task(SMOOTH["chain-tanh"](), rng)
    still = nd.nudge(net, eq, y, beta=0.5, nudging="positive", solver=TIGHT)
    errors = []
    for tau_theta in (1e4, 1e5, 1e6):
        run = nd.plastic_phase(net, eq, y, beta=0.5, tau_theta=tau_theta, t_eval=still.t, solver=TIGHT)
        update = (run.learned().parameters - net.parameters) * tau_theta
        errors.append((update + still.parameter_gradient()).norm / still.parameter_gradient().norm)
    assert np.polyfit(np.log([1e4, 1e5, 1e6]), np.log(errors), 1)[0] == pytest.approx(-1.0, abs=0.02)
    assert errors[-1] < 1e-3


# -- the one-sided rule ------------------------------------------------------------------------------------------------


def test_the_halves_of_a_synapse_differ_by_the_other_half(task):
    """Along one motion both directions' gains add up to d/dt(rho_i rho_j); the difference is antisymmetric."""
    net, eq, y = task
    beta = 0.3
    tau_theta = slow(task, beta)
    run = nd.plastic_phase(
        net, eq, y, beta=beta, tau_theta=tau_theta, rule="stdp", t_eval=[0.5, 4.0, 30.0], solver=TIGHT
    )
    assert run.back_gain is not None
    wires, before = Synapses.of(net), energy_gradients(net, eq.state, eq.x)
    for k in range(3):
        total = run.gain[k].copy()
        total[:, wires.shared] += run.back_gain[k]
        moved = energy_gradients(net, run.state[k], eq.x) - before
        assert total == pytest.approx(-moved / beta, abs=1e-9)
    if wires.shared.size:
        difference = run.gain[-1][:, wires.shared] - run.back_gain[-1]
        assert np.abs(difference).max() > 0.1 * np.abs(total).max()


def test_for_small_nudges_the_half_of_a_weight_is_its_presynaptic_share(rng):
    """dW/dt = rho_pre drho_post/dt gains rho_pre* (rho_post - rho_post*)/beta: the gradient of a directed weight."""
    net, eq, y = make_task(SMOOTH["chain-tanh"](), rng)
    run = nd.plastic_phase(net, eq, y, beta=1e-6, tau_theta=1e13, rule="stdp", solver=TIGHT)
    assert run.back_gain is not None
    local = FixedPoint.of(net, eq.state, eq.x).local
    change = local.slope * run.displacement[-1].T
    start = net.parameters["x-h1"].size
    stop = start + net.parameters["h1-h2"].size
    h1, h2 = net.graph.slices["h1"], net.graph.slices["h2"]
    for j in range(2):
        forward = np.outer(local.rate[h1, j], change[h2, j]).ravel()
        backward = np.outer(change[h1, j], local.rate[h2, j]).ravel()
        assert run.gain[-1, j, start:stop] == pytest.approx(forward, abs=1e-5)
        assert run.back_gain[-1, j, : stop - start] == pytest.approx(backward, abs=1e-5)


def test_without_a_way_back_both_rules_are_one(rng):
    net, eq, y = make_task(SMOOTH["partial-outputs"](), rng)  # the input alone has connections
    tied, stdp = (nd.plastic_phase(net, eq, y, beta=0.1, tau_theta=60.0, rule=rule) for rule in ("tied", "stdp"))
    assert np.array_equal(tied.gain, stdp.gain)
    assert stdp.back_gain is not None
    assert stdp.back_gain.shape[-1] == 0


# -- running away ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["tied", "stdp"])
def test_beyond_the_critical_kappa_the_joint_motion_is_unstable(task, rule):
    """The largest growth rate of the linearised joint flow, from differences of the flow, changes sign there."""
    net, eq, y = task
    point = FixedPoint.of(net, eq.state, eq.x)
    wires = Synapses.of(net, own=rule == "stdp")
    critical = critical_kappa(point, wires)
    for factor, sign in ((0.98, -1.0), (1.02, 1.0)):
        for j in range(2):
            problem = plastic_problem(point, y, 1e-9, factor * critical[j], wires)
            full = differences(problem, np.eye(len(problem.start)), np.zeros((len(problem.start), 1)), [j])[0]
            rates = np.linalg.eigvals(full)
            rates = rates[np.abs(rates) > 1e-6]  # the weights that the motion does not touch
            assert sign * rates.real.max() > 0.0


@pytest.mark.parametrize("name", ["chain", "recurrent", "rate"])
def test_running_away_is_a_status_and_no_crash(name, rng):
    net, eq, y = make_task(NETWORKS[name](), rng)
    critical = nd.plastic_phase(net, eq, y, beta=1e-3, tau_theta=1e9, t_eval=[1.0]).critical_kappa
    for kappa in (0.5 * critical.min(), 2.0 * critical.max()):
        run = nd.plastic_phase(net, eq, y, beta=1e-4, tau_theta=1e4 / kappa, on_failure="return")
        wanted = Status.DONE if kappa < critical.min() else Status.RUNAWAY
        assert run.status.tolist() == [wanted, wanted]
    with pytest.raises(nd.SimulationError, match=r"ran away.*critical value") as caught:
        nd.plastic_phase(net, eq, y, beta=1e-4, tau_theta=1e4 / (2.0 * critical.max()))
    assert caught.value.result.status.tolist() == [Status.RUNAWAY] * 2


def test_a_strong_nudge_runs_away_below_the_critical_kappa(rng):
    """Far from s* the motion may cross a fold that the linear theory does not see: it is found along the path."""
    net, eq, y = make_task(SMOOTH["chain-tanh"](), rng, 6)
    critical = nd.plastic_phase(net, eq, y, beta=1e-3, tau_theta=1e9, t_eval=[1.0]).critical_kappa
    run = nd.plastic_phase(net, eq, y, beta=1.0, tau_theta=1.0 / (0.97 * critical.min()), on_failure="return")
    assert np.all(run.kappa < critical)
    assert Status.RUNAWAY in run.status.tolist()


# -- results and refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["tied", "stdp"])
def test_results_are_saved_whole(rule, rng, tmp_path):
    net, eq, y = make_task(SMOOTH["sparse-chain"](), rng)
    run = nd.plastic_phase(net, eq, y, beta=0.1, tau_theta=100.0, rule=rule, t_eval=[0.0, 1.0])
    run.save(tmp_path / "run.nc")
    assert nd.load(tmp_path / "run.nc") == run
    assert run.parameters.shape == (2, 2, net.parameters.vector.size)
    assert (
        run.learned(1.0).parameters.vector == pytest.approx(run.parameters[1].mean(axis=0), abs=1e-15) or rule != "tied"
    )


def test_samples_do_not_see_each_other(rng):
    net, eq, y = make_task(SMOOTH["recurrent"](), rng, 9)
    whole = nd.plastic_phase(net, eq, y, beta=0.1, tau_theta=100.0, t_eval=[1.0, 5.0])
    one = nd.relax(net, eq.x[3])
    alone = nd.plastic_phase(net, one, y[3], beta=0.1, tau_theta=100.0, t_eval=[1.0, 5.0])
    assert np.array_equal(alone.displacement, whole.displacement[:, 3])
    assert np.array_equal(alone.gain, whole.gain[:, 3])
    assert alone.status == Status.DONE


def test_implicit_methods_serve_too(rng):
    net, eq, y = make_task(SMOOTH["recurrent"](), rng)
    runs = [
        nd.plastic_phase(net, eq, y, beta=0.1, tau_theta=100.0, t_eval=[1.0, 5.0], solver=nd.Solver(method))
        for method in ("tsit5", "Radau", "LSODA")
    ]
    for run in runs[1:]:
        assert run.gain == pytest.approx(runs[0].gain, abs=1e-6)


def test_what_cannot_learn_is_refused(rng, monkeypatch):
    net, eq, y = make_task(SMOOTH["chain-tanh"](), rng)
    for options, said in (
        ({"beta": 0.0, "tau_theta": 1.0}, "`beta` must be a finite number, not 0; got 0.0"),
        ({"beta": 1e-3, "tau_theta": 0.0}, "`tau_theta` must be positive"),
        ({"beta": 1e-3, "tau_theta": 1.0, "rule": "hebb"}, "unknown `rule` 'hebb'"),
    ):
        with pytest.raises(nd.ArgumentError, match=said):
            nd.plastic_phase(net, eq, y, **options)
    without = UNEQUAL["own-feedback"]()
    rest = nd.relax(without, draw_input(without, 1, rng))
    with pytest.raises(nd.ModelError, match="no energy, and so no dE/dtheta"):
        nd.plastic_phase(without, rest, [0], tau_theta=1e5)
    monkeypatch.setattr(synapses, "LARGEST", 10)
    with pytest.raises(nd.TooLargeError, match="up to 10 parameters"):
        nd.plastic_phase(net, eq, y, tau_theta=1e5)
