"""The rate form: the contract on every kind of graph, closed forms, the equivalence, and its end without symmetry."""

import dataclasses
import itertools

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.sparse

import neurodyn as nd
from called import called
from contract import FlowContract, NetworkContract
from naive import ACTIVATIONS, NaiveRate
from networks import RATE, UNEQUAL, draw_input, draw_state, draw_target, each, prepared, quick
from neurodyn import analysis, models
from neurodyn.analysis import plots
from neurodyn.flows.activation import CODES, leak_energy, rate_and_slope
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.parameters import Parameters

leak_energy, rate_and_slope = called(leak_energy), called(rate_and_slope)

TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)
TIMES = np.array([0.0, 0.05, 0.3, 1.0, 3.0, 10.0])
NUDGED = {name: make for name, make in RATE.items() if name != "without-output"}


class TestRate(NetworkContract):
    twin = NaiveRate

    @pytest.fixture(params=each(RATE))
    def net(self, request):
        return RATE[request.param]()


class TestRateWithUnequalWeights(FlowContract):
    twin = NaiveRate

    @pytest.fixture(params=each(UNEQUAL))
    def net(self, request):
        return UNEQUAL[request.param]()

    def test_there_is_no_energy(self, net, settled):
        x, start, _, eq = settled
        assert not net.has_energy
        assert np.isnan(eq.energy).all()
        for verb in (net.energy, net.hessian, net.energy_gradient):
            with pytest.raises(nd.ModelError, match=r"no energy.*has feedback"):
                verb(start, x)

    def test_error_signal_is_not_the_side_networks(self, net, settled):
        _, _, y, eq = settled
        run = nd.nudge(net, eq, y, beta=1e-4, t_eval=TIMES)
        side = nd.side_network(net, eq, y, t_eval=TIMES)
        np.testing.assert_allclose(run.error_signal[0], side.error_signal[0], atol=1e-8)
        assert analysis.compare(run, side).max_relative_error > 0.01


def test_every_activation_with_an_inverse_is_covered():
    used = {p.activation for make in RATE.values() for p in make().graph.free}
    assert used == set(CODES) - {"hard-sigmoid"}


def rested(net, rng, batch=2):
    x, start = draw_input(net, batch, rng), draw_state(net, batch, rng)
    return nd.relax(net, x, start=start, solver=TIGHT), draw_target(net, batch, rng)


# -- the energy of the leak ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(CODES) - {"hard-sigmoid"}))
@pytest.mark.parametrize("u", [-40.0, -3.0, -0.2, 0.0, 1e-9, 0.4, 2.5, 30.0])
def test_leak_energy_is_the_integral_of_the_inverse_activation(name, u):
    """As an integral over states, of v rho'(v), from where rho is 0."""
    s, r, d = np.array([u]), np.empty(1), np.empty(1)
    rate_and_slope(CODES[name], s, r, d)
    start = 0.0 if name in ("tanh", "linear") else min(u, 0.0) - 40.0
    points = np.unique(np.clip([start, -10.0, -3.0, 0.0, 3.0, 10.0, u], *sorted((start, u))))
    pieces = [
        scipy.integrate.fixed_quad(lambda v: v * ACTIVATIONS[name][1](v), a, b, n=200)[0]
        for a, b in itertools.pairwise(points)
    ]
    expected = sum(pieces) * (1.0 if u >= start else -1.0)
    assert leak_energy(CODES[name], u, r[0]) == pytest.approx(expected, rel=1e-12, abs=1e-14)


# -- closed forms ----------------------------------------------------------------------------------------------------


class Linear:
    """A linear network with its matrices: T u' = drive − K u."""

    def __init__(self, net, rng):
        self.net, self.x, self.y = net, rng.normal(size=4), rng.normal(size=3)
        twin, zero = NaiveRate(net), np.zeros(net.n)
        self.k, self.drive = twin.linearized(self.x, zero), twin.field(self.x, zero)
        self.rest = np.linalg.solve(self.k, self.drive)
        self.gap = twin.cost_slope(self.rest, self.y)


@pytest.fixture(params=["chain-linear", "own-linear"])
def linear(request, rng):
    return Linear({**RATE, **UNEQUAL}[request.param](), rng)


def test_linear_network_follows_the_matrix_exponential(linear, rng):
    net, start = linear.net, rng.normal(size=linear.net.n)
    run = nd.simulate(net, linear.x, start=start, t_eval=TIMES, solver=TIGHT)
    flow = -linear.k / net.tau[:, None]
    expected = [linear.rest + scipy.linalg.expm(flow * t) @ (start - linear.rest) for t in TIMES]
    np.testing.assert_allclose(run.state, expected, atol=1e-11)
    np.testing.assert_allclose(nd.relax(net, linear.x).state, linear.rest, atol=1e-10)


def test_linear_error_signals_follow_w_and_its_transpose(linear):
    net, tau = linear.net, linear.net.tau
    eq = nd.relax(net, linear.x, solver=TIGHT)
    run = nd.nudge(net, eq, linear.y, beta=0.0, t_eval=TIMES, solver=TIGHT)
    side = nd.side_network(net, eq, linear.y, t_eval=TIMES, solver=TIGHT)
    for found, matrix in ((run.error_signal, linear.k), (side.error_signal, linear.k.T)):
        expected = [scipy.linalg.expm(-matrix / tau * t) @ linear.gap for t in TIMES]
        np.testing.assert_allclose(found, expected, atol=1e-11)


def test_linear_nudged_phase_at_a_finite_beta(linear):
    net, beta = linear.net, 0.3
    eq = nd.relax(net, linear.x, solver=TIGHT)
    run = nd.nudge(net, eq, linear.y, beta=beta, nudging="positive", t_eval=TIMES, solver=TIGHT)
    spring = np.zeros(net.n)
    spring[net.outputs] = beta
    flow = -(linear.k + np.diag(spring)) / net.tau[:, None]
    expected = [-net.tau * (scipy.linalg.expm(flow * t) @ (-linear.gap / net.tau)) for t in TIMES]
    np.testing.assert_allclose(run.error_signal, expected, atol=1e-11)


# -- the equivalence -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", each(NUDGED))
def test_equivalence_with_symmetric_weights(name, rng):
    net = NUDGED[name]()
    eq, y = rested(net, rng)
    side = nd.side_network(net, eq, y, solver=TIGHT)
    found = analysis.compare(nd.nudge(net, eq, y, beta=1e-3, t_eval=side.t, solver=TIGHT), side)
    assert found.max_relative_error <= 1e-6
    assert found.gradient.relative_error <= 1e-5
    assert found.gradient.side_to_exact <= 1e-8


@pytest.mark.parametrize("name", [name for name in NUDGED if "linear" not in name])
def test_error_falls_with_beta_and_with_its_square(name, rng):
    net = NUDGED[name]()
    eq, y = rested(net, rng)
    found = analysis.convergence(net, eq, y, betas=10.0 ** np.linspace(-2, -5, 7), solver=TIGHT)
    assert found.one_sided_slope == pytest.approx(1.0, abs=0.1)
    assert found.centered_slope == pytest.approx(2.0, abs=0.2)
    assert found.slope("gradient_centered") == pytest.approx(2.0, abs=0.2)
    assert found.floor < 1e-10


def test_raw_state_derivative_is_not_the_signal(rng):
    """The cost is one of the rates: dL/du is rho' times the side network's dL/dr."""
    net = RATE["chain-sigmoid"]()
    eq, y = rested(net, rng, batch=1)
    side = nd.side_network(net, eq, y, t_eval=[0.0], solver=TIGHT)
    rate = NaiveRate(net).rates(eq.x[0], eq.state[0])[net.n_in :]
    np.testing.assert_allclose(side.error_signal[0, 0, net.outputs], rate[net.outputs] - y[0], atol=1e-14)
    assert net.cost(eq.state, y)[0] == pytest.approx(0.5 * np.sum((rate[net.outputs] - y[0]) ** 2), rel=1e-14)


@pytest.mark.parametrize("beta", [0.3, -0.2])
@pytest.mark.parametrize("name", ["mixed", "own-feedback", "some"])
def test_nudged_flow_is_the_difference_of_the_twins_forces(name, beta, rng):
    from neurodyn.phases.nudged_problem import nudged_problem

    net = {**RATE, **UNEQUAL}[name]()
    twin, x, s, y = NaiveRate(net), *(draw(net, 1, rng)[0] for draw in (draw_input, draw_state, draw_target))
    point, delta = FixedPoint.of(net, s, x), rng.normal(0.0, 0.3, net.n)
    problem = nudged_problem(point, y[None], np.array([beta]))
    moved = s + beta * delta
    force = twin.force(x, moved) - beta * twin.cost_slope(moved, y) - twin.force(x, s)
    found = net.evaluate(problem.flow, delta[:, None].copy(), problem.rows, net.n)[:, 0]
    np.testing.assert_allclose(found, force / beta / net.tau, rtol=1e-9, atol=1e-12)
    h = 1e-6
    columns = [
        net.evaluate(problem.flow, (delta + sign * h * e)[:, None].copy(), problem.rows, net.n)[:, 0]
        for sign in (1, -1)
        for e in np.eye(net.n)
    ]
    slopes = (np.array(columns[: net.n]) - columns[net.n :]).T / (2 * h)
    np.testing.assert_allclose(problem.jacobian(0, 0.0, delta), slopes, atol=1e-8)


@pytest.mark.parametrize("name", each([*NUDGED, *UNEQUAL]))
def test_exact_side_network_agrees(name, rng):
    net = {**RATE, **UNEQUAL}[name]()
    eq, y = rested(net, rng)
    times = [0.0, 0.1, 1.0, 5.0]
    side = nd.side_network(net, eq, y, t_eval=times, solver=TIGHT)
    exact = nd.side_network(net, eq, y, t_eval=times, method="exact")
    np.testing.assert_allclose(side.error_signal, exact.error_signal, atol=1e-11)
    np.testing.assert_allclose(side.integral, exact.integral, atol=1e-11)


@pytest.mark.parametrize("name", quick(["recurrent", "own-feedback"], "own-feedback"))
def test_implicit_solvers_agree(name, rng):
    net = {**RATE, **UNEQUAL}[name]()
    eq, y = rested(net, rng, batch=1)
    stiff, times = nd.Solver("Radau", rtol=1e-9, atol=1e-11), [0.5, 2.0]
    np.testing.assert_allclose(nd.relax(net, eq.x, start=eq.start, solver=stiff).state, eq.state, atol=1e-9)
    for phase in (nd.nudge, nd.side_network):
        mine, other = (phase(net, eq, y, t_eval=times, solver=solver).error_signal for solver in (stiff, TIGHT))
        np.testing.assert_allclose(mine, other, atol=1e-7)


# -- gradients -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", quick([*NUDGED, *UNEQUAL], "recurrent", "own-softmax"))
def test_exact_gradient_is_the_slope_of_the_cost_for_every_parameter(name, rng):
    net = {**RATE, **UNEQUAL}[name]()
    eq, y = rested(net, rng)
    exact = FixedPoint.of(net, eq.state, eq.x).exact_gradient(y)
    found = nd.gradient(net, eq.x, y, method="finite-differences", start=eq.state, solver=TIGHT)
    assert np.abs(found.vector - exact.vector).max() <= 1e-7 * np.abs(exact.vector).max()
    side = nd.side_network(net, eq, y, solver=TIGHT).parameter_gradient()
    assert (side - exact).norm <= 1e-8 * exact.norm


def test_shared_weight_has_the_derivatives_of_both_directions(rng):
    shared = RATE["chain-tanh"]()
    arrays = {"h2-h1": shared.parameters["h1-h2"].T, "y-h2": shared.parameters["h2-y"].T}
    own = prepared(models.Rate.layered([5, 8, 6, 3], feedback=arrays, gain=0.8, seed=1))
    assert np.array_equal(own.parameters["h1-h2"], shared.parameters["h1-h2"])
    eq, y = rested(own, rng)
    parts, total = (nd.gradient(net, eq.x, y, method="implicit", start=eq.state) for net in (own, shared))
    np.testing.assert_allclose(parts["h1-h2"] + parts["h2-h1"].T, total["h1-h2"], atol=1e-12)
    np.testing.assert_allclose(parts["x-h1"], total["x-h1"], atol=1e-12)
    run = nd.nudge(own, eq, y, beta=1e-3)
    assert analysis.compare(run, nd.side_network(own, eq, y, t_eval=run.t)).max_relative_error < 1e-5


# -- unequal weights -------------------------------------------------------------------------------------------------


def test_feedback_of_weights_of_their_own():
    net = models.Rate.layered([5, 4, 3, 2], feedback="random")
    shapes = {name: block.shape for name, block in net.parameters.items()}
    assert shapes == {
        "x-h1": (5, 4), "h1-h2": (4, 3), "h2-y": (3, 2), "h2-h1": (3, 4), "y-h2": (2, 3),
        "h1": (4,), "h2": (3,), "y": (2,),
    }  # fmt: skip
    forward = models.Rate.layered([5, 4, 3, 2])
    assert all(np.array_equal(net.parameters[name], forward.parameters[name]) for name in ("x-h1", "h1-h2", "h2-y"))


def test_factor_of_the_feedback_scales_what_leads_back(rng):
    strong, weak = (models.Rate.layered([4, 3, 2], feedback=gamma, seed=1) for gamma in (1.0, 0.25))
    assert strong.parameters == weak.parameters
    s, x = rng.normal(size=5), rng.normal(size=4)
    back = strong.jacobian(s, x)[:3, 3:]
    np.testing.assert_allclose(weak.jacobian(s, x)[:3, 3:], 0.25 * back, rtol=1e-14)
    np.testing.assert_array_equal(weak.jacobian(s, x)[3:], strong.jacobian(s, x)[3:])


def test_entry_of_a_block_leads_from_its_row_to_its_column():
    weights = np.array([[0.0, 0.5, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    net = models.Rate.recurrent(3, n_out=1, activation="linear", feedback={"s-s": weights})
    np.testing.assert_array_equal(net.force([1.0, 0.0, 0.0]), [-1.0, 0.5, 0.0])
    assert net.parameters.vector.size == 6 + 3
    with pytest.raises(nd.ModelError, match="zero diagonal"):
        net.replace(parameters={"s-s": np.eye(3)})


def test_oscillating_network_is_not_called_stable():
    focus = models.Rate.recurrent(2, n_out=1, feedback={"s-s": [[0.0, 3.0], [-3.0, 0.0]]})
    rest = nd.relax(focus, start=[0.1, 0.0])
    assert rest.status == nd.Status.STABLE
    rates = FixedPoint.of(focus, rest.state, None).rates(0)
    np.testing.assert_allclose(np.sort_complex(rates), [1 - 3j, 1 + 3j], atol=1e-9)
    ring = [[0.0, 2.5, 0.0], [0.0, 0.0, 2.5], [-2.5, 0.0, 0.0]]
    net = models.Rate.recurrent(3, n_out=1, feedback={"s-s": ring})
    moving = nd.relax(net, start=[0.1, 0.0, 0.0], t_max=200.0, on_failure="return")
    assert moving.status == nd.Status.PERIODIC
    assert nd.relax(net, on_failure="return").status == nd.Status.SADDLE
    assert FixedPoint.of(net, np.zeros(3), None).index(0) == 2


def test_large_network_uses_products_only(monkeypatch, rng):
    net = models.Rate.recurrent(60, 3, 2, sparsity=0.8, seed=1)
    eq, y = rested(net, rng)
    run = nd.nudge(net, eq, y)
    point = FixedPoint.of(net, eq.state, eq.x)
    exact, rates = point.exact_gradient(y), (point.slowest_rate(), point.fastest_rate())
    monkeypatch.setattr("neurodyn.system.fixed_point.DENSE_UNITS", 10)
    assert point.large
    monkeypatch.setattr(models.Rate, "linearized", None)
    again = nd.relax(net, eq.x, start=eq.start, solver=TIGHT)
    np.testing.assert_allclose(again.state, eq.state, atol=1e-9)
    np.testing.assert_allclose(point.critical_beta(y), run.critical_beta, rtol=1e-9)
    np.testing.assert_allclose((point.slowest_rate(), point.fastest_rate()), rates, rtol=2e-3)
    assert (point.exact_gradient(y) - exact).norm <= 1e-10 * exact.norm


def test_unequal_network_beyond_the_dense_size_is_written_down(monkeypatch, rng):
    net = UNEQUAL["own-recurrent"]()
    monkeypatch.setattr("neurodyn.system.fixed_point.DENSE_UNITS", 2)
    eq, y = rested(net, rng)
    assert np.all(eq.status == nd.Status.STABLE)
    assert not FixedPoint.of(net, eq.state, eq.x).large


@pytest.mark.parametrize("name", ["chain-softplus", "own-recurrent"])
def test_critical_beta_is_where_the_nudged_equilibrium_ends(name, rng):
    net = {**RATE, **UNEQUAL}[name]()
    eq, y = rested(net, rng)
    twin = NaiveRate(net)
    for k, beta in enumerate(nd.nudge(net, eq, y).critical_beta):
        if np.isinf(beta):
            continue
        matrix = twin.linearized(eq.x[k], eq.state[k])
        out = np.arange(net.n)[net.outputs]
        matrix[out, out] -= beta * twin.slope(eq.state[k])[out]
        assert np.abs(np.linalg.eigvals(matrix)).min() < 1e-9


# -- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: models.Rate.layered([3, 2, 1], activation="hard-sigmoid"), "'h1'.*strictly increasing.*hard sigmoid"),
        (lambda: models.Rate.layered([3, 2, 1], feedback="rnadom"), "'h1-y': feedback must be a finite factor"),
        (lambda: models.Rate.layered([3, 2, 1], feedback=np.nan), "finite factor"),
        (lambda: models.Rate.layered([3, 2, 1], feedback=True), "finite factor"),
        (lambda: models.Rate.layered([3, 2, 1], feedback={"h1-y": np.ones((2, 1))}), "no connection leads back"),
        (lambda: models.Rate.layered([3, 2, 1], feedback={"y-h1": np.ones((2, 1))}), r"'y-h1'.*shape \(1, 2\)"),
        (lambda: models.Rate.recurrent(3, feedback=0.5), "'s-s' has no direction"),
        (
            lambda: models.Rate.recurrent(2, sparsity=0.5, feedback={"s-s": scipy.sparse.csr_array(np.eye(2))}),
            "'s-s' must have an empty diagonal; unit 0",
        ),
        (
            lambda: models.Rate({"x": {"size": 1, "role": "input"}, "h": 1}, [nd.Connection("x", "h", feedback=0.5)]),
            "'x-h' joins the clamped input",
        ),
        (
            lambda: models.Hopfield({"a": 2, "b": 1}, [nd.Connection("a", "b", feedback="random")]),
            r"'a-b'.*Hopfield energy.*got 'random'.*models\.Rate",
        ),
    ],
)
def test_malformed_network_is_refused(make, message):
    with pytest.raises(nd.ModelError, match=message):
        make()


def test_figure_of_the_energy_needs_one(rng):
    net = UNEQUAL["own-recurrent"]()
    eq, y = rested(net, rng, batch=1)
    with pytest.raises(nd.ModelError, match="this network has no energy, and so no figure of it"):
        plots.plot_energy(nd.experiment(net, eq.x, y))


@pytest.mark.parametrize("name", ["recurrent", "own-recurrent"])
def test_projection_on_the_slowest_modes(name, rng):
    net = {**RATE, **UNEQUAL}[name]()
    eq, _ = rested(net, rng, batch=1)
    path = nd.simulate(net, eq.x, start=eq.start, t_eval=np.linspace(0.0, 400.0, 50), solver=TIGHT)
    if not net.has_energy:
        with pytest.raises(nd.ModelError, match="no orthogonal modes"):
            analysis.project(path, onto="modes")
        return
    matrix = net.jacobian(path.state[-1, 0], eq.x[0]) / net.tau[:, None]
    found = analysis.project(path, onto="modes")
    for axis, rate in zip(found.axes, np.sort(-np.linalg.eigvals(matrix).real), strict=False):
        np.testing.assert_allclose(matrix @ axis, -rate * axis, atol=1e-8)


def test_description_has_the_feedback_only_where_it_is_unusual():
    net = UNEQUAL["some"]()
    described = net.describe()["connections"]
    assert described[0] == "x-h1"
    assert described[1] == dataclasses.asdict(nd.Connection("h1", "h1", feedback="random"))


def test_learning_by_the_exact_gradient_lowers_the_cost(rng):
    net = UNEQUAL["own-feedback"]()
    x, y = draw_input(net, 4, rng), draw_target(net, 4, rng)
    costs = []
    for _ in range(6):
        eq = nd.relax(net, x)
        costs.append(net.cost(eq.state, y).mean())
        step = nd.gradient(net, x, y, method="recurrent-backprop")
        net = net.replace(parameters=Parameters(step.blocks, (net.parameters - 0.5 * step).vector))
    assert np.all(np.diff(costs) < 0)
