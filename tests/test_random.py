"""Random numbers by counting: Philox's known answers, normal variates, and the same bits in any company."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from called import called
from neurodyn.numerics import random

WORD = 0xFFFFFFFF
#: Known answers of Philox 4x32-10: the counter, the key, and the four words that come out (Random123, kat_vectors).
ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((WORD,) * 4, (WORD,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
philox, uniform_pair, normal_pair = (called(f) for f in (random.philox, random.uniform_pair, random.normal_pair))


@pytest.mark.parametrize(("counter", "key", "answer"), ANSWERS)
def test_philox_gives_its_known_answers(counter, key, answer):
    x, y = (int(word) for word in philox(*map(np.uint64, counter), *map(np.uint64, key)))
    assert (x >> 32, x & WORD, y >> 32, y & WORD) == answer


def test_counter_is_step_trajectory_and_pair_of_units_and_the_key_that_of_the_seed():
    step, stream, units = 2**33 + 5, 123_456_789, 6  # pair 2 serves units 2 and 5
    key = np.random.SeedSequence(7).generate_state(2, np.uint32).astype(np.uint64)
    x, y = philox(*map(np.uint64, (step & WORD, step >> 32, stream, 2)), *key)
    found = random.draw(random.key_of(7), step, units, [stream])[:, 0]
    assert (found[2], found[5]) == normal_pair(*uniform_pair(np.uint64(x), np.uint64(y)))


def test_pair_is_a_radius_and_an_angle(rng):
    x, y = rng.integers(0, 2**64, (2, 2000), dtype=np.uint64)
    found = np.array([normal_pair(*uniform_pair(*pair)) for pair in zip(x, y, strict=True)])
    radius = np.sqrt(-2.0 * np.log(1.0 - (x >> np.uint64(12)) / 2.0**52))
    angle = np.pi * ((y >> np.uint64(12)) / 2.0**52 - 0.5 + (y & np.uint64(1)))
    np.testing.assert_allclose(found, np.c_[radius * np.cos(angle), radius * np.sin(angle)], rtol=0.0, atol=5e-12)


def test_no_variate_is_infinite_and_the_largest_are_beyond_eight():
    ends = [np.uint64(0), np.uint64(2**64 - 1)]
    found = np.array([normal_pair(*uniform_pair(x, y)) for x in ends for y in ends])
    assert np.isfinite(found).all()
    assert np.hypot(*found.T).max() == pytest.approx(np.sqrt(2.0 * 52.0 * np.log(2.0)))


def test_variates_are_normal_and_independent():
    z = np.array([random.draw(random.key_of(3), k, 4, np.arange(1000)) for k in range(50)])  # (step, unit, trajectory)
    flat = z.ravel()
    assert stats.kstest(flat, "norm").pvalue > 0.01
    assert abs(flat.mean()) < 3.0 / np.sqrt(flat.size)
    for power, moment, variance in ((2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)):
        assert abs((flat**power).mean() - moment) < 3.0 * np.sqrt(variance / flat.size)
    neighbours = {"pair": (z[:, 0], z[:, 2]), "unit": (z[:, 0], z[:, 1]), "step": (z[1:], z[:-1])}
    neighbours |= {"trajectory": (z[..., 1:], z[..., :-1]), "radius": (z[:, 0] ** 2 - 1.0, z[:, 2] ** 2 - 1.0)}
    for name, (a, b) in neighbours.items():
        score = (a * b).mean() / np.sqrt((a * a).mean() * (b * b).mean() / a.size)
        assert abs(score) < 3.5, name
    other = random.draw(random.key_of(4), 0, 4, np.arange(1000))
    assert abs(stats.pearsonr(z[0].ravel(), other.ravel())[0]) < 0.06


def test_bits_do_not_depend_on_company(rng):
    whole = random.draw(random.key_of(11), 5, 7, np.arange(300))
    for some in (rng.permutation(300)[:37], [299], np.arange(4, 9)):
        assert np.array_equal(random.draw(random.key_of(11), 5, 7, some), whole[:, some])
