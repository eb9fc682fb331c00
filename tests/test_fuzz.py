"""A few dozen trials of the fuzzer; many more by hand, as `fuzz.py` says."""

import numpy as np
import pytest

import fuzz
import neurodyn as nd


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize(("kind", "count"), [("api", 40), ("cli", 10)])
def test_hostile_arguments_are_answered_in_a_sentence(kind, count, number):
    wrong = [fuzz.attempt(fuzz.KINDS[kind], count * number + k, seed=20) for k in range(count)]
    assert [sentence for sentence in wrong if sentence] == []


def raising(error):
    def call():
        raise error

    return lambda rng: ("call", call)


def test_the_fuzzer_notices_what_it_is_for(monkeypatch):
    assert fuzz.attempt(raising(nd.ArgumentError("no")), 0, 0) == ""
    assert "KeyError" in fuzz.attempt(raising(KeyError("no")), 0, 0)
    assert "without a word" in fuzz.attempt(raising(nd.ArgumentError("")), 0, 0)
    monkeypatch.setattr(fuzz, "LIMIT", 1)
    assert "hangs" in fuzz.attempt(lambda rng: ("call", lambda: [None for _ in iter(int, 1)]), 0, 0)


def test_trials_are_the_same_every_time():
    first, second = (fuzz.api_trial(np.random.default_rng([1, 2]))[0] for _ in range(2))
    assert first.partition("(")[0] == second.partition("(")[0]
