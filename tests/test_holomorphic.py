"""Complex nudging and holomorphic equilibrium propagation, against plain complex NumPy and the exact gradient."""

import warnings
from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from naive import NaiveHopfield, NaiveRate
from networks import BOXED, RATE, SMOOTH, UNEQUAL, draw_input, draw_state, draw_target, each
from neurodyn import models
from neurodyn.estimators.holomorphic import Holomorphic
from neurodyn.estimators.task import Task
from neurodyn.phases.complex_nudge import ComplexNudging
from neurodyn.phases.nudged_problem import nudged_problem
from neurodyn.solvers.integrate import integrate
from neurodyn.system.fixed_point import FixedPoint

TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)
NUDGED = {
    **{f"hopfield {name}": make for name, make in SMOOTH.items()},
    **{f"rate {name}": make for name, make in RATE.items() if name != "without-output"},
}
EVERY = {**NUDGED, **{f"unequal {name}": make for name, make in UNEQUAL.items()}}
CONTINUED: dict[str, Any] = {
    "tanh": (np.tanh, lambda s: 1 / np.cosh(s) ** 2, lambda s: -2 * np.tanh(s) / np.cosh(s) ** 2),
    "sigmoid": (
        lambda s: 1 / (1 + np.exp(-s)),
        lambda s: 1 / (2 + 2 * np.cosh(s)),
        lambda s: -np.tanh(s / 2) / (2 + 2 * np.cosh(s)),
    ),
    "softplus": (lambda s: np.log(1 + np.exp(s)), lambda s: 1 / (1 + np.exp(-s)), lambda s: 1 / (2 + 2 * np.cosh(s))),
    "linear": (lambda s: s, lambda s: 1 + 0 * s, lambda s: 0 * s),
}


def twin_of(net):
    """The naive network at complex states."""

    class Twin(NaiveRate if isinstance(net, models.Rate) else NaiveHopfield):  # type: ignore[misc]
        def _apply(self, derivative, u):
            out = np.zeros(len(u), complex)
            for kind, functions in CONTINUED.items():
                some = np.array(self.kinds) == kind
                out[some] = functions[derivative](u[some])
            return out

        def _read(self, z):
            return np.exp(z) / np.exp(z).sum() if self.softmax else z

        def nudged_force(self, x, s, y, beta):
            return self.force(x, s) - beta * self.cost_slope(s, y)

        def nudged_rest(self, x, s, y, beta, steps=10):
            """The fixed point that s is continued to, by Newton's method, for a linear read-out."""
            s, pull = s.astype(complex), np.isin(np.arange(len(s)), self.outputs)
            for strength in beta * np.arange(1, steps + 1) / steps:
                for _ in range(8):
                    slope = pull * strength * self.argument_slope(s)
                    step = np.linalg.solve(self.linearized(x, s) + np.diag(slope), self.nudged_force(x, s, y, strength))
                    s = s + step
            assert np.abs(step).max() < 1e-13
            return s

    return Twin(net)


def case(net, rng, batch=2):
    """Arguments of `gradient`: input, target, start."""
    x = draw_input(net, batch, rng)
    start = None if net.n_in else rng.normal(0.0, 0.3, (batch, net.n))
    return {"x": None if x is None else 0.5 * x, "y": draw_target(net, batch, rng), "start": start}


def setting(net, rng, strengths, batch=2):
    """Complex nudging at some states (not fixed points), with input and target."""
    x, y = draw_input(net, batch, rng), draw_target(net, batch, rng)
    point = FixedPoint.of(net, 0.5 * draw_state(net, batch, rng), x)
    return ComplexNudging(point, y, np.array(strengths)), x, y


def parts(z):
    return np.concatenate([z.real, z.imag])


def library(name, some=slice(None)):
    net, x, y = models.load(name)
    return {"network": net, "x": x[some], "y": y[some]}


def relative(found, exact):
    return float((found - exact).norm / exact.norm)


# -- the flow ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", each(EVERY))
def test_complex_flow_is_that_of_plain_complex_numbers(name, rng):
    net = EVERY[name]()
    nudging, x, y = setting(net, rng, [0.4 + 0.3j, -0.2 + 0.5j])
    delta = 0.3 * (rng.normal(size=(net.n, 4)) + 1j * rng.normal(size=(net.n, 4)))
    found = nudging._force(parts(delta))
    twin = twin_of(net)
    for j, beta in enumerate(nudging.beta):
        sample = None if x is None else x[j % 2]
        s = nudging.point.s[:, j % 2]
        change = twin.nudged_force(sample, s + beta * delta[:, j], y[j % 2], beta) - twin.force(sample, s)
        np.testing.assert_allclose(found[:, j], change / beta, atol=2e-14 / abs(beta))


@pytest.mark.parametrize("name", each(EVERY))
def test_complex_flow_on_the_real_line_is_the_real_one(name, rng):
    net = EVERY[name]()
    nudging, *_ = setting(net, rng, [0.4, -0.3])
    problem = nudged_problem(nudging.point, nudging.target, nudging.strengths)
    delta = rng.normal(size=(net.n, 4))
    out, work = np.empty_like(delta), np.empty((problem.work_rows, 4))
    problem.flow(np.zeros(4), delta, problem.rows, net.theta, net.layout, work, out)
    force = nudging._force(parts(delta + 0j))
    assert not force.imag.any()
    np.testing.assert_allclose(force.real, out * net.tau[:, None], atol=2e-14)


@pytest.mark.parametrize("name", each(EVERY))
def test_complex_jacobian_is_the_derivative_of_the_flow(name, rng):
    net = EVERY[name]()
    nudging, *_ = setting(net, rng, [0.4 + 0.3j], batch=1)
    start = parts(0.3 * (rng.normal(size=net.n) + 1j * rng.normal(size=net.n)))
    jacobian, h = nudging.problem.jacobian(0, 0.0, start), 1e-5
    moved = start[:, None] + h * np.concatenate([np.eye(2 * net.n), -np.eye(2 * net.n)], axis=1)
    one = ComplexNudging(nudging.point, nudging.target, np.repeat(nudging.strengths, 4 * net.n))
    up, down = np.split(parts(one._force(moved) / net.tau[:, None]), 2, axis=1)
    np.testing.assert_allclose(jacobian, (up - down) / (2 * h), atol=1e-8)


@pytest.mark.parametrize("name", ["hopfield mixed", "hopfield recurrent", "rate mixed", "unequal own-feedback"])
def test_phases_end_at_the_fixed_point_that_newtons_method_continues_to(name, rng):
    net = EVERY[name]()
    task = Task(net, **case(net, rng))
    assert task.x is not None
    nudging = ComplexNudging(task.point, task.target, np.array([0.2, 0.1 + 0.2j, -0.2 + 0.05j]))
    phase = nudging.run(nd.Solver())
    twin = twin_of(net)
    for k, beta in enumerate(nudging.strengths):
        for j in range(2):
            s = twin.nudged_rest(task.x[j], task.point.s[:, j], task.target[j], beta)
            rates = task.point.local.rate[:, j] + beta * phase.changes[k, :, j]
            np.testing.assert_allclose(rates, twin.rates(task.x[j], s)[net.n_in :], atol=1e-13)
    assert phase.force.max() < 1e-13


def test_newtons_steps_neither_leap_nor_make_the_force_larger():
    task = Task(**library("digits"))
    nudging = ComplexNudging(task.point, task.target, Holomorphic(radius=0.2).nudges)
    start = np.zeros_like(nudging.problem.start)
    assert not nudging._polished(start).any()
    solution = integrate(nudging.problem, nd.Solver(), np.array([100.0]))
    assert np.abs(nudging._force(nudging._polished(solution.last))).max() < 1e-14

    class Uphill(ComplexNudging):
        def _linearized(self, trajectory, delta):
            return -super()._linearized(trajectory, delta)

    uphill = Uphill(nudging.point, nudging.target, nudging.strengths)
    assert np.array_equal(uphill._polished(solution.last), solution.last)


# -- the estimator -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", each(NUDGED))
def test_many_points_give_the_exact_gradient(name, rng):
    net = NUDGED[name]()
    given = case(net, rng)
    exact = nd.gradient(net, **given, method="implicit")
    found = nd.gradient(net, **given, method="holomorphic", radius=0.05, points=12)
    assert relative(found, exact) < 1e-9
    assert found.notes == ()


@pytest.mark.parametrize(
    ("points", "radii"), [(2, [0.01, 0.02, 0.04]), (4, [0.03, 0.06, 0.12]), (8, [0.08, 0.12, 0.18]), (3, [0.02, 0.06])]
)
@pytest.mark.parametrize("name", ["chain", "rate-chain"])
def test_error_falls_as_the_radius_to_the_number_of_points(name, points, radii):
    given = library(name)
    exact = nd.gradient(**given, method="implicit")
    errors = [relative(nd.gradient(**given, method="holomorphic", radius=r, points=points), exact) for r in radii]
    slope = np.polyfit(np.log(radii), np.log(errors), 1)[0]
    assert slope == pytest.approx(points, abs=0.2)


@pytest.mark.parametrize(("name", "bound"), [("chain", 1e-13), ("digits", 1e-8), ("rate-chain", 1e-13)])
def test_sixteen_points_at_a_radius_of_one_tenth(name, bound):
    given = library(name)
    exact = nd.gradient(**given, method="implicit")
    assert relative(nd.gradient(**given, method="holomorphic", radius=0.1, points=16), exact) < bound


@pytest.mark.parametrize("points", [2, 3, 4, 7])
def test_one_linear_output_in_closed_form(points):
    net = models.Hopfield.layered([2, 1], activation="linear")
    x, y = np.array([[0.5, -1.0], [2.0, 0.3]]), np.array([[0.2], [0.1]])
    exact = nd.gradient(net, x, y, method="implicit")
    found = nd.gradient(net, x, y, method="holomorphic", radius=0.5, points=points)
    expected = exact.vector / (1 - (-0.5) ** points)  # delta = -gap / (1 + beta), a geometric series
    np.testing.assert_allclose(found.vector, expected, rtol=1e-13)


@pytest.mark.parametrize("points", [2, 3, 4, 7])
def test_the_error_that_is_said_of_a_geometric_series_is_its_error(points):
    net = models.Hopfield.layered([2, 1], activation="linear")
    task, estimator = Task(net, [0.5, -1.0], [0.2]), Holomorphic(radius=0.3, points=points)
    phase = ComplexNudging(task.point, task.target, estimator.nudges).run(task.solver)
    assert estimator.errors(phase)[0] == pytest.approx(0.3**points, rel=1e-12)


@pytest.mark.parametrize("name", ["hopfield chain-tanh", "hopfield recurrent", "rate sparse", "hopfield chain-softmax"])
def test_two_points_are_centered_equilibrium_propagation(name, rng):
    net = NUDGED[name]()
    given = case(net, rng)
    centered = nd.gradient(net, **given, beta=0.1, solver=TIGHT)
    found = nd.gradient(net, **given, method="holomorphic", radius=0.1, points=2)
    assert relative(found, centered) < 1e-9


@pytest.mark.parametrize("name", ["hopfield chain-sigmoid", "rate chain-tanh", "hopfield recurrent-softmax"])
def test_phases_of_a_duration_give_the_side_network_at_that_time(name, rng):
    net = NUDGED[name]()
    given = case(net, rng)
    for duration in (0.5, 3.0):
        side = nd.gradient(net, **given, method="recurrent-backprop", duration=duration, solver=TIGHT)
        options = {"radius": 0.05, "points": 10, "duration": duration}
        found = nd.gradient(net, **given, method="holomorphic", solver=TIGHT, **options)
        assert relative(found, side) < 1e-9


@pytest.mark.parametrize("name", each(UNEQUAL))
def test_with_unequal_weights_it_is_the_limit_of_equilibrium_propagation(name, rng):
    net = UNEQUAL[name]()
    given = case(net, rng)
    limit = nd.gradient(net, **given, beta=1e-5, solver=TIGHT)
    assert relative(nd.gradient(net, **given, method="holomorphic", radius=0.05, points=12), limit) < 1e-8


@pytest.mark.parametrize("method", ["Radau", "DOP853", "dopri5"])
def test_any_solver_comes_to_the_same_fixed_points(method):
    given = library("chain", slice(0, 1))
    first = nd.gradient(**given, method="holomorphic", points=4)
    other = nd.gradient(**given, method="holomorphic", points=4, solver=nd.Solver(method=method))
    assert relative(other, first) < 1e-13


def test_a_phase_has_the_same_bits_alone_and_in_company(rng):
    net = NUDGED["hopfield mixed"]()
    given = case(net, rng, batch=5)
    strengths = np.array([0.2, 0.1 + 0.2j])

    def changes(some):
        task = Task(net, given["x"][some], given["y"][some])
        return ComplexNudging(task.point, task.target, strengths).run(nd.Solver()).changes

    whole = changes(slice(None))
    for j in range(5):
        assert np.array_equal(changes(slice(j, j + 1))[:, :, 0], whole[:, :, j])


def test_a_sample_without_a_signal_has_no_gradient_and_no_note():
    given = library("chain", slice(0, 2))
    net, x = given["network"], given["x"]
    rest = nd.relax(net, x).state[:, net.outputs]
    alone = nd.gradient(net, x, np.stack([rest[0], given["y"][1]]), method="holomorphic")
    other = nd.gradient(net, x[1], given["y"][1], method="holomorphic")
    assert relative(alone * 2.0, other) < 1e-12
    assert alone.notes == ()


def test_conjugate_points_are_not_run_and_complex_forces_count_twice():
    given = library("chain", slice(0, 1))
    task = Task(**given)
    before = task.equilibrium.counters["nfev"]
    estimator = Holomorphic(points=6)
    assert len(estimator.nudges) == 4
    assert estimator.weights.sum() == pytest.approx(1.0)
    assert len(Holomorphic(points=7).nudges) == 4
    phase = ComplexNudging(task.point, task.target, estimator.nudges).run(task.solver)
    estimator.estimate(task)
    assert task.force_evaluations == before + 2 * phase.nfev
    assert task.simulated_time == pytest.approx(task.equilibrium.time[0] + phase.time.sum())


# -- the radius ----------------------------------------------------------------------------------------------------


def radius_of_convergence(given, j, r=0.1, points=32):
    """Of the rates of sample j, from how their power series falls, by plain complex Newton."""
    net = given["network"]
    s = nd.relax(net, given["x"]).state[j]
    twin, y = twin_of(net), np.eye(net.n_out)[given["y"][j]]
    rest = twin.rates(given["x"][j], s)[net.n_in :]
    half = [
        twin.rates(given["x"][j], twin.nudged_rest(given["x"][j], s, y, r * np.exp(2j * np.pi * k / points)))
        for k in range(points // 2 + 1)
    ]
    circle = np.array([*half, *np.conj(half[-2:0:-1])])[:, net.n_in :] - rest
    size = np.linalg.norm(np.fft.fft(circle, axis=0), axis=1)
    orders = np.arange(8, 15)
    return r / np.exp(np.polyfit(orders, np.log(size[orders]), 1)[0])


def said(**given):
    """What the holomorphic estimate, or its failure, says."""
    try:
        return nd.gradient(**given, method="holomorphic").notes
    except nd.ConvergenceError as error:
        return (str(error),)


@pytest.mark.parametrize("j", [0, 1])
def test_a_radius_outside_the_domain_of_convergence_is_said(j):
    given = library("digits")
    end, one = radius_of_convergence(given, j), {**given, "x": given["x"][j], "y": given["y"][j]}
    exact = nd.gradient(**one, method="implicit")
    inside = nd.gradient(**one, method="holomorphic", radius=0.5 * end, points=16)
    assert 0.2 < end < 0.7
    assert inside.notes == ()
    assert relative(inside, exact) < 0.01
    (sentence,) = said(**one, radius=1.4 * end, points=16)
    assert "outside the domain of convergence" in sentence


@pytest.mark.parametrize("points", [3, 4, 8])
def test_the_error_that_is_said_is_the_error(points):
    given = library("digits", slice(4, 5))
    exact = nd.gradient(**given, method="implicit")
    for radius in (0.1, 0.2, 0.3):
        estimator = Holomorphic(radius=radius, points=points)
        task = Task(**given)
        said = estimator.errors(ComplexNudging(task.point, task.target, estimator.nudges).run(task.solver))[0]
        assert 0.1 < said / relative(estimator.estimate(task), exact) < 10.0


def test_three_points_beyond_the_pole_of_a_linear_output_rest_and_are_told_apart():
    net = models.Hopfield.layered([2, 1], activation="linear")
    found = nd.gradient(net, [0.5, -1.0], [0.2], method="holomorphic", radius=1.5, points=3)
    assert "the radius 1.5 is outside the domain of convergence, or too large for 3 points" in found.notes[0]
    assert "its beta_c is 1" in found.notes[0]


def test_a_phase_that_diverges_is_an_error_that_names_the_radius():
    net = models.Hopfield.layered([2, 1], activation="linear")
    with pytest.raises(
        nd.DivergenceError, match=r"beta = -1.5.*sample 0.*radius 1.5 .*outside the domain.*beta_c is 1"
    ):
        nd.gradient(net, [0.5, -1.0], [0.2], method="holomorphic", radius=1.5, points=2)


def test_a_phase_that_does_not_rest_is_an_error_that_names_the_radius():
    with pytest.raises(nd.ConvergenceError, match=r"sample 1 does not come to rest.*radius 0.8 is most likely outside"):
        nd.gradient(**library("chain", slice(0, 2)), method="holomorphic", radius=0.8)


def test_wall_time_that_runs_out_is_not_blamed_on_the_radius():
    task = Task(**library("chain", slice(1, 2)))
    nudging = ComplexNudging(task.point, task.target, np.array([0.8 * np.exp(0.25j * np.pi)]))  # does not rest
    with pytest.raises(nd.SimulationError, match="used up `max_seconds`") as caught:
        nudging.run(nd.Solver(max_seconds=1e-9))
    assert not isinstance(caught.value, nd.ConvergenceError)


# -- the door ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BOXED)
def test_the_hard_sigmoid_is_refused_in_a_sentence(name, rng):
    net = BOXED[name]()
    with pytest.raises(nd.ModelError, match="complex nudging needs an analytic activation, and the hard sigmoid has"):
        nd.gradient(net, **case(net, rng), method="holomorphic")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"radius": 0.0}, "`radius` must be positive and finite; got 0.0"),
        ({"radius": "wide"}, "`radius` must be positive and finite; got 'wide'"),
        ({"points": 1}, "`points` must be a whole number >= 2; got 1"),
        ({"points": 2.5}, "`points` must be a whole number >= 2; got 2.5"),
        ({"duration": -1.0}, "`duration` must be a positive time"),
        ({"raduis": 0.1}, "unknown option `raduis`.*did you mean 'radius'"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    net = SMOOTH["one-unit"]()
    with pytest.raises(nd.ArgumentError, match=message), warnings.catch_warnings():
        nd.gradient(net, [0.1], [0.2], method="holomorphic", **options)
