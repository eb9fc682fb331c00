"""Figures of projections, rasters and energies: what is drawn is what was computed."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import same_color, to_rgb
from matplotlib.figure import Figure

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis import plots
from neurodyn.analysis.plots import panels, raster, style

TAU = np.random.default_rng(0).uniform(0.3, 3.0, 17)


def run(net, batch=3, **options):
    rng = np.random.default_rng(4)
    shape = () if batch is None else (batch,)
    x = rng.uniform(0.0, 1.0, (*shape, net.n_in)) if net.n_in else None
    return nd.experiment(net, x, rng.uniform(-0.8, 0.8, (*shape, net.n_out)), **options)


@pytest.fixture(scope="module")
def chain():
    return run(models.Hopfield.layered([5, 8, 6, 3], tau=TAU, seed=3))


@pytest.fixture(scope="module")
def without_outputs():
    """A trajectory of a network that has nothing to nudge."""
    net = models.Hopfield.recurrent(5, 3, gain=0.6, seed=15)
    return nd.simulate(net, np.ones((2, 3)), start=np.linspace(-1.0, 1.0, 5), t_eval=np.linspace(0.0, 40.0, 50))


def line(ax, label) -> Any:
    (found,) = [artist for artist in ax.lines if artist.get_label() == label]
    return found


def colored(ax, color) -> Any:
    return [artist for artist in ax.lines if artist.get_linestyle() != "None" and same_color(artist.get_color(), color)]


def mesh(ax) -> Any:
    (found,) = [artist for artist in ax.collections if isinstance(artist, QuadMesh)]
    return found


def final_displacement(experiment, sample):
    """-H⁻¹ dC/ds: where the nudge leads in the limit of small beta."""
    net, s = experiment.network, experiment.equilibrium.state[sample]
    gap = np.zeros(net.n)
    gap[net.outputs] = s[net.outputs] - experiment.nudged.target[sample]
    return -np.linalg.solve(net.hessian(s, experiment.equilibrium.x[sample]), gap), gap


# -- projections ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimensions", [2, 3])
def test_projections_are_drawn_as_computed(chain, dimensions):
    found: Any = analysis.project(chain, dimensions=dimensions)
    ax: Any = plots.plot_projection(found)
    get = (lambda a: a.get_data_3d()) if dimensions == 3 else (lambda a: a.get_data())
    blue, orange = colored(ax, style.FREE), colored(ax, style.NUDGED)
    assert len(blue) == len(orange) == 3
    times = float(np.linalg.norm(np.ptp(np.transpose(get(orange[0])), axis=0)))
    times /= float(np.linalg.norm(np.ptp(found.displacement[:, 0], axis=0)))
    assert times in (0.2, 0.5, pytest.approx(1.0), 2.0)
    for j in range(3):
        np.testing.assert_array_equal(np.transpose(get(blue[j])), found.coordinates[:, j])
        np.testing.assert_allclose(np.transpose(get(orange[j])), found.rest[j] + times * found.displacement[:, j])
        end = found.rest[j] + times * final_displacement(chain, j)[0] @ found.weights.T
        np.testing.assert_allclose(np.transpose(get(orange[j]))[-1], end, atol=1e-3)
    np.testing.assert_array_equal(np.transpose(get(line(ax, "$s^*$"))), found.rest)
    np.testing.assert_array_equal(np.transpose(get(line(ax, "start"))), found.coordinates[0])
    labels = [ax.get_xlabel(), ax.get_ylabel(), *([ax.get_zlabel()] if dimensions == 3 else [])]
    assert [" ".join(label.split()) for label in labels] == list(found.labels)
    ax.figure.canvas.draw()


def test_the_nudged_phase_is_enlarged_by_the_factor_in_its_label(chain):
    found: Any = analysis.project(chain)
    small = replace(found, displacement=found.displacement / 1000.0)
    ax = plots.plot_projection(small)
    label = next(text for text in (str(a.get_label()) for a in ax.lines) if "nudged" in text)
    factor = float(label.partition("+ ")[2].partition(r"\,")[0])
    drawn = np.transpose(colored(ax, style.NUDGED)[1].get_data())
    np.testing.assert_allclose(drawn, small.rest[1] + factor * small.displacement[:, 1])
    free, nudged = (np.ptp(p.reshape(-1, 2), axis=0).max() for p in (small.coordinates, factor * small.displacement))
    assert 0.1 < nudged / free < 0.4


def test_trajectories_alone_can_be_projected(without_outputs):
    for onto in ("components", "modes"):
        for dimensions in (2, 3):
            ax = plots.plot_projection(analysis.project(without_outputs, onto, dimensions=dimensions), linewidth=7.0)
            assert not colored(ax, style.NUDGED)
            assert {a.get_linewidth() for a in colored(ax, style.FREE)} == {7.0}
            ax.figure.canvas.draw()


def test_axes_must_have_as_many_dimensions_as_the_projection(chain):
    figure = Figure()
    flat, space = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2, projection="3d")
    two, three = (analysis.project(chain, dimensions=k) for k in (2, 3))
    assert plots.plot_projection(two, ax=flat) is flat
    assert plots.plot_projection(three, ax=space) is space
    with pytest.raises(nd.ArgumentError, match=r"onto 3 axes needs `ax` with 3 dimensions; make it with add_subplot"):
        plots.plot_projection(three, ax=flat)
    with pytest.raises(nd.ArgumentError, match=r"onto 2 axes needs `ax` with 2 dimensions$"):
        plots.plot_projection(two, ax=space)


@pytest.mark.parametrize(
    ("value", "below"), [(1.0, 1.0), (0.999, 0.5), (3.0, 2.0), (5e-7, 5e-7), (49.0, 20.0), (1e5, 1e5), (0.3, 0.2)]
)
def test_round_numbers_below(value, below):
    assert panels.round_below(value) == below


# -- rasters -------------------------------------------------------------------------------------------------------


def test_rasters_show_every_unit_at_every_time(chain):
    left, right = plots.plot_raster(chain, sample=1)
    free = analysis.free_phase(chain.equilibrium, 1)
    np.testing.assert_array_equal(mesh(left).get_array(), free.state.T)
    np.testing.assert_array_equal(mesh(right).get_array(), chain.nudged.displacement[:, :, 1].mean(axis=0).T)
    for ax, t in ((left, free.t), (right, chain.nudged.t)):
        corners = mesh(ax).get_coordinates()
        assert corners.shape == (18, 202, 2)
        columns = corners[0, :, 0]
        assert (columns[:-1] <= t).all()
        assert (t <= columns[1:]).all()
        assert list(columns[[0, -1]]) == [0.0, t[-1]]
        assert ax.get_ylim() == (corners[-1, 0, 1], 0.0)
    assert [text.get_text() for text in left.get_yticklabels()] == ["h1 (8)", "h2 (6)", "y (3)"]
    assert [text.get_title(loc="left") for text in (left, right)] == ["free phase", r"nudged phase, $\beta$ = 0.001"]
    bars = [ax.get_xlabel() for ax in style.figure_of(left).axes if ax not in (left, right)]
    assert bars == ["state $s_i$", r"displacement $(s_i - s_i^*)/\beta$"]
    style.figure_of(left).canvas.draw()


def test_raster_colours_tell_sign_and_phase(chain):
    for ax, color in zip(plots.plot_raster(chain), (style.FREE, style.NUDGED), strict=True):
        found = mesh(ax)
        largest = np.abs(found.get_array()).max()
        assert found.norm.vmax == -found.norm.vmin == largest
        assert to_rgb(found.to_rgba(0.0)) == pytest.approx((1.0, 1.0, 1.0), abs=0.02)
        assert same_color(found.to_rgba(largest), color)
        assert same_color(found.to_rgba(-largest), raster.NEGATIVE)


def test_rasters_of_states_in_a_box_span_the_box():
    boxed = run(models.Hopfield.layered([20, 15, 12, 5], activation="hard-sigmoid", seed=4, gain=1.5))
    left, right = plots.plot_raster(boxed)
    assert (mesh(left).norm.vmin, mesh(left).norm.vmax) == (0.0, 1.0)
    assert same_color(mesh(left).to_rgba(0.0), "white")
    assert mesh(right).norm.vmin < 0.0


def test_small_populations_have_higher_rows():
    net = models.Hopfield.layered([3, 200, 2], seed=1)
    edges = raster.row_edges(net.graph)
    assert len(edges) == 203
    np.testing.assert_allclose(np.diff(edges)[:200], 1.0)
    np.testing.assert_allclose(edges[-1] - edges[200], raster.LEAST_HEIGHT * 202)


# -- energies ------------------------------------------------------------------------------------------------------


def energies(experiment, sample):
    """E and C along the free phase, and at s*, from the network."""
    net = experiment.network
    x = experiment.equilibrium.x[sample]
    return (lambda s: np.array([net.energy(v, x) for v in s])), (
        lambda s: np.array([net.cost(v, experiment.nudged.target[sample]) for v in s])
    )


def test_free_energies_are_those_of_the_network(chain):
    left, _ = plots.plot_energy(chain, sample=2)
    free = analysis.free_phase(chain.equilibrium, 2)
    energy, cost = energies(chain, 2)
    np.testing.assert_array_equal(line(left, "energy $E$").get_xdata(), free.t)
    np.testing.assert_allclose(line(left, "energy $E$").get_ydata(), energy(free.state), rtol=1e-12)
    np.testing.assert_allclose(line(left, "cost $C$").get_ydata(), cost(free.state), rtol=1e-12)
    assert np.diff(line(left, "energy $E$").get_ydata()).max() < 1e-9
    assert line(left, "energy $E$").get_ydata()[-1] == pytest.approx(chain.equilibrium.energy[2])


def curves(ax):
    return [
        line(ax, label).get_ydata() for label in (r"$(E - E^*)/\beta^2$", r"$(C - C^*)/\beta$", r"$(F - F^*)/\beta^2$")
    ]


@pytest.mark.parametrize(("nudging", "sign"), [("positive", 1.0), ("centered", 1.0), ("negative", -1.0)])
def test_energies_of_the_nudged_phase_are_differences_of_those_of_the_network(chain, nudging, sign):
    beta = 0.1
    nudged = nd.nudge(chain.network, chain.equilibrium, chain.nudged.target, beta=beta, nudging=nudging)
    _, right = plots.plot_energy(replace(chain, nudged=nudged), sample=1)
    branch: Any = nudged.negative if nudging == "negative" else nudged.positive
    energy, cost = energies(chain, 1)
    states, rest = branch.state[:, 1], chain.equilibrium.state[1:2]
    drawn = curves(right)
    np.testing.assert_allclose(drawn[0], (energy(states) - energy(rest)) / beta**2, atol=1e-11)
    np.testing.assert_allclose(drawn[1], (cost(states) - cost(rest)) / (sign * beta), atol=1e-12)
    np.testing.assert_allclose(drawn[2], drawn[0] + drawn[1], atol=1e-14)
    assert np.diff(drawn[2]).max() < 1e-9, "the total energy rises"
    assert rf"$\beta$ = {sign * beta:g}" in right.get_title(loc="left")


@pytest.mark.parametrize("beta", [0.0, 1e-8, 1e-3])
def test_energies_end_at_the_closed_form_however_small_beta(chain, beta):
    nudged = nd.nudge(chain.network, chain.equilibrium, chain.nudged.target, beta=beta)
    energy, cost, total = curves(plots.plot_energy(replace(chain, nudged=nudged))[1])
    step, gap = final_displacement(chain, 0)
    gain = float(gap @ step)
    assert gain < 0.0
    tolerance = 1e-5 + 3.0 * beta
    assert energy[-1] == pytest.approx(-0.5 * gain, rel=tolerance)
    assert cost[-1] == pytest.approx(gain, rel=tolerance)
    assert total[-1] == pytest.approx(0.5 * gain, rel=tolerance)


# -- all results ---------------------------------------------------------------------------------------------------


def test_a_trajectory_has_one_panel(without_outputs):
    (cells,) = plots.plot_raster(without_outputs, sample=1)
    np.testing.assert_array_equal(mesh(cells).get_array(), without_outputs.state[:, 1].T)
    (ax,) = plots.plot_energy(without_outputs, sample=1)
    np.testing.assert_allclose(
        line(ax, "energy $E$").get_ydata(),
        without_outputs.network.energy(without_outputs.state[:, 1], np.ones((50, 3))),
    )
    assert ax.get_ylabel() == "energy $E$"


def broken_off(experiment):
    """The nudged phase of the first sample did not reach its end."""
    parts = {name: getattr(experiment.nudged, name).copy() for name in ("displacement", "displacement_rate")}
    for part in parts.values():
        part[:, 100:, 0] = np.nan
    return replace(experiment, nudged=replace(experiment.nudged, **parts))


KINDS = {
    "one sample": lambda: run(models.Hopfield.layered([5, 8, 3], seed=3), batch=None),
    "one unit each": lambda: run(models.Hopfield.layered([1, 1, 1], seed=3, tau=[1.0, 0.3]), batch=None),
    "no input": lambda: run(models.Hopfield.recurrent(6, 0, 2, seed=2, gain=0.5), batch=None),
    "many populations": lambda: run(models.Hopfield.layered([3, *[4] * 7, 2], seed=2)),
    "linear limit": lambda: run(models.Hopfield.layered([5, 8, 3], seed=3), beta=0.0),
    "one time": lambda: run(models.Hopfield.layered([5, 8, 3], seed=3), t_eval=[0.0]),
    "at rest": lambda: run(models.Hopfield.recurrent(6, 0, 2, seed=2, gain=0.5), start=np.zeros((1, 6)), batch=1),
    "broken off": lambda: broken_off(run(models.Hopfield.layered([5, 8, 3], seed=3))),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_dynamics_of_any_experiment_can_be_drawn(kind):
    experiment = KINDS[kind]()
    axes = [plots.plot_raster(experiment)[0], plots.plot_energy(experiment)[0]]
    axes += [plots.plot_projection(analysis.project(experiment, onto)) for onto in ("components", "modes")]
    for ax in axes:
        style.figure_of(ax).canvas.draw()


@pytest.mark.parametrize("plot", [plots.plot_raster, plots.plot_energy])
def test_arguments_of_both_phases(chain, without_outputs, plot):
    given = Figure().subplots(1, 2)
    assert plot(chain, ax=given) == tuple(given)
    ax = Figure().subplots()
    assert plot(without_outputs, ax=ax) == (ax,)
    with pytest.raises(nd.ArgumentError, match="`ax` must be two Axes, one for each phase; got 1"):
        plot(chain, ax=ax)
    with pytest.raises(nd.ArgumentError, match="`ax` must be one Axes; got 2"):
        plot(without_outputs, ax=given)
    with pytest.raises(nd.ArgumentError, match="`sample` must be a whole number from 0 to 2; got 3"):
        plot(chain, sample=3)
    with pytest.raises(nd.ArgumentError, match="`result` must be an Experiment or a Trajectory; got NudgedPhase"):
        plot(chain.nudged)


def test_style_reaches_what_is_drawn(chain):
    assert {a.get_linewidth() for a in plots.plot_energy(chain, linewidth=4.0)[0].lines[:2]} == {4.0}
    assert mesh(plots.plot_raster(chain, cmap="viridis")[0]).cmap.name == "viridis"
