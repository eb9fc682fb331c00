"""The softmax read-out: its cost, its derivatives, and the nudged phase that they make."""

import numpy as np
import pytest
import scipy.special

import neurodyn as nd
from naive import NaiveHopfield
from networks import BOXED, RATE, SMOOTH, UNEQUAL, draw_input, draw_state, draw_target, prepared, quick
from neurodyn import analysis, models
from neurodyn.phases.nudged_problem import nudged_problem
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.readout import READOUTS

SOFT = {
    "chain": SMOOTH["chain-softmax"],
    "recurrent": SMOOTH["recurrent-softmax"],
    "hard": BOXED["recurrent-hard-softmax"],
    "rate": RATE["chain-softmax"],
    "unequal": UNEQUAL["own-softmax"],
}
TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)
NAMES = ("linear", "softmax")


def outputs(rng, count=4, batch=3):
    """z and targets, unit-major."""
    y = rng.uniform(0.0, 1.0, (count, batch))
    return rng.normal(0.0, 2.0, (count, batch)), y / y.sum(axis=0)


@pytest.mark.parametrize("name", NAMES)
def test_slope_and_curvature_are_derivatives_of_the_cost(name, rng):
    readout, (z, y), h = READOUTS[name], outputs(rng), 1e-5
    for i, step in enumerate(h * np.eye(4)[:, :, None]):
        slope = (readout.cost(z + step, y) - readout.cost(z - step, y)) / (2 * h)
        np.testing.assert_allclose(readout.slope(z, y)[i], slope, atol=1e-9)
        bend = (readout.slope(z + step, y) - readout.slope(z - step, y)) / (2 * h)
        for j in range(3):
            np.testing.assert_allclose(readout.curvature(z[:, j], y[:, j])[i], bend[:, j], atol=1e-9)


def test_softmax_cost_is_the_cross_entropy_also_of_large_outputs(rng):
    z, y = outputs(rng)
    readout = READOUTS["softmax"]
    expected = -np.sum(y * scipy.special.log_softmax(z, axis=0), axis=0)
    np.testing.assert_allclose(readout.cost(z, y), expected, rtol=1e-13)
    np.testing.assert_allclose(readout.cost(z + 1e4, y), expected, rtol=1e-9)
    assert readout.cost(np.array([[800.0], [-800.0]]), np.array([[0.0], [1.0]]))[0] == pytest.approx(1600.0)


@pytest.mark.parametrize("name", NAMES)
def test_change_of_the_cost_does_not_cancel(name, rng):
    readout, (z, y) = READOUTS[name], outputs(rng)
    move = rng.normal(size=z.shape)
    for beta in (0.3, -0.3):
        expected = (readout.cost(z + beta * move, y) - readout.cost(z, y)) / beta
        np.testing.assert_allclose(readout.change(z, y, move, beta), expected, rtol=1e-11)
    limit = np.sum(readout.slope(z, y) * move, axis=0)
    np.testing.assert_allclose(readout.change(z, y, move, 0.0), limit, rtol=1e-13)
    np.testing.assert_allclose(readout.change(z, y, move, 1e-12), limit, rtol=1e-10)


@pytest.mark.parametrize("name", SOFT)
def test_cost_of_a_network_reads_what_its_energy_is_a_function_of(name, rng):
    net = SOFT[name]()
    s, y = draw_state(net, 3, rng), draw_target(net, 3, rng)
    z = s[:, net.outputs]
    if isinstance(net, models.Rate):
        kind = next(p.activation for p in net.graph.free if p.n_outputs)
        z = np.tanh(z) if kind == "tanh" else z
    np.testing.assert_allclose(net.cost(s, y), -np.sum(y * scipy.special.log_softmax(z, axis=1), axis=1), rtol=1e-12)
    assert net.cost(s[0], y[0]) == pytest.approx(net.cost(s, y)[0])


@pytest.mark.parametrize("name", ["chain", "recurrent", "hard", "rate"])
def test_equivalence_holds_to_rounding_for_small_beta(name, rng):
    """Which only a nudged flow without cancellation does."""
    net = SOFT[name]()
    x, y = draw_input(net, 2, rng), draw_target(net, 2, rng)
    eq = nd.relax(net, x)
    times = np.linspace(0.0, 8.0, 9)
    side = nd.side_network(net, eq, y, t_eval=times, solver=TIGHT)
    errors = {}
    for beta in (1e-2, 1e-3, 1e-6, 0.0):
        run = nd.nudge(net, eq, y, beta=beta, t_eval=times, solver=TIGHT)
        errors[beta] = analysis.compare(run, side).max_relative_error
        assert run.counters["steps"] < 2000
    assert errors[1e-6] < 1e-10
    assert errors[0.0] < 1e-10
    if name != "hard":
        assert np.log10(errors[1e-2] / errors[1e-3]) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("name", ["chain", "recurrent"])
def test_nudged_equilibrium_is_a_minimum_of_energy_and_cost(name, rng):
    net = SOFT[name]()
    x, y = draw_input(net, 1, rng), draw_target(net, 1, rng)
    eq = nd.relax(net, x)
    for beta in (1.5, -0.4):
        run = nd.nudge(net, eq, y, beta=beta, nudging="positive", t_eval=[200.0], solver=TIGHT)
        s, twin = run.state[-1, 0], NaiveHopfield(net)
        np.testing.assert_allclose(twin.force(x[0], s), beta * twin.cost_slope(s, y[0]), atol=1e-9)


@pytest.mark.parametrize("name", ["chain", "recurrent", "rate"])
def test_critical_beta_is_where_the_total_energy_loses_its_curvature(name, rng):
    net = SOFT[name]()
    x, y = draw_input(net, 2, rng), draw_target(net, 2, rng)
    eq = nd.relax(net, x)
    run = nd.nudge(net, eq, y, beta=0.1, t_eval=[0.1])
    point = FixedPoint.of(net, eq.state, x)
    for j, critical in enumerate(run.critical_beta):
        z = point.local.coordinate[net.outputs, j]
        p = scipy.special.softmax(z)
        lowest = []
        for beta in (-0.999 * critical, -1.001 * critical):
            total = net.hessian(eq.state, x)[j]
            total[net.outputs, net.outputs] += beta * (np.diag(p) - np.outer(p, p))
            lowest.append(np.linalg.eigvalsh(total)[0])
        assert lowest[0] > 0.0 > lowest[1]


def flow(problem, sample, delta):
    """ddelta/dt of one sample, for delta (n, k)."""
    rows = np.repeat(problem.rows[:, sample : sample + 1], delta.shape[1], axis=1)
    out, work = np.empty_like(delta), np.empty((problem.work_rows, delta.shape[1]))
    problem.flow(np.zeros(delta.shape[1]), delta, rows, problem.theta, problem.layout, work, out)
    return out


@pytest.mark.parametrize("name", SOFT)
def test_jacobian_of_the_nudged_flow(name, rng):
    net = SOFT[name]()
    x, y = draw_input(net, 1, rng), draw_target(net, 1, rng)
    point = FixedPoint.of(net, nd.relax(net, x).state, x)
    problem = nudged_problem(point, y, np.array([0.7, -0.3, 0.0]))
    moving = point.local.active[:, 0]
    for j in range(3):
        delta, h = np.where(moving, rng.uniform(-0.01, 0.01, net.n), 0.0), 1e-5
        moves = h * np.eye(net.n)
        slopes = (flow(problem, j, delta[:, None] + moves) - flow(problem, j, delta[:, None] - moves)) / (2 * h)
        np.testing.assert_allclose(problem.jacobian(j, 0.0, delta)[:, moving], slopes[:, moving], atol=1e-7)


@pytest.mark.parametrize("name", quick(SOFT, "chain", "unequal"))
def test_methods_agree_on_the_gradient(name, rng):
    net = SOFT[name]()
    x, y = draw_input(net, 3, rng), rng.integers(net.n_out, size=3)
    exact, slopes, side = (
        nd.gradient(net, x, y, method=method, solver=TIGHT)
        for method in ("implicit", "finite-differences", "recurrent-backprop")
    )
    assert (slopes - exact).norm < 1e-7 * exact.norm
    assert (side - exact).norm < 1e-9 * exact.norm
    if net.has_energy:
        nudged = nd.gradient(net, x, y, beta=1e-4, solver=TIGHT)
        assert (nudged - exact).norm < 1e-7 * exact.norm


def test_the_strongest_pull_is_one_whatever_beta_and_delta_are():
    """States that a softmax cannot resolve any more are no division by zero."""
    net = models.Hopfield.layered([1, 2], activation="linear", readout="softmax")
    net = net.replace(parameters={"x-y": [[1000.0, -1000.0]]})
    eq = nd.relax(net, [1.0])
    run = nd.nudge(net, eq, 1, beta=-0.5, nudging="positive", t_eval=[50.0])
    np.testing.assert_allclose(run.displacement[0, -1], [-1.0, 1.0], rtol=1e-6)


@pytest.mark.parametrize("target", [[0.7, 0.7, 0.1], [1.2, -0.2, 0.0]])
def test_targets_must_be_probabilities(target):
    net = SOFT["chain"]()
    with pytest.raises(nd.ArgumentError, match=r"softmax read-out must be labels, or probabilities.* for sample 0"):
        nd.gradient(net, np.zeros((1, 4)), [target])


def test_a_softmax_needs_two_outputs_and_a_known_name():
    with pytest.raises(nd.ModelError, match="at least two outputs; there are 1"):
        models.Hopfield.layered([2, 1], readout="softmax")
    with pytest.raises(nd.ModelError, match=r"unknown readout 'softmx'.*did you mean 'softmax'"):
        models.Rate.recurrent(4, 2, 2, readout="softmx")


def test_model_files_have_read_outs(tmp_path):
    chain = models.read("chain", overrides=["populations.y.readout=softmax"])
    assert chain.network.graph.readout == "softmax"
    np.testing.assert_allclose(chain.y.sum(axis=1), 1.0)
    with pytest.raises(nd.ModelError, match=r"populations\.y\.readout: unknown name 'soft'"):
        models.read("chain", overrides=["populations.y.readout=soft"])
    with pytest.raises(nd.ModelError, match="needs at least two outputs; there are 0"):
        models.read("chain", overrides=["populations.h1.readout=softmax"])
    with pytest.raises(nd.ModelError, match=r"data\.y: targets of a softmax read-out"):
        models.read("chain", overrides=["populations.y.readout=softmax", "data={x=[[1,1,1,1,1]],y=[[1,1,1]]}"])


def test_read_out_is_part_of_a_network_and_its_files(tmp_path):
    net = SOFT["chain"]()
    plain = prepared(models.Hopfield.layered([4, 6, 3], gain=0.8, seed=20))
    assert plain.parameters == net.parameters
    assert plain != net
    nd.relax(net, np.zeros(4)).save(tmp_path / "rest.nc")
    assert nd.load(tmp_path / "rest.nc").network == net
