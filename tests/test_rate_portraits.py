"""Portraits of the rate form, with and without an energy, of terms, and of a softmax: closed forms, types, the flow."""

import numpy as np
import pytest
from matplotlib.colors import same_color
from scipy.optimize import brentq

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis import plots
from neurodyn.analysis.plots import style
from neurodyn.analysis.plots.portraits.energy import cost_change, energy_change
from neurodyn.analysis.portraits.fixed_points import fixed_points, stability
from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.analysis.portraits.newton import at_rest
from neurodyn.analysis.portraits.parameter import family
from neurodyn.analysis.portraits.plane import Section
from neurodyn.analysis.portraits.viewpoint import choose_axes
from neurodyn.models import EnergyNetwork, terms
from test_rate import RATE, UNEQUAL, draw_input, draw_target


def pair(weight, bias=0.0, activation="tanh", tau=1.0):
    """Two units that drive each other, u = w r + b at rest; the second is an output."""
    net = models.Rate.recurrent(2, n_out=1, activation=activation, tau=tau)
    return net.replace(parameters={"s-s": [[0.0, weight], [weight, 0.0]], "s": np.full(2, bias)})


def turning(to, back, tau=(1.0, 0.5), bias=(0.0, 0.0), n_out=1):
    """Two units with weights `to` from the first to the second, and `back`: no energy."""
    net = models.Rate.recurrent(2, n_out=n_out, tau=list(tau), feedback={"s-s": [[0.0, to], [back, 0.0]]})
    return net.replace(parameters={"s": list(bias)})


def ring(weight):
    """Three units in a ring of one-way weights, which oscillates where the weight is below −2."""
    w = np.zeros((3, 3))
    w[0, 1] = w[1, 2] = w[2, 0] = weight
    return models.Rate.recurrent(3, feedback={"s-s": w})


def symmetric_state(weight):
    """u > 0 with u = w tanh u."""
    return brentq(lambda u: weight * np.tanh(u) - u, 1e-3, 10.0, xtol=1e-15)


def soft_chain(kind, **options):
    return kind.layered([3, 4, 3], readout="softmax", seed=3, gain=1.5, **options)


def term_network(leak=None):
    """A network with a log-sum-exp memory, whose energy is a list of terms; all units leak, or those of `leak`."""
    parts = [terms.Bias(), terms.Bilinear("x", "h"), terms.Bilinear("h", "y"), terms.LogSumExp("h", memories=3)]
    populations = {"x": {"size": 2, "role": "input"}, "h": {"size": 3, "activation": "tanh"}}
    populations["y"] = {"size": 2, "role": "output", "activation": "tanh"}
    return EnergyNetwork(populations, [leak or terms.Leak(), *parts], tau=[1.0, 0.5], seed=2)


LANDSCAPES = {
    "rate": lambda: RATE["recurrent"](),
    "softmax": lambda: soft_chain(models.Hopfield),
    "rate-softmax": lambda: soft_chain(models.Rate, activation=["tanh", "sigmoid"]),
    "terms": term_network,
    "terms-leak-in-part": lambda: term_network(terms.Leak(("h",))),
}


def landscape(name, rng, beta=0.4):
    net = LANDSCAPES[name]()
    y = np.eye(net.n_out)[0] if "softmax" in name else draw_target(net, 1, rng)[0]
    return Landscape.of(net, draw_input(net, 1, rng)[0], y, beta)


# -- the landscape ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LANDSCAPES)
def test_gradient_is_minus_the_force_over_the_metric(name, rng):
    """The metric of ds/dt is T/m: T ds/dt = force = −(1/m) dF/ds, against differences of F."""
    here = landscape(name, rng)
    s, h = rng.normal(size=(1, here.network.n)), 1e-5
    steps = h * np.eye(here.network.n)
    numerical = (here.energy(s + steps) - here.energy(s - steps)) / (2.0 * h)
    np.testing.assert_allclose(here.gradient(s)[0], numerical, rtol=1e-7, atol=1e-9)
    if name == "rate":
        np.testing.assert_allclose(here.gradient(s), -(1.0 - np.tanh(s) ** 2) * here.force(s), rtol=1e-12)


@pytest.mark.parametrize("name", LANDSCAPES)
def test_linearized_is_minus_the_derivative_of_the_force(name, rng):
    here = landscape(name, rng)
    s, h = rng.normal(size=(1, here.network.n)), 1e-5
    steps = h * np.eye(here.network.n)
    numerical = -(here.force(s + steps) - here.force(s - steps)).T / (2.0 * h)
    matrix = here.linearized(s)[0]
    np.testing.assert_allclose(matrix, numerical, rtol=1e-7, atol=1e-8)
    many = here.linearized(np.repeat(s, here.network.n + 1, axis=0))  # column by column
    np.testing.assert_allclose(many[-1], matrix, rtol=1e-13, atol=1e-14)
    root = np.sqrt(here.weights(s)[0])
    symmetric = matrix * root[:, None] / root
    np.testing.assert_allclose(symmetric, symmetric.T, atol=1e-13)
    rates = np.sort(np.linalg.eigvals(matrix / here.network.tau[:, None]).real)
    np.testing.assert_allclose(here.rates(s)[0], rates, rtol=1e-10, atol=1e-12)


def test_cost_is_the_network_s(rng):
    for name in LANDSCAPES:
        here = landscape(name, rng)
        s = rng.normal(size=(4, here.network.n))
        np.testing.assert_allclose(here.cost(s), here.network.cost(s, np.tile(here.y, (4, 1))), rtol=1e-14)


def test_without_an_energy_there_is_neither_surface_nor_gradient():
    here = Landscape.of(turning(2.0, -2.0), None, [0.2], 0.3)
    assert np.isnan(here.energy(np.zeros((3, 2)))).all()
    assert here.weights(np.zeros((3, 2))) is None
    with pytest.raises(nd.ModelError, match="no energy, and so no gradient of the energy"):
        here.gradient(np.zeros((1, 2)))


# -- fixed points with an energy -------------------------------------------------------------------------------------


def test_bistable_pair_has_three_with_the_right_rates():
    w, u, tau = 2.0, symmetric_state(2.0), np.array([0.5, 3.0])
    found = fixed_points(pair(w, tau=tau))
    assert list(found.kind) == ["stable node", "stable node", "saddle"]
    order = np.argsort(found.state[:, 0])
    np.testing.assert_allclose(found.state[order], [[-u, -u], [0.0, 0.0], [u, u]], rtol=0, atol=1e-13)
    r, d = np.tanh(u), 1.0 / np.cosh(u) ** 2
    leak = 2.0 * (u * r + 0.5 * np.log(1.0 - r**2))  # the integral of artanh, of both units
    np.testing.assert_allclose(found.energy, [leak - w * r**2] * 2 + [0.0], rtol=1e-12, atol=1e-25)
    for k, slope in enumerate((d, d, 1.0)):
        matrix = np.array([[1.0, -w * slope], [-w * slope, 1.0]]) / tau[:, None]
        np.testing.assert_allclose(found.rates[k], np.sort(np.linalg.eigvals(matrix)), rtol=1e-12)
    assert found.hits.sum() == 100


def test_biased_pair_rests_where_the_scalar_equation_says():
    w, b = 2.5, 0.2
    roots = [brentq(lambda u: w * np.tanh(u) + b - u, *ends, xtol=1e-15) for ends in ((-4, -1), (-0.6, 0), (1, 4))]
    found = fixed_points(pair(w, bias=b))
    alike = found.state[np.abs(found.state[:, 0] - found.state[:, 1]) < 1e-9]
    np.testing.assert_allclose(np.sort(alike[:, 0]), roots, atol=1e-13)
    assert np.all(np.diff(found.energy) >= 0.0)


@pytest.mark.parametrize(("weight", "count"), [(0.999, 1), (1.001, 3), (-0.999, 1), (-1.001, 3)])
def test_count_changes_at_the_critical_weight(weight, count):
    assert len(fixed_points(pair(weight), n_starts=20)) == count


def test_pitchfork_is_located_where_w_times_the_slope_is_one():
    diagram = analysis.bifurcation_diagram(pair(0.5), [[0.0, 0.0]], parameter="s-s[0,1]", span=(0.1, 3.0))
    (pitchfork,) = diagram.bifurcations
    assert pitchfork.kind == "pitchfork"
    assert pitchfork.parameter == pytest.approx(1.0, abs=1e-10)
    np.testing.assert_allclose(np.abs(pitchfork.direction), np.sqrt(0.5), rtol=1e-8)
    assert len(diagram.branches) == 3
    for branch in diagram.branches[1:]:
        for w, state in zip(branch.parameter[2:], branch.state[2:], strict=True):
            np.testing.assert_allclose(np.abs(state), symmetric_state(w), atol=1e-9)


def test_biased_pair_folds_where_the_scalar_equation_does():
    """u = w tanh u + b has a double root where w (1 − r²) = 1, b = u − w r."""
    w = 2.0
    r = np.sqrt(1.0 - 1.0 / w)
    fold = w * r - np.arctanh(r)  # of b, either sign
    net = pair(w)
    branch = analysis.continue_fixed_point(
        net,
        np.full(2, symmetric_state(w)),
        parameter=lambda b: net.replace(parameters={"s": [b, b]}),
        span=(-1, 1),
        at=0,
    )
    folds = [b for b in branch.bifurcations if b.kind == "fold"]
    np.testing.assert_allclose(sorted(b.parameter for b in folds), [-fold, fold], rtol=1e-9)


def test_basin_boundary_of_the_symmetric_pair_is_the_antidiagonal():
    net = pair(2.0)
    found = analysis.basins(net, window=(-2.0, 2.0), resolution=20)
    first, second = np.meshgrid(found.first, found.second)
    upper = int(np.argmax(found.position[:, 0]))
    off = np.abs(first + second) > 1e-9
    np.testing.assert_array_equal((found.label == upper)[off], (first + second > 0.0)[off])
    assert len(found.attractors) == 2


@pytest.mark.parametrize(
    ("name", "beta"),
    [(name, beta) for name in LANDSCAPES for beta in (0.0, 0.7, -0.05) if beta > 0.0 or name != "terms-leak-in-part"],
)
def test_every_point_is_one_and_stable_ones_are_where_the_flow_ends(name, beta, rng):
    here = landscape(name, rng, beta)
    found = fixed_points(here.network, here.x, y=here.y, beta=beta, n_starts=10)
    assert np.all(found.residual < 1e-12)
    assert found.hits.sum() == 10
    if beta == 0.0:
        rest = nd.relax(here.network, here.x)
        assert np.abs(found.state[found.stable] - rest.state).max(axis=1).min() < 1e-8


# -- planes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("others", ["frozen", "relaxed", "sliced"])
def test_plane_of_a_rate_chain_shows_its_rest(others, rng):
    net = models.Rate.layered([3, 4, 2], tau=[1.0, 0.4], seed=1)
    x, y = rng.uniform(-1, 1, 3), [0.3, -0.2]
    rest = nd.relax(net, x)
    plane = analysis.phase_plane(net, x, axes=("h1[0]", "y[1]"), others=others, state=rest.state, resolution=9)
    (k,) = np.flatnonzero(np.abs(plane.fixed_points.state - rest.state).max(axis=1) < 1e-8)
    assert plane.fixed_points.kind[k] == "stable node"
    np.testing.assert_allclose(
        plane.energy, net.energy(plane.state.reshape(-1, net.n), np.tile(x, (81, 1))).reshape(9, 9)
    )
    for piece in plane.nullclines[0]:
        states = plane.flow.lift(piece)
        np.testing.assert_allclose(net.force(states, np.tile(x, (len(states), 1)))[:, 0], 0.0, atol=1e-8)
    nudged = analysis.phase_plane(net, x, axes=(0, 5), others=others, state=rest.state, resolution=5, y=y, beta=0.5)
    assert "stable node" in nudged.fixed_points.kind


def test_directions_of_an_energy_of_the_rates_are_the_jacobian_s_eigenvectors():
    net = pair(2.0, tau=[0.5, 2.0]).replace(parameters={"s": [0.5, -0.3]})
    found = analysis.phase_plane(net, resolution=15, window=(-4.0, 4.0)).fixed_points
    assert sorted(found.kind) == ["saddle", "stable node", "stable node"]
    for state, rates, directions in zip(found.state, found.rates, found.directions, strict=True):
        matrix = net.jacobian(state) / net.tau[:, None]
        np.testing.assert_allclose(matrix @ directions, -rates * directions, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(np.linalg.norm(directions, axis=0), 1.0, rtol=1e-14)


def test_known_focus_is_named_and_has_the_jacobian_s_eigenvalues():
    net = turning(2.0, -3.0, bias=(0.3, -0.1))
    plane = analysis.phase_plane(net, resolution=15)
    assert list(plane.fixed_points.kind) == ["stable focus"]
    matrix = net.jacobian(plane.fixed_points.state[0]) / net.tau[:, None]
    r = 1.0 - np.tanh(plane.fixed_points.state[0]) ** 2
    np.testing.assert_allclose(matrix, [[-1.0, -3.0 * r[1]], [4.0 * r[0], -2.0]], rtol=1e-12)
    expected = np.sort_complex(-np.linalg.eigvals(matrix))
    assert np.abs(expected.imag).min() > 1.0
    np.testing.assert_allclose(plane.fixed_points.rates[0], expected, rtol=1e-12)
    assert np.isnan(plane.energy).all()
    ax = plots.plot_phase_plane(plane)
    (star,) = [line for line in ax.lines if line.get_label() == "stable focus"]
    np.testing.assert_array_equal(star.get_xydata(), plane.fixed_points.position)
    assert same_color(star.get_markerfacecolor(), style.FREE)
    assert "no energy" in ax.get_title(loc="left") + ax.get_title()


def test_saddle_without_an_energy_has_its_manifolds():
    net = turning(2.0, 2.5)
    plane = analysis.phase_plane(net, resolution=21, window=(-4, 4))
    assert sorted(plane.fixed_points.kind) == ["saddle", "stable node", "stable node"]
    ends = [m.points[-1] for m in plane.manifolds if not m.stable]
    stable = plane.fixed_points.position[plane.fixed_points.kind == "stable node"]
    assert sorted(np.sign(end[0]) for end in ends) == [-1.0, 1.0]
    for end in ends:
        assert np.abs(stable - end).max(axis=1).min() < 1e-9
    basin = analysis.basins(net, window=(-2, 2), resolution=16)
    assert len(basin.attractors) == 2
    assert set(np.unique(basin.label)) <= {-1, 0, 1}
    assert basin.area.sum() > 0.95


def test_units_that_rest_without_an_energy_follow_the_flow(rng):
    net = UNEQUAL["own-recurrent"]()
    x = draw_input(net, 1, rng)[0]
    rest = nd.relax(net, x)
    plane = analysis.phase_plane(net, x, axes=(0, 1), others="relaxed", state=rest.state, resolution=7)
    states = plane.state.reshape(-1, net.n)
    force = net.force(states, np.tile(x, (len(states), 1)))
    assert np.abs(force[:, 2:]).max() < 1e-9
    assert np.iscomplexobj(plane.fixed_points.rates)
    here = Landscape.of(net, x)
    section = Section(here, rest.state, np.eye(net.n), here.boxed)
    found, residual = at_rest(section, 0.3 * rng.normal(size=(5, net.n)))
    assert residual.max() < 1e-10
    np.testing.assert_allclose(found, 0.0, atol=1e-9)


def test_types_of_fixed_points_by_their_rates():
    rates = np.array(
        [
            [1, 2, 3],
            [1 - 1j, 1 + 1j, 3],
            [0.5, 1 - 1j, 1 + 1j],
            [-1, 1 - 1j, 1 + 1j],
            [-2 - 1j, -2 + 1j, -3],
            [0, 1, 2],
        ],
        dtype=complex,
    )
    rates = np.concatenate([rates, [[-1e-12 - 1j, -1e-12 + 1j, 1.0]]])
    index, kind = stability(rates)
    expected = ["stable node", "stable focus", "stable node", "saddle", "unstable focus", "degenerate", "degenerate"]
    assert list(kind) == expected
    assert list(index) == [0, 0, 0, 1, 3, 0, 2]


# -- bifurcations and paths without an energy ------------------------------------------------------------------------


def test_hopf_point_of_the_one_way_ring():
    """The eigenvalues at 0 are −1 + w·(cube roots of 1): with w < 0 a pair crosses at w = −2, with frequency √3."""
    net = ring(-1.0)
    branch = analysis.continue_fixed_point(net, np.zeros(3), parameter="gain", span=(0.5, 3.0))
    (hopf,) = branch.bifurcations
    assert hopf.kind == "Hopf"
    assert hopf.parameter == pytest.approx(2.0, abs=1e-10)
    assert sorted(set(branch.index)) == [0, 2]
    diagram = analysis.bifurcation_diagram(net, [np.zeros(3)], parameter="gain", span=(0.5, 3.0))
    ax = plots.plot_bifurcation(diagram)
    (drawn,) = [line for line in ax.lines if line.get_label() == "Hopf"]
    np.testing.assert_allclose(np.asarray(drawn.get_xydata()), [[2.0, 0.0]], atol=1e-9)
    assert fixed_points(ring(-3.0), n_starts=3).kind[0] == "saddle"  # one direction returns
    assert fixed_points(ring(-1.9), n_starts=3).kind[0] == "stable focus"


def test_trajectories_on_a_cycle_end_at_no_attractor():
    found = analysis.basin_volumes(ring(-3.0), n_starts=4)
    assert (len(found.attractors), found.unsettled) == (0, 1.0)


def test_pitchfork_and_fold_without_an_energy():
    """to·back·ρ'(0)² = 1: with to = 2·back at back = √½; the branches fold with a bias as they do with an energy."""
    net = turning(1.0, 0.5)

    def at(p):
        return turning(2.0 * p, p)

    diagram = analysis.bifurcation_diagram(net, [[0.0, 0.0]], parameter=at, span=(0.2, 1.5), at=0.5)
    (pitchfork,) = diagram.bifurcations
    assert pitchfork.kind == "pitchfork"
    assert pitchfork.parameter == pytest.approx(np.sqrt(0.5), abs=1e-10)
    start = fixed_points(turning(3.0, 1.5)).state[0]
    branch = analysis.continue_fixed_point(turning(3.0, 1.5), start, parameter="s[0]", span=(-3.0, 3.0))
    folds = [b for b in branch.bifurcations if b.kind == "fold"]
    assert len(folds) == 2
    for fold in folds:
        (r0, r1) = 1.0 - np.tanh(fold.state) ** 2
        assert 4.5 * r0 * r1 == pytest.approx(1.0, rel=1e-8)


def test_fold_is_told_by_the_left_eigenvector():
    """A unit that drives a bistable pair, which does not drive it: it has no part in the direction that goes."""
    w = np.array([[0.0, 2.0, 0.0], [2.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    net = models.Rate.recurrent(3, feedback={"s-s": w})
    start = [symmetric_state(2.0), symmetric_state(2.0), 0.0]
    branch = analysis.continue_fixed_point(net, start, parameter="s[2]", span=(-2.0, 2.0))
    r = np.sqrt(0.5)
    fold = np.arctanh(2.0 * r - np.arctanh(r))
    assert [b.kind for b in branch.bifurcations] == ["fold", "fold"]
    np.testing.assert_allclose(np.sort([b.parameter for b in branch.bifurcations]), [-fold, fold], rtol=1e-9)
    np.testing.assert_allclose([b.direction[2] for b in branch.bifurcations], 0.0, atol=1e-7)


@pytest.mark.parametrize("kind", [models.Hopfield, models.Rate])
def test_nudged_path_with_a_softmax_rests_and_ends_at_a_large_beta(kind, rng):
    net = soft_chain(kind)
    x, y = rng.uniform(-1, 1, 3), np.array([0.0, 1.0, 0.0])
    rest = nd.relax(net, x)
    path = analysis.nudged_path(net, rest, y, span=(-0.2, np.inf))
    assert path.beta.max() == pytest.approx(1e4)
    assert np.all(np.diff(path.cost[path.beta >= 0.0]) <= 1e-12)
    for beta, state in zip(path.beta[::5], path.state[::5], strict=True):
        here = Landscape.of(net, x, y, float(beta))
        assert np.abs(here.force(state[None])).max() < 1e-9 * (1.0 + beta)
    step = 1e-5
    ends = [nd.relax(net, x, start=rest.state).state]
    moved = [fixed_points(net, x, starts=ends, y=y, beta=side * step).state[0] for side in (1.0, -1.0)]
    np.testing.assert_allclose(path.tangent, (moved[0] - moved[1]) / (2.0 * step), rtol=1e-5, atol=1e-8)


def test_nudged_path_of_the_rate_form_reaches_its_target_at_infinity():
    net = pair(2.0)
    rest = nd.relax(net, start=[1.0, 1.0])
    path = analysis.nudged_path(net, rest, [0.2], span=(-1.0, np.inf))
    assert np.isinf(path.beta[-1])
    np.testing.assert_allclose(path.state[-1], [2.0 * 0.2, np.arctanh(0.2)], rtol=1e-10)  # u1 = w r2
    unreachable = analysis.nudged_path(net, rest, [1.5], span=(0.0, np.inf))
    assert np.isfinite(unreachable.beta).all()


def test_nudged_path_without_an_energy(rng):
    net = UNEQUAL["own-recurrent"]()
    x, y = draw_input(net, 1, rng)[0], draw_target(net, 1, rng)[0]
    rest = nd.relax(net, x)
    path = analysis.nudged_path(net, rest, y, span=(-0.1, 3.0))
    assert np.isnan(path.energy).all()
    end = Landscape.of(net, x, y, 3.0)
    assert np.abs(end.force(path.state[-1:])).max() < 1e-10
    slope = Landscape.of(net, x, y).cost_slope(rest.state[None])[0]
    np.testing.assert_allclose(path.tangent, np.linalg.solve(net.jacobian(rest.state, x), slope), rtol=1e-8, atol=1e-12)


# -- the whole portrait ----------------------------------------------------------------------------------------------


def test_axes_without_an_energy_are_those_that_move(rng):
    net = models.Rate.layered([2, 3, 2], feedback=0.3, seed=4)
    x, y = rng.uniform(-1, 1, 2), np.array([0.4, -0.3])
    rest = nd.relax(net, x)
    moved = np.abs(
        np.linalg.solve(net.jacobian(rest.state, x), Landscape.of(net, x, y).cost_slope(rest.state[None])[0])
    )
    assert set(choose_axes(net, rest.state[None], y, x).axes) == set(np.argsort(-moved)[:2])
    values, vectors = np.linalg.eig(-net.jacobian(rest.state, x) / net.tau[:, None])
    slowest = np.abs(vectors[:, np.argmin(values.real)])
    assert set(choose_axes(net, rest.state[None], None, x).axes) == set(np.argsort(-slowest)[:2])


def test_portrait_of_two_units_without_an_energy_is_drawn():
    found = analysis.portrait(turning(2.0, -2.0), y=[0.3], resolution=9)
    assert list(found.fixed_points.kind) == ["stable focus"]
    assert set(plots.draw_portrait(found)) == {"portrait", "nudged-path"}


@pytest.mark.parametrize("beta", [0.0, 1e-6, 0.1])
@pytest.mark.parametrize("name", ["rate", "rate-softmax", "softmax"])
def test_changes_of_energy_and_cost_are_those_of_the_nudged_phase(name, beta, rng):
    """Against plain differences where these are accurate; at 0 against a small strength."""
    here = landscape(name, rng).free()
    net = here.network
    base = nd.relax(net, here.x, tol=1e-13).state
    moved, active = rng.normal(size=(3, net.n)), np.ones(net.n, dtype=bool)
    energy = energy_change(net, base, moved, here.x, active, beta)
    cost = cost_change(net, base, moved, here.y, beta)
    strength, rtol = (beta, 1e-9) if beta == 0.1 else (1e-3, 2e-2)
    states = base + strength * moved
    np.testing.assert_allclose(energy, (here.energy(states) - here.energy(base[None])) / strength**2, rtol=rtol)
    np.testing.assert_allclose(
        cost, (here.cost(states) - here.cost(base[None])) / strength, rtol=rtol, atol=1e-2 * rtol
    )


def test_a_gain_scales_the_matrices_of_terms_too():

    net = EnergyNetwork({"h": {"size": 3}}, [terms.Leak(), terms.Pair("h", "h", "-w*tanh(a)*tanh(b)")], seed=1)
    scaled = family(Landscape.of(net), "gain").at(2.0).network
    np.testing.assert_array_equal(scaled.parameters["h-h"], 2.0 * net.parameters["h-h"])
