"""
Six ways to a gradient
======================

The gradient of the cost can be found in many ways: by nudging, by the side network, by
going back through time, by moving each weight a little, or by solving linear equations.
Here six of them estimate the gradient of one network, and are held against the exact
one.
"""

import matplotlib.pyplot as plt
import numpy as np

from neurodyn import analysis, models
from neurodyn.analysis import plots

# %%
# Contrastive divergence, a rule of its own, is no estimate of this gradient, and is far
# off.

rng = np.random.default_rng(1)
net = models.Hopfield.layered([4, 6, 3], seed=1)
x, y = rng.uniform(size=(2, 4)), rng.uniform(-0.5, 0.5, size=(2, 3))
found = analysis.compare_gradients(
    net,
    x,
    y,
    {
        "nudging, one sign": {
            "method": "equilibrium-propagation",
            "beta": 0.01,
            "nudging": "positive",
        },
        "nudging, centered": {"method": "equilibrium-propagation", "beta": 0.01},
        "side network": {"method": "recurrent-backprop"},
        "back through time": {"method": "bptt", "step": 0.1, "steps": 200},
        "finite differences": {"method": "finite-differences"},
        "contrastive divergence": {"method": "contrastive-divergence", "duration": 1.0},
    },
)

# %%
# Towards the lower left is what one wants: a small error for little work. Work is
# counted in evaluations of the force, of which nudging and the side network need the
# fewest. Finite differences take two states of rest for each weight.

figure, ax = plt.subplots(figsize=(7.0, 3.8), layout="constrained")
plots.plot_gradient_cost(found, ax=ax)
plt.show()
