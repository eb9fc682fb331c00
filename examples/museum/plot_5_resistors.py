"""
Currents through a wire mesh
============================

Voltages settle so that a mesh of resistors turns as little power into heat as it can:
the energy of a network whose states are voltages. Kirchhoff's law of currents is the
condition of rest.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.models import terms

# %%
# A mesh of 9x12 nodes with equal resistors between neighbours, some of which are cut
# along a line. A battery holds two of the corners at 1 V and -1 V: inputs, joined to
# the corners by thick wires.

rows, columns = 9, 12
number = np.arange(rows * columns).reshape(rows, columns)
g = np.zeros((rows * columns, rows * columns))
g[number[:, :-1], number[:, 1:]] = g[number[:-1], number[1:]] = 1.0
g[number[:7, 5], number[:7, 6]] = 0.0
battery = np.zeros((2, rows * columns))
battery[0, number[0, 0]] = battery[1, number[0, -1]] = 10.0
mesh = models.EnergyNetwork(
    {
        "x": {"size": 2, "role": "input"},
        "v": {"size": rows * columns, "activation": "linear"},
    },
    [terms.Resistor("x", "v"), terms.Resistor("v", "v")],
).replace(parameters={"x-v": battery, "v-v": g + g.T})
voltage = nd.relax(mesh, [1.0, -1.0]).state.reshape(rows, columns)

# %%
# Shades are voltages. Arrows are currents, which go around the cut and crowd at its
# end.

right, down = (np.zeros((rows, columns)) for _ in range(2))
right[:, :-1] = (voltage[:, :-1] - voltage[:, 1:]) * g[number[:, :-1], number[:, 1:]]
down[:-1] = (voltage[:-1] - voltage[1:]) * g[number[:-1], number[1:]]
figure, ax = plt.subplots(figsize=(6.5, 4.0), layout="constrained")
shades = ax.imshow(voltage, cmap="cividis", vmin=-1.0, vmax=1.0)
ax.quiver(right, down, angles="xy", scale=4.0, color="white", width=0.004)
ax.plot([5.5, 5.5], [-0.5, 6.5], color=style.NUDGED, lw=3, label="cut")
ax.set(xticks=[], yticks=[])
ax.legend(loc="lower right", frameon=False, labelcolor="white")
figure.colorbar(shades, ax=ax, label="voltage (V)", shrink=0.8)
plt.show()
