"""
Stopped too early
=================

The gradient that a nudge gives is complete when the network has come to rest again. If
the nudged phase is stopped before, one has the gradient of back-propagation through as
much time: a shorter one, that is turned a little.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# A nudged phase knows the gradient at every time until which it has run. Each block of
# weights is compared with the exact one: its length, and the cosine of the angle
# between both.

rng = np.random.default_rng(4)
net = models.Hopfield.layered([4, 8, 6, 3], gain=1.2, seed=4)
x, y = rng.uniform(-1.0, 1.0, size=(3, 4)), rng.uniform(-0.8, 0.8, size=(3, 3))
exact = nd.gradient(net, x, y, method="implicit")
times = np.linspace(0.0, 10.0, 41)
run = nd.nudge(net, nd.relax(net, x), y, t_eval=times)
partial = [run.parameter_gradient(t) for t in times[1:]]

# %%
# Weights near the outputs are there first. The direction is good long before the length
# is, which is why learning works with short phases: a step that is too short is still a
# step downhill.

figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.3), layout="constrained")
for name, colour, dash in zip(
    ("x-h1", "h1-h2", "h2-y"), style.POPULATIONS, style.DASHES, strict=False
):
    target = exact[name].ravel()
    found = np.array([gradient[name].ravel() for gradient in partial])
    lengths = np.linalg.norm(found, axis=1)
    axes[0].plot(
        times[1:], lengths / np.linalg.norm(target), color=colour, ls=dash, label=name
    )
    axes[1].plot(
        times[1:],
        found @ target / lengths / np.linalg.norm(target),
        color=colour,
        ls=dash,
    )
axes[0].set(xlabel="duration (unit of $\\tau$)", ylabel="length over the exact one")
axes[1].set(xlabel="duration (unit of $\\tau$)", ylabel="cosine with the exact one")
figure.legend(loc="outside upper center", ncols=3, frameon=False)
plt.show()
