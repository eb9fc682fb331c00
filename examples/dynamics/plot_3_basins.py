"""
Which start leads where
=======================

Three neurons that inhibit one another hold a contest: whichever begins ahead silences
the others. Each outcome has a *basin of attraction*, all the starts from which the
network ends there.
"""

import matplotlib.pyplot as plt
import numpy as np

from neurodyn import analysis, models
from neurodyn.analysis import plots

# %%
# Every neuron gets the same current and inhibits both others with the same weight, so
# that no one has an advantage. A plane through the three dimensional space of states is
# coloured by where the network ends: it lies along the differences between the neurons,
# so that the middle is where all three are equal.

weights = -2.0 * (1.0 - np.eye(3))
contest = models.Hopfield.recurrent(3).replace(
    parameters={"s-s": weights, "s": [0.8, 0.8, 0.8]}
)
ahead = np.array([1.0, -0.5, -0.5]) / np.sqrt(1.5)
sideways = np.array([0.0, 1.0, -1.0]) / np.sqrt(2.0)
found = analysis.basins(
    contest, axes=(ahead, sideways), window=(-2.0, 2.0), resolution=60
)

# %%
# The picture repeats after a turn by a third, as the rule of the contest says.

figure, ax = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
plots.plot_basins(found, ax=ax)
ax.set(
    xlabel="first neuron ahead of the others",
    ylabel="second ahead of the third",
    aspect="equal",
)
plt.show()
