"""
Following an input that moves
=============================

The state of rest belongs to an input that stands still. When the input moves slowly,
the network follows in its state of rest; when it moves fast, the network lags behind,
and answers less and less.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# The first of two inputs swings, three times as fast from one run to the next.

net = models.Hopfield.layered([2, 5, 1], tau=[1.0, 2.0], gain=1.3, seed=3)
runs = {}
for period in (100.0, 30.0, 10.0):
    wave = nd.Sine(mean=[0.0, 0.5], amplitude=[1.0, 0.0], frequency=1.0 / period)
    runs[period] = nd.simulate(net, wave, t_eval=np.linspace(0.0, 4.0 * period, 401))

# %%
# The output is drawn over the last two of four periods. Dashes are where it would rest
# if it had all the time in the world.

figure, axes = plt.subplots(1, 3, figsize=(9.5, 2.9), sharey=True, layout="constrained")
for ax, (period, run) in zip(axes, runs.items(), strict=True):
    late = run.t > 2.0 * period
    at_rest = nd.relax(net, run.input[late]).state[:, -1]
    ax.plot(run.t[late] / period, at_rest, "--", color=style.SIDE, label="at rest")
    ax.plot(
        run.t[late] / period, run.state[late, -1], color=style.FREE, label="in motion"
    )
    ax.set_title(f"period {period:.0f} $\\tau$", loc="left")
    ax.set_xlabel("time (periods)")
axes[0].set_ylabel("output $s$")
figure.legend(
    *axes[0].get_legend_handles_labels(),
    loc="outside upper center",
    ncols=2,
    frameon=False,
)
plt.show()
