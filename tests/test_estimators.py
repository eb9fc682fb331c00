"""The house of estimators: names, options, what an estimate knows of itself, and what each says of its limits."""

import dataclasses
import inspect
import pickle
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import neurodyn as nd
from networks import SMOOTH, UNEQUAL, box_chain, draw_input, draw_target
from neurodyn import analysis, estimators, models
from neurodyn.estimators import ESTIMATORS, build, finite_differences
from neurodyn.estimators.base import Estimator
from neurodyn.estimators.task import Task
from neurodyn.learning.recipe import Recipe
from neurodyn.system import fixed_point
from neurodyn.system.parameters import Parameters

FOLDER = Path(estimators.__file__).parent


@pytest.fixture(scope="module")
def chain():
    """(network, x, y) of three samples."""
    net, rng = SMOOTH["chain-tanh"](), np.random.default_rng(3)
    return net, draw_input(net, 3, rng), draw_target(net, 3, rng)


# -- names and options ---------------------------------------------------------------------------------------------


def test_every_method_is_a_frozen_dataclass_in_a_file_of_its_name():
    for method, kind in ESTIMATORS.items():
        assert issubclass(kind, Estimator)
        assert kind.__module__ == f"neurodyn.estimators.{method.replace('-', '_')}"
        assert dataclasses.fields(build(method, {})) == dataclasses.fields(kind)  # all options have a default
        assert kind.__doc__
        with pytest.raises(dataclasses.FrozenInstanceError):
            kind().anything = 1  # type: ignore[attr-defined]


def test_no_estimator_is_left_out_of_the_registry():
    found = {
        name
        for path in FOLDER.glob("*.py")
        for name, value in vars(import_module(f"neurodyn.estimators.{path.stem}")).items()
        if isinstance(value, type) and issubclass(value, Estimator) and not inspect.isabstract(value)
    }
    assert found == {kind.__name__ for kind in ESTIMATORS.values()}


def test_schemes_are_options_of_their_method():
    for method, kind in ESTIMATORS.items():
        names = {field.name for field in dataclasses.fields(kind)}
        assert kind.strength is None or kind.strength in names
        for options in kind.schemes.values():
            assert build(method, options)


def test_import_loads_no_estimator():
    code = "import sys; from neurodyn import *;"
    code += "print(*(m for m in sys.modules if m.startswith('neurodyn.estimators.')))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    doors = ("base", "constant_gradient", "gradient", "task", "time_constant_gradient")
    assert set(run.stdout.split()) == {f"neurodyn.estimators.{name}" for name in doors}


@pytest.mark.parametrize(
    ("method", "options", "sentence"),
    [
        ("equilibrium-propagation", {"bta": 0.1}, r"unknown option `bta` of the method.*'beta'"),
        ("implicit", {"beta": 0.1}, "unknown option `beta` of the method 'implicit'; it has none"),
        ("equilibrium-propagation", {"nudging": "centred"}, "`nudging` 'centred'.*did you mean 'centered'"),
        ("equilibrium-propagation", {"beta": "large"}, "`beta` must be a finite number; got 'large'"),
        ("equilibrium-propagation", {"beta": 0.0}, None),
        ("equilibrium-propagation", {"duration": -1.0}, "`duration` must be a positive time"),
        ("equilibrium-propagation", {"seed": -1}, "`seed` must be a whole number >= 0; got -1"),
        ("recurrent-backprop", {"duration": "long"}, "`duration` must be a positive time.*'long'"),
        ("finite-differences", {"step": 0.0}, "`step` must be positive"),
        ("finite-differences", {"step": 1e-300}, "`step` must lie between 1e-12 and 1, as smaller"),
        ("holomorphic", {"radius": 1e-300}, r"`radius` must lie between 1e-09 and 1e\+09, as smaller"),
        ("coupled-learning", {"eta": 1e-300}, "`eta` must"),
    ],
)  # fmt: skip
def test_options_are_checked_before_anything_is_computed(method, options, sentence):
    if sentence is None:
        assert build(method, options)
        return
    with pytest.raises(nd.ArgumentError, match=sentence):
        build(method, options)


# -- estimators of a user's own ------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shrunk(Estimator):
    """The exact gradient times a factor, or something that is no gradient."""

    factor: float = 0.5
    wrong: str = ""

    def estimate(self, task):
        task.note("it is shrunk")
        exact = self.factor * build("implicit", {}).estimate(task)
        return {"": exact, "array": exact.vector, "blocks": Parameters(exact.blocks[:1], exact.part("x-h1"))}.get(
            self.wrong
        )


def test_an_estimator_of_ones_own_stands_for_the_name_of_a_method(chain):
    net, x, y = chain
    exact = nd.gradient(net, x, y, method="implicit")
    found = nd.gradient(net, x, y, method=Shrunk(factor=0.25))
    assert found == 0.25 * exact
    assert (found.method, found.options, found.notes) == ("Shrunk", {"factor": 0.25, "wrong": ""}, ("it is shrunk",))
    assert found.force_evaluations == exact.force_evaluations
    assert pickle.loads(pickle.dumps(found)) == found


def test_a_shipped_estimator_as_an_object_is_the_same_as_its_name(chain):
    net, x, y = chain
    kind = ESTIMATORS["equilibrium-propagation"]
    found = nd.gradient(net, x, y, method=build("equilibrium-propagation", {"beta": 0.1}))
    assert found == nd.gradient(net, x, y, beta=0.1)
    assert found.method == "equilibrium-propagation"
    assert estimators.name_of(kind()) == "equilibrium-propagation"


def test_own_estimators_are_compared_with_others_and_drive_a_track(chain):
    net, x, y = chain
    compared = analysis.compare_gradients(net, x, y, ["recurrent-backprop", Shrunk()])
    assert compared.estimates["Shrunk"].whole.norm_ratio == pytest.approx(0.5)
    assert compared.estimates["Shrunk"].whole.cosine == pytest.approx(1.0)
    labelled = {"half": Shrunk(), "third": Shrunk(factor=1 / 3), "side": {"method": "recurrent-backprop"}}
    track = analysis.track_gradients(net, x, y, driver="half", methods=labelled, steps=2)
    assert list(track.cosine) == ["half", "third", "side"]
    assert track.norm_ratio["third"] == pytest.approx([1 / 3, 1 / 3])
    with pytest.raises(nd.ArgumentError, match="two different ones called 'Shrunk': give a mapping"):
        analysis.compare_gradients(net, x, y, [Shrunk(), Shrunk(factor=2.0)])


def test_networks_learn_by_an_own_estimator_and_files_name_its_class(chain, tmp_path):
    net, x, y = chain
    given = {"epochs": 2, "rates": 0.1, "batch_size": 2, "checkpoint": tmp_path / "c"}
    training = nd.learn(net, x, y, method=Shrunk(factor=1.0), **given)
    assert training.network == nd.learn(net, x, y, method="implicit", epochs=2, rates=0.1, batch_size=2).network
    assert training.settings["method"] == "Shrunk"
    assert training.settings["options"] == {"factor": 1.0, "wrong": ""}
    training.save(tmp_path / "training.nc")
    assert nd.load(tmp_path / "training.nc") == training
    recipe = Recipe(method=Shrunk())
    assert pickle.loads(pickle.dumps(recipe)) == recipe
    with pytest.raises(nd.ResultFileError, match=r"of another recipe \(`factor` was 1.0, and is 0.1\)"):
        nd.learn(net, x, y, method=Shrunk(factor=0.1), resume=True, **given)


def test_what_is_no_estimator_is_refused_in_a_sentence(chain):
    net, x, y = chain
    for method in (Shrunk, 3, lambda task: None):
        with pytest.raises(nd.ArgumentError, match="`method` must be the name of an estimator, or an instance of a"):
            nd.gradient(net, x, y, method=method)  # type: ignore[arg-type]
    with pytest.raises(nd.ArgumentError, match="has its options in its own fields: leave out 'beta'"):
        nd.gradient(net, x, y, method=Shrunk(), beta=0.1)
    with pytest.raises(nd.ArgumentError, match="must be a mapping with the name of a `method`, or an estimator"):
        analysis.compare_gradients(net, x, y, {"a": 3})
    for wrong in ("array", "blocks", "none"):
        for verb in (nd.gradient, nd.learn):
            with pytest.raises(nd.ModelError, match=r"Shrunk\.estimate must return `Parameters` with the blocks"):
                verb(net, x, y, method=Shrunk(wrong=wrong))


# -- what an estimate knows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ESTIMATORS)
def test_an_estimate_is_parameters_that_know_what_they_cost(method):
    net, rng = SMOOTH["chain-linear"](), np.random.default_rng(1)
    x, y = draw_input(net, 2, rng), draw_target(net, 2, rng)
    try:
        found = nd.gradient(net, x, y, method=method)
    except nd.ModelError as error:
        pytest.skip(str(error))
    assert isinstance(found, nd.Gradient)
    assert found.blocks == net.parameters.blocks
    assert found.method == method
    assert found.options == dataclasses.asdict(ESTIMATORS[method]())
    assert found.force_evaluations > 0
    assert found.simulated_time >= 0.0
    assert found.seconds > 0.0
    assert all(note and "\n" not in note for note in found.notes)
    again = pickle.loads(pickle.dumps(found))
    assert again == found
    assert (again.options, again.force_evaluations, again.notes) == (
        found.options,
        found.force_evaluations,
        found.notes,
    )


def test_sums_and_products_are_plain_parameters(chain):
    net, x, y = chain
    exact = nd.gradient(net, x, y, method="implicit")
    for made in (exact + exact, exact - exact, 2.0 * exact, net.parameters - 0.1 * exact):
        assert type(made) is Parameters
    assert net.replace(parameters=net.parameters - 0.1 * exact).parameters == net.parameters - 0.1 * exact


def test_cost_is_what_the_phases_counted(chain):
    net, x, y = chain
    eq = nd.relax(net, x)
    exact = nd.gradient(net, x, y, method="implicit")
    assert exact.force_evaluations == eq.counters["nfev"] + 3 * net.n  # K of each sample, column by column
    assert exact.simulated_time == pytest.approx(eq.time.mean())
    found = nd.gradient(net, x, y, duration=2.0)
    run = nd.nudge(net, eq, y, t_eval=[0.0, 2.0])
    assert found.force_evaluations == eq.counters["nfev"] + run.counters["nfev"]
    assert found.simulated_time == pytest.approx(eq.time.mean() + 4.0)  # both signs
    found = nd.gradient(net, x, y, method="recurrent-backprop", duration=2.0)
    assert found.simulated_time == pytest.approx(eq.time.mean() + 2.0)


def test_conjugate_gradients_give_the_factored_solution_and_count_their_products(chain, monkeypatch):
    net, x, y = chain
    factored = nd.gradient(net, x, y, method="implicit")
    monkeypatch.setattr(fixed_point, "DENSE_UNITS", 2)
    iterated = nd.gradient(net, x, y, method="implicit")
    assert (factored - iterated).norm < 1e-12 * factored.norm
    rest = nd.relax(net, x).counters["nfev"]
    assert 0 < iterated.force_evaluations - rest <= 3 * 2 * net.n


def test_unequal_weights_are_solved_by_gauss(rng):
    net = UNEQUAL["own-feedback"]()
    x, y = draw_input(net, 2, rng), draw_target(net, 2, rng)
    exact, slopes = (nd.gradient(net, x, y, method=method) for method in ("implicit", "finite-differences"))
    assert (exact - slopes).norm < 1e-7 * exact.norm


def test_one_sample_is_a_batch_of_one(chain):
    net, x, y = chain
    for method in ("implicit", "equilibrium-propagation", "recurrent-backprop"):
        alone, batch = nd.gradient(net, x[0], y[0], method=method), nd.gradient(net, x[:1], y[:1], method=method)
        assert alone == batch


def test_task_refuses_targets_that_do_not_fit(chain):
    net, x, y = chain
    with pytest.raises(nd.ArgumentError, match="`y` has 2 samples"):
        Task(net, x, y[:2])
    with pytest.raises(nd.ArgumentError, match="no outputs"):
        nd.gradient(models.Hopfield.recurrent(4, 2), x[:, :2], y)


# -- ways to nudge, and times --------------------------------------------------------------------------------------


def test_random_sign_is_drawn_from_the_seed_and_is_one_of_both(chain):
    net, x, y = chain
    one_sided = {way: nd.gradient(net, x, y, beta=0.1, nudging=way) for way in ("positive", "negative")}
    drawn = [nd.gradient(net, x, y, beta=0.1, nudging="random", seed=seed) for seed in range(8)]
    signs = [next(way for way, g in one_sided.items() if g == found) for found in drawn]
    assert set(signs) == {"positive", "negative"}
    assert nd.gradient(net, x, y, beta=0.1, nudging="random", seed=3) == drawn[3]


def test_repeated_calls_draw_other_signs_and_the_same_ones_again():
    first = build("equilibrium-propagation", {"nudging": "random", "seed": 5})
    seeds = [first.repeated(k) for k in range(12)]
    assert seeds == [first.repeated(k) for k in range(12)]
    assert len(set(seeds)) == 12
    assert build("implicit", {}).repeated(7) == build("implicit", {})


def test_a_phase_to_a_time_is_the_gradient_of_the_cost_after_that_time(chain):
    net, x, y = chain
    eq = nd.relax(net, x)
    side = nd.side_network(net, eq, y, t_eval=[1.5, 4.0])
    for t in side.t:
        stopped = nd.gradient(net, x, y, method="recurrent-backprop", duration=t)
        assert (stopped - side.parameter_gradient(t)).norm < 1e-7 * stopped.norm
        nudged = nd.gradient(net, x, y, beta=1e-4, duration=t)
        assert (nudged - stopped).norm < 1e-6 * stopped.norm


def test_a_phase_that_is_stopped_early_says_so(chain):
    net, x, y = chain
    for method in ("equilibrium-propagation", "recurrent-backprop"):
        (note,) = nd.gradient(net, x, y, method=method, duration=0.5).notes
        assert "does not rest at t = 0.5" in note
        assert nd.gradient(net, x, y, method=method).notes == ()


def test_a_nudge_that_slows_the_network_down_is_followed_until_it_rests():
    net = models.Hopfield.layered([1, 1], activation="linear").replace(parameters={"x-y": [[0.0]], "y": [0.5]})
    beta = -0.99  # s* = b, tau ds/dt = b − s − beta (s − y): the rate is 1 + beta, a hundredth of the free one
    found = nd.gradient(net, [[1.0]], [[0.2]], beta=beta, nudging="positive")
    assert found["y"][0] == pytest.approx((0.5 - 0.2) / (1.0 + beta), rel=1e-5)
    assert found.notes == ()
    assert found.simulated_time > 1000.0


def test_a_nudge_beyond_the_critical_one_is_noted():
    net = models.Hopfield.layered([2, 1], activation="tanh", seed=1)
    eq = nd.relax(net, [[0.3, 0.4]])
    run = nd.nudge(net, eq, [[0.1]], beta=0.1, t_eval=[1.0])
    beta = -1.01 * float(run.critical_beta[0])
    notes = nd.gradient(net, [[0.3, 0.4]], [[0.1]], beta=beta, nudging="positive", duration=3.0).notes
    assert any("beyond −beta_c" in note for note in notes)


# -- bounds --------------------------------------------------------------------------------------------------------


def test_what_is_exact_with_the_hard_sigmoid_is_said(rng):
    net = box_chain()
    x, y = rng.uniform(-1.0, 1.0, (40, 4)), rng.uniform(0.0, 1.0, (40, 3))
    eq = nd.relax(net, x)
    silent = int(np.sum(~eq.active[:, net.outputs].any(axis=1)))
    for method in ("implicit", "recurrent-backprop", "equilibrium-propagation"):
        notes = nd.gradient(net, x, y, method=method).notes
        assert f"{int(np.sum(~eq.active)):,} of {eq.active.size:,} units" in notes[0]
        assert notes[1].startswith(f"{silent} of 40 samples have no error signal")
    strong = nd.gradient(net, x, y, beta=0.9, nudging="positive").notes
    assert any("met or left a bound" in note for note in strong)


# -- finite differences --------------------------------------------------------------------------------------------


def test_finite_differences_of_many_parameters_are_refused(chain, monkeypatch):
    net, x, y = chain
    monkeypatch.setattr(finite_differences, "MOST", 20)
    size = net.parameters.vector.size
    with pytest.raises(nd.ArgumentError, match=f"would take {2 * size} relaxations"):
        nd.gradient(net, x, y, method="finite-differences")
