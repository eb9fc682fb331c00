"""Simulations that go on where earlier results ended."""

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import models

NET = models.Hopfield.layered([1, 4, 2], seed=0)
SOLVER = nd.Solver(rtol=1e-11, atol=1e-13)
STIMULI = [
    nd.Sine(0.0, 1.0, [0.13]),
    nd.Steps([7.0, 20.0, 30.0], [[0.1], [1.0], [-1.0], [0.4]]),
    nd.Series([1.0, 19.0, 22.0, 40.0], [[0.1], [1.0], [-1.0], [0.4]]),
]


@pytest.mark.parametrize("x", STIMULI, ids=lambda x: x.name)
def test_two_parts_of_a_simulation_agree_with_the_whole(x):
    whole = nd.simulate(NET, x, t_eval=[20.0, 35.0, 50.0], solver=SOLVER)
    first = nd.simulate(NET, x, t_eval=[10.0, 20.0], solver=SOLVER)
    second = nd.simulate(NET, x, start=first, t_eval=[20.0, 35.0, 50.0], solver=SOLVER)
    np.testing.assert_allclose(second.state, whole.state, rtol=0, atol=1e-11)
    np.testing.assert_allclose(second.velocity, whole.velocity, rtol=0, atol=1e-11)
    assert second.t0 == 20.0
    same = nd.simulate(NET, x, start=first.state[-1], t0=20.0, t_eval=[50.0], solver=nd.Solver("DOP853", 1e-10, 1e-12))
    np.testing.assert_allclose(same.state[0], whole.state[-1], rtol=0, atol=1e-9)


def test_any_result_with_states_is_continued_in_one_call():
    x = np.array([[0.3], [-0.4]])
    rest = nd.relax(NET, x)
    run = nd.nudge(NET, rest, [0, 1], t_eval=[0.0, 3.0])
    later = nd.simulate(NET, x, start=run)
    assert later.t0 == later.t[0] == 3.0
    np.testing.assert_array_equal(later.state[0], run.state[-1])
    assert nd.simulate(NET, x, start=rest, t_eval=[1.0]).t0 is None
    side = nd.side_network(NET, rest, [0, 1], t_eval=[0.0, 1.0])
    with pytest.raises(nd.ArgumentError, match="a SidePhase has none"):
        nd.simulate(NET, x, start=side)
    with pytest.raises(nd.ArgumentError, match="must begin at 3"):
        nd.simulate(NET, x, start=run, t_eval=[1.0])


def test_a_run_that_stopped_early_is_continued_from_there():
    halted = nd.simulate(NET, [0.5], t_eval=[0.0, 30.0], solver=nd.Solver("relax5", max_steps=20), on_failure="return")
    after = nd.simulate(NET, [0.5], start=halted, t_eval=[30.0], solver=SOLVER)
    assert halted.last_time == after.t0
    assert after.t0 is not None
    assert 0.0 < after.t0 < 30.0
    whole = nd.simulate(NET, [0.5], t_eval=[30.0], solver=SOLVER)
    np.testing.assert_allclose(after.state, whole.state, rtol=0, atol=1e-8)
