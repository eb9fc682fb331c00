"""Automatic differentiation of the definitions of terms confirms their primitives, and what networks make of them.

Energies of one sample stand here once more, in JAX and float64, as functions of parameters, states and rates.
"""

import numpy as np
import pytest

from networks import quick
from neurodyn.models import terms
from term_networks import NETWORKS

jax = pytest.importorskip("jax", reason="jax is not installed: it comes with the extra [test]")
jnp = jax.numpy

RHO = {"tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus, "linear": lambda s: s}


def assert_close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.fixture(autouse=True)
def _double():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def leak(term, net, theta, s, r):
    return sum(0.5 * jnp.sum(s[name] ** 2) for name in term.over(net.graph))


def bias(term, net, theta, s, r):
    return -sum(theta[name] @ r[name] for name in term.over(net.graph))


def bilinear(term, net, theta, s, r):
    a, b = term.first, term.second
    if a != b:
        return -r[a] @ theta[f"{a}-{b}"].reshape(len(r[a]), -1) @ r[b]
    rows, columns = np.triu_indices(len(r[a]), 1)
    return -jnp.sum(theta[f"{a}-{b}"] * r[a][rows] * r[a][columns])


def convolution(term, net, theta, s, r):
    image = r[term.first].reshape(1, term.channels_in, *term.size_in)
    padding = [(term.padding, term.padding)] * 2
    w = theta[f"{term.first}-{term.second}"].reshape(term.channels, term.channels_in, term.kernel, term.kernel)
    filtered = jax.lax.conv_general_dilated(image, w.astype(image.dtype), (1, 1), padding)[0]
    (h, w), p = term.size, term.pool
    pooled = filtered.reshape(term.channels, h, p, w, p).mean(axis=(2, 4))
    return -jnp.sum(pooled.ravel() * r[term.second])


def prediction(term, net, theta, s, r):
    name = f"{term.first}-{term.second}"
    w = theta[name].reshape(len(r[term.first]), -1)
    skipped = s[term.skip] if term.skip else 0.0
    return 0.5 * jnp.sum((s[term.second] - skipped - r[term.first] @ w - theta[f"{name}.bias"]) ** 2) / term.sigma**2


def recurrent_prediction(term, net, theta, s, r):
    (first, second), parts = term.names[:2], jnp.split(r[term.input], len(term.names))
    u, w = theta[f"{term.input}-{first}"].reshape(len(parts[0]), -1), theta[f"{first}-{second}"]
    w, total, before = w.reshape(len(s[first]), -1), 0.0, 0.0
    for name, part in zip(term.names, parts, strict=True):
        total += 0.5 * jnp.sum((s[name] - before - part @ u - theta[f"{first}-{second}.bias"]) ** 2)
        before = r[name] @ w
    return total


def resistor(term, net, theta, s, r):
    a, b = term.first, term.second
    difference = s[a][:, None] - s[b][None, :]
    if a == b:
        difference = difference[np.triu_indices(len(s[a]), 1)]
    return 0.5 * jnp.sum(theta[f"{a}-{b}"] * difference.ravel() ** 2)


def diode(term, net, theta, s, r):
    d = s.get(term.anode, 0.0) - s.get(term.cathode, 0.0)
    return term.saturation * jnp.sum(term.thermal * jnp.exp(d / term.thermal) - d)


def spring(term, net, theta, s, r):
    moved = jnp.concatenate([s[name] for name in term.names]).reshape(-1, 2) + jnp.array(term.places)
    ends, name = np.array(term.bonds), "-".join(term.names)
    length = jnp.sqrt(jnp.sum((moved[ends[:, 0]] - moved[ends[:, 1]]) ** 2, axis=1))
    return 0.5 * jnp.sum(jnp.exp(theta[f"{name}.log_stiffness"]) * (length - theta[f"{name}.length"]) ** 2)


def log_sum_exp(term, net, theta, s, r):
    overlap = theta[f"{term.population}.memories"].reshape(term.memories, -1) @ s[term.population]
    return -jnp.log(jnp.sum(jnp.exp(term.sharpness * overlap))) / term.sharpness


def phase_coupling(term, net, theta, s, r):
    a, b = term.first, term.second
    closeness = jnp.cos(s[a][:, None] - s[b][None, :])
    if a == b:
        closeness = closeness[np.triu_indices(len(s[a]), 1)]
    return -theta[f"{a}-{b}"] @ closeness.ravel()


def phase_field(term, net, theta, s, r):
    a, b = term.first, term.second
    return -r[a] @ theta[f"{a}-{b}"].reshape(len(r[a]), -1) @ jnp.cos(s[b] - term.angle)


def phase_bias(term, net, theta, s, r):
    turned = s[term.population] - term.angle
    return -theta[f"{term.population}.fields"] @ jnp.cos(turned) - term.sync / 2 * jnp.sum(jnp.cos(2 * turned))


ENERGIES = {
    terms.Leak: leak,
    terms.Bias: bias,
    terms.Bilinear: bilinear,
    terms.Convolution: convolution,
    terms.Prediction: prediction,
    terms.RecurrentPrediction: recurrent_prediction,
    terms.Resistor: resistor,
    terms.Diode: diode,
    terms.LogSumExp: log_sum_exp,
    terms.PhaseCoupling: phase_coupling,
    terms.PhaseField: phase_field,
    terms.PhaseBias: phase_bias,
    terms.Spring: spring,
}


class Definition:
    """Energies as functions of the flat parameter vector, and of the states and rates of all units."""

    def __init__(self, net):
        self.net, graph = net, net.graph
        order = [*graph.free, *([graph.input] if graph.input else [])]
        starts = np.cumsum([0, *(p.size for p in order)])
        self.places = {p.name: slice(a, a + p.size) for p, a in zip(order, starts, strict=False)}
        ends = np.cumsum([b.size for b in net.parameters.blocks])
        self.blocks = {b.name: slice(end - b.size, end) for b, end in zip(net.parameters.blocks, ends, strict=True)}

    def term(self, term, theta, s, r):
        """V as a function of the parameters of a term alone, flat."""
        flat, start = {}, 0
        for block in term.blocks(self.net.graph):
            flat[block.name] = theta[start : start + block.size]
            start += block.size
        return self.value(term, flat, s, r)

    def value(self, term, theta, s, r):
        energy = next(energy for kind, energy in ENERGIES.items() if isinstance(term, kind))
        states, rates = ({name: values[where] for name, where in self.places.items()} for values in (s, r))
        return energy(term, self.net, theta, states, rates)

    def energy(self, theta, s, x):
        every = jnp.concatenate([s, x])
        kinds = {p.name: p.activation for p in self.net.graph.populations}
        rates = jnp.concatenate([RHO[kinds[name]](every[where]) for name, where in self.places.items()])
        blocks = {name: theta[where] for name, where in self.blocks.items()}
        return sum(self.value(term, blocks, every, rates) for term in self.net.terms)


@pytest.fixture(params=quick(NETWORKS, "hopfield", "log-sum-exp"))
def net(request):
    return NETWORKS[request.param]()


def test_every_term_is_here():
    found = {type(term) for build in NETWORKS.values() for term in build().terms}
    for name in set(terms.__all__) - {"Own", "Pair", "PairForce", "Unit", "UnitForce"}:  # those of text and functions
        assert any(issubclass(kind, getattr(terms, name)) for kind in found), name
        assert getattr(terms, name) in ENERGIES


def test_primitives_of_each_term(net, rng):
    """At states and rates that know nothing of each other: values, first and second derivatives, mixed ones."""
    definition, units = Definition(net), net.n + net.n_in
    free = np.arange(units) < net.n
    s, r, v_s, v_r = rng.normal(size=(4, units, 3))
    v_s[~free] = v_r[~free] = 0.0
    for attached in net.attached:

        def value(theta, s, r, term=attached.term):
            return definition.term(term, theta, s, r)

        theta = jnp.asarray(attached.theta[: attached.parameters])
        by = jax.grad(value, argnums=(0, 1, 2))
        along = jax.jit(lambda at, v, theta=theta, by=by: jax.jvp(lambda *at: by(theta, *at), at, v))
        columns = [(s[:, j], r[:, j]) for j in range(3)]
        pairs = [along(at, (v_s[:, j], v_r[:, j])) for j, at in enumerate(columns)]
        first, second = zip(*pairs, strict=True)
        assert_close(attached.energy((s, r)), [value(theta, *at) for at in columns])
        for found, expected in ((attached.gradient((s, r)), first), (attached.curve((s, r), (v_s, v_r)), second)):
            for k in range(2):
                derivative = np.stack([column[1 + k] for column in expected], axis=1)
                assert_close(found[k][free], derivative[free])
        if attached.parameters:
            assert_close(attached.parameter_gradient((s, r)), sum(g[0] for g in first))
            assert_close(attached.mixed((s, r), (v_s, v_r)), sum(g[0] for g in second))


@pytest.mark.parametrize("net", quick(NETWORKS, "log-sum-exp"), indirect=True)
def test_complex_primitives_of_each_term(net, rng):
    """They are analytic continuations of the real ones."""
    definition, units = Definition(net), net.n + net.n_in
    free = np.arange(units) < net.n
    s, r, v_s, v_r = rng.normal(size=(4, units, 1)) + 0.3j * rng.normal(size=(4, units, 1))
    v_s[~free] = v_r[~free] = 0.0
    for attached in net.attached:

        def value(theta, s, r, term=attached.term):
            return definition.term(term, theta, s, r)

        theta, at = jnp.asarray(attached.theta[: attached.parameters], dtype=complex), (s[:, 0], r[:, 0])
        by = jax.grad(value, argnums=(0, 1, 2), holomorphic=True)
        first = by(theta, *at)
        second = jax.jvp(lambda *at: by(theta, *at), at, (v_s[:, 0], v_r[:, 0]))[1]  # noqa: B023
        for found, expected in (
            (attached.complex_gradient((s, r)), first),
            (attached.complex_curve((s, r), (v_s, v_r)), second),
        ):
            for k in range(2):
                assert_close(found[k][free, 0], np.asarray(expected[1 + k])[free])
        if attached.parameters:
            assert_close(attached.complex_parameter_gradient((s, r)), first[0])


@pytest.mark.slow
def test_networks_of_them(net, rng):
    """Energy, force, products with the Jacobian, Hessian, parameter gradient: by the chain rule through the rates."""
    definition, theta = Definition(net), jnp.asarray(net.parameters.vector)
    x, s, v = rng.normal(size=(3, net.n_in)), rng.normal(size=(3, net.n)), rng.normal(size=(3, net.n))
    energy = definition.energy
    values = [energy(theta, s[j], x[j]) for j in range(3)]
    forces = [-jax.grad(energy, argnums=1)(theta, s[j], x[j]) for j in range(3)]
    hessians = np.stack([jax.hessian(energy, argnums=1)(theta, s[j], x[j]) for j in range(3)])
    products = np.einsum("bij,bj->bi", hessians, v)
    gradient = sum(jax.grad(energy)(theta, s[j], x[j]) for j in range(3)) / 3
    assert_close(net.energy(s, x), values)
    assert_close(net.force(s, x), forces)
    assert_close(net.hessian(s, x), hessians)
    assert_close(net.jvp(s, v, x), products)
    assert_close(net.vjp(s, v, x), products)
    assert_close(net.energy_gradient(s, x).vector, gradient)
