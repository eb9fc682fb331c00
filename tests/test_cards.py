"""Results and networks show themselves: in a few lines of text, and as a card in notebooks."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.cards.picture import HUES
from neurodyn.cards.shown import Shown
from neurodyn.estimators import ESTIMATORS
from neurodyn.names import RESULT_MODULES
from neurodyn.results.result import Result

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("golden/*/values.json"))
#: A file for each kind of result.
GOLDEN = {
    about["result"]: folder / f"{name}.nc"
    for folder in FOLDERS
    for name, about in json.loads((folder / "values.json").read_text("utf-8"))["results"].items()
}
NET = models.Hopfield.layered([3, 2, 2])


def assert_shows_well(thing: Any) -> ElementTree.Element:
    """Text of at most five lines, and a well-formed card of less than 20 kB; returns the card."""
    lines = repr(thing).splitlines()
    assert 1 <= len(lines) <= 5
    assert max(map(len, lines)) <= 120
    html = thing._repr_html_()
    assert len(html.encode()) < 20_000
    card = ElementTree.fromstring(html)
    assert type(thing).__name__ in "".join(card.itertext())
    assert not [cell.text for cell in card.iter() if cell.text and "array(" in cell.text]
    return card


def test_every_kind_of_result_in_a_file_shows_itself():
    assert GOLDEN.keys() == set(RESULT_MODULES)
    for kind, path in GOLDEN.items():
        result = nd.load(path)
        card = assert_shows_well(result)
        assert list(card.iter("svg")), f"{kind} has no picture"
        assert_shows_well(result.network)


def by_hand() -> list[Any]:
    """Results of the analysis that no file holds, with numbers that nothing computed."""
    k, rng = np.arange(1.0, 5.0), np.random.default_rng(0)
    states, times = rng.normal(size=(4, 2)), np.linspace(0.0, 1.0, 4)
    points = analysis.FixedPoints(states, k, k, states, k.astype(int), np.array(["saddle"] * 4), k.astype(int))
    bifurcation = analysis.Bifurcation("fold", 1.0, states[0], states[1], 0)
    branch = analysis.Branch("gain", k, states, k, states, k.astype(int), (bifurcation,), ("span", "span"), NET.graph)
    steps = analysis.StepByStep(times, 0.1, "centered", {"all": 0.1}, {"all": 0.1}, times)
    gradient = nd.Gradient(
        NET.parameters.blocks, NET.parameters.vector, method="implicit", options={}, force_evaluations=1,
        simulated_time=0.0, seconds=0.0, notes=("a note",),
    )  # fmt: skip
    agreement = analysis.Agreement(1.0, 1.0, 1.0, 0.0)
    estimate = analysis.GradientEstimate("implicit", gradient, agreement, {"h1": agreement})
    path = (np.r_[k[:3], np.inf], states, k, k, np.zeros(4, int), (), states[0], states[0], 1.0, ("span", "span"))
    loss = {"implicit": k}
    return [
        points,
        bifurcation,
        branch,
        analysis.BifurcationDiagram("gain", (branch,)),
        analysis.NudgedPath(*path, NET.graph),
        steps,
        gradient,
        agreement,
        estimate,
        analysis.ComparedGradients(gradient, {"implicit": estimate}, {"other": "why"}, steps),
        analysis.GradientTrack("implicit", 0.1, np.r_[k, 5.0], loss, loss, {}, NET),
        analysis.GradientOrder(k, {"centered": k}, 0.0, 1.0),
        analysis.Convergence(k, k, k, 0.0, k, k, 0.0, 1.0, k),
        analysis.Asymmetry(k, k, k, {}, k, k, k, k, 0.1),
        analysis.LyapunovMap(("a", "b"), k[:2], k[:3], rng.normal(size=(3, 2)), np.ones((3, 2))),
        analysis.CycleBranch(
            "a", k, k, states, states, states, states.astype(complex), k.astype(int), (), ("span", "span"), NET.graph
        ),
        analysis.CycleBifurcation("torus", 1.0, 2.0, states[0], 0),
        analysis.BasinVolumes(np.array([0.3, 0.7]), np.array([0.1, 0.1]), points, 0.0),
        analysis.Projection(
            "components", k, states, states, k[:2], None, times, rng.normal(size=(4, 3, 2)), None, None, None
        ),
        NET.parameters,
    ]


def test_results_that_no_file_holds_show_themselves():
    for thing in by_hand():
        assert_shows_well(thing)


@pytest.mark.slow  # portraits compile many kernels
def test_portraits_and_comparisons_show_themselves():
    net = models.Hopfield.layered([1, 1, 1], gain=2.0, seed=1)
    both = nd.experiment(net, [0.5], [1.0])
    picture = analysis.portrait(net, [0.5], [1.0])
    compared = analysis.compare(both.nudged, both.side)
    parts = [picture.free, picture.nudged, picture.path, picture.basins, picture.fixed_points]
    for thing in (picture, *parts, compared, compared.gradient, *compared.populations.values()):
        assert_shows_well(thing)


def test_every_public_result_is_one_that_shows_itself():
    kinds = [getattr(module, name) for module in (nd, analysis) for name in module.__all__]
    results = [kind for kind in kinds if isinstance(kind, type) and dataclasses.is_dataclass(kind)]
    silent = {kind.__name__ for kind in results if kind.__module__.startswith("neurodyn.analysis")} - {
        kind.__name__ for kind in results if issubclass(kind, Shown)
    }
    assert silent == set()
    assert issubclass(nd.Network, Shown)
    assert issubclass(nd.Gradient, Shown)


def test_what_a_card_says_is_escaped():
    data = xarray.Dataset({"<b>": ("k", [1.0, 2.0])}, {"k": [0.0, 1.0]})
    study = analysis.Study(NET, "<script>alert(1)</script>", "a & b", data, {})
    html = study._repr_html_()
    assert "<script>" not in html
    assert "<b></td>" not in html
    assert "a &amp; b" in html
    assert_shows_well(study)


def test_cards_of_large_things_stay_small():
    wide = models.Hopfield.layered([2] * 40)
    assert "… and 28 more" in "".join(assert_shows_well(wide).itertext())
    t = np.linspace(0.0, 1.0, 5000)
    states = np.random.default_rng(0).normal(size=(5000, wide.n))
    long = nd.Trajectory(wide, t=t, state=states, velocity=states, status=np.array(1))
    assert_shows_well(long)


def test_pictures_leave_out_what_is_not_finite():
    states = np.full((5, NET.n), np.nan)
    run = nd.Trajectory(NET, t=np.arange(5.0), state=states, velocity=states, status=np.array(5))
    assert "nan" not in run._repr_html_().lower()


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    channels = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("page", ["#ffffff", "#111111"], ids=["light", "dark"])
def test_hues_stand_out_from_light_and_dark_pages(page):
    for hue in HUES:
        low, high = sorted([luminance(hue), luminance(page)])
        assert (high + 0.05) / (low + 0.05) >= 3.0, hue


def test_tabulator_key_knows_names():
    assert NET.parameters._ipython_key_completions_() == ["x-h1", "h1-y", "h1", "y"]
    assert NET.graph._ipython_key_completions_() == ["x", "h1", "y"]
    study = analysis.Study(NET, "s", "t", xarray.Dataset({"a": ("k", [1.0])}, {"k": [0]}))
    assert set(study._ipython_key_completions_()) == {"a", "k"}
    assert "implicit" in ESTIMATORS._ipython_key_completions_()  # type: ignore[attr-defined]
    assert set(nd.__all__) <= set(dir(nd))


def test_results_of_ones_own_show_themselves():
    @dataclasses.dataclass(frozen=True, eq=False, repr=False)
    class Mine(Result, name_in_files="MineOfCards"):
        note: str = ""

    assert repr(Mine(NET, "short")) == "Mine(note short)"
    assert_shows_well(Mine(NET, "short"))
