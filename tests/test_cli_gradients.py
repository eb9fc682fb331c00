"""`neurodyn gradients`: table, JSON and figures of one comparison."""

import json

import pytest
from click.testing import CliRunner

from neurodyn import analysis, cli, models
from neurodyn.estimators import ESTIMATORS

EP = "equilibrium-propagation"
FIGURES = {"error-against-cost.png", "error-against-beta.png", "entries.png"}


@pytest.fixture
def neurodyn(tmp_path, monkeypatch, not_laid_out):
    """Runs the command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(cli.main, ["gradients", *map(str, arguments)])


def test_it_writes_everything_and_prints_a_table(neurodyn, tmp_path):
    result = neurodyn("two-neurons", "--track", 2)
    assert result.exit_code == 0, result.output
    folder = tmp_path / "neurodyn-two-neurons-gradients"
    assert {path.name for path in folder.iterdir()} == FIGURES | {"learning.png", "gradients.json"}
    for word in ("cosine", "norm ratio", "force evaluations", "step by step", "order in beta", "2 steps by"):
        assert word in result.stdout
    for method in (name for name, kind in ESTIMATORS.items() if not kind.noisy):
        assert method in result.stdout  # in the table, or left out with a reason


def test_json_is_the_comparison(neurodyn, tmp_path):
    label = f"{EP}:beta=0.1,nudging=positive"
    result = neurodyn("chain", "--json", "--no-figures", "--out", "o", "--method", "implicit", "--method", label)
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary == json.loads((tmp_path / "o" / "gradients.json").read_text("utf-8"))
    assert {path.name for path in (tmp_path / "o").iterdir()} == {"gradients.json"}
    model = models.read("chain")
    options = {"method": EP, "beta": 0.1, "nudging": "positive"}
    compared = analysis.compare_gradients(model.network, model.x, model.y, {label: options})
    found = summary["methods"][label]
    assert list(summary["methods"]) == ["implicit", label]
    assert found["relative_error"] == compared.estimates[label].whole.relative_error
    assert found["blocks"]["h1"]["cosine"] == compared.estimates[label].blocks["h1"].cosine
    assert found["force_evaluations"] == compared.estimates[label].gradient.force_evaluations
    assert found["options"]["nudging"] == "positive"
    assert summary["order"]["slopes"][f"{EP}, centered"] == pytest.approx(2.0, abs=0.1)
    assert summary["step_by_step"]["relmse"]["all"] == compared.steps.relmse["all"]
    assert summary["track"] is None


def test_the_model_says_how_its_phases_are_run(neurodyn):
    changes = ["beta=0.02", "kind=positive", "duration=3.0", "correction=antisymmetric"]
    changes = [f"--set=nudging.{change}" for change in changes]
    methods = ["--method", EP, "--method", "recurrent-backprop"]
    result = neurodyn("chain", "--json", "--no-figures", *methods, *changes)
    found = json.loads(result.stdout)["methods"]
    assert found[EP]["options"] == {
        "beta": 0.02, "nudging": "positive", "correction": "antisymmetric", "duration": 3.0, "seed": 0
    }  # fmt: skip
    assert found["recurrent-backprop"]["options"] == {"duration": 3.0}
    assert any("does not rest" in note for note in found[EP]["notes"])


def test_any_method_drives(neurodyn):
    result = neurodyn(
        "chain", "--json", "--no-figures", "--method", EP, "--track", 2, "--driver", "implicit", "--rate", 0.2
    )
    track = json.loads(result.stdout)["track"]
    model = models.read("chain")
    expected = analysis.track_gradients(
        model.network, model.x, model.y, driver="implicit", methods=[EP], steps=2, rate=0.2
    )
    assert track["loss"] == expected.loss.tolist()
    assert set(track["cosine"]) == {EP, "implicit"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["chian"], "did you mean 'chain'"),
        (["chain", "--set", "populations.y.role=hidden"], "has no outputs"),
        (["chain", "--method", "implict"], "did you mean 'implicit'"),
        (["chain", "--method", f"{EP}:beta"], "write NAME:OPTION=VALUE"),
        (["chain", "--method", f"{EP}:betta=1"], "unknown option `betta`"),
        (["chain", "--method", f"{EP}:nudging=sideways"], "unknown `nudging` 'sideways'"),
        (["chain", "--driver", "implicit"], "--driver says what --track learns by"),
        (["chain", "--method", "implicit", "--track", "0"], "`--track` must be a whole number >= 1; got 0"),
        (["chain", "--method", "implicit", "--track", "1", "--driver", "backprp"], "`method` 'backprp'"),
        (["chain", "--method", "implicit", "--track", "1", "--rate", "-1"], "`--rate` must be positive"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(neurodyn, tmp_path, arguments, sentence):
    result = neurodyn(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []
