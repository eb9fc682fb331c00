"""
Fast neurons, short steps
=========================

Where some neurons are a million times faster than others, an explicit method must take
steps as short as the fastest neuron asks for, even when it has long come to rest. An
implicit method need not. The solver ``auto`` begins as the one and goes over to the
other where that pays.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# Time constants from 1 down to one over the spread, drawn for each neuron.

net = models.Hopfield.layered([3, 6, 3], seed=1)
x = np.array([0.5, -0.8, 0.3])
share = np.random.default_rng(0).uniform(size=net.n)
spreads = 10.0 ** np.arange(5)
evaluations = {name: [] for name in ("relax5", "Radau", "auto")}
for spread in spreads:
    for name in evaluations:
        solver = nd.Solver(name, rtol=1e-6, atol=1e-8)
        rest = nd.relax(net.replace(tau=spread**-share), x, solver=solver)
        evaluations[name].append(rest.counters["nfev"])

# %%
# The work of the explicit ``relax5`` is in proportion to the spread. Radau's hardly
# depends on it, though each of its steps solves linear equations as well. ``auto``
# takes some explicit steps before it knows that going over will pay.

figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
looks = zip(style.POPULATIONS, style.MARKERS, style.DASHES, strict=False)
for (name, counts), (colour, mark, dash) in zip(
    evaluations.items(), looks, strict=False
):
    ax.loglog(spreads, counts, color=colour, marker=mark, ls=dash, label=name)
ax.set(xlabel="slowest neuron over fastest", ylabel="evaluations of the force")
ax.legend(frameon=False)
plt.show()
