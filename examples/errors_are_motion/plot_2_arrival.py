"""
News from the outputs
=====================

After the outputs are nudged, the error must travel from neuron to neuron. One that is k
connections away begins to move as the k-th power of time: outputs at once, the layer
before them linearly, the next one quadratically, and so on.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis import plots

# %%
# A deep chain, of four hidden layers with four neurons each.

net = models.Hopfield.layered([3, 4, 4, 4, 4, 2], gain=1.3, seed=1)
rest = nd.relax(net, np.array([0.9, -0.6, 0.4]))
found = analysis.arrival(net, rest, [0.5, -0.5])
for group, power, peak in zip(
    found.groups, found.exponent[0], found.peak_time[0], strict=True
):
    print(f"{group}: begins as t^{power:.2f}, is largest at t = {peak:.2f}")

# %%
# Both axes are logarithmic, so that powers of time are straight lines. However deep the
# network is, no layer is without any news: the signal is only small at first.

figure, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
plots.plot_arrival(found, ax=ax)
plt.show()
