"""
A cost that forgives outliers
=============================

The squared error pulls hardest at what is furthest away, so that a few wrong targets
spoil what is learned. A cost of your own, one line of text, can limit the pull.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# A line through 40 noisy points, of which every eighth is far too low: the smallest of
# networks, with an input and an output, that has the points as its samples. It learns
# once with the squared error, and once with a cost whose slope, the pull on the output,
# is never larger than w.

robust = models.Cost("tolerant", "w**2*logcosh((z - y)/w)", w=0.2)
rng = np.random.default_rng(2)
x = np.linspace(-1.0, 1.0, 40)[:, None]
y = 0.2 + 0.5 * x + rng.normal(scale=0.04, size=x.shape)
y[4::8] -= 0.9 + 0.6 * x[4::8]
lines = {}
for label, readout in {"squared error": "linear", "robust cost": robust}.items():
    output = {"size": 1, "role": "output", "activation": "linear", "readout": readout}
    net = models.Hopfield({"x": {"size": 1, "role": "input"}, "y": output}, ["x-y"])
    learned = nd.learn(
        net, x, y, method="implicit", batch_size=40, rates=1.5, epochs=40
    ).network
    lines[label] = nd.predict(learned, x)

# %%
# The outliers draw the one line towards them, and hardly touch the other.

figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
ax.plot(x, y, "o", color=style.QUIET, ms=4, mfc="none", label="targets")
for (label, line), colour, dash in zip(
    lines.items(), style.POPULATIONS, ("--", "-"), strict=False
):
    ax.plot(x, line, color=colour, ls=dash, lw=2, label=label)
ax.set(xlabel="input $x$", ylabel="output at rest $s$")
ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
plt.show()
