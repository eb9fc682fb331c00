"""
Recalling letters
=================

A network can store patterns as states of rest. Started at a damaged one, it moves to
the whole: memory by content instead of by address. Here five letters of 5x5 pixels are
stored, and each is shown with a fifth of its pixels wrong.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis.plots import style

# %%
# The letters are too alike for Hebb's rule, which adds up the products of all pairs of
# pixels. The projection rule takes account of what they share.

letters = models.read("dense-memory").network.parameters["s.memories"][
    [0, 6, 13, 18, 23]
]
memory = models.store(letters, "projection")
rng = np.random.default_rng(3)
damaged = np.array(
    [np.where(rng.permutation(25) < 5, -letter, letter) for letter in letters]
)
times = [0.0, 0.4, 1.0, 2.0, 20.0]
run = nd.simulate(memory, start=damaged, t_eval=times)
print(analysis.overlap(run.state[-1], letters).diagonal().round(3))

# %%
# A row for each letter, and time from left to right. Wrong pixels fade out, and missing
# ones come back.

figure, axes = plt.subplots(5, 5, figsize=(5.2, 5.4), layout="constrained")
for k, row in enumerate(axes.T):
    for ax, picture in zip(row, np.tanh(run.state[k]).reshape(5, 5, 5), strict=True):
        ax.imshow(picture, cmap="Greys", vmin=-1.0, vmax=1.0)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_color(style.FAINT)
    row[0].set_title(f"$t$ = {times[k]:g}")
plt.show()
