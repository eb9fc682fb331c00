"""Small networks that the tests share, by name. Biases are never zero and the time constants spread 20-fold."""

import numpy as np
import pytest

from neurodyn import Connection, models


def prepared(net, seed=7, bias=0.3):
    """`net` with random biases and one time constant per unit, spread over a factor of 20."""
    rng = np.random.default_rng(seed)
    biases = {p.name: rng.uniform(-bias, bias, p.size) for p in net.graph.free}
    tau = rng.permutation(np.geomspace(0.25, 5.0, net.n)) if net.n > 1 else 0.7
    return net.replace(parameters=biases, tau=tau)


def graph(populations, connections, kind=models.Hopfield, **options):
    """A network from a mapping of populations."""
    return prepared(kind(populations, connections, **options))


def sparse(name, sparsity=0.4, feedback=1.0):
    """A connection from which some pairs of units are left out."""
    first, second = name.split("-")
    return Connection(first, second, sparsity, feedback)


def directed(name, feedback="random"):
    """A connection whose feedback has other weights."""
    return sparse(name, 0.0, feedback)


def _input(size, **options):
    return {"size": size, "role": "input", **options}


def _output(size, **options):
    return {"size": size, "role": "output", **options}


def box_chain(seed=1):
    """A hard-sigmoid chain, biases 0.2 ± 0.3: most units inside their box."""
    net = models.Hopfield.layered([4, 6, 3], activation="hard-sigmoid", seed=seed)
    rng = np.random.default_rng(seed)
    return prepared(net).replace(parameters={p.name: 0.2 + rng.uniform(-0.3, 0.3, p.size) for p in net.graph.free})


CHAIN = {"x": _input(3), "h1": 5, "h2": 4, "y": _output(2)}

SMOOTH = {
    "chain-tanh": lambda: prepared(models.Hopfield.layered([5, 8, 6, 3], gain=0.8, seed=1)),
    "chain-sigmoid": lambda: prepared(models.Hopfield.layered([4, 6, 2], activation="sigmoid", seed=2)),
    "chain-softplus": lambda: prepared(models.Hopfield.layered([4, 5, 2], activation="softplus", gain=0.4, seed=3)),
    "chain-linear": lambda: prepared(models.Hopfield.layered([4, 5, 3], activation="linear", gain=0.4, seed=4)),
    "mixed": lambda: prepared(
        models.Hopfield.layered([3, 5, 4, 2], activation=["sigmoid", "softplus", "tanh"], gain=0.6, seed=5)
    ),
    "recurrent": lambda: prepared(models.Hopfield.recurrent(8, 3, 2, gain=0.6, seed=6)),
    "recurrent-without-input": lambda: prepared(models.Hopfield.recurrent(6, 0, 2, gain=0.5, seed=7)),
    "skip": lambda: graph(CHAIN, ["x-h1", "h1-h2", "h2-y", "x-y", "h1-y"], gain=0.6, seed=8),
    "self-inside-chain": lambda: graph(CHAIN, ["x-h1", "h1-h1", "h1-h2", "h2-y"], gain=0.6, seed=9),
    "input-second": lambda: graph(CHAIN, ["h1-x", "h2-h1", "y-h2", "y-x"], gain=0.6, seed=10),
    "input-tanh": lambda: graph(
        {**CHAIN, "x": _input(3, activation="tanh")}, ["x-h1", "h1-h2", "h2-y"], gain=0.7, seed=11
    ),
    "input-last": lambda: graph({"y": _output(2), "h": 3, "x": _input(4)}, ["h-y", "h-x"], gain=0.8, seed=12),
    "partial-outputs": lambda: graph({"x": _input(2), "s": {"size": 5, "outputs": 2}}, ["x-s"], seed=13),
    "sparse": lambda: prepared(models.Hopfield.recurrent(12, 3, 2, sparsity=0.6, gain=0.5, seed=17)),
    "sparse-chain": lambda: graph(
        CHAIN, [sparse("x-h1"), "h1-h1", sparse("h1-h2"), sparse("y-h2"), sparse("h2-h2")], gain=0.4, seed=18
    ),
    "one-unit": lambda: graph({"x": _input(1), "y": _output(1)}, ["x-y"], seed=14),
    "chain-softmax": lambda: prepared(models.Hopfield.layered([4, 6, 3], readout="softmax", gain=0.8, seed=20)),
    "recurrent-softmax": lambda: prepared(
        models.Hopfield.recurrent(8, 3, 3, activation="sigmoid", readout="softmax", gain=0.6, seed=21)
    ),
}
BOXED = {
    "chain-hard": box_chain,
    "recurrent-hard": lambda: prepared(models.Hopfield.recurrent(6, 3, 2, activation="hard-sigmoid", gain=0.7, seed=3)),
    "recurrent-hard-softmax": lambda: prepared(
        models.Hopfield.recurrent(6, 3, 3, activation="hard-sigmoid", readout="softmax", gain=0.7, seed=3)
    ),
    "sparse-hard": lambda: prepared(
        models.Hopfield.recurrent(8, 3, 2, activation="hard-sigmoid", sparsity=0.5, gain=0.5, seed=19)
    ),
    "hard-and-tanh": lambda: prepared(
        models.Hopfield.layered([3, 5, 4, 2], activation=["hard-sigmoid", "tanh", "hard-sigmoid"], gain=0.8, seed=2)
    ),
}
RATE = {
    "chain-tanh": lambda: prepared(models.Rate.layered([5, 8, 6, 3], gain=0.8, seed=1)),
    "chain-sigmoid": lambda: prepared(models.Rate.layered([4, 6, 2], activation="sigmoid", seed=2)),
    "chain-softplus": lambda: prepared(models.Rate.layered([4, 5, 2], activation="softplus", gain=0.4, seed=3)),
    "chain-linear": lambda: prepared(models.Rate.layered([4, 5, 3], activation="linear", gain=0.4, seed=4)),
    "mixed": lambda: prepared(
        models.Rate.layered([3, 5, 4, 2], activation=["sigmoid", "softplus", "tanh"], gain=0.6, seed=5)
    ),
    "recurrent": lambda: prepared(models.Rate.recurrent(8, 3, 2, gain=0.6, seed=6)),
    "without-output": lambda: prepared(models.Rate.recurrent(5, gain=0.6, seed=7)),
    "skip": lambda: graph(CHAIN, ["x-h1", "h1-h1", "h1-h2", "y-h2", "x-y", "h1-y"], models.Rate, gain=0.5, seed=8),
    "chain-softmax": lambda: prepared(
        models.Rate.layered([4, 6, 3], activation=["tanh", "linear"], readout="softmax", gain=0.8, seed=20)
    ),
    "sparse": lambda: prepared(models.Rate.recurrent(12, 3, 2, sparsity=0.6, gain=0.5, seed=9)),
}
UNEQUAL = {
    "weak-feedback": lambda: prepared(models.Rate.layered([5, 8, 6, 3], feedback=0.3, gain=0.8, seed=1)),
    "no-feedback": lambda: prepared(models.Rate.layered([4, 5, 3], feedback=0.0, seed=2)),
    "own-feedback": lambda: prepared(
        models.Rate.layered([4, 6, 5, 3], activation=["sigmoid", "tanh", "softplus"], feedback="random", seed=3)
    ),
    "own-recurrent": lambda: prepared(models.Rate.recurrent(8, 3, 2, feedback="random", gain=0.6, seed=4)),
    "own-linear": lambda: prepared(
        models.Rate.layered([4, 5, 3], activation="linear", feedback="random", gain=0.4, seed=5)
    ),
    "own-sparse": lambda: graph(
        CHAIN, ["x-h1", sparse("h1-h1", 0.5, "random"), sparse("h1-h2", 0.3, "random"), "h2-y"], models.Rate, seed=23
    ),
    "own-softmax": lambda: prepared(
        models.Rate.recurrent(8, 3, 3, readout="softmax", feedback="random", gain=0.6, seed=22)
    ),
    "some": lambda: graph(
        CHAIN,
        ["x-h1", directed("h1-h1"), sparse("h1-h2", feedback=-0.5), directed("y-h2"), "h1-y", sparse("h2-h2")],
        models.Rate,
        gain=0.5,
        seed=6,
    ),
}
WITHOUT_OUTPUT = {
    "without-output": lambda: prepared(models.Hopfield.recurrent(5, 3, gain=0.6, seed=15)),
    "without-both": lambda: prepared(models.Hopfield.recurrent(5, gain=0.6, seed=16)),
}
#: Those of the Hopfield energy.
EVERY = {**SMOOTH, **BOXED, **WITHOUT_OUTPUT}


#: Networks that together have all that is special about any: every suite runs on these by default.
CORE = {
    *("chain-tanh", "mixed", "recurrent", "self-inside-chain", "input-tanh", "sparse-chain", "chain-softmax"),
    *("chain-hard", "recurrent-hard-softmax", "sparse-hard", "without-both"),
    *("skip", "sparse", "own-feedback", "own-softmax", "some"),
}


def each(names):
    """Parameters of a test that all these networks must pass; those that are not `CORE` are slow."""
    return quick(names, *(name for name in names if name.split()[-1] in CORE))


#: Fewer of them: a chain with three activations, feedback within, both kinds of box, weights of both directions.
FEW = {"mixed", "self-inside-chain", "sparse-hard", "recurrent-hard-softmax", "own-softmax", "some"}


def few(names):
    """Parameters of a test that all these networks must pass; those that are not among the `FEW` are slow."""
    return quick(names, *(name for name in names if name.split()[-1] in FEW))


def quick(names, *core):
    """Parameters of a test that all of `names` must pass; those that are not of the core are slow."""
    assert set(core) <= set(names)
    return [name if name in core else pytest.param(name, marks=pytest.mark.slow) for name in names]


def draw_input(net, batch, rng):
    """Random rates, or None for a network without input."""
    return rng.uniform(-1.0, 1.0, (batch, net.n_in)) if net.n_in else None


def draw_state(net, batch, rng):
    """Random states, inside the box where there is one."""
    state = rng.normal(0.0, 0.7, (batch, net.n))
    state[:, net.box] = rng.uniform(0.1, 0.9, (batch, int(net.box.sum())))
    return state


def draw_target(net, batch, rng):
    """Random targets; probabilities where the outputs are read through a softmax."""
    target = rng.uniform(0.0, 1.0, (batch, net.n_out))
    return target / target.sum(axis=1, keepdims=True) if net.graph.readout == "softmax" else target
