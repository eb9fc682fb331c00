"""Relaxation times against exact spectra and simulation, the arrival of errors, durations, and their figures."""

from typing import Any

import numpy as np
import pytest
import xarray

import neurodyn as nd
from naive import NaiveHopfield
from networks import BOXED, RATE, SMOOTH, UNEQUAL, WITHOUT_OUTPUT, draw_input, draw_target, prepared
from neurodyn import analysis, models
from neurodyn.analysis import plots
from neurodyn.analysis.timing.ladder import Modes
from neurodyn.system.fixed_point import FixedPoint

TAU = np.geomspace(0.1, 10.0, 8)


def at_rest(net, rng, batch=2):
    return nd.relax(net, draw_input(net, batch, rng))


def linear_chain(tau=TAU):
    return models.Hopfield.layered([4, 5, 3], activation="linear", gain=0.4, seed=4, tau=tau)


def turning():
    """A network whose modes oscillate: its feedback weights are its own, and strong."""
    return models.Rate.recurrent(8, 3, 2, feedback="random", gain=1.5, seed=4)


def inner_weights(net):
    naive = NaiveHopfield(net)
    return naive.weights[net.n_in :, net.n_in :]


# -- the ladder --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tau", [1.0, TAU])
def test_ladder_of_a_linear_network_is_its_exact_spectrum(tau, rng):
    """E is quadratic: H = 1 − W whatever the state, and the rates are the eigenvalues of T⁻¹(1 − W)."""
    net = linear_chain(tau)
    found = analysis.ladder(net, at_rest(net, rng))
    matrix = (np.eye(8) - inner_weights(net)) / net.tau[:, None]
    exact = np.sort(np.linalg.eigvals(matrix).real)
    assert np.abs(found.rate / exact - 1.0).max() <= 1e-12
    assert np.all(found.frequency == 0.0)
    assert found.stiffness == pytest.approx(exact[-1] / exact[0], rel=1e-12)
    assert found.euler_limit == pytest.approx(2.0 / exact[-1], rel=1e-12)


def test_ladder_of_two_coupled_units_in_closed_form():
    """1 − W with weight w and one tau: rates (1 ± w)/tau, both modes half each unit's."""
    net = models.Hopfield.recurrent(2, activation="linear", tau=2.0).replace(parameters={"s-s": [[0, 0.3], [0.3, 0]]})
    found = analysis.ladder(net, nd.relax(net))
    np.testing.assert_allclose(found.rate, [0.35, 0.65], rtol=1e-14)
    np.testing.assert_allclose(found.time, [1 / 0.35, 1 / 0.65], rtol=1e-14)
    np.testing.assert_allclose(found.participation, 0.5, rtol=1e-14)


@pytest.mark.parametrize("make", [SMOOTH["chain-tanh"], RATE["mixed"], BOXED["hard-and-tanh"], UNEQUAL["own-feedback"]])
def test_modes_diagonalise_the_flow_and_shares_sum_to_one(make, rng):
    net = make()
    rest = at_rest(net, rng)
    found = analysis.ladder(net, rest)
    for j in range(2):
        point = FixedPoint.of(net, rest.state, rest.x)
        modes = Modes.of(point, j)
        active = point.local.active[:, j]
        flow = point.linearized(j) / net.tau[active, None]
        np.testing.assert_allclose(modes.right @ np.diag(modes.rates) @ modes.left, flow, atol=1e-10)
        np.testing.assert_allclose(modes.left @ modes.right, np.eye(active.sum()), atol=1e-10)
        count = modes.rates.size
        np.testing.assert_allclose(found.participation[j, :count].sum(axis=1), 1.0, rtol=1e-12)
        if net.has_energy:  # then every unit shares itself out among the modes
            np.testing.assert_allclose(found.participation[j][:, active].sum(axis=0), 1.0, rtol=1e-12)
        assert np.all(np.isnan(found.rate[j, count:]))
        assert np.all(found.participation[j][:, ~active] == 0.0)
        assert found.rate[j, 0] == pytest.approx(point.rates(j)[0].real, rel=1e-10)
    total = sum(found.by_population().values())
    np.testing.assert_allclose(total, found.participation.sum(axis=-1), atol=1e-14)


def test_uncoupled_units_carry_their_own_mode(rng):
    """Without weights mode k is the k-th slowest unit, alone, and decays with its own time constant."""
    net = models.Hopfield({"s": {"size": 4, "outputs": 1}}, [], tau=[3.0, 0.5, 7.0, 1.0])
    found = analysis.ladder(net, nd.relax(net))
    np.testing.assert_allclose(found.time, [7.0, 3.0, 1.0, 0.5], rtol=1e-14)
    assert found.leading_unit().tolist() == [2, 0, 3, 1]


def test_complex_rates_of_a_network_without_energy():
    """A ring of one-way connections of strength w has rates 1 − w e^{2πik/3}: one real, a pair that turns."""
    ring = 0.5 * np.roll(np.eye(3), 1, axis=1)
    net = models.Rate.recurrent(3, n_out=1, feedback={"s-s": ring}, activation="linear")
    found = analysis.ladder(net, nd.relax(net))
    exact = 1.0 - 0.5 * np.exp(2j * np.pi * np.arange(3) / 3)
    np.testing.assert_allclose(found.rate, np.sort(exact.real), rtol=1e-14)
    np.testing.assert_allclose(np.sort(found.frequency), np.sort(exact.imag), atol=1e-15)
    assert found.euler_limit == pytest.approx(np.min(2 * exact.real / np.abs(exact) ** 2), rel=1e-14)


def test_a_sample_whose_units_all_sit_on_bounds_has_no_modes():
    net = models.Hopfield.layered([2, 3], activation="hard-sigmoid", seed=1).replace(parameters={"y": [-9.0] * 3})
    rest = nd.relax(net, np.ones((1, 2)))
    found = analysis.timescales(net, rest, np.ones((1, 3)))
    assert np.isnan(found.ladder.stiffness).all()
    assert not list(found.ladder.samples())
    assert found.arrival is None
    assert found.durations is None
    for figure in plots.draw_timescales(found).values():
        figure.canvas.draw()


# -- decay -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make", [SMOOTH["chain-tanh"], SMOOTH["recurrent-without-input"], RATE["chain-sigmoid"], BOXED["chain-hard"]]
)
def test_measured_decay_is_predicted(make, rng):
    """Within 1 % is asked; a push of 1e-3 to both sides leaves 1e-6."""
    net = make()
    found = analysis.decay(net, at_rest(net, rng, batch=1))
    assert np.isfinite(found.error).all()
    assert found.error.max() <= 1e-5
    np.testing.assert_allclose(found.size[:, 0], 1.0)
    np.testing.assert_allclose(found.size[:, -1], np.exp(-3.0), rtol=1e-4)


def test_measured_decay_and_turning_without_an_energy(rng):
    net = turning()
    found = analysis.decay(net, at_rest(net, rng), sample=1)
    assert np.any(found.predicted_frequency != 0.0)
    assert found.error.max() <= 1e-5
    np.testing.assert_allclose(found.frequency, found.predicted_frequency, atol=1e-5)


def test_decay_follows_the_ends_of_a_long_ladder(rng):
    net = SMOOTH["chain-tanh"]()
    found = analysis.decay(net, at_rest(net, rng), modes=3)
    assert found.mode.tolist() == [0, 8, 16]


def test_a_unit_at_its_bound_leaves_no_room(rng):
    """On the bound and without a force it is active, but cannot be pushed to both sides."""
    net = models.Hopfield({"y": {"size": 2, "role": "output", "activation": "hard-sigmoid"}}, [])
    found = analysis.decay(net, nd.relax(net, start=[0.5, 0.3]))
    assert np.isnan(found.rate).all()
    assert "no mode could be followed" in plots.plot_decay(found).texts[0].get_text()


# -- arrival -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [models.Hopfield, models.Rate])
def test_errors_arrive_as_powers_of_time(form, rng):
    """k connections away from the outputs the signal begins as c t^k, with equal and unequal time constants."""
    net = prepared(form.layered([3, 5, 5, 5, 5, 2], seed=2))
    rest = at_rest(net, rng)
    found = analysis.arrival(net, rest, draw_target(net, 2, rng))
    assert found.groups == ["h1", "h2", "h3", "h4", "y"]
    assert found.kinds == ["own", "equal"]
    assert found.distance.tolist() == [4, 3, 2, 1, 0]
    assert np.abs(found.exponent - found.distance).max() <= 0.01
    first = found.onset * found.t[0] ** found.distance
    assert np.abs(found.signal[:, 0] / first - 1.0).max() <= 2e-3
    assert np.abs(found.signal / found.side_signal - 1.0)[:, found.t <= 1.0].max() <= 1e-4
    assert np.all(np.diff(found.delay, axis=1) < 0.0)
    assert np.all(np.diff(found.peak_time, axis=1) < 0.0)


def test_arrival_without_an_energy_follows_the_way_of_the_nudge():
    sizes = {"a": 1, "b": 1, "c": {"size": 1, "role": "output"}}
    ring = models.Rate(
        sizes, [nd.Connection(pair[0], pair[1], feedback=0.0) for pair in ("ab", "bc", "ca")], gain=0.5, seed=0
    )
    found = analysis.arrival(ring, nd.relax(ring), [0.3])
    assert dict(zip(found.groups, found.distance.tolist(), strict=True)) == {"a": 1, "b": 2, "c": 0}
    np.testing.assert_allclose(found.exponent[0], found.distance, atol=0.03)
    early = 5
    expected = found.onset[0] * found.t[early] ** found.distance
    np.testing.assert_allclose(found.signal[0, early], expected, rtol=0.02)


def test_arrival_has_no_group_of_units_that_the_nudge_does_not_reach():
    sizes = {"x": {"size": 2, "role": "input"}, "h": 3, "y": {"size": 2, "role": "output"}}
    ahead = models.Rate(sizes, ["x-h", nd.Connection("h", "y", feedback=0.0)], seed=0)
    found = analysis.arrival(ahead, nd.relax(ahead, [0.1, 0.2]), [0.3, 0.4])
    assert found.groups == ["y"]
    assert np.isfinite(found.exponent).all()


def test_arrival_in_closed_form():
    """Two linear units, weight w: the hidden S is (e^{-(1-w)t} − e^{-(1+w)t})/2, with its peak at artanh(w)/w."""
    w = 0.5
    net = models.Hopfield.recurrent(2, n_out=1, activation="linear").replace(parameters={"s-s": [[0, w], [w, 0]]})
    found = analysis.arrival(net, nd.relax(net), [-1.0], beta=0.0)
    assert found.groups == ["s, k = 0", "s, k = 1"]
    assert found.kinds == ["own"]
    expected = 0.5 * (np.exp(-(1 - w) * found.t) - np.exp(-(1 + w) * found.t))
    np.testing.assert_allclose(found.signal[0, :, 1], expected, rtol=1e-6, atol=1e-11)
    assert found.peak_time[0].tolist() == [0.0, pytest.approx(np.arctanh(w) / w, rel=1e-3)]
    t = found.peak_time[0, 1]
    assert found.peak[0, 1] == pytest.approx(0.5 * (np.exp(-(1 - w) * t) - np.exp(-(1 + w) * t)), rel=1e-5)
    at_delay = 0.5 * (np.exp(-(1 - w) * found.delay[0, 1]) - np.exp(-(1 + w) * found.delay[0, 1]))
    assert at_delay == pytest.approx(0.5 * found.peak[0, 1], rel=1e-3)


# -- durations ---------------------------------------------------------------------------------------------------


def test_durations_of_one_unit_in_closed_form():
    """One linear unit: both phases leave exp(−t/tau)."""
    net = models.Hopfield.layered([1, 1], activation="linear", tau=2.5, seed=0)
    found = analysis.durations(net, nd.relax(net, [1.0]), [0.3], beta=0.0)
    for phase in ("free", "nudged"):
        for accuracy in (0.1, 1e-3, 1e-7):
            assert found.needed(phase, accuracy) == pytest.approx([2.5 * np.log(1 / accuracy)] * 2, rel=1e-3)


def test_duration_predicted_is_the_duration_measured(rng):
    net = SMOOTH["chain-tanh"]()
    rest = at_rest(net, rng)
    found = analysis.durations(net, rest, draw_target(net, 2, rng), beta=1e-4)
    for accuracy in (0.1, 1e-2, 1e-4):
        predicted, measured = found.needed("nudged", accuracy)
        assert measured == pytest.approx(predicted, rel=1e-3)
    near = analysis.durations(net, nd.relax(net, rest.x, start=rest.state + 1e-3), rng.uniform(size=(2, 3)))
    predicted, measured = near.needed("free", 1e-3)
    assert measured == pytest.approx(predicted, rel=1e-2)
    with pytest.raises(nd.ArgumentError, match="unknown `phase` 'fre'"):
        near.needed("fre", 0.1)
    with pytest.raises(nd.ArgumentError, match="`accuracy` must be positive"):
        near.needed("free", 0.0)
    assert np.isnan(near.needed("nudged", 1e-15)[1])


# -- all together ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("not_laid_out")
@pytest.mark.parametrize(
    "make", [SMOOTH["skip"], BOXED["hard-and-tanh"], UNEQUAL["own-feedback"], WITHOUT_OUTPUT["without-both"]]
)
def test_timescales_are_saved_loaded_and_drawn(make, rng, tmp_path):
    net = make()
    rest = at_rest(net, rng)
    found = analysis.timescales(net, rest)
    assert (found.arrival is None) == (found.durations is None) == (net.n_out == 0)
    assert found.ladder == analysis.ladder(net, rest)
    found.save(tmp_path / "scales.nc")
    assert nd.load(tmp_path / "scales.nc") == found
    assert isinstance(found.to_xarray(), xarray.DataTree)
    figures = plots.draw_timescales(found)
    expected = {"ladder", "decay"} | ({"arrival", "durations"} if net.n_out else set())
    assert set(figures) == expected
    for figure in figures.values():
        figure.canvas.draw()


def test_without_targets_every_output_is_pulled_by_one(rng):
    net = SMOOTH["chain-tanh"]()
    rest = at_rest(net, rng)
    came: Any = analysis.timescales(net, rest).arrival
    assert came.peak[0, -1] == pytest.approx(np.sqrt(3.0), rel=1e-12)
    soft = models.Hopfield.layered([3, 4, 3], readout="softmax", seed=1)
    came = analysis.timescales(soft, at_rest(soft, rng)).arrival
    assert came.peak[0, -1] > 0.1


def test_one_sample_without_a_batch_axis(rng):
    net = SMOOTH["chain-tanh"]()
    x = rng.uniform(size=(1, net.n_in))
    rest = nd.relax(net, x[0])
    found = analysis.timescales(net, rest, np.zeros(3))
    assert found.ladder.rate.shape == (net.n,)
    assert found.ladder.participation.shape == (net.n, net.n)
    batch = analysis.timescales(net, nd.relax(net, x), np.zeros((1, 3)))
    np.testing.assert_array_equal(batch.ladder.rate[0], found.ladder.rate)
    np.testing.assert_allclose(batch.decay.rate, found.decay.rate, rtol=1e-12)


def test_the_sample_without_a_signal_is_passed_over(rng):
    net = SMOOTH["chain-tanh"]()
    rest = at_rest(net, rng)
    target = np.stack([rest.state[0, net.outputs], np.zeros(3)])
    assert analysis.timescales(net, rest, target).decay.sample == 1
    quiet = analysis.timescales(net, rest, target, sample=0)
    assert quiet.arrival is None
    assert quiet.durations is not None
    with pytest.raises(nd.ArgumentError, match="`sample` must be a whole number from 0 to 1; got 2"):
        analysis.timescales(net, rest, target, sample=2)


def test_other_time_constants_than_those_that_were_relaxed(rng):
    net = SMOOTH["chain-tanh"]()
    rest = at_rest(net, rng)
    slow = analysis.ladder(net.replace(tau=3.0 * net.tau), rest)
    np.testing.assert_allclose(slow.rate, analysis.ladder(net, rest).rate / 3.0, rtol=1e-12)


def axes(found: Any) -> Any:
    """Axes, whose artists are what they are."""
    return found


# -- figures -----------------------------------------------------------------------------------------------------


def test_ladder_figure_shows_times_and_shares(rng):
    net = SMOOTH["skip"]()
    found = analysis.ladder(net, at_rest(net, rng))
    top, bottom = axes(plots.plot_ladder(found, sample=1))
    (marks,) = [line for line in top.lines if line.get_label() == "sample 1"]
    np.testing.assert_allclose(marks.get_ydata(), 1.0 / found.rate[1])
    heights = np.array([bar.get_height() for bar in bottom.patches]).reshape(3, net.n)
    np.testing.assert_allclose(heights, [share[1] for share in found.by_population().values()])
    assert [text.get_text() for text in bottom.get_legend().get_texts()] == ["h1", "h2", "y"]
    alone = analysis.ladder(net, nd.relax(net, rng.uniform(size=net.n_in)))
    heights = np.array([bar.get_height() for bar in axes(plots.plot_ladder(alone))[1].patches]).reshape(3, net.n)
    np.testing.assert_allclose(heights, list(alone.by_population().values()))
    with pytest.raises(nd.ArgumentError, match="`sample` must be a whole number from 0 to 1"):
        plots.plot_ladder(found, sample=2)
    with pytest.raises(nd.ArgumentError, match="`ax` must be two Axes; got 1"):
        plots.plot_ladder(found, ax=[top])


def test_turning_modes_are_hollow(rng):
    net = turning()
    found = analysis.ladder(net, at_rest(net, rng))
    top, bottom = axes(plots.plot_ladder(found))
    (hollow,) = [line for line in top.lines if line.get_label() == "oscillates"]
    assert len(hollow.get_xdata()) == np.sum(found.frequency[0] != 0.0)
    assert [text.get_text() for text in bottom.get_legend().get_texts()] == ["s, hidden", "s, outputs"]


def test_arrival_figure_has_its_lines(rng):
    net = SMOOTH["chain-sigmoid"]()
    found = analysis.arrival(net, at_rest(net, rng), draw_target(net, 2, rng))
    (ax,) = axes([plots.plot_arrival(found)])
    labels = [str(line.get_label()) for line in ax.lines]
    assert sum(label.startswith(("h1: $t^{1}$", "y: $t^{0}$")) for label in labels) == 2
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), found.signal[0, :, 0])
    guides = [line for line in ax.lines if line.get_zorder() == 0]
    np.testing.assert_allclose(guides[0].get_ydata()[:5], found.onset[0, 0] * found.t[:5])
