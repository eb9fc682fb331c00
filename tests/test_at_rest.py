"""Functions of the analysis take an equilibrium or inputs, whichever one has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import analysis, models

X, Y = [0.2, -0.4], [0.5, 0.1]


@pytest.fixture(scope="module")
def net():
    return models.Hopfield.layered([2, 3, 2], seed=1)


@pytest.fixture(scope="module")
def rest(net):
    return nd.relax(net, X)


CALLS: dict[str, Any] = {
    "convergence": lambda net, given: analysis.convergence(net, given, Y, betas=[1e-2]).centered,
    "ladder": lambda net, given: analysis.ladder(net, given).rate,
    "decay": lambda net, given: analysis.decay(net, given, modes=1).rate,
    "nudged_path": lambda net, given: analysis.nudged_path(net, given, Y, span=(0.0, 1.0)).state,
    "discretisation": lambda net, given: analysis.discretisation(net, given, Y, steps=[0.1]).data["signal_error"],
    "compare_gradients": lambda net, given: (
        analysis.compare_gradients(net, given, Y, methods=["implicit"]).exact.vector
    ),
    "phase_plane": lambda net, given: analysis.phase_plane(net, given, axes=(3, 4), resolution=3).velocity,
    "fixed_points": lambda net, given: analysis.fixed_points(net, given, starts=[0.0] * 5).state,
}


@pytest.mark.parametrize("name", CALLS)
def test_either_gives_the_same(net, rest, name):
    from_rest, from_inputs = (np.asarray(CALLS[name](net, given)) for given in (rest, X))
    np.testing.assert_allclose(from_rest, from_inputs, rtol=1e-4, atol=1e-7)


def test_an_equilibrium_is_that_of_the_network_and_begins_where_it_began(net, rest):
    other = models.Hopfield.layered([2, 3, 2], seed=2)
    with pytest.raises(nd.ArgumentError, match="the equilibrium belongs to another network"):
        analysis.discretisation(other, rest, Y)
    with pytest.raises(nd.ArgumentError, match="give an equilibrium, or inputs with a `start`, not both"):
        analysis.nudging(net, rest, Y, start=rest.state)
    with pytest.raises(nd.ArgumentError, match="`x` is missing: this network has 2 inputs"):
        analysis.ladder(net, None)
    twins = models.Hopfield.recurrent(n=2, activation="tanh", gain=1.0, seed=0).replace(
        parameters={"s-s": [[0, 2], [2, 0]]}
    )
    low = nd.relax(twins, start=[-1.0, -1.0])
    found = analysis.portrait(twins, low, resolution=3)
    assert (found.equilibrium.state < 0).all()
