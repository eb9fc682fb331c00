"""`neurodyn portrait`: figures, a table and JSON for every model of the library; one sentence for what is wrong."""

import json
import os
import re
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import neurodyn as nd
from neurodyn import analysis, cli, models
from neurodyn.models.data import MNIST_MISSING

MNIST = os.environ.get("NEURODYN_DATA")
pytestmark = pytest.mark.usefixtures("not_laid_out")
ALWAYS = {"portrait.png", "raster.png", "energy.png", "projection.png", "summary.json"}
#: Options that keep it quick, what is drawn beside `ALWAYS`, and the axes.
LIBRARY: dict[str, tuple[list[Any], set[str], list[str]]] = {
    "two-neurons": ([], {"basins.png", "nudged-path.png"}, ["s[0]", "s[1]"]),
    "chain": (["--others", "frozen"], {"nudged-path.png"}, ["y[0]", "y[2]"]),
    "memory": (["--others", "frozen"], {"basins.png", "nudged-path.png"}, ["direction 1", "direction 2"]),
    "digits": (["--resolution", 7], {"nudged-path.png"}, ["y[0]", "y[6]"]),
    "rate-chain": (["--others", "frozen"], {"nudged-path.png"}, ["y[0]", "y[1]"]),
    "convolution": (["--others", "frozen", "--resolution", 7], {"nudged-path.png"}, ["y[0]", "y[7]"]),
    "predictive-coding": (["--others", "frozen"], {"nudged-path.png"}, ["h2[4]", "y[2]"]),
    "resistor": ([], {"nudged-path.png"}, ["h1[0]", "y[0]"]),
    "oscillators": (["--others", "frozen"], {"nudged-path.png"}, ["y[0]", "y[1]"]),
    "dense-memory": (["--others", "frozen"], {"basins.png", "nudged-path.png"}, ["direction 1", "direction 2"]),
}


@pytest.fixture
def portrait(tmp_path, monkeypatch):
    """Runs `neurodyn portrait` in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEURODYN_DATA", raising=False)
    return lambda *arguments: CliRunner().invoke(cli.main, ["portrait", *(str(a) for a in arguments)])


def test_no_model_is_missing_here():
    mnist = [name for name in models.names() if name.startswith("mnist")]
    alike = ["random-feedback", "conv-digits", "stdp-pair", "fixed-point-learning", "gated-memory", "boltzmann"]
    alike += ["resistive-xor", "predictive-coding-residual", "predictive-coding-recurrent", "springs-allosteric"]
    restless = ["chaotic-rate"]
    assert sorted([*LIBRARY, *mnist, *alike, *restless]) == sorted(models.names())


@pytest.mark.slow
def test_without_an_energy_what_would_show_it_is_left_out_with_a_note(portrait, tmp_path):
    weaker = [part for name in ("h1-h2", "h2-y") for part in ("--set", f"connections.{name}.feedback=0.5")]
    result = portrait("rate-chain", *weaker, "--resolution", 7, "--out", "o")
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "o").iterdir()} == (ALWAYS | {"nudged-path.png"}) - {"energy.png"}
    summary = json.loads((tmp_path / "o" / "summary.json").read_text("utf-8"))
    assert summary["has_energy"] is False
    assert [point["energy"] for point in summary["fixed_points"]] == [None]
    assert re.search(r"energy +none: not all influence is mutual", result.stdout)
    for word in ("frequency", "stable", "beta_c"):
        assert word in result.stdout


#: Models whose portraits take seconds.
LONG = (
    "chain",
    "memory",
    "digits",
    "rate-chain",
    "convolution",
    "predictive-coding",
    "dense-memory",
    "resistor",
    "oscillators",
)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in LONG else []) for name in LIBRARY]
)
def test_every_model_has_a_portrait(portrait, tmp_path, name):
    options, figures, names = LIBRARY[name]
    result = portrait(name, *(options if "--resolution" in options else [*options, "--resolution", 7]))
    assert result.exit_code == 0, result.output
    folder = tmp_path / f"neurodyn-{name}-portrait"
    assert {path.name for path in folder.iterdir()} == ALWAYS | figures
    for path in folder.glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    assert summary["axes"]["names"] == names
    assert f"written to {folder.name}" in result.stderr
    for word in ("fixed point", "slowest rate", "hits", "stable node", *names, "beta_c", summary["axes"]["others"]):
        assert word in result.stdout


def test_json_is_the_summary_and_its_numbers_are_the_network_s(portrait, tmp_path, no_pictures):
    result = portrait("two-neurons", "--json", "--resolution", 9, "--sample", 1, "--beta", 0.3, "--out", "o")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary == json.loads((tmp_path / "o" / "summary.json").read_text("utf-8"))
    net, x, y = models.load("two-neurons")
    found = analysis.fixed_points(net, x[1])
    points = summary["fixed_points"]
    assert [point["kind"] for point in points] == list(found.kind) == ["stable node", "stable node", "saddle"]
    for k, point in enumerate(points):
        np.testing.assert_allclose(point["position"], found.state[k], atol=1e-9)
        assert point["energy"] == pytest.approx(found.energy[k])
        assert point["slowest_rate"] == pytest.approx(found.rates[k][np.argmin(np.abs(found.rates[k]))])
    assert sum(point["hits"] for point in points) == 204
    plane = analysis.phase_plane(net, x[1], y=y[1], beta=0.3)
    nudged = summary["nudged"]
    assert nudged["beta"] == 0.3
    np.testing.assert_allclose(
        [point["position"] for point in nudged["fixed_points"]], plane.fixed_points.position, atol=1e-9
    )
    start = models.read("two-neurons").start[1]
    path = analysis.nudged_path(net, nd.relax(net, x[1], start=start), y[1])
    assert summary["nudged_path"]["folds"] == pytest.approx(list(path.folds))
    assert sum(basin["area"] for basin in summary["basins"]) == pytest.approx(1.0, abs=0.02)
    assert summary["sample"] == 1
    assert 0.0 < summary["seconds"] < 600.0


@pytest.mark.slow
def test_units_and_others_are_taken(portrait):
    result = portrait("chain", "--units", "h1[0], h2[1]", "--others", "sliced", "--resolution", 5, "--json")
    assert result.exit_code == 0, result.output
    axes = json.loads(result.stdout)["axes"]
    assert (axes["names"], axes["others"], axes["reason"]) == (["h1[0]", "h2[1]"], "sliced", "chosen")


def test_network_without_outputs(portrait, tmp_path):
    (tmp_path / "ring.toml").write_text(
        'connections = [{between = "s-s", weights = [[0, 2, 1], [2, 0, 2], [1, 2, 0]]}]\n'
        '[populations.s]\nsize = 3\nactivation = "tanh"\n[free]\nstart = [0.3, 0.2, 0.1]\n'
    )
    result = portrait("ring.toml", "--resolution", 9)
    assert result.exit_code == 0, result.output
    folder = tmp_path / "neurodyn-ring-portrait"
    assert {path.name for path in folder.iterdir()} == ALWAYS | {"basins.png"}
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    assert (summary["nudged"], summary["nudged_path"]) == (None, None)
    assert summary["axes"]["reason"] == "what takes part most in the slowest mode"
    assert "nothing to animate" in portrait("ring.toml", "--animate", "movie.gif").stderr


@pytest.mark.slow
def test_a_network_that_goes_round_a_limit_cycle_has_it_drawn(portrait, tmp_path):
    (tmp_path / "round.toml").write_text(
        'model = "rate"\nseed = 6\ngain = 4.0\nconnections = [{between = "s-s", feedback = "random"}]\n'
        '[populations.s]\nsize = 3\nactivation = "tanh"\n[free]\nstart = [0.1, 0.2, 0.3]\n'
    )
    result = portrait("round.toml", "--resolution", 9)
    assert result.exit_code == 0, result.output
    folder = tmp_path / "neurodyn-round-portrait"
    assert {path.name for path in folder.iterdir()} == (ALWAYS | {"limit-cycle.png"}) - {"energy.png"}
    (cycle,) = json.loads((folder / "summary.json").read_text("utf-8"))["limit_cycles"]
    assert cycle["period"] == pytest.approx(4.121682, abs=1e-5)
    assert cycle["stable"] is True
    assert "limit cycle" in result.stdout


@pytest.mark.slow
def test_animation(portrait, tmp_path):
    assert portrait("two-neurons", "--resolution", 7, "--animate", "movie.gif").exit_code == 0
    assert (tmp_path / "movie.gif").read_bytes().startswith(b"GIF8")


@pytest.mark.skipif(not MNIST, reason=MNIST_MISSING)
@pytest.mark.slow
def test_mnist_has_a_portrait(portrait):
    result = portrait("mnist", "--data", MNIST, "--json", "--set", "data.samples=1")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["axes"]["others"] == "frozen"
    assert summary["axes"]["window"] == [[0.0, 1.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["chian"], "did you mean 'chain'?"),
        (["chain", "--units", "h1[0]"], "`--units` must be two different units, like h1[0],h1[1]; got 'h1[0]'"),
        (["chain", "--units", "y[1],y[1]"], "`--units` must be two different units"),
        (["chain", "--units", "h1[0],h3[1]"], "`--units` must be free units, 0 to 16 or h1[0] to h1[7], "),
        (["chain", "--units", "h1[0],y[3]"], "got 'y[3]'"),
        (["chain", "--others", "froze"], "unknown `others` 'froze'; allowed: frozen, relaxed, sliced; did you mean"),
        (["chain", "--sample", "4"], "`--sample` must be a whole number from 0 to 3; got 4"),
        (["chain", "--beta", "0"], "`beta` must not be 0: that is the free flow"),
        (["chain", "--beta", "nan"], "`beta` must be a finite number; got nan"),
        (["chain", "--resolution", "2"], "`resolution` must be a whole number >= 3; got 2"),
        (["chain", "--resolution", "x"], "'x' is not a valid integer"),
        (["chain", "--animate", "movie.mp4"], "`--animate` must end in .gif; got 'movie.mp4'"),
        (["chain", "--set", "nudging.bta=1"], "did you mean 'beta'?"),
        (["mnist"], MNIST_MISSING),
    ],
)
def test_one_plain_sentence(portrait, tmp_path, arguments, sentence):
    result = portrait(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert sentence in result.stderr
    assert result.stderr.startswith("neurodyn: ")
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []
