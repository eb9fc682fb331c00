"""
A switch that remembers
=======================

A pair of neurons that excite each other strongly is a switch. An input turns it on, and
it stays on when the input is gone; only an input of the other sign turns it off. What
the pair does at a given input depends on where it comes from, which is called
hysteresis.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis import plots
from neurodyn.analysis.plots import style

# %%
# The *bifurcation diagram* has all states of rest for every input, stable (solid) and
# unstable (dashed). Between the two folds there are three: on, off, and a border
# between both on which nothing stays.

pair = models.Hopfield.recurrent(2, n_in=1)
pair = pair.replace(parameters={"s-s": [[0.0, 1.8], [1.8, 0.0]], "x-s": [[1.0, 1.0]]})
off = nd.relax(pair, [-1.0]).state
diagram = analysis.bifurcation_diagram(
    pair, [off], [-1.0], parameter="x[0]", span=(-1.0, 1.0), cycles=False
)
print(diagram.bifurcations)

# %%
# The same in time: the input rises and falls slowly, and the pair follows (orange). It
# holds on to its branch up to the fold, where the branch ends, and then jumps. Slow
# motion cannot undo this: there is nothing to follow any more.

wave = nd.Sine(mean=0.0, amplitude=[1.0], frequency=1 / 400)
run = nd.simulate(pair, wave, start=[0.8, 0.8], t_eval=np.linspace(0.0, 500.0, 1001))

figure, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
plots.plot_bifurcation(diagram, ax=ax)
loop = run.t >= 100.0
ax.plot(
    run.input[loop, 0],
    run.state[loop, 0],
    color=style.NUDGED,
    lw=1,
    label="up and down\nin time",
)
ax.set(xlabel="input", ylabel="state of one neuron $s$")
ax.set_title("")
ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
plt.show()
