"""
Weaker is better, down to a limit
=================================

The velocities of a nudged network are its error signals in the limit of a weak nudge.
How fast is that limit reached? With one sign the error falls in proportion to the
strength β, with both signs as β², down to the errors of the solver.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis import plots

# %%
# Everything is compared with one side network, which knows the limit. The orders are
# fitted in the middle of the curves.

net = models.Hopfield.layered([4, 6, 3], seed=2)
rest = nd.relax(net, np.random.default_rng(3).uniform(size=(2, 4)))
found = analysis.convergence(net, rest, [[0.3, -0.4, 0.2], [-0.1, 0.5, -0.3]])
print(f"order with one sign: {found.one_sided_slope:.2f}")
print(f"order centered: {found.centered_slope:.2f}")

# %%
# The nudge is integrated as displacement over strength, so that nothing is lost to
# rounding however small β is: the curves become flat, and do not rise again as
# differences of two states would.

figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
plots.plot_convergence(found, ax=ax)
plt.show()
