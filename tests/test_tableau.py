"""The methods are of the order they claim: order conditions of rooted trees, and convergence measured."""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import prod

import numpy as np
import pytest

from neurodyn.solvers.blocks import pack
from neurodyn.solvers.integrate import integrate
from neurodyn.solvers.solver import Solver
from neurodyn.solvers.tableau import TABLEAUS
from problems import limit_cycle_problem, relaxation_problem, spiralled

ADAPTIVE = ("relax5", "tsit5", "dopri5")
NUMBER_OF_TREES = [1, 1, 2, 4, 9, 20]


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
    assert violation(b, a, tableau.order + 1) > 1e-5


@pytest.mark.parametrize("method", ADAPTIVE)
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
    assert table.shape == (m + 3, m + 1)
    assert np.array_equal(table[: m + 1], complete(tableau)[0])
    assert np.array_equal(table[m + 1], tableau.e)
    assert np.array_equal(table[m + 2], [*tableau.c, 1.0])


@pytest.mark.parametrize("method", TABLEAUS)
def test_fixed_steps_converge_with_the_claimed_order(method):
    problem = limit_cycle_problem(speed=6.0)
    order = TABLEAUS[method].order
    steps = 2.0 ** -np.arange(6, 10) if order > 1 else 2.0 ** -np.arange(10, 14)
    exact = spiralled(problem, [1.0])
    errors = [np.abs(integrate(problem, Solver(method, step=h), np.array([1.0])).y - exact).max() for h in steps]
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.25)
