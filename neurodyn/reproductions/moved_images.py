"""`moved`: images each turned, stretched and shifted a little at random, as other hands would write them."""

from __future__ import annotations

import numpy as np

from neurodyn.numerics.arrays import Array

#: At most: shift in pixels, turn in radians, and how much wider or higher, as a fraction.
SHIFT, TURN, STRETCH = 0.7, 0.15, 0.1
#: Pixels of background around an image, into which it may move.
MARGIN = 2


def moved(images: Array, rng: np.random.Generator) -> Array:
    """Square images (batch, side²), each where a random map of the plane takes it, linear between pixels.

    Examples
    --------
    >>> import numpy as np
    >>> from neurodyn.reproductions.moved_images import moved
    >>> moved(np.ones((2, 64)), np.random.default_rng(0)).shape
    (2, 64)
    """
    count, side = len(images), round(images.shape[1] ** 0.5)
    wide = np.pad(images.reshape(count, side, side), ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))
    turn = rng.uniform(-TURN, TURN, (count, 1))
    stretch = 1.0 + rng.uniform(-STRETCH, STRETCH, (2, count, 1))
    shift = rng.uniform(-SHIFT, SHIFT, (2, count, 1)) + (side - 1) / 2 + MARGIN
    row, column = np.indices((side, side)).reshape(2, -1) - (side - 1) / 2
    places = (
        (np.cos(turn) * row - np.sin(turn) * column) * stretch[0] + shift[0],
        (np.sin(turn) * row + np.cos(turn) * column) * stretch[1] + shift[1],
    )
    r, c = (np.clip(place, 0.0, side + 2 * MARGIN - 1.001) for place in places)
    i, j = r.astype(int), c.astype(int)
    down, across, which = r - i, c - j, np.arange(count)[:, None]
    upper = (1.0 - across) * wide[which, i, j] + across * wide[which, i, j + 1]
    lower = (1.0 - across) * wide[which, i + 1, j] + across * wide[which, i + 1, j + 1]
    return np.asarray((1.0 - down) * upper + down * lower)
