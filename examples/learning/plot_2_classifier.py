"""
A classifier like any other
===========================

For those who use scikit-learn a network is a classifier with ``fit`` and ``predict``.
Behind these two words it relaxes, is nudged, and moves its weights by what its own
synapses measured: no gradient is ever computed.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from neurodyn.analysis.plots import style
from neurodyn.learning import EquilibriumPropagationClassifier

# %%
# Two interleaved half-moons of 200 points, with noise, which no straight line can
# divide.

x, y = make_moons(200, noise=0.15, random_state=0)
classifier = EquilibriumPropagationClassifier(
    hidden_layer_sizes=24, learning_rate_init=0.01, max_iter=60, random_state=0
)
classifier.fit(x, y)
print(f"{classifier.score(x, y):.1%} of the points are on their side")

# %%
# Shades are the probability of class 1, from orange to purple, and the line is where
# both are equally probable.

first, second = np.linspace(-1.7, 2.7, 61), np.linspace(-1.2, 1.8, 51)
grid = np.stack(np.meshgrid(first, second), axis=-1)
probability = classifier.predict_proba(grid.reshape(-1, 2))[:, 1].reshape(
    grid.shape[:2]
)

figure, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
ax.pcolormesh(
    first, second, probability, cmap="PuOr", vmin=-0.8, vmax=1.8, shading="nearest"
)
ax.contour(first, second, probability, levels=[0.5], colors=style.SIDE)
for label, mark in enumerate("os"):
    colour = style.POPULATIONS[2 * label]
    ax.plot(
        *x[y == label].T,
        mark,
        ms=4,
        mfc="white" if label else colour,
        mec=colour,
        label=f"class {label}",
    )
ax.set(xlabel="first feature", ylabel="second feature")
ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
plt.show()
