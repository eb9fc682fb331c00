"""The equality in the mean, and hardware: what each study must find."""

from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis.studies.averaging import Averaging


def pair():
    net = models.Hopfield.recurrent(2, n_in=1, n_out=1, tau=[[0.5, 1.0]], seed=0)
    arrays = {"s-s": [[0.0, 1.2], [1.2, 0.0]], "x-s": [[0.8, -0.5]], "s": [0.2, -0.1]}
    return net.replace(parameters=arrays), [[0.7]], [[0.4]]


def test_a_nudged_ensemble_moves_as_free_noise_says():
    found = analysis.fluctuation(*pair(), temperatures=[0.1], chains=64, rounds=8)
    gap = (found["nudged"] - found["correlation"]) / found["gap_error"]
    assert np.abs(gap).max() < 3.0
    assert found["time"][0] == 0.0
    assert np.abs(found["correlation"] / found["correlation_error"]).max() > 5.0  # there is something to compare
    away = np.abs(found["nudged"] - found["side"])
    assert np.any(away > 5.0 * found["nudged_error"])  # and noise makes it another signal than the side network's


@pytest.mark.slow
def test_it_does_so_at_every_time_and_temperature_and_tends_to_the_side_network_linearly():
    options: dict[str, Any] = {"temperatures": [0.04, 0.02, 0.01, 0.005], "chains": 400, "rounds": 20}
    found = analysis.fluctuation(*pair(), **options)
    print(found.summary, found["distance"])
    assert found.summary["largest_gap"] < 3.0
    assert abs(found.summary["power_of_temperature"] - 1.0) < 0.15


def test_the_equality_needs_a_law_of_the_states_without_bounds():
    for net in (models.Rate.layered([1, 2, 1]), models.Hopfield.layered([1, 2, 1], activation="hard-sigmoid")):
        with pytest.raises(nd.ModelError, match=r"whose noise has the law exp\(-E/Theta\) and no bounds"):
            analysis.fluctuation(net, [[0.7]], [[0.4]])


def test_the_best_strength_and_the_time_for_an_accuracy_are_least_errors():
    known = Averaging(c=3.0, V=2.0, memory=1.0)
    best, time = known.best(50.0), known.needed(0.1)
    near = known.error(best * np.array([0.99, 1.0, 1.01]), 50.0)
    assert near.argmin() == 1
    assert known.error(*time) == pytest.approx(0.1)
    assert known.best(time[1]) == pytest.approx(time[0])


@pytest.mark.slow
def test_devices_lose_the_gradient_knob_by_knob_and_the_strength_of_nudging_is_as_predicted():
    rng = np.random.default_rng(1)
    net = models.Rate.layered([3, 6, 2], gain=0.7, seed=1)
    found = analysis.hardware(net, rng.uniform(size=(3, 3)), rng.uniform(-0.5, 0.5, (3, 2)), devices=6)
    print(found.summary, found["noisy_error"], found["predicted_error"])
    assert np.all(found["cosine"][:, 0] > 0.99)
    assert np.all(found["cosine"][:, -1] < found["cosine"][:, 0])
    own = dict(zip(found["knob"], found["own_cosine"], strict=True))
    for knob in ("mismatch", "bits", "drift"):  # such a device has an energy, and knows its own gradient
        assert np.all(own[knob] > 0.9999)
    assert own["feedback"][-1] < 0.99
    assert found["signal_error"][list(found["knob"]).index("feedback"), -1].max() > 0.01
    small = found["beta"] <= 2.0 * found.summary["best_beta"]
    ratio = found["noisy_error"][small] / found["predicted_error"][small]
    assert np.all((ratio > 0.6) & (ratio < 1.6))
    assert found.summary["error_reached"] == pytest.approx(0.1, abs=0.05)


@pytest.mark.slow
def test_a_hopfield_network_has_no_unequal_feedback_to_show():
    net = models.Hopfield.layered([2, 3, 1], gain=0.5, seed=1)
    found = analysis.hardware(net, [[0.5, 0.1]], [[0.3]], devices=2, steps=1, betas=[0.1])
    row = list(found["knob"]).index("feedback")
    assert np.isnan(found["cosine"][row]).all()
    assert np.isfinite(found["cosine"][row - 1]).all()
