"""A small network for each kind of term, by name, with its time constants over a factor of 20."""

import numpy as np

from neurodyn import models
from neurodyn.models import terms

#: Of networks whose terms are texts.
POPULATIONS = {"x": {"size": 2, "role": "input"}, "h": 4, "y": {"size": 3, "role": "output"}}


class PlainLeak(terms.Leak, kind="plain-leak"):
    """A leak whose primitives flows call, instead of having it in their own loops."""

    fused = False


class PlainBias(terms.Bias, kind="plain-bias"):
    """Biases of this kind."""

    fused = False


class PlainBilinear(terms.Bilinear, kind="plain-bilinear"):
    """Weights of this kind."""

    fused = False


def build(populations, found, *, seed=1, gain=0.8, scale=0.3):
    """A network with random parameters where terms begin with zeros."""
    net = models.EnergyNetwork(populations, found, seed=seed, gain=gain)
    rng = np.random.default_rng(seed)
    zeros = {name: rng.uniform(-scale, scale, v.shape) for name, v in net.parameters.items() if not np.any(v)}
    return net.replace(parameters=zeros, tau=rng.permutation(np.geomspace(0.25, 5.0, net.n)))


def _input(size):
    return {"size": size, "role": "input"}


def _output(size, activation="tanh"):
    return {"size": size, "role": "output", "activation": activation}


def hopfield():
    free = ("h", "y")
    pairs = [PlainBilinear("x", "h"), PlainBilinear("h", "h"), PlainBilinear("y", "h"), PlainBilinear("x", "y")]
    populations = {"x": _input(4), "h": {"size": 6, "activation": "sigmoid"}, "y": _output(3)}
    return build(populations, [PlainLeak(free), PlainBias(free), *pairs])


def convolution():
    populations = {"x": _input(36), "h1": 8, "h2": 3, "y": _output(2)}
    layers = [
        terms.Convolution("x", "h1", size_in=(6, 6), channels=2, kernel=3, pool=2),
        terms.Convolution("h1", "h2", size_in=(2, 2), channels=3, kernel=2, channels_in=2, padding=1, pool=3),
    ]
    return build(populations, [terms.Leak(), terms.Bias(), *layers, terms.Bilinear("h2", "y")])


def prediction():
    populations = {"x": _input(4), "h1": 6, "h2": {"size": 5, "activation": "softplus"}, "y": _output(3)}
    layers = [terms.Prediction("x", "h1"), terms.Prediction("h1", "h2", sigma=0.7), terms.Prediction("h2", "y", 1.3)]
    return build(populations, layers)


def recurrent():
    populations = {
        "x": _input(6),
        "h1": 4,
        "h2": 4,
        "h3": {"size": 4, "activation": "sigmoid"},
        "y": _output(2, "linear"),
    }
    return build(populations, [terms.RecurrentPrediction("x", ("h1", "h2", "h3")), terms.Prediction("h3", "y")])


NODES = {"x": _input(4), "a": {"size": 5, "activation": "linear"}, "b": {"size": 5, "activation": "linear"}}
NODES |= {"y": _output(2, "linear")}
WIRES = [terms.Resistor(*names) for names in (("x", "a"), ("a", "b"), ("b", "y"), ("y", "x"), ("a", "a"), ("b", "b"))]


def resistor():
    return build(NODES, WIRES)


def diode():
    branches = [terms.Diode("a", "b", 0.05, 0.2), terms.Diode("a", "", 0.1, 0.3), terms.Diode("", "b", 0.1, 0.3)]
    return build(NODES, [*WIRES, *branches])


def log_sum_exp():
    populations = {"x": _input(4), "h": 6, "y": _output(3)}
    found = [terms.Leak(), terms.Bias(), terms.Bilinear("x", "h"), terms.Bilinear("h", "y")]
    return build(populations, [*found, terms.LogSumExp("h", memories=5, sharpness=2.0)])


def oscillators():
    free = {"h": {"size": 5, "activation": "linear"}, "y": _output(3)}
    driven = [terms.PhaseField("x", "h", np.pi / 2), terms.PhaseField("y", "h", 0.7)]
    coupled = [terms.PhaseCoupling("h", "y"), terms.PhaseCoupling("h", "h"), terms.PhaseCoupling("x", "y")]
    locked = [terms.PhaseBias(name, -0.8, np.pi / 2) for name in free]
    return build({"x": _input(4), **free}, [*driven, *coupled, *locked], gain=0.4)


def springs():
    """Two held nodes, three inner ones and an output, far enough apart to stay so at states of the order of 1."""
    populations = {"x": _input(4), "h": {"size": 6, "activation": "linear"}, "y": _output(2, "linear")}
    places = ((0, 0), (9, 0), (-4, 7), (4, 8), (13, 7), (4, 17))
    bonds = (
        (0, 1),
        (2, 0),
        (2, 3),
        (3, 0),
        (1, 3),
        (3, 4),
        (4, 1),
        (5, 2),
        (3, 5),
        (5, 4),
        (2, 1),
        (0, 4),
        (5, 0),
        (1, 5),
    )
    net = build(populations, [terms.Spring(("x", "h", "y"), places, bonds)])
    stretched = np.linspace(0.8, 0.95, len(bonds)) * net.parameters["x-h-y.length"]  # taut
    return net.replace(parameters={"x-h-y.length": stretched})


NETWORKS = {
    "hopfield": hopfield,
    "convolution": convolution,
    "prediction": prediction,
    "recurrent": recurrent,
    "resistor": resistor,
    "diode": diode,
    "log-sum-exp": log_sum_exp,
    "oscillators": oscillators,
    "springs": springs,
}


def force_net():
    """Forces of states that belong to no energy, as a user writes them."""
    found = [
        terms.Leak(),
        terms.UnitForce("h", "s - s**3"),
        terms.PairForce("h", "x", "w*tanh(b)"),
        terms.PairForce("h", "h", "K*w*sin(b - a - 0.3)", K=0.5),
        terms.PairForce("y", "h", "w*b/(1 + a**2)"),
        terms.PairForce("h", "y", "k*tanh(b)", k=0.3),
    ]
    return models.EnergyNetwork(POPULATIONS, found, tau=np.geomspace(0.3, 6.0, 7), seed=6)
