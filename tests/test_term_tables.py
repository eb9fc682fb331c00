"""Model files with [[terms]]: the network they say, changes by paths, every fault at once and with its path."""

import json
import pickle
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from click.testing import CliRunner

import neurodyn as nd
from neurodyn import cli, models
from neurodyn.errors import ModelError
from neurodyn.models import terms

POPULATIONS = """
[populations.x]
size = 3
role = "input"
[populations.h]
size = 4
tau = [0.5, 1.0, 2.0, 4.0]
[populations.y]
size = 2
role = "output"
"""
TERMS = """
[[terms]]
term = "leak"
[[terms]]
term = "bias"
[[terms]]
term = "log-sum-exp"
population = "h"
memories = 5
sharpness = 2.0
[[terms]]
term = "bilinear"
first = "x"
second = "h"
"""
FILE = f'model = "terms"\nseed = 3\nconnections = ["h-y"]\n{POPULATIONS}{TERMS}'
DATA = '[data]\nname = "random"\nsamples = 2\n'


def built(sharpness=2.0, **options):
    """The network that the file says."""
    found = [terms.Bilinear("h", "y"), terms.Leak(), terms.Bias()]
    found += [terms.LogSumExp("h", memories=5, sharpness=sharpness), terms.Bilinear("x", "h")]
    tau = [0.5, 1.0, 2.0, 4.0, 1.0, 1.0]
    populations = {"x": {"size": 3, "role": "input"}, "h": 4, "y": {"size": 2, "role": "output"}}
    given: Any = {"tau": tau, "seed": 3} | options
    return models.EnergyNetwork(populations, found, **given)


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "model.toml"
        path.write_text(text)
        return path

    return write


def faults(path, **options):
    with pytest.raises(ModelError) as caught:
        models.read(path, **options)
    return str(caught.value)


def test_a_file_says_the_network_that_its_terms_make(write):
    assert models.read(write(FILE)).network == built()


def test_factors_of_connections_and_gain_of_all(write):
    text = FILE.replace('["h-y"]', '[{between = "h-y", gain = 2.0}]').replace("seed = 3", "seed = 3\ngain = 0.5")
    network, plain = models.read(write(text)).network, built(gain=0.5)
    assert np.array_equal(network.parameters["h-y"], 2.0 * plain.parameters["h-y"])
    assert np.array_equal(network.parameters["h.memories"], plain.parameters["h.memories"])


def test_energy_of_the_rates(write):
    parts = TERMS.split("[[terms]]")
    text = 'model = "terms"\nenergy_of = "rates"\n' + POPULATIONS + "[[terms]]".join([*parts[:3], parts[4]])
    network = models.read(write(text)).network
    same = models.Rate(network.populations, ["x-h"], tau=network.tau)
    s, x = np.random.default_rng(1).normal(size=6), np.ones(3)
    assert np.array_equal(network.parameters.vector, same.parameters.vector)
    assert np.allclose(network.force(s, x), same.force(s, x), rtol=1e-15)
    message = faults(write(text + "[[terms]]\n" + parts[3].lstrip()))
    assert "terms.3: LogSumExp(" in message
    assert "is a function of states, and so no part of an energy of rates" in message


def test_parameters_from_a_file(write, tmp_path):
    arrays = dict(built(seed=8).parameters)
    np.savez(tmp_path / "weights.npz", **arrays)
    path = write(FILE + '[parameters]\nfile = "weights.npz"\n')
    assert models.read(path).network.parameters == built(seed=8).parameters
    np.savez(tmp_path / "weights.npz", **(arrays | {"h.memories": np.zeros((4, 4))}))
    assert "weights.npz: parameters 'h.memories' must have shape (5, 4); got (4, 4)" in faults(path)


@pytest.mark.parametrize("place", ["2", "log-sum-exp"])
def test_changes_by_paths(write, place):
    path = write(FILE)
    assert models.read(path, overrides=[f"terms.{place}.sharpness=3.5"]).network == built(3.5)
    without = models.read(path, overrides=[f'terms.{place}={{term = "leak", names = ["h"]}}']).network
    assert "h.memories" not in without.parameters
    assert (
        "unknown key 'sharpnes'; allowed: term, population, memories, sharpness; did you mean 'sharpness'?"
        in faults(path, overrides=[f"terms.{place}.sharpnes=1"])
    )
    assert "unknown key '7'; allowed: leak, bias, log-sum-exp, bilinear" in faults(path, overrides=["terms.7.first=x"])


@pytest.mark.slow
def test_command_line_runs_and_sweeps_it(write, tmp_path):
    path = str(write(FILE + DATA))
    ran = CliRunner().invoke(cli.main, ["run", path, "--set", "terms.2.sharpness=1.5", "--out", str(tmp_path / "out")])
    assert ran.exit_code == 0, ran.output
    data = nd.sweep(path, {"terms.2.sharpness": [0.5, 1.5]}, out=tmp_path / "sweep", workers=1)
    assert data["max_relative_error"].dims == ("terms.2.sharpness",)
    assert data["max_relative_error"].max() < 1e-4
    assert len(set(data["residual"].values)) == 2


def test_a_saved_result_loads_in_another_process(tmp_path, write):
    network = models.read(write(FILE)).network
    nd.relax(network, np.zeros(3)).save(tmp_path / "rest.npz")
    code = f"import neurodyn as nd; print(repr(nd.load({str(tmp_path / 'rest.npz')!r}).network))"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert told.strip() == repr(network)
    assert pickle.loads(pickle.dumps(network)) == network


def test_all_faults_at_once_with_their_paths(write):
    text = """
    model = "terms"
    terms = [
        3,
        {sharpness = 1.0},
        {term = "log-sum-ex", population = "h"},
        {term = "log-sum-exp", memory = 5},
        {term = "log-sum-exp", population = "h", memories = 2.0, sharpness = "x"},
        {term = "log-sum-exp", population = "h", memories = 0},
        {term = "leak", names = "h"},
        {term = "leak", names = ["q"]},
        {term = "bias", names = ["x"]},
        {term = "bilinear", first = "x", second = "q"},
        {term = "bilinear", first = "y", second = "h", feedback = [1]},
        {term = "bilinear", first = "x", second = "h"},
        {term = "bilinear", first = "h", second = "x"},
        {term = "log-sum-exp", population = "y", memories = 2, sharpness = nan},
    ]
    """
    message = faults(write(text + POPULATIONS))
    expected = [
        'terms.0: must be a table like {term = "leak"}; got 3',
        "terms.1.term: is missing",
        "terms.2.term: unknown name 'log-sum-ex'; allowed: ",
        "terms.3.memory: unknown key; allowed: term, population, memories, sharpness; did you mean 'memories'?",
        "terms.3.population: is missing",
        "terms.3.memories: is missing",
        "terms.4.memories: must be a whole number; got 2.0",
        "terms.4.sharpness: must be a finite number; got 'x'",
        "terms.5: `memories` must be a whole number >= 1; got 0",
        "terms.6.names: must be a list, each entry a text; got 'h'",
        "terms.7: Leak(names=('q',)): unknown population 'q'; allowed: x, h, y",
        "terms.8: Bias(names=('x',)): population 'x' is the input, whose units are clamped",
        "terms.9: connection 'x-q': unknown population 'q'",
        "terms.10.feedback: must be a finite number or a text; got [1]",
        "terms.12: connection 'h-x' is given more than once",
        "terms.13.sharpness: must be a finite number; got nan",
    ]
    assert f"has {len(expected)} faults" in message
    for start in expected:
        assert any(line.startswith(f"  {start}") for line in message.splitlines()), (start, message)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (FILE.replace('model = "terms"', ""), "terms: only a model = \"terms\" has them; got 'hopfield'"),
        ('model = "rate"\nenergy_of = "rates"' + POPULATIONS, "energy_of: only a model = \"terms\" has it; got 'rate'"),
        ('model = "terms"' + POPULATIONS, 'terms: a model = "terms" needs tables [[terms]]'),
        ('model = "terms"\nterms = 3' + POPULATIONS, "terms: must be tables [[terms]], each with a `term`; got 3"),
        (FILE + TERMS.split("[[terms]]")[3].join(["[[terms]]", ""]), "terms: parameters 'h.memories' belong to two"),
        (
            'energy_of = "rates"' + (POPULATIONS + '[[terms]]\nterm = "leak"\n').join(['\nmodel = "terms"', ""])
            .replace("size = 4", 'size = 4\nactivation = "hard-sigmoid"'),
            "model: population 'h': the rate form needs a strictly increasing activation",
        ),
    ],
)  # fmt: skip
def test_what_does_not_go_together(write, text, fault):
    assert fault in faults(write(text))


def test_terms_of_an_unsound_population_are_not_called_wrong(write):
    assert "populations.h.size" in (message := faults(write(FILE.replace("size = 4", "size = 0"))))
    assert "\n" not in message


@dataclass(frozen=True)
class Heavy(terms.Leak, kind="heavy"):
    """A kind of term that the package does not know."""

    fused: ClassVar[bool] = False
    factor: float = 1.0


def test_a_kind_of_a_users_own(write):
    text = FILE.replace('term = "leak"', 'term = "heavy"\nnames = ["h", "y"]\nfactor = 2')
    network = models.read(write(text)).network
    assert isinstance(network, models.EnergyNetwork)
    assert network.terms[1] == Heavy(("h", "y"), 2)
    assert json.loads(json.dumps(network.describe()))["terms"][1] == {"term": "heavy", "names": ["h", "y"], "factor": 2}
