"""
Unequal weights, corrected
==========================

Neurons do not share one weight for both directions. The more the two differ, the
further the velocities of a nudged network are from its error signals. One force, linear
in the displacement from rest, makes them equal again.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# A network whose neurons are joined by weights of their own in each direction, and one
# of its neurons that is no output.

net = models.Rate.recurrent(
    8,
    n_in=2,
    n_out=2,
    feedback="random",
    gain=1.2,
    tau=np.geomspace(0.3, 3.0, 8),
    seed=2,
)
x, y, times = [0.9, -0.6], [0.7, -0.5], np.linspace(0.0, 12.0, 241)
rest = nd.relax(net, x)
truth = nd.side_network(net, rest, y, t_eval=times).error_signal
plain = nd.nudge(net, rest, y, t_eval=times).error_signal
corrected = nd.nudge(
    net, rest, y, t_eval=times, correction="antisymmetric"
).error_signal
neuron = int(np.argmax(np.abs(plain - truth)[:, :6].max(axis=0)))

# %%
# Without the correction the neuron follows the error signal of some other network, the
# one with all connections turned round.

figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
ax.plot(times, plain[:, neuron], color=style.NUDGED_SHADES[1], label="nudged")
ax.plot(
    times, corrected[:, neuron], color=style.NUDGED, lw=2.5, label="nudged, corrected"
)
ax.plot(times, truth[:, neuron], "--", color=style.SIDE, label="error signal")
ax.set(
    xlabel="time since the nudge $t$",
    ylabel=f"$-(\\tau/\\beta)\\,du/dt$ of neuron {neuron}",
)
ax.legend(frameon=False)
plt.show()
