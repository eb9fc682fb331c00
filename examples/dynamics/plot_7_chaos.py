"""
Two trajectories that part
==========================

A network of neurons with many random weights that are strong enough neither rests nor
repeats itself. It is chaotic: two runs from nearly the same start follow each other for
a while and then have nothing in common.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# The library has such a network. The second run starts a millionth away, in one of its
# neurons.

model = models.read("chaotic-rate")
net, start = model.network, np.zeros((2, model.network.n))
start[:] = model.start[0]
start[1, 0] += 1e-6
run = nd.simulate(net, start=start, t_eval=np.linspace(0.0, 250.0, 1001))
gap = np.linalg.norm(run.state[:, 1] - run.state[:, 0], axis=1)

# %%
# Above, one neuron in both runs: where the curves part, forecasting ends. Below, the
# distance of all neurons: it grows exponentially, by a mean rate that is called the
# largest Lyapunov exponent, until it is as large as the states themselves.

growing = run.t < run.t[np.argmax(gap > 10.0)]
rate, offset = np.polyfit(run.t[growing], np.log(gap[growing]), 1)

figure, (above, below) = plt.subplots(
    2, 1, figsize=(7.0, 4.4), sharex=True, layout="constrained"
)
above.plot(run.t, run.state[:, 0, 1], color=style.FREE, lw=1, label="one run")
above.plot(
    run.t, run.state[:, 1, 1], color=style.NUDGED, lw=1, ls="--", label="the other"
)
above.set(ylabel="state of a neuron $u_2$")
above.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
below.semilogy(run.t, gap, color="k", lw=1, label="distance")
line = np.exp(offset + rate * run.t[growing])
below.semilogy(
    run.t[growing],
    line,
    color=style.NUDGED,
    lw=2,
    label=f"growth by {rate:.2f} per $\\tau$",
)
below.set(xlabel="time $t$ (unit of $\\tau$)", ylabel="distance of both runs")
below.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
plt.show()
