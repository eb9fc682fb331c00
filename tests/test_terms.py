"""Networks of each kind of term: the equivalence, estimators, pictures, files; and what each kind is known for."""

import pickle
from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from networks import quick
from neurodyn import analysis, models
from neurodyn.errors import ModelError
from neurodyn.models import terms
from term_networks import NETWORKS, build

TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)
BETAS = 10.0 ** -np.arange(1, 7)
#: Options and the largest relative error of estimators that tend to the exact gradient.
EXACT = {
    "finite-differences": ({}, 1e-8),
    "equilibrium-propagation": ({"beta": 1e-4}, 1e-6),
    "holomorphic": ({"points": 8, "radius": 0.05}, 1e-6),
    "recurrent-backprop": ({}, 1e-8),
    "bptt": ({"step": 0.04, "steps": 2500}, 1e-3),
}
#: Those that are biased, but point to the same side.
BIASED = ("coupled-learning", "contrastive-hebbian", "contrastive-divergence")


def draw(net, batch, seed=3):
    """Inputs and targets."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-1.0, 1.0, (batch, net.n_in)), rng.uniform(-1.0, 1.0, (batch, net.n_out))


@pytest.fixture(scope="module", params=quick(NETWORKS, "log-sum-exp", "convolution"))
def settled(request):
    """Network, inputs, targets, states of rest and the exact gradient."""
    net = NETWORKS[request.param]()
    x, y = draw(net, 2)
    return net, x, y, nd.relax(net, x, solver=TIGHT), nd.gradient(net, x, y, method="implicit", solver=TIGHT)


def test_velocities_tend_to_the_side_network_as_beta_and_as_its_square(settled):
    net, _, y, eq, _ = settled
    assert net.tau.max() / net.tau.min() == pytest.approx(20.0)
    found = analysis.convergence(net, eq, y, betas=BETAS, solver=TIGHT)
    assert found.floor <= 1e-11
    assert found.centered.min() <= 1e-10
    assert abs(found.centered_slope - 2.0) <= 0.1
    assert abs(found.one_sided_slope - 1.0) <= 0.1
    assert found.fit("gradient_centered")[0] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("method", quick(EXACT, "equilibrium-propagation", "recurrent-backprop"))
def test_exact_estimators(settled, method):
    net, x, y, _, exact = settled
    options, bound = EXACT[method]
    found = nd.gradient(net, x, y, method=method, solver=TIGHT, **options)
    assert (found - exact).norm <= bound * exact.norm


@pytest.mark.parametrize("method", BIASED)
def test_biased_estimators(settled, method):
    net, x, y, _, exact = settled
    assert nd.gradient(net, x, y, method=method).cosine(exact) > 0.5


def test_same_bits_in_any_company(settled):
    net, *_ = settled
    x, y = draw(net, 19)
    every = nd.relax(net, x)
    nudged = nd.nudge(net, every, y, t_eval=[0.0, 1.0])
    for k in (0, 18):
        alone = nd.relax(net, x[k])
        assert np.array_equal(alone.state, every.state[k])
        assert alone.energy == every.energy[k]
        assert np.array_equal(nd.nudge(net, alone, y[k], t_eval=[0.0, 1.0]).velocity, nudged.velocity[:, k])


@pytest.mark.slow
def test_portraits(settled):
    net, x, y, *_ = settled
    found = analysis.portrait(net, x[0], y[0], resolution=7)
    assert len(found.fixed_points) >= 1


def test_planes_and_time_scales(settled):
    net, x, y, eq, _ = settled
    plane = analysis.phase_plane(net, x[0], resolution=7)
    assert np.isfinite(plane.velocity).all()
    assert np.isfinite(plane.energy).all()
    several = terms.PhaseCoupling, terms.Spring  # phases rest at any number of turns, and springs can be folded
    if not any(isinstance(term, several) for term in net.terms):
        assert list(analysis.fixed_points(net, x[0]).kind) == ["stable node"]
    assert (analysis.timescales(net, eq, y).ladder.rate > 0.0).all()


def test_files_and_copies(settled, tmp_path):
    net, _, _, eq, _ = settled
    assert pickle.loads(pickle.dumps(net)) == net
    eq.save(tmp_path / "rest.nc")
    assert nd.load(tmp_path / "rest.nc") == eq


def test_moving_input(settled):
    """A sine of no height is the constant input."""
    net, x, *_ = settled
    times = [0.0, 1.0, 5.0]
    still = nd.simulate(net, x, t_eval=times, solver=TIGHT)
    moving = nd.simulate(net, nd.Sine(x, 0.0, 1.0), t_eval=times, solver=TIGHT)
    np.testing.assert_allclose(moving.state, still.state, rtol=1e-9, atol=1e-10)


def test_learning_moves_every_block(settled):
    net, x, y, *_ = settled
    recipe = nd.Recipe(epochs=1, batch_size=2, rates=0.01, method="implicit")
    learned = nd.learn(net, x, y, recipe).network.parameters
    for name, before in net.parameters.items():
        assert not np.array_equal(learned[name], before), name


def test_moving_weights_are_refused(settled):
    net, _, y, eq, _ = settled
    with pytest.raises(ModelError, match="weights that move are for networks whose energy is that of leaks"):
        nd.plastic_phase(net, eq, y, tau_theta=100.0)


# -- predictive coding -------------------------------------------------------------------------------------------------


def perceptron():
    """A network of predictions of ones with tanh, softplus and linear rates."""
    return NETWORKS["prediction"]()


def test_predictions_rest_without_energy_at_the_forward_pass():
    net = perceptron()
    x, _ = draw(net, 5)
    eq = nd.relax(net, x, solver=TIGHT)
    p = net.parameters
    first = x @ p["x-h1"] + p["x-h1.bias"]
    second = np.tanh(first) @ p["h1-h2"] + p["h1-h2.bias"]
    third = np.log1p(np.exp(second)) @ p["h2-y"] + p["h2-y.bias"]
    np.testing.assert_allclose(eq.state, np.concatenate([first, second, third], axis=1), rtol=0, atol=1e-12)
    assert np.all(eq.energy <= 1e-24)
    for hessian in net.hessian(eq.state, x):
        assert np.linalg.eigvalsh(hessian).min() > 0.0


def test_gradient_of_predictions_is_that_of_back_propagation():
    jax = pytest.importorskip("jax", reason="jax is not installed: it comes with the extra [test]")
    net = perceptron()
    x, y = draw(net, 5)

    def cost(p):
        first = x @ p["x-h1"] + p["x-h1.bias"]
        second = jax.numpy.tanh(first) @ p["h1-h2"] + p["h1-h2.bias"]
        output = jax.nn.softplus(second) @ p["h2-y"] + p["h2-y.bias"]
        return 0.5 * jax.numpy.sum((output - y) ** 2) / len(x)

    with jax.enable_x64(True):
        expected = jax.grad(cost)({name: jax.numpy.asarray(value) for name, value in net.parameters.items()})
    found = nd.gradient(net, x, y, method="implicit", solver=TIGHT)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-12)


# -- convolution -------------------------------------------------------------------------------------------------------


def written_out(net):
    """The same network with a full matrix in place of each convolution: columns are the response to one pixel."""
    found, weights = [], {}
    for term, attached in zip(net.own_terms, net.attached, strict=True):
        a, b = term.populations
        matrix = np.zeros((net.graph[a].size, net.graph[b].size))
        units = net.n + net.n_in
        places = {name: attached.place[3 * k] for k, name in enumerate((a, b))}
        for i in range(len(matrix)):
            r = np.zeros((units, 1))
            r[places[a] + i] = 1.0
            matrix[i] = -attached.gradient((r, r))[1][places[b] : places[b] + matrix.shape[1], 0]
        found.append(terms.Bilinear(a, b))
        weights[f"{a}-{b}"] = matrix
    others = [term for term in net.terms if term not in net.own_terms]
    dense = models.EnergyNetwork(net.populations, [*others, *found], tau=net.tau)
    return dense.replace(parameters={n: v for n, v in net.parameters.items() if n not in weights} | weights)


def test_convolution_is_the_network_with_its_weights_written_out():
    net = NETWORKS["convolution"]()
    dense = written_out(net)
    x, y = draw(net, 3)
    eq, same = nd.relax(net, x, solver=TIGHT), nd.relax(dense, x, solver=TIGHT)
    np.testing.assert_allclose(eq.state, same.state, rtol=0, atol=1e-14)
    np.testing.assert_allclose(eq.energy, same.energy, rtol=0, atol=1e-14)
    np.testing.assert_allclose(net.hessian(eq.state, x), dense.hessian(eq.state, x), rtol=0, atol=1e-14)
    run = nd.nudge(net, eq, y, beta=1e-3, t_eval=[0.0, 1.0, 3.0], solver=TIGHT)
    other = nd.nudge(dense, same, y, beta=1e-3, t_eval=[0.0, 1.0, 3.0], solver=TIGHT)
    np.testing.assert_allclose(run.velocity, other.velocity, rtol=0, atol=1e-12)


def test_convolution_says_what_does_not_fit():
    populations = {"x": {"size": 36, "role": "input"}, "h": 8}
    fields: dict[str, Any] = {"size_in": (6, 6), "channels": 2, "kernel": 3, "pool": 2}
    with pytest.raises(ModelError, match=r"joins two populations of 36 and 18 units; got \(36, 8\)"):
        build(populations, [terms.Leak(), terms.Convolution("x", "h", **(fields | {"padding": 1}))])
    with pytest.raises(ModelError, match="must be whole squares of 3"):
        build(populations, [terms.Leak(), terms.Convolution("x", "h", **(fields | {"pool": 3}))])
    with pytest.raises(ModelError, match="`kernel` must be a whole number >= 1; got 0"):
        terms.Convolution("x", "h", **(fields | {"kernel": 0}))


# -- resistors ---------------------------------------------------------------------------------------------------------


def test_kirchhoffs_law_and_power():
    """At rest the currents into each free node cancel, and all resistors dissipate 2E."""
    net = NETWORKS["resistor"]()
    x, _ = draw(net, 4)
    eq = nd.relax(net, x, solver=TIGHT)
    voltages = dict(zip("aby", np.split(eq.state, [5, 10], axis=1), strict=True)) | {"x": x}
    currents = {name: np.zeros_like(v) for name, v in voltages.items()}
    power = np.zeros(4)
    for name, g in net.parameters.items():
        first, second = name.split("-")
        drop = voltages[first][:, :, None] - voltages[second][:, None, :]
        share = 0.5 if first == second else 1.0  # where each resistor is met from both ends
        currents[first] -= share * (g * drop).sum(axis=2)
        currents[second] += share * (g * drop).sum(axis=1)
        power += share * (g * drop**2).sum(axis=(1, 2))
    for name in "aby":
        assert np.abs(currents[name]).max() <= 1e-12
    np.testing.assert_allclose(power, 2.0 * eq.energy, rtol=1e-13)


@pytest.mark.parametrize(
    ("method", "options"), [("equilibrium-propagation", {"beta": 1e-2}), ("coupled-learning", {"eta": 1e-2})]
)
def test_resistors_learn_a_linear_regression(method, options):
    """y = 0.3 a - 0.5 b of voltages ±a, ±b and a ground; conductances stay positive."""
    rng = np.random.default_rng(0)
    a, b = rng.uniform(-1.0, 1.0, (2, 8))
    x, y = np.stack([a, b, -a, -b, 0.0 * a], axis=1), (0.3 * a - 0.5 * b)[:, None]
    nodes = {"x": {"size": 5, "role": "input"}, "h": {"size": 2, "activation": "linear"}}
    nodes |= {"y": {"size": 1, "role": "output", "activation": "linear"}}
    net = models.EnergyNetwork(nodes, [terms.Resistor("x", "h"), terms.Resistor("h", "y"), terms.Resistor("x", "y")])
    before = np.mean((nd.relax(net, x).state[:, net.outputs] - y) ** 2)
    for _ in range(50):
        gradient = nd.gradient(net, x, y, method=method, solver=nd.Solver(rtol=1e-6, atol=1e-9), **options)
        moved = net.parameters - 4.0 * gradient
        net = net.replace(parameters={name: np.maximum(value, 1e-3) for name, value in moved.items()})
    after = np.mean((nd.relax(net, x).state[:, net.outputs] - y) ** 2)
    assert before > 0.1
    assert after < 1e-4 * before


def test_diodes_let_current_through_one_way():
    nodes = {"x": {"size": 2, "role": "input"}, "h": {"size": 1, "activation": "linear"}}
    nodes |= {"y": {"size": 1, "role": "output", "activation": "linear"}}
    found = [terms.Resistor("x", "h"), terms.Resistor("y", "x"), terms.Diode("h", "y", 1e-3, 0.05)]
    net = models.EnergyNetwork(nodes, found).replace(
        parameters={"x-h": np.array([[1.0], [0.0]]), "y-x": np.array([[0.0, 1.0]])}
    )
    forward, backward = (nd.relax(net, x, solver=TIGHT).state for x in ([1.0, 0.0], [0.0, 1.0]))
    drop = forward[0] - forward[1]
    assert 1.0 - forward[0] == pytest.approx(1e-3 * np.expm1(drop / 0.05), rel=1e-10)  # the current of both branches
    assert 1.0 - forward[0] > 0.3
    assert backward[0] == pytest.approx(1e-3, rel=1e-5)  # the saturation current, through 1 ohm


# -- dense memory ------------------------------------------------------------------------------------------------------


def test_log_sum_exp_stores_500_patterns_in_64_units_and_hopfields_energy_8():
    """From each pattern with a quarter of its signs flipped the flow goes to the stored pattern that is nearest to it.

    That is the one that it was made of, but for some 2 in 100 which by chance are as near to another. All 500 are
    states of rest; the first 100 are recalled.
    """
    rng = np.random.default_rng(0)
    patterns = rng.choice([-1.0, 1.0], (500, 64))
    flipped = patterns * (1.0 - 2.0 * (np.argsort(rng.random((500, 64)), axis=1) < 16))
    overlaps = flipped @ patterns.T
    own = overlaps[np.arange(500), np.arange(500)]
    others = np.where(np.eye(500, dtype=bool), -64.0, overlaps).max(axis=1)
    found = [terms.Leak(), terms.LogSumExp("s", memories=500, sharpness=1.0)]
    net = models.EnergyNetwork({"s": {"size": 64, "activation": "linear"}}, found)
    net = net.replace(parameters={"s.memories": patterns})
    recalled = nd.relax(net, None, start=flipped[:100], solver=nd.Solver(rtol=1e-4, atol=1e-6)).state
    nearest = own > others
    assert nearest.mean() > 0.97
    assert np.abs(recalled - patterns[:100])[nearest[:100]].max() < 1e-6
    assert np.abs(net.force(patterns)).max() < 1e-6


def test_the_librarys_memory_recalls_its_letters():
    model = models.read("dense-memory")
    letters = model.network.parameters["s.memories"][[9, 10, 25]]  # J, K, Z
    assert np.array_equal((np.sign(model.start) != letters).sum(axis=1), [4, 4, 4])
    np.testing.assert_allclose(nd.relax(model.network, None, start=model.start).state, letters, rtol=0, atol=1e-5)


def test_hopfields_energy_forgets_them():
    """With the outer-product rule 0.138 n, some 8, patterns of 64 units can be stored, and none of 500."""
    rng = np.random.default_rng(0)
    for count, recalled in ((8, True), (500, False)):
        patterns = rng.choice([-1.0, 1.0], (count, 64))
        weights = patterns.T @ patterns / 64
        np.fill_diagonal(weights, 0.0)
        net = models.Hopfield({"s": {"size": 64, "activation": "tanh"}}, ["s-s"])
        net = net.replace(parameters={"s-s": 4.0 * weights})
        states = nd.relax(net, None, start=patterns[:20], t_max=1000.0, on_failure="return").state
        overlap = np.mean(np.sign(states) * patterns[:20], axis=1)
        assert np.all(overlap > 0.9) if recalled else np.all(overlap < 0.9)


# -- oscillators -------------------------------------------------------------------------------------------------------


def test_two_oscillators_fall_in_step_as_kuramoto_says():
    """The difference δ of their phases: dδ/dt = −2 J sin δ, so tan(δ/2) falls as exp(−2 J t)."""
    net = models.EnergyNetwork({"s": {"size": 2, "activation": "linear"}}, [terms.PhaseCoupling("s", "s")])
    net = net.replace(parameters={"s-s": np.array([[0.0, 0.5], [0.5, 0.0]])})
    t = np.linspace(0.0, 5.0, 6)
    state = nd.simulate(net, start=[0.4, 2.9], t_eval=t, solver=TIGHT).state
    np.testing.assert_allclose(np.tan((state[:, 1] - state[:, 0]) / 2.0), np.tan(1.25) * np.exp(-t), rtol=1e-10)
    np.testing.assert_allclose(state.sum(axis=1), 3.3, rtol=1e-12)  # what one turns forward, the other turns back


def test_oscillators_say_what_does_not_fit():
    with pytest.raises(ModelError, match="`angle` must be a finite number; got nan"):
        terms.PhaseField("x", "h", angle=float("nan"))
    with pytest.raises(ModelError, match="population 'x' is the input"):
        build({"x": {"size": 2, "role": "input"}, "h": 2}, [terms.PhaseField("h", "x")])


@pytest.mark.parametrize("kind", [terms.Leak, terms.Bias, lambda names: terms.RecurrentPrediction("x", names)])
def test_names_may_be_a_list(kind):
    assert kind(["h1", "h2"]) == kind(("h1", "h2"))
    with pytest.raises(nd.ModelError, match="`names` must be names of populations; got 3"):
        kind(3)


def test_one_name_is_no_list_of_letters():
    kind: Any = terms.Leak
    assert kind("h1").populations == ("h1",)
