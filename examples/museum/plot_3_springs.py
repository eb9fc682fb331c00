"""
A lattice of springs
====================

Nodes that are joined by springs are a network, too: displacements are its states, and
what the springs hold is its energy. The lattice is pinched at its left corners, and
comes to rest where all forces balance.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# A lattice of the library, which has not learned anything: the pinch should open the
# two right corners, but hardly reaches them.

model = models.read("springs-allosteric")
net, pinch = model.network, model.x[0]
(springs,) = net.terms
places, bonds = np.array(springs.places), np.array(springs.bonds)
moved = places + np.concatenate([pinch, nd.relax(net, pinch).state]).reshape(-1, 2)
length = np.linalg.norm(moved[bonds[:, 0]] - moved[bonds[:, 1]], axis=1)
strain = (
    length / np.linalg.norm(places[bonds[:, 0]] - places[bonds[:, 1]], axis=1) - 1.0
)

# %%
# Colour is how much each spring is stretched (solid) or shortened (dashed). Squares are
# nodes that are held, crosses their places before, and circles the outputs. As in a
# solid, forces fade with the distance.

figure, ax = plt.subplots(figsize=(7.0, 4.2), layout="constrained")
largest = np.abs(strain).max()
shades = plt.cm.ScalarMappable(plt.Normalize(-largest, largest), cmap="PuOr_r")
for bond, value in zip(bonds, strain, strict=True):
    ax.plot(
        *moved[bond].T,
        "-" if value > 0.0 else "--",
        color=shades.to_rgba(value),
        lw=2.5,
    )
ax.plot(*moved.T, ".", color=style.QUIET, ms=3)
ax.plot(*places[:4].T, "x", color=style.QUIET)
ax.plot(*moved[:4].T, "s", color=style.FREE)
ax.plot(*moved[-2:].T, "o", color=style.NUDGED)
ax.set(aspect="equal", xticks=[], yticks=[])
ax.spines[:].set_visible(False)
figure.colorbar(shades, ax=ax, label="strain", shrink=0.8)
plt.show()
