"""What a model learns from: the training and test samples of its data set, or of a user's own files."""

from __future__ import annotations

import os

from neurodyn.errors import DataError
from neurodyn.models.data.image_sets import digits, mnist
from neurodyn.models.data.sample_files import LearningData, read_data
from neurodyn.models.load import DATA_SETS, Model


def learning_data(model: Model, place: str | os.PathLike[str] | None = None) -> LearningData:
    """The samples that a model learns from.

    Parameters
    ----------
    model : Model
        Its [data] name a data set (`digits`, `mnist`: all of its training part and of its test part), or hold the
        samples.
    place : path, optional
        Data that stand for the model's: see `models.data.read_data`. For a model that names `mnist`, a folder with
        MNIST, by default NEURODYN_DATA.

    Raises
    ------
    DataError
        Data are missing, damaged, or do not belong together.

    Examples
    --------
    >>> from neurodyn import models
    >>> data = models.learning_data(models.read("resistive-xor"))
    >>> data.x.shape
    (4, 6)
    """
    name = model.settings.get("data", {}).get("name")
    if place is not None and (name != "mnist" or os.path.isfile(place)):
        return read_data(place)
    if name in DATA_SETS:
        train, test = (digits(part) if name == "digits" else mnist(part, place) for part in ("train", "test"))
        about = f"{name}: {len(train.labels):,} samples to learn from, {len(test.labels):,} to test with, in [0, 1]"
        return LearningData(train.images, train.labels, test.images, test.labels, train.shape, about)
    if model.y is None:
        raise DataError(
            f"model {model.name!r} has nothing to learn from: give it [data] with a `name`, or with `x` and `y`, or "
            "pass --data FILE.npz with x_train and y_train"
        )
    return LearningData(model.x, model.y, None, None, None, f"the {len(model.y):,} samples of the model file")
