"""Train the weights of the library model `digits`.

    python -m neurodyn.models.library.train_digits

Equilibrium propagation: minibatch gradient descent on C = ½‖s_out − y‖² (one-hot targets), the gradient being
Theta-tilde of the nudged phase; with momentum, weight decay, a rate that falls linearly to zero, and noise on the
inputs. The settings were chosen on the last two of the ten forms in the training part; the weights that ship are this
script's with its defaults. It prints the accuracy on the training part, and once at the end on the test part.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import neurodyn as nd
from neurodyn.models.data import LabelledData, digits
from neurodyn.models.hopfield import Hopfield
from neurodyn.results.files import write

SIZES = [64, 32, 10]
BETA = 0.01
MOMENTUM = 0.9
#: Learning needs few digits of the gradient.
SOLVER = nd.Solver(rtol=1e-3, atol=1e-5)
SETTLED = 1e-3


def accuracy(network: Hopfield, data: LabelledData) -> float:
    """Fraction of samples whose largest output is the label's."""
    state = nd.relax(network, data.images, tol=SETTLED, solver=SOLVER).state
    return float(np.mean(np.argmax(state[:, network.outputs], axis=1) == data.labels))


def train(*, epochs: int, batch: int, rate: float, decay: float, noise: float, duration: float, seed: int) -> Hopfield:
    """Train on the training part, printing its accuracy after every epoch."""
    data = digits("train")
    network = Hopfield.layered(SIZES, activation="tanh", seed=seed)
    rng = np.random.default_rng(seed)
    drift = network.parameters * 0.0
    steps = len(data.labels) // batch
    for epoch in range(epochs):
        for k, picks in enumerate(np.array_split(rng.permutation(len(data.labels)), steps)):
            x = data.images[picks] + noise * rng.normal(size=data.images[picks].shape)
            equilibrium = nd.relax(network, x, tol=SETTLED, solver=SOLVER)
            run = nd.nudge(network, equilibrium, data.labels[picks], beta=BETA, t_eval=[0.0, duration], solver=SOLVER)
            step = rate * (1.0 - (epoch * steps + k) / (epochs * steps))
            drift = drift * MOMENTUM - (run.parameter_gradient() + network.parameters * decay) * step
            network = network.replace(parameters=network.parameters + drift)
        print(f"epoch {epoch + 1}: {accuracy(network, data):.2%} of the training part", flush=True)
    return network


def main() -> None:
    """Train, report the test accuracy, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--rate", type=float, default=0.2)
    parser.add_argument("--decay", type=float, default=1e-3, help="of the weights")
    parser.add_argument("--noise", type=float, default=0.1, help="standard deviation on the inputs")
    parser.add_argument("--duration", type=float, default=20.0, help="of the nudged phase, in units of tau")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("digits.npz"))
    options = vars(parser.parse_args())
    out = options.pop("out")
    network = train(**options)
    print(f"{accuracy(network, digits('test')):.2%} of the test part")
    write(out, lambda path: np.savez_compressed(path, **network.parameters))


if __name__ == "__main__":
    main()
