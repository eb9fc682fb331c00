"""Arguments: what users pass becomes contiguous float64 arrays with a batch axis, or is refused in plain words."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.errors import ArgumentError, NeurodynError, nearest, shown
from neurodyn.numerics.arrays import Array

#: Numbers beyond this are refused: products of two of them, and sums of products, stay far from the end of float64.
LARGEST = 1e100
#: The loosest tolerance.
LOOSEST = 0.1
#: The shortest phase, in units of the shortest time constant: in less, units move by less than rounding.
BRIEFEST = 1e-9
#: A largest number from here on only catches slips: it is told to who exceeds it.
A_SLIP = 1000


def as_numbers(value: object, what: str, kind: type[NeurodynError] = ArgumentError) -> Array:
    """Return a new array of what can only be real numbers, whatever its shape; a message calls it `what`.

    Raises an error of the given kind for texts, objects, ragged lists, complex numbers, and whole numbers beyond the
    largest float.
    """
    try:
        found = np.asarray(value)
        if value is None:
            raise TypeError
        if not np.iscomplexobj(found):
            return np.array(found, dtype=float)
    except (TypeError, ValueError) as error:
        raise kind(f"{what} must be an array of numbers; got {type(value).__name__}") from error
    except OverflowError as error:
        raise kind(f"{what} must lie between -{LARGEST:g} and {LARGEST:g}; got larger numbers") from error
    raise kind(f"{what} must be real; got complex numbers")


def as_path(value: object, name: str) -> str:
    """Return the text of a path."""
    if not isinstance(value, (str, os.PathLike)):
        raise ArgumentError(f"`{name}` must be the path of a file or folder; got {shown(value)}")
    return os.fsdecode(value)


def as_seed(value: object, name: str = "seed") -> int:
    """Return a seed as an int: a whole number >= 0, NumPy's among them."""
    return whole_number(value, name, 0)


def as_batch(value: ArrayLike, width: int, name: str) -> tuple[Array, bool]:
    """Return `value` as (batch, width), and whether it came with its batch axis.

    Raises `ArgumentError` for another shape, an empty batch, or entries that are not finite numbers.
    """
    array = as_numbers(value, f"`{name}`")
    if array.ndim not in (1, 2) or array.shape[-1] != width or array.size == 0:
        raise ArgumentError(f"`{name}` must have shape (batch, {width}) or ({width},); got {array.shape}")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        raise ArgumentError(
            f"`{name}` must be finite; got {array[tuple(bad[0])]} at index {tuple(int(i) for i in bad[0])}"
        )
    check_size(array, name)
    return np.array(np.atleast_2d(array), order="C"), array.ndim == 2


def check_size(array: Array, name: str, most: float = LARGEST) -> None:
    """Refuse numbers of an absolute value above `most`."""
    if array.size and max(array.max(), -array.min()) > most:
        where = tuple(int(i) for i in np.argwhere(np.abs(array) > most)[0])
        raise ArgumentError(f"`{name}` must lie between -{most:g} and {most:g}; got {array[where]:g} at index {where}")


def as_input(x: ArrayLike | None, n_in: int) -> tuple[Array | None, bool]:
    """Return the clamped rates as (batch, n_in), and whether they came with a batch axis; None without inputs."""
    if n_in == 0:
        if x is not None:
            raise ArgumentError("`x` must be None: this network has no input population")
        return None, True
    if x is None:
        raise ArgumentError(f"`x` is missing: this network has {n_in} inputs")
    return as_batch(x, n_in, "x")


def as_target(y: ArrayLike, n_out: int, batch: int, batched: bool) -> Array:
    """Return targets as (batch, n_out); labels become one-hot rows.

    Raises `ArgumentError` for labels outside 0 ... n_out - 1, wrong shapes, or a batch that is not that of x.
    """
    if n_out == 0:
        raise ArgumentError("this network has no outputs: there is nothing to nudge")
    try:
        labels = np.asarray(y)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"`y` must be an array of numbers: {error}") from error
    if are_labels(labels, n_out, batch if batched else None):
        labels = labels.reshape(-1)
        wrong = np.flatnonzero((labels < 0) | (labels >= n_out))
        if len(wrong):
            raise ArgumentError(
                f"labels in `y` must lie between 0 and {n_out - 1}; got {labels[wrong[0]]} at index {wrong[0]}"
            )
        target = np.zeros((len(labels), n_out))
        target[np.arange(len(labels)), labels.astype(np.int64)] = 1.0
    else:
        target, with_batch = as_batch(y, n_out, "y")
        if with_batch != batched and not (batched and batch == 1):
            raise ArgumentError(
                f"`y` and the state must both have a batch axis or both lack it; got y of shape {labels.shape}"
            )
    if len(target) != batch:
        raise ArgumentError(f"`y` has {len(target)} samples, the state has {batch}")
    return target


def are_labels(y: np.ndarray[Any, Any], n_out: int, batch: int | None) -> bool:
    """Whether targets are the classes of samples: one whole number each, of any type, also as a column (N, 1).

    With one output, what is a column or has a point is a number to reach. `batch` is None for one sample.
    """
    if y.dtype.kind not in "biuf":
        return False
    if y.shape == ((batch, 1) if batch else (1,)) and n_out > 1:
        y = y.reshape(-1)
    elif y.ndim != (1 if batch else 0):
        return False
    if y.dtype.kind in "iu":
        return True
    if y.size != (batch or 1) or n_out == 1:  # one sample with its batch axis left out, or a number to reach
        return False
    return y.dtype.kind == "b" or bool(np.all(np.isfinite(y)) and np.all(y == np.floor(y)))


def as_condition(x: ArrayLike | None, start: ArrayLike | None, n_in: int, n: int) -> tuple[Array | None, Array, bool]:
    """Return rates (batch, n_in) or None, start states (batch, n), and whether results have a batch axis.

    One x serves many starts and one start (default zeros) many x.
    """
    rates, x_batched = as_input(x, n_in)
    if start is None:
        initial, batched = np.zeros((1, n)), False
    else:
        initial, batched = as_batch(start, n, "start")
    if rates is None:
        return None, initial, batched
    batched = batched or x_batched
    batch = max(len(rates), len(initial))
    if len(initial) not in (1, batch) or len(rates) not in (1, batch):
        raise ArgumentError(f"`start` has {len(initial)} samples, `x` has {len(rates)}")
    return np.repeat(rates, batch // len(rates), axis=0), np.repeat(initial, batch // len(initial), axis=0), batched


def as_times(t_eval: ArrayLike) -> Array:
    """Return the times to record as (T,), increasing from t >= 0."""
    times = np.atleast_1d(as_numbers(t_eval, "`t_eval`"))
    if times.ndim != 1 or times.size == 0 or not np.isfinite(times).all():
        raise ArgumentError(f"`t_eval` must be a list of finite times; got shape {times.shape}")
    if times[0] < 0 or np.any(np.diff(times) <= 0):
        raise ArgumentError("`t_eval` must increase strictly from a time >= 0")
    times.flags.writeable = False
    return times


def choice(value: str, allowed: Iterable[str], name: str) -> str:
    """Return `value` if it is one of `allowed`, else refuse it with the nearest match."""
    if not isinstance(value, str) or value not in allowed:
        raise ArgumentError(f"unknown `{name}` {shown(value)}; {nearest(value, allowed)}")
    return value


def as_positives(values: ArrayLike, name: str) -> Array:
    """Return a list of positive, finite numbers as (K,)."""
    try:
        numbers = as_numbers(values, f"`{name}`")
    except ArgumentError:
        numbers = np.empty(0)
    if numbers.ndim != 1 or not numbers.size or not np.all(np.isfinite(numbers) & (numbers > 0.0)):
        raise ArgumentError(f"`{name}` must be a list of positive, finite numbers; got {shown(values)}")
    return numbers


def is_number(value: object) -> TypeGuard[float]:
    """Whether `value` is a finite number; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond the largest float
        return False


def is_whole(value: object) -> TypeGuard[int]:
    """Whether `value` is a whole number by its type; True and False are none."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def is_positive(value: object) -> bool:
    """Whether `value` is a number, positive and finite; True and False are none."""
    return is_number(value) and value > 0


def real_number(value: object, name: str, least: float | None = None) -> float:
    """Return `value` as a float, if it is a finite number, and at least `least`."""
    if not is_number(value) or (least is not None and value < least):
        bound = "" if least is None else f" >= {least:g}"
        raise ArgumentError(f"`{name}` must be a finite number{bound}; got {shown(value)}")
    return float(value)


def positive_number(value: object, name: str) -> float:
    """Return `value` as a float, if it is a positive, finite number."""
    if not (is_number(value) and value > 0):
        raise ArgumentError(f"`{name}` must be positive and finite; got {shown(value)}")
    return float(value)


def number_within(value: object, name: str, least: float, most: float, reason: str) -> float:
    """Return `value` as a float, if it is a positive number from `least` to `most`; the reason says why not beyond."""
    found = positive_number(value, name)
    if not least <= found <= most:
        raise ArgumentError(f"`{name}` must lie between {least:g} and {most:g}, {reason}; got {value!r}")
    return found


def tolerance(value: object, name: str) -> float:
    """Return `value` as a float, if it is a positive number of at most 0.1, with which there is a result at all."""
    if not (is_number(value) and 0 < value <= LOOSEST):
        raise ArgumentError(f"`{name}` must be positive and at most {LOOSEST:g}; got {value!r}")
    return float(value)


def as_duration(value: object, shortest_tau: float) -> float:
    """Return how long a phase lasts as a float, if it is a positive number in which something happens."""
    least = BRIEFEST * shortest_tau
    if not (is_number(value) and value >= least):
        raise ArgumentError(
            f"`duration` must be a finite time of at least {least:g}, {BRIEFEST:g} of the shortest time constant; "
            f"got {value!r}"
        )
    return float(value)


def whole_number(value: object, name: str, least: int, most: int | None = None) -> int:
    """Return `value` as an int, if it is a whole number of at least `least`, and at most `most`."""
    if not is_whole(value) or value < least or (most is not None and value > most):
        exceeded = is_whole(value) and value >= least
        ranged = most is not None and (exceeded or most < A_SLIP)
        rule = f"a whole number from {least} to {most:,}" if ranged else f"a whole number >= {least}"
        rule = f"{least}, the only one there is" if most == least else rule
        raise ArgumentError(f"`{name}` must be {rule}; got {shown(value)}")
    return int(value)
