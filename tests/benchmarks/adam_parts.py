"""What Adam's moves of the weights from the inputs are made of: the loop alone, with more and more of it.

    python -m tests.benchmarks.adam_parts

Microseconds of processor time for a minibatch of 20 images of MNIST and 500 units, one thread: rows whose input is not
zero in this minibatch or in the next, among all weights.
"""

from __future__ import annotations

import json
import time
from itertools import pairwise
from typing import Any

import click
import numba
import numpy as np

from neurodyn.models.data import mnist

#: Loops, each with more than the one before.
PLAIN, MOMENTUM, NO_ROOT, ADAM = range(4)
NAMES = ("plain", "momentum", "Adam without root and division", "Adam")
SIZE, WIDTH = 20, 512
#: Constants of the moves, in float32, and the least running mean that is not 0.
KEPT, NEW, FAR, FLOOR = np.float32(0.9), np.float32(0.1), np.float32(1e-4), np.float32(1e-8)
KEPT_SQUARE, NEW_SQUARE, LEAST, ZERO = np.float32(0.999), np.float32(0.001), np.float32(1e-35), np.float32(0.0)


def loop(kind: int) -> Any:
    """Moves of some rows by one change, compiled."""

    @numba.njit(error_model="numpy")
    def moves(theta: Any, mean: Any, square: Any, change: Any, rows: Any) -> None:
        for r in rows:
            t, m, u = theta[r], mean[r], square[r]
            for c in range(t.size):
                g = change[c]
                if kind == PLAIN:
                    t[c] += FAR * g
                    continue
                new = KEPT * m[c] + NEW * g
                m[c] = new if abs(new) >= LEAST else ZERO
                if kind == MOMENTUM:
                    t[c] += FAR * m[c]
                    continue
                second = KEPT_SQUARE * u[c] + NEW_SQUARE * (g * g)
                u[c] = second if abs(second) >= LEAST else ZERO
                if kind == NO_ROOT:
                    t[c] += FAR * m[c] * (u[c] + FLOOR)
                else:
                    t[c] += FAR * m[c] / (np.sqrt(u[c]) + FLOOR)

    return moves


def touched(data: str | None, count: int) -> list[Any]:
    """Inputs that are not zero in a minibatch or in the next, for so many minibatches in turn."""
    images = mnist("train", data).images[: (count + 1) * SIZE].reshape(count + 1, SIZE, -1)
    return [np.flatnonzero(a.any(axis=0) | b.any(axis=0)) for a, b in pairwise(images)]


@click.command()
@click.option("--data", metavar="FOLDER", help="Where MNIST lies. Default: NEURODYN_DATA.")
@click.option("--rounds", default=15)
def main(data: str | None, rounds: int) -> None:
    """Print microseconds for a minibatch, the least of all rounds, as JSON."""
    rng, rows, loops = np.random.default_rng(0), touched(data, 20), [loop(kind) for kind in range(len(NAMES))]
    theta, mean = (rng.normal(0.0, 1e-3, (784, WIDTH)).astype(np.float32) for _ in range(2))
    square, change = mean**2, mean[0].copy()
    least = [np.inf] * len(loops)
    for turn in range(rounds + 1):
        for k, moves in enumerate(loops):
            began = time.process_time()
            for some in rows:
                moves(theta, mean, square, change, some)
            least[k] = min(least[k], (time.process_time() - began) / len(rows)) if turn else np.inf
    found = dict(zip(NAMES, (round(1e6 * seconds) for seconds in least), strict=True))
    print(json.dumps({"rows": float(np.mean([len(some) for some in rows]))} | found, indent=2))


if __name__ == "__main__":
    main()
