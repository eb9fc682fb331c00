"""
The same weights everywhere
===========================

In a convolution all places of an image share their weights, and with them what is
learned. Two filters are set by hand here, which answer to upright and to level edges.
"""

import matplotlib.pyplot as plt
import numpy as np

import neurodyn as nd
from neurodyn import models
from neurodyn.analysis.plots import style
from neurodyn.models import terms

# %%
# An image of 12x12 pixels, filters of 3x3, and two maps of 10x10 neurons, which leak
# and are otherwise free. The weights have the shape (maps, channels of the image,
# height, width).

layer = terms.Convolution("x", "h", size_in=(12, 12), channels=2, kernel=3)
net = models.EnergyNetwork(
    {"x": {"size": 144, "role": "input"}, "h": {"size": 200, "activation": "tanh"}},
    [terms.Leak(), layer],
)
edge = np.array([[-1.0, 0.0, 1.0]] * 3) / 3.0
net = net.replace(parameters={"x-h": np.array([[edge], [edge.T]])})
image = np.zeros((12, 12))
image[3:9, 2:6] = image[6:9, 6:10] = 1.0
maps = nd.relax(net, image.ravel()).state.reshape(2, 10, 10)

# %%
# Yellow where the image becomes brighter to the right, or downwards, and blue where it
# becomes darker.

figure, axes = plt.subplots(1, 3, figsize=(8.5, 2.9), layout="constrained")
axes[0].imshow(image, cmap="Greys_r")
for ax, shown in zip(axes[1:], maps, strict=True):
    shades = ax.imshow(shown, cmap="cividis", vmin=-1.0, vmax=1.0)
for ax, title in zip(axes, ("image", "upright edges", "level edges"), strict=True):
    ax.set_title(title, loc="left", color=style.SIDE)
    ax.set(xticks=[], yticks=[])
figure.colorbar(shades, ax=axes[1:], label="state $s$", shrink=0.8)
plt.show()
