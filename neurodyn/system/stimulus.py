"""Inputs that vary in time: the rates that the input population is clamped to, as functions of t.

A stimulus is a small frozen object, evaluated inside the compiled flows. It is either smooth (`Sine`), or broken at
times at which integration steps land: `Series` has kinks there, and at the jumps of `Steps` integration begins anew.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from neurodyn.errors import ArgumentError
from neurodyn.inputs import as_numbers, as_times
from neurodyn.numerics.arrays import Array


@dataclass(frozen=True, eq=False)
class Stimulus(ABC):
    """What the input population is clamped to; called with times (T,) it gives rates (T, n_in) or (T, batch, n_in).

    Examples
    --------
    >>> import numpy as np
    >>> import neurodyn as nd
    >>> stimulus: nd.Stimulus = nd.Steps([1.0], [[0.0, 0.0], [0.5, 0.2]])
    >>> stimulus(np.array([0.0, 2.0]))
    array([[0. , 0. ],
           [0.5, 0.2]])
    """

    name: ClassVar[str]

    @abstractmethod
    def __call__(self, t: Any) -> Array:
        """Rates at the times t, of any shape: that shape, then the axes of one input."""

    @property
    @abstractmethod
    def table(self) -> Array:
        """The numbers that describe it, (rows, n_in) or (rows, batch, n_in)."""

    @property
    def knots(self) -> Array:
        """Times at which it is not smooth."""
        return np.zeros(0)

    def at_door(self, n_in: int) -> tuple[Array, bool]:
        """The table as (rows, batch, n_in), and whether it came with a batch axis; refuses another number of inputs."""
        table, batched = self.table, self.table.ndim == 3
        if n_in == 0:
            raise ArgumentError("`x` must be None: this network has no input population")
        if table.shape[-1] != n_in:
            raise ArgumentError(f"the stimulus has {table.shape[-1]} inputs, this network {n_in}")
        return np.ascontiguousarray(table if batched else table[:, None]), batched

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(
            np.array_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)
        )

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, eq=False)
class Steps(Stimulus):
    """Input that jumps between levels.

    Parameters
    ----------
    times : (K - 1,) array
        Positive times of the jumps, increasing; the same for all samples.
    levels : (K, n_in) or (K, batch, n_in) array
        levels[0] until times[0]; levels[k] from times[k - 1] on, that time included.

    Examples
    --------
    >>> import neurodyn as nd
    >>> steps = nd.Steps(times=[1.0], levels=[[0.0, 0.0], [0.5, 0.2]])
    >>> steps(0.9), steps(1.0)
    (array([0., 0.]), array([0.5, 0.2]))
    """

    times: Any
    levels: Any
    name: ClassVar[str] = "steps"

    def __post_init__(self) -> None:
        times, levels = as_times(self.times), _numbers(self.levels, "levels", (2, 3))
        if times[0] == 0.0 or len(levels) != len(times) + 1:
            raise ArgumentError(
                f"`Steps` takes positive times and one level more than times: those before and after each jump; "
                f"got {len(times)} times from {times[0]:g} on and {len(levels)} levels"
            )
        _set(self, times=times, levels=levels)

    def __call__(self, t: Any) -> Array:
        """The levels at the times t."""
        return np.asarray(self.levels[np.searchsorted(self.times, t, side="right")])

    @property
    def table(self) -> Array:
        """The levels."""
        return np.asarray(self.levels)

    @property
    def knots(self) -> Array:
        """Times of the jumps."""
        return np.asarray(self.times)


@dataclass(frozen=True, eq=False)
class Sine(Stimulus):
    """mean + amplitude · sin(2π · frequency · t + phase).

    Parameters
    ----------
    mean, amplitude, frequency, phase : (n_in,) or (batch, n_in) arrays, or numbers
        They are broadcast against each other, and one of them at least has n_in entries. Frequencies are in cycles per
        unit of time, phases in radians.

    Examples
    --------
    >>> import neurodyn as nd
    >>> sine = nd.Sine(mean=[0.5, 0.2], amplitude=0.1, frequency=0.25)
    >>> sine(1.0)
    array([0.6, 0.3])
    """

    mean: Any
    amplitude: Any
    frequency: Any
    phase: Any = 0.0
    name: ClassVar[str] = "sine"

    def __post_init__(self) -> None:
        names = [f.name for f in fields(self)]
        given = [_numbers(getattr(self, name), name, (0, 1, 2)) for name in names]
        try:
            shaped = np.broadcast_arrays(*given)
        except ValueError as error:
            shapes = ", ".join(f"{name} {value.shape}" for name, value in zip(names, given, strict=True))
            raise ArgumentError(
                f"the numbers of a `Sine` must broadcast to one input or batch; got {shapes}"
            ) from error
        if shaped[0].ndim == 0:
            raise ArgumentError(
                "some number of a `Sine` must be given for each input: an array (n_in,) or (batch, n_in)"
            )
        _set(self, **dict(zip(names, shaped, strict=True)))

    def __call__(self, t: Any) -> Array:
        """The sines at the times t."""
        t = np.asarray(t, dtype=float)[(..., *(None,) * self.mean.ndim)]
        return np.asarray(self.mean + self.amplitude * np.sin(2.0 * np.pi * self.frequency * t + self.phase))

    @property
    def table(self) -> Array:
        """Mean, amplitude, frequency, phase."""
        return np.stack([self.mean, self.amplitude, self.frequency, self.phase])


@dataclass(frozen=True, eq=False)
class Series(Stimulus):
    """A recorded input: linear between the recorded times, constant before the first and after the last.

    Parameters
    ----------
    times : (K,) array
        Increasing, from t >= 0; the same for all samples.
    values : (K, n_in) or (K, batch, n_in) array

    Examples
    --------
    >>> import neurodyn as nd
    >>> series = nd.Series(times=[0.0, 2.0], values=[[0.0], [1.0]])
    >>> series(0.5)
    array([0.25])
    """

    times: Any
    values: Any
    name: ClassVar[str] = "series"

    def __post_init__(self) -> None:
        times, values = as_times(self.times), _numbers(self.values, "values", (2, 3))
        if len(values) != len(times) or len(times) < 2:
            raise ArgumentError(
                f"`Series` takes as many values as times, two at least; got {len(times)} times, {len(values)} values"
            )
        _set(self, times=times, values=values)

    def __call__(self, t: Any) -> Array:
        """The interpolated values at the times t."""
        t = np.clip(np.asarray(t, dtype=float), self.times[0], self.times[-1])
        k = np.clip(np.searchsorted(self.times, t, side="right") - 1, 0, len(self.times) - 2)
        part = (t - self.times[k]) / (self.times[k + 1] - self.times[k])
        part = part[(..., *(None,) * (self.values.ndim - 1))]
        return np.asarray(self.values[k] + part * (self.values[k + 1] - self.values[k]))

    @property
    def table(self) -> Array:
        """The values."""
        return np.asarray(self.values)

    @property
    def knots(self) -> Array:
        """Recorded times."""
        return np.asarray(self.times)


def restore(name: str, times: Array | None, table: Array) -> Stimulus:
    """The stimulus of that name with these times (none for a sine) and this table."""
    if name == Sine.name:
        return Sine(*table)
    kinds: Mapping[str, Any] = {Steps.name: Steps, Series.name: Series}
    stimulus: Stimulus = kinds[name](times, table)
    return stimulus


def _numbers(value: Any, name: str, axes: tuple[int, ...]) -> Array:
    array = as_numbers(value, f"`{name}` of a stimulus")
    if array.ndim not in axes or (array.size == 0):
        raise ArgumentError(f"`{name}` of a stimulus must have {' or '.join(map(str, axes))} axes; got {array.shape}")
    if not np.isfinite(array).all():
        raise ArgumentError(f"`{name}` of a stimulus must be finite; got NaN or infinity")
    return array


def _set(stimulus: Stimulus, **arrays: Array) -> None:
    for name, value in arrays.items():
        view = np.array(value)
        view.flags.writeable = False
        object.__setattr__(stimulus, name, view)


__all__ = ["Series", "Sine", "Steps", "Stimulus"]
