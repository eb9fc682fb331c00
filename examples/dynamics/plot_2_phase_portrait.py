"""
The landscape of two neurons
============================

Two neurons that excite each other can agree to be active or to be silent. All of their
motion fits into one picture, the phase portrait: arrows of the flow, the curves on
which one of the neurons stands still, and the points where both do.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis import plots

# %%
# The weight between both is 2, and the first neuron gets a little more current than the
# second.

pair = models.Hopfield.recurrent(2).replace(
    parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]], "s": [0.15, 0.0]}
)
plane = analysis.phase_plane(pair, window=(-2.2, 2.2))
start = np.array([[-2.0, 1.6], [-1.6, 2.0], [2.0, -1.7], [1.4, -2.0], [0.2, -1.8]])
runs = nd.simulate(pair, start=start, t_eval=np.linspace(0.0, 30.0, 301))

# %%
# Full dots are stable, where the network may rest. The open one between them is a
# saddle: the smallest push decides on which side a network that comes near it goes on.
# The line through the saddle is the border of both regions.

figure, ax = plt.subplots(figsize=(6.5, 4.5), layout="constrained")
plots.plot_phase_plane(
    plane, trajectories=[runs.state[:, k] for k in range(len(start))], ax=ax
)
plt.show()
