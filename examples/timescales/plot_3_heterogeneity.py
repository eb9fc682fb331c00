"""
Currents carry the error, velocities need not
=============================================

Neurons are not equally fast. Which of the two is the error signal then: the velocity of
a neuron, or the current into it, which is its velocity times its time constant? As time
constants spread apart, one of them is right and the other is not.
"""

import matplotlib.pyplot as plt
import numpy as np

from neurodyn import analysis, models
from neurodyn.analysis.plots import style

# %%
# A study draws time constants of ever larger spread, nudges the network, and compares
# both with the side network. What it returns is a table.

rng = np.random.default_rng(0)
net = models.Hopfield.layered([4, 6, 3], seed=0)
x, y = rng.uniform(size=(2, 4)), rng.uniform(-0.5, 0.5, size=(2, 3))
study = analysis.heterogeneity(net, x, y, spreads=[1.0, 2.0, 5.0, 10.0, 20.0])
print(study.data)

# %%
# Here time constants differ within each layer. The current stays on the error signal
# whatever the time constants; the velocity is right only where all are equal.

figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
within = study.data.sel(kind="within")
ax.loglog(
    study["spread"],
    within["raw_error"],
    "s--",
    color=style.QUIET,
    label="velocity $ds/dt$",
)
ax.loglog(
    study["spread"],
    within["current_error"],
    "o-",
    color=style.NUDGED,
    label="current $\\tau\\,ds/dt$",
)
ax.set(
    xlabel="largest time constant over smallest", ylabel="relative error of the signal"
)
ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
plt.show()
