"""`plot_mosaic`: rows of small pictures, each row with a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurodyn.analysis.plots import style
from neurodyn.numerics.arrays import Array

#: Pixels between two pictures.
GAP = 2


def plot_mosaic(rows: Mapping[str, Array], shape: tuple[int, int], *, height: float = 3.2) -> Any:
    """Draw pictures with values from -1 (white) to 1 (black), (pictures, pixels) in each row; returns the axes."""
    tall, wide = (pixels + GAP for pixels in shape)
    count = max(len(pictures) for pictures in rows.values())
    image = np.full((tall * len(rows), wide * count), -1.0)
    for i, pictures in enumerate(rows.values()):
        for k, picture in enumerate(pictures):
            image[i * tall : i * tall + shape[0], k * wide : k * wide + shape[1]] = picture.reshape(shape)
    ax = style.new_axes(height=height)[0]
    ax.imshow(image[:-GAP, :-GAP], cmap="gray_r", vmin=-1.0, vmax=1.0)
    ax.set_xticks([])
    ax.set_yticks(tall * np.arange(len(rows)) + (shape[0] - 1) / 2, list(rows))
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    return ax
