"""Springs pull along themselves, and what is no spring is refused in a sentence."""

import numpy as np
import pytest

from neurodyn.errors import ModelError
from neurodyn.models import EnergyNetwork, terms
from neurodyn.system.term import Term

POPULATIONS = {"x": {"size": 2, "role": "input"}, "y": {"size": 2, "role": "output", "activation": "linear"}}


def test_a_stretched_spring_pulls_with_its_stiffness_times_how_far():
    """From 5 to 6 along (3, 4)/5 with k = 2: a force of 2; none if both ends have moved."""
    spring = terms.Spring(("x", "y"), ((0.0, 0.0), (3.0, 4.0)), ((0, 1),), stiffness=2.0)
    net = EnergyNetwork(POPULATIONS, [spring])
    assert net.parameters["x-y.length"] == [5.0]
    moved = np.array([0.6, 0.8])
    np.testing.assert_allclose(net.force(moved, np.zeros(2)), -2.0 * moved, rtol=1e-14)
    np.testing.assert_allclose(net.force(moved, moved), 0.0, atol=1e-14)
    table = {"term": "spring", "names": ["x", "y"], "places": [[0.0, 0.0], [3.0, 4.0]], "bonds": [[0, 1]]}
    assert Term.read(table | {"stiffness": 2.0}) == spring


@pytest.mark.parametrize(
    ("places", "bonds", "message"),
    [
        (((0, 0), (0, 0)), ((0, 1),), r"must join different places; got \(0, 1\)"),
        (((0, 0), (1, 0)), ((0, 2),), r"numbers from 0 to 1; got \(0, 2\)"),
        (((0, 0), (1, 0)), ((0, 1), (1, 0)), "at least one and each once"),
        (((0, 0, 0), (1, 0)), ((0, 1),), r"must be pairs \(x, y\) of finite numbers; got \(0, 0, 0\)"),
        (((0, 0), (1, 0), (2, 1)), ((0, 1),), "3 nodes of two units; the populations have {'x': 2, 'y': 2}"),
    ],
)
def test_what_is_no_network_of_springs_is_refused(places, bonds, message):
    with pytest.raises(ModelError, match=message):
        EnergyNetwork(POPULATIONS, [terms.Spring(("x", "y"), places, bonds)])
