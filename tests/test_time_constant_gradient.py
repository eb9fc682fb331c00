"""The derivative of the cost after a finite time by the time constants."""

from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import models

MAKERS: dict[str, Any] = {
    "states": lambda: models.Hopfield.layered([2, 4, 2], tau=[1.5, 0.7], seed=1),
    "rates": lambda: models.Rate.layered([2, 4, 2], tau=[1.5, 0.7], seed=1),
    "box": lambda: models.Hopfield.layered([2, 4, 2], activation="hard-sigmoid", tau=[1.5, 0.7], gain=1.0, seed=1),
}


def cost_after(net, x, y, start, steps):
    """Mean cost after so many steps from start, and where they end."""
    end = nd.simulate(net, x, start=start, t_eval=[0.1 * steps], solver=nd.Solver("euler", step=0.1)).state[-1]
    return float(np.mean(net.cost(end, y))), end


@pytest.mark.parametrize("name", MAKERS)
def test_time_constants_have_the_derivative_of_the_cost_that_the_last_steps_lead_to(name, rng):
    net = MAKERS[name]()
    x, y, start = rng.uniform(0.2, 1.0, (3, 2)), rng.uniform(0.0, 1.0, (3, 2)), rng.uniform(0.2, 0.8, (3, net.n))
    for back in (12, 5):
        begin = start if back == 12 else cost_after(net, x, y, start, 12 - back)[1]
        found = nd.time_constant_gradient(net, x, y, step=0.1, steps=12, back=back, start=start)
        assert list(found) == ["h1", "y"]
        values, h = np.concatenate(list(found.values())), 1e-5
        for unit in range(net.n):
            ends = [net.replace(tau=net.tau + sign * h * np.eye(net.n)[unit]) for sign in (-1.0, 1.0)]
            low, high = (cost_after(changed, x, y, begin, back)[0] for changed in ends)
            assert values[unit] == pytest.approx((high - low) / (2.0 * h), rel=1e-5, abs=1e-10)
        assert np.count_nonzero(values) > 3


def test_from_rest_on_time_constants_change_nothing():
    net = MAKERS["states"]()
    rest = nd.relax(net, [0.5, -1.0]).state
    found = nd.time_constant_gradient(net, [0.5, -1.0], [1.0, 0.0], step=0.1, steps=30, start=rest)
    assert np.abs(np.concatenate(list(found.values()))).max() < 1e-9


def test_more_steps_back_than_there_are_is_refused():
    with pytest.raises(nd.ArgumentError, match="`back` must be at most `steps`, 10; got 11"):
        nd.time_constant_gradient(MAKERS["states"](), [0.5, -1.0], [1.0, 0.0], step=0.1, steps=10, back=11)
