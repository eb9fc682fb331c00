"""Limit cycles: period and multipliers against SciPy and Liouville's formula."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis.motion.shooting import multipliers
from neurodyn.models import terms

RING = models.Rate.recurrent(3, feedback={"s-s": [[0.0, 3.0, 0.0], [0.0, 0.0, -3.0], [3.0, 0.0, 0.0]]})


def van_der_pol(s, r, theta, out):
    out[0] = theta[1] * theta[0] * (s[0] - s[0] * s[0] * s[0] / 3.0 - s[1])
    out[1] = theta[1] * s[0] / theta[0]


def relaxation(mu, speed=1.0):
    """Van der Pol's oscillator; one with a negative speed goes backwards."""
    field = terms.Own("s", force=van_der_pol, constants={"mu": mu, "speed": speed})
    return models.EnergyNetwork({"s": {"size": 2, "outputs": 1}}, [field])


@pytest.mark.parametrize("mu", [1.0, pytest.param(10.0, marks=pytest.mark.slow)])
def test_a_relaxation_cycle_has_scipys_period_and_liouvilles_product(mu):
    cycle = analysis.limit_cycle(relaxation(mu), start=[1.0, 0.5], points=20001)

    def velocity(t, s):
        return [mu * (s[0] - s[0] ** 3 / 3.0 - s[1]), s[0] / mu]

    def section(t, s):
        return s[1]

    setattr(section, "direction", 1)  # noqa: B010 (which types know nothing of)
    times = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-12, "events": section}
    crossings = solve_ivp(velocity, (0.0, 5.0 * cycle.period), cycle.state[0], **times).t_events[0]
    assert cycle.period == pytest.approx(crossings[-1] - crossings[-2], abs=1e-8)
    growth = np.trapezoid(mu * (1.0 - cycle.state[:, 0] ** 2), cycle.t)  # of areas: the trace of the Jacobian
    assert np.prod(cycle.multipliers).real == pytest.approx(np.exp(growth), rel=1e-8, abs=0.0)
    assert cycle.multipliers[0] == pytest.approx(1.0, abs=1e-8)
    assert cycle.stable
    assert cycle.residual < 1e-9


def test_multipliers_of_a_network_obey_liouvilles_formula(tmp_path):
    cycle = analysis.limit_cycle(RING, points=201)  # the trapezoidal rule is as good as exact for what is periodic
    trace = [np.trace(RING.jacobian(state) / RING.tau[:, None]) for state in cycle.state]
    assert np.prod(cycle.multipliers).real == pytest.approx(np.exp(np.trapezoid(trace, cycle.t)), rel=1e-8)
    cycle.save(tmp_path / "cycle.nc")
    assert nd.load(tmp_path / "cycle.nc") == cycle


def test_multipliers_are_eigenvalues_of_the_product_of_maps():
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(7, 5, 5))
    product = np.linalg.multi_dot(list(maps[::-1]))
    wanted, found = np.linalg.eigvals(product), multipliers(maps)
    for value in wanted:
        assert np.abs(found - value).min() <= 1e-9 * np.abs(value)


def test_unstable_cycles_are_found_from_a_state_and_a_period_or_from_another_cycle():
    """A flow turned round in time has the same orbit, with inverse multipliers."""
    cycle = analysis.limit_cycle(relaxation(0.2), start=[1.0, 0.5])
    found = analysis.limit_cycle(relaxation(0.2, speed=-1.0), start=cycle.state[100] + 0.02, period=1.02 * cycle.period)
    assert found.period == pytest.approx(cycle.period, abs=1e-9)
    assert found.index == 1
    assert found.multipliers[0] * cycle.multipliers[1] == pytest.approx(1.0, abs=1e-7)
    again = analysis.limit_cycle(relaxation(0.3), start=cycle)
    assert again.period == pytest.approx(analysis.limit_cycle(relaxation(0.3), start=[1.0, 0.5]).period, abs=1e-9)


def test_a_network_that_rests_has_no_cycle():
    with pytest.raises(nd.ConvergenceError, match="rest"):
        analysis.limit_cycle(models.Rate.recurrent(3, seed=1))
    with pytest.raises(nd.ModelError, match="hard sigmoid"):
        analysis.limit_cycle(models.Hopfield.recurrent(3, activation="hard-sigmoid"))
