"""
A network comes to rest
=======================

Each neuron of an energy-based network moves downhill on one common landscape, the
energy. Whatever the start, the energy falls, ever more slowly, until nothing moves: the
network has *relaxed*. Here one network starts from twelve random states, and always
ends in the same one.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# A layered network: 3 inputs that are held, 6 hidden neurons and 2 outputs that are
# free. Connections work both ways with the same weight, which is what makes an energy
# possible.

net = models.Hopfield.layered([3, 6, 2], seed=4)
x = np.tile([0.9, -0.4, 0.3], (12, 1))
start = np.random.default_rng(0).normal(scale=1.5, size=(12, net.n))
run = nd.simulate(net, x, start=start, t_eval=np.linspace(0.0, 8.0, 161))
rest = nd.relax(net, x[0])

# %%
# On the left the two outputs of all twelve runs. On the right how far the energy still
# is above its value at rest, on a logarithmic axis: the straight lines at the end are
# the slowest mode of the network, which decays exponentially.

above = np.array([net.energy(s, x) for s in run.state]) - rest.energy

figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.2), layout="constrained")
for output, colour, dash in zip((-2, -1), style.POPULATIONS, ("-", "--"), strict=False):
    left.plot(run.t, run.state[:, :, output], color=colour, ls=dash, lw=1)
    left.plot(run.t[-1], rest.state[output], "ok")
left.set(
    xlabel="time $t$ (unit of $\\tau$)",
    ylabel="state of the outputs $s$",
    title="Twelve starts, one end",
)
right.semilogy(run.t, above, color=style.FREE, lw=1)
right.set(
    xlabel="time $t$ (unit of $\\tau$)",
    ylabel="energy above rest",
    title="The energy only falls",
)
plt.show()
