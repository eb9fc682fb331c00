"""The methods are of the order they claim: order conditions of rooted trees, and convergence measured."""

from __future__ import annotations

import dataclasses
from itertools import combinations_with_replacement
from math import prod
from typing import Any

import numpy as np
import pytest
from scipy.integrate import DOP853, RK23

import neurodyn as nd
from networks import SMOOTH, draw_input
from neurodyn.solvers import stepcontrol
from neurodyn.solvers.blocks import Blocks, pack
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.methods import TABLEAUS
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.tableau import Tableau
from problems import limit_cycle_problem, relaxation_problem, spiralled

FIFTH_ORDER = ("relax5", "tsit5", "dopri5")
ADAPTIVE = (*FIFTH_ORDER, "dop8")
NUMBER_OF_TREES = [1, 1, 2, 4, 9, 20]

#: Methods of a user's own: two stages; Bogacki and Shampine's with its first stage last (FSAL); twelve stages.
HEUN: dict[str, Any] = {"a": [[], [1.0]], "b": [0.5, 0.5], "order": 2, "error": [-0.5, 0.5]}
OWN = {
    "heun": Tableau(**HEUN),
    "bogacki-shampine": Tableau(
        [[], [1 / 2], [0.0, 3 / 4], [2 / 9, 1 / 3, 4 / 9]],
        [2 / 9, 1 / 3, 4 / 9, 0.0],
        order=3,
        error=np.subtract([2 / 9, 1 / 3, 4 / 9, 0.0], [7 / 24, 1 / 4, 1 / 3, 1 / 8]),
    ),
    "dop853": Tableau(DOP853.A, DOP853.B, 8, DOP853.E5, embedded_order=5, c=DOP853.C),
}


def trees(order):
    """All rooted trees with `order` nodes, each the sorted tuple of its branches."""
    if order == 1:
        return [()]
    found = set()
    for sizes in partitions(order - 1):
        for branches in product_of([trees(size) for size in sizes]):
            found.add(tuple(sorted(branches)))
    return sorted(found)


def partitions(total):
    for count in range(1, total + 1):
        for sizes in combinations_with_replacement(range(1, total + 1), count):
            if sum(sizes) == total:
                yield sizes


def product_of(choices):
    if not choices:
        yield ()
        return
    for first in choices[0]:
        for rest in product_of(choices[1:]):
            yield (first, *rest)


def size(tree):
    return 1 + sum(map(size, tree))


def density(tree):
    """gamma of Butcher: the product of the sizes of all subtrees."""
    return size(tree) * prod(map(density, tree))


def weight(tree, a):
    """Elementary weight of each stage, (m,)."""
    result = np.ones(len(a))
    for branch in tree:
        result = result * (a @ weight(branch, a))
    return result


def complete(tableau):
    """Coefficients with the force at the end of the step as a further stage: a (m + 1, m + 1), b, and b - e."""
    m = len(tableau.b)
    a = np.zeros((m + 1, m + 1))
    a[:m, :m], a[m, :m] = tableau.a, tableau.b
    b = np.append(tableau.b, 0.0)
    return a, b, b - tableau.e


def violation(weights, a, order):
    """Largest error of all conditions up to `order`."""
    return max(abs(weights @ weight(tree, a) - 1.0 / density(tree)) for p in range(1, order + 1) for tree in trees(p))


def test_all_rooted_trees_are_found():
    assert [len(trees(p)) for p in range(1, 7)] == NUMBER_OF_TREES


@pytest.mark.parametrize("method", TABLEAUS)
def test_weights_satisfy_the_conditions_of_the_order_and_no_more(method):
    tableau = TABLEAUS[method]
    a, b, _ = complete(tableau)
    assert violation(b, a, tableau.order) < 1e-13  # coefficients are published to 16 digits
    assert violation(b, a, tableau.order + 1) > 1e-6


@pytest.mark.parametrize("method", FIFTH_ORDER)
def test_embedded_weights_are_of_order_four_and_not_five(method):
    a, _, embedded = complete(TABLEAUS[method])
    assert violation(embedded, a, 4) < 1e-13  # coefficients are published to 16 digits
    assert violation(embedded, a, 5) > 1e-5


@pytest.mark.parametrize("method", TABLEAUS)
def test_stages_are_explicit_with_row_sums_c(method):
    tableau = TABLEAUS[method]
    assert np.array_equal(tableau.a, np.tril(tableau.a, -1))
    assert tableau.a.sum(axis=1) == pytest.approx(tableau.c, abs=1e-15)
    assert tableau.b.sum() == pytest.approx(1.0, abs=1e-14)
    assert tableau.e.sum() == pytest.approx(0.0, abs=1e-14)
    assert tableau.adaptive is (method in ADAPTIVE)


def test_stage_times_are_the_published_ones():
    assert TABLEAUS["tsit5"].c == pytest.approx([0.0, 0.161, 0.327, 0.9, 0.9800255409045097, 1.0], abs=1e-15)
    assert TABLEAUS["dopri5"].c == pytest.approx([0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0], abs=1e-15)
    assert TABLEAUS["rk4"].c == pytest.approx([0.0, 1 / 2, 1 / 2, 1.0], abs=1e-15)


def test_relax5_follows_from_its_nodes():
    """Dormand & Prince's family: 21 coefficients, and as many equations that are linear in turn."""
    a, b, embedded = complete(TABLEAUS["relax5"])
    c = np.array([0.0, 0.1, 0.347, 0.93, 0.98, 1.0, 1.0])
    assert a.sum(axis=1) == pytest.approx(c, abs=2e-14)
    assert (a @ c)[2:] == pytest.approx(c[2:] ** 2 / 2, abs=2e-14)
    defect = c[1] * (c[1] - 2 * c[2] / 3)
    assert (a @ c**2)[2:6] == pytest.approx(c[2:6] ** 3 / 3 + defect * a[2:6, 1], abs=2e-14)
    assert b @ a == pytest.approx(b * (1.0 - c), abs=2e-14)
    assert [b[1], embedded[1], b @ a[:, 1], b @ (c * a[:, 1])] == pytest.approx([0.0] * 4, abs=2e-14)


@pytest.mark.parametrize(("method", "reach"), [("relax5", 4.21), ("tsit5", 3.51), ("dopri5", 3.31), ("rk4", 2.79)])
def test_fixed_steps_are_stable_up_to_the_reach_and_no_further(method, reach):
    assert TABLEAUS[method].reach == pytest.approx(reach, abs=5e-3)
    problem = relaxation_problem([[1.0]], [[1.0]])
    for factor in (0.3, 0.6, 0.9, 0.999):
        step = factor * TABLEAUS[method].reach
        assert abs(integrate(problem, Solver(method, step=step), np.array([1000 * step])).y[0, 0, 0]) < 1.0
    step = 1.02 * TABLEAUS[method].reach
    assert abs(integrate(problem, Solver(method, step=step), np.array([100 * step])).y[0, 0, 0]) > 1.0


@pytest.mark.parametrize("method", TABLEAUS)
def test_compiled_loop_gets_the_tableau_unchanged(method):
    tableau = TABLEAUS[method]
    m, table = len(tableau.b), pack(tableau)
    assert table.shape == (m + 4, m + 1)
    assert np.array_equal(table[: m + 1], complete(tableau)[0])
    assert np.array_equal(table[m + 1], tableau.e)
    assert np.array_equal(table[m + 2], [*tableau.c, 1.0])
    assert np.array_equal(table[m + 3], tableau.second)


@pytest.mark.parametrize("method", TABLEAUS)
def test_fixed_steps_converge_with_the_claimed_order(method):
    problem = limit_cycle_problem(speed=6.0)
    order = TABLEAUS[method].order
    steps = 2.0 ** -np.arange({1: 10.0, 8: 2.0}.get(order, 6.0), {1: 14.0, 8: 5.0}.get(order, 10.0))
    exact = spiralled(problem, [1.0])
    errors = [np.abs(integrate(problem, Solver(method, step=h), np.array([1.0])).y - exact).max() for h in steps]
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.25 if order < 8 else 0.8)


# -- order 8 --------------------------------------------------------------------------------------------------------


def test_second_estimate_of_dop8_is_of_order_three_and_the_step_follows_both():
    tableau = TABLEAUS["dop8"]
    a, b, _ = complete(tableau)
    assert violation(b - tableau.second, a, 3) < 1e-13  # coefficients are published to 16 digits
    assert violation(b - tableau.second, a, 4) > 1e-5
    assert tableau.error_power == 2 * 6 - 4
    assert (
        Blocks(limit_cycle_problem(), Solver("dop8"), np.array([1.0]), 1.0, 0.0, 0.0).numbers[stepcontrol.SHARE]
        == 5 / 8
    )
    assert tableau.second == pytest.approx(DOP853.E3, abs=1e-15)


@pytest.mark.parametrize(
    ("rtol", "boxed", "method"), [(1e-8, False, "relax5"), (1e-11, False, "dop8"), (1e-11, True, "relax5")]
)
def test_default_method_goes_to_order_eight_on_the_way_to_rest_where_the_tolerance_asks(rtol, boxed, method):
    problem = relaxation_problem([[1.0]], [[1.0]])
    problem = dataclasses.replace(problem, bounds=0 if boxed else -1)
    to_rest = Blocks(problem, Solver(rtol=rtol), np.zeros(0), 50.0, 1e-8, 3.0)
    recorded = Blocks(problem, Solver(rtol=rtol), np.array([1.0]), 50.0, 0.0, 0.0)
    assert to_rest.tableau is TABLEAUS[method]
    assert recorded.tableau is Solver("auto", rtol=rtol).tableau is TABLEAUS["relax5"]


def test_dop8_needs_half_the_forces_of_relax5_at_tight_tolerances():
    net = SMOOTH["chain-tanh"]()
    x = draw_input(net, 2, np.random.default_rng(0))
    exact = nd.simulate(net, x, t_eval=[1.0, 4.0], solver=Solver("DOP853", rtol=3e-14, atol=1e-16)).state

    def cost(method: str) -> tuple[float, int]:
        run = nd.simulate(net, x, t_eval=[1.0, 4.0], solver=Solver(method, rtol=1e-12, atol=1e-14))
        return np.abs(run.state - exact).max(), run.counters["nfev"]

    (error, forces), (peer_error, peer_forces) = cost("dop8"), cost("relax5")
    assert error < 4 * peer_error < 4e-12
    assert 2 * forces < peer_forces


def test_a_method_with_two_error_estimates_describes_itself_and_a_wrong_second_one_is_named():
    tableau = TABLEAUS["dop8"]
    assert Tableau(**tableau.describe()) == tableau
    with pytest.raises(nd.ArgumentError, match="`second_error` must belong to an embedded solution of order 1"):
        Tableau(**{**tableau.describe(), "second_error": np.eye(12)[0]})


# -- a method of a user's own --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "orders"), [("heun", (2, 1)), ("bogacki-shampine", (3, 2)), ("dop853", (8, 5))])
def test_own_method_is_of_the_orders_that_were_checked(name, orders):
    tableau = OWN[name]
    assert (tableau.order, tableau.embedded_order) == orders
    a, b, embedded = complete(tableau)
    assert violation(b, a, tableau.order) < 1e-13  # coefficients are published to 16 digits
    assert violation(b, a, min(tableau.order + 1, 6)) > 1e-5 or tableau.order > 6
    assert violation(embedded, a, tableau.embedded_order) < 1e-13  # the same
    assert violation(embedded, a, tableau.embedded_order + 1) > 1e-5


@pytest.mark.parametrize("name", OWN)
def test_own_method_converges_with_its_order_in_fixed_steps(name):
    order = OWN[name].order
    problem = limit_cycle_problem(speed=6.0)
    steps = 2.0 ** -np.arange(7, 11) if order < 8 else 2.0 ** -np.arange(2.0, 5.0)
    exact = spiralled(problem, [1.0])
    errors = [np.abs(integrate(problem, Solver(OWN[name], step=h), np.array([1.0])).y - exact).max() for h in steps]
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(order, abs=0.25 if order < 8 else 0.8)


@pytest.mark.parametrize("name", OWN)
def test_own_method_holds_its_tolerance_between_steps_too(name):
    problem, times = limit_cycle_problem(), np.linspace(0.0, 5.0, 173)
    errors, steps = [], []
    for rtol in (1e-5, 1e-7):
        found = integrate(problem, Solver(OWN[name], rtol=rtol, atol=rtol), times)
        errors.append(np.abs(found.y - spiralled(problem, times)).max())
        steps.append(found.counters["steps"][0])
        assert found.counters["rejected"][0] < 0.1 * steps[-1] + 5
    assert errors[0] < 100 * 1e-5
    assert errors[1] < 100 * 1e-7
    if name == "dop853":  # interpolation would lose its order: steps land on the times to record
        assert steps[0] >= times.size - 1
    else:
        growth = np.log(steps[1] / steps[0]) / np.log(100.0)
        assert growth == pytest.approx(1.0 / OWN[name].order, abs=0.15)


@pytest.mark.parametrize(("tableau", "order"), [(OWN["heun"], 2), (OWN["bogacki-shampine"], 3), (OWN["dop853"], 6)])
def test_step_sizes_follow_the_order_of_the_error_estimate(tableau, order):
    """The error of a step is of this order in its length; powers of the shipped methods are those of order 5."""

    def share(method: str | Tableau) -> float:
        times = np.array([1.0])
        return float(Blocks(limit_cycle_problem(), Solver(method), times, 1.0, 0.0, 0.0).numbers[stepcontrol.SHARE])

    assert share(tableau) == 5.0 / order
    assert all(share(method) == 1.0 for method in FIFTH_ORDER)  # exactly: it must not change a bit


def test_own_method_is_as_good_as_the_same_one_by_scipy():
    problem, times = limit_cycle_problem(), np.array([5.0])
    found = integrate(problem, Solver(OWN["bogacki-shampine"], rtol=1e-6, atol=1e-9), times)
    from scipy.integrate import solve_ivp

    out = np.empty((2, 1))

    def force(t, y):
        problem.flow(np.array([t]), np.ascontiguousarray(y[:, None]), problem.rows, problem.theta, problem.layout,
                     np.empty((problem.work_rows, 1)), out)  # fmt: skip
        return out[:, 0].copy()

    peer = solve_ivp(force, (0.0, 5.0), problem.start[:, 0], RK23, rtol=1e-6, atol=1e-9)
    assert found.counters["nfev"][0] == pytest.approx(peer.nfev, rel=0.3)
    error = np.abs(found.y[-1] - spiralled(problem, times)[-1]).max()
    assert error < 3 * np.abs(peer.y[:, -1:] - spiralled(problem, times)[-1]).max()


def test_first_same_as_last_costs_no_further_force():
    first, e = OWN["bogacki-shampine"], np.subtract([2 / 9, 1 / 3, 4 / 9, 0.0], [7 / 24, 1 / 4, 1 / 3, 1 / 8])
    assert first == Tableau(RK23.A, RK23.B, 3, e)
    assert len(first.b) == 3
    found = integrate(relaxation_problem([[1.0]], [[1.0]]), Solver(first), np.array([1.0]))
    attempts = found.counters["steps"] + found.counters["rejected"]
    assert found.counters["nfev"] == 3 * attempts + 3  # the first force, that of the first step's size, the recorded


def test_an_own_copy_of_a_shipped_method_has_its_bits():
    shipped = TABLEAUS["tsit5"]
    copy = Tableau(shipped.a, shipped.b, 5, shipped.e)
    assert copy == shipped
    problem, times = limit_cycle_problem(), np.linspace(0.0, 2.0, 7)
    assert np.array_equal(
        integrate(problem, Solver(copy), times).y, integrate(problem, Solver("tsit5"), times).y
    )  # fmt: skip


@pytest.mark.parametrize("name", OWN)
def test_networks_relax_and_are_nudged_by_an_own_method_and_files_know_it(name, tmp_path, rng):
    net, solver = SMOOTH["chain-tanh"](), Solver(OWN[name], rtol=1e-7, atol=1e-9)
    x = draw_input(net, 2, rng)
    rest = nd.relax(net, x, solver=solver)
    assert np.abs(rest.state - nd.relax(net, x).state).max() < 1e-8
    run = nd.nudge(net, rest, [0, 1], solver=solver)
    side = nd.side_network(net, rest, [0, 1], t_eval=run.t, solver=solver)
    assert np.abs(run.error_signal - side.error_signal).max() < 1e-4 * np.abs(side.error_signal).max()
    run.save(tmp_path / "run.nc")
    again = nd.load(tmp_path / "run.nc")
    assert again == run
    assert Solver(**again.solver) == solver


def test_tableaus_are_equal_by_what_they_say():
    assert Tableau(**OWN["heun"].describe()) == OWN["heun"]
    assert hash(Tableau(**HEUN)) == hash(OWN["heun"])
    assert OWN["heun"] != Tableau(HEUN["a"], HEUN["b"], 2)
    assert OWN["heun"] != "heun"
    assert repr(OWN["dop853"]) == "Tableau(12 stages, order 8(5))"
    assert repr(TABLEAUS["euler"]) == "Tableau(1 stage, order 1)"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"a": [[], [1.0, 0.5]]}, "zero on and above its diagonal.*Radau, BDF"),
        ({"a": [[0.5], [1.0]]}, "must have 2 rows"),
        ({"a": [[], [1.0], [0.5, 0.5]]}, "`a` must have 2 rows, as many as `b`"),
        ({"a": 3.0}, "`a` must have 2 rows"),
        ({"b": []}, "`b` must be a list of finite numbers"),
        ({"b": [0.5, np.nan]}, "`b` must be a list of finite numbers"),
        ({"b": [0.4, 0.5]}, "`b` is not of order 2: it misses an order condition by 0.1"),
        ({"order": 3}, "`b` is not of order 3: it misses an order condition by"),
        ({"order": 0}, "`order` must be a whole number >= 1; got 0"),
        ({"order": 11}, "`order` must be at most 10; got 11"),
        ({"c": [0.0, 0.5]}, "`c` must be the sums of the rows"),
        ({"c": [0.0]}, "`c` must be a list of 2 finite numbers"),
        ({"error": [0.5, 0.5]}, "`error` does not belong to an embedded solution of order 1"),
        ({"embedded_order": 2}, "`error` does not belong to an embedded solution of order 2"),
        ({"embedded_order": 0}, "`embedded_order` must be a whole number >= 1"),
        ({"error": [1.0]}, "`error` must be a list of 2 finite numbers"),
        ({"error": [0.0, 0.0]}, "`error` must not be all zero"),
        ({"a": [[]], "b": [1.0], "order": 1, "error": [0.5, -0.5], "embedded_order": 1}, "at least two stages"),
    ],
)
def test_what_is_no_explicit_method_is_refused_in_a_sentence(changes, sentence):
    with pytest.raises(nd.ArgumentError, match=sentence):
        Tableau(**{**HEUN, **changes})


def test_solver_refuses_what_is_no_method():
    with pytest.raises(nd.ArgumentError, match="unknown solver method 5: it must be a name, or a Tableau"):
        Solver(5)  # type: ignore[arg-type]
    with pytest.raises(nd.ArgumentError, match="does not describe a Tableau"):
        Solver({"stages": 3})  # type: ignore[arg-type]
    with pytest.raises(nd.ArgumentError, match=r"Tableau\(2 stages, order 2\) needs `step`"):
        Solver(Tableau(HEUN["a"], HEUN["b"], 2))
