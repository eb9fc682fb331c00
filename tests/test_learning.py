"""Learning: the compiled scheme against its twin, threads, checkpoints, early stopping, evaluation."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

import neurodyn as nd
from learning_naive import Naive
from neurodyn import models
from neurodyn.learning import clipped, descent, thread_choice
from neurodyn.learning.layout import Layout, padded_size
from neurodyn.learning.learner import make_learner, signs
from neurodyn.learning.rates import rates_by_block
from neurodyn.learning.recipe import Recipe
from neurodyn.learning.samples import Samples, shifted
from neurodyn.models.data import digits
from neurodyn.results import array_file

BOX = "hard-sigmoid"


def layered(*sizes, **options):
    return models.Hopfield.layered(list(sizes), activation=BOX, seed=1, **options)


def skip():
    populations = {
        "x": {"size": 7, "role": "input"},
        "h1": {"size": 21, "activation": BOX},
        "h2": {"size": 70, "activation": BOX},
        "y": {"size": 3, "role": "output", "activation": BOX},
    }
    connections = ["x-h1", "h2-h1", "h2-y", "y-x", "h2-h2"]
    return models.Hopfield(populations=populations, connections=connections, seed=2, gain=0.7)


NETWORKS = {
    "one hidden layer": layered(7, 150, 3),
    "two hidden layers, unequal tau": layered(7, 20, 33, 3, tau=[1.0, 2.0, 1.3]),
    "skip connections, one within": skip(),
    "recurrent": models.Hopfield.recurrent(30, 7, 3, activation=BOX, seed=3),
}


@pytest.fixture
def samples(rng):
    """Inputs, half of them zero, and labels that depend on them."""
    x = np.maximum(rng.uniform(-1.0, 1.0, (47, 7)), 0.0)
    return x, np.argmax(x[:, :3] + 0.1, axis=1)


@pytest.fixture(autouse=True)
def _threads_as_before():
    before = numba.get_num_threads()
    yield
    numba.set_num_threads(before)


def run_naive(network, x, y, recipe, epochs=2):
    naive = Naive(network, rates=rates_by_block(recipe.rates, network), **recipe.options)
    target, size = np.eye(3)[y], recipe.batch_size
    particles = np.zeros((len(x), network.n))
    for epoch in range(epochs):
        sign = signs(recipe, epoch, -(-len(x) // size))
        if naive.nudging in ("positive", "negative"):
            sign = np.full(len(sign), 1.0 if naive.nudging == "positive" else -1.0)
        for k in range(len(sign)):
            part = slice(k * size, (k + 1) * size)
            start = particles[part] if recipe.persistent else np.zeros((len(x[part]), network.n))
            particles[part] = naive.minibatch(x[part], target[part], start, sign[k])
    return naive


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"nudging": "centered", "beta": 0.4},
        {"nudging": "negative", "convention": "code", "beta": 0.3, "persistent": False},
        {"nudging": "positive", "batch_size": 64, "step": 0.3},
    ],
    ids=["random", "centered", "negative code", "positive whole"],
)
def test_compiled_scheme_is_that_of_the_twin(name, options, samples):
    network, (x, y) = NETWORKS[name], samples
    recipe = Recipe.of(rates=0.05, shuffle=False, epochs=2, **options).resolved(network)
    naive = run_naive(network, x, y, recipe)
    found = nd.learn(network, x, y, recipe).network.parameters
    for block in found:
        moved = naive.w[block] - network.parameters[block]
        assert np.abs(moved).max() > 1e-5
        assert np.abs(found[block] - naive.w[block]).max() < 1e-3 * np.abs(moved).max() + 1e-6


def test_rates_are_those_of_each_block(samples):
    network, (x, y) = skip(), samples
    rates = {"x-none": 1.0}
    with pytest.raises(nd.ArgumentError, match="unknown name 'x-none' in `rates`; allowed: x-h1"):
        nd.learn(network, x, y, rates=rates)
    rates = {"x-h1": 0.1, "h2-h1": 0.0, "h2-y": 0.02, "y-x": 0.05, "h2-h2": 0.0, "h2": 0.3}
    recipe = Recipe.of(rates=rates, shuffle=False, epochs=1).resolved(network)
    naive = run_naive(network, x, y, recipe, epochs=1)
    found = nd.learn(network, x, y, recipe).network.parameters
    assert rates_by_block(recipe.rates, network) | {"h1": 0.1, "y": 0.02, "h2": 0.3} == rates_by_block(rates, network)
    assert np.array_equal(found["h2-h1"], network.parameters["h2-h1"].astype(np.float32))
    for block in found:
        np.testing.assert_allclose(found[block], naive.w[block], atol=2e-5)


def test_symmetric_weights_stay_symmetric_and_transposes_equal(samples):
    x, y = samples
    network = skip()
    learner = clipped.ClippedLearner(network, Samples.of(network, x, y), Recipe.of(rates=0.1).resolved(network))
    for epoch in range(3):
        learner.epoch(epoch, np.arange(len(x)), lambda part: None)
    layout, theta = learner.layout, learner._theta
    for rows, columns in (("h1", "h2"), ("h2", "y"), ("h2", "h2")):
        one, other = layout._matrix(theta, rows, columns), layout._matrix(theta, columns, rows)
        assert np.array_equal(one, other.T)
    padding = np.ones(layout.width, bool)
    padding[layout.columns] = False
    assert not theta[layout.places["biases"][0] :][padding].any()


@pytest.mark.parametrize(
    ("size", "rows", "columns"), [(500, 500, 528), (500, 10, 512), (128, 65, 144), (128, 64, 128), (10, 500, 16)]
)
def test_rows_of_tall_matrices_are_no_multiple_of_eight_lines(size, rows, columns):
    assert padded_size(size, rows) == columns


def test_states_of_earlier_versions_whose_rows_were_not_spaced_are_read(samples):
    x, y = samples
    network = layered(7, 128, 120, 3)
    recipe = Recipe.of(rates=0.1, optimizer="adam", batch_size=10).resolved(network)

    def learner():
        return clipped.ClippedLearner(network, Samples.of(network, x, y), recipe)

    def learn(one, epoch):
        one.epoch(epoch, np.arange(len(x)), lambda part: None)
        return one.network.parameters.vector

    now, plain = learner(), Layout(network, spaced=False)
    assert plain.size < now.layout.size
    learn(now, 0)
    state = now.state()
    earlier = {name: plain.taken(values, now.layout) for name, values in state.items() if values.ndim == 1}
    particles = np.zeros((len(x), plain.width), np.float32)
    particles[:, plain.columns] = state["particles"][:, now.layout.columns]
    resumed = learner()
    resumed.restore(earlier | {"particles": particles})
    assert np.array_equal(learn(resumed, 1), learn(now, 1))


@pytest.mark.parametrize("nudging", ["random", "centered"])
@pytest.mark.parametrize("name", NETWORKS)
def test_any_number_of_threads_and_slices_gives_the_same_bits(name, nudging, samples, monkeypatch):
    network, (x, y) = NETWORKS[name], samples
    found = []
    for threads, seconds in ((1, 0.2), (2, 0.2), (2, 0.0)):
        numba.set_num_threads(threads)
        monkeypatch.setattr(thread_choice, "SLICE_SECONDS", seconds)
        monkeypatch.setattr(thread_choice.ThreadChoice, "choose", lambda choice: max(choice.speeds))
        result = nd.learn(network, x, y, epochs=2, rates=0.1, batch_size=12, nudging=nudging, tol=1e-2)
        found.append((result.network.parameters.vector, result.train_cost, result.energy, result.steps))
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_a_sample_settles_alone_as_in_company(samples):
    network, (x, y) = NETWORKS["two hidden layers, unequal tau"], samples
    together = nd.evaluate(network, x, y, tol=1e-4, free_steps=200)
    alone = [nd.evaluate(network, x[k : k + 1], y[k : k + 1], tol=1e-4, free_steps=200) for k in range(len(x))]
    assert len(set(together.steps)) > 3
    for name in ("outputs", "cost", "energy", "steps"):
        assert np.array_equal(getattr(together, name), np.concatenate([getattr(one, name) for one in alone]))


def test_settled_network_is_where_relax_ends(samples):
    network, (x, y) = NETWORKS["two hidden layers, unequal tau"], samples
    x = x + 0.5  # all units off the kink at zero, where a rest is a saddle by name
    rest = nd.relax(network, x, on_failure="return")
    found = nd.evaluate(network, x, y, tol=1e-6, free_steps=2000)
    assert found.steps.max() < 2000
    np.testing.assert_allclose(found.outputs, rest.state[:, network.outputs], atol=2e-5)
    np.testing.assert_allclose(found.energy, rest.energy, atol=1e-4)
    np.testing.assert_allclose(found.cost, network.cost(rest.state, y), atol=1e-4)
    np.testing.assert_array_equal(nd.predict(network, x, tol=1e-6, free_steps=2000), found.outputs)
    np.testing.assert_array_equal(nd.predict(network, x[3], tol=1e-6, free_steps=2000), found.outputs[3])


def test_early_settling_stops_where_nothing_moves_faster(samples):
    network, (x, y) = NETWORKS["two hidden layers, unequal tau"], samples
    naive = Naive(network, rates={}, free_steps=100, tol=1e-2)
    naive.free_steps = 500
    _, steps = naive.free(x, np.zeros((len(x), network.n)))
    found = nd.evaluate(network, x, y, tol=1e-2, free_steps=500)
    assert 1 < steps.min() < steps.max() < 500
    np.testing.assert_array_equal(found.steps, steps)


def test_steps_of_the_code_are_twice_those_of_the_paper_at_half_the_beta(samples):
    network, (x, y) = NETWORKS["one hidden layer"], samples
    options: dict[str, Any] = {"epochs": 1, "rates": 0.1, "batch_size": 100, "nudging": "positive"}
    paper = nd.learn(network, x, y, **options, beta=1.0).network.parameters
    code = nd.learn(network, x, y, **options, beta=0.5, convention="code").network.parameters
    start = make_learner(network, Samples.of(network, x, y), Recipe.of().resolved(network)).network.parameters
    np.testing.assert_allclose((code - start).vector, 2.0 * (paper - start).vector, atol=2e-7)


def test_gradient_points_along_the_exact_one_and_is_as_long(rng):
    network = layered(6, 12, 9, 2)
    x, y = rng.uniform(0.0, 1.0, (30, 6)), rng.uniform(0.2, 0.8, (30, 2))
    recipe = Recipe.of(nudging="centered", beta=0.01, free_steps=1000, nudged_steps=1000).resolved(network)
    estimate = make_learner(network, Samples.of(network, x, y), recipe).gradient(Samples.of(network, x, y))
    exact = nd.gradient(network, x, y, method="implicit")
    assert exact.norm > 1e-3
    assert estimate.cosine(exact) > 0.999
    assert abs(estimate.norm / exact.norm - 1.0) < 0.05
    training = nd.learn(network, x, y, Recipe.of(recipe, epochs=2, alignment=30, rates=0.01))
    assert training.cosine is not None
    assert training.cosine.shape == (2,)
    assert np.all(training.cosine > 0.99)
    assert np.isnan(training.train_error).all()  # targets are no labels


def test_networks_learn_the_digits():
    train, test = digits("train"), digits("test")
    network = layered(64, 100, 10)
    found = nd.learn(network, train.images, train.labels, epochs=12, rates=[0.5, 0.2], nudging="centered",
                     persistent=False, schedule="linear", validation=0.2, test=(test.images, test.labels))  # fmt: skip
    assert found.train_error[-1] < 0.02 < found.train_error[0]
    assert found.validation_error is not None
    assert found.validation_error[-1] < 0.06
    assert found.test_error is not None
    assert found.test_error < 0.12
    assert found.train_cost[-1] < found.train_cost[0]
    judged = nd.evaluate(found.network, test.images, test.labels, found.recipe)
    assert judged.error == found.test_error
    assert judged.confusion.sum() == len(test.labels)
    assert np.trace(judged.confusion) == round((1.0 - judged.error) * len(test.labels))
    np.testing.assert_array_equal(judged.confusion.sum(axis=1), np.bincount(test.labels))


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("implicit", {}),
        ("recurrent-backprop", {"duration": 10.0}),
        ("equilibrium-propagation", {"beta": 0.02, "nudging": "random"}),
    ],
)
def test_any_estimator_descends_the_cost(method, options, samples):
    x, y = samples[0][:24] + 0.1, samples[1][:24]
    network = models.Hopfield.layered([7, 8, 3], activation="tanh", seed=0)
    found = nd.learn(network, x, y, method=method, epochs=3, rates=0.3, options=options)
    assert found.train_cost[2] < 0.8 * found.train_cost[0]
    first = nd.learn(network, x, y, method="implicit", epochs=1, rates=0.3, batch_size=100).network.parameters
    expected = network.parameters - nd.gradient(network, x, y, method="implicit") * 0.3
    np.testing.assert_allclose(first.vector, expected.vector, atol=1e-4)


def test_networks_without_an_energy_learn_too(samples):
    x, y = samples[0][:20] + 0.1, samples[1][:20]
    populations = {"x": {"size": 7, "role": "input"}, "h": 6, "y": {"size": 3, "role": "output"}}
    connections = ["x-h", nd.Connection("h", "y", feedback=0.5)]
    network = models.Rate(populations, connections, seed=0)
    found = nd.learn(network, x, y, method="implicit", epochs=3, rates=0.3)
    assert found.train_cost[2] < found.train_cost[0]
    assert np.isnan(found.energy).all()


def test_auto_takes_what_fits(samples):
    x, y = samples
    assert Recipe().resolved(layered(7, 5, 3)).method == "ep-2017"
    assert Recipe().resolved(models.Hopfield.layered([7, 5, 3])).method == "equilibrium-propagation"
    assert Recipe().resolved(models.Rate.layered([7, 5, 3])).method == "equilibrium-propagation"
    sparse = models.Hopfield.recurrent(20, 7, 3, activation=BOX, sparsity=0.5)
    assert Recipe().resolved(sparse).method == "equilibrium-propagation"


def test_patience_ends_early_and_returns_the_best(samples, rng):
    network, (x, y) = NETWORKS["one hidden layer"], samples
    held = x[:20], rng.integers(0, 3, 20)  # nothing to learn: validation soon gets no better
    found = nd.learn(network, x, y, epochs=50, rates=0.1, patience=3, validation=held)
    assert found.epochs == found.best + 1 + 3 < 50
    again = nd.learn(network, x, y, epochs=found.best + 1, rates=0.1)
    assert again.network == found.network
    assert found.validation_error is not None
    assert nd.evaluate(found.network, *held, found.recipe).error == found.validation_error.min()


def test_schedules_fall_from_one_to_near_zero():
    for schedule, middle in (("constant", 1.0), ("linear", 0.5), ("cosine", 0.5)):
        recipe = Recipe(schedule=schedule, epochs=10)
        assert recipe.factor(0) == 1.0
        assert recipe.factor(5) == pytest.approx(middle)
        assert recipe.factor(9) <= (1.0 if schedule == "constant" else 0.1)


def test_validation_may_be_a_number_a_fraction_or_a_pair(samples):
    network, (x, y) = layered(7, 5, 3), samples
    options: dict[str, Any] = {"epochs": 1, "rates": 0.1, "shuffle": False}
    found = [
        nd.learn(network, x[:37], y[:37], **options, validation=(x[37:], y[37:])),
        nd.learn(network, x, y, **options, validation=10),
        nd.learn(network, x, y, **options, validation=10 / 47),
    ]
    assert found[0].network == found[1].network == found[2].network
    assert found[0].validation_error == found[1].validation_error == found[2].validation_error


def test_shifted_images_are_the_same_elsewhere(rng):
    images = np.zeros((200, 36))
    images[:, 2 * 6 + 3] = 1.0
    moved = shifted(images, 1, rng).reshape(-1, 6, 6)
    rows, columns = np.nonzero(moved.sum(axis=0))
    assert set(rows) == {1, 2, 3}
    assert set(columns) == {2, 3, 4}
    assert np.all(moved.sum(axis=(1, 2)) == 1.0)
    edge = np.zeros((200, 36))
    edge[:, 0] = 1.0
    assert 0.3 < shifted(edge, 1, rng).sum() / 200 < 0.6  # 4 of 9 moves keep it
    assert np.array_equal(shifted(images, 0, rng), images)


def test_training_is_saved_and_loaded(samples, tmp_path):
    network, (x, y) = layered(7, 5, 3), samples
    found = nd.learn(network, x, y, epochs=2, rates=[0.1, 0.05], validation=10, test=(x, y))
    found.save(tmp_path / "training.nc")
    again = nd.load(tmp_path / "training.nc")
    assert again == found
    assert again.recipe == found.recipe
    assert again.recipe.rates == [0.1, 0.05]
    assert again.to_xarray().sizes["epoch"] == 2


class Stop(Exception):
    pass


def test_as_many_threads_work_as_have_been_fastest():
    speeds, choice = {1: 3000.0, 4: 2000.0}, thread_choice.ThreadChoice(4)
    seen = []
    for _ in range(4 + 2 * thread_choice.RETRY_AFTER):
        threads = choice.choose()
        count = choice.minibatches(threads)
        choice.record(threads, count, count / speeds[threads])
        seen.append(threads)
    assert seen[:4] == [4, 4, 1, 1]  # a few minibatches say how many to try
    assert seen[4:].count(4) == 2
    assert choice.minibatches(1) == 3000 * thread_choice.SLICE_SECONDS
    assert choice.minibatches(4) == 2000 * 2 * thread_choice.TRIAL_SECONDS
    choice.record(1, 1000, 1.0)  # disturbed
    assert choice.best == 1
    choice.record(1, 1000, 1.0)
    assert choice.best == 4
    assert [thread_choice.ThreadChoice(1).choose() for _ in range(3)] == [1, 1, 1]


def stop_after(epoch):
    def on_epoch(number, row):
        if number == epoch:
            raise Stop

    return on_epoch


def only(epochs):
    """What fails for epochs that should not be run again."""

    def on_epoch(number, row):
        assert number in epochs

    return on_epoch


CASES: dict[str, Any] = {
    "ep-2017": (layered(7, 40, 3), {"rates": 0.1, "tol": 1e-3}),
    "without particles": (layered(7, 40, 3), {"rates": 0.1, "persistent": False, "shift": 0}),
    "descent": (models.Hopfield.layered([7, 8, 3], seed=0), {"rates": 0.3, "method": "implicit"}),
}


@pytest.mark.parametrize("case", CASES)
def test_resumed_learning_ends_with_the_same_bits(case, samples, tmp_path):
    (network, case_options), (x, y) = CASES[case], samples
    options: dict[str, Any] = {"epochs": 5, "validation": 10, "patience": 5, **case_options}
    whole = nd.learn(network, x, y, **options)
    for epoch in (0, 2, 4):
        file = tmp_path / f"checkpoint-{epoch}"
        with pytest.raises(Stop):
            nd.learn(network, x, y, **options, checkpoint=file, on_epoch=stop_after(epoch))
        again = nd.learn(network, x, y, **options, checkpoint=file, resume=True, on_epoch=only(range(epoch + 1, 5)))
        assert again.network == whole.network
        for name in ("train_error", "train_cost", "energy", "steps", "validation_error", "validation_cost"):
            assert np.array_equal(getattr(again, name), getattr(whole, name))


def test_resume_without_a_checkpoint_begins(samples, tmp_path):
    network, (x, y) = layered(7, 5, 3), samples
    options: dict[str, Any] = {"epochs": 2, "rates": 0.1}
    found = nd.learn(network, x, y, **options, checkpoint=tmp_path / "new", resume=True)
    assert found.network == nd.learn(network, x, y, **options).network
    longer = nd.learn(network, x, y, epochs=4, rates=0.1, checkpoint=tmp_path / "new", resume=True)
    assert longer.network == nd.learn(network, x, y, epochs=4, rates=0.1).network


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("truncated", "its digest is missing"),
        ("longer", "its digest is missing"),
        ("header", "its bytes are not those that were written"),
        ("other", "its bytes are not those that were written"),
        ("another kind", "not a checkpoint of neurodyn"),
    ],
)
def test_damaged_checkpoints_are_refused(damage, sentence, samples, tmp_path):
    network, (x, y) = layered(7, 5, 3), samples
    file = tmp_path / "checkpoint"
    nd.learn(network, x, y, epochs=1, rates=0.1, checkpoint=file)
    content = file.read_bytes()
    changed = {
        "truncated": content[:-7],
        "longer": content + b"more",
        "header": content.replace(b'"rows"', b'"wors"'),
        "other": b"something else\n" + content,
        "another kind": b"something else\n",
    }[damage]
    file.write_bytes(changed)
    with pytest.raises(nd.ResultFileError, match=sentence):
        nd.learn(network, x, y, epochs=2, rates=0.1, checkpoint=file, resume=True)


def test_a_write_that_fails_leaves_the_checkpoint_before(samples, tmp_path, monkeypatch):
    network, (x, y) = layered(7, 5, 3), samples
    file = tmp_path / "checkpoint"
    nd.learn(network, x, y, epochs=2, rates=0.1, checkpoint=file)
    content = file.read_bytes()
    writes = []

    def failing(array):
        writes.append(array)
        if len(writes) == 2:  # the second array of the state
            raise OSError("no space left")
        return np.ascontiguousarray(array).reshape(-1).view(np.uint8)

    monkeypatch.setattr(array_file, "bytes_of", failing)
    with pytest.raises(nd.ResultFileError, match="no space left"):
        nd.learn(network, x, y, epochs=3, rates=0.1, checkpoint=file, resume=True)
    assert file.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"network": layered(7, 6, 3)}, "it is of another network and a network with other weights or time constants:"),
        ({"network": layered(7, 5, 3).replace(tau=2.0)}, "it is of a network with other weights or time constants:"),
        ({"rates": 0.2}, r"it is of another recipe \(`rates` was 0.1, and is 0.2\):"),
        ({"beta": 0.4}, r"it is of another recipe \(`beta` was not given, and is 0.4\):"),
        ({"x": 0.1}, "it is of other samples and other validation samples:"),
        ({"validation": 8}, "it is of other samples and other validation samples:"),
    ],
)
def test_checkpoint_of_something_else_is_refused_with_what_differs(changes, sentence, samples, tmp_path):
    (x, y), file = samples, tmp_path / "checkpoint"
    nd.learn(layered(7, 5, 3), x, y, epochs=1, rates=0.1, validation=10, checkpoint=file)
    options: dict[str, Any] = {
        "epochs": 2,
        "rates": 0.1,
        "validation": 10,
        "resume": True,
        "checkpoint": file,
    } | changes
    network, inputs = options.pop("network", layered(7, 5, 3)), x + options.pop("x", 0.0)
    with pytest.raises(nd.ResultFileError, match=sentence):
        nd.learn(network, inputs, y, **options)


def test_another_solver_is_refused_but_other_limits_are_not(samples, tmp_path):
    network, (x, y) = layered(7, 5, 3, gain=0.5), samples
    begun = {"method": "implicit", "rates": 0.01, "checkpoint": tmp_path / "checkpoint", "resume": True}
    nd.learn(network, x, y, epochs=1, solver=nd.Solver(rtol=1e-4), **begun)
    with pytest.raises(nd.ResultFileError, match=r"another solver \(`rtol` was 0.0001, and is 1e-05\)"):
        nd.learn(network, x, y, epochs=2, solver=nd.Solver(rtol=1e-5), **begun)
    with pytest.raises(nd.ResultFileError, match="it is of another solver: resume"):
        nd.learn(network, x, y, epochs=2, **begun)
    assert nd.learn(network, x, y, epochs=2, solver=nd.Solver(rtol=1e-4, max_steps=50_000), **begun).epochs == 2


def test_a_checkpoint_from_before_a_recipe_had_a_field_is_read(samples, tmp_path, monkeypatch):
    network, (x, y) = layered(7, 5, 3), samples
    options: dict[str, Any] = {"rates": 0.1, "checkpoint": tmp_path / "checkpoint"}
    plain = Recipe.plain
    monkeypatch.setattr(Recipe, "plain", lambda self: {k: v for k, v in plain(self).items() if k != "alignment"})
    nd.learn(network, x, y, epochs=1, **options)
    monkeypatch.setattr(Recipe, "plain", plain)
    assert nd.learn(network, x, y, epochs=2, resume=True, **options).epochs == 2
    with pytest.raises(nd.ResultFileError, match=r"`alignment` was 0, and is 4"):
        nd.learn(network, x, y, epochs=2, alignment=4, resume=True, **options)


# -- what was finished stays ------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt, Stop, ZeroDivisionError])
@pytest.mark.parametrize("case", CASES)
def test_stopped_learning_keeps_the_epochs_that_are_finished(case, error, samples, tmp_path):
    (network, options), (x, y) = CASES[case], samples
    expected = nd.learn(network, x, y, **options, epochs=2)

    def stop(epoch, row):
        if epoch == 1:
            raise error

    with pytest.raises(error) as caught:
        nd.learn(network, x, y, **options, epochs=5, on_epoch=stop)
    found: Any = caught.value
    assert found.result.network == expected.network
    assert found.result.epochs == 2
    assert "stopped; 2 of 5 epochs are done: they are the `result`" in found.__notes__[0]
    with pytest.raises(error) as caught:
        nd.learn(network, x, y, **options, epochs=5, on_epoch=stop, checkpoint=tmp_path / "c")
    assert f"go on with resume (--resume) and the checkpoint {tmp_path / 'c'}" in caught.value.__notes__[0]


def test_learning_stopped_within_an_epoch_has_the_weights_before_it(samples, monkeypatch):
    (network, options), (x, y) = CASES["descent"], samples
    expected, calls, totals = nd.learn(network, x, y, **options, epochs=1), [0], descent.totals

    def stop(*arguments):
        calls[0] += 1
        if calls[0] == 5:  # in the second epoch
            raise KeyboardInterrupt
        return totals(*arguments)

    monkeypatch.setattr(descent, "totals", stop)
    with pytest.raises(KeyboardInterrupt, match="stopped; 1 of 4 epochs are done") as caught:
        nd.learn(network, x, y, **options, epochs=4)
    found: Any = caught.value
    assert found.result.network == expected.network


def test_compiled_learning_stopped_within_an_epoch_has_the_weights_before_it(samples, monkeypatch):
    (network, options), (x, y) = CASES["ep-2017"], samples
    expected, epoch = nd.learn(network, x, y, **options, epochs=1), clipped.ClippedLearner.epoch

    def stop(self, number, *arguments):
        found = epoch(self, number, *arguments)  # the weights have moved
        if number == 1:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(clipped.ClippedLearner, "epoch", stop)
    with pytest.raises(KeyboardInterrupt, match="stopped; 1 of 4 epochs are done") as caught:
        nd.learn(network, x, y, **options, epochs=4)
    found: Any = caught.value
    assert found.result.network == expected.network


@pytest.mark.parametrize("case", CASES)
def test_a_checkpoint_loads_as_the_training_so_far(case, samples, tmp_path):
    (network, case_options), (x, y) = CASES[case], samples
    options: dict[str, Any] = {"epochs": 3, "validation": 10, "patience": 3, **case_options}
    expected = nd.learn(network, x, y, **options, checkpoint=tmp_path / "c")
    found = nd.load(tmp_path / "c")
    assert found.network == expected.network
    assert found.recipe.method == expected.recipe.method
    for name in ("train_error", "train_cost", "validation_cost", "seconds"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    again = nd.evaluate(found.network, x, y, found.recipe)
    np.testing.assert_array_equal(again.outputs, nd.evaluate(expected.network, x, y, expected.recipe).outputs)
    (tmp_path / "c").write_bytes((Path(__file__).parent / "golden/0.1/ep-2017.checkpoint").read_bytes())
    with pytest.raises(nd.ResultFileError, match="which does not hold its network"):
        nd.load(tmp_path / "c")


# -- numbers at the ends ----------------------------------------------------------------------------------------


def test_inputs_and_weights_beyond_float32_are_refused(samples):
    network, (x, y) = layered(7, 5, 3), samples
    for verb in (nd.learn, nd.evaluate):
        with pytest.raises(nd.ArgumentError, match=r"`x` must lie between -1e\+18 and 1e\+18; got"):
            verb(network, x * 1e40, y)
        with pytest.raises(nd.ArgumentError, match=r"`parameters` must lie between -1e\+18 and 1e\+18; got"):
            verb(network.replace(parameters={"h1": np.full(5, 1e30)}), x, y)
    with pytest.raises(nd.ArgumentError, match=r"`x` must lie between"):
        nd.predict(network, x * 1e40)


def test_outputs_that_are_not_finite_are_an_error(samples):
    grows = models.Hopfield.layered([7, 3], activation="linear", seed=1).replace(
        parameters={"x-y": np.full((7, 3), 1e15)}
    )
    x, y = samples
    with pytest.raises(nd.DivergenceError, match=r"sample 0 left the finite numbers \(40 of 40 did\): scale"):
        nd.evaluate(grows, np.full((40, 7), 1e17), y[:40], method="ep-2017", free_steps=20)


@pytest.mark.parametrize("option", ["beta", "step"])
@pytest.mark.parametrize("value", [1e-300, 1e-7, 1e7])
def test_options_beyond_what_float32_resolves_are_refused_by_name(option, value, samples):
    with pytest.raises(
        nd.ArgumentError, match=f"`{option}` must lie between 1e-06 and 1e\\+06, what float32 can resolve"
    ):
        nd.learn(layered(7, 5, 3), *samples, method="ep-2017", **{option: value})


# -- at rest ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["auto", "equilibrium-propagation", "implicit"])
def test_predictions_are_those_of_the_network_at_rest(method, samples):
    network, (x, _) = layered(7, 8, 5, 3, gain=0.5).replace(tau=5.0), samples  # 20 steps of Euler are too few
    exact = nd.relax(network, x).state[:, network.outputs]
    np.testing.assert_allclose(nd.predict(network, x, method=method), exact, atol=2e-5 if method == "auto" else 1e-8)
    np.testing.assert_allclose(nd.predict(network, x[0], method=method), exact[0], atol=2e-5)


def test_a_solver_that_is_given_counts(samples):
    network, (x, _) = layered(7, 8, 5, 3, gain=0.5), samples
    exact = nd.relax(network, x).state[:, network.outputs]
    crude = nd.predict(network, x, method="implicit", solver=nd.Solver(rtol=1e-2, atol=1e-2))
    fine = nd.predict(network, x, method="implicit", solver=nd.Solver(rtol=1e-12, atol=1e-13))
    assert np.abs(fine - exact).max() < 1e-10
    assert np.abs(crude - exact).max() < 1e-2


def test_a_tight_solver_learns_what_exact_gradients_teach(samples):
    network, (x, y) = models.Hopfield.layered([7, 5, 3], gain=0.5, seed=1), samples
    recipe = {"method": "implicit", "epochs": 3, "batch_size": len(x), "rates": 0.1}
    exact = network
    for _ in range(3):
        step = 0.1 * nd.gradient(exact, x, y, method="implicit", solver=nd.Solver(rtol=1e-13, atol=1e-15))
        exact = exact.replace(parameters=exact.parameters - step)

    def off(solver):
        found = nd.learn(network, x, y, recipe, solver=solver)
        return np.abs(found.network.parameters.vector - exact.parameters.vector).max()

    assert off(nd.Solver(rtol=1e-13, atol=1e-15)) < 1e-11
    assert off(None) > 1e-9  # a solver that is given counts


def test_an_evaluation_says_how_far_from_rest_it_is(samples):
    network, (x, y) = layered(7, 8, 5, 3, gain=0.5), samples
    rest, short = nd.evaluate(network, x, y), nd.evaluate(network, x, y, free_steps=3)
    assert rest.residual is not None
    assert short.residual is not None
    assert rest.residual.max() < 2e-5
    state = np.zeros((len(x), network.n))
    for _ in range(3):
        state = np.clip(state + 0.5 * network.force(state, x), 0.0, 1.0)
    expected = np.abs(np.clip(state + network.force(state, x), 0.0, 1.0) - state).max(axis=1)
    np.testing.assert_allclose(short.residual, expected, rtol=1e-4, atol=1e-6)
    assert short.residual.max() > 1e-3


def test_a_network_that_does_not_settle_by_euler_steps_is_not_predicted():
    populations = {"x": {"size": 1, "role": "input"}, "y": {"size": 2, "role": "output", "activation": BOX}}
    pair = models.Hopfield(populations, [nd.Connection("x", "y"), nd.Connection("y", "y")], seed=0)
    pair = pair.replace(parameters={"y-y": [[0.0, -9.0], [-9.0, 0.0]], "x-y": [[5.0, 5.0]]})
    with pytest.raises(
        nd.ConvergenceError, match=r"sample 0 does not come to rest by the steps of 'ep-2017': after 2,000"
    ):
        nd.predict(pair, [[1.0]], step=1.0)


EPOCHS = 30
KILLED = """
import sys
import numpy as np
import neurodyn as nd
from neurodyn import models
rng = np.random.default_rng(0)
x = rng.uniform(0.0, 1.0, (4000, 20))
net = models.Hopfield.layered([20, 64, 4], activation="hard-sigmoid", seed=0)
found = nd.learn(net, x, np.argmax(x[:, :4], axis=1), epochs=EPOCHS, rates=0.1, checkpoint=sys.argv[1], resume=True,
                 on_epoch=lambda k, row: print(k, flush=True))
np.save(sys.argv[1] + ".npy", found.network.parameters.vector)
""".replace("EPOCHS", str(EPOCHS))


def learn_and_kill(file, after):
    """The epochs that a process tells of, which is killed some seconds after the first; and its exit code."""
    with subprocess.Popen([sys.executable, "-c", KILLED, str(file)], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        first = run.stdout.readline()
        if after is not None:
            time.sleep(after)
            run.send_signal(signal.SIGKILL)
        told = [int(line) for line in (first, *run.stdout) if line.endswith("\n")]
        return told, run.wait()


@pytest.mark.slow
def test_killed_at_any_moment_it_loses_one_epoch_at_most(tmp_path):
    last = -1
    for after in (0.0, 0.021, 0.034):
        told, code = learn_and_kill(tmp_path / "killed", after)
        assert code == -signal.SIGKILL
        assert told[0] == last + 1 or told[0] == last + 2  # written, but killed before it was told
        last = told[-1]
    told, code = learn_and_kill(tmp_path / "killed", None)
    assert code == 0
    assert told[-1] == EPOCHS - 1
    assert last < EPOCHS - 1
    assert learn_and_kill(tmp_path / "whole", None)[1] == 0
    assert np.array_equal(np.load(tmp_path / "whole.npy"), np.load(tmp_path / "killed.npy"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"batch_size": 0}, "`batch_size` must be a whole number >= 1; got 0"),
        ({"epochs": 2.5}, "`epochs` must be a whole number >= 1; got 2.5"),
        ({"rates": [0.1]}, r"`rates` must be one number, or one for each of the 2 connections \(x-h1, h1-y\); got 1"),
        ({"rates": -0.1}, "`rates` must be a finite number >= 0; got -0.1"),
        ({"rates": {"x-h1": 0.1}}, "`rates` by name lacks h1-y"),
        ({"schedule": "stepwise"}, "unknown `schedule` 'stepwise'; allowed: constant, linear, cosine"),
        ({"nudging": "centred"}, "unknown `nudging` 'centred'; .* did you mean 'centered'"),
        ({"betta": 1.0}, "unknown option 'betta' of method 'ep-2017'; .* did you mean 'beta'"),
        ({"beta": 0.0}, "`beta` must be positive and finite; got 0.0"),
        ({"tol": -1.0}, "`tol` must be a finite number >= 0; got -1.0"),
        ({"free_steps": 0}, "`free_steps` must be a whole number >= 1"),
        ({"method": "ep"}, "unknown `method` 'ep'"),
        ({"shuffle": 1}, "`shuffle` must be True or False; got 1"),
        ({"shift": 1}, "`shift` needs square images; this network has 7 inputs"),
        ({"patience": 2}, "`patience` needs `validation` samples"),
        ({"resume": True}, "`resume` needs a `checkpoint`"),
        ({"validation": 0}, "`validation` must be a pair"),
        ({"validation": 1.5}, "`validation` must be a pair"),
        ({"validation": 47}, "`validation` must be a pair"),
        ({"validation": (np.zeros((3, 7)), [0, 1])}, "validation samples: `y` has 2 samples"),
        ({"test": (np.zeros((3, 6)), [0, 1, 2])}, r"test samples: `x` must have shape \(batch, 7\)"),
    ],
)
def test_wrong_arguments_are_named(options, sentence, samples):
    with pytest.raises(nd.ArgumentError, match=sentence):
        nd.learn(layered(7, 5, 3), *samples, **options)


def test_the_scheme_says_why_it_does_not_fit(samples):
    for network, reason in (
        (models.Hopfield.layered([7, 5, 3]), "population 'h1' is neither hard-sigmoid nor linear but tanh"),
        (models.Rate.layered([7, 5, 3]), "Rate networks do not have the force"),
        (models.Hopfield.recurrent(9, 7, 3, activation=BOX, sparsity=0.5), "connection 's-s' is sparse"),
    ):
        with pytest.raises(nd.ArgumentError, match=f"'ep-2017' does not fit this network: {reason}"):
            nd.learn(network, *samples, method="ep-2017")


def test_weights_without_bound_are_an_error(samples):
    with pytest.raises(nd.DivergenceError, match="weights grew beyond every bound in epoch"):
        nd.learn(layered(7, 5, 3), *samples, rates=1e39, epochs=2)


def test_labels_and_one_hot_rows_are_the_same(samples):
    network, (x, y) = layered(7, 5, 3), samples
    options: dict[str, Any] = {"epochs": 1, "rates": 0.1}
    assert nd.learn(network, x, y, **options).network == nd.learn(network, x, np.eye(3)[y], **options).network


def test_a_softmax_read_out_learns_by_estimators_and_not_by_the_scheme():
    x, y = np.random.default_rng(0).uniform(-1.0, 1.0, (8, 3)), np.array([0, 1, 0, 1, 1, 0, 1, 0])
    soft = models.Hopfield.layered([3, 4, 2], readout="softmax", gain=0.3, seed=1)
    learned = nd.learn(soft, x, y, method="implicit", epochs=10, batch_size=8, rates=0.1, seed=0)
    assert np.all(np.diff(learned.train_cost) < 0.0)
    assert nd.predict(learned.network, x).shape[0] == 8
    hard = models.Hopfield.layered([3, 4, 2], activation="hard-sigmoid", readout="softmax", seed=1)
    with pytest.raises(nd.ArgumentError, match="read through a softmax"):
        nd.learn(hard, x, y, method="ep-2017", epochs=1)
