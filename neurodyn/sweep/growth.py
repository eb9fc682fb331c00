"""A plan that grows: further values of what varies already, and more draws. Its cells keep their values and seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from neurodyn.errors import ArgumentError, nearest
from neurodyn.inputs import whole_number
from neurodyn.sweep.axes import LARGEST, Axis, Dimension, Draw, parse, same
from neurodyn.sweep.plan import Plan


def grown(plan: Plan, vary: Mapping[str, Any], draws: int | None) -> Plan:
    """The plan with further values of its paths, and with so many draws in all.

    Values that are there stay where they are; those that a path has already are not added again.

    Raises
    ------
    ArgumentError
        A path does not vary, or is drawn, or goes along with one that gets other numbers of values; or there would be
        fewer draws.
    """
    if not isinstance(vary, Mapping):
        raise ArgumentError(f"`vary` must name paths and their further values; got {vary!r:.60}")
    axes = {axis.path: axis for dimension in plan.dimensions for axis in dimension.axes}
    further = {path: _further(path, given, axes) for path, given in vary.items()}
    if draws is not None:
        draws = whole_number(draws, "draws", 1, LARGEST)
        if not any(axis.drawn for axis in axes.values()):
            raise ArgumentError("`draws` is given, but no path of the sweep is drawn")
    larger = tuple(
        Dimension(dimension.name, tuple(_longer(axis, further, draws, plan.seed) for axis in dimension.axes))
        for dimension in plan.dimensions
    )
    for dimension in larger:
        if len({len(axis.values) for axis in dimension.axes}) > 1:
            told = ", ".join(f"{axis.path} {len(axis.values)}" for axis in dimension.axes)
            raise ArgumentError(f"paths that go along together must get equally many values; there would be {told}")
    found = replace(plan, dimensions=larger)
    if any(new < old for new, old in zip(found.shape, plan.shape, strict=True)):
        raise ArgumentError(f"`draws` counts all draws, those that are there among them; got {draws}")
    return plan if found.shape == plan.shape else replace(found, earlier=(*plan.earlier, plan.digest))


def _longer(axis: Axis, further: Mapping[str, tuple[Any, ...]], draws: int | None, seed: int) -> Axis:
    if axis.drawn:
        return axis.drawn.axis(draws, seed) if draws else axis
    return Axis(axis.path, axis.values + further.get(axis.path, ()))


def _further(path: str, given: Any, axes: Mapping[str, Axis]) -> tuple[Any, ...]:
    """The values of a path that are not there yet."""
    if path not in axes:
        raise ArgumentError(f"{path!r} does not vary in this sweep, so it cannot get further values; "
                            f"{nearest(path, axes)}")  # fmt: skip
    found = parse(path, given)
    if isinstance(found, Draw) or axes[path].drawn:
        raise ArgumentError(f"{path!r} cannot get drawn values: give `draws` (--draws), the number of all draws")
    there = {same(value) for value in axes[path].values}
    return tuple(value for value in found.values if same(value) not in there)
