"""The integrators: accuracy, bits, counters, limits, lost trajectories, settling, boxes, interrupts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

import neurodyn as nd
from called import called
from networks import quick
from neurodyn.models import Hopfield
from neurodyn.numerics import memory
from neurodyn.phases.relax import free_problem
from neurodyn.solvers.columns import threads_for
from neurodyn.solvers.integrate import check_recording, integrate
from neurodyn.solvers.methods import TABLEAUS
from neurodyn.solvers.recorder import hermite
from neurodyn.solvers.solver import METHODS, SCIPY_METHODS
from neurodyn.solvers.status import Status
from problems import (
    blow_up_problem,
    broken_problem,
    gap_problem,
    limit_cycle_problem,
    relaxation_problem,
    spiralled,
    stiff_problem,
    stiff_solution,
    switched_problem,
)

hermite = called(hermite)

ROOT = Path(__file__).resolve().parents[1]
ADAPTIVE = ("relax5", "tsit5", "dopri5")
COMPILED = tuple(TABLEAUS)
#: Methods for any vector field: all but the one that needs its series.
OF_ANY_FLOW = tuple(m for m in METHODS if m != "taylor")
TIMES = np.array([0.0, 0.3, 1.0, 1.0001, 4.0])
#: Largest error on the networks below, with the steps and tolerances of `solver_for`.
ACCURACY = {"euler": 2e-2, "rk4": 5e-7}


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    """Compile first, where that is due, so that limits on time are those of the runs."""
    integrate(blow_up_problem(), nd.Solver(), np.array([1e-3]))


def solver_for(method, step=0.02, **options):
    """The method with its default tolerances, or a fixed step where it needs one."""
    return nd.Solver(method, step=step if method in ("rk4", "euler") else None, **options)


def vector_field(problem, t, y):
    """dy/dt of all trajectories at once."""
    y = np.ascontiguousarray(y)
    out = np.empty_like(y)
    work = np.empty((problem.work_rows, y.shape[1]))
    problem.flow(np.full(y.shape[1], t), y, problem.rows, problem.theta, problem.layout, work, out)
    return out


def columns(problem, chosen):
    """The same problem for some of its trajectories."""
    return replace(
        problem,
        start=problem.start[:, chosen].copy(),
        rows=problem.rows[:, chosen].copy(),
        jacobian=lambda j, t, y: problem.jacobian(chosen[j], t, y),
    )


def network_problem(n, batch, activation="tanh"):
    """Free flow of a recurrent network with inputs, time constants spread over a factor of 10."""
    net = Hopfield.recurrent(n, 3, activation=activation, tau=np.geomspace(0.5, 5.0, n), seed=n)
    rng = np.random.default_rng(n)
    start = rng.uniform(0.0, 1.0, (n, batch))
    return free_problem(net, start, rng.uniform(-2.0, 2.0, (batch, 3)))


def driven_box():
    """A hard-sigmoid network whose currents press most units against 0 or 1, from starts inside and on bounds."""
    net = Hopfield.recurrent(6, 3, activation="hard-sigmoid", tau=[0.5, 1.0, 1.5, 2.0, 2.5, 3.0], gain=2.0, seed=2)
    net = net.replace(parameters={"s": np.array([3.0, -3.0, 0.4, 1.5, -1.0, 0.3])})
    rng = np.random.default_rng(0)
    start = rng.uniform(0.0, 1.0, (5, 6))
    start[0], start[1] = 0.0, 1.0
    return net, rng.uniform(-1.0, 1.0, (5, 3)), start


# -- accuracy ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", OF_ANY_FLOW)
def test_states_are_the_closed_form_within_the_tolerance(method):
    problem = limit_cycle_problem([[0.3, 1.5], [0.0, -1.0]])
    solution = integrate(problem, solver_for(method, 0.002), TIMES)
    bound = {"euler": 2e-2, "rk4": 1e-9}.get(method, 2e-6)
    assert solution.y == pytest.approx(spiralled(problem, TIMES), abs=bound)
    assert np.all(solution.status == Status.DONE)
    assert np.all(solution.time == TIMES[-1])
    assert np.array_equal(solution.last, solution.y[-1])


@pytest.mark.parametrize("n", [2, 16, pytest.param(100, marks=pytest.mark.slow)])
def test_all_methods_agree_on_a_network(n):
    problem = network_problem(n, 2)
    times = np.array([0.5, 2.0, 6.0])
    reference = integrate(problem, nd.Solver("tsit5", rtol=1e-13, atol=1e-14), times)
    for method in METHODS:
        solution = integrate(problem, solver_for(method), times)
        assert solution.y == pytest.approx(reference.y, abs=ACCURACY.get(method, 1e-7)), method


def test_relax5_needs_fewest_forces_at_equal_error_where_a_network_comes_to_rest():
    problem = network_problem(16, 40)
    times = np.linspace(2.5, 50.0, 20)
    exact = integrate(problem, nd.Solver("dopri5", rtol=1e-12, atol=1e-13), times).y

    def cost(method):
        """Forces at which the largest error is 1e-6, from a power law through runs around it."""
        runs = [integrate(problem, nd.Solver(method, rtol=r, atol=r / 10), times) for r in np.geomspace(1e-5, 1e-7, 9)]
        errors = [np.abs(run.y - exact).max() for run in runs]
        slope, power = np.polyfit(np.log(errors), np.log([run.counters["nfev"].mean() for run in runs]), 1)
        return np.exp(power + slope * np.log(1e-6))

    assert cost("relax5") < 0.88 * cost("tsit5") < 0.88 * cost("dopri5")


@pytest.mark.parametrize("method", ADAPTIVE)
def test_error_falls_in_proportion_to_the_tolerance(method):
    problem = limit_cycle_problem()
    tolerances = np.array([1e-4, 1e-6, 1e-8, 1e-10, 1e-12])
    errors = [
        np.abs(
            integrate(problem, nd.Solver(method, rtol=r, atol=r), np.array([3.0])).y - spiralled(problem, [3.0])
        ).max()
        for r in tolerances
    ]
    assert np.polyfit(np.log(tolerances), np.log(errors), 1)[0] == pytest.approx(1.0, abs=0.2)
    assert np.all(errors < 20.0 * tolerances)


def test_halved_steps_of_a_fixed_adaptive_tableau_leave_no_error_control():
    solution = integrate(switched_problem(), nd.Solver("tsit5", step=0.1), np.array([2.0]))
    assert solution.counters["rejected"][0] == 0
    assert solution.counters["steps"][0] == 20


@pytest.mark.parametrize("method", COMPILED)
def test_rates_are_the_vector_field_at_the_recorded_state_to_the_bit(method):
    for problem in (limit_cycle_problem([[0.3, 1.5], [0.0, -1.0]]), network_problem(16, 5)):
        solution = integrate(problem, solver_for(method, rtol=1e-4), TIMES)
        for t, y, f in zip(TIMES, solution.y, solution.f, strict=True):
            assert np.array_equal(f, vector_field(problem, t, y))


def test_velocity_of_a_trajectory_is_the_force_over_tau():
    net, x, start = Hopfield.recurrent(7, 2, tau=np.geomspace(0.1, 3.0, 7), seed=1), [0.5, -1.0], np.zeros(7)
    path = nd.simulate(net, x, start=start, t_eval=TIMES)
    force = np.array([net.force(s, x) for s in path.state])
    assert path.velocity * net.tau == pytest.approx(force, abs=1e-14)


# -- recorded times ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", COMPILED)
def test_first_recorded_state_at_time_zero_is_the_start(method):
    problem = network_problem(2, 3)
    solution = integrate(problem, solver_for(method), TIMES)
    assert np.array_equal(solution.y[0], problem.start)


@pytest.mark.parametrize("method", OF_ANY_FLOW)
def test_time_zero_alone_takes_no_step(method):
    problem = limit_cycle_problem()
    solution = integrate(problem, solver_for(method), np.array([0.0]))
    assert np.array_equal(solution.y[0], problem.start)
    assert np.array_equal(solution.f[0], vector_field(problem, 0.0, problem.start))
    assert solution.status[0] == Status.DONE
    assert solution.counters["steps"][0] == solution.time[0] == 0


@pytest.mark.parametrize("method", ADAPTIVE)
def test_very_dense_times_are_all_met(method):
    problem = limit_cycle_problem()
    times = np.linspace(0.0, 3.0, 10_001)
    solution = integrate(problem, nd.Solver(method), times)
    assert solution.y == pytest.approx(spiralled(problem, times), abs=1e-8)
    unwatched = integrate(problem, nd.Solver(method), times[-1:])
    assert solution.counters["steps"] == unwatched.counters["steps"] + 1  # the first step alone lands


def test_irregular_times_cost_few_steps_more_than_free_ones():
    problem = limit_cycle_problem()
    free = integrate(problem, nd.Solver(), np.array([10.0]))
    times = np.sort(np.append(np.random.default_rng(1).uniform(0.0, 10.0, 20), 10.0))
    watched = integrate(problem, nd.Solver(), times)
    assert watched.y == pytest.approx(spiralled(problem, times), abs=1e-7)
    assert watched.counters["steps"][0] <= free.counters["steps"][0] + 3


def test_far_time_is_reached_in_few_steps_where_nothing_moves():
    problem = relaxation_problem([[1e-3], [1.0]], [[1.0], [1.0]])
    solution = integrate(problem, nd.Solver(), np.array([1.0, 1e4]))
    assert solution.y[1, 1, 0] == pytest.approx(0.0, abs=1e-8)
    assert solution.y[1, 0, 0] == pytest.approx(np.exp(-10.0), abs=1e-8)
    assert solution.status[0] == Status.DONE


@pytest.mark.parametrize("method", ["tsit5", "rk4"])
def test_times_in_the_flow_are_those_of_the_stages(method):
    problem = switched_problem(1.0)
    solution = integrate(problem, solver_for(method), np.array([2.0]))
    fine = integrate(problem, nd.Solver("DOP853", rtol=1e-12, atol=1e-13), np.array([2.0]))
    assert solution.y == pytest.approx(fine.y, abs=1e-8)


# -- dense output -----------------------------------------------------------------------------------------------


def test_interpolant_is_exact_for_polynomials_of_degree_five():
    rng = np.random.default_rng(0)
    for r in (0.1, 0.9, 1.0, 4.0, 30.0):
        p = np.polynomial.Polynomial(rng.normal(size=6))
        dp = p.deriv()
        for x in np.linspace(0.0, 1.0, 7):
            y1, yr, f0, f1, fr = hermite(x, r)
            value = p(0) + y1 * (p(1) - p(0)) + yr * (p(-r) - p(0)) + f0 * dp(0) + f1 * dp(1) + fr * dp(-r)
            assert value == pytest.approx(p(x), rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("method", ADAPTIVE)
def test_dense_output_is_about_as_accurate_as_the_steps_at_every_tolerance(method):
    """Times between the steps, against times at their ends."""
    problem, times = limit_cycle_problem(), np.linspace(0.1, 10.0, 1000)
    for rtol in (1e-4, 1e-6, 1e-8, 1e-10):
        solver = nd.Solver(method, rtol=rtol, atol=0.01 * rtol)
        between = np.abs(integrate(problem, solver, times).y - spiralled(problem, times)).max()
        ends = max(
            np.abs(integrate(problem, solver, np.array([t])).y - spiralled(problem, np.array([t]))).max()
            for t in np.linspace(1.0, 10.0, 10)
        )
        assert between < 4.0 * ends + 1e-13


def test_units_in_a_box_are_recorded_at_the_ends_of_steps():
    """Their rates jump where they reach a bound: no polynomial follows."""
    net, x, start = driven_box()
    problem, times = free_problem(net, np.ascontiguousarray(start.T), x), np.linspace(0.0, 2.0, 301)
    every = integrate(problem, nd.Solver(), times)
    assert np.all(every.counters["steps"] >= 300)
    assert np.abs(every.y[-1] - integrate(problem, nd.Solver(), times[-1:]).y[-1]).max() < 1e-5


# -- bits -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def company():
    """101 trajectories for each size of network, and how they end in one block on one thread."""
    return {n: network_problem(n, 101) for n in (2, 16, 100, 128, 500)}


BITS = nd.Solver("relax5", rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("n", [2, 16, 100, 128, 500])
@pytest.mark.parametrize("mates", [0, 1, 7, 100])
def test_bits_do_not_depend_on_the_company(company, n, mates):
    everyone = integrate(company[n], BITS, TIMES)
    for j in (0, 57):
        chosen = [*range(j + 1 - min(j, 3), j), j, *range(j + 1, 101), *range(j)][: mates + 1]
        chosen = chosen if j in chosen else [j, *chosen[1:]]
        some = integrate(columns(company[n], chosen), BITS, TIMES)
        k = chosen.index(j)
        assert np.array_equal(some.y[:, :, k], everyone.y[:, :, j])
        assert np.array_equal(some.f[:, :, k], everyone.f[:, :, j])
        assert {name: v[k] for name, v in some.counters.items()} == {
            name: v[j] for name, v in everyone.counters.items()
        }


@pytest.mark.parametrize("n", [2, 16, 100])
def test_bits_do_not_depend_on_the_order(company, n):
    order = np.random.default_rng(5).permutation(101)
    a, b = integrate(company[n], BITS, TIMES), integrate(columns(company[n], order), BITS, TIMES)
    assert np.array_equal(a.y[:, :, order], b.y)


@pytest.mark.parametrize("n", quick([2, 16, 100, 128, 500], 2, 16, 128))
@pytest.mark.parametrize("entries", [1, 3000, 10**6])
@pytest.mark.parametrize("threads", [1, 2])
def test_bits_do_not_depend_on_blocks_and_threads(company, monkeypatch, n, entries, threads):
    usual = integrate(company[n], BITS, TIMES)
    monkeypatch.setattr("neurodyn.solvers.blocks.BLOCK_ENTRIES", entries)
    monkeypatch.setattr("neurodyn.solvers.columns.THREAD_WORK", 1)
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", threads)
    assert threads_for(n, 101, threads) == threads
    other = integrate(company[n], BITS, TIMES)
    assert np.array_equal(usual.y, other.y)
    assert np.array_equal(usual.f, other.f)
    assert np.array_equal(usual.counters["nfev"], other.counters["nfev"])


@pytest.mark.parametrize(
    ("n", "batch", "threads"), [(2, 1000, 1), (2, 4000, 2), (16, 100, 1), (16, 2000, 2), (128, 256, 2)]
)
def test_small_batches_are_left_to_one_thread(n, batch, threads):
    assert threads_for(n, batch, 2) == threads
    assert threads_for(n, batch, 1) == 1


@pytest.mark.parametrize("seconds", [0.0, 1e-6, 1e3])
def test_bits_do_not_depend_on_how_often_the_clock_is_looked_at(company, monkeypatch, seconds):
    usual = integrate(company[16], BITS, TIMES)
    monkeypatch.setattr("neurodyn.solvers.columns.SLICE_SECONDS", seconds)
    other = integrate(company[16], BITS, TIMES)
    assert np.array_equal(usual.y, other.y)
    assert np.array_equal(usual.counters["steps"], other.counters["steps"])


@pytest.mark.parametrize("method", ["dopri5", "rk4", "euler"])
def test_bits_of_the_other_compiled_methods_do_not_depend_on_the_company(company, method):
    everyone = integrate(company[16], solver_for(method), TIMES)
    alone = integrate(columns(company[16], [40]), solver_for(method), TIMES)
    assert np.array_equal(alone.y[:, :, 0], everyone.y[:, :, 40])


def test_bits_of_a_relaxation_do_not_depend_on_the_company():
    net = Hopfield.layered([4, 10, 3], tau=[2.0, 0.3], seed=0)
    x = np.random.default_rng(0).normal(size=(33, 4))
    everyone = nd.relax(net, x)
    for j in (0, 32):
        assert np.array_equal(nd.relax(net, x[j]).state, everyone.state[j])
    assert np.array_equal(nd.relax(net, x[::-1]).state, everyone.state[::-1])


def test_trajectories_that_end_early_do_not_disturb_the_others():
    """Settling at very different times, so that blocks are compacted again and again."""
    rates = np.geomspace(0.01, 100.0, 64)[None]
    problem = relaxation_problem(rates, np.ones((1, 64)))
    settings: dict[str, Any] = {"t_end": 1e5, "settle": 1e-3, "dwell": 0.01}
    everyone = integrate(problem, nd.Solver(), np.zeros(0), **settings)
    assert np.all(everyone.status == Status.SETTLED)
    for j in (0, 31, 63):
        one = relaxation_problem(rates[:, [j]], [[1.0]])
        alone = integrate(one, nd.Solver(), np.zeros(0), **settings)
        assert alone.last[0, 0] == everyone.last[0, j]
        assert alone.time[0] == everyone.time[j]


# -- counters ---------------------------------------------------------------------------------------------------


COUNTING = """
import numpy as np
import neurodyn as nd
from neurodyn.solvers.columns import threads_for
from neurodyn.solvers.integrate import integrate
from neurodyn.numerics.kernel import Kernel
from problems import limit_cycle, limit_cycle_problem
from dataclasses import replace
calls = []
def counting(*arguments):
    calls.append(1)
    limit_cycle.function(*arguments)
for method, step in (("relax5", None), ("tsit5", 0.1), ("dopri5", None), ("dop8", None), ("rk4", 0.1), ("euler", 0.1)):
    calls.clear()
    problem = replace(limit_cycle_problem(), flow=Kernel(counting, limit_cycle.signature))
    solution = integrate(problem, nd.Solver(method, step=step), np.array([0.5, 1.0]))
    print(len(calls), solution.counters["nfev"][0] - 1)  # two recorded rates are one call
"""


def test_evaluations_are_counted_one_by_one():
    """Without compilation, so that a Python function can count."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path}
    command = [sys.executable, "-c", COUNTING]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    for line in found.stdout.splitlines():
        calls, counted = line.split()
        assert calls == counted
    assert len(found.stdout.splitlines()) == 6


@pytest.mark.parametrize(
    ("method", "stages"), [("relax5", 6), ("tsit5", 6), ("dopri5", 6), ("dop8", 12), ("rk4", 4), ("euler", 1)]
)
def test_evaluations_are_attempts_times_stages(method, stages):
    solution = integrate(switched_problem(), solver_for(method), np.array([2.0]))
    attempts = solution.counters["steps"] + solution.counters["rejected"]
    beginning = 1 if method in ("rk4", "euler") else 2
    assert solution.counters["nfev"] == stages * attempts + beginning + 1  # and the rate at the recorded time


@pytest.mark.parametrize("method", ADAPTIVE)
def test_sudden_change_has_steps_rejected(method):
    solution = integrate(switched_problem(), nd.Solver(method), np.array([0.5, 2.0]))
    assert solution.counters["rejected"][0] > 0
    expected = 1.0 - (2.0 - np.exp(-1.0)) * np.exp(-1.0)
    assert solution.y[:, 0, 0] == pytest.approx([np.expm1(-0.5), expected], abs=1e-6)


@pytest.mark.parametrize(("method", "step", "steps"), [("euler", 0.1, 40), ("rk4", 0.25, 16), ("dopri5", 0.3, 14)])
def test_fixed_steps_are_counted_exactly(method, step, steps):
    solution = integrate(limit_cycle_problem(), nd.Solver(method, step=step), np.array([4.0]))
    assert solution.counters["steps"][0] == steps
    assert solution.counters["rejected"][0] == 0


def test_fixed_steps_between_recorded_times_are_even_and_no_longer_than_asked():
    solution = integrate(relaxation_problem([[1.0]], [[1.0]]), nd.Solver("euler", step=0.1), np.array([0.25, 1.0]))
    assert solution.counters["steps"][0] == 3 + 8
    assert solution.y[0, 0, 0] == pytest.approx((1.0 - 0.25 / 3) ** 3, rel=1e-14)
    assert solution.y[1, 0, 0] == pytest.approx((1.0 - 0.25 / 3) ** 3 * (1.0 - 0.75 / 8) ** 8, rel=1e-13)


@pytest.mark.parametrize("method", ADAPTIVE)
def test_stiffness_shows_as_steps_limited_by_stability(method):
    times = np.array([2.0])
    stiff = integrate(stiff_problem(), nd.Solver(method), times)
    assert stiff.y == pytest.approx(stiff_solution(times), abs=1e-7)
    assert stiff.counters["stability_limited"][0] > 0.8 * stiff.counters["steps"][0]
    mild = integrate(limit_cycle_problem(), nd.Solver(method), times)
    assert mild.counters["stability_limited"][0] == 0


def test_auto_goes_over_to_an_implicit_method_where_it_is_stiff_and_says_so():
    times = np.linspace(0.0, 100.0, 11)
    solution = integrate(stiff_problem(), nd.Solver("auto"), times)
    assert solution.status[0] == Status.DONE
    assert solution.y == pytest.approx(stiff_solution(times), abs=1e-7)
    assert solution.counters["implicit"][0] == 1
    assert solution.counters["njev"][0] > 0
    assert solution.counters["steps"][0] < 2000


def test_auto_is_the_explicit_method_where_it_is_not_stiff():
    for problem in (limit_cycle_problem(), network_problem(16, 9)):
        auto, plain = integrate(problem, nd.Solver("auto"), TIMES), integrate(problem, nd.Solver("relax5"), TIMES)
        assert np.array_equal(auto.y, plain.y)
        assert not auto.counters["implicit"].any()


def test_auto_chooses_for_each_trajectory_alone():
    """One of them is stiff and has far to go; the others are not."""
    rates = np.array([[1.0, 1e5, 2.0], [0.1, 0.1, 0.1]])
    problem = relaxation_problem(rates, np.ones((2, 3)))
    times = np.array([50.0, 200.0])
    solution = integrate(problem, nd.Solver("auto"), times)
    assert list(solution.counters["implicit"]) == [0, 1, 0]
    for j in range(3):
        alone = integrate(columns(problem, [j]), nd.Solver("auto"), times)
        assert np.array_equal(alone.y[:, :, 0], solution.y[:, :, j])
        assert {name: v[0] for name, v in alone.counters.items()} == {
            name: v[j] for name, v in solution.counters.items()
        }


def test_auto_relaxes_a_network_with_time_constants_over_six_decades():
    net = Hopfield.recurrent(8, 2, tau=np.geomspace(1e-6, 1.0, 8), seed=0)
    x = np.array([[0.5, -1.0], [1.0, 2.0]])
    with pytest.raises(nd.ConvergenceError, match="max_steps"):
        nd.relax(net, x)
    eq = nd.relax(net, x, solver=nd.Solver("auto"))
    assert np.all(eq.status == Status.STABLE)
    assert np.all(eq.residual <= 1e-10)
    assert eq.counters["implicit"] == 2


@pytest.mark.parametrize("method", ["Radau", "BDF", "LSODA"])
def test_implicit_methods_take_far_fewer_steps_where_it_is_stiff(method):
    times = np.array([2.0])
    explicit = integrate(stiff_problem(), nd.Solver(), times).counters["steps"][0]
    solution = integrate(stiff_problem(), nd.Solver(method), times)
    assert solution.y == pytest.approx(stiff_solution(times), abs=1e-7)
    assert 10 * solution.counters["steps"][0] < explicit


# -- limits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_step_limit_keeps_the_part_that_was_reached(method):
    net = Hopfield.recurrent(4, 1, seed=0)
    with pytest.raises(nd.SimulationError, match="`max_steps`") as caught:
        nd.simulate(net, [2.0], t_eval=[0.0, 1e-4, 1e3], solver=solver_for(method, 1e-4, max_steps=30))
    result = caught.value.result
    assert int(result.status) == Status.MAX_STEPS
    assert np.isfinite(result.state[:2]).all()
    assert np.isfinite(result.velocity[:2]).all()
    assert np.isnan(result.state[2]).all()
    assert np.isnan(result.velocity[2]).all()
    assert result.counters["steps"] + result.counters["rejected"] == 30


def test_step_limit_counts_for_each_trajectory_alone():
    problem = relaxation_problem([[1.0, 1e4]], np.ones((1, 2)))
    solution = integrate(problem, nd.Solver(max_steps=200), np.array([5.0]))
    assert list(solution.status) == [Status.DONE, Status.MAX_STEPS]
    assert solution.y[0, 0, 0] == pytest.approx(np.exp(-5.0), abs=1e-8)


@pytest.mark.parametrize("method", OF_ANY_FLOW)
@pytest.mark.timeout(30, func_only=True)
def test_time_limit_ends_a_long_run_at_once(method):
    problem = limit_cycle_problem(np.ones((2, 4)))
    integrate(problem, solver_for(method), np.array([0.0]))  # loads what must be loaded
    began = time.monotonic()
    solution = integrate(problem, solver_for(method, max_seconds=0.3, max_steps=10**12), np.array([1e-3, 1e9]))
    assert time.monotonic() - began < 3.0
    assert set(solution.status) == {Status.MAX_SECONDS}
    assert np.all(np.isfinite(solution.last))
    assert np.isnan(solution.y[1]).all()


def test_time_limit_is_told_with_the_remedy():
    net = Hopfield.recurrent(4, 1, seed=0)
    with pytest.raises(nd.SimulationError, match="`max_seconds`: raise it"):
        nd.simulate(net, [2.0], t_eval=[1e9], solver=nd.Solver(max_seconds=1e-3, max_steps=10**12))


def test_absurd_recording_is_refused_before_anything_is_computed(monkeypatch):
    monkeypatch.setattr("neurodyn.solvers.integrate.Blocks", lambda *_: pytest.fail("computed"))
    net = Hopfield.recurrent(50, seed=0)
    began = time.monotonic()
    with pytest.raises(nd.TooLargeError, match=r"10000000 times x 50 components x 40 samples .* thin `t_eval`"):
        nd.simulate(net, start=np.zeros((40, 50)), t_eval=np.linspace(0.0, 1.0, 10_000_000))
    assert time.monotonic() - began < 5.0
    assert isinstance(nd.TooLargeError(""), nd.NeurodynError)


def test_recording_that_fits_is_not_refused():
    check_recording(201, 100, 1000)


def test_system_that_does_not_tell_its_memory_is_given_the_benefit(monkeypatch):
    monkeypatch.setattr(os, "sysconf", _unknown, raising=False)
    monkeypatch.setattr(memory, "GROUPS", Path("nowhere"))
    check_recording(201, 100, 1000)
    with pytest.raises(nd.TooLargeError, match=r"8\.0 GiB"):
        check_recording(10_000_000, 100, 1000)


def test_memory_of_a_container_counts(monkeypatch, tmp_path):
    (tmp_path / "memory.max").write_text(f"{1 << 20}\n")
    monkeypatch.setattr(memory, "GROUPS", tmp_path)
    check_recording(201, 10, 10)
    with pytest.raises(nd.TooLargeError, match=r"201 times x 100 components x 10 samples needs 0\.0 GiB of 0\.0 GiB"):
        check_recording(201, 100, 10)


def _unknown(_):
    raise ValueError("unrecognized configuration name")


# -- lost trajectories ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.timeout(30, func_only=True)
def test_blow_up_has_diverged(method):
    solution = integrate(blow_up_problem(), solver_for(method, 0.001), np.array([0.5, 2.0]))
    assert solution.status[0] == Status.DIVERGED
    assert solution.time[0] == pytest.approx(1.0, abs=0.02)
    assert solution.y[0] == pytest.approx(2.0, abs=5e-3)
    assert np.isnan(solution.y[1]).all()
    assert np.isfinite(solution.last).all()


@pytest.mark.parametrize("start", quick([1e-3, 30.0, 1e4], 1e-3))
@pytest.mark.parametrize("method", [m for m in METHODS if m not in ("rk4", "euler")])
@pytest.mark.timeout(30, func_only=True)
def test_blow_up_has_diverged_whatever_the_scale(method, start):
    solution = integrate(blow_up_problem([[start]]), nd.Solver(method), np.array([3.0 / start]))
    assert solution.status[0] == Status.DIVERGED
    assert solution.time[0] * start == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("method", OF_ANY_FLOW)
@pytest.mark.timeout(30, func_only=True)
def test_nan_at_the_first_call_has_diverged_at_once(method):
    solution = integrate(broken_problem(0.0), solver_for(method), np.array([0.0, 1.0]))
    assert solution.status[0] == Status.DIVERGED
    assert solution.counters["steps"][0] == 0
    assert solution.counters["nfev"][0] <= 3
    assert np.array_equal(solution.last, [[1.0], [2.0]])
    assert np.isnan(solution.y).all()


@pytest.mark.parametrize("method", OF_ANY_FLOW)
@pytest.mark.timeout(30, func_only=True)
def test_nan_later_has_diverged_with_the_last_sound_state_kept(method):
    problem = broken_problem(0.7)
    solution = integrate(problem, solver_for(method), np.array([0.1, 1.0]))
    assert solution.status[0] == Status.DIVERGED
    assert 0.1 <= solution.time[0] <= 0.7
    assert solution.last == pytest.approx(problem.start * np.exp(-solution.time), rel=0.02)
    assert np.isnan(solution.y[1]).all()
    assert solution.y[0] == pytest.approx(problem.start * np.exp(-0.1), rel=0.02)
    assert solution.counters["nfev"][0] < 2000


@pytest.mark.parametrize("method", COMPILED)
@pytest.mark.parametrize("since", [0.0, 0.7])
def test_lost_trajectory_leaves_the_bits_of_its_mates(method, since):
    start = np.array([[-1.0, 1.0, -2.0, 3.0, -0.1]])
    mixed = integrate(broken_problem(since, start), solver_for(method), np.array([0.5, 1.0]))
    sound = integrate(broken_problem(since, start[:, ::2]), solver_for(method), np.array([0.5, 1.0]))
    assert list(mixed.status == Status.DIVERGED) == [False, True, False, True, False]
    assert np.array_equal(mixed.y[:, :, ::2], sound.y)
    assert np.all(sound.status == Status.DONE)


@pytest.mark.timeout(30, func_only=True)
def test_force_beyond_all_numbers_has_diverged():
    """Finite forces whose combination overflows: an error estimate of NaN must not count as small."""
    problem = replace(stiff_problem(), theta=np.array([1e308, 1e308, -1e308, 1e308]))
    solution = integrate(problem, nd.Solver(max_steps=2000), np.array([1.0]))
    assert solution.status[0] in (Status.DIVERGED, Status.STEP_UNDERFLOW)


@pytest.mark.parametrize("method", ADAPTIVE)
@pytest.mark.timeout(30, func_only=True)
def test_stage_without_a_value_is_not_stepped_over(method):
    """The second stage of `dopri5` has no weight in the solution: NaN there shows in the error estimate only."""
    met = 0
    for begin in np.linspace(0.1, 0.9, 81):
        solution = integrate(gap_problem(begin, begin + 0.01), nd.Solver(method, max_steps=500), np.array([1.0]))
        assert solution.status[0] in (Status.DIVERGED, Status.DONE)
        if solution.status[0] == Status.DONE and solution.f[0, 1, 0] > 0.0:
            met += 1
            assert solution.counters["rejected"][0] > 0
    assert met > 0


@pytest.mark.parametrize("activation", ["linear", "softplus"])
def test_too_strong_weights_name_unit_time_and_step(activation):
    net = Hopfield.recurrent(4, activation=activation, gain=6.0, seed=1)
    with pytest.raises(
        nd.DivergenceError, match=r"sample 0 diverged.*t = .*step .*of unit \d of population 's'"
    ) as caught:
        nd.simulate(net, start=np.full(4, 0.5), t_eval=[0.1, 1e4])
    assert np.isfinite(caught.value.result.state[0]).all()


def _tanh_network():
    net = Hopfield.recurrent(5, 2, tau=[1.0, 0.1, 0.5, 2.0, 0.3], seed=4)
    return net, np.array([0.5, -0.5])


@pytest.mark.parametrize("step", [0.21, 0.5, 3.0])
def test_euler_beyond_its_stability_limit_names_step_and_bound(step):
    net, x = _tanh_network()
    solver = nd.Solver("euler", step=step)
    with pytest.raises((nd.ConvergenceError, nd.DivergenceError), match=f"euler with step {step:g}") as caught:
        nd.relax(net, x, t_max=300.0, solver=solver)
    result = caught.value.result
    root = np.sqrt(net.tau)
    fastest = np.linalg.eigvalsh(net.hessian(result.state, x) / np.outer(root, root))[-1]
    assert f"one below {2.0 / fastest:.3g}" in str(caught.value)
    assert step > 2.0 / fastest


def test_euler_within_its_stability_limit_relaxes():
    net, x = _tanh_network()
    reference = nd.relax(net, x)
    assert nd.relax(net, x, solver=nd.Solver("euler", step=0.1)).state == pytest.approx(reference.state, abs=1e-9)


# -- settling ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dwell", [0.0, 3.0])
def test_settled_means_calm_for_the_dwell_time(method, dwell):
    problem = relaxation_problem([[1.0], [2.0]], [[1.0], [1.0]])
    solution = integrate(problem, solver_for(method), np.zeros(0), t_end=100.0, settle=1e-3, dwell=dwell)
    assert solution.status[0] == Status.SETTLED
    assert solution.calm[0] == pytest.approx(np.log(1e3), abs=2.0)
    assert solution.time[0] - solution.calm[0] >= dwell
    assert solution.time[0] < 25.0


@pytest.mark.parametrize("method", METHODS)
def test_force_is_judged_in_units_of_the_time_constants(method):
    """|tau y'| decides: a slow component that is far from its target has not settled although its rate is small."""
    problem = relaxation_problem([[1e-3]], [[1.0]])
    solution = integrate(problem, solver_for(method, 1.0), np.zeros(0), t_end=100.0, settle=1e-2, dwell=1.0)
    assert solution.status[0] == Status.MOVING
    assert solution.time[0] == 100.0


@pytest.mark.parametrize("method", METHODS)
def test_one_large_constant_component_neither_stops_nor_prevents_settling(method):
    problem = relaxation_problem([[1.0], [1.0], [1.0]], [[1.0], [1e6], [-1.0]], [[0.0], [1e6], [0.0]])
    solution = integrate(problem, solver_for(method), np.zeros(0), t_end=100.0, settle=1e-4, dwell=1.0)
    assert solution.status[0] == Status.SETTLED
    assert solution.time[0] > np.log(1e4)
    assert np.abs(solution.last[[0, 2]]).max() <= 1e-4


@pytest.mark.parametrize("method", METHODS)
def test_rest_from_the_start_is_settled_with_calm_zero(method):
    problem = relaxation_problem([[1.0], [5.0]], [[2.0], [-3.0]], [[2.0], [-3.0]])
    solution = integrate(problem, solver_for(method), np.zeros(0), t_end=50.0, settle=1e-6, dwell=2.0)
    assert solution.status[0] == Status.SETTLED
    assert solution.calm[0] == 0.0
    assert np.array_equal(solution.last, problem.start)


@pytest.mark.parametrize("method", OF_ANY_FLOW)
def test_limit_cycle_is_not_settled(method):
    solution = integrate(limit_cycle_problem(), solver_for(method), np.zeros(0), t_end=20.0, settle=1e-3, dwell=1.0)
    assert solution.status[0] == Status.MOVING
    assert solution.time[0] == 20.0
    assert np.isinf(solution.calm[0])


def test_calm_is_forgotten_when_the_force_returns():
    """At rest until t = 1, then on the way to a target that has jumped: calm counts from the second rest."""
    problem = replace(switched_problem(), start=np.array([[-1.0]]))
    solution = integrate(problem, nd.Solver(), np.zeros(0), t_end=100.0, settle=1e-3, dwell=2.0)
    assert solution.status[0] == Status.SETTLED
    assert solution.calm[0] == pytest.approx(1.0 + np.log(2e3), abs=1.0)
    assert solution.last[0, 0] == pytest.approx(1.0, abs=1e-3)


# -- boxes ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def box_reference():
    net, x, start = driven_box()
    return nd.simulate(net, x, start=start, t_eval=np.linspace(0.0, 30.0, 61), solver=nd.Solver("tsit5", rtol=1e-11))


@pytest.fixture(scope="module", params=OF_ANY_FLOW)
def box_path(request):
    """A method, and where it leads."""
    net, x, start = driven_box()
    times = np.linspace(0.0, 30.0, 61)
    return request.param, nd.simulate(net, x, start=start, t_eval=times, solver=solver_for(request.param))


def test_states_stay_in_the_box_and_methods_agree(box_path, box_reference):
    method, path = box_path
    assert path.state.min() == 0.0
    assert path.state.max() == 1.0
    assert np.mean((path.state[-1] == 0.0) | (path.state[-1] == 1.0)) > 0.4
    assert path.state[-1] == pytest.approx(box_reference.state[-1], abs=1e-6)
    assert path.state == pytest.approx(box_reference.state, abs=2e-2 if method == "euler" else 1e-3)


def test_velocity_on_a_bound_never_points_out(box_path):
    _, path = box_path
    assert np.all(path.velocity[path.state == 0.0] >= 0.0)
    assert np.all(path.velocity[path.state == 1.0] <= 0.0)


@pytest.mark.parametrize("method", OF_ANY_FLOW)
def test_relaxation_in_the_box_finds_the_same_point(method):
    net, x, start = driven_box()
    reference = nd.relax(net, x, start=start)
    assert nd.relax(net, x, start=start, solver=solver_for(method)).state == pytest.approx(reference.state, abs=1e-8)


@pytest.mark.parametrize("seed", quick([5, 16], 5))
@pytest.mark.parametrize("method", quick(SCIPY_METHODS, "BDF", "LSODA"))
def test_no_step_is_caught_between_a_bound_and_the_jump_of_the_force_there(method, seed):
    """Where these units creep up to their bound, the correctors of BDF and LSODA found no solution."""
    net = Hopfield.recurrent(6, 3, activation="hard-sigmoid", tau=[0.5, 1.0, 1.5, 2.0, 2.5, 3.0], gain=2.0, seed=seed)
    rng = np.random.default_rng(seed)
    net = net.replace(parameters={"s": rng.normal(0.0, 1.5, 6)})
    start, x = rng.uniform(0.0, 1.0, (4, 6)), rng.uniform(-1.0, 1.0, (4, 3))
    path, reference = (
        nd.simulate(net, x, start=start, t_eval=np.linspace(0.0, 30.0, 31), solver=nd.Solver(m, max_steps=5000))
        for m in (method, "tsit5")
    )
    assert path.state == pytest.approx(reference.state, abs=1e-4)


# -- settings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "tsit"}, r"unknown solver method 'tsit'; allowed: adaptive, .*LSODA; did you mean 'tsit5'\?"),
        ({"method": "Rk45"}, "did you mean 'RK45'"),
        ({"method": "lsoda"}, "unknown solver method 'lsoda'; allowed"),
        ({"method": None}, "unknown solver method None"),
        ({"rtol": 0.0}, "`rtol` must be positive and finite; got 0.0"),
        ({"rtol": -1e-3}, "`rtol` must be positive"),
        ({"rtol": 1e-15}, "`rtol` must be at least 3e-14"),
        ({"rtol": "1e-3"}, "`rtol` must be positive and finite; got '1e-3'"),
        ({"atol": np.nan}, "`atol` must be positive and finite; got nan"),
        ({"atol": 0}, "`atol` must be positive"),
        ({"max_steps": 0}, "`max_steps` must be positive"),
        ({"max_steps": np.inf}, "`max_steps` must be positive and finite"),
        ({"max_seconds": -1.0}, "`max_seconds` must be positive"),
        ({"max_seconds": None}, "`max_seconds` must be positive and finite; got None"),
        ({"method": "rk4"}, "'rk4' needs `step`, for example step=0.1"),
        ({"method": "euler"}, "'euler' needs `step`"),
        ({"method": "RK45", "step": 0.1}, "'RK45' chooses its own steps: leave out `step`"),
        ({"method": "euler", "step": 0.0}, "`step` must be positive and finite; got 0.0"),
        ({"method": "tsit5", "step": np.inf}, "`step` must be positive and finite; got inf"),
        ({"method": "tsit5", "step": "a"}, "`step` must be positive and finite; got 'a'"),
    ],
)
def test_setting_that_cannot_be_is_refused_by_name(options, message):
    with pytest.raises(nd.ArgumentError, match=message):
        nd.Solver(**options)


@pytest.mark.parametrize("options", [{"max_steps": 2.5}, {"max_steps": True}, {"rtol": True}])
def test_setting_of_the_wrong_kind_is_refused(options):
    with pytest.raises(nd.ArgumentError, match=f"`{next(iter(options))}` must be"):
        nd.Solver(**options)


def test_settings_are_frozen_plain_data():
    solver = nd.Solver("rk4", step=0.1)
    assert nd.Solver(**solver.describe()) == solver
    assert solver.fixed
    assert solver.compiled
    assert not nd.Solver("LSODA").compiled
    with pytest.raises(AttributeError):
        solver.step = 0.2  # type: ignore[misc]


@pytest.mark.parametrize("t_eval", [[], [-1.0], [0.0, 0.0], [1.0, 0.5], [np.nan], [[0.0, 1.0]]])
def test_times_that_cannot_be_recorded_are_refused(t_eval):
    with pytest.raises(nd.ArgumentError, match="`t_eval` must"):
        nd.simulate(Hopfield.recurrent(2), t_eval=t_eval)


def test_every_status_says_what_happened():
    assert all(len(status.sentence) > 10 for status in Status)
    assert {status for status in Status if status.good} == {Status.DONE, Status.STABLE, Status.SETTLED}


# -- interrupts -------------------------------------------------------------------------------------------------

LONG = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the children of a background shell
sys.path[:0] = {paths!r}
import numpy as np
from problems import limit_cycle_problem
from neurodyn.solvers.columns import threads_for
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.solver import Solver
problem = limit_cycle_problem(np.ones((2, {batch})))
integrate(problem, Solver({method!r}), np.array([1e-3]))  # loads the kernels
print("ready", flush=True)
integrate(problem, Solver({method!r}, max_steps=10**12), np.array([1e9]))
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.timeout(90, func_only=True)
@pytest.mark.parametrize("run", quick(["tsit5 1", "tsit5 5000", "LSODA 1"], "tsit5 5000"))
def test_interrupt_stops_a_long_run_promptly(run):
    method, batch = run.split()
    code = LONG.format(paths=[str(ROOT), str(ROOT / "tests")], method=method, batch=batch)
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.5)
        assert child.poll() is None
        child.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, errors = child.communicate(timeout=20)
        assert time.monotonic() - began < 3.0
        assert "KeyboardInterrupt" in errors
        assert child.returncode != 0
    finally:
        child.kill()
        child.communicate()
