"""What a free phase says of samples that never rest."""

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import models
from neurodyn.phases import motion

RING = models.Rate.recurrent(3, feedback={"s-s": [[0.0, 3.0, 0.0], [0.0, 0.0, -3.0], [3.0, 0.0, 0.0]]})


def test_relax_tells_a_limit_cycle_and_its_period(tmp_path):
    with pytest.raises(nd.ConvergenceError, match=r"goes round a limit cycle .*plot_limit_cycle.*\(period 3.522\)"):
        nd.relax(RING, start=[0.1, 0.2, 0.3], t_max=200.0)
    found = nd.relax(RING, start=[[0.1, 0.2, 0.3], [0.0, 0.0, 0.0]], t_max=200.0, on_failure="return")
    assert [nd.Status(code).name for code in found.status] == ["PERIODIC", "SADDLE"]
    assert found.period is not None
    assert found.period[0] == pytest.approx(3.5217553, abs=1e-6)
    assert np.isnan(found.period[1])
    assert found.exponent is None
    found.save(tmp_path / "moving.nc")
    assert nd.load(tmp_path / "moving.nc") == found
    assert "1 periodic" in repr(found)


def test_a_free_phase_that_was_short_is_not_followed_any_longer():
    found = nd.relax(RING, start=[0.1, 0.2, 0.3], t_max=10.0, on_failure="return")
    assert found.status == nd.Status.MOVING
    assert found.period is None


def test_a_sample_that_rests_has_the_same_bits_beside_one_that_does_not():
    net = models.Rate.recurrent(3, 1, feedback={"s-s": RING.parameters["s-s"]}).replace(
        parameters={"x-s": [[8.0, 8.0, 8.0]]}
    )
    x = np.array([[0.0], [1.0]])
    both = nd.relax(net, x, start=[0.1, 0.2, 0.3], t_max=200.0, on_failure="return")
    alone = nd.relax(net, x[1], start=[0.1, 0.2, 0.3], t_max=200.0)
    assert [nd.Status(code).name for code in both.status] == ["PERIODIC", "STABLE"]
    np.testing.assert_array_equal(both.state[1], alone.state)
    assert alone.period is None


@pytest.mark.slow
def test_relax_tells_chaos_and_its_exponent():
    model = models.read("chaotic-rate")
    assert model.network == models.Rate.recurrent(100, feedback="random", gain=3.0, seed=4)
    found = nd.relax(model.network, start=model.start, t_max=2000.0, on_failure="return")
    assert found.status == nd.Status.CHAOTIC
    assert found.exponent == pytest.approx(0.11, abs=0.06)


def test_a_network_with_an_energy_is_not_followed_any_further(monkeypatch):
    def never(*arguments, **options):
        raise AssertionError("no cycle and no chaos can be where an energy only falls")

    monkeypatch.setattr(motion, "first_return", never)
    monkeypatch.setattr(motion, "growth", never)
    net = models.Hopfield.recurrent(3, seed=0)
    found = nd.relax(net, start=[0.5, -0.2, 0.1], t_max=2.0, tol=1e-12, on_failure="return")
    assert found.status == nd.Status.MOVING
