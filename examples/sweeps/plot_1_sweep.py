"""
A grid of settings
==================

One call runs the experiment of a model in every cell of a grid, on as many processes as
you like, and returns one table with named axes. Here it answers at once how the
agreement between velocities and error signals depends on two settings.
"""

from concurrent.futures import ThreadPoolExecutor

import matplotlib.pyplot as plt

import neurodyn as nd
from neurodyn.analysis.plots import style

# %%
# The names of what varies are those of the model file. Cells are computed by two
# threads, which do in notebooks, too; for long sweeps there are processes and clusters.
# With ``out="folder"`` each finished cell is kept, and a sweep that was stopped goes on
# where it was.

vary = {
    "nudging.beta": "log:1e-3:1e-1:5",
    "connections.s-s.gain": [0.25, 0.5, 1.0, 1.5],
}
with ThreadPoolExecutor(2) as threads:
    data = nd.sweep("two-neurons", vary, executor=threads)
error = data["max_relative_error"]
print(f"{dict(error.sizes)}, all done: {(data['status'] == 'done').all().item()}")

# %%
# Centered nudging errs in proportion to β², whatever the weights are. How large its
# error is depends on them.

figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
looks = zip(style.POPULATIONS, style.MARKERS, style.DASHES, strict=False)
for gain, (colour, mark, dash) in zip(
    data["connections.s-s.gain"].values, looks, strict=False
):
    values = error.sel({"connections.s-s.gain": gain})
    ax.loglog(
        data["nudging.beta"],
        values,
        color=colour,
        marker=mark,
        ls=dash,
        label=f"gain {gain}",
    )
ax.set(xlabel="strength of the nudge $\\beta$", ylabel="largest relative error")
ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
plt.show()
