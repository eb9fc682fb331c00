"""Model files and the library: every fault at once and with its path, every model relaxes."""

import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

import neurodyn as nd
from networks import quick
from neurodyn import models
from neurodyn.errors import DataError, ModelError
from neurodyn.models.data import MNIST_MISSING, digits
from neurodyn.models.load import LIBRARY

MNIST = os.environ.get("NEURODYN_DATA")
#: Models that come to rest: all but one, of which test_motion.py says how it moves.
RESTING = [name for name in models.names() if name != "chaotic-rate"]

SMALL = """
title = "small"
connections = ["x-h1", "h1-y"]
[populations.x]
size = 2
role = "input"
[populations.h1]
size = 3
[populations.y]
size = 2
role = "output"
"""
DATA = """
[data]
x = [[0.1, 0.2], [0.3, 0.4]]
y = [0, 1]
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="model.toml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def faults(path, **options):
    with pytest.raises(ModelError) as caught:
        models.read(path, **options)
    return str(caught.value)


# -- what a file says ----------------------------------------------------------------------------------------------


def test_defaults(write):
    model = models.read(write(SMALL))
    assert (model.name, model.title, model.x, model.y, model.start) == ("model", "small", None, None, None)
    assert (model.tol, model.t_max, model.beta, model.nudging, model.duration) == (1e-10, None, 1e-3, "centered", None)
    assert model.solver == nd.Solver()
    assert model.network == models.Hopfield.layered([2, 3, 2], seed=0)


def test_title_is_the_files_name_unless_it_is_given(write):
    assert models.read(write(SMALL.replace('title = "small"', ""))).title == "model"


def test_everything_that_can_be_said(write):
    text = SMALL.replace('"h1-y"]', '{between = "h1-y", gain = 2.0}, {between = "h1-h1", init = "zeros"}]') + DATA
    text = text.replace("size = 3", 'size = 3\nactivation = "sigmoid"\ntau = [1.0, 2, 3.0]\n')
    text = "seed = 5\ngain = 0.5\n" + text + "[free]\ntol = 1e-9\nt_max = 50\nstart = [0, 0, 0, 0, 0]\n"
    text += '[nudging]\nbeta = -1e-2\nkind = "positive"\nduration = 7\n'
    text += '[solver]\nmethod = "dopri5"\nrtol = 1e-9\natol = 1e-12\nmax_steps = 99\nmax_seconds = 9\n'
    model = models.read(write(text))
    drawn = models.Hopfield.layered([2, 3, 2], seed=5, gain=0.5).parameters
    assert np.array_equal(model.network.parameters["x-h1"], drawn["x-h1"])
    assert np.array_equal(model.network.parameters["h1-y"], 2.0 * drawn["h1-y"])
    assert not model.network.parameters["h1-h1"].any()
    assert model.network.tau.tolist() == [1.0, 2.0, 3.0, 1.0, 1.0]
    assert model.network.graph["h1"].activation == "sigmoid"
    assert np.array_equal(model.x, [[0.1, 0.2], [0.3, 0.4]])
    assert model.y.tolist() == [0, 1]
    assert np.issubdtype(model.y.dtype, np.integer)
    assert model.start.tolist() == [0.0] * 5
    assert (model.tol, model.t_max, model.beta, model.nudging, model.duration) == (1e-9, 50, -1e-2, "positive", 7)
    assert model.solver == nd.Solver("dopri5", rtol=1e-9, atol=1e-12, max_steps=99, max_seconds=9)
    assert model.settings["nudging"] == {"beta": -1e-2, "kind": "positive", "duration": 7}


def test_weights_given_inline_take_the_factors(write):
    weights = '{between = "h1-y", weights = [[1, 2], [3, 4], [5, 6]], gain = 0.5}]'
    model = models.read(write("gain = 0.1\n" + SMALL.replace('"h1-y"]', weights)))
    assert np.allclose(model.network.parameters["h1-y"], 0.05 * np.arange(1, 7).reshape(3, 2), rtol=1e-15)


def test_random_data_follow_their_seed(write):
    path = write(SMALL + '[data]\nname = "random"\nsamples = 5\n')
    first, again = models.read(path), models.read(path)
    assert first.x.shape == first.y.shape == (5, 2)
    assert np.array_equal(first.x, again.x)
    assert np.array_equal(first.y, again.y)
    assert not np.array_equal(first.x, models.read(path, overrides=["data.seed=1"]).x)
    assert 0.0 <= min(first.x.min(), first.y.min()) < max(first.x.max(), first.y.max()) < 1.0


def test_digits_are_the_split_asked_for(write):
    text = SMALL.replace('size = 2\nrole = "input"', 'size = 64\nrole = "input"')
    text = text.replace('size = 2\nrole = "output"', 'size = 10\nrole = "output"')
    path = write(text + '[data]\nname = "digits"\nsamples = 3\nfirst = 4\nsplit = "train"\n')
    network, x, y = models.load(path)
    part = digits("train").take(3, 4)
    assert np.array_equal(x, part.images)
    assert np.array_equal(y, part.labels)
    assert network.n_out == 10
    assert "510, the size of digits (test); got 505 + 8" in faults("digits", overrides=["data.first=505"])


def test_parameters_file(write, tmp_path):
    network = models.Hopfield.layered([2, 3, 2], seed=9)
    arrays = dict(network.parameters)
    np.savez(tmp_path / "weights.npz", **arrays)
    path = write(SMALL + '[parameters]\nfile = "weights.npz"\n')
    assert models.read(path).network.parameters == network.parameters
    assert models.read(path, overrides=["parameters={}"]).network == models.Hopfield.layered([2, 3, 2])
    assert "`gain` must be 1" in faults(path, overrides=["gain=2"])
    del arrays["y"]
    np.savez(tmp_path / "weights.npz", **(arrays | {"h1": np.zeros(4), "yy": np.zeros(2)}))
    message = faults(path)
    assert "has 3 faults" in message
    for fault in (
        "unknown parameters 'yy'",
        "parameters 'h1' must have shape (3,); got (4,)",
        "parameters 'y' are missing",
    ):
        assert f"parameters.file: weights.npz: {fault}" in message


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"no archive at all"])
def test_damaged_parameters_file(write, tmp_path, content):
    (tmp_path / "weights.npz").write_bytes(content)
    message = faults(write(SMALL + '[parameters]\nfile = "weights.npz"\n'))
    assert "an .npz archive with the parameters is needed; got a file that cannot be unpacked" in message


def test_parameters_file_runs_no_code(write, tmp_path):
    np.savez(tmp_path / "weights.npz", y=np.array([print], dtype=object))
    assert "'y' must be an array of numbers" in faults(write(SMALL + '[parameters]\nfile = "weights.npz"\n'))
    assert "no such file" in faults(write(SMALL + '[parameters]\nfile = "nowhere.npz"\n'))


def test_parameters_file_is_not_waited_for_and_takes_no_memory_for_what_is_not_asked(write, tmp_path):
    path = write(SMALL + '[parameters]\nfile = "weights.npz"\n')
    os.mkfifo(tmp_path / "weights.npz")
    assert "an .npz archive with the parameters is needed; got something that is no file" in faults(path)
    os.unlink(tmp_path / "weights.npz")
    np.savez(tmp_path / "weights.npz", **models.Hopfield.layered([2, 3, 2], seed=9).parameters)
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({2**30},), }}".ljust(118).encode()
    with zipfile.ZipFile(tmp_path / "weights.npz", "a") as archive:
        archive.writestr("more.npy", b"\x93NUMPY\x01\x00v\x00" + header)
    tracemalloc.start()
    assert "unknown parameters 'more'" in faults(path)
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()


# -- the rate form -------------------------------------------------------------------------------------------------


def test_rate_form_with_feedback(write):
    text = SMALL.replace('"h1-y"]', '{between = "h1-y", feedback = 0.5, gain = 2.0}]')
    network = models.read(write('model = "rate"\n' + text)).network
    expected = models.Rate.layered([2, 3, 2], feedback=0.5)
    assert network == expected.replace(parameters={"h1-y": 2.0 * expected.parameters["h1-y"]})


@pytest.mark.parametrize("init", ["", ', init = "zeros"'])
def test_feedback_weights_of_their_own(write, init):
    text = 'model = "rate"\n' + SMALL
    drawn = models.Rate.layered([2, 3, 2], feedback="random").parameters
    path = write(text.replace('"h1-y"]', f'{{between = "h1-y", feedback = "random", gain = 2.0{init}}}]'))
    found = models.read(path).network.parameters
    for name in ("h1-y", "y-h1"):
        np.testing.assert_array_equal(found[name], (0.0 if init else 2.0) * drawn[name])
    given = "[[1, 2, 3], [4, 5, 6]]"
    found = models.read(write(text.replace('"h1-y"]', f'{{between = "h1-y", feedback = {given}}}]'))).network.parameters
    np.testing.assert_array_equal(found["y-h1"], [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(found["h1-y"], drawn["h1-y"])


def test_directions_within_a_population(write):
    text = 'model = "rate"\nconnections = [{between = "s-s", feedback = "random", weights = [[0, 1], [2, 0]]}]\n'
    network = models.read(write(text + "[populations.s]\nsize = 2\n")).network
    np.testing.assert_array_equal(network.parameters["s-s"], [[0, 1], [2, 0]])
    refused = text.replace('"random", weights =', "")
    assert "connections.0: within a population give both directions as `weights`" in faults(
        write(refused + "[populations.s]\nsize = 2\n")
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"h1-y"]', '{between = "h1-y", feedback = "rnd"}]', "connections.1.feedback: must be a number, 'random', or"),
        ('"h1-y"]', '{between = "h1-y", feedback = [[1, 2]]}]', "connections.1.feedback: parameters 'y-h1' must have"),
        ('["x-h1"', '[{between = "x-h1", feedback = 0.5}', "connections.0: connection 'x-h1' joins the clamped input"),
        ("size = 3", 'size = 3\nactivation = "hard-sigmoid"', "model: population 'h1': the rate form needs"),
        ('"rate"', '"raet"', "model: unknown name 'raet'; allowed: hopfield, rate, terms; did you mean 'rate'?"),
    ],
)
def test_faults_of_the_rate_form(write, old, new, fault):
    assert fault in faults(write(('model = "rate"\n' + SMALL).replace(old, new)))


def test_hopfield_energy_has_no_feedback_of_its_own(write):
    path = write(SMALL.replace('"h1-y"]', '{between = "h1-y", feedback = "random"}]'))
    assert "model: connection 'h1-y': the Hopfield energy has weights that both directions share" in faults(path)
    assert models.read(path, overrides=["model=rate"]).network.parameters["y-h1"].shape == (2, 3)


# -- faults --------------------------------------------------------------------------------------------------------


def test_all_faults_at_once_with_their_paths(write):
    text = """
titel = "x"
seed = true
gain = inf
connections = ["x-h1", "h1-z", 3, {between = "h1-h1", gian = 2}, "h1-x", "x"]
[populations.x]
size = 2.0
role = "input"
[populations.h1]
size = 2
activation = "tnh"
tau = [1.0, -1.0]
[populations.y]
size = 3
role = "outptu"
tau = nan
[data]
name = "digit"
samples = 0
[free]
tol = "1e-10"
[nudging]
kind = "centred"
beta = nan
[solver]
method = "tsit"
max_steps = 1.5
[files]
"""
    message = faults(write(text))
    lines = message.splitlines()
    assert lines[0].endswith("model.toml has 20 faults:")
    expected = [
        "titel: unknown key; allowed: title, model, seed, gain, energy_of, source, connections, populations, terms, "
        "parameters, data, free, nudging, solver, learning, noise; did you mean 'title'?",
        "files: unknown key; ",
        "seed: must be a valid integer; got True",
        "gain: must be a finite number; got inf",
        "connections.1: connection 'h1-z': unknown population 'z'; allowed: x, h1, y",
        'connections.2: must be a string like "x-h1", or a table; got 3',
        "connections.3.gian: unknown key; allowed: between, weights, gain, init, sparsity, feedback; did you mean "
        "'gain'?",
        "connections.4: connection 'h1-x' is given more than once",
        "connections.5: connection 'x' must name two populations",
        "populations.x.size: must be a valid integer; got 2.0",
        "populations.h1.activation: unknown activation 'tnh'; ",
        "populations.h1.tau: must be a positive number, or a list of one for each unit; got [1.0, -1.0]",
        "populations.y.role: unknown name 'outptu'; allowed: input, hidden, output; did you mean 'output'?",
        "populations.y.tau: must be a positive number",
        "data.name: unknown name 'digit'; allowed: digits, mnist, random; did you mean 'digits'?",
        "data.samples: must be greater than or equal to 1; got 0",
        "free.tol: must be a valid number; got '1e-10'",
        "nudging.kind: unknown name 'centred'; ",
        "nudging.beta: must be a finite number; got nan",
        "solver.max_steps: must be a valid integer; got 1.5",
    ]
    assert len(lines) == 1 + len(expected)
    for start in expected:
        assert any(line.startswith(f"  {start}") for line in lines), start


def test_faults_between_tables_at_once(write):
    text = SMALL.replace('"h1-y"]', '"h1-y", "h1-q", {between = "h1-h1", weights = [[1, 2], [3, 4]]}]')
    text = text.replace("size = 3", "size = 3\ntau = 2.0").replace("size = 2", "size = 2")
    text += '[data]\nx = [[1, 2, 3]]\ny = [2, 0]\n[free]\nstart = [1, 2]\n[solver]\nmethod = "tsit"\n'
    message = faults(write(text))
    for fault in (
        "connections.2: connection 'h1-q': unknown population 'q'",
        "connections.3.weights: parameters 'h1-h1' must have shape (3, 3); got (2, 2)",
        "data: the inputs are 3 numbers a sample, but the input has size 2",
        "data.y: labels must lie between 0 and 1, the last output; got 2",
        "data.y: there are targets for 2 samples, but inputs for 1",
        "free.start: the states are 2 numbers, but there are 5 free units",
        "solver: unknown solver method 'tsit'",
    ):
        assert fault in message
    assert "has 7 faults" in message


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("size = 3", "size = 3\nrole = 'input'"), "populations: only one input population is possible; got x, h1"),
        (("size = 3", "size = 3\noutputs = 1"), "populations: only one output population is possible; got h1, y"),
        (("size = 3", "size = 3\noutputs = 4"), "populations.h1: `outputs` must be at most the size, 3"),
        (("size = 3", "size = 3\ntau = [1, 2]"), "populations.h1: `tau` has 2 entries, but there are 3 units"),
        (("size = 3", "size = 3\ntau = true"), "populations.h1.tau: must be a positive number"),
        (("size = 3", "size = 9999999"), "populations.h1.size: must be less than or equal to 100000"),
        (("size = 3", f"size = {10**400}"), "populations.h1.size: must be less than or equal to 100000"),
        (('role = "input"', 'role = "input"\ntau = 1.0'), "populations.x: an input is clamped"),
        (("size = 3", 'size = 3\n[populations."h-2"]\nsize = 1'), "populations.h-2: population name 'h-2' must be a "),
        (("[0, 1]", "[0, -1]"), "data.y: must be a list of labels 0, 1, 2 ..."),
        (("[0, 1]", "[0, 1.5]"), "data.y: must be a list of labels 0, 1, 2 ..."),
        (("[0, 1]", f"[0, {10**30}]"), "data.y: labels must lie between 0 and 1"),
        (("[0, 1]", "[[1], [2]]"), "data.y: the targets are 1 numbers a sample, but the network has 2 outputs"),
        (("0.4]]", "0.4, 1]]"), "data.x: must be a list of rows of finite numbers, all of one length"),
        (("0.4]]", "nan]]"), "data.x: must be a list of rows"),
        (("0.4]]", f"{10**400}]]"), "data.x: must be a list of rows"),
        (("y = [0, 1]", 'name = "digits"'), "data: `x` cannot stand beside name = 'digits'"),
        (("y = [0, 1]", "samples = 2"), "data: give the `name` of a data set, or numbers as `x` and `y`"),
        (("x = [[0.1, 0.2], [0.3, 0.4]]", ""), "data.x: is missing: the network has 2 inputs"),
    ],
)
def test_one_fault(write, change, fault):
    assert change[0] in SMALL + DATA
    message = faults(write((SMALL + DATA).replace(change[0], change[1], 1)))
    assert f"model.toml: {fault}" in message
    assert "\n" not in message


def test_data_without_an_input_or_outputs(write):
    text = 'title = "t"\nconnections = ["s-s"]\n[populations.s]\nsize = 2\n'
    assert models.read(write(text)).x is None
    assert "the network has no input population" in faults(write(text + "[data]\nx = [[1, 2]]\n"))
    assert "the network has no outputs" in faults(write(text + "[data]\ny = [[1, 2]]\n"))
    drawn = models.read(write(text.replace("size = 2", "size = 2\noutputs = 1") + '[data]\nname = "random"\n'))
    assert drawn.x is None
    assert (drawn.y.shape, drawn.start.shape) == ((8, 1), (8, 2))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "there must be at least one table"),
        (b"title = ", "is not valid TOML"),
        (b"title = 'a'\ntitle = 'b'", "is not valid TOML"),
        ((SMALL + "[data").encode(), "is not valid TOML"),
        (b"a = " + b"[" * 100_000, "is not valid TOML"),
        (b"\xff\xfe\x00", "is not a text file in UTF-8 (byte 0 is not)"),
        (b"\x00\x01\x02", "is not valid TOML"),
    ],
    ids=["empty", "cut", "twice", "truncated", "deep", "binary", "zeros"],
)
def test_malformed_files(write, content, sentence):
    path = write(content)
    message = faults(path)
    assert sentence in message
    assert str(path) in message


def test_files_that_are_none(tmp_path, write):
    assert "no such model file" in faults(tmp_path / "nowhere.toml")
    assert "no such model file" in faults("a" * 1000 + ".toml")
    assert "is a folder" in faults(tmp_path)
    assert "whose name ends in .toml" in faults(write("", "model.txt"))
    message = faults("digit")
    assert "unknown model 'digit'; allowed: boltzmann, chain, chaotic-rate, conv-digits, convolution" in message
    assert "did you mean 'digits'?" in message


# -- changes by path -----------------------------------------------------------------------------------------------


def test_overrides():
    changes = [
        "nudging.beta=1e-2",
        "nudging.kind=positive",
        "populations.h1.tau=2",
        "populations.h1.activation = 'sigmoid'",
        "connections.0.gain=0.5",
        "connections.h1-h2.init=zeros",
        "data={x = [[1, 2, 3, 4, 5]], y = [2]}",
        "solver.method=Radau",
        "free.t_max=77",
        "title=a=b",
    ]
    model, plain = models.read("chain", overrides=changes), models.read("chain")
    assert (model.beta, model.nudging, model.t_max, model.title) == (1e-2, "positive", 77, "a=b")
    assert set(model.network.population(model.network.tau, "h1")) == {2.0}
    assert model.network.graph["h1"].activation == "sigmoid"
    assert np.array_equal(model.network.parameters["x-h1"], 0.5 * plain.network.parameters["x-h1"])
    assert not model.network.parameters["h1-h2"].any()
    assert model.x.shape == (1, 5)
    assert model.solver.method == "Radau"
    assert plain.settings["connections"] == ["x-h1", "h1-h2", "h2-y"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            "nudging.bta=1",
            "cannot set 'nudging.bta': unknown key 'bta'; allowed: beta, kind, correction, duration; did",
        ),
        ("nuging.beta=1", "unknown key 'nuging'; allowed: title, model, seed"),
        ("populations.h3.tau=1", "unknown key 'h3'; allowed: x, h1, h2, y; did you mean 'h2'?"),
        ("populations.h1.tua=1", "unknown key 'tua'; allowed: size, role, activation, tau, outputs"),
        ("connections.x-h.gain=1", "unknown key 'x-h'; allowed: x-h1, h1-h2, h2-y"),
        ("connections.7.gain=1", "unknown key '7'"),
        ("title.x=1", "there is nothing below 'title'"),
        ("populations.h1.tau.0=1", "there is nothing below 'populations.h1.tau'"),
        ("nudging.beta", "write path.to.key=value"),
        ("=1", "write path.to.key=value"),
        ("nudging.beta=", "nudging.beta: must be a valid number; got ''"),
        ("nudging.beta=1\nseed=3", "nudging.beta: must be a valid number"),
        ("nudging=3", "nudging: must be a table; got 3"),
    ],
)
def test_overrides_that_go_wrong(change, sentence):
    assert sentence in faults("chain", overrides=[change])


# -- the library ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        ("nudging.beta=1", "nudging.beta=2"),
        ("connections.0.gain=2", "connections.x-h1.gain=3"),
        ("populations.h1.tau=2", "seed=1", "populations.h1.tau=2"),
    ],
)
def test_a_key_set_twice_is_refused(changes):
    path = changes[-1].partition("=")[0]
    with pytest.raises(ModelError, match=f"'{path}' is set twice: leave one of them out"):
        models.read("chain", overrides=changes)


WRONG = [
    "true",
    '"a"',
    "-1",
    "0",
    "1.5",
    "nan",
    "1e400",
    "10" * 30,
    "[]",
    "[[], [1]]",
    "{a = 1}",
    "[-1.0]",
    "1979-05-27",
]
KEYS = [
    *("seed", "title", "model", "energy_of", "connections", "connections.0", "connections.0.weights"),
    *("connections.0.sparsity", "connections.0.init", "connections.0.feedback"),
    *(
        "populations.h1",
        "populations.h1.size",
        "populations.h1.tau",
        "populations.h1.activation",
        "populations.y.outputs",
    ),
    *("parameters", "parameters.file", "data", "data.name", "data.samples", "data.x", "data.y", "data.seed"),
    *("free.tol", "free.t_max", "free.start", "nudging.beta", "nudging.kind", "nudging.duration", "solver.method"),
    *("solver.rtol", "solver.atol", "solver.step", "solver.max_steps", "solver.max_seconds", "learning.method"),
    *("learning.epochs", "learning.validation", "learning.shuffle", "learning.patience", "learning.beta"),
    *("noise.temperature", "noise.scheme", "noise.step", "noise.seed"),
]


@pytest.mark.parametrize("key", KEYS)
def test_faults_are_said_in_words_of_our_own(key):
    for value in WRONG:
        message = ""
        try:
            models.read("chain", overrides=[f"{key}={value}"], samples=False)
        except nd.NeurodynError as error:
            message = str(error)
        found = [word for word in ("constrained", "pydantic", "Input should", "function-", "0x") if word in message]
        assert not found, (value, message)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("solver.rtol=1", "solver: solver `rtol` must be at most 0.1"),
        ("solver.atol=1", "solver: solver `atol` must be at most 0.1"),
        ("free.tol=1.5", "free.tol: `tol` must be positive and at most 0.1; got 1.5"),
        ("nudging.duration=1e-300", "nudging.duration: `duration` must be a finite time of at least 1e-09"),
        (
            "learning.validation=1.5",
            "learning.validation: must be how many samples to hold out, or what fraction below 1",
        ),
        ("learning.validation=0", "learning.validation: must be how many"),
    ],
)
def test_values_with_which_there_is_no_result_are_refused(change, sentence, write):
    assert sentence in faults(write(SMALL + DATA), overrides=[change])


def test_labels_may_be_stored_as_floats(write):
    model = models.read(write(SMALL + DATA.replace("[0, 1]", "[0.0, 1.0]")))
    assert model.y.tolist() == [0, 1]
    assert model.y.dtype.kind == "i"


def test_names_are_the_files():
    assert set(models.names()) == {path.stem for path in Path(LIBRARY).glob("*.toml")}
    assert set(models.names()) >= {"two-neurons", "chain", "memory", "digits", "mnist"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in ("mnist-2", "mnist-3") else ()) for name in RESTING],
)
def test_library_model_relaxes(name):
    if name.startswith("mnist") and not MNIST:
        pytest.skip(MNIST_MISSING)
    outline, model = models.outline(name), models.read(name)
    assert outline.title == model.title
    assert outline.outputs == model.network.n_out
    assert list(outline.populations) == [p.name for p in model.network.populations]
    rest = nd.relax(model.network, model.x, start=model.start, tol=model.tol)
    assert np.all(rest.status == nd.Status.STABLE)
    network, x, y = models.load(name)
    assert network == model.network
    assert np.array_equal(x, model.x) if x is not None else model.x is None
    assert np.array_equal(y, model.y)


#: Whose agreement test_library.py has at full precision.
IN_LIBRARY = {"two-neurons", "chain", "rate-chain", "memory", "digits", "random-feedback", "convolution"}
IN_LIBRARY |= {"predictive-coding", "resistor", "dense-memory", "oscillators"}
SMOOTH = [name for name in RESTING if not name.startswith("mnist")]


@pytest.mark.parametrize("name", quick(SMOOTH, *(name for name in SMOOTH if name not in IN_LIBRARY)))
def test_library_model_agrees_with_its_side_network(name):
    from neurodyn import analysis

    m = models.read(name)
    spread = np.geomspace(0.25, 5.0, m.network.n)[np.random.default_rng(0).permutation(m.network.n)]
    for network in (m.network, m.network.replace(tau=spread)):
        run = nd.experiment(
            network, m.x, m.y, start=m.start, tol=m.tol, beta=m.beta, nudging=m.nudging, correction=m.correction
        )
        comparison = analysis.compare(run.nudged, run.side)
        assert comparison.max_relative_error < 1e-5
        assert comparison.has_signal.all()


def test_memory_is_hebbian_and_recalls_its_letters():
    model = models.read("memory")
    text = (LIBRARY / "memory.toml").read_text("utf-8").splitlines()
    rows = [line.split()[1:] for line in text if line.startswith("#     ")]
    assert len(rows) == 5
    letters = np.array([[1.0 if pixel == "#" else -1.0 for row in rows for pixel in row[k]] for k in range(3)])
    weights = letters.T @ letters
    np.fill_diagonal(weights, 0.0)
    assert np.allclose(model.network.parameters["s-s"], 3.0 / 25.0 * weights, rtol=1e-15)
    noisy = np.sign(model.start) != letters
    assert noisy.sum(axis=1).tolist() == [4, 4, 4]
    recalled = nd.relax(model.network, start=model.start).state
    assert np.array_equal(np.sign(recalled), letters)
    at_zero = nd.relax(model.network, start=np.zeros(25), on_failure="return")
    assert at_zero.status == nd.Status.SADDLE
    faded = models.read("memory", overrides=["gain=0.3"])
    assert np.abs(nd.relax(faded.network, start=model.start).state).max() < 1e-8


def test_mnist_says_how_to_get_it(monkeypatch):
    monkeypatch.delenv("NEURODYN_DATA", raising=False)
    with pytest.raises(DataError, match="MNIST is not here"):
        models.load("mnist")
    with pytest.raises(DataError, match="nowhere, which does not exist"):
        models.load("mnist", data="nowhere")
