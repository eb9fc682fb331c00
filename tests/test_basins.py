"""Basins of attraction: boundaries where symmetry or the stable manifold puts them, volumes by geometry."""

import numpy as np
import pytest

import neurodyn as nd
from networks import SMOOTH
from neurodyn.analysis.portraits.attractors import attractors, settle
from neurodyn.analysis.portraits.basins import basin_volumes, basins
from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.analysis.portraits.phase_plane import phase_plane
from test_fixed_points import memory, pair


def test_symmetric_pair_is_divided_by_the_antidiagonal():
    found = basins(pair(2.0))  # 65,536 trajectories
    assert found.label.shape == (256, 256)
    side = np.add.outer(np.arange(256), np.arange(256)) - 255  # of the antidiagonal, on which the grid has nodes
    upper = int(np.argmax(found.position[:, 0]))
    np.testing.assert_array_equal(found.label == upper, side > 0)
    np.testing.assert_array_equal(found.label == 1 - upper, side < 0)
    np.testing.assert_array_equal(found.label == -1, side == 0)  # those rest at the saddle
    np.testing.assert_allclose(found.area, (256**2 - 256) / 2 / 256**2)


def test_boundary_is_the_saddles_stable_manifold():
    net = pair(2.0, bias=0.05, tau=[1.0, 3.0])
    found = basins(net, resolution=101)
    curves = [m.points for m in phase_plane(net).manifolds if m.stable]
    edge = np.concatenate([curves[0][::-1], curves[1][1:]])
    edge = edge[np.argsort(edge[:, 0])]
    pixel = found.first[1] - found.first[0]
    upper = int(np.argmax(found.position[:, 0]))
    for i, u in enumerate(found.first):
        border = np.interp(u, edge[:, 0], edge[:, 1], left=np.nan, right=np.nan)
        rows = found.second[found.label[:, i] == upper]
        if np.isfinite(border) and -2.0 < border < 2.0 - pixel:
            assert abs(rows.min() - border) <= pixel
            assert rows.min() >= border


def test_each_start_ends_where_the_flow_takes_it(rng):
    net = pair(2.0, bias=0.05, tau=[1.0, 3.0])
    found = basins(net, window=((-1.5, 1.0), (-1.0, 1.5)), resolution=9)
    for j, i in np.argwhere(found.label >= 0)[::7]:
        end = nd.relax(net, start=[found.first[i], found.second[j]]).state
        np.testing.assert_allclose(found.attractors.state[found.label[j, i]], end, atol=1e-9)


def test_axes_by_name_in_a_larger_network_start_the_others_at_the_state(rng):
    net, x = SMOOTH["chain-tanh"](), rng.uniform(-1.0, 1.0, 5)
    state = rng.normal(size=net.n)
    found = basins(net, x, axes=("y[2]", ("h1", 3)), state=state, resolution=5)
    assert found.names == ("y[2]", "h1[3]")
    start = state.copy()
    start[[net.n - 1, 3]] = found.first[4], found.second[1]
    end = nd.relax(net, x, start=start).state
    np.testing.assert_allclose(found.attractors.state[found.label[1, 4]], end, atol=1e-9)


def test_hard_sigmoid_pair_is_divided_by_its_antidiagonal():
    found = basins(pair(2.0, activation="hard-sigmoid", bias=-0.5), resolution=40)
    side = np.add.outer(np.arange(40), np.arange(40)) - 39
    assert found.first[-1] == 1.0
    upper = int(np.argmax(found.position[:, 0]))
    np.testing.assert_array_equal(found.label == upper, side > 0)
    np.testing.assert_array_equal(found.label == 1 - upper, side < 0)


def test_nudging_moves_the_boundary_and_the_attractors():
    net = pair(2.0)
    free, nudged = basins(net, resolution=64), basins(net, resolution=64, y=[1.0], beta=0.2)
    force = net.force(nudged.attractors.state) - 0.2 * np.array([0.0, 1.0]) * (nudged.attractors.state - 1.0)
    np.testing.assert_allclose(force, 0.0, atol=1e-14)
    grown = int(np.argmax(nudged.position[:, 0]))
    assert nudged.area[grown] > free.area.max() + 0.02
    gone = basins(net, resolution=16, y=[1.0], beta=0.6)  # beyond the fold of the other one
    assert len(gone.attractors) == 1


def test_volumes_by_geometry():
    found = basin_volumes(pair(2.0), low=[-1.0, -2.0], high=2.0, n_starts=20_000)
    upper = int(np.argmax(found.attractors.state[:, 0]))
    assert abs(found.fraction[upper] - 0.625) < 4.0 * found.error[upper]  # the rest is a trapezium of 4.5 in 12
    assert found.error[upper] == pytest.approx(np.sqrt(0.625 * 0.375 / 20_000), rel=0.05)
    assert found.fraction.sum() + found.unsettled == pytest.approx(1.0)
    np.testing.assert_array_equal(found.attractors.hits, np.round(20_000 * found.fraction))


def test_volumes_of_a_memory_are_alike_for_a_pattern_and_its_opposite():
    patterns = np.random.default_rng(0).choice([-1.0, 1.0], (2, 40))
    found = basin_volumes(memory(patterns, 2.0), n_starts=2000)
    states = found.attractors.state
    for k, state in enumerate(states):
        opposite = int(np.argmin(np.abs(states + state).max(axis=1)))
        assert np.abs(states[opposite] + state).max() < 1e-9
        assert abs(found.fraction[k] - found.fraction[opposite]) < 5.0 * (found.error[k] + found.error[opposite])


def test_same_seed_same_volumes():
    first, again, other = (basin_volumes(pair(2.0), n_starts=500, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.fraction, again.fraction)
    assert not np.array_equal(first.attractors.hits, other.attractors.hits)


def test_a_flow_without_rest_has_no_attractor():
    landscape = Landscape.of(pair(2.0, activation="linear"))
    start = np.array([[1.0, 1.0], [0.5, -0.5]])
    _, calm = settle(landscape, start)
    assert not calm[0]
    found, label = attractors(landscape, start)
    assert len(found) == 0
    assert list(label) == [-1, -1]  # one runs away, one rests at the saddle


def test_what_does_not_fit_is_refused():
    net = pair(2.0)
    with pytest.raises(nd.ArgumentError, match=r"`axes` must be free units, 0 to 1 or s\[0\] to s\[1\]; got 's\[2\]'"):
        basins(net, axes=("s[0]", "s[2]"))
    with pytest.raises(nd.ArgumentError, match=r"two different units; got s\[1\] twice"):
        basins(net, axes=("s[1]", 1))
    with pytest.raises(nd.ArgumentError, match="`axes` must be two units or two directions"):
        basins(net, axes="s[0]")
    with pytest.raises(nd.ArgumentError, match="`window` must rise from low to high; got 1 to -1"):
        basins(net, window=(1, -1))
    with pytest.raises(nd.ArgumentError, match=r"`window` must lie in the box \[0, 1\] of s\[0\]; got -1 to 1"):
        basins(pair(2.0, activation="hard-sigmoid"), window=(-1, 1))
    with pytest.raises(nd.ArgumentError, match="`low` must lie below `high`"):
        basin_volumes(net, low=2.0, high=[1.0, 3.0])
    with pytest.raises(nd.ArgumentError, match="`resolution` must be a whole number >= 2; got 1"):
        basins(net, resolution=1)
