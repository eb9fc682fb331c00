"""
Noise explores the landscape
============================

With noise a network does not come to rest. It wanders, mostly where the energy is low,
and now and then across a pass into another valley. After a long time it has been at
each state in proportion to exp(−E/Θ), where Θ, the *temperature*, is the strength of
the noise: the law of statistical physics.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# Two neurons that excite each other have two valleys. One trajectory is long enough to
# see it hop between both; 5,000 others, side by side, tell how often each state is met.

pair = models.Hopfield.recurrent(2).replace(
    parameters={"s-s": [[0.0, 2.2], [2.2, 0.0]]}
)
theta = 0.25
walk = nd.simulate(
    pair,
    start=[1.0, 1.0],
    temperature=theta,
    seed=1,
    t_eval=np.linspace(0.0, 300.0, 1501),
)
many = nd.simulate(
    pair, start=np.zeros((5000, 2)), temperature=theta, seed=2, t_eval=[20.0]
).state[-1]

line = np.linspace(-3.0, 3.0, 121)
grid = np.stack(np.meshgrid(line, line), axis=-1)
law = np.exp(-pair.energy(grid.reshape(-1, 2)) / theta).reshape(grid.shape[:2])
law /= law.sum() * (line[1] - line[0]) ** 2

# %%
# Left: one neuron of the long trajectory. Right: where the 5,000 are (shades), and
# lines of the law, which was computed from the energy alone.

figure, (left, right) = plt.subplots(
    1, 2, figsize=(8.5, 3.4), width_ratios=(1.5, 1), layout="constrained"
)
left.plot(walk.t, walk.state[:, 0], color=style.FREE, lw=0.6)
left.set(
    xlabel="time $t$ (unit of $\\tau$)",
    ylabel="state $s_1$",
    title="hopping between two valleys",
)
right.hist2d(*many.T, bins=np.linspace(-3.0, 3.0, 41), density=True, cmap="Greys")
lines = right.contour(line, line, law, levels=6, colors=style.NUDGED, linewidths=1)
right.set(
    xlabel="$s_1$", ylabel="$s_2$", aspect="equal", title="often where $E$ is low"
)
plt.show()
