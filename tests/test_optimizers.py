"""Optimizers, schedules, weights of samples, callbacks and metrics of `learn`."""

from typing import Any

import numba
import numpy as np
import pytest

import neurodyn as nd
from called import called
from learning_naive import Naive, NaiveAdam, NaiveMomentum
from neurodyn import models
from neurodyn.learning import moves, thread_choice
from neurodyn.learning.arguments import Behind, Circuit
from neurodyn.learning.rates import rates_by_block
from neurodyn.learning.recipe import Recipe

BOX = "hard-sigmoid"
WITHIN = ["x-h1", "h2-h1", "h2-y", "y-x", "h2-h2"]  # with skip connections, and one within a population


def skip():
    populations: dict[str, Any] = {
        "x": {"size": 7, "role": "input"},
        "h1": {"size": 21, "activation": BOX},
        "h2": {"size": 70, "activation": BOX},
        "y": {"size": 3, "role": "output", "activation": BOX},
    }
    return models.Hopfield(populations=populations, connections=WITHIN, seed=2, gain=0.7)


@pytest.fixture
def samples(rng):
    """Inputs, half of them zero, one in all samples and one in all but two, and labels that depend on them."""
    x = np.maximum(rng.uniform(-1.0, 1.0, (47, 7)), 0.0)
    x[:, 6] = 0.0
    x[2:, 5] = 0.0
    return x, np.argmax(x[:, :3] + 0.1, axis=1)


def run_naive(network, x, y, recipe, weight, make):
    """The weights after two epochs in float64, and the lengths of the gradients."""
    rates = rates_by_block(recipe.rates, network)
    naive = Naive(network, rates=rates, **recipe.options)
    steps, norms = make(naive.w, rates), []
    for _ in range(2):
        for k in range(0, len(x), recipe.batch_size):
            part = slice(k, k + recipe.batch_size)
            start = np.zeros((len(x[part]), network.n))
            _, uphill = naive.descent(x[part], np.eye(3)[y[part]], start, 1.0, weight[part, None])
            norms.append(steps.step(uphill))
    return naive.w, norms


@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_compiled_optimizers_are_those_of_the_twin(optimizer, samples, rng):
    network, (x, y) = skip(), samples
    longest, decay = (1.5, 0.5) if optimizer == "adam" else (None, 0.5)
    recipe = Recipe.of(
        optimizer=nd.Adam(beta_1=0.8, epsilon=1e-3) if optimizer == "adam" else nd.Momentum(momentum=0.8),
        rates={"x-h1": 0.01, "h2-h1": 0.02, "h2-y": 0.01, "y-x": 0.02, "h2-h2": 0.01, "h2": 0.03},
        weight_decay=decay, clip_norm=longest, shuffle=False, epochs=2, persistent=False, nudging="positive",
    ).resolved(network)  # fmt: skip
    weight = rng.uniform(0.0, 2.0, len(x))
    weight /= weight.mean()

    def make(w, rates):
        if optimizer == "momentum":
            return NaiveMomentum(w, rates, longest=None, decay=decay, kept=0.8)
        return NaiveAdam(w, rates, longest=longest, decay=decay, halved=("h2-h2",), kept=0.8, epsilon=1e-3)

    expected, norms = run_naive(network, x, y, recipe, weight, make)
    found = nd.learn(network, x, y, recipe, sample_weight=3.0 * weight).network.parameters
    for block in found:
        moved = expected[block] - network.parameters[block]
        assert np.abs(moved).max() > 1e-3
        assert np.abs(found[block] - expected[block]).max() < 2e-3 * np.abs(moved).max() + 1e-6
    if optimizer == "adam":
        assert min(norms) < longest < max(norms)  # some gradients are cut, and some are not


@pytest.mark.parametrize("size", [20, 70])  # norms are found by products of samples, and by those of weights
def test_a_gradient_that_is_clipped_moves_the_weights_as_far_as_it_is_long(size, rng):
    network, x = skip(), np.maximum(rng.uniform(-1.0, 1.0, (size, 7)), 0.0)
    options: dict[str, Any] = {"epochs": 1, "batch_size": size, "rates": 0.1, "clip_norm": 0.02}
    found = nd.learn(network, x, np.argmax(x[:, :3], axis=1), **options).network
    moved = (found.parameters - network.parameters).vector
    assert np.linalg.norm(moved) == pytest.approx(0.1 * 0.02, rel=1e-4)


@pytest.mark.slow  # compiles
def test_weights_that_make_up_for_minibatches_have_the_bits_of_those_that_took_part(rng):
    width, first, last = 16, 3, 900
    corrections, catch_up = called(moves.corrections), called(moves.catch_up)

    @numba.njit(error_model="numpy")
    def take_part(circuit, rule, corrected, change):
        for pair in corrected:
            moves.move(circuit, 0, change, moves.pace_of(rule, 0.01, 1.0, pair, 1.0))

    for kind in (moves.PLAIN, moves.WITH_MOMENTUM, moves.ADAPTIVE):
        rule = np.array([kind, 0.9, 0.999, 1e-8, 0.01, 0.0])
        corrected = np.array([corrections(rule, made) for made in range(first, last + 1)])
        there = rng.normal(size=(3, width)).astype(np.float32)
        there[0, :8] *= 1e-3  # some weights are small, some means are zero
        there[1:, 4:6], there[2] = 0.0, there[2] ** 2
        late, present = (
            Circuit(np.zeros(1, np.int64), there[0].copy(), np.zeros(0, np.float32), *there[1:].copy()) for _ in "ab"
        )
        catch_up(late, 0, (first, last), rule, 0.01, Behind(np.zeros(1, np.int64), corrected, first), width)
        take_part(present, rule, corrected, np.zeros(width, np.float32))
        for name in ("theta", "mean", "square"):
            np.testing.assert_array_equal(getattr(late, name), getattr(present, name))
        assert np.all(late.theta != there[0])


def test_optimizers_of_estimators_are_those_of_the_twin(samples, rng):
    x, y = samples[0][:12] + 0.1, samples[1][:12]
    network = models.Hopfield.layered([7, 8, 3], activation="tanh", seed=0)
    weight = np.repeat([0.5, 1.5], 6)
    w = {name: np.array(network.parameters[name]) for name in network.parameters}
    twin = NaiveAdam(w, dict.fromkeys(w, 0.01), longest=0.05, decay=0.5)
    for _ in range(3):
        now = network.replace(parameters=w)
        parts = [nd.gradient(now, x[p], y[p], method="implicit") for p in (slice(6), slice(6, 12))]
        twin.step({name: -0.5 * (0.5 * parts[0][name] + 1.5 * parts[1][name]) for name in w})
    options: dict[str, Any] = {"optimizer": "adam", "rates": 0.01, "clip_norm": 0.05, "weight_decay": 0.5}
    options |= {"epochs": 3, "batch_size": 12, "solver": nd.Solver(rtol=1e-9, atol=1e-11)}
    found = nd.learn(network, x, y, method="implicit", sample_weight=weight, **options)
    for name in w:
        np.testing.assert_allclose(found.network.parameters[name], w[name], atol=1e-6)


@pytest.mark.parametrize("settings", [{"optimizer": "adam", "clip_norm": 0.2}, {"optimizer": "momentum"}])
def test_any_number_of_threads_gives_the_same_bits_and_so_does_going_on(settings, samples, tmp_path, monkeypatch):
    network, (x, y) = skip(), samples
    options: dict[str, Any] = {
        "epochs": 4,
        "batch_size": 12,
        "weight_decay": 0.1,
        "validation": 10,
        "rates": 0.01,
        **settings,
    }
    before, found = numba.get_num_threads(), []
    monkeypatch.setattr(thread_choice.ThreadChoice, "choose", lambda choice: max(choice.speeds))
    try:
        for threads in (1, 2):
            numba.set_num_threads(threads)
            found.append(nd.learn(network, x, y, **options))
    finally:
        numba.set_num_threads(before)
    halfway = nd.learn(network, x, y, **options, checkpoint=tmp_path / "c", callbacks=lambda epoch: epoch.number == 1)
    assert halfway.epochs == 2
    found.append(nd.learn(network, x, y, **options, checkpoint=tmp_path / "c", resume=True))
    assert found[0].network == found[1].network == found[2].network
    np.testing.assert_array_equal(found[0].validation_cost, found[2].validation_cost)


def test_estimators_go_on_with_the_means_of_their_optimizer(samples, tmp_path):
    x, y = samples[0][:10] + 0.1, samples[1][:10]
    network = models.Hopfield.layered([7, 4, 3], seed=0)
    options: dict[str, Any] = {"method": "implicit", "optimizer": "adam", "rates": 0.01, "epochs": 3}
    whole = nd.learn(network, x, y, **options)
    nd.learn(network, x, y, **options, checkpoint=tmp_path / "c", callbacks=lambda epoch: True)
    assert nd.learn(network, x, y, **options, checkpoint=tmp_path / "c", resume=True).network == whole.network


def test_class_weights_are_sample_weights(samples):
    network, (x, y) = models.Hopfield.layered([7, 5, 3], activation=BOX, seed=1), samples
    y = np.where(y == 2, 1, y)
    counts = np.bincount(y)
    options: dict[str, Any] = {"epochs": 1, "rates": 0.1}
    found = [
        nd.learn(network, x, y, class_weight="balanced", **options),
        nd.learn(network, x, y, class_weight={0: counts[1], 1: counts[0]}, **options),
        nd.learn(network, x, y, sample_weight=1.0 / counts[y], **options),
    ]
    for other in found[1:]:
        np.testing.assert_allclose(other.network.parameters.vector, found[0].network.parameters.vector, atol=1e-6)
    assert found[0].network != nd.learn(network, x, y, **options).network
    zero = nd.learn(network, x, y, sample_weight=(y == 0).astype(float), batch_size=100, shuffle=False, **options)
    alone = nd.learn(network, x[y == 0], y[y == 0], batch_size=100, shuffle=False, **options)
    np.testing.assert_allclose(zero.network.parameters.vector, alone.network.parameters.vector, atol=1e-6)


def test_callbacks_see_the_network_and_stop_learning(samples):
    network, (x, y) = models.Hopfield.layered([7, 5, 3], activation=BOX, seed=1), samples
    seen: list[Any] = []

    def stop(epoch):
        if epoch.number == 1:
            raise StopIteration

    found = nd.learn(network, x, y, epochs=5, rates=0.1, callbacks=[seen.append, stop])
    assert [epoch.number for epoch in seen] == [0, 1]
    assert found.epochs == 2
    assert found.network == seen[1].network != seen[0].network
    assert seen[0].measures["train_cost"] == found.train_cost[0]


def test_metrics_by_name_are_measured_and_monitored(samples):
    network, (x, y) = models.Hopfield.layered([7, 12, 3], activation=BOX, seed=1), samples
    found = nd.learn(network, x, y, epochs=4, rates=0.5, validation=(x, y), metrics=["accuracy", "macro-f1", "rmse"])
    assert found.validation_error is not None
    np.testing.assert_allclose(found.metrics["accuracy"], 1.0 - found.validation_error)
    outputs = nd.evaluate(found.network, x, y, found.recipe).outputs
    np.testing.assert_allclose(found.metrics["rmse"][-1], np.sqrt(np.mean((outputs - np.eye(3)[y]) ** 2)))
    metrics = pytest.importorskip("sklearn.metrics")
    expected = metrics.f1_score(y, outputs.argmax(axis=1), average="macro")
    np.testing.assert_allclose(found.metrics["macro-f1"][-1], expected)
    early = nd.learn(network, x, y, epochs=40, rates=0.5, validation=(x, y), metrics=["macro-f1"], monitor="macro-f1",
                     patience=2)  # fmt: skip
    assert early.epochs == early.best + 3 < 40
    assert early.metrics["macro-f1"].max() == early.metrics["macro-f1"][early.best]


def test_recipes_with_settings_are_plain_data_and_back(tmp_path, samples):
    recipe = nd.Recipe(optimizer={"kind": "adam", "beta_1": 0.8}, schedule=nd.OneCycle(rise=0.5), metrics=["r2"])
    assert recipe.plain()["optimizer"] == {"kind": "adam", "beta_1": 0.8, "beta_2": 0.999, "epsilon": 1e-8}
    assert nd.Recipe(**recipe.plain()) == recipe
    assert nd.Recipe(optimizer=nd.Adam()).optimizer == "adam"
    assert (nd.Recipe().rates, nd.Recipe.of(None, optimizer="adam").rates) == (0.1, 0.001)
    assert nd.Recipe.of(nd.Recipe(rates=0.3), optimizer="adam").rates == 0.3
    network = models.Hopfield.layered([7, 5, 3], activation=BOX, seed=1)
    found = nd.learn(network, samples[0], samples[1], recipe, epochs=1, validation=10)
    found.save(tmp_path / "training.nc")
    again: Any = nd.load(tmp_path / "training.nc")
    assert again.recipe.optimizer == nd.Adam(beta_1=0.8)
    np.testing.assert_array_equal(again.metrics["r2"], found.metrics["r2"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"optimizer": "adamw"}, "unknown `optimizer` 'adamw'; allowed: sgd, momentum, adam; did you mean 'adam'"),
        ({"optimizer": 3}, "`optimizer` must be one of sgd, momentum, adam, or an object of SGD, Momentum, Adam"),
        ({"optimizer": {"kind": "adam", "beta1": 0.5}}, "unknown constant 'beta1' of `optimizer` 'adam'; allowed: "),
        ({"optimizer": {"kind": "momentum", "momentum": 1.0}}, "`momentum` must be below 1; got 1.0"),
        ({"weight_decay": -1.0}, "`weight_decay` must be a finite number >= 0; got -1.0"),
        ({"clip_norm": 0.0}, "`clip_norm` must be positive and finite; got 0.0"),
        ({"schedule": {"kind": "step", "fall": 2.0}}, "`fall` must be at most 1; got 2.0"),
        ({"schedule": {"kind": "one-cycle", "rise": 1}}, "`rise` must be below 1; got 1"),
        ({"metrics": "accuracy"}, r"`metrics` must be a list of names like \['accuracy'\]; got 'accuracy'"),
        ({"metrics": ["recall"], "validation": 5}, "unknown `metrics` 'recall'; allowed: accuracy"),
        ({"metrics": ["accuracy"]}, "`metrics` need `validation` samples"),
        ({"monitor": "r2"}, "unknown `monitor` 'r2'; allowed: validation_error, validation_cost"),
        ({"callbacks": 5}, "`callbacks` must be a function of one epoch, or a list of them; got 5"),
        ({"sample_weight": [1.0]}, r"`sample_weight` must have one weight for each of the 47 samples; got \(1,\)"),
        ({"sample_weight": -np.ones(47)}, "`sample_weight` must be finite numbers >= 0; got -1.0 for sample 0"),
        ({"sample_weight": np.zeros(47)}, "leave no sample with a weight above 0"),
        ({"class_weight": "even"}, "`class_weight` must be 'balanced', or a mapping from classes to weights; got 'eve"),
        ({"class_weight": {3: 1.0}}, "`class_weight` must be by class, 0 to 2; got 3"),
    ],
)
def test_wrong_settings_are_named(options, sentence, samples):
    with pytest.raises(nd.ArgumentError, match=sentence):
        nd.learn(models.Hopfield.layered([7, 5, 3], activation=BOX), *samples, **options)
