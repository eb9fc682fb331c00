"""
A ladder of timescales
======================

A network near rest moves in *modes*, each of which decays with a time of its own. These
times are not those of its neurons, as they are coupled: here the fastest mode is
several times as fast as the fastest neuron.
"""

import matplotlib.pyplot as plt

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis import plots

# %%
# The three layers have time constants of 0.3, 1 and 3.

net = models.Hopfield.layered([4, 8, 6, 3], tau=[0.3, 1.0, 3.0], gain=1.6, seed=1)
rest = nd.relax(net, [0.9, -0.5, 0.3, -0.8])
found = analysis.ladder(net, rest)
print(f"slowest {found.time[0]:.2f}, fastest {found.time[-1]:.2f}")

# %%
# Above: the times of all modes, from the slowest on. Below: which layer takes how much
# part in each. A phase must last as long as the slowest mode needs, and a step of the
# simplest method may be no longer than twice the fastest.

figure, axes = plt.subplots(
    2, 1, figsize=(7.0, 4.6), sharex=True, height_ratios=(3, 2), layout="constrained"
)
plots.plot_ladder(found, ax=axes)
plt.show()
