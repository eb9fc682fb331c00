"""The equality in the mean, and hardware: what each study must find."""

from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis import plots
from neurodyn.analysis.studies import knobs
from neurodyn.analysis.studies.averaging import Averaging
from neurodyn.analysis.studies.bench import Bench


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


def labelled():
    """A network, inputs of two classes, and the classes: which input is larger."""
    net = models.Rate.layered([2, 4, 2], gain=0.7, seed=1)
    x = np.random.default_rng(1).uniform(size=(6, 2))
    return net, x, (x[:, 0] > x[:, 1]).astype(int)


def bench_for(net, x, y):
    return Bench(net, nd.relax(net, x), y, 1e-3, nd.Solver())


def test_a_device_learns_in_the_loop_to_answer_rightly():
    net, x, labels = labelled()
    bench, device = bench_for(net, x, labels), nd.Device(mismatch=0.1, seed=0)
    made = device.network(net)
    before = bench.performance(made)[1]
    assert before == np.mean(nd.predict(made, x).argmax(axis=1) == labels)
    assert before < 1.0
    assert bench.trained(device, 0, 30, 1.0).accuracy == 1.0


def test_only_targets_that_are_classes_have_an_accuracy():
    net, x, labels = labelled()
    numbers = np.full((6, 2), 0.5)
    assert bench_for(net, x, np.eye(2)[labels]).has_classes
    assert not bench_for(net, x, numbers).has_classes
    assert np.isnan(bench_for(net, x, numbers).performance(net)[1])
    softmax = models.Rate.layered([2, 4, 2], gain=0.7, seed=1, readout="softmax")
    assert bench_for(softmax, x, numbers).has_classes


def test_any_two_knobs_are_a_pair(monkeypatch):
    for name, levels in {"mismatch": (0.01, 0.6), "bits": (8, 2), "noise": (1e-8, 0.3)}.items():
        monkeypatch.setitem(knobs.LEVELS, name, levels)
    bench = bench_for(*labelled())
    one, other, noisy = (
        knobs.pair_cosines(bench, pair, 1, 0, lambda _: (0.02, 40.0))
        for pair in (("mismatch", "bits"), ("bits", "mismatch"), ("mismatch", "noise"))
    )
    np.testing.assert_array_equal(one, other.T)
    assert one[0, 0] > one.ravel()[1:].max()
    alone = [bench.measure(nd.Device(mismatch=level, seed=0).network(bench.network)).cosine for level in (0.01, 0.6)]
    np.testing.assert_allclose(noisy[:, 0], alone, atol=1e-3)
    assert noisy[0, 1] < 0.95 * noisy[0, 0]


@pytest.mark.parametrize("pairs", [("mismatch", "bits"), "bits", [("bits", "bits")], [("bits",)], 3])
def test_pairs_are_of_two_different_knobs(pairs):
    with pytest.raises(nd.ArgumentError, match=r"list of pairs of two different knobs, of mismatch, .* noise; got"):
        analysis.hardware(*labelled(), pairs=pairs)


@pytest.mark.slow
def test_the_figure_shows_the_accuracy_where_there_is_one():
    found = analysis.hardware(*labelled(), devices=2, steps=20, betas=[0.1], pairs=[("mismatch", "noise")])
    assert found["accuracy"].min() >= 0.0
    assert found["accuracy"].mean() > found.summary["accuracy_before"]
    assert found["mismatch_noise_cosine"][0, 0] > found["mismatch_noise_cosine"][-1, -1]
    figure = plots.draw_study(found)
    assert figure.axes[2].get_ylabel() == "fraction of samples answered rightly"
    assert (figure.axes[5].get_xlabel(), figure.axes[5].get_ylabel()) == ("noise", "mismatch")


@pytest.mark.slow
def test_a_hopfield_network_has_no_unequal_feedback_to_show():
    net = models.Hopfield.layered([2, 3, 1], gain=0.5, seed=1)
    options: dict[str, Any] = {"devices": 2, "steps": 1, "betas": [0.1], "pairs": [("mismatch", "feedback")]}
    found = analysis.hardware(net, [[0.5, 0.1]], [[0.3]], **options)
    assert np.isnan(found["mismatch_feedback_cosine"]).all()
    assert "accuracy" not in found.data
    row = list(found["knob"]).index("feedback")
    assert np.isnan(found["cosine"][row]).all()
    assert np.isfinite(found["cosine"][row - 1]).all()
