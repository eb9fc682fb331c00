"""
A question of your own in every cell
====================================

What a sweep computes may be a function of yours: it takes the settings of a cell, and
returns numbers with names. Here it asks whether networks come to rest in more than one
way.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# Twelve neurons with random symmetric weights: from 20 starts and their negatives, how
# many states of rest are found? The seed of a cell makes the network, so that ``seed``
# as one of the settings gives other networks.


def states_of_rest(cell):
    """Count the states in which one network rests."""
    net = models.Hopfield.recurrent(12, gain=cell["gain"], seed=cell["seed"])
    start = np.random.default_rng(0).normal(size=(20, net.n))
    states = nd.relax(net, start=np.concatenate([start, -start])).state
    return {"found": len(np.unique(states.round(4), axis=0))}


data = nd.sweep(
    vary={"gain": [0.5, 1.0, 1.5, 2.0, 3.0], "seed": [0, 1, 2, 3]},
    function=states_of_rest,
    workers=1,
)

# %%
# With weak weights a network has a single state of rest; with strong ones it has many,
# always in pairs: the negative of each is one, too.

figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
ax.plot(data["gain"], data["found"], "o", color=style.QUIET, mfc="none", ms=5)
ax.plot([], [], "o", color=style.QUIET, mfc="none", ms=5, label="one network")
ax.plot(data["gain"], data["found"].mean("seed"), color=style.FREE, lw=2, label="mean")
ax.set(xlabel="gain of the weights", ylabel="states of rest found")
ax.legend(frameon=False)
plt.show()
