"""Free phase, nudged phase and side network: closed forms, the equivalence at every time, order in beta, failures."""

from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

import neurodyn as nd
from naive import NaiveHopfield
from networks import BOXED, SMOOTH, box_chain, draw_input, draw_state, draw_target, prepared, quick
from neurodyn import analysis, models
from neurodyn.system.parameters import Parameters

TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)
TIMES = 20.0 * np.linspace(0.0, 1.0, 15) ** 2
BETAS = 10.0 ** -np.arange(1.0, 7.0)


def rested(net, rng, batch=2, solver=TIGHT):
    """Equilibrium on modest inputs, and targets."""
    x = draw_input(net, batch, rng)
    start = draw_state(net, batch, rng) if x is None else None
    eq = nd.relax(net, None if x is None else 0.5 * x, start=start, solver=solver)
    return eq, draw_target(net, batch, rng)


def branches(run):
    """Its positive and its negative phase."""
    assert run.positive is not None
    assert run.negative is not None
    return run.positive, run.negative


@pytest.fixture(params=SMOOTH)
def smooth(request):
    return SMOOTH[request.param]()


@pytest.fixture
def chain():
    return SMOOTH["chain-tanh"]()


# -- the equivalence, and its order in beta ----------------------------------------------------------------------------


def test_time_constants_of_the_tested_networks_spread_20_fold():
    ratios = [net.tau.max() / net.tau.min() for net in (make() for make in SMOOTH.values()) if net.n > 1]
    np.testing.assert_allclose(ratios, 20.0)


@pytest.mark.parametrize(
    "smooth", quick(SMOOTH, "sparse-chain", "mixed", "recurrent-softmax", "input-last", "one-unit"), indirect=True
)
def test_error_in_beta_is_first_order_one_sided_and_second_order_centered(smooth, rng):
    eq, y = rested(smooth, rng)
    solver = nd.Solver(rtol=2e-13, atol=2e-15)  # two methods may be at work, whose errors do not cancel
    side = nd.side_network(smooth, eq, y, t_eval=TIMES, solver=solver)
    runs = [nd.nudge(smooth, eq, y, beta=beta, t_eval=TIMES, solver=solver) for beta in [*BETAS, 0.0]]
    errors = np.array(
        [[analysis.compare(kind, side).max_relative_error for kind in (*branches(run), run)] for run in runs]
    )
    errors, floor = errors[:-1], errors[-1, -1]
    assert floor < 1e-12
    for error, order in zip(errors.T, (1, 1, 2), strict=True):
        above = error > 10.0 * floor
        assert above.sum() >= 4
        slope = np.polyfit(np.log(BETAS[above]), np.log(error[above]), 1)[0]
        assert slope == pytest.approx(order, abs=0.1 * order)
    assert errors[:, -1].min() < 1e-11


def test_agreement_holds_at_every_time_in_every_population(smooth, rng):
    eq, y = rested(smooth, rng)
    run = nd.nudge(smooth, eq, y, beta=1e-5, t_eval=TIMES, solver=TIGHT)
    verdict = analysis.compare(run, nd.side_network(smooth, eq, y, t_eval=TIMES, solver=TIGHT))
    assert verdict.over_time.max() < 3e-9
    for name, part in verdict.populations.items():
        if not np.isnan(part.max_relative_error):  # hidden units without a path to an output have no signal
            assert part.max_relative_error < 2e-8, name


def test_raw_velocity_without_tau_is_not_the_error_signal(chain, rng):
    eq, y = rested(chain, rng)
    run = nd.nudge(chain, eq, y, beta=1e-5, t_eval=TIMES)
    side = nd.side_network(chain, eq, y, t_eval=TIMES)
    raw = -run.velocity / run.beta
    assert np.abs(raw - side.error_signal).max() > 0.2 * np.abs(side.error_signal).max()
    alike = chain.replace(tau=1.0)
    run = nd.nudge(alike, eq, y, beta=1e-5, t_eval=TIMES)
    side = nd.side_network(alike, eq, y, t_eval=TIMES)
    np.testing.assert_allclose(-run.velocity / run.beta, side.error_signal, atol=1e-7)


def test_error_signal_is_the_slope_of_the_later_cost_along_the_state(chain, rng):
    eq, y = rested(chain, rng, batch=1)
    t, h = 1.7, 1e-5
    side = nd.side_network(chain, eq, y, t_eval=[0.0, t], solver=TIGHT)
    starts = np.concatenate([eq.state + sign * h * np.eye(chain.n) for sign in (1, -1)])
    later = nd.simulate(chain, np.tile(eq.x, (2 * chain.n, 1)), start=starts, t_eval=[t], solver=TIGHT).state[0]
    costs = chain.cost(later, np.tile(y, (2 * chain.n, 1))).reshape(2, -1)
    np.testing.assert_allclose(side.error_signal[1, 0], (costs[0] - costs[1]) / (2 * h), atol=1e-8)


def test_running_gradient_is_the_slope_of_the_later_cost_along_the_parameters(rng):
    net = SMOOTH["recurrent"]()
    eq, y = rested(net, rng, batch=1)
    t, h = 0.9, 1e-5
    vector = net.parameters.vector
    found = nd.side_network(net, eq, y, t_eval=[t], solver=TIGHT).parameter_gradient().vector
    for i in rng.choice(vector.size, 12, replace=False):
        costs = []
        for sign in (1.0, -1.0):
            near = net.replace(parameters=Parameters(net.parameters.blocks, vector + sign * h * np.eye(vector.size)[i]))
            later = nd.simulate(near, eq.x, start=eq.state, t_eval=[t], solver=TIGHT).state[0]
            costs.append(near.cost(later, y)[0])
        assert found[i] == pytest.approx((costs[0] - costs[1]) / (2 * h), abs=1e-8)


def test_parameter_gradients_agree_at_every_recorded_time(smooth, rng):
    eq, y = rested(smooth, rng)
    times = np.concatenate([[0.0, 1e-3, 1e-2], TIMES[2:]])
    run = nd.nudge(smooth, eq, y, beta=1e-4, t_eval=times, solver=TIGHT)
    side = nd.side_network(smooth, eq, y, t_eval=times, solver=TIGHT)
    assert not run.parameter_gradient(0.0).vector.any()
    assert not side.parameter_gradient(0.0).vector.any()
    for t in times[1:]:  # each against its own size, which is small at first
        tilde, bar = run.parameter_gradient(t), side.parameter_gradient(t)
        assert (tilde - bar).norm < 1e-6 * bar.norm
        for name in bar:
            np.testing.assert_allclose(tilde.part(name), bar.part(name), rtol=0, atol=1e-6 * bar.norm)


@pytest.mark.parametrize("nudging", ["positive", "negative"])
def test_one_sided_parameter_gradient_is_the_difference_quotient(chain, rng, nudging):
    eq, y = rested(chain, rng)
    beta = 0.2 if nudging == "positive" else -0.2
    run = nd.nudge(chain, eq, y, beta=0.2, nudging=nudging, t_eval=TIMES, solver=TIGHT)
    quotient = (chain.energy_gradient(run.state[-1], eq.x) - chain.energy_gradient(eq.state, eq.x)) * (1.0 / beta)
    np.testing.assert_allclose(run.parameter_gradient().vector, quotient.vector, atol=1e-13)


def test_integrating_the_state_itself_agrees_with_integrating_its_displacement(rng):
    net, beta = SMOOTH["mixed"](), 1e-2
    eq, y = rested(net, rng, batch=1)
    run = nd.nudge(net, eq, y, beta=beta, t_eval=TIMES, solver=TIGHT)
    twin = NaiveHopfield(net)
    for branch, signed in zip(branches(run), (beta, -beta), strict=True):

        def velocity(t, s, signed=signed):
            return twin.velocity(eq.x[0], s, y[0], signed)

        plain = scipy.integrate.solve_ivp(
            velocity, (0, TIMES[-1]), eq.state[0], "DOP853", TIMES, rtol=1e-12, atol=1e-14
        )
        np.testing.assert_allclose(branch.state[:, 0], plain.y.T, atol=1e-11)
        naive_velocity = [velocity(t, s) for t, s in zip(TIMES, plain.y.T, strict=True)]
        np.testing.assert_allclose(branch.velocity[:, 0], naive_velocity, atol=3e-10)


@pytest.mark.parametrize("distance", [1, 2, 3])
def test_error_signal_starts_as_a_power_of_t_that_counts_the_connections(distance, rng):
    net = prepared(models.Hopfield.layered([3, 4, 4, 4, 2], gain=0.8, seed=2))
    eq, y = rested(net, rng)
    times = np.geomspace(1e-3, 4e-3, 5)
    name = f"h{4 - distance}"
    for result in (
        nd.side_network(net, eq, y, t_eval=times, solver=TIGHT),
        nd.side_network(net, eq, y, t_eval=times, method="exact"),
        nd.nudge(net, eq, y, beta=1e-4, t_eval=times, solver=TIGHT),
    ):
        size = np.abs(net.population(result.error_signal, name)).max(axis=(1, 2))
        slope = np.polyfit(np.log(times), np.log(size), 1)[0]
        assert slope == pytest.approx(distance, abs=0.03 if size[0] > 1e-12 else 0.1)


# -- what the results say about themselves ---------------------------------------------------------------------------


@pytest.mark.parametrize("nudging", ["positive", "negative", "centered"])
@pytest.mark.parametrize("beta", [0.3, 1e-3, -1e-2])
def test_error_signal_is_minus_tau_over_beta_times_velocity(chain, rng, nudging, beta):
    eq, y = rested(chain, rng)
    run = nd.nudge(chain, eq, y, beta=beta, nudging=nudging, t_eval=TIMES)
    np.testing.assert_allclose(run.error_signal, -(chain.tau / run.beta) * run.velocity, rtol=1e-14)
    assert abs(run.beta) == abs(beta)


def test_centered_is_half_the_difference_of_its_branches(chain, rng):
    eq, y = rested(chain, rng)
    run = nd.nudge(chain, eq, y, beta=0.05, t_eval=TIMES)
    up, down = branches(run)
    np.testing.assert_allclose(run.velocity, (up.velocity - down.velocity) / 2, rtol=0, atol=1e-15)
    np.testing.assert_allclose(run.state, eq.state + (up.state - down.state) / 2, rtol=0, atol=1e-15)
    for nudging, branch in (("positive", up), ("negative", down)):
        single = nd.nudge(chain, eq, y, beta=0.05, nudging=nudging, t_eval=TIMES)
        np.testing.assert_array_equal(branch.velocity, single.velocity)
        np.testing.assert_array_equal(branch.state, single.state)
        np.testing.assert_array_equal(branch.error_signal, single.error_signal)
        assert branch.beta == single.beta
        assert branch.nudging == nudging
    assert nd.nudge(chain, eq, y, nudging="positive", t_eval=TIMES).negative is None
    mean = (up.parameter_gradient() + down.parameter_gradient()) * 0.5
    np.testing.assert_allclose(run.parameter_gradient().vector, mean.vector, atol=1e-15)


def test_negative_nudging_is_positive_nudging_with_the_other_sign(chain, rng):
    eq, y = rested(chain, rng)
    down = nd.nudge(chain, eq, y, beta=0.05, nudging="negative", t_eval=TIMES)
    turned = nd.nudge(chain, eq, y, beta=-0.05, nudging="positive", t_eval=TIMES)
    assert down.beta == turned.beta == -0.05
    for name in ("state", "velocity", "error_signal"):
        np.testing.assert_array_equal(getattr(down, name), getattr(turned, name))


def test_nudged_phase_begins_at_rest_with_the_slope_of_the_cost(chain, rng):
    eq, y = rested(chain, rng)
    run = nd.nudge(chain, eq, y, t_eval=[0.0])
    side = nd.side_network(chain, eq, y, t_eval=[0.0])
    slope = np.zeros((2, chain.n))
    slope[:, chain.outputs] = eq.state[:, chain.outputs] - y
    np.testing.assert_array_equal(run.state[0], eq.state)
    np.testing.assert_array_equal(side.error_signal[0], slope)
    np.testing.assert_allclose(run.error_signal[0], slope, rtol=1e-14)


def test_residual_over_beta_is_reported(chain, rng):
    loose = nd.relax(chain, rng.uniform(-0.5, 0.5, (2, 5)), tol=1e-4, solver=nd.Solver(rtol=1e-5, atol=1e-6))
    run = nd.nudge(chain, loose, [0, 1], beta=1e-3, t_eval=[1.0])
    np.testing.assert_array_equal(run.residual, loose.residual)
    np.testing.assert_array_equal(run.residual_over_beta, loose.residual / 1e-3)
    np.testing.assert_array_equal(nd.nudge(chain, loose, [0, 1], beta=0.0, t_eval=[1.0]).beta, 0.0)


def test_parameter_gradient_wants_a_recorded_time(chain, rng):
    eq, y = rested(chain, rng)
    run = nd.nudge(chain, eq, y, t_eval=[0.0, 1.0, 2.0])
    assert run.parameter_gradient(2.0) == run.parameter_gradient()
    assert run.parameter_gradient(1.0) != run.parameter_gradient()
    with pytest.raises(nd.ArgumentError, match=r"1\.5 was not recorded"):
        run.parameter_gradient(1.5)


def test_labels_are_one_hot_targets(chain, rng):
    eq, _ = rested(chain, rng)
    by_label = nd.nudge(chain, eq, [2, 0], t_eval=TIMES)
    by_row = nd.nudge(chain, eq, [[0, 0, 1], [1, 0, 0]], t_eval=TIMES)
    np.testing.assert_array_equal(by_label.velocity, by_row.velocity)


def test_default_times_last_until_the_signal_is_gone(chain, rng):
    eq, y = rested(chain, rng)
    side = nd.side_network(chain, eq, y)
    run = nd.nudge(chain, eq, y)
    np.testing.assert_array_equal(run.t, side.t)
    assert np.abs(side.error_signal[-1]).max() < 1e-8 * np.abs(side.error_signal).max()


def test_other_time_constants_need_no_new_equilibrium(chain, rng):
    eq, y = rested(chain, rng)
    slow = chain.replace(tau=2.0 * chain.tau)
    late = nd.nudge(slow, eq, y, t_eval=2.0 * TIMES, solver=TIGHT)
    run = nd.nudge(chain, eq, y, t_eval=TIMES, solver=TIGHT)
    np.testing.assert_allclose(late.error_signal, run.error_signal, atol=1e-11)


# -- the side network ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*SMOOTH, *BOXED])
def test_integrated_side_network_is_the_exact_one(name, rng):
    net = {**SMOOTH, **BOXED}[name]()
    eq, y = rested(net, rng, batch=3)
    side = nd.side_network(net, eq, y, t_eval=TIMES, solver=TIGHT)
    exact = nd.side_network(net, eq, y, t_eval=TIMES, method="exact")
    np.testing.assert_allclose(side.error_signal, exact.error_signal, atol=1e-12)
    np.testing.assert_allclose(side.integral, exact.integral, atol=1e-11)


def test_side_network_and_its_integral_satisfy_the_identity(smooth, rng):
    eq, y = rested(smooth, rng)
    side = nd.side_network(smooth, eq, y, t_eval=TIMES, solver=TIGHT)
    hessian = smooth.hessian(eq.state, eq.x)
    expected = side.error_signal[0] - np.einsum("bij,tbj->tbi", hessian, side.integral)
    np.testing.assert_allclose(side.error_signal, expected, atol=1e-12)


def test_side_network_follows_the_transposed_product(rng):
    """It is dS/dt = -H T⁻¹ S, not the linearised nudged flow -T⁻¹ H, which differs where time constants do."""
    net = SMOOTH["chain-tanh"]()
    eq, y = rested(net, rng, batch=1)
    flow = -net.hessian(eq.state, eq.x)[0] / net.tau
    side = nd.side_network(net, eq, y, t_eval=TIMES, solver=TIGHT)
    expected = [scipy.linalg.expm(flow * t) @ side.error_signal[0, 0] for t in TIMES]
    np.testing.assert_allclose(side.error_signal[:, 0], expected, atol=1e-12)


# -- gradients after a long time -------------------------------------------------------------------------------------


def test_long_side_network_gives_the_implicit_gradient(smooth, rng):
    eq, y = rested(smooth, rng)
    exact = nd.gradient(smooth, eq.x, y, method="implicit", start=eq.state, solver=TIGHT)
    long = nd.side_network(smooth, eq, y, solver=TIGHT).parameter_gradient()
    assert (long - exact).norm <= 1e-8 * exact.norm


# -- a linear network in closed form ---------------------------------------------------------------------------------


class Linear:
    """A linear network with its matrices: E = ½ sᵀHs − driveᵀs."""

    def __init__(self, rng):
        self.net = SMOOTH["chain-linear"]()
        self.x, self.y = rng.normal(size=4), rng.normal(size=3)
        twin = NaiveHopfield(self.net)
        zero = np.zeros(self.net.n)
        self.hessian = twin.hessian(self.x, zero)
        self.rest = np.linalg.solve(self.hessian, twin.field(self.x, zero))
        self.slope = twin.cost_slope(self.rest, self.y)
        self.spring = np.zeros(self.net.n)
        self.spring[self.net.outputs] = 1.0

    def nudged(self, beta):
        """H + beta C''."""
        return self.hessian + beta * np.diag(self.spring)


@pytest.fixture
def linear(rng):
    return Linear(rng)


def test_free_phase_of_a_linear_network_in_closed_form(linear, rng):
    start = rng.normal(size=linear.net.n)
    flow = -linear.hessian / linear.net.tau[:, None]
    expected = np.array([linear.rest + scipy.linalg.expm(flow * t) @ (start - linear.rest) for t in TIMES])
    run = nd.simulate(linear.net, linear.x, start=start, t_eval=TIMES, solver=TIGHT)
    np.testing.assert_allclose(run.state, expected, atol=1e-11)
    np.testing.assert_allclose(run.velocity, (expected - linear.rest) @ flow.T, atol=1e-11)
    eq = nd.relax(linear.net, linear.x, start=start)
    np.testing.assert_allclose(eq.state, linear.rest, atol=1e-13)


@pytest.mark.parametrize("beta", [0.7, 1e-3, -0.2, 1e-9])
def test_nudged_phase_of_a_linear_network_in_closed_form(linear, beta):
    curvature = linear.nudged(beta)
    flow = -curvature / linear.net.tau[:, None]
    offset = -np.linalg.solve(curvature, linear.slope)
    expected = np.array([offset - scipy.linalg.expm(flow * t) @ offset for t in TIMES])
    eq = nd.relax(linear.net, linear.x)
    run = nd.nudge(linear.net, eq, linear.y, beta=beta, nudging="positive", t_eval=TIMES, solver=TIGHT)
    np.testing.assert_allclose(run.displacement[0], expected, atol=1e-11)
    np.testing.assert_allclose(run.displacement_rate[0], (expected - offset) @ flow.T, atol=1e-11)


def test_nudged_equilibrium_of_a_linear_network_in_closed_form(linear):
    beta = 0.5
    expected = np.linalg.solve(
        linear.nudged(beta), linear.hessian @ linear.rest + beta * (linear.spring * linear.rest - linear.slope)
    )
    eq = nd.relax(linear.net, linear.x)
    run = nd.nudge(linear.net, eq, linear.y, beta=beta, nudging="positive")
    np.testing.assert_allclose(run.state[-1], expected, atol=1e-8)


def test_side_network_of_a_linear_network_in_closed_form(linear):
    eq = nd.relax(linear.net, linear.x)
    side = nd.side_network(linear.net, eq, linear.y, t_eval=TIMES, solver=TIGHT)
    expected = [scipy.linalg.expm(-linear.hessian / linear.net.tau * t) @ linear.slope for t in TIMES]
    np.testing.assert_allclose(side.error_signal, expected, atol=1e-12)


def test_a_small_beta_costs_no_more_than_a_large_one(chain, rng):
    eq, y = rested(chain, rng)
    runs = [nd.nudge(chain, eq, y, beta=beta, t_eval=TIMES, solver=TIGHT) for beta in (1e-1, 1e-4, 1e-8)]
    large, *small = [run.counters["nfev"] for run in runs]
    assert max(small) < 1.1 * large


# -- beta_c ------------------------------------------------------------------------------------------------------------


def test_critical_beta_is_that_of_dense_linear_algebra(smooth, rng):
    eq, y = rested(smooth, rng)
    run = nd.nudge(smooth, eq, y, t_eval=[0.1])
    hessians = smooth.hessian(eq.state, eq.x)
    for found, state, matrix in zip(run.critical_beta, eq.state, hessians, strict=True):
        inverse = np.linalg.inv(matrix)[smooth.outputs, smooth.outputs]
        curvature = np.eye(smooth.n_out)
        if smooth.graph.readout == "softmax":
            p = scipy.special.softmax(state[smooth.outputs])
            curvature = np.diag(p) - np.outer(p, p)
        largest = np.linalg.eigvals(inverse @ curvature).real.max()
        assert found == pytest.approx(1.0 / largest, rel=1e-11)


def test_linear_network_blows_up_beyond_critical_beta_and_not_before(linear):
    net = linear.net
    eq = nd.relax(net, linear.x)
    limit = float(nd.nudge(net, eq, linear.y, t_eval=[0.1]).critical_beta)
    assert np.linalg.eigvalsh(linear.nudged(-0.99 * limit))[0] > 0
    assert np.linalg.eigvalsh(linear.nudged(-1.01 * limit))[0] < 0
    below = nd.nudge(net, eq, linear.y, beta=0.8 * limit, nudging="negative", t_eval=[2000.0])
    expected = -np.linalg.solve(linear.nudged(-0.8 * limit), linear.slope)
    np.testing.assert_allclose(below.displacement[0, 0], expected, atol=1e-7)
    with pytest.raises(nd.DivergenceError, match="beta_c") as caught:
        nd.nudge(net, eq, linear.y, beta=1.5 * limit, t_eval=[300.0])
    assert "population" in str(caught.value)
    assert caught.value.result.status == nd.Status.DIVERGED


def test_bounded_rates_do_not_save_states_beyond_minus_one(chain, rng):
    eq, y = rested(chain, rng)
    with pytest.raises(nd.DivergenceError, match="beta_c"):
        nd.nudge(chain, eq, y, beta=1.2, nudging="negative", t_eval=[0.0, 2000.0])
    run = nd.nudge(chain, eq, y, beta=1.2, nudging="negative", t_eval=[0.0, 1.0, 2000.0], on_failure="return")
    assert np.all(run.status == nd.Status.DIVERGED)
    assert np.isfinite(run.velocity[:2]).all()
    assert np.isnan(run.velocity[2]).all()


# -- the hard sigmoid, in its box --------------------------------------------------------------------------------------


@pytest.fixture
def boxed(rng):
    """A network, 40 inputs and targets, and their equilibria."""
    net = box_chain()
    x, y = rng.uniform(-1.0, 1.0, (40, 4)), rng.uniform(0.0, 1.0, (40, 3))
    return net, x, y, nd.relax(net, x)


def test_states_stay_in_the_box(boxed, rng):
    net, x, _, _ = boxed
    run = nd.simulate(net, 3.0 * x, start=rng.uniform(0.0, 1.0, (40, net.n)), t_eval=np.linspace(0.0, 20.0, 60))
    assert run.state.min() == 0.0
    assert run.state.max() == 1.0


def test_nudged_states_stay_in_the_box(boxed):
    net, _, y, eq = boxed
    for nudging in ("positive", "negative"):
        state = nd.nudge(net, eq, y, beta=0.9, nudging=nudging, t_eval=TIMES).state
        assert state.min() >= -1e-15
        assert state.max() <= 1.0 + 1e-15


def test_inactive_units_rest_on_a_bound_that_the_force_presses_them_to(boxed):
    net, x, _, eq = boxed
    force, stuck = net.force(eq.state, x), ~eq.active
    assert stuck.any(axis=1).all()
    assert eq.active.any(axis=1).all()
    assert np.isin(eq.state[stuck], (0.0, 1.0)).all()
    assert np.all(np.where(eq.state == 1.0, force, -force)[stuck] > 0)
    np.testing.assert_allclose(force[eq.active], 0.0, atol=1e-12)


def test_inactive_units_have_no_error_signal(boxed):
    net, _, y, eq = boxed
    run = nd.nudge(net, eq, y, beta=1e-5, t_eval=TIMES)
    side = nd.side_network(net, eq, y, t_eval=TIMES)
    assert not run.error_signal[:, ~eq.active].any()
    assert not side.error_signal[:, ~eq.active].any()
    assert not side.integral[:, ~eq.active].any()
    np.testing.assert_array_equal(run.active, eq.active)


def test_active_units_in_the_box_agree_to_rounding_at_small_beta(boxed):
    net, _, y, eq = boxed
    run = nd.nudge(net, eq, y, beta=1e-5, t_eval=TIMES, solver=TIGHT)
    side = nd.side_network(net, eq, y, t_eval=TIMES, solver=TIGHT)
    verdict = analysis.compare(run, side)
    assert not run.crossed.any()
    assert verdict.max_relative_error < 1e-10
    dead = ~eq.active[:, net.outputs].any(axis=1)
    assert 0 < dead.sum() < 40
    np.testing.assert_array_equal(verdict.has_signal, ~dead)
    assert not nd.nudge(net, eq, y, beta=1e-5, t_eval=TIMES).error_signal[:, dead].any()
    assert np.all(np.isinf(run.critical_beta) == dead)


def test_a_finite_beta_frees_an_inactive_output(rng):
    net = models.Hopfield.layered([2, 3], activation="hard-sigmoid", seed=0)
    net = net.replace(parameters={"x-y": np.zeros((2, 3)), "y": np.array([-0.2, -0.2, 1.3])})
    eq = nd.relax(net, np.ones(2))
    assert not eq.active.any()
    run = nd.nudge(net, eq, np.array([1.0, 0.3, 0.0]), beta=0.5, nudging="positive", t_eval=[0.0, 1.0, 60.0])
    np.testing.assert_array_equal(run.crossed, [True, False, True])
    # by hand: 0 = b − s − β (s − y), where that lies in the box
    np.testing.assert_allclose(run.state[-1], [(-0.2 + 0.5) / 1.5, 0.0, 1.3 / 1.5], atol=1e-8)
    tiny = nd.nudge(net, eq, np.array([1.0, 0.3, 0.0]), beta=1e-3, t_eval=[0.0, 1.0, 60.0])
    assert not tiny.crossed.any()
    assert not tiny.error_signal.any()


def test_euler_steps_are_those_of_equilibrium_propagation_2017(rng):
    net = box_chain().replace(tau=1.0)
    x, s, step = rng.uniform(-2.0, 2.0, 4), rng.uniform(0.0, 1.0, net.n), 0.5
    twin = NaiveHopfield(net)
    run = nd.simulate(net, x, start=s, t_eval=step * np.arange(12), solver=nd.Solver("euler", step=step))
    for k in range(12):
        np.testing.assert_allclose(run.state[k], s, rtol=0, atol=1e-14)
        s = np.clip(s + step * twin.force(x, s), 0.0, 1.0)


def test_nudged_euler_steps_are_those_of_equilibrium_propagation_2017(rng):
    net, step, beta = box_chain().replace(tau=1.0), 0.5, 1.0
    eq, y = nd.relax(net, rng.uniform(-1.0, 1.0, 4)), rng.uniform(0.0, 1.0, 3)
    twin, s = NaiveHopfield(net), eq.state
    run = nd.nudge(
        net, eq, y, beta=beta, nudging="positive", t_eval=step * np.arange(8), solver=nd.Solver("euler", step=step)
    )
    for k in range(8):
        np.testing.assert_allclose(run.state[k], s, rtol=0, atol=1e-12)
        s = np.clip(s + step * (twin.force(eq.x, s) - beta * twin.cost_slope(s, y)), 0.0, 1.0)


# -- relax: where it ends ----------------------------------------------------------------------------------------------


def bistable(gain=2.0):
    """A recurrent tanh network whose origin is a saddle."""
    return models.Hopfield.recurrent(8, gain=gain, seed=3)


def test_a_start_at_the_fixed_point_returns_it_at_time_zero(smooth, rng):
    eq, _ = rested(smooth, rng)
    again = nd.relax(smooth, eq.x, start=eq.state)
    np.testing.assert_array_equal(again.time, 0.0)
    np.testing.assert_allclose(again.state, eq.state, rtol=0, atol=1e-13)


def test_a_start_at_a_saddle_is_reported_as_a_saddle():
    with pytest.raises(nd.ConvergenceError, match="saddle") as caught:
        nd.relax(bistable(), start=np.zeros(8))
    assert caught.value.result.status == nd.Status.SADDLE
    np.testing.assert_array_equal(caught.value.result.state, np.zeros(8))


@pytest.mark.parametrize("distance", [1e-6, 1e-10])
def test_a_start_near_a_saddle_leaves_it_for_a_minimum(distance):
    net = bistable()
    eq = nd.relax(net, start=np.full(8, distance))
    assert eq.status == nd.Status.STABLE
    assert np.abs(eq.state).max() > 0.1
    assert np.linalg.eigvalsh(net.hessian(eq.state))[0] > 0
    assert eq.energy < net.energy(np.zeros(8))


def test_too_short_a_time_is_reported_as_still_moving(chain, rng):
    with pytest.raises(nd.ConvergenceError, match="still moving") as caught:
        nd.relax(chain, rng.uniform(-1.0, 1.0, 5), t_max=0.5)
    assert caught.value.result.status == nd.Status.MOVING
    assert caught.value.result.residual > 1e-3


def test_a_linear_network_with_too_much_gain_diverges_by_name():
    net = models.Hopfield.layered([3, 4, 2], activation="linear", gain=3.0, seed=1)
    with pytest.raises(nd.DivergenceError, match=r"diverged.*unit \d of population '(h1|y)'") as caught:
        nd.relax(net, np.ones(3))
    assert caught.value.result.status == nd.Status.DIVERGED
    with pytest.raises(nd.DivergenceError, match=r"simulation: sample 0 diverged.*unit \d of population '(h1|y)'"):
        nd.simulate(net, np.ones(3), t_eval=[0.0, 500.0])


def test_too_large_euler_steps_are_reported_with_the_step_that_would_do(chain):
    with pytest.raises((nd.ConvergenceError, nd.DivergenceError), match="needs one below"):
        nd.relax(chain, np.ones(5), solver=nd.Solver("euler", step=3.0))


def test_a_bad_sample_does_not_spoil_its_mates():
    net = bistable()
    starts = np.stack([np.full(8, 0.3), np.zeros(8), np.linspace(-0.5, 0.4, 8)])
    eq = nd.relax(net, start=starts, on_failure="return")
    assert eq.status.tolist() == [nd.Status.STABLE, nd.Status.SADDLE, nd.Status.STABLE]
    for k in (0, 2):
        np.testing.assert_array_equal(nd.relax(net, start=starts[k]).state, eq.state[k])
    with pytest.raises(nd.ConvergenceError, match="sample 1"):
        nd.relax(net, start=starts)


def test_a_large_start_does_not_loosen_its_mates(chain, rng):
    x, starts = rng.uniform(-1.0, 1.0, (2, 5)), rng.normal(size=(2, chain.n))
    starts[1] *= 1000.0
    alone, pair = nd.relax(chain, x[0], start=starts[0]), nd.relax(chain, x, start=starts)
    np.testing.assert_array_equal(pair.state[0], alone.state)
    assert pair.time[0] == alone.time


def test_time_limit_of_a_sample_does_not_depend_on_its_mates():
    """Both rest near the saddle first, the second for longer."""
    net = bistable()
    starts = np.stack([np.full(8, 1e-9), np.linspace(-1.0, 1.0, 8) * 1e-9 + 1e-12])
    for t_max in (3.0, 6.0, 12.0, 25.0):
        pair = nd.relax(net, start=starts, t_max=t_max, on_failure="return")
        for k in range(2):
            alone = nd.relax(net, start=starts[k], t_max=t_max, on_failure="return")
            assert pair.status[k] == alone.status
            np.testing.assert_array_equal(pair.state[k], alone.state)


def test_a_failed_nudge_keeps_the_samples_that_ended(rng):
    net = SMOOTH["chain-tanh"]()
    eq, y = rested(net, rng)
    run = nd.nudge(net, eq, y, t_eval=[1.0, 50.0], solver=nd.Solver(max_steps=3), on_failure="return")
    assert np.all(run.status == nd.Status.MAX_STEPS)
    with pytest.raises(nd.SimulationError, match="max_steps"):
        nd.nudge(net, eq, y, t_eval=[1.0, 50.0], solver=nd.Solver(max_steps=3))


@pytest.mark.parametrize("method", ["relax5", "DOP853", "Radau"])
def test_what_did_not_reach_the_end_says_how_far_it_came(method, rng, tmp_path):
    net = SMOOTH["chain-tanh"]()
    eq, y = rested(net, rng)
    few: dict[str, Any] = {"solver": nd.Solver(method, max_steps=5), "on_failure": "return", "t_eval": [1e-9, 50.0]}
    whole = nd.Solver(rtol=1e-11, atol=1e-13)
    run: Any = nd.simulate(net, eq.x, **few)
    assert np.all((run.last_time > 0.0) & (run.last_time < 50.0))
    for x, t, state in zip(eq.x, run.last_time, run.last_state, strict=True):
        np.testing.assert_allclose(nd.simulate(net, x, t_eval=[t], solver=whole).state[0], state, atol=1e-6)
    nudged: Any = nd.nudge(net, eq, y, **few)
    side: Any = nd.side_network(net, eq, y, **few)
    exact = nd.nudge(net, eq, y, t_eval=np.unique(nudged.last_time), solver=whole)
    for branch in range(2):
        for k, t in enumerate(nudged.last_time[branch]):
            there = exact.displacement[branch, np.searchsorted(exact.t, t), k]
            np.testing.assert_allclose(nudged.last_displacement[branch, k], there, atol=1e-6)
    assert nudged.negative.last_time.shape == (1, len(eq.state))
    assert side.last_error_signal.shape == eq.state.shape
    for result in (run, nudged, side):
        result.save(tmp_path / "r.nc")
        assert nd.load(tmp_path / "r.nc") == result
    assert nd.simulate(net, eq.x, t_eval=[1.0]).last_state is None


def test_an_unstable_equilibrium_is_not_nudged():
    net = models.Hopfield.recurrent(8, n_out=2, gain=2.0, seed=3)
    saddle = nd.relax(net, start=np.zeros(8), on_failure="return")
    for phase in (nd.nudge, nd.side_network):
        with pytest.raises(nd.ArgumentError, match="saddle"):
            phase(net, saddle, [0.0, 1.0])


def test_an_equilibrium_does_not_follow_later_changes_of_its_inputs(chain, rng):
    x, start, y, times = rng.uniform(-1, 1, (1, 5)), np.zeros((1, chain.n)), np.ones((1, 3)), np.array([0.0, 1.0])
    eq = nd.relax(chain, x, start=start)
    run = nd.nudge(chain, eq, y, t_eval=times)
    kept = [np.array(a) for a in (eq.x, eq.start, run.target, run.t)]
    for array in (x, start, y, times):  # a caller's own arrays stay writeable
        array[:] += 7.0
    for before, after in zip(kept, (eq.x, eq.start, run.target, run.t), strict=True):
        np.testing.assert_array_equal(after, before)


# -- invariants --------------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 2**31), gain=st.floats(0.1, 1.5), recurrent=st.booleans())
def test_energy_falls_whatever_the_network(seed, gain, recurrent):
    rng = np.random.default_rng(seed)
    kind = str(rng.choice(["tanh", "sigmoid", "hard-sigmoid"]))
    if recurrent:
        net = models.Hopfield.recurrent(5, 2, activation=kind, gain=gain, seed=seed)
    else:
        net = models.Hopfield.layered([2, 3, 2], activation=kind, gain=gain, seed=seed)
    net = prepared(net, seed=seed, bias=1.0)
    x = draw_input(net, 2, rng)
    run = nd.simulate(net, x, start=draw_state(net, 2, rng), t_eval=np.linspace(0.0, 20.0, 41))
    energy = np.array([net.energy(state, x) for state in run.state])
    assert np.all(np.diff(energy, axis=0) <= 1e-9)


@given(seed=st.integers(0, 2**31), mates=st.integers(1, 9))
def test_mates_do_not_matter(seed, mates):
    rng = np.random.default_rng(seed)
    net = SMOOTH["self-inside-chain"]()
    x = draw_input(net, mates, rng)
    starts = draw_state(net, mates, rng) * rng.choice([0.1, 1.0, 3.0], (mates, 1))
    k = int(rng.integers(mates))
    together = nd.simulate(net, x, start=starts, t_eval=[0.3, 4.0])
    alone = nd.simulate(net, x[k], start=starts[k], t_eval=[0.3, 4.0])
    np.testing.assert_array_equal(together.state[:, k], alone.state)
    np.testing.assert_array_equal(together.velocity[:, k], alone.velocity)
