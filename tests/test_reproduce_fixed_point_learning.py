"""Patterns are completed at fixed points that states, error signals and weights reach side by side."""

import pytest

from neurodyn.reproductions import fixed_point_learning


def test_a_few_rounds_lower_the_cost():
    rows = {row.name: row.value for row in fixed_point_learning.run("small", None, 0)}
    assert rows["cost in the end over that before"] < 0.7
    assert rows["pixels completed"] > rows["pixels completed before learning"] + 10.0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_all_letters_are_completed_to_the_last_pixel(seed):
    rows = {row.name: row.value for row in fixed_point_learning.run("full", None, seed)}
    assert rows["letters completed to the last pixel"] == 100.0
