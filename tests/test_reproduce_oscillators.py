"""Oscillators learn."""

import numpy as np
import pytest

import neurodyn as nd
from neurodyn.reproductions import oscillators_classify


def test_moons_are_the_same_for_a_seed_and_two_of_equal_size():
    points, label = oscillators_classify.moons(40, 3)
    assert np.array_equal(points, oscillators_classify.moons(40, 3)[0])
    assert np.bincount(label).tolist() == [20, 20]
    assert points[label == 0, 1].mean() > points[label == 1, 1].mean() + 0.5


@pytest.mark.slow
def test_oscillators_learn_two_moons_better_than_a_line():
    train, test = oscillators_classify.moons(200, 0), oscillators_classify.moons(400, 1)
    inputs = np.column_stack([train[0], np.ones(200)])
    line = np.linalg.lstsq(inputs, 2.0 * train[1] - 1.0, rcond=None)[0]
    missed = np.mean((np.column_stack([test[0], np.ones(400)]) @ line > 0.0) != test[1])
    net = oscillators_classify.oscillators(2, 16, 2, 0, drive=4.0)
    found = nd.learn(net, *train, test=test, **oscillators_classify.recipe(15, 0, oscillators_classify.RATES[0]))
    assert found.test_error < missed
