"""
Neurons move as errors say
==========================

Let a network come to rest, then pull its outputs a little towards their targets. The
pull travels back through the network, and *how fast each neuron moves* is exactly its
error signal: the number by which back-propagation would say how much this neuron is to
blame. Nobody has to compute it.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis import plots

# %%
# A chain of four layers whose time constants differ by a factor of ten: fast and slow
# neurons make no difference.

rng = np.random.default_rng(2)
net = models.Hopfield.layered([4, 8, 6, 2], tau=[1.0, 0.3, 3.0], seed=3)
found = nd.experiment(net, rng.uniform(size=4), [0.6, -0.6])

# %%
# Coloured: minus the velocity of some neurons, times τ over the strength β of the pull.
# Black dashes: the error signals, computed by another, linear network that is solved
# beside it. Deeper layers hear of the error later.

figure, axes = plt.subplots(3, 1, figsize=(7.0, 6.0), sharex=True, layout="constrained")
plots.plot_error_signals(found.nudged, found.side, ax=axes)
for ax in axes:
    ax.label_outer()
verdict = analysis.compare(found.nudged, found.side)
print(f"largest relative error: {verdict.max_relative_error:.1e}")
plt.show()
