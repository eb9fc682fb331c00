"""What counts as a number, a list of numbers or a table of numbers in a model file."""

from __future__ import annotations

from typing import Any

from neurodyn.inputs import is_number, is_whole
from neurodyn.system.graph import RANDOM


def is_random(value: object) -> bool:
    """Whether a value is the word "random"."""
    return isinstance(value, str) and value == RANDOM


def is_count(value: object) -> bool:
    """Whether a value is a whole number >= 1."""
    return is_whole(value) and value >= 1


def is_fraction(value: object) -> bool:
    """Whether a value is a number between 0 and 1, both excluded."""
    return is_number(value) and not is_whole(value) and 0.0 < value < 1.0


def is_vector(value: object) -> bool:
    """Whether a value is a list of finite numbers, not empty."""
    return isinstance(value, list) and bool(value) and all(is_number(v) for v in value)


def is_matrix(value: object) -> bool:
    """Whether a value is a list of rows of finite numbers, all of one length."""
    return isinstance(value, list) and all(is_vector(row) for row in value) and len({len(row) for row in value}) == 1


def is_labels(value: object) -> bool:
    """Whether a value is a list of whole numbers >= 0, of either type."""
    return isinstance(value, list) and is_vector(value) and all(v >= 0 and v == int(v) for v in value)


def is_tau(value: object) -> bool:
    """Whether a value is a positive number, or a list of them."""
    values: list[Any] = value if isinstance(value, list) else [value]
    return is_vector(values) and all(v > 0 for v in values)


__all__ = ["is_count", "is_fraction", "is_labels", "is_matrix", "is_number", "is_random", "is_tau", "is_vector"]
