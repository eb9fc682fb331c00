"""SciPy's methods behind our loop: they cannot hang, count what they do, and get the analytic Jacobian."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.integrate

from neurodyn.models import Hopfield
from neurodyn.numerics.arrays import inward
from neurodyn.phases.nudged_problem import nudged_problem
from neurodyn.phases.relax import free_problem, relax
from neurodyn.phases.side import side_problem
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.scipy_methods import IMPLICIT
from neurodyn.solvers.solver import SCIPY_METHODS, Solver
from neurodyn.solvers.status import Status
from neurodyn.system.fixed_point import FixedPoint
from problems import (
    broken_problem,
    limit_cycle_problem,
    relaxation_problem,
    relaxed,
    spiralled,
    stiff_problem,
    stiff_solution,
)

pytestmark = pytest.mark.timeout(60, func_only=True)
TIMES = np.array([0.0, 0.3, 1.0, 1.0001, 4.0])


class Counting:
    """A flow that counts its calls."""

    def __init__(self, flow):
        self.flow, self.calls = flow, 0
        self.compiled = flow.compiled

    def __call__(self, *arguments):
        self.calls += 1
        self.flow(*arguments)


def differences(problem, sample, y, step=1e-6):
    """Jacobian of the flow of one sample by central differences."""
    columns = []
    for i in range(len(y)):
        rates = []
        for sign in (1.0, -1.0):
            state = y.copy()
            state[i] += sign * step
            state = np.ascontiguousarray(state[:, None])
            out = np.empty_like(state)
            rows = np.ascontiguousarray(problem.rows[:, sample : sample + 1])
            work = np.empty((problem.work_rows, 1))
            problem.flow(np.zeros(1), state, rows, problem.theta, problem.layout, work, out)
            rates.append(out[:, 0])
        columns.append((rates[0] - rates[1]) / (2.0 * step))
    return np.array(columns).T


def some_network(activation):
    """Two free layers with unequal time constants, two inputs."""
    net = Hopfield.layered([3, 5, 2], activation=activation, tau=[0.7, 2.0], gain=0.4, seed=3)
    rng = np.random.default_rng(4)
    biases = {name: rng.uniform(0.3, 0.6, net.parameters[name].shape) for name in ("h1", "y")}
    return net.replace(parameters=biases), rng.uniform(-0.5, 0.5, (2, 3)), rng


@pytest.mark.parametrize("method", SCIPY_METHODS)
def test_states_are_the_closed_form_at_every_recorded_time(method):
    problem = limit_cycle_problem([[0.3, 1.5], [0.0, -1.0]])
    solution = integrate(problem, Solver(method), TIMES)
    assert np.array_equal(solution.y[0], problem.start)
    assert solution.y == pytest.approx(spiralled(problem, TIMES), abs=2e-6)
    assert np.all(solution.status == Status.DONE)


@pytest.mark.parametrize("method", SCIPY_METHODS)
def test_rates_are_the_vector_field_at_the_recorded_state_to_the_bit(method):
    problem = limit_cycle_problem([[0.3, 1.5], [0.0, -1.0]])
    solution = integrate(problem, Solver(method, rtol=1e-4), TIMES)
    for y, f in zip(solution.y, solution.f, strict=True):
        out = np.empty_like(y)
        problem.flow(np.zeros(2), y, problem.rows, problem.theta, problem.layout, np.empty((1, 2)), out)
        assert np.array_equal(f, out)


@pytest.mark.parametrize("method", SCIPY_METHODS)
def test_every_call_of_the_flow_is_counted(method):
    flow: Any = Counting(limit_cycle_problem().flow)
    solution = integrate(replace(limit_cycle_problem(), flow=flow), Solver(method), TIMES)
    assert solution.counters["nfev"].sum() == flow.calls > 20
    assert (solution.counters["njev"][0] > 0) == (method in ("Radau", "BDF"))  # LSODA stays with Adams here


@pytest.mark.parametrize("method", IMPLICIT)
def test_implicit_methods_use_the_given_jacobian_where_it_is_stiff(method):
    calls = []
    problem = stiff_problem()

    def jacobian(j, t, y):
        calls.append(t)
        return problem.jacobian(j, t, y)

    solution = integrate(replace(problem, jacobian=jacobian), Solver(method), np.array([2.0]))
    assert solution.counters["njev"][0] > 0
    assert 0 <= len(calls) - solution.counters["njev"][0] <= 1  # one to load it before the clock starts
    assert solution.y == pytest.approx(stiff_solution([2.0]), abs=1e-7)
    assert solution.counters["nfev"][0] < 20 * solution.counters["steps"][0]


@pytest.mark.parametrize("method", SCIPY_METHODS)
def test_start_alone_is_returned_for_time_zero(method):
    solution = integrate(limit_cycle_problem(), Solver(method), np.array([0.0]))
    assert np.array_equal(solution.y[0], [[0.3], [0.0]])
    assert solution.status[0] == Status.DONE
    assert solution.counters["steps"][0] == 0


@pytest.mark.parametrize("method", SCIPY_METHODS)
def test_dense_times_are_all_met(method):
    problem = relaxation_problem([[1.0], [3.0]], [[1.0], [2.0]], [[0.0], [0.5]])
    times = np.linspace(0.0, 2.0, 2001)
    solution = integrate(problem, Solver(method), times)
    assert solution.y == pytest.approx(relaxed(problem, times), abs=2e-6)


@pytest.mark.parametrize("method", SCIPY_METHODS)
@pytest.mark.parametrize("since", [0.0, 0.7])
def test_force_that_is_no_number_has_diverged(method, since):
    solution = integrate(broken_problem(since), Solver(method), np.array([0.1, 1.0]))
    assert solution.status[0] == Status.DIVERGED
    assert np.isfinite(solution.last).all()
    assert solution.time[0] <= since
    assert np.isnan(solution.y[1]).all()
    assert np.isfinite(solution.y[0]).all() == (since > 0.0)


@pytest.mark.parametrize("method", SCIPY_METHODS)
def test_lost_trajectory_leaves_its_mates_alone(method):
    problem = broken_problem(0.4, [[1.0, -1.0]])
    solution = integrate(problem, Solver(method), np.array([0.2, 1.0]))
    alone = integrate(broken_problem(0.4, [[-1.0]]), Solver(method), np.array([0.2, 1.0]))
    assert list(solution.status) == [Status.DIVERGED, Status.DONE]
    assert np.array_equal(solution.y[:, :, 1:], alone.y)


@pytest.mark.parametrize("method", SCIPY_METHODS)
def test_step_limit_keeps_what_was_computed(method):
    solution = integrate(limit_cycle_problem(), Solver(method, max_steps=20), np.array([1e-6, 1000.0]))
    assert solution.status[0] == Status.MAX_STEPS
    assert solution.counters["steps"][0] == 20
    assert np.isfinite(solution.y[0]).all()
    assert np.isnan(solution.y[1]).all()


@pytest.mark.parametrize("method", SCIPY_METHODS)
def test_time_limit_ends_it_at_once(method):
    problem = limit_cycle_problem(np.ones((2, 3)))
    solution = integrate(problem, Solver(method, max_seconds=0.2, max_steps=10**9), np.array([1e9]))
    assert set(solution.status) == {Status.MAX_SECONDS}


@pytest.mark.parametrize("method", SCIPY_METHODS)
def test_settling_ends_after_the_dwell_time(method):
    problem = relaxation_problem([[1.0], [2.0]], [[1.0], [1.0]])
    solution = integrate(problem, Solver(method), np.zeros(0), t_end=100.0, settle=1e-3, dwell=2.0)
    assert solution.status[0] == Status.SETTLED
    assert solution.calm[0] == pytest.approx(np.log(1e3), abs=1.0)
    assert 2.0 <= solution.time[0] - solution.calm[0] < 6.0


@pytest.mark.parametrize("method", SCIPY_METHODS)
def test_rest_from_the_start_is_settled_and_motion_is_not(method):
    still = relaxation_problem([[1.0]], [[2.0]], [[2.0]])
    solution = integrate(still, Solver(method), np.zeros(0), t_end=50.0, settle=1e-3, dwell=1.0)
    assert solution.status[0] == Status.SETTLED
    assert solution.calm[0] == 0.0
    solution = integrate(limit_cycle_problem(), Solver(method), np.zeros(0), t_end=5.0, settle=1e-3, dwell=1.0)
    assert solution.status[0] == Status.MOVING
    assert solution.time[0] == 5.0


def test_solve_ivp_is_not_used(monkeypatch):
    monkeypatch.setattr(scipy.integrate, "solve_ivp", lambda *_, **__: pytest.fail("solve_ivp hangs"))
    assert integrate(limit_cycle_problem(), Solver("RK45"), np.array([1.0])).status[0] == Status.DONE


def test_scipy_is_loaded_only_when_asked_for():
    code = "import sys, neurodyn, neurodyn.solvers.integrate; sys.exit('scipy.integrate' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


# -- Jacobians --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softplus", "linear", "hard-sigmoid"])
def test_jacobian_of_the_free_flow(activation):
    net, x, rng = some_network(activation)
    start = inward(rng.uniform(0.2, 0.8, (2, net.n)))  # with the hard sigmoid, strictly inside the box
    problem = free_problem(net, start, x)
    for j in range(2):
        assert problem.jacobian(j, 0.0, start[:, j]) == pytest.approx(differences(problem, j, start[:, j]), abs=1e-8)


def test_jacobian_of_the_free_flow_on_a_bound():
    net, x, _ = some_network("hard-sigmoid")
    state = np.full(net.n, 0.5)
    state[[0, 3]] = 1.0, 0.0
    outward_force = net.replace(parameters={"h1": [-9.0, 0.2, 0.2, -9.0, 0.2]})
    problem = free_problem(outward_force, np.repeat(state[:, None], 2, axis=1), x)
    jacobian = problem.jacobian(0, 0.0, state)
    assert np.array_equal(jacobian[3], np.zeros(net.n))  # held on 0 by its force
    assert jacobian[0, 0] == pytest.approx(-1.0 / 0.7)  # leaves 1: moves
    free_columns = np.array([1, 2, 4, 5, 6])
    assert jacobian[:, free_columns] == pytest.approx(differences(problem, 0, state)[:, free_columns], abs=1e-8)


@pytest.mark.parametrize("beta", [0.0, 1e-3, -0.3, 0.7])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softplus", "hard-sigmoid"])
def test_jacobian_of_the_nudged_flow(activation, beta):
    net, x, rng = some_network(activation)
    equilibrium = relax(net, x)
    point = FixedPoint.of(net, equilibrium.state, equilibrium.x)
    problem = nudged_problem(point, rng.uniform(0.0, 1.0, (2, 2)), np.array([beta, -beta]))
    if activation == "hard-sigmoid":
        assert np.all((point.s > 0.01) & (point.s < 0.99))  # strictly inside the box
    for j in range(4):
        delta = rng.uniform(-0.01, 0.01, net.n)
        assert problem.jacobian(j, 0.0, delta) == pytest.approx(differences(problem, j, delta), abs=1e-8)


@pytest.mark.parametrize("activation", ["tanh", "softplus", "hard-sigmoid"])
def test_jacobian_of_the_side_network(activation):
    net, x, rng = some_network(activation)
    equilibrium = relax(net, x)
    point = FixedPoint.of(net, equilibrium.state, equilibrium.x)
    problem = side_problem(point, point.cost_slope(rng.uniform(0.0, 1.0, (2, 2))))
    for j in range(2):
        z = rng.normal(size=2 * net.n)
        assert problem.jacobian(j, 0.0, z) == pytest.approx(differences(problem, j, z), abs=1e-8)
