"""
Learning without a gradient
===========================

In coupled learning the outputs of a second, equal network are clamped a little way
towards their targets, and each connection compares the two networks at its own place.
With one output that is the gradient up to a factor. With several it is not; but it
still goes downhill.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# For networks with one to five outputs, eight of each: the angle between the step of
# coupled learning and the gradient.

rng = np.random.default_rng(0)
counts = [1, 2, 3, 4, 5]
angles = np.zeros((len(counts), 8))
for row, outputs in enumerate(counts):
    for seed in range(8):
        net = models.Hopfield.layered([3, 6, outputs], gain=1.5, seed=seed)
        x, y = (
            rng.uniform(-1.0, 1.0, size=(1, 3)),
            rng.uniform(-0.8, 0.8, size=(1, outputs)),
        )
        exact = nd.gradient(net, x, y, method="implicit")
        step = nd.gradient(net, x, y, method="coupled-learning", eta=0.001)
        angles[row, seed] = np.degrees(np.arccos(min(1.0, step.cosine(exact))))

# %%
# Every angle is below 90 degrees. Up to that line a small step makes the cost smaller.

figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
ax.plot(counts, angles, "o", color=style.POPULATIONS[0], ms=5, mfc="none")
ax.axhline(90.0, color="k", ls="--", lw=1)
ax.text(1.0, 86.0, "no longer downhill above", va="top")
ax.set(
    xlabel="number of outputs",
    ylabel="angle to the gradient (degrees)",
    ylim=(-4.0, 95.0),
    xticks=counts,
)
plt.show()
