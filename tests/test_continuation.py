"""Branches of fixed points: bifurcations where closed forms or dense linear algebra put them."""

import numpy as np
import pytest
from scipy.optimize import brentq

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.portraits.continuation import bifurcation_diagram, continue_fixed_point
from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.analysis.portraits.newton import roots
from neurodyn.analysis.portraits.nudged_path import nudged_path
from neurodyn.analysis.portraits.parameter import family
from neurodyn.system.fixed_point import FixedPoint
from test_fixed_points import pair, symmetric_state

CHAIN_X = np.array([0.3, -0.7, 0.2, 0.9, -0.4])


def chain(seed=4):
    """The 5-8-6-3 tanh chain, its equilibrium for `CHAIN_X`, and a target."""
    net = models.Hopfield.layered([5, 8, 6, 3], seed=seed)
    return net, nd.relax(net, CHAIN_X), np.array([1.0, 0.0, 0.0])


def biased(net):
    """The pair with the same bias for both units, as a function of it."""
    return lambda p: net.replace(parameters={"s": [p, p]})


# -- pitchforks ------------------------------------------------------------------------------------------------------


def test_origin_of_a_pair_loses_stability_at_weight_one():
    # H(0) = [[1, -w], [-w, 1]], as rho'(0) = 1 and rho''(0) = 0
    branch = continue_fixed_point(pair(0.5), [0.0, 0.0], parameter="s-s[0,1]", span=(-3.0, 3.0))
    assert [b.kind for b in branch.bifurcations] == ["pitchfork", "pitchfork"]
    np.testing.assert_allclose([b.parameter for b in branch.bifurcations], [-1.0, 1.0], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(branch.stable, np.abs(branch.parameter) < 1.0)
    np.testing.assert_allclose(branch.rates, 1.0 + np.abs(branch.parameter)[:, None] * [-1.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(branch.state, 0.0, atol=1e-14)
    assert branch.ended == ("span", "span")
    assert branch.parameter[0] == -3.0
    assert branch.parameter[-1] == 3.0
    directions = [np.abs(b.direction) for b in branch.bifurcations]
    np.testing.assert_allclose(directions, np.sqrt(0.5), rtol=1e-9)


def test_both_arms_of_the_pitchfork_are_followed():
    found = bifurcation_diagram(pair(0.5), [[0.0, 0.0]], parameter="s-s[0,1]", span=(0.0, 3.0))
    assert len(found.branches) == 3
    assert [b.kind for b in found.bifurcations] == ["pitchfork"]
    for arm in found.branches[1:]:
        s, w = arm.state[1:, 0], arm.parameter[1:]
        np.testing.assert_allclose(w, s * np.cosh(s) ** 2 / np.tanh(s), rtol=1e-12)
        assert arm.stable[1:].all()
        assert arm.parameter[-1] == 3.0
        np.testing.assert_allclose(arm.state[:, 0], arm.state[:, 1], atol=1e-12)
    assert {np.sign(arm.state[-1, 0]) for arm in found.branches[1:]} == {-1.0, 1.0}
    energy = found.branches[1].energy
    assert energy[-1] == pytest.approx(s[-1] ** 2 - 3.0 * np.tanh(s[-1]) ** 2, rel=1e-12)


@pytest.mark.slow
def test_a_pitchfork_is_seen_from_its_arm():
    start = [symmetric_state(2.0)] * 2
    branch = continue_fixed_point(pair(2.0), start, parameter="gain", span=(0.1, 4.0))
    assert [b.kind for b in branch.bifurcations] == ["pitchfork"]
    assert branch.bifurcations[0].parameter == pytest.approx(0.5, abs=1e-10)
    assert branch.parameter[0] == branch.parameter[-1] == 4.0
    np.testing.assert_allclose(branch.state[0], -branch.state[-1], atol=1e-12)
    found = bifurcation_diagram(pair(2.0), [start], parameter="gain", span=(0.1, 4.0))
    assert len(found.branches) == 3  # both arms in one, and the origin below and above
    assert len(found.bifurcations) == 1


def test_transcritical_point():
    # linear units under a quadratic term need none of our activations; softplus with a compensating bias has one:
    # force(s) = -s + rho'(s)(w rho(s) + p) on the symmetric line, started where it vanishes for every parameter
    net = pair(0.0, activation="softplus")
    s0, w0 = 0.4, 1.1
    rate, slope = np.log1p(np.exp(s0)), 1.0 / (1.0 + np.exp(-s0))

    def at(w):
        bias = s0 / slope - w * rate
        return net.replace(parameters={"s-s": [[0.0, w], [w, 0.0]], "s": [bias, bias]})

    found = bifurcation_diagram(at(w0), [[s0, s0]], parameter=at, at=w0, span=(0.2, 4.0))
    bend = slope * (1.0 - slope)
    critical = (1.0 - bend * s0 / slope) / slope**2  # 1 - rho'' g - w rho'^2 = 0 with g = s0/rho'
    points = [b for b in found.bifurcations if b.kind == "transcritical"]
    assert len(points) == 1
    assert points[0].parameter == pytest.approx(critical, abs=1e-10)
    assert len(found.branches) == 3


# -- folds -----------------------------------------------------------------------------------------------------------


def test_hysteresis_of_a_pair_folds_where_calculus_says():
    def bias(s):  # on the symmetric line, for w = 2
        return s * np.cosh(s) ** 2 - 2.0 * np.tanh(s)

    def slope(s):
        return np.cosh(s) ** 2 + 2.0 * s * np.cosh(s) * np.sinh(s) - 2.0 / np.cosh(s) ** 2

    turn = brentq(slope, 0.1, 1.0, xtol=1e-15)
    net = pair(2.0)
    branch = continue_fixed_point(net, [0.75, 0.75], parameter=biased(net), at=0.0, span=(-2.0, 2.0))
    folds = [b for b in branch.bifurcations if b.kind == "fold"]
    assert sorted(b.parameter for b in folds) == pytest.approx([-abs(bias(turn)), abs(bias(turn))], abs=1e-12)
    s = branch.state[:, 0]
    np.testing.assert_allclose(branch.parameter, bias(s), atol=1e-12)
    np.testing.assert_array_equal(branch.stable, np.abs(s) > turn)
    assert branch.ended == ("span", "span")


def test_beyond_a_fold_there_is_nothing():
    branch = continue_fixed_point(pair(2.0), [0.7, 0.7], parameter="s[0]", span=(-1.0, 1.0))
    assert [b.kind for b in branch.bifurcations] == ["fold", "fold"]
    for b in branch.bifurcations:
        outwards = np.sign(b.parameter)
        near = b.state + 0.05 * np.outer(np.linspace(-1.0, 1.0, 41), b.direction)
        counts = []
        for offset in (1e-4, -1e-4):
            varied = family(Landscape.of(pair(2.0)), "s[0]").at(b.parameter + outwards * offset)
            points, residual = roots(varied, near)
            here = (residual < 1e-12) & (np.abs(points - b.state).max(axis=1) < 0.1)
            counts.append(len(np.unique(np.round(points[here], 8), axis=0)))
        assert counts == [0, 2]


# -- any parameter ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameter", ["x[2]", "x-h1[1,3]", "h2[4]", "gain", "gain h1-h2", "beta"])
def test_every_parameter_moves_the_equilibrium_as_relax_does(parameter):
    net, eq, y = chain()
    start = {"x[2]": CHAIN_X[2], "x-h1[1,3]": net.parameters["x-h1"][1, 3], "h2[4]": 0.0, "beta": 0.0}.get(parameter, 1)
    branch = continue_fixed_point(
        net,
        eq.state,
        CHAIN_X,
        parameter=parameter,
        span=(start - 0.05, start + 0.05),
        y=y if parameter == "beta" else None,
    )
    p, end = branch.parameter[-1], branch.state[-1]
    x = CHAIN_X.copy()
    changed = net
    if parameter == "x[2]":
        x[2] = p
    elif parameter.startswith("gain"):
        names = ["h1-h2"] if "h1-h2" in parameter else ["x-h1", "h1-h2", "h2-y"]
        changed = net.replace(parameters={name: p * net.parameters[name] for name in names})
    elif parameter != "beta":
        name, index = parameter[:-1].split("[")
        block = net.parameters[name].copy()
        block[tuple(int(i) for i in index.split(","))] = p
        changed = net.replace(parameters={name: block})
    force = changed.force(end, x)
    if parameter == "beta":
        force[net.outputs] -= p * (end[net.outputs] - y)
    np.testing.assert_allclose(force, 0.0, atol=1e-13)
    assert np.abs(end - eq.state).max() > 1e-5
    assert p == pytest.approx(start + 0.05)


def test_hard_sigmoid_branch_has_corners():
    net = pair(0.5, activation="hard-sigmoid")
    branch = continue_fixed_point(net, [0.5, 0.5], parameter=biased(net), at=0.25, span=(-1.0, 2.0))
    np.testing.assert_allclose(branch.state[:, 0], np.clip(2.0 * branch.parameter, 0.0, 1.0), atol=1e-13)
    assert branch.ended == ("span", "span")
    assert branch.stable.all()


def test_linear_network_at_its_critical_weight_ends_unbounded():
    branch = continue_fixed_point(pair(0.5, "linear", bias=0.3), [0.6, 0.6], parameter="s-s[0,1]", span=(0.0, 2.0))
    np.testing.assert_allclose(branch.state[:, 0], 0.3 / (1.0 - branch.parameter), rtol=1e-8)
    assert branch.ended == ("span", "unbounded")
    assert 1.0 - branch.parameter[-1] < 1e-4


# -- s*(beta) --------------------------------------------------------------------------------------------------------


def test_linear_network_is_followed_to_the_clamped_state():
    net = models.Hopfield.layered([4, 5, 3], activation="linear", gain=0.4, seed=4)
    x, y = np.array([0.5, -1.0, 0.3, 0.8]), np.array([1.0, -0.5, 0.2])
    eq = nd.relax(net, x)
    path = nudged_path(net, eq, y)
    hessian, current = net.hessian(eq.state, x), net.force(np.zeros(net.n), x)
    out = np.zeros(net.n)
    out[net.outputs] = 1.0
    target = np.zeros(net.n)
    target[net.outputs] = y
    for beta, state in zip(path.beta[:-1:7], path.state[:-1:7], strict=True):
        expected = np.linalg.solve(hessian + beta * np.diag(out), current + beta * target)
        np.testing.assert_allclose(state, expected, rtol=1e-7, atol=1e-12)
    assert np.isinf(path.beta[-1])
    np.testing.assert_allclose(path.state[-1, net.outputs], y, atol=1e-14)
    assert len(path.folds) == 0
    # without a nonlinearity -beta_c is a pole, not a fold
    assert path.ended[0] == "unbounded"
    assert path.beta[0] == pytest.approx(-path.critical_beta, rel=1e-3)
    assert path.beta[0] > -path.critical_beta


@pytest.mark.slow
def test_first_order_prediction_is_dense_linear_algebra():
    net, eq, y = chain()
    path = nudged_path(net, eq, y)
    gap = np.zeros(net.n)
    gap[net.outputs] = eq.state[net.outputs] - y
    expected = -np.linalg.solve(net.hessian(eq.state, CHAIN_X), gap)
    np.testing.assert_allclose(path.tangent, expected, rtol=1e-9, atol=1e-12)
    errors = []
    for beta in (1e-2, 1e-3):
        branch = continue_fixed_point(net, eq.state, CHAIN_X, parameter="beta", y=y, span=(0.0, beta))
        errors.append(np.abs(branch.state[-1] - (eq.state + beta * expected)).max())
    assert np.log10(errors[0] / errors[1]) == pytest.approx(2.0, abs=0.2)  # what it leaves out is second order
    k = int(np.argmin(np.abs(path.beta - 0.01)))
    np.testing.assert_allclose(path.first_order[k], eq.state + path.beta[k] * expected, rtol=1e-9, atol=1e-11)


def test_chain_folds_where_the_total_hessian_is_singular():
    net, eq, y = chain()
    path = nudged_path(net, eq, y)
    assert path.folds.size >= 1
    out = np.zeros(net.n)
    out[net.outputs] = 1.0
    for b in path.bifurcations:
        hessian = net.hessian(b.state, CHAIN_X)  # of E alone, at the fold's own state
        values = np.linalg.eigvalsh(hessian + b.parameter * np.diag(out))
        assert np.abs(values).min() < 1e-13 * np.abs(values).max()
        # det(H + beta P) = 0 is det(1/beta + (H^-1)_out,out) = 0
        inverse = np.linalg.inv(hessian)[net.outputs, net.outputs]
        assert np.abs(np.linalg.eigvalsh(inverse) + 1.0 / b.parameter).min() < 1e-10
    first = min(path.bifurcations, key=lambda b: abs(b.position - int(np.argmin(np.abs(path.beta)))))
    assert first.parameter < 0.0
    # beta_c, taken at the fold instead of at s*, is the fold; at s* it is another number
    there, here = (FixedPoint.of(net, s, CHAIN_X).critical_beta(y[None])[0] for s in (first.state, eq.state))
    assert there == pytest.approx(-first.parameter, rel=1e-11)
    assert abs(path.critical_beta + first.parameter) > 0.01
    assert path.critical_beta == pytest.approx(here, rel=1e-12)
    at = first.position
    assert set(path.index[at : at + 2]) == {0, 1}


def test_path_is_where_the_nudged_phase_ends():
    net, eq, y = chain()
    path = nudged_path(net, eq, y)
    k = int(np.flatnonzero((path.beta > 0.05) & path.stable)[0])
    run = nd.nudge(net, eq, y, beta=float(path.beta[k]), nudging="positive", t_eval=[0.0, 400.0])
    np.testing.assert_allclose(run.state[-1], path.state[k], atol=1e-8)
    clamped = path.state[-1]
    np.testing.assert_allclose(clamped[net.outputs], y, atol=1e-14)
    hidden = np.delete(net.force(clamped, CHAIN_X), np.arange(net.n)[net.outputs])
    np.testing.assert_allclose(hidden, 0.0, atol=1e-14)
    np.testing.assert_allclose(path.cost, net.cost(path.state, np.tile(y, (len(path.beta), 1))), atol=1e-15)
    assert np.all(np.diff(path.cost[path.beta >= 0.0]) < 0.0)  # dC/dbeta = -(dC/ds) (H + beta P)^-1 (dC/ds) < 0


def test_hard_sigmoid_outputs_reach_a_target_in_the_box():
    net = models.Hopfield.layered([4, 6, 3], activation="hard-sigmoid", seed=1)
    net = net.replace(parameters={"h1": np.full(6, 0.3), "y": np.full(3, 0.3)})
    x, y = np.array([0.1, 0.4, 0.2, 0.6]), np.array([1.0, 0.2, 0.0])
    path = nudged_path(net, nd.relax(net, x), y, span=(0.0, np.inf))
    np.testing.assert_allclose(path.state[-1, net.outputs], y, atol=1e-12)
    assert path.state.min() >= 0.0
    assert path.state.max() <= 1.0


def test_label_is_a_target():
    net, eq, y = chain()
    by_label, by_value = (nudged_path(net, eq, target, span=(0.0, 1.0)) for target in (0, y))
    np.testing.assert_array_equal(by_label.state, by_value.state)
    assert by_label.beta[-1] == pytest.approx(1.0)


# -- the door --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parameter": "bta"}, r"unknown `parameter` 'bta'; allowed: beta, .*did you mean 'beta'"),
        ({"parameter": "beta"}, "`y` is missing: to vary beta needs a target"),
        ({"parameter": "s-s[0,5]"}, r"`parameter` s-s\[0,5\] is outside; the last one is s-s\[1,1\]"),
        ({"parameter": "s-s[1,1]"}, "no connection to itself"),
        ({"parameter": "gain x-s"}, "unknown weights 'x-s' in `parameter`; allowed: s-s"),
        ({"parameter": "gain", "span": (2.0, 3.0)}, "`span` must rise and hold the present value 1; got 2 to 3"),
        ({"parameter": "gain", "span": 3.0}, r"`span` must be \(low, high\); got 3.0"),
        ({"parameter": biased(pair(2.0))}, "`at` is missing"),
        ({"parameter": lambda p: "net", "at": 1.0}, "must return networks of the same populations"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(nd.ArgumentError, match=message):
        continue_fixed_point(pair(2.0), [0.7, 0.7], **{"span": (0.5, 3.0), **options})


def test_a_start_far_from_any_fixed_point_is_refused():
    net = pair(0.5, activation="softplus", bias=1.0).replace(parameters={"s-s": [[0.0, 3.0], [3.0, 0.0]]})
    with pytest.raises(nd.ConvergenceError, match="`start` is not near a fixed point"):
        continue_fixed_point(net, [5.0, 5.0], parameter="gain", span=(0.9, 1.1))


def test_path_needs_one_stable_sample():
    net, eq, y = chain()
    with pytest.raises(nd.ArgumentError, match="`span` must hold beta = 0"):
        nudged_path(net, eq, y, span=(0.1, 1.0))
    two = nd.relax(net, np.tile(CHAIN_X, (2, 1)))
    with pytest.raises(nd.ArgumentError, match="`equilibrium` must be that of one sample; got 2"):
        nudged_path(net, two, y)


@pytest.mark.parametrize("seed", [4, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (0, 1, 3))])
def test_path_of_a_box_with_many_units_on_bounds(seed):
    """Rounding in a step along the tangent took units off their bounds, and the path ended at once."""
    net = models.Hopfield.layered([20, 60, 5], activation="hard-sigmoid", seed=seed)
    x, y = np.random.default_rng(seed).random(20), np.eye(5)[1]
    path = nudged_path(net, nd.relax(net, x), y, span=(0.0, 1.0))
    assert path.beta[-1] == 1.0
    assert path.ended == ("start", "span")
    nudged = Landscape.of(net, x, y, 1.0)
    assert np.abs(nudged.projected(path.state[-1:])).max() < 1e-9


def test_no_branch_comes_twice():
    twins = models.Hopfield.recurrent(n=2).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
    high = nd.relax(twins, start=[1.0, 1.0]).state
    starts = np.array([0.0 * high, high, -high])  # the last two lie on one curve, through the pitchfork of the first
    found = bifurcation_diagram(twins, starts, parameter="gain", span=(0.1, 1.5))
    assert len(found.branches) == 2
    assert [b.kind for b in found.bifurcations] == ["pitchfork"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("matrix", "states"), [(np.kron(np.eye(2), [[0.0, 2.0], [2.0, 0.0]]), 9), (2.0 * (np.eye(3) - 1.0), 13)]
)
def test_every_branch_leaves_a_double_eigenvalue(matrix, states):
    net = models.Hopfield.recurrent(n=len(matrix)).replace(parameters={"s-s": matrix})
    found = bifurcation_diagram(net, np.zeros((1, net.n)), parameter="gain", span=(0.1, 2.0))
    assert sum(int(p == 2.0) for branch in found.branches for p in branch.parameter[[0, -1]]) == states
    assert found.missing == ()


def test_a_detached_branch_is_told_of():
    net = pair(2.0, bias=0.05)
    start = nd.relax(net, start=[1.0, 1.0]).state
    found = bifurcation_diagram(net, [start], parameter="gain", span=(0.1, 1.5))
    assert len(found.branches) == 1
    assert [p for p, _ in found.missing] == [1.5, 1.5]  # both sides of a fold at 0.6449
    assert "2 fixed points at 1.5 on none of them, see `missing`" in repr(found)
    other = continue_fixed_point(net, found.missing[0][1], parameter="gain", span=(0.1, 1.5), at=1.5)
    assert [b.parameter for b in other.bifurcations] == pytest.approx([0.6449], abs=1e-4)
