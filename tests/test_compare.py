"""The verdict's numbers are those that its documentation promises."""

import dataclasses

import numpy as np
import pytest

import neurodyn as nd
from networks import SMOOTH, box_chain
from neurodyn import analysis

TIMES = np.array([0.0, 0.3, 1.0, 4.0, 12.0])


@pytest.fixture
def pair(rng):
    """A coarse nudged phase, and the side network, of three samples."""
    net = SMOOTH["chain-tanh"]()
    x, y = rng.uniform(-0.5, 0.5, (3, 5)), rng.uniform(0.0, 1.0, (3, 3))
    eq = nd.relax(net, x)
    return nd.nudge(net, eq, y, beta=0.1, t_eval=TIMES), nd.side_network(net, eq, y, t_eval=TIMES)


def test_relative_error_by_hand(pair):
    run, side = pair
    a, b = run.error_signal, side.error_signal
    verdict = analysis.compare(run, side)
    worst = max(np.abs(a[:, k] - b[:, k]).max() / np.abs(b[:, k]).max() for k in range(3))
    assert verdict.max_relative_error == pytest.approx(worst, rel=1e-14)
    over_time = [max(np.abs(a[t, k] - b[t, k]).max() / np.abs(b[:, k]).max() for k in range(3)) for t in range(5)]
    np.testing.assert_allclose(verdict.over_time, over_time, rtol=1e-14)
    assert verdict.has_signal.all()
    np.testing.assert_array_equal(verdict.t, TIMES)


def test_each_population_is_held_against_its_own_signal(pair):
    run, side = pair
    verdict = analysis.compare(run, side)
    assert list(verdict.populations) == ["h1", "h2", "y"]
    for name, part in verdict.populations.items():
        a, b = (result.population(result.error_signal, name) for result in pair)
        worst = max(np.abs(a[:, k] - b[:, k]).max() / np.abs(b[:, k]).max() for k in range(3))
        assert part.max_relative_error == pytest.approx(worst, rel=1e-14)
        assert part.over_time.max() == part.max_relative_error
    deep = verdict.populations["h1"].max_relative_error
    assert deep > np.abs(run.error_signal - side.error_signal)[..., :8].max() / np.abs(side.error_signal).max()


def test_gradients_by_hand(pair):
    run, side = pair
    found = analysis.compare(run, side, gradient_times=5).gradient
    tilde, bar = run.parameter_gradient(), side.parameter_gradient()
    largest = max(side.parameter_gradient(t).norm for t in TIMES)
    np.testing.assert_array_equal(found.t, TIMES)
    assert found.relative_error == pytest.approx((tilde - bar).norm / largest, rel=1e-13)
    assert found.over_time[-1] == found.relative_error
    assert found.over_time[0] == 0.0
    assert found.cosine == pytest.approx(tilde.vector @ bar.vector / tilde.norm / bar.norm, rel=1e-13)
    assert found.norm_ratio == pytest.approx(tilde.norm / bar.norm, rel=1e-13)


def test_a_missing_factor_shows_in_the_norm_ratio_though_not_in_the_cosine(pair):
    run, side = pair
    doubled = dataclasses.replace(side, error_signal=2.0 * side.error_signal, integral=2.0 * side.integral)
    found, before = analysis.compare(run, doubled).gradient, analysis.compare(run, side).gradient
    assert found.cosine == pytest.approx(before.cosine, rel=1e-12)
    assert found.norm_ratio == pytest.approx(0.5 * before.norm_ratio, rel=1e-12)


def test_a_wrong_sample_is_not_averaged_away(pair):
    run, side = pair
    signal = side.error_signal.copy()
    signal[3, 1, 2] += 0.5 * np.abs(signal[:, 1]).max()
    assert analysis.compare(run, dataclasses.replace(side, error_signal=signal)).max_relative_error > 0.4


def test_one_sample_without_batch_axis_gives_the_same_numbers(pair):
    run, side = pair
    net = run.network
    verdicts = []
    for at in (slice(0, 1), 0):
        eq = nd.relax(net, run.x[at])
        options = {"equilibrium": eq, "y": run.target[at], "t_eval": TIMES}
        verdicts.append(analysis.compare(nd.nudge(net, **options), nd.side_network(net, **options)))
    whole, one = verdicts
    assert one.max_relative_error == whole.max_relative_error
    assert one.gradient.relative_error == whole.gradient.relative_error
    assert one.has_signal.shape == (1,)


def test_samples_without_a_signal_are_counted_and_left_out(rng):
    net = box_chain()
    x, y = rng.uniform(-1.0, 1.0, (40, 4)), rng.uniform(0.0, 1.0, (40, 3))
    eq = nd.relax(net, x)
    dead = ~eq.active[:, net.outputs].any(axis=1)
    assert dead.any()
    assert not dead.all()
    run, side = nd.nudge(net, eq, y, beta=1e-5, t_eval=TIMES), nd.side_network(net, eq, y, t_eval=TIMES)
    verdict = analysis.compare(run, side)
    np.testing.assert_array_equal(verdict.has_signal, ~dead)
    assert verdict.max_relative_error < 1e-6
    eq = nd.relax(net, x[dead])
    run, side = nd.nudge(net, eq, y[dead], beta=1e-5, t_eval=TIMES), nd.side_network(net, eq, y[dead], t_eval=TIMES)
    verdict = analysis.compare(run, side)
    assert np.isnan(verdict.max_relative_error)
    assert not verdict.has_signal.any()


def test_what_does_not_belong_together_is_refused(pair):
    run, side = pair
    net = run.network
    eq = nd.relax(net, run.x)
    other = nd.relax(net, run.x[::-1])
    slow = net.replace(tau=2.0)
    for wrong, message in [
        (nd.side_network(net, eq, side.target, t_eval=TIMES[:-1]), "different times"),
        (nd.side_network(net, eq, side.target, t_eval=TIMES + 1.0), "different times"),
        (nd.side_network(net, eq, 2.0 * side.target, t_eval=TIMES), "different equilibria or targets"),
        (nd.side_network(net, other, side.target, t_eval=TIMES), "different equilibria or targets"),
        (nd.side_network(slow, eq, side.target, t_eval=TIMES), "different networks"),
        (run, "NudgedPhase and a SidePhase; got NudgedPhase and NudgedPhase"),
    ]:
        with pytest.raises(nd.ArgumentError, match=message):
            analysis.compare(run, wrong)


def test_distances_from_the_exact_gradient_are_reported_and_large_together_where_the_phase_is_short(rng):
    chain = SMOOTH["chain-tanh"]()
    eq, y = nd.relax(chain, rng.uniform(-0.5, 0.5, (3, 5))), rng.uniform(size=(3, 3))
    exact = nd.gradient(chain, eq.x, y, method="implicit")
    for times, low, high in (([0.0, 1.0, 2.0], 0.01, 1.0), (None, 0.0, 1e-7)):  # None: until the slowest mode is gone
        run = nd.nudge(chain, eq, y, beta=1e-4, t_eval=times)
        side = nd.side_network(chain, eq, y, t_eval=times)
        found = analysis.compare(run, side).gradient
        assert found.relative_error < 1e-6
        assert low <= found.side_to_exact <= high
        assert found.nudged_to_exact == pytest.approx((run.parameter_gradient() - exact).norm / exact.norm)
        assert found.side_to_exact == pytest.approx((side.parameter_gradient() - exact).norm / exact.norm)


def test_a_population_whose_signal_is_below_the_tolerances_is_named():
    net = SMOOTH["chain-tanh"]()
    net = net.replace(parameters={"h1-h2": 1e-4 * net.parameters["h1-h2"]})
    x, y = np.full(5, 0.3), np.array([0.5, -0.2, 0.4])
    notes = {}
    for atol in (1e-10, 3e-3):
        solver = nd.Solver(atol=atol)
        rest = nd.relax(net, x)
        run = nd.nudge(net, rest, y, solver=solver)
        verdict = analysis.compare(run, nd.side_network(net, rest, y, t_eval=run.t, solver=solver))
        notes[atol] = verdict.notes
        assert all(note in repr(verdict) for note in verdict.notes)
    assert notes[1e-10] == ()
    assert [note.split(" is ")[0] for note in notes[3e-3]] == ["the error signal of h2"]
