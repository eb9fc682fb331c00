"""
A ring of oscillators
=====================

Clocks that hang on one wall fall into step. In a ring, each coupled to its two
neighbours, there are other ways of being in step, too: the phase may wind once or
several times around the ring, and no neighbour can undo this.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.models import terms

# %%
# States are the phases of 24 oscillators. Eighty random starts; the winding number
# counts how often the phase turns while one goes around the ring.

n = 24
ring = np.roll(np.eye(n), 1, axis=0) + np.roll(np.eye(n), -1, axis=0)
net = models.EnergyNetwork(
    {"s": {"size": n, "activation": "linear"}}, [terms.PhaseCoupling("s", "s")]
)
net = net.replace(parameters={"s-s": ring})
start = np.random.default_rng(0).uniform(-np.pi, np.pi, size=(80, n))
run = nd.simulate(net, start=start, t_eval=[0.0, 200.0])
steps = np.angle(
    np.exp(1j * np.diff(run.state[-1], axis=1, append=run.state[-1][:, :1]))
)
winding = np.round(steps.sum(axis=1) / (2.0 * np.pi)).astype(int)

# %%
# Left: one run for each winding number that occurs in one direction, with the phase as
# the direction of an arrow at each oscillator. Right: how many of the starts end with
# each number.

kinds = [number for number in range(3) if (winding == number).any()]
around = 2.0 * np.pi * np.arange(n) / n
figure, axes = plt.subplots(
    1, len(kinds) + 1, figsize=(3.0 * len(kinds) + 2.5, 3.0), layout="constrained"
)
for ax, number in zip(axes, kinds, strict=False):
    phase = run.state[-1, np.argmax(winding == number)]
    ax.quiver(
        np.cos(around),
        np.sin(around),
        np.cos(phase),
        np.sin(phase),
        scale=9.0,
        width=0.012,
        color=style.FREE,
    )
    ax.set_title(f"winding number {number}", loc="left")
    ax.set(aspect="equal", xticks=[], yticks=[], xlim=(-1.5, 1.5), ylim=(-1.5, 1.5))
values, counts = np.unique(winding, return_counts=True)
axes[-1].bar(values, counts, color=style.FREE)
axes[-1].set(xlabel="winding number", ylabel="starts", xticks=values)
plt.show()
