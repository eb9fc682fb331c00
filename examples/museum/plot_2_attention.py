"""
A memory that pays attention
============================

A dense memory holds far more patterns than it has units. One step down its energy is
the attention of a transformer: the state is compared with all patterns, and moves to
their mean, weighted by a softmax of how well they fit.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style

# %%
# All 26 letters in 25 units, asked with a letter that is half an E and half an F.

letters = models.read("dense-memory").network.parameters["s.memories"]
query = 0.5 * (letters[4] + letters[5])
sharpness = (0.05, 0.3, 1.0)
weights, answers = [], []
for kappa in sharpness:
    memory = models.store(letters, "dense", sharpness=kappa)
    step = query + memory.force(query)  # a step of the size of a time constant
    scores = np.exp(kappa * (letters @ query) - np.max(kappa * (letters @ query)))
    weights.append(scores / scores.sum())
    gap = np.abs(step - weights[-1] @ letters).max()
    print(f"distance from softmax attention: {gap:.0e}")
    answers.append(nd.relax(memory, start=step).state)

# %%
# With a low sharpness κ the memory attends to many letters, and blends them; with a
# high one it sees but two. Small pictures: where the network comes to rest.

figure, axes = plt.subplots(1, 3, figsize=(9.0, 3.4), sharey=True, layout="constrained")
for ax, kappa, weight, answer in zip(axes, sharpness, weights, answers, strict=True):
    ax.bar(range(26), weight, color=style.FREE)
    ax.set_title(f"$\\kappa$ = {kappa}", loc="left")
    ax.set(xticks=range(0, 26, 4), xticklabels=list("AEIMQUY"), ylim=(0.0, 0.85))
    picture = ax.inset_axes((0.55, 0.5, 0.45, 0.45))
    picture.imshow(answer.reshape(5, 5), cmap="Greys", vmin=-1.0, vmax=1.0)
    picture.set(xticks=[], yticks=[])
axes[0].set_ylabel("attention")
plt.show()
