"""Files written by earlier versions hold today what they held then; `golden/make.py` wrote them."""

from __future__ import annotations

import json
import math
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import neurodyn as nd
from golden.measure import digest, measure, numbers
from neurodyn import models
from neurodyn.names import RESULT_MODULES

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("golden/*/values.json"))
VALUES = {folder: json.loads((folder / "values.json").read_text("utf-8")) for folder in FOLDERS}

#: Of each kind of result the first file: it is saved again, too.
OLDEST = {
    kind: (folder, name)
    for folder in reversed(FOLDERS)
    for name, about in VALUES[folder]["results"].items()
    for kind in [about["result"]]
}.values()


def entries(part: str) -> list[Any]:
    """Every entry of one part of the values, with its folder."""
    found = [(folder, name) for folder in FOLDERS for name in VALUES[folder].get(part, {})]
    return [pytest.param(folder, name, id=f"{folder.name}-{name}") for folder, name in found]


def assert_same(found: Any, expected: Any, where: str = "", rel: float = 1e-12, tiny: float = 0.0) -> None:
    """Equal, but that numbers with a point may differ in their last digits, or by `tiny`."""
    if isinstance(expected, dict):
        found = {name: value for name, value in found.items() if name in expected or value is not None}  # newer fields
        assert found.keys() == expected.keys(), where
        for name in expected:
            assert_same(found[name], expected[name], f"{where}.{name}", rel, tiny)
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for k, (a, b) in enumerate(zip(found, expected, strict=True)):
            assert_same(a, b, f"{where}[{k}]", rel, tiny)
    elif isinstance(expected, float):
        both_nan = math.isnan(found) and math.isnan(expected)
        assert both_nan or math.isclose(found, expected, rel_tol=rel, abs_tol=tiny), where
    else:
        assert found == expected, where


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def test_there_are_files_of_the_first_versions_and_of_each_kind():
    assert [folder.name for folder in FOLDERS][:3] == ["0.1", "0.1-first", "0.1-second"]
    kinds = {about["result"] for folder in FOLDERS for about in VALUES[folder]["results"].values()}
    assert kinds == set(RESULT_MODULES)


@pytest.mark.parametrize(("folder", "name"), entries("results"))
def test_a_result_holds_what_it_held_when_it_was_written(folder, name, tmp_path):
    result = nd.load(folder / f"{name}.nc")
    assert_same(plain(measure(result)), VALUES[folder]["results"][name])
    if (folder, name) in OLDEST:
        result.save(tmp_path / "again.nc")
        assert nd.load(tmp_path / "again.nc") == result


@pytest.mark.parametrize("folder", [f for f in FOLDERS if "weights" in VALUES[f]], ids=lambda folder: folder.name)
def test_weights_go_into_a_model_file(folder, tmp_path):
    shutil.copy(folder / "weights.npz", tmp_path)
    (tmp_path / "model.toml").write_text(
        'title = "t"\nparameters.file = "weights.npz"\nconnections = ["x-h1", "h1-y"]\n'
        'populations.x = {size = 3, role = "input"}\npopulations.h1 = {size = 4}\n'
        'populations.y = {size = 2, role = "output"}\n'
    )
    assert digest(models.read(tmp_path / "model.toml").network.parameters.vector) == VALUES[folder]["weights"]


@pytest.mark.parametrize(("folder", "name"), entries("checkpoints"))
def test_learning_goes_on_from_a_checkpoint(folder, name, tmp_path):
    about = VALUES[folder]["checkpoints"][name]
    start = nd.load(folder / f"{about['network']}.nc").network
    shutil.copy(folder / f"{name}.checkpoint", tmp_path)
    epochs: list[int] = []
    training = nd.learn(
        start,
        about["x"],
        about["y"],
        epochs=4,
        validation=about["validation"],
        checkpoint=tmp_path / f"{name}.checkpoint",
        resume=True,
        on_epoch=lambda epoch, row: epochs.append(epoch),
        **about["recipe"],
    )
    assert epochs == [2, 3]
    costs = {key: getattr(training, key).tolist() for key in ("train_cost", "validation_cost")}
    found = {"parameters": training.network.parameters.vector.tolist(), **costs}
    assert_same(found, about["end"], rel=1e-5, tiny=1e-6)


def cells_in(folder: Path) -> set[bytes]:
    """Cells of a sweep: lines of a few files, or, in folders of the first versions, a file each."""
    files = [path.read_bytes() for path in (folder / "cells").iterdir()]
    return {line for content in files for line in content.splitlines()}


@pytest.mark.parametrize(("folder", "name"), entries("sweeps"))
def test_a_sweep_goes_on_with_the_cell_that_is_missing(folder, name, tmp_path, monkeypatch):
    about = VALUES[folder]["sweeps"][name]
    monkeypatch.setattr(nd, "__version__", VALUES[folder]["version"])  # a sweep belongs to one version
    out = tmp_path / name
    shutil.copytree(folder / name, out)
    before = cells_in(out)
    with ThreadPoolExecutor(1) as executor:
        data = nd.sweep(**about["options"], out=out, resume=True, executor=executor)
    assert len(cells_in(out)) == len(before) + 1
    assert cells_in(out) > before
    found = {str(key): numbers(column.values) for key, column in data.variables.items()}
    assert_same(plain(found), about["data"], rel=1e-6, tiny=1e-9)
