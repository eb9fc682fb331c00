"""What to learn from: the training and test samples of a model's data set, or of a user's own .npz file."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from neurodyn.errors import DataError
from neurodyn.graph import Array
from neurodyn.models.data import BROKEN_ZIP, digits, mnist, read_member
from neurodyn.models.idx import fault
from neurodyn.models.load import DATA_SETS, Model

#: Types of a user's own arrays: whole numbers, and floats.
NUMBERS: Final = "iuf"
PARTS: Final = ("x_train", "y_train", "x_test", "y_test")
#: What integer values are divided by.
FULL: Final = 255.0


@dataclass(frozen=True, eq=False)
class LearningData:
    """Samples to learn from, and to test with.

    Attributes
    ----------
    x, y : (samples, n_in), (samples,) labels or (samples, n_out)
    x_test, y_test
        None where there are none.
    shape : tuple of int or None
        (height, width) where inputs are images.
    about : str
        Where they are from, and how they were normalised: one sentence.
    """

    x: Array | None
    y: Any
    x_test: Array | None
    y_test: Any
    shape: tuple[int, int] | None
    about: str


def learning_data(model: Model, place: str | os.PathLike[str] | None = None) -> LearningData:
    """The samples that a model learns from.

    Parameters
    ----------
    model : Model
        Its [data] name a data set (`digits`, `mnist`: all of its training part and of its test part), or hold the
        samples.
    place : path, optional
        A folder with MNIST, by default NEURODYN_DATA; or a user's own .npz file with the arrays `x_train`, `y_train`
        and perhaps `x_test`, `y_test` (or `x`, `y`), which then stands for the model's data. Inputs of whole numbers
        must lie in 0 ... 255 and are divided by 255; floats are taken as they are.

    Raises
    ------
    DataError
        Data are missing, damaged, or do not belong together.
    """
    name = model.settings.get("data", {}).get("name")
    if place is not None and os.path.isfile(place) and os.fspath(place).endswith(".npz"):
        return _own(os.fspath(place))
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


def _own(file: str) -> LearningData:
    try:
        with zipfile.ZipFile(file) as archive:
            names = {name.removesuffix(".npy") for name in archive.namelist()}
            keys = ("x", "y", "", "") if {"x", "y"} <= names and "x_train" not in names else PARTS
            wanted = [key if key in names or k < 2 else None for k, key in enumerate(keys)]
            arrays = [None if key is None else read_member(file, archive, key, NUMBERS) for key in wanted]
    except DataError:
        raise
    except BROKEN_ZIP as error:
        rule = "an .npz file with x_train and y_train is needed"
        raise fault(file, rule, f"a file that cannot be unpacked ('{error}')") from error
    x, y, about, shape = _pair(file, keys[0], arrays[0], arrays[1])
    if arrays[2] is None or arrays[3] is None:
        return LearningData(x, y, None, None, shape, f"{file}: {about}")
    x_test, y_test, also, _ = _pair(file, keys[2], arrays[2], arrays[3])
    return LearningData(x, y, x_test, y_test, shape, f"{file}: {about}; {also}")


def _pair(file: str, key: str, x: Any, y: Any) -> tuple[Array, Any, str, tuple[int, int] | None]:
    """Inputs and targets, how many there are and how they were normalised, and their shape if they are images."""
    inputs, remark = _normalised(file, key, x)
    _check_pair(file, key, inputs, y)
    targets = y.astype(np.int64) if y.dtype.kind in "iu" and y.ndim == 1 else y.astype(float)
    shape = (x.shape[1], x.shape[2]) if x.ndim == 3 else None
    return inputs, targets, f"{len(y):,} samples in {key}, {remark}", shape


def _normalised(file: str, key: str, x: Any) -> tuple[Array, str]:
    """Inputs as rows of float64, and what was done to them."""
    if x.ndim < 2:
        raise fault(file, f"{key!r} must have a row of numbers, or an image, for each sample", f"shape {x.shape}")
    rows = x.reshape(len(x), -1)
    if x.dtype.kind == "f":
        if not np.isfinite(rows).all():
            raise fault(file, f"{key!r} must hold finite numbers", "NaN or infinity")
        return rows.astype(float), "taken as they are"
    if rows.min() < 0 or rows.max() > FULL:
        raise fault(file, f"whole numbers in {key!r} must lie in 0 ... 255", f"{rows.min()} ... {rows.max()}")
    return rows / FULL, "divided by 255"


def _check_pair(file: str, key: str, x: Array, y: Any) -> None:
    if y.ndim not in (1, 2) or (y.ndim == 1 and y.dtype.kind == "f"):
        raise fault(file, f"targets of {key!r} must be whole-number labels, or a row of numbers each",
                    f"{y.dtype} of shape {y.shape}")  # fmt: skip
    if len(x) != len(y):
        raise fault(file, f"there must be one target for each of the {len(x):,} samples in {key!r}", f"{len(y):,}")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise fault(file, f"targets of {key!r} must be finite numbers", "NaN or infinity")
