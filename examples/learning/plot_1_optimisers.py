"""
Three ways down
===============

An estimate of the gradient says where downhill is. How to step is another question, and
answers from machine learning work for networks that learn by moving, too: plain steps,
steps with momentum, and Adam, which scales the step of every weight.
"""

import matplotlib.pyplot as plt

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.models.data import digits

# %%
# Handwritten digits of 8x8 pixels. Each of the three has the rate that is the default
# for it.

data = digits("train").take(400)
net = models.Hopfield.layered([64, 32, 10], activation="hard-sigmoid", seed=1)
trainings = {}
for optimiser in ("sgd", "momentum", "adam"):
    trainings[optimiser] = nd.learn(
        net,
        data.images,
        data.labels,
        epochs=12,
        optimizer=optimiser,
        nudging="centered",
        persistent=False,
        seed=0,
    )

# %%
# All of them learn. Which is the fastest depends on the rates as well as on the method.

figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
looks = zip(style.POPULATIONS, style.MARKERS, style.DASHES, strict=False)
for (name, training), (colour, mark, dash) in zip(
    trainings.items(), looks, strict=False
):
    epochs = range(1, len(training.train_cost) + 1)
    ax.semilogy(
        epochs,
        training.train_cost,
        color=colour,
        marker=mark,
        ms=4,
        ls=dash,
        label=name,
    )
ax.set(xlabel="epoch", ylabel="mean cost")
ax.legend(frameon=False)
plt.show()
