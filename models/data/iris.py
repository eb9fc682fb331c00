"""`irises`: Fisher's 150 flowers of three species, four sizes of each (R. A. Fisher, Annals of Eugenics 7:179, 1936).

From the UCI Machine Learning Repository, https://doi.org/10.24432/C56C76, licence CC BY 4.0.
"""

from __future__ import annotations

from importlib import resources

import numpy as np

from neurodyn import models
from neurodyn.numerics.arrays import Array, Integers


def irises() -> tuple[Array, Integers, tuple[str, ...]]:
    """Lengths and widths of sepals and petals (150, 4) in cm; species, numbers from 0; names, by the size of petals.

    Examples
    --------
    >>> from neurodyn.models.data.iris import irises
    >>> sizes, species, names = irises()
    >>> sizes[0].tolist(), names[species[0]]
    ([5.1, 3.5, 1.4, 0.2], 'setosa')
    """
    resource = resources.files(models) / "library" / "iris.npz"
    with resource.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        return file["tenths"] / 10.0, file["species"].astype(np.int64), tuple(map(str, file["names"]))
