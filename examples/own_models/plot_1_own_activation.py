"""
An activation of your own
=========================

Which function turns the state of a neuron into its rate is up to you. A line of text is
enough; its derivatives follow by themselves, and with them everything else: phases,
error signals, gradients.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis.plots import style

# %%
# Here the rate rises with the state and falls again, as that of a neuron that prefers
# one value of what it senses. Weights are random.

bump = models.Activation("bump", "exp(-(s - c)**2)", c=0.7)
net = models.Hopfield(
    {
        "x": {"size": 1, "role": "input"},
        "h": {"size": 8, "activation": bump},
        "y": {"size": 1, "role": "output"},
    },
    ["x-h", "h-y"],
    gain=1.2,
    seed=6,
)
x = np.linspace(-2.0, 2.0, 41)[:, None]
rest = nd.relax(net, x)
found = nd.experiment(net, [0.5], [0.4])
error = analysis.compare(found.nudged, found.side).max_relative_error
print(f"velocities are error signals to {error:.0e} with this activation, too")

# %%
# Left: the activation. Right: rates of the hidden neurons, and the output that is made
# of them, against the input.

state = np.linspace(-2.0, 3.0, 101)
figure, (left, right) = plt.subplots(
    1, 2, figsize=(8.5, 3.2), width_ratios=(1, 1.6), layout="constrained"
)
left.plot(state, np.exp(-((state - 0.7) ** 2)), color=style.POPULATIONS[0])
left.set(xlabel="state $s$", ylabel="rate $\\rho(s)$")
rates = np.exp(-((rest.state[:, :8] - 0.7) ** 2))
right.plot(x, rates, color=style.POPULATIONS[0], lw=0.8)
right.plot([], [], color=style.POPULATIONS[0], lw=0.8, label="rates, hidden")
right.plot(x, rest.state[:, 8], color=style.FREE, lw=2.5, label="output $s$")
right.set(xlabel="input $x$")
right.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
plt.show()
