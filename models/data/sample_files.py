"""Samples to learn from and to test with, of a user's own: .npz archives, IDX files and tables.

Whatever is wrong with a file is a `DataError` of one sentence; files are not trusted, see `idx`, `npz` and `table`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from neurodyn.errors import shown
from neurodyn.inputs import as_path
from neurodyn.models.data.idx import GZIP_MAGIC, fault, read_idx
from neurodyn.models.data.image_sets import PREFIXES, find_pair
from neurodyn.models.data.npz import Archive
from neurodyn.models.data.table import Frame, read_table
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.memory import check_memory
from neurodyn.progress import waiting

#: Names of the arrays of an archive: Keras' own, or those of samples that are not split.
SPLIT: Final = ("x_train", "y_train", "x_test", "y_test")
PAIRS: Final = (("x", "y"), ("inputs", "targets"))
ARCHIVE: Final = "an .npz archive with x_train and y_train (and x_test, y_test), x and y, or inputs and targets"
KINDS: Final = (
    "an .npz archive, an IDX file of images (raw or gzipped), a file NAME.csv, or a folder with MNIST's files"
)
#: What whole numbers are divided by, unless they are all 0 or 1.
FULL: Final = 255
#: How many classes `about` names.
NAMED: Final = 12
#: The largest label there may be: each is an output.
MOST: Final = 1_000_000


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
    classes : tuple of str
        What the labels of a table are called where they are texts: label k is `classes[k]`. Else empty.

    Examples
    --------
    >>> import numpy as np
    >>> from neurodyn import models
    >>> data = models.LearningData(np.eye(2), np.array([0, 1]), None, None, None, "two samples, written down")
    >>> data.x.shape
    (2, 2)
    """

    x: Array | None
    y: Any
    x_test: Array | None
    y_test: Any
    shape: tuple[int, int] | None
    about: str
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Pair:
    """Inputs and targets as they stand in files, with the names that messages call them by."""

    x: Any
    y: Any
    x_name: str
    y_name: str


def read_data(place: str | os.PathLike[str] | Frame, label: str | None = None) -> LearningData:
    """Read samples from a file or folder of any kind that is known, or from a pandas DataFrame.

    Parameters
    ----------
    place : path or DataFrame
        An .npz archive, with the arrays `x_train`, `y_train` and perhaps `x_test`, `y_test` (so Keras' `mnist.npz`),
        or `x`, `y`, or `inputs`, `targets`. An IDX file, raw or gzipped, whose name has `images`; its labels stand
        beside it, in the file with `labels` instead. A folder as `models.data.mnist` takes it, with files of any shape.
        A table, a frame or a file `NAME.csv` in UTF-8, has a sample in each row; the first row of a file names the
        columns, and commas separate them. All columns but one are features.
    label : str, optional
        The column of a table with the labels; by default the last one. Texts become whole numbers in sorted order, as
        `classes` and `about` say. Whole numbers stay what they are, and where there are fractions among them all are
        numbers to reach, one output.

    Returns
    -------
    LearningData
        Inputs are rows of float64. Whole numbers must lie in 0 ... 255 and are divided by 255, unless those to learn
        from are all 0 or 1; floats are taken as they are. Targets that are one whole number for each sample are
        labels: integers in one dimension or, as Keras has them, in a column, and floats in one dimension. Features of a
        table are whole numbers if all of them are, without a point and in 0 ... 255; else they are taken as they are.

    Raises
    ------
    DataError
        Data are missing, damaged, or do not belong together; of a table, it names the row and the column.

    Examples
    --------
    >>> import pandas
    >>> from neurodyn import models
    >>> frame = pandas.DataFrame({"width": [0.1, 0.9, 0.2], "leaf": ["oak", "ash", "oak"], "height": [0.5, 0.7, 0.4]})
    >>> data = models.read_data(frame, label="leaf")
    >>> data.x.shape, data.y.tolist(), data.classes
    ((3, 2), [1, 0, 1], ('ash', 'oak'))
    """
    if isinstance(place, Frame):
        return _from_table("the DataFrame", place, label)
    path = os.path.expanduser(os.fspath(as_path(place, "place")))
    table = path.lower().endswith(".csv") and os.path.isfile(path)
    if label is not None and not table:
        raise fault(path, "`label` is for a DataFrame or a file NAME.csv", shown(label), "leave it out")
    if table:
        return _from_table(path, path, label)
    if os.path.isdir(path):
        return _from_folder(path)
    if not os.path.isfile(path):
        raise fault(path, f"{KINDS} is needed", "no such file", "check the path")
    try:
        with open(path, "rb") as stream:
            start = stream.read(4)
    except OSError as error:
        raise fault(path, "the file must be readable", f"'{error}'") from error
    if start[:2] == b"PK":
        return _from_archive(path)
    if start[:2] in (b"\0\0", GZIP_MAGIC):
        return _assemble(_idx_pair(path, _labels_beside(path)), None, path)
    raise fault(path, f"{KINDS} is needed", f"a file that begins with {start!r}")


def _from_table(name: str, place: str | Frame, label: str | None) -> LearningData:
    with waiting(f"reading {name}"):
        table = read_table(place, label)
    column = f"column {shown(table.label)}"
    data = _assemble(Pair(table.x, table.y, f"{name}, features", f"{name}, {column}"), None, name)
    called = ", ".join(f"{text} = {number}" for number, text in enumerate(table.classes[:NAMED]))
    more = ", ..." if len(table.classes) > NAMED else ""
    about = f"{data.about}; labels are {column}{': ' if called else ''}{called}{more}"
    return replace(data, about=about, classes=table.classes)


def _from_archive(path: str) -> LearningData:
    with Archive(path, ARCHIVE) as archive:

        def pair(x: str, y: str) -> Pair:
            return Pair(archive.read(x), archive.read(y), f"{path}[{x}]", f"{path}[{y}]")

        whole = next((names for names in PAIRS if set(names) <= set(archive.names)), None)
        if whole and "x_train" not in archive.names:
            return _assemble(pair(*whole), None, path)
        if not set(SPLIT[:2]) <= set(archive.names):
            raise fault(path, f"{ARCHIVE} is needed", f"the arrays {', '.join(archive.names[:8]) or '(none)'}")
        tested = pair(*SPLIT[2:]) if set(SPLIT[2:]) & set(archive.names) else None
        return _assemble(pair(*SPLIT[:2]), tested, path)


def _from_folder(path: str) -> LearningData:
    found = [find_pair(path, prefix) for prefix in PREFIXES.values()]
    if any(isinstance(names, str) for names in found):
        return _from_archive(next(names for names in found if isinstance(names, str)))
    train, test = (_idx_pair(*names) for names in found)
    return _assemble(train, test, path)


def _idx_pair(images: str, labels: str) -> Pair:
    return Pair(read_idx(images), read_idx(labels), images, labels)


def _labels_beside(path: str) -> str:
    folder, name = os.path.split(path)
    if "images" not in name:
        raise fault(path, "the name of an IDX file of images must have `images` in it", repr(name), "rename it")
    plain = name.replace("images", "labels").replace("idx3", "idx1").removesuffix(".gz")
    here = [os.path.join(folder, plain + packed) for packed in ("", ".gz")]
    labels = next((file for file in here if os.path.isfile(file)), None)
    if labels is None:
        raise fault(path, f"its labels must stand beside it, in {plain} or {plain}.gz", "no such file", "add them")
    return labels


def _assemble(train: Pair, test: Pair | None, path: str) -> LearningData:
    """Check what belongs together, and normalise."""
    divisor, remark = _divisor(train)
    x, y = _checked(train, divisor)
    shape = (train.x.shape[1], train.x.shape[2]) if train.x.ndim == 3 else None
    about = f"{path}: {len(y):,} samples to learn from"
    if test is None:
        return LearningData(x, y, None, None, shape, f"{about}, {remark}")
    if test.x.shape[1:] != train.x.shape[1:]:
        raise fault(test.x_name, f"samples must have the shape {train.x.shape[1:]} of {train.x_name}",
                    f"{test.x.shape[1:]}")  # fmt: skip
    x_test, y_test = _checked(test, divisor)
    if y_test.shape[1:] != y.shape[1:] or y_test.dtype != y.dtype:
        raise fault(test.y_name, f"targets must be like those of {train.y_name}", f"{test.y.dtype}, {test.y.shape}")
    return LearningData(x, y, x_test, y_test, shape, f"{about}, {len(y_test):,} to test with, {remark}")


def _divisor(pair: Pair) -> tuple[int, str]:
    """What whole numbers are divided by, and what is said of it."""
    if pair.x.dtype.kind == "f" or pair.x.max() <= 1:
        return 1, "taken as they are"
    return FULL, f"divided by {FULL}"


def _checked(pair: Pair, divisor: int) -> tuple[Array, Any]:
    """Inputs as rows of float64, and labels or targets."""
    x, y = pair.x, pair.y
    if x.ndim < 2:
        rule = "inputs must be a row of numbers, or an image, for each sample"
        raise fault(pair.x_name, rule, f"{x.dtype} of shape {x.shape}", "are these labels?")
    if x.dtype.kind != "f" and (x.min() < 0 or x.max() > FULL):
        raise fault(pair.x_name, f"inputs that are whole numbers must lie in 0 ... {FULL}", f"{x.min()} ... {x.max()}",
                    "store other numbers as floats")  # fmt: skip
    y = _flat_labels(y)
    _check_targets(pair.y_name, y)
    if len(x) != len(y):
        raise fault(pair.y_name, f"there must be one target for each of the {len(x):,} samples of {pair.x_name}",
                    f"{len(y):,}")  # fmt: skip
    check_memory(8 * x.size, f"{pair.x_name}: {x.size:,} numbers as float64", "take fewer samples")
    rows = x.reshape(len(x), -1) / divisor
    for name, values in ((pair.x_name, rows), (pair.y_name, y)):
        if not np.isfinite(values).all():
            raise fault(name, "all numbers must be finite", "NaN or infinity")
    return rows.astype(float, copy=False), y.astype(np.int64 if y.ndim == 1 else float)


def _flat_labels(y: Any) -> Any:
    """Labels as one whole number each: those in a column, as Keras has them, and those stored as floats."""
    if y.ndim == 2 and y.shape[1] == 1 and y.dtype.kind in "iu":
        return y[:, 0]
    if y.ndim == 1 and y.dtype.kind == "f" and np.abs(y).max() <= MOST and np.all(y == np.floor(y)):
        return y.astype(np.int64)
    return y


def _check_targets(name: str, y: Any) -> None:
    if y.ndim not in (1, 2) or (y.ndim == 1 and y.dtype.kind == "f"):
        rule = "targets must be whole-number labels, or a row of numbers for each sample"
        raise fault(
            name, rule, f"{y.dtype} of shape {y.shape}", "are these images?" if y.ndim > 2 else "check the file"
        )
    if y.ndim == 1 and y.min() < 0:
        raise fault(name, "labels must be 0 or more", f"{y.min()} as label {int(np.argmin(y))}")
    if y.ndim == 1 and y.max() > MOST:
        raise fault(name, f"labels must be at most {MOST:,}", f"{y.max()} as label {int(np.argmax(y))}")


__all__ = ["LearningData", "read_data"]
