"""Energies and forces of a user's own, from one line of text: both phases, gradients, derivatives against JAX."""

import dataclasses
import json
import pickle

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis import plots
from neurodyn.errors import ModelError
from neurodyn.models import terms
from neurodyn.system.constants import free_rows
from neurodyn.system.term import Term
from term_networks import POPULATIONS, force_net

jax = pytest.importorskip("jax")
jnp = jax.numpy


def test_coupled_oscillators_from_text_to_figures_and_a_gradient():
    oscillators = models.EnergyNetwork(
        {"x": {"size": 2, "role": "input"}, "h": 5, "y": {"size": 2, "role": "output"}},
        [
            terms.Pair("x", "h", "-w*cos(a - b)"),
            terms.Pair("h", "h", "-K*w*cos(a - b)", K=0.5),
            terms.Pair("h", "y", "-w*cos(a - b)"),
            *(terms.Unit(name, "-cos(s)") for name in ("h", "y")),
        ],
        tau=np.geomspace(0.3, 6.0, 7),
        seed=2,
    )
    x, y = np.array([0.4, -0.7]), np.array([0.5, -0.2])
    equilibrium = nd.relax(oscillators, x)
    run = nd.nudge(oscillators, equilibrium, y)
    side = nd.side_network(oscillators, equilibrium, y, t_eval=run.t)
    figures = [*plots.plot_phases(oscillators, equilibrium, run), *plots.plot_error_signals(run, side)]
    gradient = nd.gradient(oscillators, x, y)
    assert all(axes.lines for axes in figures)
    assert analysis.compare(run, side).max_relative_error < 1e-5
    assert gradient.cosine(nd.gradient(oscillators, x, y, method="finite-differences")) > 1.0 - 1e-9


def test_quartic_wells_from_text_to_figures_and_a_gradient():
    wells = models.EnergyNetwork(
        {"x": {"size": 1, "role": "input"}, "h": 4, "y": {"size": 2, "role": "output"}},
        [
            terms.Bias(),
            terms.Bilinear("x", "h"),
            terms.Bilinear("h", "y"),
            *(terms.Unit(name, "k*(s**4/4 - s**2/2)", k=1.0) for name in ("h", "y")),
        ],
        tau=np.geomspace(0.3, 6.0, 6),
    )
    equilibrium = nd.relax(wells, [0.8], start=np.full(6, 0.3))
    run = nd.nudge(wells, equilibrium, [1.0, -1.0])
    side = nd.side_network(wells, equilibrium, [1.0, -1.0], t_eval=run.t)
    figures = [*plots.plot_phases(wells, equilibrium, run), *plots.plot_error_signals(run, side)]
    gradient = nd.gradient(wells, [0.8], [1.0, -1.0], start=np.full(6, 0.3))
    assert np.all(np.abs(equilibrium.state) > 0.5)  # each in one of its wells
    assert all(axes.lines for axes in figures)
    assert analysis.compare(run, side).max_relative_error < 1e-5
    assert gradient.norm > 0.0


# -- against JAX ---------------------------------------------------------------------------------------------------

H, Y = slice(0, 4), slice(4, 7)
UPPER = np.triu_indices(4, 1)
OFF = ~np.eye(4, dtype=bool)


def energy_net():
    found = [
        terms.Leak(("h",)),
        terms.Unit("y", "k*s**4/4 + log(cosh(s))", k=0.5),
        terms.Unit("h", "k*s**p/2", k=0.1, p=2.0),
        terms.Pair("x", "h", "-w*a*sin(b)"),
        terms.Pair("h", "h", "K*w**2*a*tanh(b)", K=0.3),
        terms.Pair("h", "y", "softplus(w*a*b)*c", c=0.4),
        terms.Pair("y", "h", "-a*tanh(b)*v", v=0.2),
    ]
    return models.EnergyNetwork(POPULATIONS, found, tau=np.geomspace(0.3, 6.0, 7), seed=5)


def jax_energy(parts, s, x):
    """The energy of `energy_net` by hand."""
    h, y = s[H], s[Y]
    e = 0.5 * h @ h + jnp.sum(0.5 * y**4 / 4 + jnp.logaddexp(y, -y) - jnp.log(2.0)) + 0.05 * h @ h
    e -= jnp.sum(parts["x-h"] * jnp.outer(x, jnp.sin(h)))
    e += 0.3 * jnp.sum((parts["h-h"] ** 2 * jnp.outer(h, jnp.tanh(h)))[UPPER])
    e += 0.4 * jnp.sum(jax.nn.softplus(parts["h-y"] * jnp.outer(h, y)))
    return e - 0.2 * jnp.sum(jnp.outer(y, jnp.tanh(h)))


def jax_force(parts, s, x):
    """The force of `force_net` by hand."""
    h, y = s[H], s[Y]
    onto = parts["h-from-h"] * jnp.sin(h[None, :] - h[:, None] - 0.3)
    on_h = -h + h - h**3 + parts["h-from-x"] @ jnp.tanh(x) + 0.5 * jnp.sum(onto, axis=1) + 0.3 * jnp.sum(jnp.tanh(y))
    return jnp.concatenate([on_h, -y + jnp.sum(parts["y-from-h"] * h[None, :] / (1 + y[:, None] ** 2), axis=1)])


def packed(net, parts):
    """Derivatives by full matrices as the vector of the parameters, which holds each pair's weight once."""
    found = []
    for block in net.parameters.blocks:
        value = np.asarray(parts[block.name])
        if block.symmetric:
            found.append((value + value.T)[UPPER])
        else:
            found.append(value[OFF] if block.hollow else value.ravel())
    return np.concatenate(found)


def values(net):
    return {name: np.asarray(net.parameters[name]) for name in net.parameters}


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.fixture
def double():
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        yield


@pytest.mark.slow
def test_energies_and_all_derivatives_are_those_of_jax(double, rng):
    net = energy_net()
    s, x, v = rng.normal(size=7), rng.normal(size=2), rng.normal(size=7)
    parts = values(net)
    by_state = jax.grad(jax_energy, 1)
    hessian = jax.hessian(jax_energy, 1)(parts, s, x)
    close(net.energy(s, x), jax_energy(parts, s, x))
    close(net.force(s, x), -by_state(parts, s, x))
    close(net.hessian(s, x), hessian)
    close(net.jvp(s, v, x), hessian @ v)
    close(net.vjp(s, v, x), hessian @ v)
    close(net.energy_gradient(s, x).vector, packed(net, jax.grad(jax_energy)(parts, s, x)))
    mixed = jax.grad(lambda p: by_state(p, s, x) @ v)(parts)
    close(mixed_product(net, s, x, v), packed(net, mixed))


def mixed_product(net, s, x, v):
    """d/dtheta of minus the force, times v."""
    from neurodyn.system.parameter_gradient import mixed_product as product

    local = net.local(s[:, None], free_rows(net, x[None], 1))
    return product(net, local, (v[:, None], local.slope * v[:, None]), x[None]).vector


def test_forces_and_all_derivatives_are_those_of_jax(double, rng):
    net = force_net()
    s, x, v = rng.normal(size=7), rng.normal(size=2), rng.normal(size=7)
    parts = values(net)
    jacobian = jax.jacobian(jax_force, 1)(parts, s, x)
    close(net.force(s, x), jax_force(parts, s, x))
    close(net.jacobian(s, x), jacobian)
    close(net.jvp(s, v, x), -jacobian @ v)
    close(net.vjp(s, v, x), -jacobian.T @ v)
    close(mixed_product(net, s, x, v), -packed(net, jax.grad(lambda p: jax_force(p, s, x) @ v)(parts)))


def test_gradients_of_a_force_without_an_energy(double, rng):
    net, x, y = force_net(), rng.normal(size=2), rng.normal(size=3)
    rest = nd.relax(net, x, tol=1e-12)
    parts = values(net)
    jacobian = np.asarray(jax.jacobian(jax_force, 1)(parts, rest.state, x))
    error = np.concatenate([np.zeros(4), rest.state[Y] - y])
    adjoint = np.linalg.solve(jacobian.T, -error)
    exact = packed(net, jax.grad(lambda p: jax_force(p, rest.state, x) @ adjoint)(parts))
    np.testing.assert_allclose(nd.gradient(net, x, y, method="implicit").vector, exact, rtol=1e-9, atol=1e-11)
    recurrent = nd.gradient(net, x, y, method="recurrent-backprop")
    np.testing.assert_allclose(recurrent.vector, exact, rtol=1e-6, atol=1e-8)
    differences = nd.gradient(net, x, y, method="finite-differences")
    np.testing.assert_allclose(differences.vector, exact, rtol=1e-4, atol=1e-7)


def test_what_needs_an_energy_is_refused_in_a_sentence():
    net = force_net()
    assert not net.has_energy
    for method in (net.energy, net.hessian, net.energy_gradient):
        with pytest.raises(ModelError, match=r"no energy.*: UnitForce\('h', 's - s\*\*3'\) is a force without one"):
            method(np.zeros(7), np.zeros(2))


@pytest.mark.slow  # on fewer terms in test_coupled_oscillators_from_text_to_figures_and_a_gradient
@pytest.mark.parametrize("scheme", ["positive", "centered"])
def test_velocities_are_the_error_signals_to_the_order_of_the_nudging(scheme, rng):
    net = energy_net()
    x, y = rng.normal(size=2), rng.normal(size=3)
    rest, errors, betas = nd.relax(net, x, tol=1e-13), [], (0.1, 0.03, 0.01)
    solver = nd.Solver(rtol=1e-12, atol=1e-14)
    for beta in betas:
        run = nd.nudge(net, rest, y, beta=beta, nudging=scheme, solver=solver)
        side = nd.side_network(net, rest, y, t_eval=run.t, solver=solver)
        errors.append(analysis.compare(run, side).max_relative_error)
    order = np.polyfit(np.log(betas), np.log(errors), 1)[0]
    assert order == pytest.approx(2.0 if scheme == "centered" else 1.0, abs=0.1)


def test_velocities_are_the_error_signals_to_rounding(rng):
    net, solver = energy_net(), nd.Solver(rtol=1e-13, atol=1e-15)
    x, y = rng.normal(size=2), rng.normal(size=3)
    rest = nd.relax(net, x, tol=1e-14)
    run = nd.nudge(net, rest, y, beta=1e-6, solver=solver)
    side = nd.side_network(net, rest, y, t_eval=run.t, solver=solver)
    assert analysis.compare(run, side).max_relative_error < 1e-10


# -- as data -------------------------------------------------------------------------------------------------------

EVERY = [
    terms.Unit("h", "k*s**2", k=2.0),
    terms.UnitForce("h", "s - s**3"),
    terms.Pair("h", "y", "-w*a*b*K", K=0.5, name="bonds"),
    terms.Pair("h", "h", "-cos(a - b)"),
    terms.PairForce("h", "x", "w*tanh(b)"),
]


@pytest.mark.parametrize("term", EVERY, ids=lambda t: t.kind)
def test_terms_are_plain_data(term):
    described = json.loads(json.dumps(term.describe()))
    assert Term.read(described) == term == pickle.loads(pickle.dumps(term))
    assert hash(Term.read(described)) == hash(term)
    assert eval(repr(term), vars(terms)) == term


@pytest.mark.parametrize("make", [energy_net, force_net])
def test_networks_are_plain_data(make):
    net = make()
    net.force(np.zeros(7), np.zeros(2))
    assert pickle.loads(pickle.dumps(net)) == net


def test_terms_in_a_model_file(tmp_path):
    text = """
    model = "terms"
    [populations.h]
    size = 4
    [populations.y]
    size = 3
    role = "output"
    [[terms]]
    term = "leak"
    [[terms]]
    term = "pair"
    first = "h"
    second = "y"
    expression = "-K*w*a*sin(b)"
    constants = {K = 0.5}
    [[terms]]
    term = "unit-force"
    population = "h"
    expression = "s - k*s**3"
    constants = {k = 1}
    """
    (tmp_path / "m.toml").write_text(text)
    found = models.read(tmp_path / "m.toml", overrides=["terms.1.constants.K=0.25"]).network
    assert isinstance(found, models.EnergyNetwork)
    assert found.terms[1:] == (terms.Pair("h", "y", "-K*w*a*sin(b)", K=0.25), terms.UnitForce("h", "s - k*s**3", k=1))
    with pytest.raises(ModelError, match=r"cannot set 'terms.1.constants.k': unknown key 'k'; allowed: K"):
        models.read(tmp_path / "m.toml", overrides=["terms.1.constants.k=0.25"])
    (tmp_path / "m.toml").write_text(text.replace("sin(b)", "sin(q)"))
    with pytest.raises(ModelError, match=r"terms\.1: unknown symbol 'q' in '-K\*w\*a\*sin\(q\)': symbols are a, b, w"):
        models.read(tmp_path / "m.toml")
    (tmp_path / "m.toml").write_text(text.replace("k = 1", 'k = "1"').replace('first = "h"', "name = 3"))
    with pytest.raises(ModelError) as caught:
        models.read(tmp_path / "m.toml")
    for fault in (
        "terms.1.first: is missing",
        "terms.1.name: must be a text; got 3",
        "terms.2.constants: must be a table, each value a finite number; got {'k': '1'}",
    ):
        assert fault in str(caught.value)


# -- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: terms.Unit("h", "s*q"), "unknown symbol 'q' in 's*q'"),
        (lambda: terms.Unit("h", "k*s", constants={"k": 1.0}, k=2.0), "the constant 'k' is given twice"),
        (lambda: terms.Unit("h", "s", k=2.0), "the constant 'k' is not in 's'"),
        (lambda: terms.Pair("h", "y", "__import__('os')"), "strings are not allowed"),
        (lambda: terms.Pair("h", "y", "a*a"), "must depend on 'b'"),
        (lambda: terms.Pair("h", "y", "a*b", name="bonds"), "`name` is that of the weights w"),
    ],
)
def test_a_term_that_makes_no_sense_is_refused_when_it_is_made(make, fault):
    with pytest.raises(ModelError) as caught:
        make()
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("term", "fault"),
    [
        (terms.Unit("q", "s**2"), "Unit('q', 's**2'): unknown population 'q'; allowed: x, h, y"),
        (terms.Unit("x", "s**2"), "population 'x' is the input, whose units are clamped"),
        (terms.UnitForce("x", "s**2"), "population 'x' is the input, whose units are clamped"),
        (terms.PairForce("x", "h", "a*b"), "population 'x' is the input, whose units are clamped"),
        (terms.Pair("x", "x", "a*b"), "population 'x' is the input, whose units are clamped"),
        (terms.Pair("h", "y", "a*b*w"), "parameters 'h-y' belong to two terms: give one of them another `name`"),
    ],
)
def test_a_term_that_does_not_fit_the_graph_is_refused(term, fault):
    with pytest.raises(ModelError) as caught:
        models.EnergyNetwork(POPULATIONS, [terms.Bilinear("h", "y"), term])
    assert fault in str(caught.value)


def test_terms_of_states_are_no_part_of_an_energy_of_rates():
    with pytest.raises(ModelError, match="is a function of states"):
        models.EnergyNetwork(POPULATIONS, [terms.Leak(), terms.Unit("h", "s**2")], energy_of="rates")


def test_complex_nudging_refuses_corners():
    net = models.EnergyNetwork(POPULATIONS, [terms.Leak(), terms.Unit("h", "abs(s)**3")])
    with pytest.raises(ModelError, match=r"Unit\('h', 'abs\(s\)\*\*3'\) has no meaning for complex states"):
        nd.gradient(net, np.zeros(2), np.zeros(3), method="holomorphic")


def test_every_kind_of_text_term_is_here():
    from neurodyn.models.terms.from_text import FromText

    assert {type(term) for term in EVERY} >= {kind for kind in Term.kinds.values() if issubclass(kind, FromText)}
    assert all(dataclasses.is_dataclass(term) for term in EVERY)
