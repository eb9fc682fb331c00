"""Prospective configuration: closed forms of the smallest network, and the rules against the engine's."""

import numpy as np
import pytest

import neurodyn as nd
from neurodyn.reproductions import predictive_coding_interference
from neurodyn.reproductions.predictive_chain import Prospective, back_propagation, chain


def test_alignment_of_the_bear_has_its_closed_forms():
    for rule, exact in (("back-propagation", 2.0 / 5.0**0.5), ("prospective configuration", 7.0 / 50.0**0.5)):
        learn = predictive_coding_interference.RULES[rule]
        one, two = (
            predictive_coding_interference.alignment(*predictive_coding_interference.BEAR, learn, rate)
            for rate in (1e-3, 2e-3)
        )
        assert 2.0 * one - two == pytest.approx(exact, abs=1e-6)  # as the rate tends to 0


def test_rules_are_the_implicit_gradient_and_the_contrast_with_clamped_outputs(rng):
    net = chain([3, 4, 5, 2], "sigmoid", 1)
    x, y = rng.normal(size=(2, 3)), rng.normal(size=(2, 2))
    for rule, method in ((back_propagation, "implicit"), (Prospective(100.0), "contrastive-hebbian")):
        found, expected = rule(net, x, y), nd.gradient(net, x, y, method=method)
        for name, value in found.items():
            np.testing.assert_allclose(value, expected[name], atol=1e-6)
