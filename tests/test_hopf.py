"""Hopf bifurcations and the cycles that begin there, against closed forms."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis import plots
from neurodyn.analysis.portraits.hopf import first_lyapunov_coefficient
from neurodyn.models import terms

TWO = {"s": {"size": 2, "outputs": 1}}
EPS, A, B = 0.08, 0.7, 0.8


def fitzhugh_nagumo_force(s, r, theta, out):
    out[0] = s[0] - s[0] * s[0] * s[0] / 3.0 - s[1] + theta[3]
    out[1] = theta[0] * (s[0] + theta[1] - theta[2] * s[1])


def normal_form_force(s, r, theta, out):
    q = s[0] * s[0] + s[1] * s[1]
    growth, turn = theta[0] + theta[1] * q + theta[2] * q * q, 2.0 + 0.3 * q
    out[0] = growth * s[0] - turn * s[1]
    out[1] = growth * s[1] + turn * s[0]


def rossler_force(s, r, theta, out):
    out[0] = -s[1] - s[2]
    out[1] = s[0] + 0.2 * s[1]
    out[2] = 0.2 + s[2] * (s[0] - theta[0])


def fitzhugh_nagumo(current):
    constants = {"eps": EPS, "a": A, "b": B, "current": current}
    return models.EnergyNetwork(TWO, [terms.Own("s", force=fitzhugh_nagumo_force, constants=constants)])


def normal_form(mu, a=-0.7, b=0.0):
    constants = {"mu": mu, "a": a, "b": b}
    return models.EnergyNetwork(TWO, [terms.Own("s", force=normal_form_force, constants=constants)])


def rossler(c):
    field = terms.Own("s", force=rossler_force, constants={"c": c})
    return models.EnergyNetwork({"s": {"size": 3, "outputs": 1}}, [field])


def pair(w):
    """An excitatory unit that excites itself, and an inhibitory one."""
    forces = [terms.UnitForce("e", "w*tanh(s)", w=w), terms.PairForce("e", "i", "k*tanh(b)", k=-3.0)]
    forces += [terms.PairForce("i", "e", "k*tanh(b)", k=2.0)]
    return models.EnergyNetwork({"e": 1, "i": {"size": 1, "outputs": 1}}, [terms.Leak(), *forces], tau=[1.0, 0.5])


def ring(gain):
    return models.Rate.recurrent(3, feedback={"s-s": gain * np.array([[0, 3, 0], [0, 0, -3], [3, 0, 0]])})


@pytest.mark.slow
def test_hopf_points_of_fitzhugh_and_nagumo():
    """The trace vanishes at 1 - v^2 = eps b, on the curve of fixed points w = (v + a)/b, I = w - v + v^3/3."""
    varied: dict[str, Any] = {"parameter": fitzhugh_nagumo, "span": (-0.2, 2.0), "at": 0.0}
    branch = analysis.continue_fixed_point(fitzhugh_nagumo(0.0), [-1.2, -0.6], **varied)
    v = np.array([-1.0, 1.0]) * np.sqrt(1.0 - EPS * B)
    found = branch.bifurcations
    assert [b.kind for b in found] == ["Hopf", "Hopf"]
    np.testing.assert_allclose([b.parameter for b in found], (v + A) / B - v + v**3 / 3.0, rtol=0, atol=1e-8)
    np.testing.assert_allclose([b.frequency for b in found], np.sqrt(EPS * (1.0 - EPS * B**2)), rtol=0, atol=1e-8)
    assert [b.criticality for b in found] == ["subcritical", "subcritical"]


def test_hopf_point_of_an_excitatory_and_an_inhibitory_unit():
    """J = [[w - 1, -3], [4, -2]] at 0: the trace vanishes at w = 3, where the frequency is the root of 8."""
    branch = analysis.continue_fixed_point(pair(2.9), [0.0, 0.0], parameter=pair, span=(2.8, 3.2), at=2.9)
    (found,) = branch.bifurcations
    assert found.parameter == pytest.approx(3.0, abs=1e-8)
    assert found.frequency == pytest.approx(np.sqrt(8.0), abs=1e-8)
    assert found.criticality == "supercritical"


@pytest.mark.slow
@pytest.mark.parametrize("a", [-0.7, 0.4])
def test_first_lyapunov_coefficient_of_the_normal_form(a):
    """z' = (mu + i omega) z + (a + ...) z |z|^2 has l_1 = 2 a/omega, for vectors of length 1."""
    varied: dict[str, Any] = {"parameter": lambda mu: normal_form(mu, a), "span": (-0.5, 0.5), "at": -0.5}
    (found,) = analysis.continue_fixed_point(normal_form(-0.5, a), [0.0, 0.0], **varied).bifurcations
    assert found.coefficient == pytest.approx(2.0 * a / 2.0, abs=1e-9)


def test_first_lyapunov_coefficient_counts_quadratic_terms():
    """x' = -w y + f, y' = w x + g; Guckenheimer & Holmes, Nonlinear Oscillations (1983), equation 3.4.11."""
    w, (p, q, r), (u, v, m), a = 1.7, (0.5, -0.8, 0.3), (-0.3, 0.7, 0.5), -0.2

    def jacobian(s, parameter):
        x, y = s
        f = [2 * p * x + q * y + a * (3 * x * x + y * y), q * x + 2 * r * y + 2 * a * x * y]
        g = [2 * u * x + v * y + 2 * a * x * y, v * x + 2 * m * y + a * (x * x + 3 * y * y)]
        return np.array([[f[0], f[1] - w], [g[0] + w, g[1]]])

    quadratic = q * (2 * p + 2 * r) - v * (2 * u + 2 * m) - 4 * p * u + 4 * r * m
    growth = (16.0 * a + quadratic / w) / 16.0
    equations: Any = SimpleNamespace(jacobian=jacobian, tau=np.ones(2))
    assert first_lyapunov_coefficient(equations, np.zeros(2), 0.0, w) == pytest.approx(2.0 * growth / w, abs=1e-9)


def test_cycles_of_a_ring_begin_at_its_hopf_point():
    found = analysis.bifurcation_diagram(ring(0.5), [[0.0, 0.0, 0.0]], parameter=ring, span=(0.5, 0.8), at=0.5)
    (hopf,), (cycles,) = found.bifurcations, found.cycles
    assert hopf.parameter == pytest.approx(2.0 / 3.0, abs=1e-8)
    assert cycles.ended == ("Hopf", "span")
    assert cycles.stable.all()
    assert cycles.period[0] == pytest.approx(2.0 * np.pi / np.sqrt(3.0), rel=1e-3)
    alone = analysis.limit_cycle(ring(0.8))
    assert cycles.period[-1] == pytest.approx(alone.period, abs=1e-6)
    np.testing.assert_allclose(cycles.high[-1], alone.state.max(axis=0), atol=1e-2)
    ax = plots.plot_bifurcation(found)
    assert "limit cycles" in [line.get_label() for line in ax.lines]
    plots.plot_bifurcation(cycles)
    without = analysis.bifurcation_diagram(
        ring(0.5), [[0.0, 0.0, 0.0]], parameter=ring, span=(0.5, 0.8), at=0.5, cycles=False
    )
    assert without.cycles == ()


def test_what_is_no_cycle_is_not_followed():
    wrong: Any = np.zeros(3)
    with pytest.raises(nd.ArgumentError, match="`cycle` must be a LimitCycle"):
        analysis.continue_cycle(ring(1.0), wrong, parameter="gain", span=(0.5, 1.5))


@pytest.mark.slow
def test_a_subcritical_branch_folds_where_it_should():
    """r' = mu r + r^3 - r^5: cycles at r^2 = (1 ± (1 + 4 mu)^1/2)/2, with a fold at mu = -1/4."""
    varied: dict[str, Any] = {"parameter": lambda mu: normal_form(mu, 1.0, -1.0), "span": (-0.5, 0.2), "at": -0.1}
    found = analysis.bifurcation_diagram(normal_form(-0.1, 1.0, -1.0), [[0.0, 0.0]], **varied)
    (cycles,) = found.cycles
    assert [b.kind for b in cycles.bifurcations] == ["fold of cycles"]
    assert cycles.bifurcations[0].parameter == pytest.approx(-0.25, abs=1e-7)
    assert found.bifurcations[0].criticality == "subcritical"
    assert not cycles.stable[0]
    assert cycles.stable[-1]


@pytest.mark.slow
def test_cycles_of_the_pair_end_where_they_meet_fixed_points():
    found = analysis.bifurcation_diagram(pair(1.0), [[0.0, 0.0]], parameter=pair, span=(0.5, 6.0), at=1.0)
    (cycles,) = found.cycles
    assert cycles.ended == ("Hopf", "infinite period")
    assert cycles.period[-1] > 40.0 * cycles.period[0]


@pytest.mark.slow
def test_rosslers_cycle_doubles_its_period():
    cycle = analysis.limit_cycle(rossler(2.5), start=[1.0, 1.0, 0.0])
    branch = analysis.continue_cycle(rossler(2.5), cycle, parameter=rossler, span=(2.4, 3.2), at=2.5)
    (doubling,) = branch.bifurcations
    assert doubling.kind == "period doubling"
    assert doubling.parameter == pytest.approx(2.8324, abs=2e-3)
    assert np.prod(branch.multipliers[0]).real > 0.0
