"""
Synapses that change while neurons move
=======================================

Learning is often told as two steps: measure a gradient, then change the weights. A
synapse can do both at once. During the nudged phase it follows the products of the
rates at its two ends, and when the phase is over it has learned.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# A single example is shown, with a nudge of finite strength and synapses that are
# slower than neurons.

net = models.Hopfield.layered([3, 5, 1], seed=2)
x, y = np.array([0.8, -0.6, 0.4]), np.array([0.7])
rest = nd.relax(net, x)
run = nd.plastic_phase(
    net, rest, y, beta=1.0, tau_theta=8.0, t_eval=np.linspace(0.0, 20.0, 101)
)
learned = run.learned()

# %%
# Left: neurons move away from rest, and the weights into the output follow them. Right:
# the output of the network without any nudge, before and after, and where it should be.

figure, (left, right) = plt.subplots(
    1, 2, figsize=(8.5, 3.3), width_ratios=(2, 1), layout="constrained"
)
weights = np.array(
    [
        nd.Parameters(net.parameters.blocks, theta)["h1-y"][:, 0]
        for theta in run.parameters
    ]
)
shades = plt.get_cmap("Greys")(np.linspace(0.5, 1.0, weights.shape[1]))
for change, shade in zip((weights - weights[0]).T, shades, strict=True):
    left.plot(run.t, change, color=shade)
left.set(
    xlabel="time since the nudge $t$ (unit of $\\tau$)",
    ylabel="change of the weights to the output",
)
answers = [float(nd.predict(network, x)[0]) for network in (net, learned)]
right.bar(
    ["before", "after"],
    answers,
    color=[style.FAINT, style.FREE],
    edgecolor="k",
    width=0.6,
)
right.axhline(y[0], color=style.NUDGED, ls="--")
right.text(0.5, y[0] + 0.02, "target", color=style.NUDGED, ha="center")
right.set(ylabel="output at rest $s$", ylim=(min(0.0, *answers), 0.85))
plt.show()
