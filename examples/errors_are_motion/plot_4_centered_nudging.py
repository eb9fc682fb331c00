"""
Pull and push
=============

A pull of finite strength bends the network, so that velocities are a little off the
true error signals. A push of the same strength bends it the other way. Half the
difference of both, *centered* nudging, is much closer to the truth.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# The strength of 0.3 is large, so that one sees something. One hidden neuron of a chain
# is drawn.

net = models.Hopfield.layered([3, 6, 2], seed=5, gain=2.0)
rest = nd.relax(net, [0.8, -0.5, 0.9])
times = np.linspace(0.0, 6.0, 121)
run = nd.nudge(net, rest, [-0.8, 0.9], beta=0.3, t_eval=times)
truth = nd.side_network(net, rest, [-0.8, 0.9], t_eval=times)
neuron = int(np.argmax(np.abs(truth.error_signal[:, :6]).max(axis=0)))

# %%
# On the right what is left when the truth is taken away. The errors of pull and push
# are nearly opposite, and cancel: what remains grows with the square of the strength
# instead of with the strength itself.

figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.2), layout="constrained")
ways = {
    "pull, +β": (run.positive, "-"),
    "push, −β": (run.negative, "-."),
    "centered": (run, ":"),
}
for (label, (phase, dash)), colour in zip(
    ways.items(), style.NUDGED_SHADES, strict=False
):
    left.plot(
        times, phase.error_signal[:, neuron], dash, color=colour, label=label, lw=2
    )
    right.plot(
        times,
        (phase.error_signal - truth.error_signal)[:, neuron],
        dash,
        color=colour,
        lw=2,
    )
left.plot(
    times,
    truth.error_signal[:, neuron],
    "--",
    color=style.SIDE,
    lw=1,
    label="error signal",
)
right.axhline(0.0, color=style.SIDE, ls="--", lw=1)
left.set(xlabel="time since the nudge $t$", ylabel="$-(\\tau/\\beta)\\,ds/dt$")
right.set(xlabel="time since the nudge $t$", ylabel="minus the error signal")
figure.legend(loc="outside upper center", ncols=4, frameon=False)
plt.show()
