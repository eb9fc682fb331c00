"""
A network that never rests
==========================

With weights that differ between both directions there is no energy, and nothing forbids
to go round in circles. Here one group of neurons excites another, which inhibits it: an
activity that chases itself, as in many rhythms of the brain.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis.plots import style

# %%
# In the entry [i, j] of the weights stands how neuron i acts on neuron j. Each group
# has three neurons that excite one another, which is needed for the rhythm to live.

weights = np.zeros((6, 6))
weights[:3, :3] = weights[3:, 3:] = 1.0
weights[:3, 3:], weights[3:, :3] = 1.0, -1.0
np.fill_diagonal(weights, 0.0)
net = models.Rate.recurrent(6, feedback={"s-s": weights})
start = np.array([0.1, 0.1, 0.1, 0.0, 0.0, 0.0])
cycle = analysis.limit_cycle(net, start=start)
run = nd.simulate(net, start=start, t_eval=np.linspace(0.0, 5 * cycle.period, 601))
print(cycle)

# %%
# From a small disturbance the oscillation grows to a size of its own. In the plane of
# both groups that is a spiral onto a closed curve, the limit cycle, whose period is
# known to ten digits.

figure, (left, right) = plt.subplots(
    1, 2, figsize=(8.5, 3.4), width_ratios=(1.5, 1), layout="constrained"
)
excite, inhibit = style.POPULATIONS[:2]
left.plot(run.t, run.state[:, 0], color=excite, label="excites")
left.plot(run.t, run.state[:, 3], color=inhibit, ls="--", label="inhibits")
left.set(xlabel="time $t$ (unit of $\\tau$)", ylabel="state $u$")
way, closed = run.state[:, [0, 3]].T, cycle.state[:, [0, 3]].T
right.plot(*way, color=style.FREE, lw=1, label="from the start")
right.plot(*closed, "k--", lw=2, label=f"period {cycle.period:.4f}")
right.set(xlabel="excites", ylabel="inhibits", aspect="equal")
above = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "handlelength": 1.2}
for ax in (left, right):
    ax.legend(ncols=2, frameon=False, **above)
plt.show()
