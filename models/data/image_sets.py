"""Labelled images to learn from: handwritten digits that come with the library, and a user's own MNIST.

Images become the clamped rates of an input population, so they are float64 in [0, 1], one row each. The
digits are a file of the library; MNIST is read from a folder the user names (IDX files or Keras' `mnist.npz`)
and is never downloaded. Files are not trusted: whatever is wrong with one is a `DataError`.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from neurodyn.errors import DataError, shown
from neurodyn.inputs import as_path, is_whole
from neurodyn.models.data.idx import fault, read_idx
from neurodyn.models.data.npz import INTEGERS, Archive
from neurodyn.numerics.memory import check_memory

__all__ = ["MNIST_MISSING", "LabelledData", "digits", "mnist"]

MNIST_MISSING: Final = (
    "MNIST is not here: pass --data FOLDER or set NEURODYN_DATA to a folder with train-images-idx3-ubyte, "
    "train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte (raw or .gz, there or in its "
    "MNIST/raw, raw, MNIST or mnist), or with Keras' mnist.npz"
)
DIGITS_TRAIN: Final = 1287
DIGITS_SPLITS: Final = {"train": slice(DIGITS_TRAIN), "test": slice(DIGITS_TRAIN, None), "all": slice(None)}
PREFIXES: Final = {"train": "train", "test": "t10k"}
MNIST_SUBFOLDERS: Final = ("", "MNIST/raw", "raw", "MNIST", "mnist")


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no single truth value to compare by
class LabelledData:
    """Images with their labels.

    Attributes
    ----------
    images : ndarray (N, features), float64
        Pixel values in [0, 1], row by row; features = height * width.
    labels : ndarray (N,), int64
        Class of each image, 0 to `classes` - 1.
    classes : int
        Number of classes.
    name : str
        Name of the data set.
    shape : tuple of int
        (height, width) of an image in pixels.
    split : str
        Part of the data set.

    Examples
    --------
    >>> from neurodyn.models.data import digits
    >>> data = digits("test")
    >>> data.take(5).images.shape, data.classes
    ((5, 64), 10)
    """

    images: NDArray[np.float64]
    labels: NDArray[np.int64]
    classes: int
    name: str
    shape: tuple[int, int]
    split: str

    def take(self, samples: int, start: int = 0) -> "LabelledData":
        """Return the `samples` images from number `start` on: copies, so that the whole can be freed.

        Raises
        ------
        DataError
            There are not so many, or fewer than one is asked for.
        """
        count = len(self.labels)
        if not (is_whole(samples) and is_whole(start) and samples >= 1 and 0 <= start <= count - samples):
            whole = f"{count:,}, the size of {self.name} ({self.split})"
            rule = f"`samples` must be a whole number of at least 1, `start` of at least 0, their sum at most {whole}"
            raise DataError(f"{rule}; got samples={shown(samples)}, start={shown(start)}")
        part = slice(start, start + samples)
        return replace(self, images=self.images[part].copy(), labels=self.labels[part].copy())


def digits(split: str) -> LabelledData:
    """Return the 1,797 handwritten digits of 8x8 pixels that come with the library.

    E. Alpaydin, C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    https://doi.org/10.24432/C50P49, licence CC BY 4.0; its test part, as in scikit-learn, values / 16.

    Parameters
    ----------
    split
        "train": the first 1,287 in the order of the file; "test": the last 510; "all". The file goes through
        14 forms of about 130 digits by 13 people: the labels begin anew with each form, who wrote it is not
        recorded. The split falls between two forms, so that "test" asks about (all but surely) other hands;
        a shuffled split would be easier.

    Returns
    -------
    LabelledData
        Features 64, classes 10, shape (8, 8).

    Raises
    ------
    DataError
        The split is unknown.

    Examples
    --------
    >>> from neurodyn.models.data import digits
    >>> digits("train").images.shape[1], digits("train").shape
    (64, (8, 8))
    """
    _check_split(split, DIGITS_SPLITS)
    part = DIGITS_SPLITS[split]
    resource = resources.files("neurodyn.models") / "library" / "digits-images.npz"
    with resource.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        images, labels = file["images"][part], file["labels"][part]
    return LabelledData(images.reshape(-1, 64) / 16.0, labels.astype(np.int64), 10, "digits", (8, 8), split)


def mnist(split: str, folder: str | os.PathLike[str] | None = None) -> LabelledData:
    """Return the MNIST handwritten digits from a folder of the user's.

    Parameters
    ----------
    split
        "train" (60,000 images) or "test" (10,000).
    folder
        Holds the four IDX files, raw or gzipped, or `mnist.npz`, there or in a usual subfolder; or is the
        path of that archive. By default the environment variable NEURODYN_DATA.

    Returns
    -------
    LabelledData
        Values / 255; features 784, classes 10, shape (28, 28). Numbers and sizes are as the files have them:
        look-alikes (Fashion-MNIST, a subset) pass.

    Raises
    ------
    DataError
        MNIST is not there (`MNIST_MISSING` says how to provide it), a file is damaged, images and labels do
        not belong together, or the split is unknown.

    Examples
    --------
    >>> from neurodyn.models.data import mnist
    >>> mnist("test", "folder/with/mnist").images.shape  # doctest: +SKIP
    (10000, 784)
    """
    _check_split(split, PREFIXES)
    found = find_pair(folder, PREFIXES[split])
    if isinstance(found, str):
        keys = (f"x_{split}", f"y_{split}")
        with Archive(found, "Keras' mnist.npz, or a folder with MNIST,") as archive:
            images, labels = (archive.read(key, INTEGERS) for key in keys)
        names = (f"{found}[{keys[0]}]", f"{found}[{keys[1]}]")
    else:
        images, labels = read_idx(found[0]), read_idx(found[1])
        names = found
    _check_mnist(images, labels, names)
    count, height, width = images.shape
    check_memory(8 * images.size, f"{names[0]}: {images.size:,} numbers as float64", "take fewer images")
    scaled = images.reshape(count, height * width) / 255.0
    return LabelledData(scaled, labels.astype(np.int64), 10, "mnist", (height, width), split)


def _check_split(split: str, allowed: Iterable[str]) -> None:
    if not isinstance(split, str) or split not in allowed:
        raise DataError(f"`split` must be one of {', '.join(map(repr, allowed))}; got {shown(split)}")


def find_pair(folder: str | os.PathLike[str] | None, prefix: str) -> str | tuple[str, str]:
    """Return the path of an archive, or those of the images and the labels."""
    place = os.path.expanduser(os.fsdecode(as_path(folder or os.environ.get("NEURODYN_DATA", ""), "folder")))
    if not place:
        raise DataError(MNIST_MISSING)
    if os.path.isfile(place):
        return place
    remark = "" if os.path.exists(place) else ", which does not exist"
    for subfolder in MNIST_SUBFOLDERS:
        within = os.path.join(place, subfolder)
        images, labels = _first(within, f"{prefix}-images", 3), _first(within, f"{prefix}-labels", 1)
        if images and labels:
            return images, labels
        if os.path.isfile(archive := os.path.join(within, "mnist.npz")):
            return archive
        if images or labels:
            remark = f", where {images or labels} lacks its {'labels' if images else 'images'}"
    raise DataError(f"{MNIST_MISSING} (looked in {place}{remark})")


def _first(folder: str, stem: str, rank: int) -> str | None:
    """Return the file of either spelling; an unpacked one first, because torchvision keeps both."""
    names = (f"{stem}{mark}idx{rank}-ubyte{packed}" for packed in ("", ".gz") for mark in "-.")
    return next((path for name in names if os.path.isfile(path := os.path.join(folder, name))), None)


def _check_mnist(images: NDArray[Any], labels: NDArray[Any], names: tuple[str, str]) -> None:
    remedy = "check that the file is MNIST's"
    if images.dtype != np.uint8 or images.ndim != 3:
        rule = "images must be uint8 of three dimensions (number, height, width)"
        raise fault(names[0], rule, f"{images.dtype} of shape {images.shape}", remedy)
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        rule = "labels must be integers of one dimension"
        raise fault(names[1], rule, f"{labels.dtype} of shape {labels.shape}", remedy)
    if len(labels) != len(images):
        rule = f"there must be one label for each of the {len(images):,} images of {names[0]}"
        raise fault(names[1], rule, f"{len(labels):,} labels", remedy)
    wrong = np.flatnonzero((labels < 0) | (labels > 9))
    if wrong.size:
        raise fault(names[1], "labels must be 0 to 9", f"{labels[wrong[0]]} as label {wrong[0]}", remedy)
