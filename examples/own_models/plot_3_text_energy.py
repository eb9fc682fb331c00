"""
An energy from one line of text
===============================

A network is what its energy says, and an energy may be written down as a formula. Here
each neuron has three states that it likes, -1, 0 and 1, and likes to be as its
neighbours are: a chain that freezes into domains.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.models import terms

# %%
# The first term is a triple well for each unit, the second is for each pair that has a
# weight; neighbours have one of 0.5, and all others none.

n = 60
chain = models.EnergyNetwork(
    {"s": {"size": n, "activation": "linear"}},
    [terms.Unit("s", "s**2*(s**2 - 1)**2"), terms.Pair("s", "s", "w*(a - b)**2/2")],
)
chain = chain.replace(parameters={"s-s": 0.5 * (np.eye(n, k=1) + np.eye(n, k=-1))})
start = np.random.default_rng(5).uniform(-1.5, 1.5, size=n)
run = nd.simulate(chain, start=start, t_eval=np.geomspace(0.01, 100.0, 161))

# %%
# From a random start (left edge), the coupling first evens out, and then each unit
# falls into the nearest well. Time is logarithmic: nearly all happens early, and then
# the borders between domains are pinned.

figure, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
shades = ax.pcolormesh(
    run.t,
    np.arange(n),
    run.state.T,
    cmap="cividis",
    vmin=-1.2,
    vmax=1.2,
    shading="nearest",
)
ax.set(xscale="log", xlabel="time $t$ (unit of $\\tau$)", ylabel="unit along the chain")
figure.colorbar(shades, ax=ax, label="state $s$", ticks=[-1, 0, 1])
plt.show()
