"""Memories hold what the papers say they hold."""

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.errors import ArgumentError
from neurodyn.reproductions import memory_attention, memory_capacity, memory_dense, memory_digits


def values(rows):
    return {row.name: row.value for row in rows}


def test_a_step_of_the_dense_memory_is_softmax_attention_to_rounding():
    rows = values(memory_attention.run("small", None, 1))
    assert rows["largest difference between a step and softmax attention"] < 1e-14


def test_theory_loses_its_patterns_at_load_0138_with_overlap_0967():
    critical = memory_capacity.critical_load()
    assert critical == pytest.approx(0.138, abs=5e-4)  # Amit, Gutfreund & Sompolinsky give three digits
    assert memory_capacity.overlap_in_theory(critical - 1e-9) == pytest.approx(0.967, abs=5e-4)
    assert memory_capacity.overlap_in_theory(critical + 1e-9) == 0.0


def test_load_at_which_half_are_held_lies_between_two_that_were_tried():
    loads = np.array([0.1, 0.2, 0.3])
    assert memory_capacity.crossing(loads, np.array([1.0, 0.75, 0.25])) == pytest.approx(0.25)
    assert memory_capacity.crossing(loads, np.array([1.0, 0.9, 0.8])) == 0.3


def test_the_outer_product_recalls_no_noisy_digit_and_the_projection_rule_all():
    rows = values(memory_digits.run("full", None, 0))
    assert rows["noisy digits recalled, outer"] == 0.0
    assert rows["noisy digits recalled, projection"] == 100.0


@pytest.mark.slow
def test_a_network_of_1000_units_holds_its_patterns_below_and_loses_them_above_the_critical_load():
    rng = np.random.default_rng(0)
    below, above = (memory_capacity.final_overlaps(1000, count, 20, rng) for count in (100, 200))
    assert below.mean() == pytest.approx(memory_capacity.overlap_in_theory(0.1), abs=0.002)
    assert np.all(above < memory_capacity.HELD)


@pytest.mark.slow
def test_a_dense_memory_holds_about_two_to_the_half_of_its_units():
    found = memory_dense.all_held(12, 20, np.random.default_rng(0))
    assert 2**5.5 < found < 2**7.5


@pytest.mark.parametrize("rule", ["outer", "projection", "dense"])
def test_patterns_are_at_rest_and_recalled(rule, rng):
    patterns = rng.choice([-1.0, 1.0], size=(3, 40))
    noisy = np.where(np.arange(40) < 4, -patterns, patterns)
    rest = nd.relax(models.store(patterns, rule), start=noisy)
    assert np.array_equal(np.sign(rest.state), patterns)
    # by the projection the field of a pattern is the pattern, but for what self-connections leave out
    if rule == "projection":
        weights = models.store(patterns, rule, sharpness=1.0).parameters["s-s"]
        assert (weights @ patterns.T * patterns.T).mean() == pytest.approx(1.0)


def test_what_cannot_be_stored_is_said(rng):
    patterns = rng.choice([-1.0, 1.0], size=(3, 4))
    for arguments, sentence in (
        ((np.ones(4),), r"`patterns` must have shape \(memories, n\)"),
        ((patterns * np.nan,), "`patterns` must be finite"),
        ((patterns, "outher"), "unknown `rule` 'outher'; .*did you mean 'outer'"),
        ((np.eye(4), "projection"), "the projection rule holds fewer patterns than units, of which there are 4; got 4"),
        ((np.ones((2, 4)), "projection"), "holds patterns that are linearly independent"),
    ):
        with pytest.raises(ArgumentError, match=sentence):
            models.store(*arguments)
    with pytest.raises(ArgumentError, match="`sharpness` must be positive"):
        models.store(patterns, sharpness=0.0)


def test_overlap_is_the_part_of_units_that_agree_less_that_which_does_not(rng):
    patterns = rng.choice([-1.0, 1.0], size=(2, 10))
    state = np.where(np.arange(10) < 3, -patterns, patterns)
    assert np.allclose(analysis.overlap(state, patterns).diagonal(), 0.4)
    assert np.allclose(analysis.overlap(1e-200 * state[0], patterns)[0], 0.4)  # whatever the size of the state
    assert analysis.overlap(np.zeros(10), patterns).tolist() == [0.0, 0.0]
    with pytest.raises(ArgumentError, match="`states` must have shape"):
        analysis.overlap(np.ones(9), patterns)
    with pytest.raises(ArgumentError, match="`patterns` must be finite"):
        analysis.overlap(state, patterns[0])
