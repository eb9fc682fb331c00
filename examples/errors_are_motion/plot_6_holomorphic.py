"""
Nudging around a circle
=======================

A nudge need not be weak if it is complex. States at strengths on a circle in the
complex plane, averaged in the right way, give the derivative at its centre, by a
theorem of Cauchy. With more points on the circle the error falls faster than any power.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# The gradient of the cost by all weights, against the exact one, for three radii. Two
# points, at +r and −r, are ordinary centered nudging.

net = models.Hopfield.layered([3, 5, 2], gain=0.5, seed=1)
x, y = np.array([[0.7, -0.2, 0.5]]), np.array([[0.4, -0.3]])
exact = nd.gradient(net, x, y, method="implicit")
points = [2, 3, 4, 6, 8, 12]
errors = {0.4: [], 0.2: [], 0.1: []}
for radius, found in errors.items():
    for number in points:
        estimate = nd.gradient(
            net, x, y, method="holomorphic", radius=radius, points=number
        )
        found.append((estimate - exact).norm / exact.norm)

# %%
# With N points the error is as the N-th power of the radius over a larger one, at which
# the states have their nearest singularity. To be as good with two points one would
# need a radius that is smaller by orders of magnitude.

figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
looks = zip(style.NUDGED_SHADES, style.MARKERS, strict=False)
for (radius, found), (colour, mark) in zip(errors.items(), looks, strict=False):
    ax.semilogy(
        points, found, color=colour, marker=mark, ms=4, label=f"radius {radius}"
    )
ax.set(xlabel="points on the circle $N$", ylabel="relative error of the gradient")
ax.legend(frameon=False)
plt.show()
