"""
A learning rule of your own
===========================

A rule that estimates the gradient is a small class with one method. The one here knows
nothing of error signals: it pushes hidden neurons at random, looks whether the cost has
become smaller, and credits the neurons that were pushed.
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.estimators.base import Estimator

# %%
# A push is a small current into every neuron, which changes the cost by some amount.
# The mean of current times change is each neuron's part in the error, from which the
# gradient follows.


@dataclass(frozen=True, kw_only=True)
class RandomPushes(Estimator):
    """Error signals from the answers of the cost to `pushes` random currents."""

    pushes: int = 10

    def estimate(self, task):
        """Estimate dJ/dtheta for one task: a network with its data."""
        point, rng = task.point, np.random.default_rng(0)
        slope = point.cost_slope(task.target)
        signal = np.zeros_like(slope)
        for _ in range(self.pushes):
            current = rng.normal(size=slope.shape)
            moved, _ = point.solve(current)  # rest with it, minus without
            change = np.sum(slope * moved, axis=0)
            signal += current * change / self.pushes
        return point.side_gradient(signal)


# %%
# An instance stands wherever the name of a method does, as in ``nd.gradient`` or
# ``nd.learn``.

net = models.Hopfield.layered([3, 8, 6, 2], seed=1)
x, y = np.array([0.8, -0.4, 0.6]), np.array([0.5, -0.5])
exact = nd.gradient(net, x, y, method="implicit")
numbers = np.array([3, 10, 30, 100, 300, 1000])
cosines = [
    nd.gradient(net, x, y, method=RandomPushes(pushes=int(n))).cosine(exact)
    for n in numbers
]
angles = np.degrees(np.arccos(cosines))

# %%
# The estimate is right in the mean, but noisy. Its angle to the gradient shrinks with
# the root of the number of pushes, and a larger network needs more of them. Nudging
# tells every neuron its error at once.

figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
ax.loglog(numbers, angles, "o", color=style.POPULATIONS[0], label="random pushes")
root = angles[-1] * np.sqrt(numbers[-1] / numbers)
ax.loglog(numbers, root, "k--", lw=1, label="one over their root")
ax.set(xlabel="pushes", ylabel="angle to the gradient (degrees)")
ax.set_yticks([5, 10, 20, 50], ["5", "10", "20", "50"])
ax.minorticks_off()
ax.legend(frameon=False)
plt.show()
