"""The method of Taylor series: coefficients against the vector field, accuracy, bits, and when it is taken."""

from __future__ import annotations

import dataclasses
from functools import cache

import numba
import numpy as np
import pytest

import neurodyn as nd
from neurodyn import models
from neurodyn.errors import ArgumentError
from neurodyn.numerics.aligned import LINE
from neurodyn.numerics.vectors import NARROW, WIDE
from neurodyn.phases.nudge import resting_point
from neurodyn.phases.nudged_problem import nudged_problem
from neurodyn.phases.relax import free_problem
from neurodyn.phases.side import side_problem
from neurodyn.solvers import lanes
from neurodyn.solvers.integrate import integrate, series_for
from neurodyn.solvers.problem import Problem
from neurodyn.solvers.status import Status
from problems import relaxation_problem, relaxed

TAYLOR = nd.Solver("taylor")
TIMES = np.array([0.0, 0.3, 1.0, 1.0001, 4.0])


def network(form, units=9):
    """Tanh and logistic units, linear outputs, one population that does not leak, time constants over a decade."""
    populations = [
        nd.Population("x", 3, role="input"),
        nd.Population("a", units, "tanh"),
        nd.Population("b", 7, "sigmoid"),
        nd.Population("y", 2, "linear", role="output"),
    ]
    connections = [nd.Connection("x", "a"), nd.Connection("a", "a"), nd.Connection("a", "b"), nd.Connection("b", "y")]
    kind = {"states": models.Hopfield, "rates": models.Rate}[form]
    return kind(populations, connections, tau=np.geomspace(0.4, 4.0, units + 9), seed=3)


@cache
def problems(form, batch=5):
    """The free phase, the nudged one at beta = 0.3 and at 0, and the side network, each far from rest."""
    net, rng = network(form), np.random.default_rng(1)
    x, y = rng.uniform(-1.0, 1.0, (batch, 3)), rng.uniform(-0.5, 0.5, (batch, 2))
    rest = nd.relax(net, x)
    point, target = resting_point(net, rest), net.target(y, batch, True)
    free = free_problem(net, rng.normal(size=(net.n, batch)), x)
    phases = {"free": free}
    for name, beta in (("nudged", 0.3), ("infinitesimal", 0.0)):
        problem = nudged_problem(point, target, np.array([beta]))
        phases[name] = dataclasses.replace(problem, start=rng.normal(size=(net.n, batch)))
    phases["side"] = side_problem(point, point.cost_slope(target))
    return phases


def force(problem, y):
    out, work = np.empty_like(y), np.empty((problem.work_rows, y.shape[1]))
    problem.flow(np.zeros(y.shape[1]), y, problem.rows, problem.theta, problem.layout, work, out)
    return out


def coefficients(problem, orders):
    """The first coefficients of all trajectories, (orders, m, batch)."""
    m, batch = problem.start.shape
    c = np.zeros((orders, m, batch))
    c[0] = problem.start
    rows = max(problem.series.stacks * orders, -(-problem.work_rows // m))
    layout = np.append(problem.layout, [kernel.address for kernel in problem.series.calls]).astype(np.int64)
    problem.series(c, problem.rows, problem.theta, layout, np.zeros((rows, m, batch)))
    return c


@pytest.mark.parametrize(("orders", "longest"), [(2, 0.01), (3, 0.02), (8, 0.2), (12, 0.5)])
@pytest.mark.parametrize("phase", ["free", "nudged", "infinitesimal", "side"])
@pytest.mark.parametrize("form", ["states", "rates"])
def test_polynomial_solves_the_equation_to_the_order_of_its_coefficients(form, phase, orders, longest):
    """Its derivative is off the vector field by the first power of t whose coefficient is left out."""
    problem = problems(form)[phase]
    c, steps = coefficients(problem, orders), (longest, 0.5 * longest)
    gaps = []
    for h in steps:
        powers = h ** np.arange(orders)[:, None, None]
        slope = (np.arange(1, orders)[:, None, None] * c[1:] * powers[:-1]).sum(axis=0)
        gaps.append(np.abs(slope - force(problem, (c * powers).sum(axis=0))).max(axis=1))
    moves = gaps[1] > 3e-14  # of the others, there are only roundings
    assert moves.sum() >= 6
    orders_found = np.log2(gaps[0][moves] / gaps[1][moves])
    assert np.median(orders_found) == pytest.approx(orders - 1, abs=0.5)


@pytest.mark.parametrize("phase", ["free", "nudged", "infinitesimal", "side"])
@pytest.mark.parametrize("form", ["states", "rates"])
def test_all_recorded_times_are_as_accurate_as_the_tolerance(form, phase):
    """Also between steps; SciPy's DOP853, at its tightest, is the judge."""
    problem, times = problems(form, 2)[phase], np.linspace(0.0, 12.0, 41)
    judge = integrate(problem, nd.Solver("DOP853", rtol=3e-14, atol=1e-14), times)
    for rtol in (1e-4, 1e-8, 1e-12):
        found = integrate(problem, nd.Solver("taylor", rtol=rtol, atol=0.1 * rtol), times)
        scale = 1.0 + np.abs(judge.y).max()
        assert np.abs(found.y - judge.y).max() < 3.0 * rtol * scale
        assert np.array_equal(found.last, found.y[-1])
        assert np.array_equal(found.f[:, :, 0][0], force(problem, problem.start)[:, 0])
        assert not found.counters["rejected"].any()


def test_tight_tolerances_take_a_fraction_of_the_steps():
    problem = problems("states")["free"]
    steps = [
        integrate(problem, nd.Solver(m, rtol=1e-12, atol=1e-13), TIMES).counters["steps"].sum()
        for m in ("taylor", "relax5")
    ]
    assert 5 * steps[0] < steps[1]


@pytest.mark.parametrize("orders", [6, 14])
def test_relaxation_is_the_closed_form(orders, monkeypatch):
    monkeypatch.setattr(lanes, "order_for", lambda rtol: orders)
    problem = relaxation_problem([[1.0], [0.2], [7.0]], [[1.0, -3.0], [0.0, 0.5], [2.0, 1e3]], 0.5)
    found = integrate(problem, TAYLOR, TIMES)
    np.testing.assert_allclose(found.y, relaxed(problem, TIMES), rtol=1e-8, atol=1e-8)


def columns(problem: Problem, chosen) -> Problem:
    """Some trajectories of a problem."""
    start, rows = (np.ascontiguousarray(a[:, chosen]) for a in (problem.start, problem.rows))
    return dataclasses.replace(problem, start=start, rows=rows)


@pytest.mark.parametrize("phase", ["free", "nudged", "side"])
def test_bits_do_not_depend_on_company_lanes_or_threads(phase, monkeypatch):
    """One lane alone, half a vector, many lanes that take over from each other, and two threads."""
    problem = dataclasses.replace(problems("states", 70)[phase], sizes=None)
    everyone = integrate(problem, TAYLOR, TIMES)
    for chosen in ([3], [3, 0, 69], [*range(2 * NARROW)], [*range(69, 2, -1)]):
        some = integrate(columns(problem, chosen), TAYLOR, TIMES)
        assert np.array_equal(some.y, everyone.y[:, :, chosen])
        assert np.array_equal(some.counters["steps"], everyone.counters["steps"][chosen])
    monkeypatch.setattr(lanes, "BLOCK_ENTRIES", 100)
    monkeypatch.setattr("neurodyn.solvers.columns.THREAD_WORK", 1)
    monkeypatch.setattr("neurodyn.solvers.columns.SLICE_SECONDS", 0.0)
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 2)
    assert np.array_equal(integrate(problem, TAYLOR, TIMES).y, everyone.y)


@pytest.mark.parametrize("phase", ["free", "nudged", "side"])
def test_bits_do_not_depend_on_rows_that_keep_orders_apart(phase, monkeypatch):
    problem = dataclasses.replace(problems("states", 11)[phase], sizes=None)
    plain = integrate(problem, TAYLOR, TIMES)
    monkeypatch.setattr(lanes, "spaced", lambda components, lanes: components + 3)
    found = integrate(problem, TAYLOR, TIMES)
    assert np.array_equal(found.y, plain.y)
    assert np.array_equal(found.last, plain.last)


def test_coefficients_of_a_unit_are_spread_over_the_cache():
    """Of the orders of a step no eight lie a multiple of an eighth of the cache's places apart."""
    for components in (16, 42, 64, 128, 500, 512):
        for count in (1, 2, 4, 8, 16):
            height = lanes.spaced(components, count)
            lines = height * count * 8 / LINE
            assert lines % 8 != 0
            assert 0 <= (height - components) * count * 8 <= LINE * max(1, count * 8 // LINE)


def test_lanes_are_whole_vectors_that_fit_the_cache():
    assert lanes.lanes_for(1, 1000) == 1
    assert lanes.lanes_for(3, 100) == NARROW
    assert lanes.lanes_for(10**6, 10) == WIDE
    assert lanes.lanes_for(10**6, 1000) == 2 * NARROW
    assert lanes.lanes_for(10**6, 10**7) == 1  # a very large network


def test_large_and_wide_networks_go_by_way_of_the_general_product():
    """More units than small products are made for, sparse connections, and rows that fill no vector."""
    for net in (models.Hopfield.recurrent(40, seed=0), models.Hopfield.recurrent(12, seed=0, sparsity=0.5)):
        start = np.random.default_rng(0).normal(size=(11, net.n))
        found, other = (
            nd.simulate(net, start=start, t_eval=TIMES, solver=nd.Solver(m, rtol=1e-11, atol=1e-12)).state
            for m in ("taylor", "dopri5")
        )
        np.testing.assert_allclose(found, other, atol=1e-10)


@pytest.mark.parametrize("scale", [30.0, 1e5])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_saturated_units_hold_nothing_up(activation, scale):
    """Where a slope is 0, also its coefficients are, however fast a state moves."""
    net = models.Hopfield.recurrent(6, activation=activation, gain=0.9, seed=0)
    start = scale * np.random.default_rng(0).normal(size=(4, 6))
    far = nd.simulate(net, start=start, t_eval=[0.0, 60.0], solver=TAYLOR)
    near = nd.simulate(net, start=start / scale, t_eval=[0.0, 60.0], solver=TAYLOR)
    assert far.counters["steps"] < 4 * near.counters["steps"]


def test_nudge_that_runs_away_is_found_out():
    net = models.Hopfield.layered([2, 4, 2], seed=0)
    rest = nd.relax(net, [0.3, -0.2])
    run = nd.nudge(net, rest, [1.0, 0.0], beta=-3.0, t_eval=[0.0, 5.0, 400.0], solver=TAYLOR, on_failure="return")
    assert run.status == Status.DIVERGED
    assert np.isfinite(run.velocity[:2]).all()
    assert np.isnan(run.velocity[2]).all()


def test_adaptive_takes_the_series_where_there_is_one_and_it_pays():
    free, adaptive = problems("states")["free"], nd.Solver()
    assert series_for(free, adaptive) is free.series
    for solver in (nd.Solver("relax5"), nd.Solver("auto"), nd.Solver(step=0.1), nd.Solver("Radau")):
        assert series_for(free, solver) is None
    large = free_problem(models.Hopfield.recurrent(600, seed=0), np.zeros((600, 1)), None)
    assert series_for(large, nd.Solver(rtol=1e-6)) is None
    assert series_for(large, nd.Solver(rtol=1e-9)) is large.series
    boxed = free_problem(models.Hopfield.recurrent(3, activation="hard-sigmoid"), np.zeros((3, 1)), None)
    assert series_for(boxed, adaptive) is None
    with pytest.raises(ArgumentError, match="'taylor' needs a motion whose series is known"):
        series_for(boxed, TAYLOR)


def test_terms_softmax_and_other_activations_have_no_series():
    soft = models.Hopfield.layered([2, 4, 3], readout="softmax", seed=0)
    point = resting_point(soft, nd.relax(soft, [0.1, 0.2]))
    assert nudged_problem(point, soft.target([1.0, 0.0, 0.0], 1, False), np.array([0.1])).series is None
    plus = models.Hopfield.recurrent(4, activation="softplus", seed=0, gain=0.3)
    assert free_problem(plus, np.zeros((4, 1)), None).series is None
    with pytest.raises(ArgumentError, match="taylor"):
        nd.simulate(plus, start=np.zeros(4), t_eval=[0.0, 1.0], solver=TAYLOR)


def test_time_limit_ends_trajectories_where_they_are():
    problem = problems("states", 70)["free"]
    found = integrate(problem, nd.Solver("taylor", max_seconds=1e-9), np.array([1e3]))
    assert np.all(found.status == Status.MAX_SECONDS) or found.time.max() < 1e3
    assert np.isfinite(found.last).all()


def test_step_is_refused():
    with pytest.raises(ArgumentError, match="chooses its own steps"):
        nd.Solver("taylor", step=0.1)


def test_a_series_serves_its_own_flow_alone():
    """What makes another problem of one with a series, as plastic weights do, need not think of it."""
    free, nudged = (problems("states")[name] for name in ("free", "nudged"))
    assert series_for(dataclasses.replace(nudged, flow=free.flow), nd.Solver()) is None


def test_coefficients_that_overflow_are_no_divergence():
    """Bounded rates through weights of 1e300 move at a finite velocity, in steps too small to take."""
    net = models.Hopfield.layered([2, 4, 2], seed=0)
    strong = net.replace(parameters={**net.parameters, "h1-y": np.full((4, 2), 1e300)})
    with pytest.raises(nd.ConvergenceError, match="needed steps below rounding"):
        nd.relax(strong, [0.1, 0.2])
