"""The scheme of EP 2017 as one would write it in NumPy, in float64: what the compiled learner is held against."""

import numpy as np


class Naive:
    """Weights by name, and minibatches one after the other."""

    def __init__(self, network, *, rates, beta=1.0, nudging="random", step=0.5, free_steps=20, nudged_steps=4, tol=0.0,
                 convention="paper"):  # fmt: skip
        self.network, self.graph = network, network.graph
        self.w = {name: np.array(network.parameters[name]) for name in network.parameters}
        self.rates, self.beta, self.nudging, self.tol = rates, beta, nudging, tol
        self.free_steps, self.nudged_steps = free_steps, nudged_steps
        self.pace, self.scale = step / network.tau, 2.0 if convention == "code" else 1.0

    def field(self, x, s):
        out = np.zeros_like(s)
        for p in self.graph.free:
            out[:, self.graph.slices[p.name]] += self.w[p.name]
        for c in self.graph.connections:
            pairs = [(c.first, c.second, self.w[c.name]), (c.second, c.first, self.w[c.name].T)]
            for a, b, w in pairs[: 1 if c.first == c.second else 2]:
                if b in self.graph.slices:
                    out[:, self.graph.slices[b]] += (s[:, self.graph.slices[a]] if a in self.graph.slices else x) @ w
        return out

    def free(self, x, s):
        s, steps = s.copy(), np.zeros(len(s))
        moving = np.ones(len(s), bool)
        for _ in range(self.free_steps):
            new = np.clip(s + self.pace * (self.field(x, s) - s), 0.0, 1.0)
            fast = np.any(np.abs(new - s) > self.tol * self.pace, axis=1)
            s[moving] = new[moving]
            steps += moving
            moving &= fast
        return s, steps

    def nudged(self, x, s, y, beta):
        out = self.network.outputs
        for _ in range(self.nudged_steps):
            force = self.field(x, s) - s
            force[:, out] += beta * self.scale * (y - s[:, out])
            s = np.clip(s + self.pace * force, 0.0, 1.0)
        return s

    def minibatch(self, x, y, s, sign):
        """Change the weights; returns the states at the end of the free phase."""
        rest, uphill = self.descent(x, y, s, sign)
        for name, change in uphill.items():
            self.w[name] += self.rates[name] * change
        return rest

    def descent(self, x, y, s, sign, weight=1.0):
        """The states at the end of the free phase, and -dJ/dtheta by name; samples may have weights (N, 1)."""
        rest, _ = self.free(x, s)
        if self.nudging == "centered":
            plus, minus, span = self.nudged(x, rest, y, self.beta), self.nudged(x, rest, y, -self.beta), 2 * self.beta
        else:
            plus, minus, span = self.nudged(x, rest, y, sign * self.beta), rest, sign * self.beta
        up, down = self.products(x, plus, weight), self.products(x, minus, weight)
        return rest, {name: (up[name] - down[name]) / (span * len(x)) for name in up}

    def products(self, x, s, weight=1.0):
        parts = {p.name: s[:, self.graph.slices[p.name]] for p in self.graph.free}
        found = {name: (weight * values).sum(axis=0) for name, values in parts.items()}
        for c in self.graph.connections:
            found[c.name] = (weight * parts.get(c.first, x)).T @ parts.get(c.second, x)
            if c.first == c.second:
                np.fill_diagonal(found[c.name], 0.0)
        return found


class NaiveAdam:
    """Adam with decoupled weight decay on weights, and a longest gradient, array by array."""

    def __init__(self, weights, rates, *, longest, decay, halved=(), kept=0.9, kept_square=0.999, epsilon=1e-8):
        self.w, self.rates, self.longest, self.decay, self.halved = weights, rates, longest, decay, halved
        self.kept, self.kept_square, self.epsilon, self.made = kept, kept_square, epsilon, 0
        self.m, self.u = ({name: np.zeros_like(w) for name, w in weights.items()} for _ in range(2))

    def step(self, uphill):
        self.made += 1
        norm = np.sqrt(sum((0.5 if name in self.halved else 1.0) * np.sum(g**2) for name, g in uphill.items()))
        for name, change in uphill.items():
            g = -change * min(1.0, self.longest / norm)
            self.m[name] = self.kept * self.m[name] + (1 - self.kept) * g
            self.u[name] = self.kept_square * self.u[name] + (1 - self.kept_square) * g**2
            m = self.m[name] / (1 - self.kept**self.made)
            u = self.u[name] / (1 - self.kept_square**self.made)
            if "-" in name:
                self.w[name] *= 1.0 - self.rates[name] * self.decay
            self.w[name] -= self.rates[name] * m / (np.sqrt(u) + self.epsilon)
        return norm


class NaiveMomentum(NaiveAdam):
    """The same with v <- kept v + g as the step."""

    def step(self, uphill):
        for name, change in uphill.items():
            self.m[name] = self.kept * self.m[name] - change
            if "-" in name:
                self.w[name] *= 1.0 - self.rates[name] * self.decay
            self.w[name] -= self.rates[name] * self.m[name]
