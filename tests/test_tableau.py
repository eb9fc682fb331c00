"""The methods are of the order they claim: order conditions of rooted trees, and convergence measured."""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import prod

import numpy as np
import pytest

from neurodyn.blocks import pack
from neurodyn.integrate import integrate
from neurodyn.solver import Solver
from neurodyn.tableau import TABLEAUS
from problems import limit_cycle_problem, spiralled

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


@pytest.mark.parametrize("method", ["tsit5", "dopri5"])
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
    assert tableau.adaptive is (method in ("tsit5", "dopri5"))


def test_stage_times_are_the_published_ones():
    assert TABLEAUS["tsit5"].c == pytest.approx([0.0, 0.161, 0.327, 0.9, 0.9800255409045097, 1.0], abs=1e-15)
    assert TABLEAUS["dopri5"].c == pytest.approx([0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0], abs=1e-15)
    assert TABLEAUS["rk4"].c == pytest.approx([0.0, 1 / 2, 1 / 2, 1.0], abs=1e-15)


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
