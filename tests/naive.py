"""The mathematics once more, in plain NumPy, one sample at a time and with no thought for speed.

Written from the definitions (`docs/conventions.md`), not from the kernels: one dense matrix over all units u = (x, s),
entry [i, j] leading to i from j, where the kernels go connection by connection.
"""

from typing import Any

import numpy as np
import scipy.special


def _softplus(s):
    return np.logaddexp(0.0, s)


def _logistic(s):
    return 0.5 * (1.0 + np.tanh(0.5 * s))


#: rho, rho', rho'' by name. The slope of the hard sigmoid is 1 on the closed interval [0, 1], where its units live.
ACTIVATIONS: dict[str, Any] = {
    "tanh": (np.tanh, lambda s: 1 / np.cosh(s) ** 2, lambda s: -2 * np.tanh(s) / np.cosh(s) ** 2),
    "sigmoid": (
        _logistic,
        lambda s: _logistic(s) * _logistic(-s),
        lambda s: _logistic(s) * _logistic(-s) * (_logistic(-s) - _logistic(s)),
    ),
    "hard-sigmoid": (lambda s: np.clip(s, 0, 1), np.ones_like, np.zeros_like),
    "softplus": (_softplus, _logistic, lambda s: _logistic(s) * _logistic(-s)),
    "linear": (lambda s: s, np.ones_like, np.zeros_like),
}


def full(block):
    """A weight block as a full array."""
    return block if isinstance(block, np.ndarray) else block.toarray()


def present(block):
    """1 where a weight block has a connection, 0 elsewhere."""
    if isinstance(block, np.ndarray):
        return np.ones(block.shape)
    return type(block)((np.ones(block.nnz), block.indices, block.indptr), shape=block.shape).toarray()


class NaiveHopfield:
    """E = ½ Σ s_i² − ½ Σ_{i≠j} W_ij ρ_i ρ_j − Σ b_i ρ_i, its derivatives, and the flows, for one sample."""

    def __init__(self, net):
        self.net = net
        clamped = [p for p in net.populations if p.role == "input"]
        free = [p for p in net.populations if p.role != "input"]
        self.where: dict[str, slice] = {}
        self.kinds: list[str] = []
        outputs: list[int] = []
        for p in clamped + free:
            start = len(self.kinds)
            self.where[p.name] = slice(start, start + p.size)
            self.kinds += [p.activation] * p.size
        self.n_in = sum(p.size for p in clamped)
        total = len(self.kinds)
        self.free = np.arange(self.n_in, total)
        self.weights, self.bias = np.zeros((total, total)), np.zeros(total)
        for c in net.connections:
            block = full(net.parameters[c.name])
            back = full(net.parameters[c.own_feedback]).T if c.own_feedback else c.feedback * block
            self.weights[self.where[c.first], self.where[c.second]] = back
            self.weights[self.where[c.second], self.where[c.first]] = block.T
        for p in free:
            self.bias[self.where[p.name]] = net.parameters[p.name]
            if p.outputs:
                outputs = list(range(self.where[p.name].stop - p.outputs, self.where[p.name].stop))
        self.outputs = np.array(outputs, dtype=int) - self.n_in
        self.tau = np.array(net.tau)
        self.softmax = any(p.readout == "softmax" for p in free)
        self.box = np.array([kind == "hard-sigmoid" for kind in self.kinds])[self.free]

    def _all(self, x, s):
        return np.concatenate([np.zeros(0) if x is None else x, s])

    def _apply(self, derivative, u):
        return np.array([ACTIVATIONS[kind][derivative](value) for kind, value in zip(self.kinds, u, strict=True)])

    def rates(self, x, s):
        return self._apply(0, self._all(x, s))

    def energy(self, x, s):
        r = self.rates(x, s)
        return 0.5 * s @ s - 0.5 * r @ self.weights @ r - self.bias @ r

    def field(self, x, s):
        return (self.weights @ self.rates(x, s) + self.bias)[self.free]

    def slope(self, s):
        return self._apply(1, self._all(np.zeros(self.n_in), s))[self.free]

    def bend(self, s):
        return self._apply(2, self._all(np.zeros(self.n_in), s))[self.free]

    def argument_slope(self, s):
        """Derivative by the state of what the energy is a function of: the state."""
        return np.ones_like(s)

    def force(self, x, s):
        return self.slope(s) * self.field(x, s) - s

    def linearized(self, x, s):
        """Minus the derivative of the force."""
        return self.hessian(x, s)

    def hessian(self, x, s):
        d = self.slope(s)
        inner = self.weights[np.ix_(self.free, self.free)]
        return np.diag(1.0 - self.bend(s) * self.field(x, s)) - d[:, None] * inner * d

    def energy_gradient(self, x, s):
        """dE/dθ by name, for weights that are shared by both directions."""
        r = self.rates(x, s)
        out = {}
        for c in self.net.connections:
            out[c.name] = -np.outer(r[self.where[c.first]], r[self.where[c.second]])
            out[c.name] *= present(self.net.parameters[c.name])
            if c.first == c.second:
                np.fill_diagonal(out[c.name], 0.0)
        for p in self.net.populations:
            if p.role != "input":
                out[p.name] = -r[self.where[p.name]]
        return out

    def cost_slope(self, s, y):
        """∂C/∂s for C = ½‖s_out − y‖², or −Σ y log softmax(s_out)."""
        out = np.zeros_like(s)
        out[self.outputs] = self._read(s[self.outputs]) - y
        return out

    def _read(self, z):
        return scipy.special.softmax(z) if self.softmax else z

    def velocity(self, x, s, y=None, beta=0.0):
        """ds/dt of the free (β = 0) or nudged phase; on a bound of the box a unit does not move outwards."""
        force = self.force(x, s)
        if beta:
            force = force - beta * self.cost_slope(s, y)
        stuck = self.box & (((s <= 0.0) & (force < 0.0)) | ((s >= 1.0) & (force > 0.0)))
        return np.where(stuck, 0.0, force) / self.tau


#: ∫₀^ρ(u) ρ⁻¹ by name; spence(1 − z) is the dilogarithm of z.
LEAKS: dict[str, Any] = {
    "tanh": lambda u: u * np.tanh(u) - np.log(np.cosh(u)),
    "sigmoid": lambda u: -scipy.special.entr(_logistic(u)) - scipy.special.entr(_logistic(-u)),
    "softplus": lambda u: u * _softplus(u) + scipy.special.spence(1 + np.exp(u)),
    "linear": lambda u: 0.5 * u * u,
}


class NaiveRate(NaiveHopfield):
    """E(r) = −½ rᵀWr − bᵀr + Σ∫₀^r ρ⁻¹ (the input in the first two terms), T u̇ = −u + Wr + b, for one sample."""

    def energy(self, x, s):
        r, inner = self.rates(x, s), np.ix_(self.free, self.free)
        mine = r[self.free]
        drive = self.field(x, s) - self.weights[inner] @ mine
        leak = sum(LEAKS[self.kinds[i]](u) for i, u in zip(self.free, s, strict=True))
        return leak - 0.5 * mine @ self.weights[inner] @ mine - drive @ mine

    def argument_slope(self, s):
        """Of the rates, which the energy is a function of."""
        return self.slope(s)

    def force(self, x, s):
        return self.field(x, s) - s

    def linearized(self, x, s):
        return np.eye(len(s)) - self.weights[np.ix_(self.free, self.free)] * self.slope(s)

    def hessian(self, x, s):
        return np.diag(1 / self.slope(s)) - self.weights[np.ix_(self.free, self.free)]

    def cost_slope(self, s, y):
        """∂C/∂r for C = ½‖r_out − y‖², or −Σ y log softmax(r_out)."""
        out = np.zeros_like(s)
        out[self.outputs] = self._read(self.rates(np.zeros(self.n_in), s)[self.free][self.outputs]) - y
        return out
