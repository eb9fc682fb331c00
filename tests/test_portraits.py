"""What portraits show: the drawn data against the computed, types and colours, and the choices made by default."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import same_color, to_rgb
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

import neurodyn as nd
from networks import quick
from neurodyn import analysis, models
from neurodyn.analysis import plots
from neurodyn.analysis.plots import style
from neurodyn.analysis.plots.portraits import branches, plane_layers
from neurodyn.analysis.plots.portraits.nudged_path import shown_beta
from neurodyn.analysis.portraits.portrait import portrait
from test_fixed_points import pair, symmetric_state

LIBRARY = ["two-neurons", "chain", "memory", "digits"]


def new_ax():
    return Figure().subplots()


def line(ax, label) -> Any:
    (found,) = [artist for artist in ax.lines if artist.get_label() == label]
    return found


def lines(ax) -> list[Any]:
    return list(ax.lines)


def mesh_of(ax) -> Any:
    (mesh,) = [artist for artist in ax.collections if isinstance(artist, QuadMesh)]
    return mesh


def colored(ax, color) -> list[Any]:
    return [artist for artist in ax.lines if same_color(artist.get_color(), color)]


def quivers(ax) -> list[Any]:
    return [artist for artist in ax.collections if isinstance(artist, Quiver)]


def parallel(a, b):
    """Cosines of the angles between two lists of vectors."""
    return np.sum(a * b, axis=-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))


@pytest.fixture(scope="module")
def model():
    return models.read("two-neurons")


@pytest.fixture(scope="module")
def planes(model):
    """The free and the nudged flow of two neurons, and the path between their fixed points."""
    x, y = model.x[0], model.y[0]
    rest = nd.relax(model.network, x, start=model.start[1])
    free = analysis.phase_plane(model.network, x, resolution=21)
    nudged = analysis.phase_plane(model.network, x, resolution=21, y=y, beta=0.4)
    return free, nudged, analysis.nudged_path(model.network, rest, y)


@pytest.fixture(scope="module")
def diagram():
    return analysis.bifurcation_diagram(pair(2.0), [[0.0, 0.0]], parameter="gain", span=(0.1, 1.5))


# -- one plane -------------------------------------------------------------------------------------------------------


def test_nullclines_are_the_computed_pieces(planes):
    for plane, color in ((planes[0], style.FREE), (planes[1], style.NUDGED)):
        ax = plots.plot_phase_plane(plane)
        for which, (name, dashes) in enumerate((("s[0]", "-"), ("s[1]", "--"))):
            (piece,) = plane.nullclines[which]
            drawn = line(ax, f"{name} at rest")
            np.testing.assert_array_equal(drawn.get_xydata(), piece)
            assert drawn.get_linestyle() == dashes
        assert same_color(line(ax, "s[0] at rest").get_color(), color)
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("state of s[0]", "state of s[1]")
        assert (*ax.get_xlim(), *ax.get_ylim()) == (-2.0, 2.0, -2.0, 2.0)


def test_pieces_of_a_nullcline_are_not_joined(planes):
    (piece,), second = planes[0].nullclines
    apart = piece[:5], piece[8:]
    ax = plots.plot_phase_plane(replace(planes[0], nullclines=(apart, second)), field="none")
    solid = [artist for artist in colored(ax, style.FREE) if artist.get_linestyle() == "-" and len(artist.get_xdata())]
    drawn = [artist.get_xydata() for artist in solid]
    for part in apart:
        assert any(np.array_equal(curve, part) for curve in drawn)
    assert max(len(curve) for curve in drawn) == len(apart[1])


def test_fixed_points_by_type():
    ax = plots.plot_phase_plane(analysis.phase_plane(pair(2.0), resolution=21))
    s = symmetric_state(2.0)
    nodes, saddle = line(ax, "stable node"), line(ax, "saddle")
    np.testing.assert_allclose(np.sort(nodes.get_xdata()), [-s, s], atol=1e-12)
    np.testing.assert_allclose(nodes.get_ydata(), nodes.get_xdata(), atol=1e-12)
    np.testing.assert_allclose(saddle.get_xydata(), [[0.0, 0.0]], atol=1e-12)
    assert (nodes.get_marker(), saddle.get_marker()) == ("o", "D")
    assert same_color(nodes.get_markerfacecolor(), style.FREE)
    assert same_color(saddle.get_markerfacecolor(), "white")
    assert same_color(saddle.get_markeredgecolor(), style.FREE)


def test_every_type_has_its_own_marker_and_only_the_stable_one_is_filled():
    kinds = ["stable node", "saddle", "unstable node", "degenerate"]
    looks = [plane_layers.point_style(kind, style.FREE) for kind in kinds]
    assert len({look["marker"] for look in looks}) == 4
    assert [look["markerfacecolor"] == style.FREE for look in looks] == [True, False, False, False]


def test_arrows_point_along_the_force(planes):
    plane = planes[1]
    field = quivers(plots.plot_phase_plane(plane, field="arrows"))[0]
    states = plane.flow.plane.states(np.column_stack([field.X, field.Y]))
    velocity = plane.flow.landscape.velocity(states)
    drawn = np.column_stack([field.U, field.V])
    np.testing.assert_allclose(parallel(drawn, velocity), 1.0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), np.linalg.norm(drawn[0]))
    assert field.angles == "xy"
    assert field.scale == 1.0


def test_stream_lines_follow_the_force(planes):
    plane = planes[0]
    ax = plots.plot_phase_plane(plane)
    (streams,) = [artist for artist in ax.collections if isinstance(artist, LineCollection)]
    parts: list[Any] = streams.get_segments()
    middle = np.concatenate([0.5 * (part[1:] + part[:-1]) for part in parts])
    along = np.concatenate([np.diff(part, axis=0) for part in parts])
    long = np.linalg.norm(along, axis=1) > 1e-3
    velocity = plane.flow.landscape.velocity(plane.flow.plane.states(middle[long]))
    cosine = np.abs(parallel(along[long], velocity))
    assert len(cosine) > 100
    assert np.median(cosine) > 0.999
    assert not [a for a in plots.plot_phase_plane(plane, field="none").collections if isinstance(a, LineCollection)]


def test_eigen_directions_point_in_where_they_return_and_out_where_they_leave():
    plane = analysis.phase_plane(pair(2.0), resolution=21)
    arrows = quivers(plots.plot_phase_plane(plane, field="none"))
    assert len(arrows) == 12  # two ways along two directions of three points
    tails = np.array([[float(q.X[0]), float(q.Y[0])] for q in arrows])
    heads = tails + [[float(q.U[0]), float(q.V[0])] for q in arrows]
    at_saddle = np.flatnonzero(np.abs(tails).max(axis=1) < 0.5)
    assert len(at_saddle) == 4
    for k in at_saddle:
        outward = np.linalg.norm(heads[k]) > np.linalg.norm(tails[k])
        same_sign = tails[k].prod() > 0.0  # along (1, 1), which leaves
        assert outward == same_sign
    others = np.setdiff1d(np.arange(12), at_saddle)
    node = np.sign(tails[others, :1]) * symmetric_state(2.0)
    assert np.all(np.linalg.norm(heads[others] - node, axis=1) < np.linalg.norm(tails[others] - node, axis=1))


def test_manifolds_and_trajectories_are_drawn(planes):
    free = planes[0]
    curves = free.trajectories(3)
    ax = plots.plot_phase_plane(free, trajectories=curves)
    drawn = {artist.get_xydata().tobytes(): artist for artist in lines(ax)}
    for manifold in free.manifolds:
        assert drawn[np.ascontiguousarray(manifold.points).tobytes()].is_dashed()
    for stable, label in ((True, "stable manifold"), (False, "unstable manifold")):
        first = next(m for m in free.manifolds if m.stable == stable)
        np.testing.assert_array_equal(line(ax, label).get_xydata(), first.points)
    assert len(curves) == 9
    for curve in curves:
        assert np.ascontiguousarray(curve).tobytes() in drawn
        assert curve[:1].tobytes() in drawn  # a ring at its start


def test_trajectories_end_where_the_network_comes_to_rest(model, planes):
    free = planes[0]
    starts = [[1.5, -1.2], [-1.5, 1.0], [-0.3, 1.5], [0.4, -1.5]]
    rest = nd.relax(model.network, model.x, start=starts).state
    for curve, start, end in zip(free.trajectories(starts), starts, rest, strict=True):
        np.testing.assert_allclose(curve[0], start, rtol=1e-14)
        np.testing.assert_allclose(curve[-1], end, atol=1e-10)
    simulated = nd.simulate(model.network, model.x[0], start=starts[0], t_eval=np.linspace(0.0, 20.0, 41))
    way = free.trajectories(starts[:1])[0]
    distance = np.linalg.norm(free.coordinates(simulated.state)[:, None] - way[None], axis=2).min(axis=1)
    assert distance.max() < 0.01


def test_energy_is_shaded_darker_in_the_valleys(planes):
    ax = plots.plot_phase_plane(planes[0])
    figure = style.figure_of(ax)
    figure.canvas.draw()
    facecolors: Any = ax.collections[0].get_facecolor()
    shades = [to_rgb(color)[0] for color in facecolors]
    assert np.all(np.diff(shades) > 0.0)


# -- free and nudged -------------------------------------------------------------------------------------------------


def test_the_fixed_point_moves_from_blue_to_orange(model, planes):
    free, nudged, path = planes
    left, right = plots.plot_phase_planes(free, nudged, path=path)
    ghost, moved, way = (
        line(right, "free: stable node"),
        line(right, "stable node"),
        line(right, r"$s^*(\beta)$ to $\beta$ = 0.4"),
    )
    assert same_color(ghost.get_markeredgecolor(), style.FREE)
    assert same_color(moved.get_markerfacecolor(), style.NUDGED)
    np.testing.assert_array_equal(line(left, "stable node").get_xydata(), ghost.get_xydata())
    np.testing.assert_allclose(way.get_xydata()[0], path.free, atol=1e-12)
    assert np.abs(moved.get_xydata() - way.get_xydata()[-1]).max(axis=1).min() < 1e-3
    assert np.abs(moved.get_xydata() - path.free).max(axis=1).min() > 0.05
    assert "free flow" in left.get_title(loc="left")
    assert r"nudged flow, $\beta$ = 0.4" in right.get_title(loc="left")


def test_the_velocity_at_rest_points_down_the_error(model, planes):
    free, nudged, path = planes
    right = plots.plot_phase_planes(free, nudged, path=path)[1]
    arrows = [q for q in quivers(right) if same_color(q.get_facecolor()[0], style.SIDE)]
    assert len(arrows) == 1
    rest = free.fixed_points.state[:2]
    drawn = np.column_stack([arrows[0].U, arrows[0].V])
    np.testing.assert_allclose(np.column_stack([arrows[0].X, arrows[0].Y]), rest, atol=1e-12)
    gap = rest[:, 1] - model.y[0, 0]
    np.testing.assert_allclose(drawn[:, 0], 0.0, atol=1e-9)  # the first unit is no output
    assert drawn[0, 1] / drawn[1, 1] == pytest.approx(gap[0] / gap[1], rel=1e-6)
    assert np.all(np.sign(drawn[:, 1]) == -np.sign(gap))
    np.testing.assert_allclose(nudged.velocity_of(rest)[:, 1], -0.4 * gap / model.network.tau[1], atol=1e-9)


def test_one_axes_shows_both_flows(planes):
    free, nudged, _ = planes
    ax = new_ax()
    assert plots.plot_phase_planes(free, nudged, ax=ax) == (ax,)
    for plane, color in ((free, style.FREE), (nudged, style.NUDGED)):
        assert any(np.array_equal(artist.get_xydata(), plane.nullclines[0][0]) for artist in colored(ax, color))


def test_a_window_without_a_stable_point_is_drawn_without_arrows(model):
    window: dict[str, Any] = {"window": (3.0, 4.0), "resolution": 5}
    free = analysis.phase_plane(model.network, model.x[0], **window)
    nudged = analysis.phase_plane(model.network, model.x[0], y=model.y[0], beta=-1.0, **window)
    assert not len(free.fixed_points)
    _, right = plots.plot_phase_planes(free, nudged)
    assert "velocity at $s^*$" not in [artist.get_label() for artist in right.get_lines()]


def test_planes_that_do_not_belong_together_are_refused(model, planes):
    free, nudged, _ = planes
    with pytest.raises(nd.ArgumentError, match=r"`free` must have beta = 0 and `nudged` another one; got 0\.4 and 0"):
        plots.plot_phase_planes(nudged, free)
    other = analysis.phase_plane(model.network, model.x[0], window=(-1.0, 1.0), resolution=21)
    with pytest.raises(nd.ArgumentError, match="same axes, window and resolution"):
        plots.plot_phase_planes(other, nudged)
    with pytest.raises(nd.ArgumentError, match="one Axes or two, for the free and the nudged flow; got 3"):
        plots.plot_phase_planes(free, nudged, ax=[new_ax(), new_ax(), new_ax()])
    with pytest.raises(nd.ArgumentError, match="unknown `field`"):
        plots.plot_phase_plane(free, field="stream")
    with pytest.raises(nd.ArgumentError, match=r"curves of shape \(p, 2\) in the plane; got \(3, 5\)"):
        plots.plot_phase_plane(free, trajectories=[np.zeros((3, 5))])


# -- the path, branches, basins ---------------------------------------------------------------------------------------


def test_first_order_line_is_the_tangent_of_the_path(planes):
    path = planes[2]
    ax = plots.plot_nudged_path(path, units=["s[1]"])
    tangent = line(ax, r"first order, $s^* + \beta\,\mathrm{d}s^*/\mathrm{d}\beta$")
    assert same_color(tangent.get_color(), style.SIDE)
    assert tangent.is_dashed()
    at, s = tangent.get_xydata().T
    beta = np.where(at < 0.0, at, at / (1.0 - at))
    np.testing.assert_allclose(np.diff(s) / np.diff(beta), path.tangent[1], rtol=1e-9)
    assert np.interp(0.0, at, s) == pytest.approx(path.free[1], abs=1e-3)
    small = np.abs(path.beta) < 0.05
    slope = np.polyfit(path.beta[small], path.state[small, 1], 1)[0]
    assert slope == pytest.approx(path.tangent[1], rel=0.05)


def test_path_is_solid_until_its_fold_and_dashed_beyond(planes):
    path = planes[2]
    ax = plots.plot_nudged_path(path, units=[0])
    (fold,) = line(ax, "fold").get_xydata()
    assert fold[0] == pytest.approx(shown_beta(path.folds)[0])
    pieces = [p for p in colored(ax, style.NUDGED) if len(p.get_xdata()) > 2]
    assert [p.is_dashed() for p in pieces] in ([False, True], [True, False])
    assert not line(ax, "s[0]").is_dashed()  # in the legend, where dashes mean unstable
    solid, dashed = sorted(pieces, key=lambda p: p.is_dashed())
    for piece in (solid, dashed):
        assert np.abs(piece.get_xydata() - fold).sum(axis=1).min() < 1e-12
    total = np.sum([len(p.get_xdata()) for p in pieces])
    assert total == len(path.beta) + 2
    assert "beta_c" in ax.get_title(loc="left")


def test_beta_axis_reaches_infinity():
    np.testing.assert_allclose(shown_beta(np.array([-0.5, 0.0, 1.0, 3.0, np.inf])), [-0.5, 0.0, 0.5, 0.75, 1.0])
    net, x, y = models.load("digits")
    path = analysis.nudged_path(net, nd.relax(net, x[0]), y[0])
    ax = plots.plot_nudged_path(path, units=["y[0]"])
    ticks = dict(zip([t.get_text() for t in ax.get_xticklabels()], ax.get_xticks(), strict=True))
    assert ticks[r"$\infty$"] == 1.0
    assert ticks["1"] == 0.5
    marked = line(ax, rf"$-\beta_c$ = {-path.critical_beta:.2g}")
    assert marked.get_xdata()[0] == -path.critical_beta
    (end,) = [p.get_ydata()[-1] for p in colored(ax, style.NUDGED) if np.isclose(p.get_xdata()[-1], 1.0)]
    assert end == pytest.approx(1.0)  # the target's output sits on its target


def test_pitchfork_diagram(diagram):
    ax = plots.plot_bifurcation(diagram, component="s[1]")
    (place,) = line(ax, "pitchfork").get_xydata()
    np.testing.assert_allclose(place, [0.5, 0.0], atol=1e-6)
    pieces = colored(ax, style.FREE)
    flat = [p for p in pieces if np.abs(p.get_ydata()).max() < 1e-6]
    assert sorted(p.is_dashed() for p in flat) == [False, True]
    for p in flat:
        assert (p.get_xdata().min() >= 0.5 - 1e-6) == p.is_dashed()
    arms = [p for p in pieces if np.abs(p.get_ydata()).max() > 0.1]
    assert sorted(float(np.sign(p.get_ydata()[-1])) for p in arms) == [-1.0, 1.0]
    assert not any(p.is_dashed() for p in arms)
    for p in arms:
        g, s = p.get_xdata()[-1], p.get_ydata()[-1]
        assert s == pytest.approx(2.0 * g * np.tanh(s) / np.cosh(s) ** 2, abs=1e-8)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("gain", "state of s[1] at rest")


def test_folds_of_one_branch():
    branch = analysis.continue_fixed_point(pair(2.0), [1.0, 1.0], parameter="s[0]", span=(-1.0, 1.0))
    ax = plots.plot_bifurcation(branch)
    folds = line(ax, "fold").get_xydata()
    np.testing.assert_allclose(np.sort(folds[:, 0]), np.sort([b.parameter for b in branch.bifurcations]))
    assert [p.is_dashed() for p in colored(ax, style.FREE)] == [False, True, False]
    with pytest.raises(nd.ArgumentError, match=r"`component` must be free units, 0 to 1 or .*; got 's\[2\]'"):
        plots.plot_bifurcation(branch, component="s[2]")


def test_parts_of_a_branch_meet_at_its_bifurcations():
    at, values, index = np.arange(4.0), np.arange(4.0) ** 2, np.array([0, 0, 1, 0])
    found = branches.parts(at, values, index, [(1, 1.5, 2.0), (2, 2.5, 6.0)])
    assert [stable for stable, _, _ in found] == [True, False, True]
    assert [list(x) for _, x, _ in found] == [[0.0, 1.0, 1.5], [1.5, 2.0, 2.5], [2.5, 3.0]]
    assert list(found[1][2]) == [2.0, 4.0, 6.0]


def test_basins_are_coloured_by_attractor(model):
    found = analysis.basins(model.network, model.x[0], resolution=32)
    ax = plots.plot_basins(found)
    mesh = mesh_of(ax)
    drawn = mesh.get_array()
    np.testing.assert_array_equal(drawn.reshape(32, 32), found.label)
    colors = mesh.cmap(mesh.norm(drawn.ravel())).reshape(32, 32, 4)
    first, second = colors[found.label == 0], colors[found.label == 1]
    assert len(np.unique(first, axis=0)) == len(np.unique(second, axis=0)) == 1
    assert np.abs(first[0] - second[0]).max() > 0.1
    for k in range(2):
        marker = next(a for a in lines(ax) if a.get_label().startswith(f"{k + 1}: "))
        np.testing.assert_array_equal(marker.get_xydata()[0], found.position[k])
        assert f"{found.area[k]:.0%}" in marker.get_label()
    assert mesh.get_rasterized()


def test_starts_that_end_nowhere_are_dark():
    found = analysis.basins(pair(2.0), resolution=21)  # the saddle at 0, and what runs into it
    assert (found.label < 0).any()
    ax = plots.plot_basins(found)
    mesh = mesh_of(ax)
    array = mesh.get_array()
    colors = mesh.cmap(mesh.norm(array.ravel())).reshape(21, 21, 4)
    nowhere = colors[found.label < 0]
    assert np.all(nowhere[:, :3] < 0.4)
    assert np.all(nowhere[:, 3] == 1.0)
    assert any(str(a.get_label()).startswith("none") for a in ax.lines)


# -- the choices of a portrait -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_units_are_both_shown(model):
    found = portrait(model.network, model.x[0], model.y[0], starts=model.start, resolution=11)
    assert found.free.names == ("s[0]", "s[1]")
    assert found.nudged is not None
    assert found.path is not None
    assert found.nudged.beta == pytest.approx(0.5 * found.path.folds[0])
    assert len(found.trajectories) == 4
    for way, start in zip(found.trajectories, model.start, strict=True):
        np.testing.assert_allclose(way[0], start, rtol=1e-14)
        assert found.free.first[0] < way[:, 0].min() < way[:, 0].max() < found.free.first[-1]
    assert set(plots.draw_portrait(found)) == {"portrait", "basins", "nudged-path"}


@pytest.mark.slow
def test_states_of_rest_span_the_plane():
    model = models.read("memory")
    found = portrait(model.network, None, model.y[0], starts=model.start, resolution=11)
    assert found.free.others == "sliced"
    assert found.free.names == ("direction 1", "direction 2")
    rests = nd.relax(model.network, start=model.start).state
    on_plane = found.free.flow.plane.states(found.free.coordinates(rests))
    np.testing.assert_allclose(on_plane, rests, atol=1e-9)
    points = found.free.fixed_points
    stable = points.position[points.kind == "stable node"]
    for u in found.free.coordinates(rests):
        assert np.abs(stable - u).max(axis=1).min() < 1e-6


@pytest.mark.slow
def test_a_classifier_shows_its_target_and_the_rival():
    net, x, y = models.load("digits")
    found = portrait(net, x[1], y[1], others="frozen", resolution=11)
    output = net.population(found.equilibrium.state, "y")
    target = int(y[1]) if np.ndim(y[1]) == 0 else int(np.argmax(y[1]))
    rival = int(np.argsort(-np.where(np.arange(10) == target, -np.inf, output))[0])
    assert found.free.names == (f"y[{target}]", f"y[{rival}]")
    assert set(plots.draw_portrait(found)) == {"portrait", "nudged-path"}  # one basin is no picture


@pytest.mark.slow
def test_what_the_nudge_moves_most_is_shown():
    net, x, y = models.load("chain")
    found = portrait(net, x[0], y[0], others="frozen", resolution=11)
    assert found.path is not None
    order = np.argsort(-np.abs(found.path.tangent))[:2]
    assert found.free.flow.plane.units == tuple(sorted(int(i) for i in order))


def test_without_outputs_there_is_only_the_free_flow():
    net = models.Hopfield.recurrent(4, seed=3)
    found = portrait(net, starts=[0.3, 0.1, -0.2, 0.4], resolution=9)
    assert found.nudged is None
    assert found.path is None
    assert set(plots.draw_portrait(found)) == {"portrait"}
    with pytest.raises(nd.ArgumentError, match="`beta` must not be 0"):
        portrait(net, beta=0.0)
    with pytest.raises(nd.ArgumentError, match="unknown `others`"):
        portrait(net, others="froze")


@pytest.mark.parametrize("name", quick(LIBRARY, "two-neurons"))
def test_every_library_model_has_drawable_portraits(name):
    model = models.read(name)
    x = None if model.x is None else model.x[0]
    found = portrait(model.network, x, model.y[0], starts=model.start, others="frozen", resolution=9)
    for figure in plots.draw_portrait(found).values():
        figure.canvas.draw()
        for ax in figure.axes:
            assert ax.get_xlabel()
            assert ax.get_ylabel()
