"""
From nudging to clamping
========================

The older rule of contrastive Hebbian learning does not nudge the outputs but holds them
at their targets. It is the other end of the same scale: the stronger a nudge, the more
it is like a clamp, and the less its estimate is the gradient.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# The gradient by nudging with ever larger strength β, and two angles: to the exact
# gradient, and to the estimate of contrastive Hebbian learning.

rng = np.random.default_rng(3)
net = models.Hopfield.layered([4, 8, 3], seed=3)
x, y = rng.uniform(-1.0, 1.0, size=(1, 4)), rng.uniform(-0.3, 0.3, size=(1, 3))
exact = nd.gradient(net, x, y, method="implicit")
clamped = nd.gradient(net, x, y, method="contrastive-hebbian")
betas = np.geomspace(1e-2, 1e3, 9)
nudged = [nd.gradient(net, x, y, beta=beta, nudging="positive") for beta in betas]
to_exact, to_clamped = (
    [np.degrees(np.arccos(min(1.0, found.cosine(end)))) for found in nudged]
    for end in (exact, clamped)
)

# %%
# Between both the estimate turns from the one to the other; by how much the clamped
# rule is off depends on the network and the targets.

figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
ax.semilogx(betas, to_exact, "o-", color=style.NUDGED, label="to the exact gradient")
ax.semilogx(
    betas,
    to_clamped,
    "s--",
    color=style.POPULATIONS[0],
    label="to contrastive\nHebbian learning",
)
ax.set(xlabel="strength of the nudge $\\beta$", ylabel="angle (degrees)")
ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
plt.show()
