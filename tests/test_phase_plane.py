"""Phase planes: fields, nullclines, fixed points and separatrices where closed forms or symmetry put them."""

from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from networks import EVERY, SMOOTH, draw_input, draw_target, quick
from neurodyn import models
from neurodyn.analysis.portraits.contours import inside, zero_contours
from neurodyn.analysis.portraits.fixed_points import fixed_points
from neurodyn.analysis.portraits.phase_plane import phase_plane
from neurodyn.analysis.portraits.plane import principal_direction
from test_fixed_points import pair, symmetric_state

GRID = np.linspace(-2.0, 2.0, 41)


def contours(function, first=GRID, second=GRID):
    u, v = np.meshgrid(first, second)
    return zero_contours(first, second, function(u, v), lambda p, node: function(p[:, 0], p[:, 1]))


# -- contours --------------------------------------------------------------------------------------------------------


def test_circle_is_one_closed_piece():
    (piece,) = contours(lambda u, v: u**2 + v**2 - 1.7)
    np.testing.assert_allclose(np.hypot(*piece.T), np.sqrt(1.7), rtol=1e-14)
    np.testing.assert_array_equal(piece[0], piece[-1])
    angles = np.unwrap(np.arctan2(piece[:, 1], piece[:, 0]))
    assert abs(abs(angles[-1] - angles[0]) - 2.0 * np.pi) < 1e-9


def test_branches_stay_apart():
    pieces = contours(lambda u, v: u**2 - v**2 - 0.3)
    assert len(pieces) == 2
    assert {np.sign(piece[0, 0]) for piece in pieces} == {-1.0, 1.0}
    for piece in pieces:
        np.testing.assert_allclose(piece[:, 0] ** 2 - piece[:, 1] ** 2, 0.3, atol=1e-13)
        assert np.ptp(np.sign(piece[:, 0])) == 0.0


def test_branches_closer_than_a_cell_are_not_joined(rng):
    """Hyperbolas at any place and angle, whose branches come as close as a tenth of a cell."""
    for _ in range(50):
        place, angle, gap = rng.uniform(-0.1, 0.1, (2, 1)), rng.uniform(0.0, np.pi), rng.uniform(0.005, 0.04)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])

        def sides(u, v, place=place, turn=turn):
            return np.tensordot(turn, np.stack([u, v]) - place.reshape(2, *(1,) * np.ndim(u)), axes=1)

        pieces = contours(lambda u, v, sides=sides, gap=gap: sides(u, v)[1] ** 2 - sides(u, v)[0] ** 2 - gap**2)
        assert all(np.ptp(np.sign(sides(*piece.T)[1])) == 0.0 for piece in pieces)
        steps = np.concatenate([np.linalg.norm(np.diff(piece, axis=0), axis=1) for piece in pieces])
        assert steps.sum() > 7.0  # of a length of 8 or more; a cell without a contour is a tenth wide


@pytest.mark.parametrize("height", [0.0, 0.05, 1.0, -1.95, 0.1 + 0.2])  # on a grid line, between two, beside rounding
@pytest.mark.parametrize("turned", [False, True])
def test_straight_lines_along_the_grid_are_found(height, turned):
    pieces = contours((lambda u, v: v - height) if not turned else (lambda u, v: 3.0 * (height - u)))
    assert len(pieces) == 1
    along, across = pieces[0].T[::-1] if turned else pieces[0].T
    np.testing.assert_allclose(across, height, atol=1e-14)
    np.testing.assert_allclose(np.sort(along), GRID, atol=1e-14)


def test_several_parallel_lines_and_a_diagonal_through_nodes():
    pieces = contours(lambda u, v: (v - 1.0) * (v + 0.5) * (v + 0.75))
    assert sorted(np.round(piece[:, 1].mean(), 12) for piece in pieces) == [-0.75, -0.5, 1.0]
    (piece,) = contours(lambda u, v: u - v)
    np.testing.assert_allclose(piece[:, 0], piece[:, 1], atol=1e-15)
    assert np.ptp(piece[:, 0]) == 4.0


def test_a_jump_is_no_zero():
    assert contours(lambda u, v: np.where(u > 0.33, 1.0, -1.0)) == []
    assert contours(lambda u, v: 1.0 / (u - 0.333)) == []
    pieces = contours(lambda u, v: np.where(v > 0.33, 1.0, u - 0.5))  # a line that ends at the jump
    assert len(pieces) == 1
    assert pieces[0][:, 1].max() <= 0.33
    np.testing.assert_allclose(pieces[0][:, 0], 0.5, atol=1e-14)


def test_crossing_lines_are_found_whole():
    pieces = contours(lambda u, v: (u - 0.33) * (v - 0.44))
    every = np.concatenate(pieces)
    assert np.all(np.minimum(np.abs(every[:, 0] - 0.33), np.abs(every[:, 1] - 0.44)) < 1e-13)
    length = sum(np.linalg.norm(np.diff(piece, axis=0), axis=1).sum() for piece in pieces)
    assert length == pytest.approx(8.0, abs=0.2)


def test_cut_at_the_window():
    pieces = inside(contours(lambda u, v: u**2 + v**2 - 1.0), GRID[15:26], GRID)  # |u| <= 0.5
    assert len(pieces) == 2
    assert max(np.abs(piece[:, 0]).max() for piece in pieces) == pytest.approx(0.5, abs=1e-14)


# -- two units -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("others", ["frozen", "relaxed", "sliced"])  # with two units, all the same
@pytest.mark.parametrize("resolution", [41, 40])
def test_bistable_pair(others, resolution):
    w, s = 2.0, symmetric_state(2.0)
    plane = phase_plane(pair(w), others=others, resolution=resolution)
    found = plane.fixed_points
    assert list(found.kind) == ["stable node", "stable node", "saddle"]
    assert list(found.index) == [0, 0, 1]
    order = np.argsort(found.position[:, 0])
    np.testing.assert_allclose(found.position[order], [[-s, -s], [0.0, 0.0], [s, s]], atol=1e-14)
    saddle = 2
    np.testing.assert_allclose(found.rates[saddle], [1.0 - w, 1.0 + w], rtol=1e-13)
    np.testing.assert_allclose(np.abs(found.directions[saddle]), np.sqrt(0.5), rtol=1e-13)
    assert found.directions[saddle][0, 0] == pytest.approx(found.directions[saddle][1, 0])  # leaves along (1, 1)

    u, v = np.meshgrid(plane.first, plane.second)
    d, r = (lambda x: 1.0 / np.cosh(x) ** 2), np.tanh
    np.testing.assert_allclose(plane.velocity[..., 0], -u + d(u) * w * r(v), atol=1e-13)
    np.testing.assert_allclose(plane.velocity[..., 1], -v + d(v) * w * r(u), atol=1e-13)
    np.testing.assert_allclose(plane.energy, 0.5 * (u**2 + v**2) - w * r(u) * r(v), atol=1e-13)
    np.testing.assert_allclose(plane.off_plane, 0.0, atol=1e-14)

    (piece,) = plane.nullclines[0]  # v = artanh(u / (rho'(u) w))
    np.testing.assert_allclose(piece[:, 0], w * d(piece[:, 0]) * r(piece[:, 1]), atol=1e-14)
    assert {piece[0, 1], piece[-1, 1]} == {-2.0, 2.0}
    (piece,) = plane.nullclines[1]
    np.testing.assert_allclose(piece[:, 1], w * d(piece[:, 1]) * r(piece[:, 0]), atol=1e-14)


def test_separatrices_by_symmetry():
    s = symmetric_state(2.0)
    plane = phase_plane(pair(2.0))
    assert sorted(m.stable for m in plane.manifolds) == [False, False, True, True]
    assert {m.saddle for m in plane.manifolds} == {2}
    for m in plane.manifolds:
        u, v = m.points.T
        np.testing.assert_array_equal(m.points[0], plane.fixed_points.position[2])
        np.testing.assert_allclose(u, -v if m.stable else v, atol=1e-11)
        if m.stable:
            assert np.abs(m.points[-1]).max() >= 2.0  # leaves the window
        else:
            np.testing.assert_allclose(np.abs(m.points[-1]), s, atol=1e-13)  # ends at a node


def test_separatrix_divides_what_relaxes_apart():
    net = pair(2.0, bias=0.05, tau=[1.0, 3.0])
    branch = next(m.points for m in phase_plane(net).manifolds if m.stable)
    across = np.gradient(branch, axis=0)[:, ::-1] * [1.0, -1.0]
    middle = np.arange(20, len(branch) - 5, 20)
    side = across[middle] / np.linalg.norm(across[middle], axis=1)[:, None]
    ends = [nd.relax(net, start=branch[middle] + shift * side).state[:, 0] for shift in (1e-5, -1e-5)]
    assert np.all(np.sign(ends[0]) == -np.sign(ends[1]))
    assert abs(np.sum(np.sign(ends[0]))) == len(middle)


@pytest.mark.parametrize("resolution", [41, 42])
@pytest.mark.parametrize("window", [(-2.0, 2.0), ((-1.0, 1.0), (0.0, 2.0))])
def test_horizontal_nullcline(resolution, window):
    net = pair(0.0).replace(parameters={"s": [0.3, 0.0]})  # uncoupled: s_1 decays to 0 whatever s_0
    plane = phase_plane(net, window=window, resolution=resolution)
    (piece,) = plane.nullclines[1]
    np.testing.assert_allclose(piece[:, 1], 0.0, atol=1e-14)
    assert np.ptp(piece[:, 0]) == pytest.approx(np.ptp(plane.first))
    (piece,) = plane.nullclines[0]
    assert np.ptp(piece[:, 0]) < 1e-13
    assert np.ptp(piece[:, 1]) == pytest.approx(np.ptp(plane.second))
    assert list(plane.fixed_points.kind) == ["stable node"]


def test_nullcline_of_three_branches():
    # along (1, 1) and (1, -1) the pair's first nullcline crosses b = 0 three times, at the fixed points
    net, s = pair(2.0), symmetric_state(2.0)
    plane = phase_plane(net, axes=([1.0, 1.0], [1.0, -1.0]), window=((-1.5, 1.5), (-0.3, 0.3)), resolution=60)
    pieces = plane.nullclines[0]
    for piece in pieces:
        states = piece @ [[1.0, 1.0], [1.0, -1.0]]
        np.testing.assert_allclose(net.force(states).sum(axis=1), 0.0, atol=1e-13)
    every = np.concatenate(pieces)
    for a in (-s, 0.0, s):
        assert np.abs(every - [a, 0.0]).max(axis=1).min() < 0.06
    assert len(pieces) == 3
    np.testing.assert_allclose(sorted(plane.fixed_points.position[:, 0]), [-s, 0.0, s], atol=1e-13)


def test_linear_pair():
    net = models.Hopfield.recurrent(2, activation="linear", tau=[1.0, 2.0])
    net = net.replace(parameters={"s-s": [[0.0, 0.5], [0.5, 0.0]], "s": [0.2, -0.1]})
    plane = phase_plane(net)
    matrix = np.array([[1.0, -0.5], [-0.5, 1.0]])
    np.testing.assert_allclose(plane.fixed_points.position, [np.linalg.solve(matrix, [0.2, -0.1])], atol=1e-14)
    values, vectors = np.linalg.eig(matrix / net.tau[:, None])
    order = np.argsort(values)
    np.testing.assert_allclose(plane.fixed_points.rates, [values[order]], rtol=1e-13)
    np.testing.assert_allclose(np.abs(plane.fixed_points.directions[0]), np.abs(vectors[:, order]), rtol=1e-12)
    for which in (0, 1):
        (piece,) = plane.nullclines[which]
        np.testing.assert_allclose(piece @ matrix[which], [0.2, -0.1][which], atol=1e-14)
    assert plane.manifolds == ()


def test_unstable_node():
    net = models.Hopfield.recurrent(2, n_out=2, activation="linear").replace(parameters={"s-s": np.zeros((2, 2))})
    plane = phase_plane(net, y=[0.5, 0.5], beta=-3.0)
    assert list(plane.fixed_points.kind) == ["unstable node"]
    np.testing.assert_allclose(plane.fixed_points.position, [[0.75, 0.75]], rtol=1e-14)
    np.testing.assert_allclose(plane.fixed_points.rates, [[-2.0, -2.0]], rtol=1e-14)


def test_nudged_plane_is_of_the_total_energy():
    net, y, beta = pair(2.0, bias=0.05, tau=[1.0, 3.0]), np.array([0.4]), 0.3
    plane = phase_plane(net, y=y, beta=beta, resolution=15)
    states = plane.state.reshape(-1, 2)
    force = net.force(states)
    force[:, 1] -= beta * (states[:, 1] - y)
    np.testing.assert_allclose(plane.velocity.reshape(-1, 2), force / net.tau, atol=1e-14)
    total = net.energy(states) + 0.5 * beta * (states[:, 1] - y) ** 2
    np.testing.assert_allclose(plane.energy.ravel(), total, atol=1e-14)
    free = phase_plane(net, y=y, resolution=15)
    assert free.beta == 0.0
    assert np.abs(free.fixed_points.position[0] - plane.fixed_points.position[0]).max() > 1e-3
    for point in plane.fixed_points.position:
        np.testing.assert_allclose(net.force(point)[1], beta * (point[1] - y[0]), atol=1e-13)


def test_hard_sigmoid_pair_lives_in_its_box():
    plane = phase_plane(pair(2.0, activation="hard-sigmoid", bias=-0.5))
    assert (plane.first[0], plane.first[-1]) == (0.0, 1.0)
    order = np.argsort(plane.fixed_points.position[:, 0])
    np.testing.assert_allclose(plane.fixed_points.position[order], [[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]], atol=1e-13)
    assert [plane.fixed_points.kind[k] for k in order] == ["stable node", "saddle", "stable node"]
    np.testing.assert_array_equal(plane.velocity[0, 0], [0.0, 0.0])  # stuck in the corner
    for m in plane.manifolds:
        assert m.points.min() >= 0.0
        assert m.points.max() <= 1.0
        np.testing.assert_allclose(m.points[:, 0], 1.0 - m.points[:, 1] if m.stable else m.points[:, 1], atol=1e-11)
        if not m.stable:
            assert np.abs(m.points[-1] - 0.5).min() == pytest.approx(0.5, abs=1e-12)


# -- more units ------------------------------------------------------------------------------------------------------


def triple():
    """Two tanh units, and a linear one between and beside them; all weights differ."""
    populations = {"a": {"size": 2, "activation": "tanh"}, "b": {"size": 1, "activation": "linear"}}
    net = models.Hopfield(populations, ["a-a", "a-b"], tau=[[1.0, 2.0], 0.5])
    return net.replace(parameters={"a-a": [[0.0, 0.4], [0.4, 0.0]], "a-b": [[1.2], [0.8]], "a": [0.1, 0.0], "b": [0.2]})


def test_relaxed_others_follow_in_closed_form():
    net = triple()
    plane = phase_plane(net, axes=("a[0]", "a[1]"), others="relaxed", resolution=15)
    u, v = np.meshgrid(plane.first, plane.second)
    follow = 1.2 * np.tanh(u) + 0.8 * np.tanh(v) + 0.2  # the linear unit's rest
    np.testing.assert_allclose(plane.state[..., 2], follow, atol=1e-12)
    first = -u + (0.4 * np.tanh(v) + 1.2 * follow + 0.1) / np.cosh(u) ** 2
    second = (-v + (0.4 * np.tanh(u) + 0.8 * follow) / np.cosh(v) ** 2) / 2.0
    np.testing.assert_allclose(plane.velocity, np.stack([first, second], axis=-1), atol=1e-12)
    every = fixed_points(net)
    np.testing.assert_allclose(plane.fixed_points.state, every.state, atol=1e-10)
    assert list(plane.fixed_points.kind) == list(every.kind)
    assert "saddle" in every.kind
    unstable = [m for m in plane.manifolds if not m.stable]
    ends = [m.points[-1] for m in unstable]
    nodes = plane.fixed_points.position[plane.fixed_points.kind == "stable node"]
    assert all(np.abs(nodes - end).max(axis=1).min() < 1e-12 for end in ends)
    np.testing.assert_array_equal(plane.off_plane, 0.0)


@pytest.mark.slow
def test_relaxed_rates_are_those_of_the_reduced_field():
    net, h = triple(), 1e-4
    found = phase_plane(net, others="relaxed", resolution=15).fixed_points
    for position, rates in zip(found.position, found.rates, strict=True):
        plane = phase_plane(net, others="relaxed", window=[(c - h, c + h) for c in position], resolution=3)
        jacobian = np.stack(
            [
                (plane.velocity[1, 2] - plane.velocity[1, 0]) / (2 * h),
                (plane.velocity[2, 1] - plane.velocity[0, 1]) / (2 * h),
            ]
        ).T
        np.testing.assert_allclose(np.sort(-np.linalg.eigvals(jacobian)), rates, rtol=1e-6)


def test_frozen_others_stay(rng):
    net, x = SMOOTH["chain-tanh"](), rng.uniform(-1.0, 1.0, 5)
    state = rng.normal(size=net.n)
    plane = phase_plane(net, x, axes=(2, ("y", 1)), state=state, resolution=11)
    assert plane.names == ("h1[2]", "y[1]")
    held = np.delete(plane.state, [2, net.n - 2], axis=-1)
    np.testing.assert_array_equal(held, np.broadcast_to(np.delete(state, [2, net.n - 2]), held.shape))
    force = net.force(plane.state.reshape(-1, net.n), np.tile(x, (121, 1)))
    np.testing.assert_allclose(
        plane.velocity.reshape(-1, 2), (force / net.tau)[:, [2, net.n - 2]], rtol=1e-12, atol=1e-14
    )
    outside = np.delete(force / net.tau, [2, net.n - 2], axis=1)
    np.testing.assert_allclose(plane.off_plane.ravel(), np.linalg.norm(outside, axis=1), rtol=1e-12)
    at = net.force(plane.fixed_points.state, np.tile(x, (len(plane.fixed_points), 1)))
    np.testing.assert_allclose(at[:, [2, net.n - 2]], 0.0, atol=1e-13)


def test_slice_shows_the_networks_own_points(rng):
    net = triple()
    plane = phase_plane(net, axes=(0, 1), others="sliced", state=[0.0, 0.0, 0.5], resolution=15)
    every = fixed_points(net)
    np.testing.assert_allclose(plane.fixed_points.state, every.state, atol=1e-10)
    np.testing.assert_allclose(plane.fixed_points.off_plane, np.abs(every.state[:, 2] - 0.5), atol=1e-10)
    assert list(plane.fixed_points.index) == list(every.index)
    assert not any(m.stable for m in plane.manifolds)  # surfaces here
    stable = plane.fixed_points.position[plane.fixed_points.kind == "stable node"]
    for m in plane.manifolds:
        assert np.abs(stable - m.points[-1]).max(axis=1).min() < 1e-12


def test_directions_are_steepest_descent_within_the_plane(rng):
    net, x = SMOOTH["chain-tanh"](), rng.uniform(-1.0, 1.0, 5)
    axes, state = rng.normal(size=(2, net.n)), rng.normal(size=net.n)
    plane = phase_plane(net, x, axes=axes, state=state, window=(-0.5, 0.5), resolution=9)
    states = plane.state.reshape(-1, net.n)
    np.testing.assert_allclose(states[40], state, atol=1e-14)  # the middle of the window
    h = 1e-5
    slope = np.stack(
        [
            (net.energy(states + h * a, np.tile(x, (81, 1))) - net.energy(states - h * a, np.tile(x, (81, 1))))
            / (2 * h)
            for a in axes
        ],
        axis=1,
    )
    metric = (axes * net.tau) @ axes.T
    np.testing.assert_allclose(plane.velocity.reshape(-1, 2), -np.linalg.solve(metric, slope.T).T, atol=1e-8)
    relaxed = phase_plane(net, x, axes=axes, others="relaxed", window=(-0.5, 0.5), resolution=5)
    force = net.force(relaxed.state.reshape(-1, net.n), np.tile(x, (25, 1)))
    np.testing.assert_allclose(force / net.tau, relaxed.velocity.reshape(-1, 2) @ axes, atol=1e-9)  # stays in it


def test_principal_direction_of_a_population(rng):
    net = SMOOTH["chain-tanh"]()
    states = rng.normal(0.0, 0.1, (200, net.n))
    along = rng.normal(size=8)
    along /= np.linalg.norm(along)
    states[:, :8] += rng.normal(size=(200, 1)) * along
    direction = principal_direction(net, states, "h1")
    assert abs(direction[:8] @ along) > 0.99
    np.testing.assert_array_equal(direction[8:], 0.0)
    second = principal_direction(net, states, "h1", order=1)
    assert direction @ second == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(nd.ArgumentError, match="unknown population 'h3'"):
        principal_direction(net, states, "h3")


@pytest.mark.parametrize("others", ["frozen", "relaxed", "sliced"])
@pytest.mark.parametrize(
    "name",
    quick(
        ["mixed", "chain-hard", "recurrent-hard", "without-both", "partial-outputs"],
        "mixed",
        "chain-hard",
        "without-both",
    ),
)
def test_every_kind_of_network(name, others, rng):
    net = EVERY[name]()
    x = draw_input(net, 1, rng)
    x = None if x is None else x[0]
    y = draw_target(net, 1, rng)[0] if net.n_out else None
    plane = phase_plane(net, x, axes=(0, net.n - 1), others=others, resolution=9, y=y, beta=0.2 if net.n_out else 0.0)
    assert len(plane.fixed_points) >= 1
    assert np.isfinite(plane.velocity).all()
    assert others in repr(plane)


def test_what_does_not_fit_is_refused():
    net = triple()
    with pytest.raises(nd.ArgumentError, match="unknown `others` 'relax'; allowed: frozen, relaxed, sliced"):
        phase_plane(net, others="relax")
    with pytest.raises(nd.ArgumentError, match="two finite directions that are not parallel"):
        phase_plane(net, axes=([1.0, 0.0, 0.0], [2.0, 0.0, 0.0]))
    with pytest.raises(nd.ArgumentError, match=r"`state` must have shape \(batch, 3\) or \(3,\); got \(2,\)"):
        phase_plane(net, state=[0.0, 0.0])
    with pytest.raises(nd.ArgumentError, match="`resolution` must be a whole number >= 3"):
        phase_plane(net, resolution=2)
    with pytest.raises(nd.ArgumentError, match=r"`window` must be \(low, high\)"):
        phase_plane(net, window=(0.0, 1.0, 2.0))
    with pytest.raises(nd.ArgumentError, match="directions leave the box"):
        phase_plane(pair(2.0, "hard-sigmoid"), axes=([1.0, 1.0], [1.0, -1.0]), state=[0.5, 0.5], window=(-0.1, 0.1))


def test_a_quick_plane_finds_the_same_points_and_is_followed_to_the_same_manifolds():
    network = models.read("two-neurons").network
    asked: dict[str, Any] = {"x": [0.5], "y": [0.2], "beta": 0.4, "window": (-1.9, 2.0), "resolution": 21}
    whole, quick = phase_plane(network, **asked), phase_plane(network, quick=True, **asked)
    assert quick.manifolds == ()
    assert list(quick.fixed_points.kind) == ["stable node", "stable node", "saddle"]
    assert np.abs(quick.fixed_points.position - whole.fixed_points.position).max() < 1e-9
    followed = quick.followed()
    assert len(followed.manifolds) == len(whole.manifolds) == 4
    for one, other in zip(followed.manifolds, whole.manifolds, strict=True):
        assert np.array_equal(one.points.shape, other.points.shape)
        assert np.abs(one.points - other.points).max() < 1e-6
    for one, other in zip(quick.followed(100).manifolds, whole.manifolds, strict=True):
        away = np.abs(one.points[:-1, None] - other.points[None]).max(axis=2).min(axis=1)  # the last lies outside
        assert away.max() < 0.5 * 3.9 / 400  # points of the fine curve are a step apart, and the coarse one's on it
