"""
A push too far
==============

The gentle slope that nudging relies on has an end. Pulled towards the target, the state
of rest moves smoothly as far as one likes. Pushed away from it, the outputs lose their
restoring force at some strength, and the state of rest is gone.
"""

import matplotlib.pyplot as plt

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis import plots

# %%
# The state of rest is followed through all strengths β, around the fold where it meets
# an unstable one and on. Positive values are pulls, negative ones pushes.

net = models.Hopfield.layered([2, 3, 1], seed=2, gain=1.5)
rest = nd.relax(net, [0.9, -0.7])
path = analysis.nudged_path(net, rest, [0.5], span=(-1.5, 2.0))
print(f"the linearised network is unstable below β = {-path.critical_beta:.3f}")
print(f"the branch folds at β = {path.folds[0]:.3f}")

# %%
# Black dashes are what a weak nudge promises, the tangent at β = 0. Gradients are made
# of its slope, and how soon the curves leave it says how strong a nudge may be.

figure, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
plots.plot_nudged_path(path, units=["h1[0]", "y[0]"], ax=ax)
plt.show()
