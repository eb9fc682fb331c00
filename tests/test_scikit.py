"""The scikit-learn estimators: all of scikit-learn's own checks, what they learn, and what they refuse."""

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import neurodyn as nd

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris, make_friedman1, make_moons
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from neurodyn.learning import EquilibriumPropagationClassifier as Classifier
from neurodyn.learning import EquilibriumPropagationRegressor as Regressor

IRIS = load_iris()
SMALL: dict[str, Any] = {"hidden_layer_sizes": (16,), "max_iter": 30}


@pytest.fixture(scope="module")
def fitted():
    return Classifier(random_state=0, **SMALL).fit(IRIS.data, IRIS.target)


@parametrize_with_checks([Classifier(**SMALL), Regressor(**SMALL)])
def test_scikit_learn_finds_no_fault(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([Classifier(), Regressor()])
def test_scikit_learn_finds_no_fault_with_the_defaults(estimator, check):
    check(estimator)


def digits_score(seed):
    """Of the defaults, on a held-out quarter."""
    x, x_test, y, y_test = train_test_split(*load_digits(return_X_y=True), random_state=seed)
    return Classifier(random_state=seed).fit(x, y).score(x_test, y_test)


def test_defaults_read_97_percent_of_the_digits():
    assert digits_score(0) >= 0.97


@pytest.mark.slow
def test_defaults_read_97_percent_of_the_digits_on_ten_splits():
    assert min(digits_score(seed) for seed in range(10)) >= 0.97


def test_defaults_regress_what_no_linear_model_can():
    x, x_test, y, y_test = train_test_split(*make_friedman1(600, random_state=0), random_state=0)
    score = Regressor(random_state=0).fit(x, y).score(x_test, y_test)
    assert score > 0.95
    assert LinearRegression().fit(x, y).score(x_test, y_test) < 0.8


def test_probabilities_are_those_of_the_labels():
    x, x_test, y, y_test = train_test_split(*make_moons(1000, noise=0.3, random_state=0), random_state=0)
    model = Classifier(random_state=0).fit(x, y)
    probability = model.predict_proba(x_test)
    blunt = np.where(probability > 0.5, 0.99, 0.01)
    assert log_loss(y_test, probability) < 0.3 < log_loss(y_test, blunt)
    certain = probability.max(axis=1) > 0.9
    assert 0.9 < np.mean((model.predict(x_test) == y_test)[certain]) <= 1.0


def test_probabilities_are_the_softmax_of_outputs_over_their_noise(fitted):
    scores = fitted.decision_function(IRIS.data)
    powers = np.exp(scores / fitted.noise_)
    np.testing.assert_allclose(fitted.predict_proba(IRIS.data), powers / powers.sum(axis=1, keepdims=True), rtol=1e-10)
    expected = np.sqrt(np.mean((scores - np.eye(3)[IRIS.target]) ** 2))
    np.testing.assert_allclose(fitted.noise_, expected, rtol=0.15)  # measured while the last epoch ran


def test_outputs_are_those_of_the_network_at_rest(fitted):
    x = (IRIS.data - IRIS.data.mean(axis=0)) * 4.0 / np.ptp(IRIS.data, axis=0)
    rest = nd.relax(fitted.network_, x).state[:, fitted.network_.outputs]
    settled = nd.predict(fitted.network_, x, nd.Recipe.of(fitted.recipe_, free_steps=1000, tol=0.0))
    np.testing.assert_allclose(settled, rest, atol=1e-5)
    np.testing.assert_allclose(fitted.decision_function(IRIS.data), rest, atol=0.02)  # after 100 steps


@pytest.mark.parametrize("labels", [["setosa", "versicolor", "virginica"], [-7, 0, 12], [1.0, 2.0, 4.0], [True, False]])
def test_labels_may_be_of_any_kind(labels, fitted):
    keep = IRIS.target < len(labels)
    names = np.array(labels)[IRIS.target[keep]]
    model = Classifier(random_state=0, **SMALL).fit(IRIS.data[keep], names)
    np.testing.assert_array_equal(model.classes_, np.unique(names))
    assert model.predict(IRIS.data).dtype == names.dtype
    assert model.score(IRIS.data[keep], names) > 0.9


def test_columns_of_a_data_frame_are_remembered():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(IRIS.data, columns=["a", "b", "c", "d"])
    model = Classifier(random_state=0, **SMALL).fit(frame, IRIS.target)
    assert list(model.feature_names_in_) == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[["b", "a", "c", "d"]])
    piped = make_pipeline(StandardScaler().set_output(transform="pandas"), Classifier(hidden_layer_sizes=4, max_iter=1))
    assert list(piped.fit(frame, IRIS.target)[-1].feature_names_in_) == ["a", "b", "c", "d"]


def test_same_seed_same_weights_and_another_seed_others(fitted):
    again = clone(fitted).fit(IRIS.data, IRIS.target)
    other = Classifier(random_state=1, **SMALL).fit(IRIS.data, IRIS.target)
    np.testing.assert_array_equal(again.network_.parameters.vector, fitted.network_.parameters.vector)
    assert np.any(other.network_.parameters.vector != fitted.network_.parameters.vector)


def test_units_of_features_do_not_matter(fitted):
    scaled = clone(fitted).fit(IRIS.data * [1e3, 1e-3, -1.0, 5.0] + 7.0, IRIS.target)
    mirrored = clone(fitted).fit(IRIS.data * [1, 1, -1, 1], IRIS.target)
    given = IRIS.data * [1e3, 1e-3, -1.0, 5.0] + 7.0
    np.testing.assert_allclose(
        scaled.decision_function(given), mirrored.decision_function(IRIS.data * [1, 1, -1, 1]), atol=1e-3
    )


def test_pickled_estimator_answers_alike_and_goes_on_alike(fitted):
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.decision_function(IRIS.data), fitted.decision_function(IRIS.data))
    two = [pickle.loads(pickle.dumps(fitted)).partial_fit(IRIS.data, IRIS.target) for _ in range(2)]
    np.testing.assert_array_equal(two[0].network_.parameters.vector, two[1].network_.parameters.vector)
    assert np.any(two[0].network_.parameters.vector != fitted.network_.parameters.vector)


def test_partial_fit_is_one_epoch_and_many_reach_the_same():
    model = Classifier(random_state=0, hidden_layer_sizes=16)
    for epoch in range(60):
        model.partial_fit(IRIS.data, IRIS.target, classes=[0, 1, 2])
        assert model.n_iter_ == epoch + 1
    assert model.score(IRIS.data, IRIS.target) > 0.9
    assert all(len(values) == 60 for values in model.history_.values())
    assert model.history_["train_error"][-1] < 0.1 < model.history_["train_error"][0]


def test_partial_fit_takes_classes_that_come_later():
    model = Classifier(random_state=0, **SMALL).partial_fit(IRIS.data[:50], IRIS.target[:50], classes=[0, 1, 2])
    model.partial_fit(IRIS.data[50:], IRIS.target[50:])
    assert list(model.classes_) == [0, 1, 2]


def test_fit_begins_anew(fitted):
    copy = pickle.loads(pickle.dumps(fitted)).fit(IRIS.data, IRIS.target)
    assert copy.n_iter_ == SMALL["max_iter"]
    np.testing.assert_array_equal(copy.network_.parameters.vector, fitted.network_.parameters.vector)


def test_regressor_takes_several_targets_in_any_units(rng):
    x = rng.uniform(size=(200, 3))
    y = np.column_stack([1e4 * x[:, 0] + 5e5, -1e-3 * x[:, 1]])
    model = Regressor(random_state=0).fit(x, y)
    assert model.predict(x).shape == (200, 2)
    assert model.score(x, y) > 0.98
    assert Regressor(random_state=0).fit(x, y[:, :1]).predict(x).shape == (200, 1)
    assert Regressor(random_state=0).fit(x, y[:, 0]).predict(x).shape == (200,)
    with pytest.raises(ValueError, match="y has 1 targets, but the first call had 2"):
        model.partial_fit(x, y[:, 0])


def test_layers_may_be_many_or_none():
    x, y = make_friedman1(200, random_state=0)
    deep = Regressor(hidden_layer_sizes=[20, 15], random_state=0).fit(x, y)
    assert [p.size for p in deep.network_.graph.populations] == [10, 20, 15, 1]
    assert deep.score(x, y) > 0.9
    linear = Regressor(hidden_layer_sizes=(), batch_size=200, max_iter=300, learning_rate_init=0.01, tol=0.0,
                       n_iter_no_change=300, random_state=0).fit(x, y)  # fmt: skip
    np.testing.assert_allclose(linear.predict(x), LinearRegression().fit(x, y).predict(x), atol=0.02)


def test_pipeline_grid_search_and_cross_validation():
    search = GridSearchCV(
        make_pipeline(StandardScaler(), Classifier(random_state=0, **SMALL)),
        {"equilibriumpropagationclassifier__learning_rate_init": [1e-6, 0.01]},
        cv=3,
    ).fit(IRIS.data, IRIS.target)
    assert search.best_params_ == {"equilibriumpropagationclassifier__learning_rate_init": 0.01}
    assert search.best_score_ > 0.9
    assert cross_val_score(Regressor(random_state=0, **SMALL), *load_diabetes(return_X_y=True), cv=3).mean() > 0.3


def test_two_processes_give_what_one_gives():
    scores = [
        cross_val_score(Classifier(random_state=0, **SMALL), IRIS.data, IRIS.target, cv=2, n_jobs=jobs)
        for jobs in (1, 2)
    ]
    np.testing.assert_array_equal(*scores)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"hidden_layer_sizes": 0}, "`hidden_layer_sizes` must be a whole number >= 1, or a sequence of them; got 0"),
        ({"hidden_layer_sizes": (8, 2.5)}, r"`hidden_layer_sizes` must be .*; got \(8, 2.5\)"),
        ({"hidden_layer_sizes": "many"}, "`hidden_layer_sizes` must be .*; got 'many'"),
        ({"max_iter": 0}, "`max_iter` must be a whole number >= 1; got 0"),
        ({"batch_size": 2.5}, "`batch_size` must be a whole number >= 1; got 2.5"),
        ({"beta": 0}, "`beta` must be positive and finite; got 0"),
        ({"learning_rate_init": np.nan}, "`learning_rate_init` must be positive and finite; got nan"),
    ],
)
@pytest.mark.parametrize("kind", [Classifier, Regressor])
def test_parameter_that_makes_no_sense_is_named(kind, change, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        kind(**change).fit(IRIS.data, IRIS.target)


def test_weights_that_explode_name_the_rate():
    with pytest.raises(nd.DivergenceError, match="take a smaller `learning_rate_init` than 1000"):
        Classifier(learning_rate_init=1000.0, random_state=0).fit(IRIS.data, IRIS.target)


def test_labels_that_do_not_fit_are_refused(fitted):
    with pytest.raises(ValueError, match="needs at least 2 classes"):
        Classifier().fit(IRIS.data, np.ones(150))
    with pytest.raises(ValueError, match=r"label .*5.* is none of the classes \[0 1 2\]"):
        pickle.loads(pickle.dumps(fitted)).partial_fit(IRIS.data, np.full(150, 5))
    with pytest.raises(ValueError, match="`classes` must list all labels"):
        Classifier().partial_fit(IRIS.data, IRIS.target)
    with pytest.raises(ValueError, match="`classes` must be those of the first call"):
        pickle.loads(pickle.dumps(fitted)).partial_fit(IRIS.data, IRIS.target, classes=[0, 1])


def test_scikit_learn_is_loaded_only_when_asked_for():
    code = (
        "import sys, neurodyn.learning as l; assert 'sklearn' not in sys.modules; dir(l)\n"
        "assert 'sklearn' not in sys.modules; sys.modules['sklearn'] = None\n"
        "try: l.EquilibriumPropagationClassifier\n"
        "except ImportError as error: print(error)\n"
        "try: l.Classifier\n"
        "except AttributeError as error: print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout.splitlines() == [
        "EquilibriumPropagationClassifier needs scikit-learn: pip install 'neurodyn[learn]'",
        "module 'neurodyn.learning' has no attribute 'Classifier'",
    ], run.stderr


# -- stopping, weights, labels of several kinds ---------------------------------------------------------------------


def test_twenty_calls_of_partial_fit_are_one_fit_of_twenty_epochs():
    one = Classifier(hidden_layer_sizes=8, max_iter=20, n_iter_no_change=20, random_state=0).fit(IRIS.data, IRIS.target)
    many = Classifier(hidden_layer_sizes=8, random_state=0)
    for _ in range(20):
        many.partial_fit(IRIS.data[::-1], IRIS.target[::-1], classes=[0, 1, 2])
    np.testing.assert_array_equal(one.network_.parameters.vector, many.network_.parameters.vector)
    assert one.loss_curve_ == many.loss_curve_
    assert one.n_iter_ == many.n_iter_ == 20


def test_early_stopping_takes_the_network_that_was_best(capsys):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 5)), rng.integers(0, 2, 80)  # nothing to learn
    model = Classifier(hidden_layer_sizes=8, early_stopping=True, validation_fraction=0.25, n_iter_no_change=3,
                       max_iter=100, verbose=True, random_state=0).fit(x, y)  # fmt: skip
    scores = model.validation_scores_
    assert model.n_iter_ == len(scores) < 100
    assert model.best_validation_score_ == max(scores) >= scores[-1]
    assert f"epoch {len(scores)}: cost" in capsys.readouterr().err
    best = Classifier(hidden_layer_sizes=8, early_stopping=True, validation_fraction=0.25, random_state=0,
                      max_iter=max(2, scores.index(max(scores)) + 1)).fit(x, y)  # fmt: skip
    np.testing.assert_array_equal(best.predict(x), model.predict(x))
    plain = Classifier(hidden_layer_sizes=8, tol=1.0, n_iter_no_change=4, random_state=0).fit(x, y)
    assert plain.n_iter_ == 5  # no cost is better by 1


def test_warm_start_goes_on_and_so_do_the_curves():
    model = Regressor(hidden_layer_sizes=8, max_iter=5, warm_start=True, random_state=0)
    x, y = make_friedman1(60, random_state=0)
    model.fit(x, y).fit(x, y)
    whole = Regressor(hidden_layer_sizes=8, max_iter=10, random_state=0).fit(x, y)
    assert model.n_iter_ == len(model.loss_curve_) == 10
    np.testing.assert_array_equal(model.predict(x), whole.predict(x))


def test_labels_may_be_several_for_each_sample(rng):
    x = rng.normal(size=(150, 3))
    several = (x > 0.0).astype(int)
    model = Classifier(hidden_layer_sizes=16, random_state=0).fit(x, several)
    assert model.score(x, several) > 0.9
    assert model.predict(x).shape == model.predict_proba(x).shape == (150, 3)
    np.testing.assert_array_equal(model.predict(x), model.predict_proba(x) > 0.5)
    sets = np.column_stack([np.digitize(x[:, 0], [-0.5, 0.5]), np.where(x[:, 1] > 0.0, 7, 5)])
    model = Classifier(hidden_layer_sizes=16, random_state=0).fit(x, sets)
    assert [list(classes) for classes in model.classes_] == [[0, 1, 2], [5, 7]]
    assert model.score(x, sets) > 0.8
    assert [part.shape for part in model.predict_proba(x)] == [(150, 3), (150, 2)]
    with pytest.raises(ValueError, match="y must hold 2 classes for each sample"):
        model.partial_fit(x, sets[:, 0])


def test_weights_that_are_not_whole_count_in_proportion(fitted):
    weight = np.where(IRIS.target == 2, 0.05, 1.55)
    model = Classifier(random_state=0, **SMALL).fit(IRIS.data, IRIS.target, sample_weight=weight)
    answered = [np.bincount(found.predict(IRIS.data), minlength=3)[2] for found in (model, fitted)]
    assert answered[0] < answered[1]


def test_interrupted_it_keeps_what_is_done_and_says_how_to_go_on(monkeypatch):
    from neurodyn.learning.clipped import ClippedLearner

    epoch = ClippedLearner.epoch

    def stop(self, number, *arguments):
        if number == 2:
            raise KeyboardInterrupt
        return epoch(self, number, *arguments)

    expected = Classifier(random_state=0, hidden_layer_sizes=8, max_iter=2).fit(IRIS.data, IRIS.target)
    monkeypatch.setattr(ClippedLearner, "epoch", stop)
    model = Classifier(random_state=0, hidden_layer_sizes=8)
    with pytest.raises(KeyboardInterrupt, match="stopped; 2 epochs are done, and kept: go on with `partial_fit`"):
        model.fit(IRIS.data, IRIS.target)
    np.testing.assert_array_equal(model.decision_function(IRIS.data), expected.decision_function(IRIS.data))
    assert model.n_iter_ == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"tol": -1}, "`tol` must be a finite number >= 0; got -1"),
        ({"weight_decay": -1}, "`weight_decay` must be a finite number >= 0; got -1"),
        ({"n_iter_no_change": 0}, "`n_iter_no_change` must be a whole number >= 1; got 0"),
        ({"early_stopping": 1}, "`early_stopping` must be True or False; got 1"),
        ({"validation_fraction": 1.0}, "`validation_fraction` must lie between 0 and 1; got 1.0"),
        ({"batch_size": "all"}, "`batch_size` must be a whole number >= 1, or 'auto'; got 'all'"),
    ],
)
def test_new_parameter_that_makes_no_sense_is_named(change, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        Classifier(**change).fit(IRIS.data, IRIS.target)


# -- failures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Classifier, Regressor])
@pytest.mark.parametrize("before", [False, True])
def test_a_fit_that_raised_leaves_the_estimator_unfitted(kind, before):
    x, y = IRIS.data, IRIS.target
    model = kind(hidden_layer_sizes=4, max_iter=1, random_state=0)
    if before:
        model.fit(x, y)
    model.set_params(learning_rate_init=1e9, max_iter=20)
    with pytest.raises(nd.DivergenceError, match="learning_rate_init"):
        model.fit(x, y)
    with pytest.raises(NotFittedError):
        model.predict(x)
    assert not [name for name in vars(model) if name not in model.get_params()]


def test_a_partial_fit_that_raised_leaves_the_network_before():
    x, y = IRIS.data, IRIS.target
    model = Classifier(hidden_layer_sizes=4, random_state=0).partial_fit(x, y, range(3))
    network, recipe, expected = model.network_, model.recipe_, model.predict(x)
    model.set_params(beta=1e-300)
    with pytest.raises(nd.ArgumentError, match=r"`beta` must lie between 1e-06 and 1e\+06"):
        model.partial_fit(x, y)
    assert (model.network_, model.recipe_) == (network, recipe)
    np.testing.assert_array_equal(model.predict(x), expected)


@pytest.mark.parametrize("scale", [1.7e308, 1e150])
def test_features_that_cannot_be_scaled_are_refused(scale, rng):
    x, y = rng.choice([-1.0, 1.0], (20, 3)), np.arange(20) % 2
    large = r"must lie between -1e\+100 and 1e\+100; .* in column"
    with np.errstate(invalid="ignore"):  # in scikit-learn, which adds them up
        with pytest.raises(nd.ArgumentError, match=f"`X` {large} 1"):
            Classifier(max_iter=1).fit(x * [1.0, scale, 1.0], y)
        with pytest.raises(nd.ArgumentError, match=f"`y` {large} 0"):
            Regressor(max_iter=1).fit(x, x[:, 0] * scale)
    with pytest.raises(nd.ArgumentError, match=r"range of a column of `X` must be 0, or at least 1e-100; got 2e-300"):
        Classifier(max_iter=1).fit(x * [1.0, 1e-300, 1.0], y)


def test_samples_far_beyond_those_it_learned_from_are_refused(fitted):
    x = IRIS.data[:5]
    with pytest.raises(nd.ArgumentError, match=r"`x` must lie between -1e\+18 and 1e\+18"):
        fitted.predict(x * 1e40)
