"""Automatic differentiation of the definitions confirms the implicit gradient and back-propagation through time.

Energies, flows and costs stand here once more, in JAX and float64, as the page of conventions has them; every
derivative is JAX's.
"""

from functools import partial
from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from networks import RATE, SMOOTH, UNEQUAL, draw_input, draw_state, draw_target, quick
from neurodyn import models
from neurodyn.system.parameters import Parameters

jax = pytest.importorskip("jax", reason="jax is not installed: it comes with the extra [test]")
jnp = jax.numpy

TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)
LIBRARY = ["two-neurons", "chain", "rate-chain", "memory", "digits"]
OTHERS = {
    "softplus": SMOOTH["mixed"],
    "softmax": SMOOTH["recurrent-softmax"],
    "rate-softmax": RATE["chain-softmax"],
    "unequal": UNEQUAL["some"],
    "unequal-recurrent": UNEQUAL["own-recurrent"],
}
SLOW = ["own-feedback", "own-sparse", "some"]
RHO = {
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "softplus": jax.nn.softplus,
    "linear": lambda s: s,
}


@pytest.fixture(autouse=True)
def _double():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


@pytest.fixture(params=quick([*LIBRARY, *OTHERS], "chain", "rate-softmax", "unequal-recurrent"))
def given(request, rng):
    """Network, and x, y, start of some samples."""
    if request.param in LIBRARY:
        model = models.read(request.param)
        return model.network, model.x, model.y, model.start
    net = OTHERS[request.param]()
    return net, draw_input(net, 3, rng), draw_target(net, 3, rng), draw_state(net, 3, rng)


def test_no_smooth_model_is_missing_here():
    of_terms = {"convolution", "predictive-coding", "resistor", "dense-memory"}  # in test_terms_jax.py
    of_terms |= {"oscillators", "conv-digits", "resistive-xor", "springs-allosteric"}
    of_terms |= {"predictive-coding-residual", "predictive-coding-recurrent"}  # and in test_predictive_coding.py
    of_terms |= {"boltzmann"}  # whose parts are in test_terms_jax.py and test_own_term.py
    alike = {
        "random-feedback",
        "gated-memory",
        "stdp-pair",
        "fixed-point-learning",
    }  # whose kind is among the others here
    smooth = {name for name in models.names() if not name.startswith("mnist")}  # their sigmoids are hard
    smooth -= {"chaotic-rate"}  # it never rests
    assert smooth == set(LIBRARY) | of_terms | alike


class Definition:
    """Force, cost and steps of a network as functions of its parameter vector, one sample at a time, for JAX."""

    def __init__(self, net):
        self.net, graph = net, net.graph
        order = [p for p in graph.populations if p.role == "input"] + list(graph.free)
        starts = np.cumsum([0, *(p.size for p in order)])
        self.where = {p.name: slice(a, a + p.size) for p, a in zip(order, starts, strict=False)}
        self.kinds = [(self.where[p.name], p.activation) for p in order]
        self.n_in, self.total = net.n_in, int(starts[-1])
        self.tau = jnp.asarray(net.tau)

    def weights(self, theta):
        """Entry [i, j] leads to unit i from unit j, of all units; and biases, 0 for the inputs."""
        matrix, bias = jnp.zeros((self.total, self.total)), jnp.zeros(self.total)
        place = Parameters(self.net.parameters.blocks, np.arange(1.0, self.net.parameters.vector.size + 1.0))
        for name in place:
            entry = place[name] if isinstance(place[name], np.ndarray) else place[name].toarray()
            index = entry.astype(int)  # counted from 1, so that 0 is no parameter
            value = jnp.where(index > 0, theta[index - 1], 0.0)
            if "-" not in name:
                bias = bias.at[self.where[name]].set(value)
                continue
            first, second = name.split("-")
            matrix = matrix.at[self.where[second], self.where[first]].set(value.T)
            both = [c for c in self.net.connections if c.name == name and not c.own_feedback]
            if both and first != second:
                matrix = matrix.at[self.where[first], self.where[second]].set(both[0].feedback * value)
        return matrix, bias

    def rates(self, x, s):
        u = jnp.concatenate([x, s])
        return jnp.concatenate([RHO[kind](u[where]) for where, kind in self.kinds])

    def energy(self, weights, x, s):
        (w, b), r = weights, self.rates(x, s)
        return 0.5 * s @ s - 0.5 * r @ w @ r - b @ r

    def force(self, weights, x, s):
        """−dE/ds of the Hopfield energy; −u + Wρ(u) + b in the rate form."""
        if isinstance(self.net, models.Hopfield):
            return -jax.grad(self.energy, argnums=2)(weights, x, s)
        w, b = weights
        return (w @ self.rates(x, s) + b)[self.n_in :] - s

    def cost(self, x, s, y):
        z = s if isinstance(self.net, models.Hopfield) else self.rates(x, s)[self.n_in :]
        z = z[self.net.outputs]
        if self.net.graph.readout == "softmax":
            return -y @ jax.nn.log_softmax(z)
        return 0.5 * jnp.sum((z - y) ** 2)

    def implicit(self, theta, x, s, y):
        """dC(s*)/dtheta by the implicit function theorem, after Newton's last steps to s*."""
        weights = self.weights(theta)
        jacobian = jax.jacobian(self.force, argnums=2)
        for _ in range(2):
            s = s - jnp.linalg.solve(jacobian(weights, x, s), self.force(weights, x, s))
        error = jnp.linalg.solve(-jacobian(weights, x, s).T, jax.grad(self.cost, argnums=1)(x, s, y))
        return jax.vjp(lambda p: self.force(self.weights(p), x, s), theta)[1](error)[0]

    def after(self, theta, x, s, y, h, steps, scheme):
        """The cost after some steps."""
        weights = self.weights(theta)

        def flow(s):
            return self.force(weights, x, s) / self.tau

        def step(s, _):
            k1 = flow(s)
            if scheme == "euler":
                return s + h * k1, None
            k2 = flow(s + h / 2 * k1)
            k3 = flow(s + h / 2 * k2)
            k4 = flow(s + h * k3)
            return s + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), None

        return self.cost(x, jax.lax.scan(step, s, None, length=steps)[0], y)


def targets(net, y):
    return np.eye(net.n_out)[y] if np.ndim(y) == 1 else np.asarray(y)


def over_samples(function, net):
    """The mean over a batch of a function of theta and one sample, compiled quickly rather than well."""
    every = jax.vmap(function, in_axes=(None, 0, 0, 0))
    compiled = jax.jit(every, compiler_options={"xla_backend_optimization_level": 0})

    def mean(x, s, y):
        x = np.zeros((len(s), 0)) if x is None else np.asarray(x)
        return np.mean(compiled(jnp.asarray(net.parameters.vector), x, s, targets(net, y)), axis=0)

    return mean


def test_implicit_gradient(given):
    net, x, y, start = given
    rest = nd.relax(net, x, start=start, solver=TIGHT).state
    expected = over_samples(Definition(net).implicit, net)(x, rest, y)
    found = nd.gradient(net, x, y, start=start, method="implicit", solver=TIGHT)
    assert np.linalg.norm(found.vector - expected) <= 1e-9 * np.linalg.norm(expected)


@pytest.mark.parametrize("name", ["own-recurrent", *(pytest.param(n, marks=pytest.mark.slow) for n in SLOW)])
def test_corrected_equilibrium_propagation(name, rng):
    net = UNEQUAL[name]()
    x, y = draw_input(net, 3, rng), draw_target(net, 3, rng)
    rest = nd.relax(net, x, solver=TIGHT).state
    expected = over_samples(Definition(net).implicit, net)(x, rest, y)
    options: dict[str, Any] = {"method": "equilibrium-propagation", "beta": 1e-5, "start": rest, "solver": TIGHT}
    found, plain = (nd.gradient(net, x, y, correction=c, **options) for c in ("antisymmetric", None))
    assert np.linalg.norm(found.vector - expected) <= 1e-9 * np.linalg.norm(expected)
    assert np.linalg.norm(plain.vector - expected) > 0.1 * np.linalg.norm(expected)


@pytest.mark.parametrize("scheme", ["euler", pytest.param("rk4", marks=pytest.mark.slow)])
def test_back_propagation_through_time(given, scheme):
    """Truncated, from the equilibrium, and full, from the start."""
    net, x, y, start = given
    rest = nd.relax(net, x, start=start, solver=TIGHT)
    options = {"scheme": scheme, "step": 0.4 * net.tau.min(), "steps": 30}
    after = partial(Definition(net).after, h=options["step"], steps=30, scheme=scheme)
    mean = over_samples(jax.grad(after), net)
    for full, begin in ((False, rest.state), (True, rest.start)):
        expected = mean(x, begin, y)
        found = nd.gradient(net, x, y, start=start, method="bptt", full=full, solver=TIGHT, **options)
        assert np.linalg.norm(expected) > 0.0
        assert np.linalg.norm(found.vector - expected) <= 1e-9 * np.linalg.norm(expected)
