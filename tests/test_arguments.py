"""Wrong arguments get the right class of error, and a sentence that names the argument and what came."""

import re

import numpy as np
import pytest

import neurodyn as nd
from networks import SMOOTH, box_chain
from neurodyn import analysis, models
from neurodyn.inputs import positive_number, real_number, whole_number
from neurodyn.names import NETWORK_MODULES, RESULT_MODULES

NAN, INF = float("nan"), float("inf")
TIMES = [0.0, 1.0]


@pytest.fixture(scope="module")
def net():
    return models.Hopfield.layered([3, 4, 2], gain=0.8, seed=1)


@pytest.fixture(scope="module")
def eq(net):
    return nd.relax(net, [[0.1, 0.2, 0.3], [0.3, 0.2, 0.1]])


@pytest.mark.parametrize("verb", [nd.relax, nd.simulate])
@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([NAN, 0, 0], r"`x` must be finite; got nan at index \(0,\)"),
        ([[0, 0, 0], [0, -INF, 0]], r"`x` must be finite; got -inf at index \(1, 1\)"),
        ([0.0, 1.0], r"`x` must have shape \(batch, 3\) or \(3,\); got \(2,\)"),
        (np.zeros((2, 4)), r"`x` .*got \(2, 4\)"),
        (np.zeros((1, 2, 3)), r"`x` .*got \(1, 2, 3\)"),
        (np.zeros((0, 3)), r"`x` .*got \(0, 3\)"),
        (0.5, r"`x` .*got \(\)"),
        ("abc", "`x` must be an array of numbers"),
        ([[1.0, 2.0, 3.0], [1.0]], "`x` must be an array of numbers"),
        (None, "`x` is missing: this network has 3 inputs"),
        ([10**400, 0, 0], r"`x` must lie between -1e\+100 and 1e\+100; got larger numbers"),
        ([0.0, 0.0, -1e200], r"`x` must lie between -1e\+100 and 1e\+100; got -1e\+200 at index \(2,\)"),
    ],
)
def test_inputs(net, verb, x, message):
    with pytest.raises(nd.ArgumentError, match=message):
        verb(net, x)


@pytest.mark.parametrize("verb", [nd.relax, nd.simulate])
@pytest.mark.parametrize(
    ("start", "message"),
    [
        (np.full(6, NAN), "`start` must be finite"),
        (np.zeros(5), r"`start` must have shape \(batch, 6\) or \(6,\); got \(5,\)"),
        (np.zeros((3, 6)), "`start` has 3 samples, `x` has 2"),
        ("start", "`start` must be an array"),
    ],
)
def test_starts(net, verb, start, message):
    with pytest.raises(nd.ArgumentError, match=message):
        verb(net, np.zeros((2, 3)), start=start)


def test_input_for_a_network_without_one():
    with pytest.raises(nd.ArgumentError, match="`x` must be None"):
        nd.relax(SMOOTH["recurrent-without-input"](), [1.0])


def test_a_start_outside_the_box():
    net = box_chain()
    for verb in (nd.relax, nd.simulate):
        with pytest.raises(nd.ArgumentError, match=r"`start` must lie in \[0, 1\]"):
            verb(net, np.zeros(4), start=np.full(net.n, 1.01))


@pytest.mark.parametrize("phase", [nd.nudge, nd.side_network])
@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 2], r"labels in `y` must lie between 0 and 1; got 2 at index 1"),
        ([-1, 0], r"between 0 and 1; got -1 at index 0"),
        ([0], "`y` has 1 samples, the state has 2"),
        ([0.0, 1.0, 2.0], r"`y` must have shape \(batch, 2\) or \(2,\); got \(3,\)"),
        (np.zeros((2, 3)), r"`y` .*got \(2, 3\)"),
        (np.zeros((3, 2)), "`y` has 3 samples, the state has 2"),
        ([0.5, 1.0], "`y` and the state must both have a batch axis"),
        ([[0.0, NAN], [0.0, 0.0]], r"`y` must be finite; got nan at index \(0, 1\)"),
        (None, "`y`"),
        ("abc", "`y`"),
        ([[1.0, 2.0], [1.0]], "`y` must be an array of numbers"),
    ],
)
def test_targets(net, eq, phase, y, message):
    with pytest.raises(nd.ArgumentError, match=message):
        phase(net, eq, y, t_eval=TIMES)


def test_target_with_a_batch_axis_for_a_sample_without(net):
    single = nd.relax(net, [0.1, 0.2, 0.3])
    with pytest.raises(nd.ArgumentError, match="both have a batch axis or both lack it"):
        nd.nudge(net, single, [[0.0, 1.0]], t_eval=TIMES)
    with pytest.raises(nd.ArgumentError, match="labels"):
        nd.nudge(net, single, 2, t_eval=TIMES)
    nd.nudge(net, single, 1, t_eval=TIMES)


@pytest.mark.parametrize(
    ("t_eval", "message"),
    [
        ([], "finite times"),
        ([0.0, NAN], "finite times"),
        ([0.0, INF], "finite times"),
        ([[0.0, 1.0]], "finite times"),
        ([0.0, 1.0, 1.0], "increase strictly"),
        ([1.0, 0.5], "increase strictly"),
        ([-0.1, 1.0], "increase strictly from a time >= 0"),
        (["soon"], "`t_eval`"),
        ([[0.0, 1.0], [2.0]], "`t_eval`"),
    ],
)
def test_times(net, eq, t_eval, message):
    for call in (
        lambda: nd.simulate(net, eq.x, t_eval=t_eval),
        lambda: nd.nudge(net, eq, [0, 1], t_eval=t_eval),
        lambda: nd.side_network(net, eq, [0, 1], t_eval=t_eval),
    ):
        with pytest.raises(nd.ArgumentError, match=message):
            call()


def test_times_of_the_caller_stay_writeable(net, eq):
    times = np.array([0.0, 1.0])
    run = nd.simulate(net, eq.x, t_eval=times)
    times[1] = 5.0
    assert run.t[1] == 1.0


@pytest.mark.parametrize("beta", [NAN, INF, "0.1", None, True, 1j, [0.1]])
def test_beta(net, eq, beta):
    with pytest.raises(nd.ArgumentError, match="`beta` must be a finite number; got"):
        nd.nudge(net, eq, [0, 1], beta=beta)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nudging": "centred"}, "`nudging` 'centred'; .*did you mean 'centered'"),
        ({"on_failure": "rais"}, "`on_failure` 'rais'; .*did you mean 'raise'"),
        ({"nudging": ["positive"]}, "`nudging`"),
    ],
)
def test_choices_of_the_nudged_phase(net, eq, options, message):
    with pytest.raises(nd.ArgumentError, match=message):
        nd.nudge(net, eq, [0, 1], **options)


def test_choices_elsewhere(net, eq):
    with pytest.raises(nd.ArgumentError, match=r"`method` 'exacts'; .*did you mean 'exact'"):
        nd.side_network(net, eq, [0, 1], method="exacts")
    for verb in (nd.relax, nd.simulate):
        with pytest.raises(nd.ArgumentError, match="`on_failure`"):
            verb(net, eq.x, on_failure="ignore")


@pytest.mark.parametrize("options", [{"tol": 0.0}, {"tol": NAN}, {"t_max": -1.0}, {"t_max": INF}, {"tol": "small"}])
def test_limits_of_relax(net, options):
    with pytest.raises(nd.ArgumentError, match=f"`{next(iter(options))}` must be positive and"):
        nd.relax(net, np.zeros(3), **options)


def test_an_equilibrium_of_another_network(net, eq):
    other = models.Hopfield.layered([3, 4, 2], gain=0.8, seed=2)
    larger = models.Hopfield.layered([3, 5, 2], gain=0.8, seed=1)
    for wrong in (other, larger):
        for phase in (nd.nudge, nd.side_network):
            with pytest.raises(nd.ArgumentError, match="belongs to another network"):
                phase(wrong, eq, [0, 1])
    with pytest.raises(nd.ArgumentError, match=r"expected the Equilibrium.*got ndarray"):
        nd.nudge(net, eq.state, [0, 1])


def test_energy_and_its_derivatives(net):
    s = np.zeros((2, 6))
    with pytest.raises(nd.ArgumentError, match=r"`s` must have shape \(batch, 6\)"):
        net.energy(s[:, :5], np.zeros((2, 3)))
    with pytest.raises(nd.ArgumentError, match="`x` has 3 samples, `s` has 2"):
        net.force(s, np.zeros((3, 3)))
    with pytest.raises(nd.ArgumentError, match="`v` has 1 samples, `s` has 2"):
        net.jvp(s, np.zeros(6), np.zeros((2, 3)))
    with pytest.raises(nd.ArgumentError, match="`y` has 1 samples"):
        net.cost(s, [0])


def test_cost_by_hand(net):
    s = np.array([[0, 0, 0, 0, 1.0, 2.0], [9, 9, 9, 9, 0.0, 1.0]])
    np.testing.assert_array_equal(net.cost(s, [[0.0, 0.0], [0.0, 1.0]]), [2.5, 0.0])
    np.testing.assert_array_equal(net.cost(s, [1, 1]), [1.0, 0.0])
    assert net.cost(s[0], 1) == 1.0


@pytest.mark.parametrize(
    "make",
    [
        lambda: models.Hopfield({"h": {"size": 3, "activatoin": "tanh"}}),
        lambda: models.Hopfield({"h": {"size": 3, "outputs": "a"}}),
        lambda: models.Hopfield({"h": 3}, ["h-h"], seed=-1),
        lambda: models.Hopfield({"h": 3}, ["h-h"], gain="large"),  # type: ignore[arg-type]
        lambda: models.Hopfield.layered([3, 2], tau=[1.0, -1.0]),
    ],
)
def test_a_malformed_network_is_a_model_error(make):
    with pytest.raises(nd.ModelError):
        make()


def test_every_error_is_ours_and_the_builtin_kind():
    assert issubclass(nd.ArgumentError, (nd.NeurodynError, ValueError))
    for kind, builtin in [
        (nd.ArgumentError, ValueError),
        (nd.ModelError, ValueError),
        (nd.ResultFileError, ValueError),
        (nd.TooLargeError, MemoryError),
        (nd.ConvergenceError, RuntimeError),
        (nd.DivergenceError, RuntimeError),
    ]:
        assert issubclass(kind, nd.NeurodynError)
        assert issubclass(kind, builtin)


def test_a_recording_larger_than_memory_is_refused_before_it_starts(net):
    with pytest.raises(nd.TooLargeError, match="thin `t_eval` or split the batch"):
        nd.simulate(net, np.zeros((100_000, 3)), t_eval=np.linspace(0.0, 1.0, 1_000_000))


@pytest.mark.parametrize("value", [True, np.True_, "1", None, np.nan, np.inf, 10**400, 1j, [1.0]])
def test_what_is_no_finite_number_is_refused_as_one(value):
    for check in (real_number, positive_number):
        with pytest.raises(nd.ArgumentError, match=r"`a` must be .*finite.*; got "):
            check(value, "a")
    with pytest.raises(nd.ArgumentError, match=r"`a` must be a whole number >= 0; got "):
        whole_number(1.0 if isinstance(value, int) and value > 1 else value, "a", 0)


def test_numbers_keep_to_their_bounds():
    assert real_number(np.float32(0.5), "a", 0.5) == 0.5
    assert whole_number(np.int64(3), "a", 0, 3) == 3
    for call, rule in (
        (lambda: real_number(-1, "a", 0), "a finite number >= 0; got -1"),
        (lambda: positive_number(0.0, "a"), "positive and finite; got 0.0"),
        (lambda: whole_number(4, "a", 1, 3), "a whole number from 1 to 3; got 4"),
        (lambda: whole_number(1, "a", 0, 0), "0, the only one there is; got 1"),
    ):
        with pytest.raises(nd.ArgumentError, match=f"^`a` must be {rule}$"):
            call()


def test_parameters_named_the_wrong_way_round_are_found(net):
    with pytest.raises(KeyError, match=r"unknown parameters 'h1-x'; allowed: .*; did you mean 'x-h1'\?"):
        net.parameters["h1-x"]
    with pytest.raises(nd.ModelError, match=r"did you mean 'h1-y'\?"):
        net.replace(parameters={"y-h1": np.zeros((2, 4))})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Hopfield", r"it is neurodyn\.models\.Hopfield"),
        ("Timescales", r"it is neurodyn\.analysis\.Timescales"),
        ("realx", "did you mean 'relax'"),
    ],
)
def test_names_that_are_elsewhere(name, hint):
    with pytest.raises(AttributeError, match=hint):
        getattr(nd, name)
    assert not hasattr(nd, "__wrapped__")


def test_every_class_that_is_elsewhere_is_where_the_hint_says():
    for name in {**NETWORK_MODULES, **RESULT_MODULES}:
        assert hasattr(nd, name) or hasattr(analysis, name) or hasattr(models, name), name


@pytest.mark.parametrize("beta", [0.0, 0.3, -0.2])
def test_force_of_the_nudged_flow(net, eq, beta):
    y = [0, 1]
    expected = net.force(eq.state, eq.x)
    step = 1e-6
    gradient = np.stack(
        [
            (net.cost(eq.state + step * unit, y) - net.cost(eq.state - step * unit, y)) / (2 * step)
            for unit in np.eye(net.n)
        ],
        axis=1,
    )
    np.testing.assert_allclose(net.force(eq.state, eq.x, y, beta), expected - beta * gradient, atol=1e-9)
    with pytest.raises(nd.ArgumentError, match=r"`y` is missing: nudging with beta = 0\.5 needs a target"):
        net.force(eq.state, eq.x, beta=0.5)


def test_reprs_are_short_and_say_what_came_out(net, eq):
    run = nd.nudge(net, eq, [0, 1])
    compared = analysis.compare(run, nd.side_network(net, eq, [0, 1], t_eval=run.t))
    assert re.fullmatch(r"Equilibrium\(2 x 6 units: 2 stable; largest residual \S+, at rest by t = \S+\)", repr(eq))
    assert "cosine" in repr(compared)
    for shown in (compared, compared.gradient, compared.populations["y"], eq, run):
        assert len(repr(shown).splitlines()) <= 5


# -- labels ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [
        [0, 1],
        [[0], [1]],
        np.array([[0], [1]], dtype=np.uint8),
        [0.0, 1.0],
        [[0.0], [1.0]],
        [False, True],
        np.array([0, 1], dtype=np.uint64),
    ],
    ids=repr,
)
def test_labels_of_any_form_are_one_hot(net, eq, labels):
    np.testing.assert_array_equal(net.target(labels, 2, batched=True), [[1.0, 0.0], [0.0, 1.0]])
    assert nd.nudge(net, eq, labels, t_eval=[0.0]) == nd.nudge(net, eq, [0, 1], t_eval=[0.0])


@pytest.mark.parametrize("label", [1, 1.0, [1], np.uint8(1)])
def test_a_label_of_one_sample_is_one_hot(net, label):
    np.testing.assert_array_equal(net.target(label, 1, batched=False), [[0.0, 1.0]])


def test_numbers_to_reach_are_no_labels(net):
    single = models.Hopfield.layered([3, 4, 1], seed=1)
    np.testing.assert_array_equal(single.target([[1.0], [0.0]], 2, batched=True), [[1.0], [0.0]])
    np.testing.assert_array_equal(single.target([[5], [7]], 2, batched=True), [[5.0], [7.0]])
    np.testing.assert_array_equal(net.target([1.0, 0.0], 1, batched=True), [[1.0, 0.0]])
    with pytest.raises(nd.ArgumentError, match=r"`y` must have shape"):
        net.target([0.5, 1.0, 2.0], 3, batched=True)


@pytest.mark.parametrize("label", [2, 2.0, -1.0, np.uint64(2**64 - 1), 1e300])
def test_labels_beyond_the_outputs_are_refused(net, label):
    with pytest.raises(nd.ArgumentError, match="labels in `y` must lie between 0 and 1; got"):
        net.target(np.array([0, label] if not isinstance(label, np.uint64) else np.full(2, label)), 2, batched=True)


# -- bounds ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tol", [0.0, 0.2, 1.5, NAN, "1"])
def test_tolerance_of_rest(net, tol):
    with pytest.raises(nd.ArgumentError, match=r"`tol` must be positive and at most 0.1; got"):
        nd.relax(net, [0.1, 0.2, 0.3], tol=tol)


@pytest.mark.parametrize("name", ["rtol", "atol"])
def test_tolerances_of_the_solver(name):
    with pytest.raises(nd.ArgumentError, match=f"solver `{name}` must be at most 0.1, .*; got 0.5"):
        nd.Solver(rtol=0.5 if name == "rtol" else 0.1, atol=0.5 if name == "atol" else 0.1)
    assert nd.Solver(rtol=0.1, atol=0.1).rtol == 0.1


@pytest.mark.parametrize("value", [1e-300, 0.0, -1.0, NAN, INF, "1"])
def test_durations(net, value):
    x, y, sentence = [0.1, 0.2, 0.3], 1, "`duration` must be a"
    with pytest.raises(nd.ArgumentError, match=sentence):
        nd.experiment(net, x, y, duration=value)
    for method in ("equilibrium-propagation", "recurrent-backprop", "contrastive-divergence", "holomorphic"):
        with pytest.raises(nd.ArgumentError, match=sentence):
            nd.gradient(net, x, y, method=method, duration=value)
    with pytest.raises(nd.ArgumentError, match=sentence):
        nd.learn_in_time(net, [x], [y], rounds=1, beta=0.1, tau_theta=100.0, duration=value)


@pytest.mark.parametrize("place", [None, 5, ["a"], b"a"])
def test_paths(place):
    for read in (nd.load, models.read_data):
        with pytest.raises(nd.ArgumentError, match="must be the path of a file or folder; got"):
            read(place)
