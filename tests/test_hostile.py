"""Numbers beyond floats, texts, wrong seeds and requests for too much memory: one sentence each, and no wait."""

import sys
from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from networks import quick
from neurodyn import analysis, models
from neurodyn.errors import shown
from neurodyn.models.data import digits
from neurodyn.numerics import memory
from neurodyn.solvers.integrate import check_recording
from neurodyn.sweep.make_plan import make_plan

HUGE = 10**400  # no float is so large
hopfield: Any = models.Hopfield
anything: Any = nd
library: Any = models
studies: Any = analysis
plan: Any = make_plan


@pytest.fixture(scope="module")
def net() -> Any:
    return models.Hopfield.layered([5, 4, 3], seed=0)


@pytest.fixture(scope="module")
def pair() -> Any:
    return models.Hopfield({"s": {"size": 2, "outputs": 1}}, ["s-s"], seed=0)


X = np.full(5, 0.1)
Y = np.array([0.0, 0.0, 1.0])


def weighted(net, weights):
    """The network with other weights from x to h1."""
    return net.replace(parameters={**net.parameters, "x-h1": weights})


NETWORKS = [
    (lambda net: hopfield.layered([5, 3], gain=-1.0), r"`gain` must be a finite number from 0 to 1e\+100; got -1.0"),
    (lambda net: hopfield.layered([5, 3], gain=1.7e308), "`gain` must be .* got 1.7e"),
    (lambda net: hopfield.layered([5, 3], gain=HUGE), r"`gain` must be .* got 1000000000000\.\.\.00000000000000"),
    (lambda net: hopfield.layered([5, 3], gain=True), "`gain` must be .* got True"),
    (lambda net: hopfield.layered([5, 3], seed=7.0), "`seed` must be a whole number >= 0, or None; got 7.0"),
    (lambda net: hopfield.layered([HUGE, 3]), "size must be at most 1,000,000,000; got 1000"),
    (lambda net: hopfield.layered([5, 3], tau=HUGE), "`tau` must be"),
    (lambda net: weighted(net, "abc"), "'x-h1' must be an array of numbers"),
    (lambda net: weighted(net, [[HUGE] * 4] * 5), "'x-h1' must lie between -1e"),
    (lambda net: weighted(net, [[1], [1, 2]]), "'x-h1' must be an array of numbers"),
    (lambda net: weighted(net, None), "'x-h1' must be an array of numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "sentence"), NETWORKS)
def test_networks(net, call, sentence):
    with pytest.raises(nd.ModelError, match=sentence):
        call(net)


ARGUMENTS = [
    (lambda net: anything.relax(net, [[HUGE] * 5]), "`x` must lie between -1e"),
    (lambda net: anything.relax(net, X, start=[HUGE] * 7), "`start` must lie between -1e"),
    (lambda net: anything.simulate(net, X, t_eval=[HUGE]), "`t_eval` must lie between -1e"),
    (lambda net: anything.simulate(net, nd.Sine(X, X, HUGE)), "`frequency` of a stimulus must lie between -1e"),
    (lambda net: anything.Steps([1.0], [X, [HUGE] * 5]), "`levels` of a stimulus must lie between -1e"),
    (lambda net: net.energy([HUGE] * 7, X), "`s` must lie between -1e"),
    (lambda net: anything.nudge(net, nd.relax(net, X), [HUGE, 0, 0]), "`y` must lie between -1e"),
    (lambda net: anything.nudge(net, nd.relax(net, X), Y, beta=HUGE), r"`beta` must be a finite number; got 1000"),
    (lambda net: anything.Solver(max_steps=10**20), r"`max_steps` must be a whole number of at most 1,000,000"),
    (lambda net: anything.relax(net, X, solver=anything.Status), "`solver` must be a Solver, .* got <enum 'Status'>"),
    (lambda net: anything.Recipe(rates=[[], [1]]), r"`rates` must be a finite number >= 0; got \[\]"),
    (lambda net: anything.Recipe(epochs=HUGE), "`epochs` must be a whole number from 1 to 1,000,000,000; got 1000"),
    (lambda net: anything.gradient(net, X, Y, method="bptt", steps=1e12), "`steps` must be a whole number"),
    (lambda net: anything.gradient(net, X, Y, method="bptt", steps=10**12), "`steps` must be .* to 10,000,000"),
    (lambda net: anything.gradient(net, X, Y, method="holomorphic", points=100_000), "`points` must be .* to 1,000"),
    (lambda net: analysis.convergence(net, nd.relax(net, X), Y, betas=[HUGE]), "`betas` must be a list of positive"),
    (lambda net: library.load(anything.Status), "`source` must be the path of .* got <enum 'Status'>"),
    (lambda net: library.read("mnist", data=5), "`data` must be the path of a file"),
    (lambda net: anything.sweep("two-neurons", {"nudging.beta": [1.0]}, out=5), "`out` must be the path of a file"),
    (lambda net: anything.sweep(5, {"nudging.beta": [1.0]}), "`model` must be the path of a file"),
    (lambda net: anything.sweep(net, {"nudging.beta": [1.0]}), "`model` must be a name .* got a network"),
    (lambda net: anything.sweep("two-neurons", {"nudging.beta": [1.0]}, zip=5), "`zip` must be a list of groups"),
    (lambda net: anything.sweep("two-neurons", {"nudging.beta": [1.0]}, zip=[5]), "`zip` takes groups of two"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "sentence"), ARGUMENTS)
def test_arguments(net, call, sentence):
    with pytest.raises(nd.ArgumentError, match=sentence):
        call(net)


@pytest.mark.parametrize("seed", [-1, 7.0, None, "1", True])
def test_seeds(pair, seed):
    drawn = {"a": "uniform:0:1"}
    for call in (
        lambda: plan(None, drawn, function="math:sqrt", draws=2, seed=seed),
        lambda: studies.fixed_points(pair, seed=seed),
        lambda: studies.basin_volumes(pair, seed=seed),
        lambda: studies.heterogeneity(models.Hopfield.layered([5, 3], seed=0), X, [1.0, 0, 0], seed=seed),
    ):
        with pytest.raises(nd.ArgumentError, match="`seed` must be a whole number >= 0; got"):
            call()


def test_seeds_of_numpy_are_like_any_other(pair):
    first, second = (
        plan(None, {"a": "uniform:0:1"}, function="math:sqrt", draws=2, seed=seed) for seed in (7, np.int64(7))
    )
    assert first.digest == second.digest
    np.testing.assert_array_equal(
        studies.basin_volumes(pair, n_starts=9, seed=np.uint8(3)).fraction,
        studies.basin_volumes(pair, n_starts=9, seed=3).fraction,
    )


@pytest.mark.parametrize("samples", [1.5, "2", HUGE, None])
def test_samples_of_a_data_set(samples):
    with pytest.raises(nd.DataError, match="`samples` must be a whole number of at least 1"):
        digits("test").take(samples)


def test_a_split_that_is_no_text():
    with pytest.raises(nd.DataError, match="`split` must be one of"):
        digits(["test"])  # type: ignore[arg-type]


def test_overrides_that_are_no_list_of_texts():
    for overrides in ("gain=1", [5]):
        with pytest.raises(nd.ModelError, match="`overrides` must be a list of texts like"):
            models.read("chain", overrides=overrides)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["a" + ".a" * 1000 + " = 1", "a = " + "[" * 100 + "]" * 100])
def test_a_model_file_nested_without_end(tmp_path, text):
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(nd.ModelError, match=r"50 deep and more|not valid TOML"):
        models.read(tmp_path / "m.toml")


#: RK45 is SciPy's explicit one as DOP853 is, and takes twenty seconds.
@pytest.mark.parametrize(
    "method", quick(["Radau", "BDF", "LSODA", "RK45", "DOP853", "auto"], "Radau", "BDF", "LSODA", "DOP853", "auto")
)
def test_weights_near_overflow_end_every_method_in_a_sentence(net, method):
    strong = net.replace(parameters={**net.parameters, "h1-y": np.full((4, 3), 1e200)})
    with (
        np.errstate(invalid="ignore"),
        pytest.raises(nd.SimulationError, match=r"sample 0 (diverged|needed steps below|used up)"),
    ):
        nd.relax(strong, X, solver=nd.Solver(method=method))


# -- memory --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda net, pair: analysis.basins(pair, resolution=200_000),
        lambda net, pair: analysis.phase_plane(pair, resolution=300_000),
        lambda net, pair: analysis.basin_volumes(pair, n_starts=10**11),
        lambda net, pair: hopfield.layered([10**6, 10**6]),
        lambda net, pair: hopfield.recurrent(n=10**7),
        lambda net, pair: check_recording(10**9, 100, 1),
    ],
)
def test_too_much_memory_is_refused_before_it_is_asked_for(net, pair, call):
    with pytest.raises(nd.TooLargeError, match=r"needs .* of .*: "):
        call(net, pair)


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"memory.max": "max"}, None),
        ({"memory.max": str(3 << 20)}, 3 << 20),
        ({"memory/memory.limit_in_bytes": str(5 << 20)}, 5 << 20),
        ({"memory.max": "max", "memory/memory.limit_in_bytes": str(2**63 - 4096)}, None),
    ],
)
def test_limits_of_control_groups_count(tmp_path, monkeypatch, files, limit):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    before = memory.present_memory()
    monkeypatch.setattr(memory, "GROUPS", tmp_path)
    assert memory.present_memory() == (limit or memory._physical()) or before < memory._physical()
    if limit:
        with pytest.raises(nd.TooLargeError, match=f"this needs .* of {limit / 2**30:.1f} GiB: take less"):
            memory.check_memory(limit * 0.6, "this", "take less")


def test_messages_show_long_values_shortened():
    assert shown(1.5) == "1.5"
    assert len(shown("x" * 1000)) <= 60
    assert len(shown(10**400)) <= 30
    assert "digits" in shown(10**5000) or len(shown(10**5000)) <= 60
    assert sys.getsizeof(shown(list(range(10**5)))) < 200
