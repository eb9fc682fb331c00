"""Costs of a user's own: as exact as those of neurodyn, wherever these serve; what they cannot do is said."""

import pickle
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

import neurodyn as nd
from networks import quick
from neurodyn import analysis, models
from neurodyn.errors import ModelError
from neurodyn.estimators.holomorphic import check_analytic
from neurodyn.flows.own_cost import OWN_COSTS
from neurodyn.phases.driven import Nudge, driven_problem
from neurodyn.phases.nudged_problem import nudged_problem
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.readout import readout_of
from neurodyn.testing import CheckError, check_network

SQUARE = models.Cost("square", "0.5*(z - y)**2")
ROBUST = models.Cost("log cosh", "w**2*logcosh((z - y)/w)", w=0.5)
#: Its curvature is negative where the output is far from the target.
FORGIVING = models.Cost("forgiving", "1 - exp(-k*(z - y)**2)", constants={"k": 2.0})
BINARY = models.Cost("binary cross-entropy", "-y*log(z) - (1 - y)*log(1 - z)")
QUARTIC = models.Cost("quartic", "0.25*(z - y)**4 + 0.1*z*y")
#: The same in JAX's words.
FORMULAS = {
    "square": lambda np, z, y: 0.5 * (z - y) ** 2,
    "log cosh": lambda np, z, y: 0.25 * np.log(np.cosh(2.0 * (z - y))),
    "forgiving": lambda np, z, y: 1.0 - np.exp(-2.0 * (z - y) ** 2),
    "binary cross-entropy": lambda np, z, y: -y * np.log(z) - (1.0 - y) * np.log1p(-z),
    "quartic": lambda np, z, y: 0.25 * (z - y) ** 4 + 0.1 * z * y,
}
TAU = np.geomspace(0.3, 6.0, 9)
TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)


def chain(readout, kind=models.Hopfield, activation="tanh"):
    """Six hidden units and three outputs, time constants over a factor of 20."""
    return kind.layered([4, 6, 3], activation=activation, readout=readout, gain=0.9, tau=TAU, seed=20)


NETWORKS = {
    "hopfield": lambda: chain(ROBUST),
    "forgiving": lambda: chain(FORGIVING),
    "rate": lambda: chain(BINARY, models.Rate, "sigmoid"),
    "box": lambda: chain(ROBUST, activation="hard-sigmoid"),
    "some outputs": lambda: models.Hopfield.recurrent(7, 4, 3, readout=QUARTIC, gain=0.6, seed=3),
    "unequal": lambda: models.Rate.recurrent(7, 4, 3, readout=ROBUST, feedback="random", gain=0.6, seed=4),
}


@pytest.fixture
def task(rng):
    return rng.uniform(-1.0, 1.0, (2, 4)), rng.uniform(0.1, 0.9, (2, 3))


@pytest.mark.parametrize("name", FORMULAS)
def test_derivatives_are_those_of_jax(name, rng):
    jax = pytest.importorskip("jax")
    z, y, readout = rng.uniform(0.05, 0.95, (3, 40)), rng.uniform(0.0, 1.0, (3, 40)), readout_of(name)
    with jax.enable_x64(True):
        of = partial(FORMULAS[name], jax.numpy)
        value, slope, bend = (
            np.asarray(jax.vmap(f)(z.ravel(), y.ravel())).reshape(z.shape)
            for f in (of, jax.grad(of), jax.grad(jax.grad(of)))
        )
    np.testing.assert_allclose(readout.cost(z, y), value.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(readout.slope(z, y), slope, rtol=1e-12, atol=1e-13)
    for j in range(3):
        np.testing.assert_allclose(np.diag(readout.curvature(z[:, j], y[:, j])), bend[:, j], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", FORMULAS)
def test_change_of_the_cost_does_not_cancel(name, rng):
    z, y, readout = rng.uniform(0.4, 0.6, (3, 5)), rng.uniform(0.0, 1.0, (3, 5)), readout_of(name)
    move = rng.uniform(-1.0, 1.0, z.shape)
    for beta in (0.39, -0.1):  # in two ways
        expected = (readout.cost(z + beta * move, y) - readout.cost(z, y)) / beta
        np.testing.assert_allclose(readout.change(z, y, move, beta), expected, rtol=1e-9, atol=1e-12)
    limit = np.sum(readout.slope(z, y) * move, axis=0)
    for beta in (0.0, 1e-12):
        np.testing.assert_allclose(readout.change(z, y, move, beta), limit, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("kind", [models.Hopfield, models.Rate])
def test_squared_error_in_text_is_the_linear_read_out(kind, task):
    (x, y), found = task, []
    for readout in ("linear", SQUARE):
        net = chain(readout, kind)
        rest = nd.relax(net, x)
        run = nd.nudge(net, rest, y, beta=1e-2, t_eval=np.linspace(0.0, 9.0, 4), solver=TIGHT)
        side = nd.side_network(net, rest, y, t_eval=run.t, solver=TIGHT)
        gradients = [nd.gradient(net, x, y, method=method, solver=TIGHT).vector
                     for method in ("implicit", "equilibrium-propagation", "bptt")]  # fmt: skip
        driven = nd.simulate(net, x, start=rest.state, y=y, beta=0.3, t_eval=[1.0], solver=TIGHT)
        plastic = nd.plastic_phase(net, rest, y, beta=1e-2, tau_theta=1e6, t_eval=[0.0, 3.0], solver=TIGHT)
        signals = run.error_signal, run.critical_beta, side.error_signal, plastic.displacement
        found.append([*signals, net.cost(rest.state, y), driven.state, *gradients])
    for own, built_in in zip(*found[::-1], strict=True):
        np.testing.assert_allclose(own, built_in, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_keep_the_contract(name):
    """Slope and curvature of the cost, error signals, exact gradients against differences, pickling."""
    check_network(NETWORKS[name](), seed=2)


@pytest.mark.parametrize("name", ["hopfield", "rate"])
@pytest.mark.parametrize(("nudging", "order", "best"), [("centered", 2.0, 1e-10), ("positive", 1.0, 1e-4)])
def test_velocities_are_the_error_signals_to_the_order_of_the_nudging(name, nudging, order, best, task):
    (x, y), net, betas = task, NETWORKS[name](), (1e-2, 3e-3, 1e-3)
    rest, errors = nd.relax(net, x, tol=1e-13), []
    side = nd.side_network(net, rest, y, t_eval=np.linspace(0.0, 20.0, 21), solver=TIGHT)
    for beta in (*betas, 1e-6):
        run = nd.nudge(net, rest, y, beta=beta, nudging=nudging, t_eval=side.t, solver=TIGHT)
        errors.append(analysis.compare(run, side).max_relative_error)
    assert np.polyfit(np.log(betas), np.log(errors[:3]), 1)[0] == pytest.approx(order, abs=0.1)
    assert errors[-1] < best


@pytest.mark.parametrize("name", quick(NETWORKS, "hopfield", "rate"))
def test_methods_agree_on_the_gradient(name, task):
    (x, y), net = task, NETWORKS[name]()
    exact = nd.gradient(net, x, y, method="implicit", solver=TIGHT)
    methods = {"recurrent-backprop": 1e-9}
    if name != "box":  # whose cost has kinks
        methods |= {"finite-differences": 1e-6, "bptt": 1e-8}
    if net.has_energy:
        methods["equilibrium-propagation"] = 1e-5
    for method, close in methods.items():
        assert (nd.gradient(net, x, y, method=method, solver=TIGHT) - exact).norm < close * exact.norm, method


def slopes_of_flow(problem, sample, at, h=1e-5):
    """The Jacobian of a flow by differences."""
    moves = h * np.eye(len(at))
    ways = np.ascontiguousarray(np.hstack([at[:, None] + moves, at[:, None] - moves]))
    rows = np.repeat(problem.rows[:, sample : sample + 1], ways.shape[1], axis=1)
    out, work = np.empty_like(ways), np.empty((problem.work_rows, ways.shape[1]))
    problem.flow(np.zeros(ways.shape[1]), ways, rows, problem.theta, problem.layout, work, out)
    return (out[:, : len(at)] - out[:, len(at) :]) / (2.0 * h)


@pytest.mark.parametrize("name", ["hopfield", "forgiving", "rate", "some outputs"])
def test_jacobians_of_nudged_and_driven_flows(name, task, rng):
    (x, y), net = task, NETWORKS[name]()
    rest = nd.relax(net, x)
    point = FixedPoint.of(net, rest.state, x)
    nudged, delta = nudged_problem(point, y, np.array([0.7, -0.3])), 0.1 * rng.normal(size=net.n)
    for j in range(4):
        np.testing.assert_allclose(nudged.jacobian(j, 0.0, delta), slopes_of_flow(nudged, j, delta), atol=1e-7)
    state = rest.state[1] + delta
    driven = driven_problem(net, np.ascontiguousarray(rest.state.T), x, Nudge(0.7, y))
    np.testing.assert_allclose(driven.jacobian(1, 0.0, state), slopes_of_flow(driven, 1, state), atol=1e-7)


@pytest.mark.parametrize(("y", "sign"), [([0.0, 0.1, -0.1], -1.0), ([2.0, -2.0, 2.0], 1.0)])
def test_critical_strength_of_either_sign_is_where_the_total_energy_loses_its_curvature(y, sign):
    """A cost that is not convex is lost by positive nudging where its curvature is negative."""
    net, x = chain(models.Cost("wide", "1 - exp(-(z - y)**2)")), np.array([0.3, -0.2, 0.5, 0.1])
    rest = nd.relax(net, x)
    critical = float(nd.nudge(net, rest, y, beta=1e-3, t_eval=[0.1]).critical_beta)
    bend = readout_of("wide").curvature(rest.state[net.outputs], np.array(y))
    lowest = []
    for beta in (0.999 * sign * critical, 1.001 * sign * critical):
        total = net.hessian(rest.state, x)
        total[net.outputs, net.outputs] += beta * bend
        lowest.append(np.linalg.eigvalsh(total)[0])
    assert lowest[0] > 0.0 > lowest[1]


def test_estimates_beyond_the_critical_strength_are_noted():
    net, x, y = chain(FORGIVING), np.full((1, 4), 0.3), np.array([[1.0, -1.0, 1.0]])
    critical = float(nd.nudge(net, nd.relax(net, x), y, t_eval=[0.1]).critical_beta[0])
    beta = 1.01 * critical
    found = nd.gradient(net, x, y, method="equilibrium-propagation", beta=beta, nudging="positive", duration=1.0)
    assert any("is beyond beta_c" in note for note in found.notes)


def test_a_phase_that_begins_unrested_keeps_what_is_left_of_the_force(task):
    """The constant force beside the cost's does not enter the change of its slope."""
    (x, y), net, beta = task, chain(ROBUST), 1e-2
    s = np.full((2, net.n), 0.2)
    point = FixedPoint.of(net, s, x)
    problem, delta = nudged_problem(point, y, np.array([beta]), point.local.force / beta), np.full((net.n, 2), 0.5)
    found = net.evaluate(problem.flow, delta, problem.rows, net.n)
    moved = FixedPoint.of(net, s + beta * delta.T, x)
    expected = (moved.local.force - beta * moved.cost_slope(y)) / beta / net.tau[:, None]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_portraits_follow_the_cost(task):
    (x, y), net = task, chain(ROBUST)
    rest = nd.relax(net, x[0])
    path = analysis.nudged_path(net, rest, y[0], span=(-1.0, 10.0))
    run = nd.nudge(net, rest, y[0], beta=0.5, nudging="positive", t_eval=[400.0], solver=TIGHT)
    k = int(np.argmin(np.abs(path.beta - 0.5)))
    near = nd.nudge(net, rest, y[0], beta=float(path.beta[k]), nudging="positive", t_eval=[400.0], solver=TIGHT)
    np.testing.assert_allclose(near.state[-1], path.state[k], atol=1e-8)
    assert net.cost(run.state[-1], y[0]) < net.cost(rest.state, y[0])
    np.testing.assert_allclose(path.cost, [net.cost(s, y[0]) for s in path.state], rtol=1e-12)


def test_networks_learn_by_the_cost(task):
    (x, y), net = task, chain(ROBUST)
    found = nd.learn(net, x, y, method="implicit", epochs=3, batch_size=2, rates=0.5, seed=1)
    assert found.train_cost[-1] < found.train_cost[0]
    before = net.cost(nd.relax(net, x).state, y).mean()
    assert found.train_cost[0] == pytest.approx(before, rel=1e-3)


def test_concurrent_side_network_and_weights_follow_the_cost(task):
    (x, y), found = task, []
    for readout in ("linear", SQUARE):
        run = nd.concurrent(chain(readout), x[0], y[0], tau_side=30.0, tau_theta=300.0, t_eval=[5.0], solver=TIGHT)
        found.append(run.theta)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9, atol=1e-12)


def value(z, y):
    return 0.25 * (z - y) ** 4


def slope(z, y):
    return (z - y) ** 3


def curvature(z, y):
    return 3.0 * (z - y) ** 2


def slope_wrong_for_one_target(z, y):
    return (z - y) ** 3 + (0.1 if y == 0.625 else 0.0)


def curvature_wrong_for_one_target(z, y):
    return 3.0 * (z - y) ** 2 + (0.1 if y == 0.625 else 0.0)


def test_functions_serve_as_an_expression_does(rng):
    models.Cost("by functions", value, slope, curvature)
    models.Cost("by text", "0.25*(z - y)**4")
    z, y, move = rng.normal(size=(3, 4, 5))
    own, text = readout_of("by functions"), readout_of("by text")
    for name, given in (("cost", (z, y)), ("slope", (z, y)), ("curvature", (z[:, 0], y[:, 0]))):
        np.testing.assert_allclose(getattr(own, name)(*given), getattr(text, name)(*given), rtol=1e-13)
    np.testing.assert_allclose(own.change(z, y, move, 1e-3), text.change(z, y, move, 1e-3), rtol=1e-12)


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ((slope_wrong_for_one_target, curvature), "slope of the cost is .* at output 1 in sample 0"),
        ((slope, curvature_wrong_for_one_target), "curvature of the cost is .* at output 1 in sample 0"),
    ],
)
def test_check_finds_wrong_derivatives(functions, message):
    readout = models.Cost(functions[0].__name__ + functions[1].__name__, value, *functions)
    net = models.Hopfield.layered([2, 3, 2], readout=readout, seed=1)
    with pytest.raises(CheckError, match=message):
        check_network(net, y=[[0.5, 0.625], [0.1, 0.2]])


@pytest.mark.parametrize("method", ["contrastive-hebbian", "coupled-learning"])
def test_clamped_outputs_are_refused(method, task):
    with pytest.raises(ModelError, match="outputs with the cost 'log cosh' cannot be clamped"):
        nd.gradient(chain(ROBUST), *task, method=method)


def test_complex_nudging_and_the_scheme_of_2017_are_refused(task):
    with pytest.raises(ModelError, match=r"complex nudging needs a cost of complex.*got the readout 'log cosh'"):
        check_analytic(chain(ROBUST))
    with pytest.raises(nd.ArgumentError, match="its outputs have the cost 'log cosh', and the scheme knows"):
        nd.learn(chain(ROBUST, activation="hard-sigmoid"), *task, method="ep-2017", epochs=1)


@pytest.mark.slow
def test_results_are_read_by_another_process(tmp_path, task):
    """From the texts of cost and activation, which it has never seen."""
    models.Activation("soft step", "s/sqrt(1 + k*s**2)", k=2.0)
    net, x = chain(ROBUST, activation="soft step"), task[0]
    rest = nd.relax(net, x)
    rest.save(tmp_path / "rest.nc")
    (tmp_path / "net.pickle").write_bytes(pickle.dumps(net))
    code = """
import pickle, sys, numpy as np, neurodyn as nd
rest = nd.load(sys.argv[1] + "/rest.nc")
net = pickle.load(open(sys.argv[1] + "/net.pickle", "rb"))
assert net == rest.network
print(net.graph["y"].readout, net.graph["h1"].activation, *net.cost(rest.state, np.zeros((2, 3))), sep="|")
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    words = told.stdout.split("|")
    assert words[:2] == ["log cosh", "soft step"]
    np.testing.assert_allclose([float(word) for word in words[2:]], net.cost(rest.state, np.zeros((2, 3))), rtol=1e-15)
    assert nd.load(tmp_path / "rest.nc") == rest


def test_files_say_when_a_cost_of_functions_is_not_there(tmp_path):
    net = chain(models.Cost("gone", value, slope, curvature))
    nd.relax(net, np.full(4, 0.5)).save(tmp_path / "rest.nc")
    del OWN_COSTS["gone"]
    with pytest.raises(nd.NeurodynError, match="unknown readout 'gone'; allowed: linear, softmax"):
        nd.load(tmp_path / "rest.nc")


def test_a_file_whose_text_is_hostile_is_refused():
    about = chain(ROBUST).describe()["populations"][-1]
    for text in ("__import__('os').system('true')", "z.__class__", "(lambda: z)()", "z**y**z", "open('f')"):
        with pytest.raises(ModelError):
            models.Cost("hostile", text)
        with pytest.raises(ModelError):
            type(chain(ROBUST).graph["y"]).read({**about, "readout": {**about["readout"], "expression": text}})
    assert "hostile" not in OWN_COSTS


def test_model_files_hold_them(tmp_path):
    text = """
    connections = ["x-y"]
    [populations.x]
    size = 2
    role = "input"
    [populations.y]
    size = 2
    role = "output"
    readout = {expression = "w**2*logcosh((z - y)/w)", constants = {w = 2}}
    [data]
    name = "random"
    samples = 2
    """
    (tmp_path / "m.toml").write_text(text)
    model = models.read(tmp_path / "m.toml")
    assert model.network.graph.readout == "w**2*logcosh((z - y)/w), w = 2"
    assert models.read(tmp_path / "m.toml").network == model.network
    other = models.read(tmp_path / "m.toml", overrides=['populations.y.readout={expression = "(z - y)**4"}']).network
    assert other.graph.readout == "(z - y)**4"
    assert models.read(tmp_path / "m.toml", overrides=["populations.y.readout.constants.w=3"]).network != model.network
    with pytest.raises(ModelError, match="unknown key 'v'; allowed: w"):
        models.read(tmp_path / "m.toml", overrides=["populations.y.readout.constants.v=3"])
    for wrong, fault in (
        ('{expression = "q*z"}', "populations.y.readout: unknown symbol 'q' in 'q*z'"),
        ('{expression = "y**2"}', "populations.y.readout: Cost of an output z with target y must depend on 'z'"),
        ('{expression = "z.real"}', "attributes are not allowed"),
        ('{expresion = "z"}', "populations.y.readout: must be a name, or a table with an `expression`"),
        ("3", "populations.y.readout: must be a name, or a table"),
        ('"log cos"', "populations.y.readout: unknown name 'log cos'; allowed: linear, softmax, square, log cosh"),
    ):
        with pytest.raises(ModelError) as caught:
            models.read(tmp_path / "m.toml", overrides=[f"populations.y.readout={wrong}"])
        assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: models.Cost("softmax", "z"), "a cost needs a name that is none of linear, softmax"),
        (lambda: models.Cost("", "z"), "a cost needs a name"),
        (lambda: models.Cost("log cosh", "z - y"), "there is another cost 'log cosh' already"),
        (lambda: models.Cost("q", "q*z"), "unknown symbol 'q'"),
        (lambda: models.Cost("q", "(z - y)**2", slope), "give no `slope` and no `curvature`"),
        (lambda: models.Cost("q", value, slope), r"`curvature` must be a function curvature\(z, y\)"),
        (lambda: models.Cost("q", value, slope, curvature, k=1.0), "constants are those of an expression"),
        (lambda: models.Cost("q", value, curvature, curvature), "cost 'q': `slope` is"),
        (
            lambda: models.Hopfield.layered([2, 1], readout="log cos"),
            "'log cos'.*did you mean 'log cosh'",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(make, fault):
    with pytest.raises(ModelError, match=fault):
        make()


def test_the_same_cost_may_be_made_again():
    assert str(models.Cost("log cosh", "w**2*logcosh((z - y)/w)", w=0.5)) == "log cosh"
