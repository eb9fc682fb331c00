"""Kernels against their plain NumPy twins and against many digits.

Also run with NUMBA_DISABLE_JIT=1, where kernels are plain Python: everything here is tiny.
"""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from numba import config

import neurodyn as nd
from called import called
from naive import ACTIVATIONS, NaiveHopfield, full
from networks import BOXED, EVERY, draw_input, draw_state, draw_target, graph, prepared
from neurodyn import models
from neurodyn.flows.activation import CODES, curvature, divided_differences, rate_and_slope
from neurodyn.flows.free import free
from neurodyn.flows.nudged import change
from neurodyn.numerics.product import add_product, add_row
from neurodyn.numerics.vectors import NARROW
from neurodyn.phases.nudged_problem import nudged_problem, nudged_rows
from neurodyn.phases.relax import free_problem
from neurodyn.phases.side import side_problem
from neurodyn.system.constants import free_rows
from neurodyn.system.fixed_point import FixedPoint

curvature, divided_differences = called(curvature), called(divided_differences)
rate_and_slope, add_product, add_row = called(rate_and_slope), called(add_product), called(add_row)

SMALL = {
    "mixed": lambda: prepared(models.Hopfield.layered([2, 3, 2, 1], activation=["sigmoid", "softplus", "tanh"])),
    "recurrent": lambda: prepared(models.Hopfield.recurrent(4, 2, 1, gain=0.6)),
    "hard": lambda: prepared(models.Hopfield.layered([2, 3, 2], activation="hard-sigmoid", gain=0.7)),
    "sparse": lambda: prepared(models.Hopfield.recurrent(6, 2, 1, sparsity=0.5, gain=0.6)),
    "turned": lambda: graph(
        {"x": {"size": 2, "role": "input", "activation": "tanh"}, "h": 3, "y": {"size": 1, "role": "output"}},
        ["h-x", "y-h", "h-h", "x-y"],
    ),
}


@pytest.fixture(params=SMALL)
def net(request):
    return SMALL[request.param]()


# -- activations -------------------------------------------------------------------------------------------------------

STATES = np.array([-6.0, -1.3, -1e-3, 0.0, 1e-9, 0.4, 1.0, 2.2, 7.0])


@pytest.mark.parametrize("name", CODES)
def test_rates_slopes_and_curvatures(name):
    states = np.array([0.0, 1e-9, 0.4, 0.9, 1.0]) if name == "hard-sigmoid" else STATES
    r, d = np.empty_like(states), np.empty_like(states)
    rate_and_slope(CODES[name], states, r, d)
    rho, slope, second = ACTIVATIONS[name]
    np.testing.assert_allclose(r, rho(states), rtol=1e-14, atol=1e-16)
    np.testing.assert_allclose(d, slope(states), rtol=1e-10)
    found = [curvature(CODES[name], a, b) for a, b in zip(r, d, strict=True)]
    np.testing.assert_allclose(found, second(states), rtol=1e-9, atol=1e-15)


def test_hard_sigmoid_is_clipped_with_slope_one_on_the_closed_interval():
    states, r, d = np.array([-2.0, 0.0, 0.5, 1.0, 3.0]), np.empty(5), np.empty(5)
    rate_and_slope(CODES["hard-sigmoid"], states, r, d)
    assert r.tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert d[1:4].tolist() == [1.0, 1.0, 1.0]


def test_extreme_states_give_finite_rates():
    for name in ("tanh", "softplus", "sigmoid"):
        states = np.array([-700.0, 700.0])
        r, d = np.empty(2), np.empty(2)
        rate_and_slope(CODES[name], states, r, d)
        assert np.isfinite(r).all()
        assert np.isfinite(d).all()


def exact(name, s):
    """rho(s) and rho'(s) of a Decimal, in the context's precision."""
    one = Decimal(1)
    if name == "linear":
        return s, one
    if name == "tanh":
        e = (2 * s).exp()
        r = (e - 1) / (e + 1)
        return r, 1 - r * r
    logistic = one / (1 + (-s).exp())
    return (logistic, logistic * (1 - logistic)) if name == "sigmoid" else ((1 + s.exp()).ln(), logistic)


def exact_differences(name, s, delta, beta):
    with localcontext() as context:
        context.prec = 80
        base, step, strength = Decimal(float(s)), Decimal(float(delta)), Decimal(float(beta))
        if beta == 0.0:
            strength = Decimal(10) ** -30
        here, there = exact(name, base), exact(name, base + strength * step)
        return [float((b - a) / strength) for a, b in zip(here, there, strict=True)]


@pytest.mark.parametrize("beta", [2.0, 0.3, 1e-3, 1e-7, 1e-12, 0.0, -1e-9, -0.2, -2.0])
@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus", "linear"])
def test_divided_differences_do_not_cancel(name, beta):
    s = np.repeat([-3.0, -0.7, 0.0, 1e-5, 0.6, 2.5], 6)
    delta = np.tile([-3.0, -0.4, -1e-8, 1e-6, 0.9, 4.0], 6)
    a, d, dr, dd = (np.empty_like(s) for _ in range(4))
    rate_and_slope(CODES[name], s, a, d)
    divided_differences(CODES[name], a, d, delta, np.full(s.size, beta), dr, dd)
    expected = np.array([exact_differences(name, *pair, beta) for pair in zip(s, delta, strict=True)])
    np.testing.assert_allclose(dr, expected[:, 0], rtol=3e-13)
    # the slope's own difference may vanish between two bends: compare with what it is made of
    np.testing.assert_allclose(dd, expected[:, 1], rtol=3e-13, atol=1e-13 * np.abs(delta).max())


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus"])
def test_divided_differences_survive_large_displacements(name):
    s, delta = np.array([-8.0, 0.3, 8.0]), np.array([600.0, -600.0, 600.0])
    a, d, dr, dd = (np.empty(3) for _ in range(4))
    rate_and_slope(CODES[name], s, a, d)
    divided_differences(CODES[name], a, d, delta, np.ones(3), dr, dd)
    expected = np.array([exact_differences(name, *pair, 1.0) for pair in zip(s, delta, strict=True)])
    np.testing.assert_allclose(dr, expected[:, 0], rtol=1e-6)
    assert np.isfinite(dd).all()


@pytest.mark.parametrize("name", ["sigmoid", "softplus"])
def test_divided_differences_of_silent_units_do_not_cancel(name):
    """A rate near 0 keeps its relative precision, and so must its change, however far the unit moves."""
    s, delta = np.full(5, -15.0), np.array([-2.0, 0.5, 2.0, 8.0, 40.0])
    a, d, dr, dd = (np.empty(5) for _ in range(4))
    rate_and_slope(CODES[name], s, a, d)
    divided_differences(CODES[name], a, d, delta, np.ones(5), dr, dd)
    expected = np.array([exact_differences(name, *pair, 1.0) for pair in zip(s, delta, strict=True)])
    np.testing.assert_allclose(dr, expected[:, 0], rtol=1e-13)
    np.testing.assert_allclose(dd[:4], expected[:4, 1], rtol=1e-12)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus"])
def test_divided_differences_of_saturated_units_stay_finite(name):
    """There rho(s*) is 1 to rounding and rho'(s*) is 0: 0/0 must not come out."""
    s, delta = np.array([-60.0, 60.0]), np.array([120.0, -120.0])
    a, d, dr, dd = (np.empty(2) for _ in range(4))
    rate_and_slope(CODES[name], s, a, d)
    divided_differences(CODES[name], a, d, delta, np.ones(2), dr, dd)
    assert np.isfinite(dr).all()
    assert np.isfinite(dd).all()


# -- products ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (4, 8), (6, 2), (9, 7)])
@pytest.mark.parametrize("batch", [1, 3, 4, 7, 8, 16, 29, 67])
def test_products_add_to_what_is_there(rng, shape, batch):
    w, r = rng.normal(size=shape), rng.normal(size=(shape[1], batch))
    out = np.ones((shape[0], batch))
    add_product(w, r, out)
    np.testing.assert_allclose(out, 1.0 + w @ r, rtol=1e-12, atol=1e-13)


@pytest.mark.skipif(config.DISABLE_JIT, reason="NumPy's products have other last bits")
@pytest.mark.parametrize("shape", [(2, 2), (5, 7), (16, 16), (100, 128), (70, 500)])
def test_products_have_the_same_bits_in_every_tile_and_from_the_other_side(rng, shape):
    m, n = shape
    w, r = rng.normal(size=shape), rng.normal(size=(n, 53))
    whole = np.zeros((m, 53))
    add_product(w, r, whole)
    for j in (0, 15, 16, 40, 47, 48, 51, 52):
        alone = np.zeros((m, 1))
        add_product(w, np.ascontiguousarray(r[:, j : j + 1]), alone)
        np.testing.assert_array_equal(alone[:, 0], whole[:, j])
        for add in (add_product, add_row):
            row = np.zeros((1, m))
            add(np.ascontiguousarray(r[:, j]).reshape(1, n), np.ascontiguousarray(w.T), row)
            np.testing.assert_array_equal(row[0], whole[:, j])


# -- the model's kernels -----------------------------------------------------------------------------------------------


def sample(values, k):
    return None if values is None else values[k]


def test_energy_force_and_hessian_are_the_twins(net, rng):
    x, s = draw_input(net, 2, rng), draw_state(net, 2, rng)
    twin = NaiveHopfield(net)
    for k in range(2):
        np.testing.assert_allclose(net.energy(s, x)[k], twin.energy(sample(x, k), s[k]), rtol=1e-13)
        np.testing.assert_allclose(net.force(s, x)[k], twin.force(sample(x, k), s[k]), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(net.hessian(s, x)[k], twin.hessian(sample(x, k), s[k]), rtol=1e-12, atol=1e-14)
        found = net.energy_gradient(s[k], sample(x, k))
        for name, block in twin.energy_gradient(sample(x, k), s[k]).items():
            np.testing.assert_allclose(full(found[name]), block, rtol=1e-12, atol=1e-15)


def test_free_flow_is_the_twins_also_on_the_bounds(net, rng):
    x, s = 5.0 * rng.uniform(-1.0, 1.0, (12, net.n_in)), draw_state(net, 12, rng)
    if net.box.any():
        s = np.where(net.box & (rng.uniform(size=s.shape) < 0.6), rng.integers(0, 2, s.shape), s)
    rows = free_rows(net, x, 12)
    found = net.evaluate(free, np.ascontiguousarray(s.T), rows, net.n).T
    twin = NaiveHopfield(net)
    expected = np.array([twin.velocity(x[k], s[k]) for k in range(12)])
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
    if net.box.any():  # units are held on both bounds
        assert set(s[expected == 0]) == {0.0, 1.0}


def resting(net, rng):
    """A fixed point that need not be one: the flow of delta leaves its residual out, and so does the twin below."""
    x, s = draw_input(net, 2, rng), draw_state(net, 2, rng)
    return FixedPoint.of(net, s, x), x, s


@pytest.mark.parametrize("beta", [0.4, -0.3, 1e-2])
def test_nudged_flow_is_the_difference_of_the_twins_forces(net, rng, beta):
    point, x, s = resting(net, rng)
    y, twin = draw_target(net, 2, rng), NaiveHopfield(net)
    problem = nudged_problem(point, y, np.array([beta]))
    delta = rng.normal(0.0, 0.2, (2, net.n))
    delta[:, net.box] *= 0.2
    found = net.evaluate(problem.flow, np.ascontiguousarray(delta.T), problem.rows, net.n).T
    for k in range(2):
        moved = s[k] + beta * delta[k]
        force = twin.force(x[k], moved) - beta * twin.cost_slope(moved, y[k]) - twin.force(x[k], s[k])
        np.testing.assert_allclose(found[k], force / beta / net.tau, rtol=1e-9, atol=1e-12)


def test_nudged_flow_at_zero_beta_is_linear(net, rng):
    point, x, s = resting(net, rng)
    left, delta = rng.normal(size=(2, net.n, 2))
    y = draw_target(net, 2, rng)
    gap = point.cost_slope(y) - left
    problem = nudged_problem(point, y, np.array([0.0]), left)
    found = net.evaluate(problem.flow, delta, problem.rows, net.n)
    for k in range(2):
        expected = -(NaiveHopfield(net).hessian(x[k], s[k]) @ delta[:, k] + gap[:, k]) / net.tau
        np.testing.assert_allclose(found[:, k], expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("beta", [0.4, -0.3])
def test_change_of_rates_is_the_twins(net, rng, beta):
    point, x, s = resting(net, rng)
    delta = rng.normal(0.0, 0.1, (net.n, 2))
    rows = nudged_rows(net, point.local, np.full(2, beta))
    found = net.evaluate(change, delta, rows, net.n)
    twin = NaiveHopfield(net)
    for k in range(2):
        difference = twin.rates(x[k], s[k] + beta * delta[:, k]) - twin.rates(x[k], s[k])
        np.testing.assert_allclose(found[:, k], difference[net.n_in :] / beta, rtol=1e-9, atol=1e-13)


def test_side_flow_is_the_twins(net, rng):
    point, x, s = resting(net, rng)
    problem = side_problem(point, np.zeros_like(point.s))
    z = rng.normal(size=(2 * net.n, 2))
    found = net.evaluate(problem.flow, z, problem.rows, 2 * net.n)
    for k in range(2):
        current = z[: net.n, k] / net.tau
        expected = [*(-NaiveHopfield(net).hessian(x[k], s[k]) @ current), *current]
        np.testing.assert_allclose(found[:, k], expected, rtol=1e-11, atol=1e-13)


def test_inactive_units_leave_the_hessian(rng):
    net = SMALL["hard"]()
    s = draw_state(net, 1, rng)
    x = rng.normal(size=(1, net.n_in))
    point = FixedPoint.of(net, s, x)
    keep = np.arange(net.n) % 2 == 0
    local = point.local._replace(active=keep[:, None])
    matrix = net.linearized(local, 0)
    full = net.hessian(s[0], x[0])
    np.testing.assert_array_equal(matrix, np.where(np.outer(keep, keep), full, 0.0))


# -- the loop ----------------------------------------------------------------------------------------------------------


def test_euler_and_rk4_steps_are_the_textbooks(net, rng):
    x, s, h = rng.uniform(-1.0, 1.0, net.n_in), draw_state(net, 1, rng)[0], 0.05
    twin = NaiveHopfield(net)
    times = h * np.arange(4)
    euler = nd.simulate(net, x, start=s, t_eval=times, solver=nd.Solver("euler", step=h)).state
    state = s
    for k in range(4):
        np.testing.assert_allclose(euler[k], state, rtol=1e-13, atol=1e-14)
        state = state + h * twin.velocity(x, state)
        state[net.box] = np.clip(state[net.box], 0.0, 1.0)
    if net.box.any():
        return
    found = nd.simulate(net, x, start=s, t_eval=times, solver=nd.Solver("rk4", step=h)).state
    state = s
    for k in range(4):
        np.testing.assert_allclose(found[k], state, rtol=1e-13, atol=1e-14)
        a = twin.velocity(x, state)
        b = twin.velocity(x, state + h / 2 * a)
        c = twin.velocity(x, state + h / 2 * b)
        d = twin.velocity(x, state + h * c)
        state = state + h / 6 * (a + 2 * b + 2 * c + d)


def test_both_phases_and_the_side_network_agree_in_small(rng):
    net = SMALL["recurrent"]()
    solver = nd.Solver(rtol=1e-6, atol=1e-8)
    eq = nd.relax(net, rng.uniform(-0.5, 0.5, 2), solver=solver)
    run = nd.nudge(net, eq, [0.3], beta=1e-3, t_eval=[0.5, 2.0], solver=solver)
    side = nd.side_network(net, eq, [0.3], t_eval=[0.5, 2.0], solver=solver)
    np.testing.assert_allclose(run.error_signal, side.error_signal, atol=1e-5)


@pytest.mark.parametrize("name", EVERY)
def test_rates_of_the_input_pass_its_own_activation(name, rng):
    net = EVERY[name]()
    if not net.n_in:
        pytest.skip("no input")
    x = rng.normal(size=(2, net.n_in))
    expected = np.tanh(x) if name == "input-tanh" else x
    np.testing.assert_allclose(net.input_rates(x).T, expected, rtol=1e-15)


@pytest.mark.parametrize("name", BOXED)
def test_box_is_where_the_hard_sigmoid_is(name):
    net = BOXED[name]()
    np.testing.assert_array_equal(net.box, NaiveHopfield(net).box)


# -- Taylor series -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 3 * NARROW])
@pytest.mark.parametrize("phase", ["free", "nudged", "side"])
def test_second_coefficients_are_half_the_change_of_the_velocity(phase, batch, rng):
    """c_1 is the velocity, and c_2 half its derivative along itself, which central differences give."""
    net = prepared(models.Hopfield.layered([2, 9, 3, 2], activation=["tanh", "sigmoid", "linear"]))
    x = rng.normal(size=(batch, 2))
    point, target = FixedPoint.of(net, rng.normal(size=(batch, net.n)), x), rng.normal(size=(batch, 2))
    problem = {
        "free": lambda: free_problem(net, np.zeros((net.n, batch)), x),
        "nudged": lambda: nudged_problem(point, target, np.array([0.3])),
        "side": lambda: side_problem(point, point.cost_slope(target)),
    }[phase]()
    m, series = len(problem.start), problem.series
    assert series is not None
    c = np.zeros((4, m, batch))
    c[0] = rng.normal(size=(m, batch))
    layout = np.append(problem.layout, [kernel.address for kernel in series.calls]).astype(np.int64)
    series(c, problem.rows, problem.theta, layout, np.zeros((max(4 * series.stacks, problem.work_rows), m, batch)))

    def velocity(y):
        out, work = np.empty_like(y), np.empty((problem.work_rows, batch))
        problem.flow(np.zeros(batch), y, problem.rows, problem.theta, problem.layout, work, out)
        return out

    np.testing.assert_allclose(c[1], velocity(c[0]), rtol=1e-12, atol=1e-14)
    ahead, behind = velocity(c[0] + 1e-5 * c[1]), velocity(c[0] - 1e-5 * c[1])
    np.testing.assert_allclose(c[2], (ahead - behind) / 4e-5, rtol=1e-6, atol=1e-8)
