"""What the figures show: the drawn data against the arrays, labels, colours, and results with little to show."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.figure import Figure

import neurodyn as nd
from networks import quick
from neurodyn import analysis, models
from neurodyn.analysis import plots
from neurodyn.analysis.plots import style

TAU = np.random.default_rng(0).uniform(0.3, 3.0, 17)
PLOTS = {
    "phases": lambda e, **options: plots.plot_phases(e.network, e.equilibrium, e.nudged, **options),
    "signals": lambda e, **options: plots.plot_error_signals(e.nudged, e.side, **options),
}


def run(net, batch=3, y=None, **options):
    rng = np.random.default_rng(4)
    shape = () if batch is None else (batch,)
    x = rng.uniform(0.0, 1.0, (*shape, net.n_in)) if net.n_in else None
    return nd.experiment(net, x, rng.uniform(-0.8, 0.8, (*shape, net.n_out)) if y is None else y, **options)


@pytest.fixture(scope="module")
def chain():
    return run(models.Hopfield.layered([5, 8, 6, 3], tau=TAU, seed=3))


@pytest.fixture(scope="module")
def chain_convergence(chain):
    return analysis.convergence(chain.network, chain.equilibrium, chain.nudged.target)


@pytest.fixture(scope="module")
def silent():
    """No sample has an error signal."""
    net = models.Hopfield.layered([5, 4, 2], activation="hard-sigmoid", seed=1)
    return run(net.replace(parameters={"y": np.full(2, -9.0)}), y=np.ones((2, 2)), batch=2)


def unfinished(experiment, sample):
    """The same experiment, one sample's nudged phase broken off half-way."""
    found = experiment.nudged
    parts = {name: getattr(found, name).copy() for name in ("displacement", "displacement_rate")}
    for part in parts.values():
        part[:, len(found.t) // 2 :, sample] = np.nan
    return replace(experiment, nudged=replace(found, **parts))


def lines(ax) -> Any:
    return list(ax.lines)


def line(ax, label) -> Any:
    (found,) = [artist for artist in ax.lines if artist.get_label() == label]
    return found


def black(ax):
    return [artist for artist in ax.lines if same_color(artist.get_color(), style.SIDE)]


def texts(ax):
    words = [ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left"), *(text.get_text() for text in ax.texts)]
    legend = ax.get_legend()
    if legend:
        words += [legend.get_title().get_text(), *(text.get_text() for text in legend.get_texts())]
    return " | ".join(words)


def rendered(ax):
    figure = style.figure_of(ax)
    figure.canvas.draw()
    return figure


# -- the data drawn are the data ---------------------------------------------------------------------------------


def test_error_signals_are_velocities_under_black_dashes(chain):
    axes = plots.plot_error_signals(chain.nudged, chain.side, sample=1, units=["h1[2]", 9, "y[0]", "y[2]"])
    assert [ax.get_title(loc="left").split(",")[0] for ax in axes] == [f"population {p}" for p in ("h1", "h2", "y")]
    for ax, units in zip(axes, [{"h1[2]": 2}, {"h2[1]": 9}, {"y[0]": 14, "y[2]": 16}], strict=True):
        for (name, i), dashes in zip(units.items(), black(ax), strict=True):
            curve = line(ax, name)
            np.testing.assert_array_equal(curve.get_xdata(), chain.nudged.t)
            np.testing.assert_allclose(curve.get_ydata(), -TAU[i] * chain.nudged.velocity[:, 1, i] / 1e-3, rtol=1e-14)
            np.testing.assert_array_equal(dashes.get_ydata(), chain.side.error_signal[:, 1, i])
            assert dashes.get_linestyle() == "--"
            assert dashes.get_zorder() >= curve.get_zorder()
        assert r"-(\tau_i/\beta)\,\mathrm{d}s_i/\mathrm{d}t" in texts(axes[0])
        assert r"\bar{S}_i" in texts(ax)
    assert "time since the nudge $t$ (unit of $\\tau$), $\\sqrt{t}$ scale" in texts(axes[-1])
    rendered(axes[0])


def test_error_signals_show_the_two_largest_of_each_population(chain):
    for ax, name in zip(plots.plot_error_signals(chain.nudged, chain.side), ("h1", "h2", "y"), strict=True):
        size = np.abs(chain.network.population(chain.side.error_signal, name)[:, 0]).max(axis=0)
        first, second = np.argsort(-size)[:2]
        np.testing.assert_array_equal(
            line(ax, f"{name}[{first}]").get_ydata(),
            chain.network.population(chain.nudged.error_signal, name)[:, 0, first],
        )
        assert line(ax, f"{name}[{second}]")
        end = ax.get_xlim()[1]
        late = np.abs(chain.side.error_signal[chain.side.t > end, 0])
        assert late.max() < 0.01 * size.max()


def test_phases_are_states_and_displacements(chain):
    left, right = plots.plot_phases(chain.network, chain.equilibrium, chain.nudged, sample=2, units=["h1[1]", "y[2]"])
    free = analysis.free_phase(chain.equilibrium, 2)
    assert free.t[-1] == pytest.approx(chain.equilibrium.time[2])
    np.testing.assert_allclose(free.state[-1], chain.equilibrium.state[2], atol=1e-5)
    np.testing.assert_array_equal(free.state[0], chain.equilibrium.start[2])
    moved = (chain.nudged.state[:, 2] - chain.equilibrium.state[2]) / 1e-3
    for name, i in (("h1[1]", 1), ("y[2]", 16)):
        np.testing.assert_array_equal(line(left, name).get_ydata(), free.state[:, i])
        np.testing.assert_allclose(line(right, name).get_ydata(), moved[:, i], atol=1e-10)
    np.testing.assert_array_equal(line(left, "$s_i^*$").get_ydata(), chain.equilibrium.state[2, [1, 16]])
    assert "state $s_i$" in texts(left)
    assert r"displacement $(s_i^{+\beta} - s_i^{-\beta})/2\beta$" in texts(right)
    assert r"unit of $\tau$" in left.get_xlabel()
    assert "free" in left.get_title(loc="left")
    assert "nudged" in right.get_title(loc="left")


def test_one_sided_phases_say_so(chain):
    right = plots.plot_phases(chain.network, chain.equilibrium, chain.nudged.negative)[1]
    assert r"(s_i - s_i^*)/\beta" in right.get_ylabel()
    assert "-0.001" in right.get_title(loc="left")


def test_each_phase_has_its_colour_in_every_figure(chain):
    left, right = plots.plot_phases(chain.network, chain.equilibrium, chain.nudged, units=[0])
    (signals,) = plots.plot_error_signals(chain.nudged, chain.side, units=[0])
    assert same_color(line(left, "h1[0]").get_color(), style.FREE)
    assert same_color(line(right, "h1[0]").get_color(), style.NUDGED)
    assert same_color(line(signals, "h1[0]").get_color(), style.NUDGED)


def test_lines_that_may_meet_never_look_the_same(chain):
    left, _ = plots.plot_phases(chain.network, chain.equilibrium, chain.nudged, units=range(12))
    looks = [(artist.get_color(), str(artist._unscaled_dash_pattern)) for artist in lines(left)[:12]]
    assert len(set(looks)) == 12


def test_error_over_time_has_a_curve_for_each_population(chain):
    comparison = analysis.compare(chain.nudged, chain.side)
    ax = plots.plot_error_over_time(comparison)
    assert ax.get_yscale() == "log"
    assert [artist.get_label().split(",")[0] for artist in lines(ax)] == ["h1", "h2", "y"]
    for artist, part in zip(lines(ax), comparison.populations.values(), strict=True):
        np.testing.assert_array_equal(artist.get_xdata(), comparison.t)
        drawn = artist.get_ydata()
        np.testing.assert_array_equal(np.isnan(drawn), part.over_time <= 0.0)
        np.testing.assert_array_equal(drawn[drawn > 0.0], part.over_time[part.over_time > 0.0])
    assert len({str(artist._unscaled_dash_pattern) for artist in lines(ax)}) == 3
    assert f"{comparison.populations['h1'].max_relative_error:.1e}" in texts(ax)


def test_agreement_shows_every_point_of_a_small_run(chain):
    ax = plots.plot_agreement(chain.nudged, chain.side)
    for name in ("h1", "h2", "y"):
        points = line(ax, name)
        np.testing.assert_array_equal(
            points.get_xdata(), chain.network.population(chain.side.error_signal, name).ravel()
        )
        np.testing.assert_array_equal(
            points.get_ydata(), chain.network.population(chain.nudged.error_signal, name).ravel()
        )
    diagonal = line(ax, "equal")
    assert diagonal.get_slope() == 1.0
    assert ax.get_xlim() == ax.get_ylim()
    assert f"{analysis.compare(chain.nudged, chain.side).max_relative_error:.1e}" in texts(ax)
    assert r"\bar{S}_i" in ax.get_xlabel()
    assert r"\mathrm{d}s_i/\mathrm{d}t" in ax.get_ylabel()


def test_agreement_thins_many_points_but_keeps_every_unit():
    many = run(models.Hopfield.layered([4, 20, 10], seed=1), batch=10, t_eval=np.linspace(0.0, 20.0, 201))
    ax = plots.plot_agreement(many.nudged, many.side)
    assert sum(len(line(ax, name).get_xdata()) for name in ("h1", "y")) <= 20_000
    drawn = set(line(ax, "y").get_xdata())
    signals = many.side.error_signal[..., 20:]
    assert all(drawn & set(signals[:, j, i]) for j in range(10) for i in range(10))


def test_convergence_shows_errors_fits_and_floor(chain_convergence):
    ax = plots.plot_convergence(chain_convergence, beta=-1e-3)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    for kind, name in (("one_sided", "one-sided"), ("centered", "centered")):
        slope = chain_convergence.slope(kind)
        fitted = line(ax, f"{name}, slope {slope:.2f}")
        used = np.isfinite(chain_convergence.guide(kind))
        errors = getattr(chain_convergence, kind)
        np.testing.assert_array_equal(fitted.get_ydata(), np.where(used, errors, np.nan))
        drawn = [a.get_ydata() for a in ax.lines if a.get_markerfacecolor() == "none"]
        assert any(np.array_equal(errors, data) for data in drawn)
        assert any(np.array_equal(chain_convergence.guide(kind), a.get_ydata(), equal_nan=True) for a in ax.lines)
    assert line(ax, r"solver alone ($\beta = 0$)").get_ydata() == [chain_convergence.floor] * 2
    assert line(ax, r"this run, $|\beta|$ = 0.001").get_xdata() == [1e-3] * 2
    assert r"nudging strength $\beta$" in ax.get_xlabel()
    assert "beyond" not in texts(ax)
    assert r"beyond $\beta_c$ = 0.3" in texts(plots.plot_convergence(replace(chain_convergence, critical_beta=0.3)))


def test_the_diagonal_would_show_a_wrong_time_constant(chain):
    """Raw velocities, without tau, are not the error signal: a figure of them must look wrong."""
    wrong = replace(chain.nudged, displacement_rate=chain.nudged.displacement_rate / TAU)
    ax = plots.plot_agreement(wrong, chain.side)
    points = line(ax, "h1")
    assert np.abs(points.get_ydata() - points.get_xdata()).max() > 0.1 * np.abs(points.get_xdata()).max()


# -- all figures, all kinds of results -----------------------------------------------------------------------------


def deep(**options):
    return models.Hopfield.layered([3, *[4] * 7, 2], seed=2, **options)


KINDS = {
    "one sample": lambda: run(models.Hopfield.layered([5, 8, 3], seed=3), batch=None),
    "one unit each": lambda: run(models.Hopfield.layered([1, 1, 1], seed=3, tau=[1.0, 0.3]), batch=None),
    "recurrent": lambda: run(models.Hopfield.recurrent(9, 4, 3, activation="sigmoid", seed=2)),
    "no input": lambda: run(models.Hopfield.recurrent(6, 0, 2, seed=2, gain=0.5), batch=None),
    "hard sigmoid": lambda: run(
        models.Hopfield.layered([20, 15, 12, 5], activation="hard-sigmoid", seed=4, gain=1.5), batch=6
    ),
    "own names": lambda: run(
        models.Hopfield(
            {"eye": {"size": 3, "role": "input"}, "V1_deep": 4, "_".join("MT"): {"size": 2, "role": "output"}},
            ["eye-V1_deep", "V1_deep-M_T", "eye-M_T"],
        )
    ),
    "many populations": lambda: run(deep()),
    "one-sided": lambda: run(models.Hopfield.layered([5, 8, 3], seed=3), nudging="negative", beta=0.05),
    "linear limit": lambda: run(models.Hopfield.layered([5, 8, 3], seed=3), beta=0.0),
    "one time": lambda: run(models.Hopfield.layered([5, 8, 3], seed=3), t_eval=[0.0]),
    "at rest": lambda: run(models.Hopfield.recurrent(6, 0, 2, seed=2, gain=0.5), start=np.zeros((1, 6)), batch=1),
}


#: The rest have nothing that these lack.
LEAST = ("one sample", "hard sigmoid", "own names", "many populations", "linear limit", "one time", "at rest")


@pytest.mark.parametrize("kind", [*quick(KINDS, *LEAST), "silent", "unfinished"])
def test_the_report_of_any_result_can_be_drawn(kind, request):
    if kind == "unfinished":
        whole = request.getfixturevalue("chain")
        experiment = unfinished(whole, 0)
    else:
        whole = experiment = request.getfixturevalue("silent") if kind == "silent" else KINDS[kind]()
    comparison = analysis.compare(whole.nudged, whole.side)
    study = analysis.convergence(
        experiment.network, experiment.equilibrium, experiment.nudged.target, betas=[1e-1, 1e-2], t_eval=[0.0, 1.0, 9.0]
    )
    figures = plots.draw_report(experiment, comparison, study)
    assert list(figures) == ["phases", "error-signals", "error-over-time", "agreement", "convergence"]
    for figure in figures.values():
        assert isinstance(figure, Figure)
        figure.canvas.draw()
        for ax in figure.axes:
            assert ax.lines or ax.texts, "an empty panel that does not say why"


def test_drawing_leaves_pyplot_and_settings_alone():
    code = (
        "import sys, matplotlib; before = dict(matplotlib.rcParams)\n"
        "from neurodyn.analysis.plots import *\n"
        "from neurodyn.analysis import Convergence; import numpy as np\n"
        "b = np.array([.1, .01]); c = Convergence(b, b, b**2, 1e-9, b, b**2, 1e-9, 1., np.zeros(2, bool))\n"
        "plot_convergence(c).figure.canvas.draw()\n"
        "assert dict(matplotlib.rcParams) == before and 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_panels_without_a_signal_say_so(silent, chain):
    comparison = analysis.compare(silent.nudged, silent.side)
    study = analysis.convergence(silent.network, silent.equilibrium, silent.nudged.target, betas=[0.1])
    for ax in (
        *plots.plot_error_signals(silent.nudged, silent.side),
        plots.plot_agreement(silent.nudged, silent.side),
        plots.plot_error_over_time(comparison),
        plots.plot_convergence(study),
    ):
        assert "no sample has an error signal" in texts(ax)
        assert not ax.lines
    target = chain.nudged.target.copy()
    target[1] = chain.equilibrium.state[1, chain.network.outputs]
    one = run(chain.network, y=target)
    (ax,) = plots.plot_error_signals(one.nudged, one.side, sample=1)
    assert texts(ax).endswith("sample 1 has no error signal")
    assert "2 of 3 samples" in texts(plots.plot_agreement(one.nudged, one.side))


def test_an_unfinished_path_ends_where_it_ended(chain):
    broken = unfinished(chain, 0)
    ax = plots.plot_error_signals(broken.nudged, broken.side, units=[0])[0]
    drawn = line(ax, "h1[0]").get_ydata()
    assert np.isfinite(drawn[:100]).all()
    assert np.isnan(drawn[100:]).all()


# -- arguments -----------------------------------------------------------------------------------------------------


def test_given_axes_are_used(chain, chain_convergence):
    figure = Figure()
    first, second, third = figure.subplots(3)
    assert plots.plot_error_signals(chain.nudged, chain.side, ax=first) == (first,)
    assert len(first.get_legend().get_texts()) == 7  # six units, and the side network
    assert plots.plot_phases(chain.network, chain.equilibrium, chain.nudged, ax=(second, third)) == (second, third)
    for ax in figure.subplots(2, 2).flat[:3]:
        assert plots.plot_agreement(chain.nudged, chain.side, ax=ax) is ax
    ax = figure.add_subplot()
    assert plots.plot_convergence(chain_convergence, ax=ax) is ax
    with pytest.raises(nd.ArgumentError, match=r"one for each population shown \(3\); got 2"):
        plots.plot_error_signals(chain.nudged, chain.side, ax=[first, second])


def test_style_reaches_the_lines(chain):
    (ax,) = plots.plot_error_signals(chain.nudged, chain.side, units=[3], color="green", linewidth=7.0)
    assert same_color(line(ax, "h1[3]").get_color(), "green")
    assert line(ax, "h1[3]").get_linewidth() == 7.0


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
@pytest.mark.parametrize("sample", [3, -1, 1.0, True, "0"])
def test_bad_samples_are_refused(chain, plot, sample):
    with pytest.raises(nd.ArgumentError, match="`sample` must be a whole number from 0 to 2; got"):
        plot(chain, sample=sample)


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
@pytest.mark.parametrize("units", [17, [-1], [0.5], ["h1[8]"], ["x[0]"], "h1", [True], [None], {"h1": 2}])
def test_bad_units_are_refused(chain, plot, units):
    rule = r"`units` must be free units, 0 to 16 or h1\[0\] to h1\[7\], h2\[0\] to h2\[5\], y\[0\] to y\[2\]; got"
    with pytest.raises(nd.ArgumentError, match=rule):
        plot(chain, units=units)
    with pytest.raises(nd.ArgumentError, match="`units` must name at least one unit"):
        plot(chain, units=[])


def test_one_sample_has_number_0_only():
    one = KINDS["one sample"]()
    with pytest.raises(nd.ArgumentError, match="`sample` must be 0, the only one there is; got 1"):
        plots.plot_error_signals(one.nudged, one.side, sample=1)


def test_phases_of_other_equilibria_are_refused(chain):
    other = run(models.Hopfield.layered([5, 8, 6, 3], tau=TAU, seed=4), t_eval=chain.nudged.t)
    with pytest.raises(nd.ArgumentError, match="did not start at this equilibrium"):
        plots.plot_phases(chain.network, chain.equilibrium, other.nudged)
    with pytest.raises(nd.ArgumentError, match="different networks"):
        plots.plot_error_signals(chain.nudged, other.side)


@pytest.mark.parametrize("end", [1e-9, 0.3, 1.0, 7.7, 99.0, 4e5])
def test_time_ticks_are_round_and_apart(end):
    ticks = np.array(style.time_ticks(end, 0.11))
    assert len(ticks) >= 4
    assert ticks[0] == 0.0
    assert ticks[-1] <= end
    assert np.diff(np.sqrt(ticks / end)).min() > 0.08


def test_the_state_of_the_rate_form_is_called_u_throughout(rng):
    net = models.Rate.layered([3, 4, 2], seed=0)
    found = nd.experiment(net, rng.normal(size=(1, 3)), rng.normal(size=(1, 2)))
    phases = plots.plot_phases(net, found.equilibrium, found.nudged)
    signals = plots.plot_error_signals(found.nudged, found.side)
    rasters = plots.plot_raster(found)
    shown = " ".join(texts(ax) for ax in (*phases, *signals, *rasters[0].figure.axes))
    assert "$u_i$" in shown
    assert "$u_i^*$" in shown
    assert r"\mathrm{d}u_i/\mathrm{d}t" in shown
    assert "s_i" not in shown


def test_figures_of_several_panels_refuse_other_numbers_of_axes():
    (one,) = style.new_axes()
    for given, got in ((one, 1), ([one, one, one], 3)):
        with pytest.raises(nd.ArgumentError, match=f"`axes` must be two Axes, for states and times; got {got}"):
            style.panels(given, 1, 2, name="axes", shows="for states and times")
    assert style.panels([one, one], 1, 2) == [one, one]


@pytest.mark.parametrize(("highest", "some"), [(1e3, True), (1e7, False)])
def test_many_decades_have_no_ticks_between_them(highest, some):
    ax = style.new_axes()[0]
    ax.set(yscale="log", ylim=(1.0, highest))
    style.decades_only(ax.yaxis)
    assert (len(ax.yaxis.get_minorticklocs()) > 0) == some
