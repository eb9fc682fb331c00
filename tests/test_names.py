"""Files name classes by short names that do not depend on modules, and say what schema they follow."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest
import xarray

import neurodyn as nd
import sweep_cells
from neurodyn import models
from neurodyn.names import NETWORKS, RESULTS, name_in_files
from neurodyn.results.result import Result
from neurodyn.results.seal import LENGTH, read_json, sealed_json
from neurodyn.schema import SCHEMA

GOLDEN = Path(__file__).parent / "golden" / "0.1"
NEWER = f"a newer neurodyn has written this file: its schema is {SCHEMA + 1}"


def own_subclasses(kind):
    """Neurodyn's classes below one of them that are no base of others."""
    below = [sub for sub in kind.__subclasses__() if sub.__module__.startswith("neurodyn.")]
    return {leaf for sub in below for leaf in own_subclasses(sub) or {sub}}


@pytest.fixture
def lists(monkeypatch):
    """The lists of names, put back afterwards."""
    for known in (NETWORKS, RESULTS):
        monkeypatch.setattr(known, "known", dict(known.known))


@pytest.mark.parametrize(("known", "base"), [(NETWORKS, nd.Network), (RESULTS, Result)], ids=["networks", "results"])
def test_tables_have_every_class_of_neurodyn_and_no_other(known, base):
    for module in pkgutil.walk_packages(nd.__path__, "neurodyn."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    assert known.own == {kind.__name__: kind.__module__ for kind in own_subclasses(base)}
    assert all(known.known[kind.__name__] is kind for kind in own_subclasses(base))


def test_name_of_another_class_is_refused(lists):
    with pytest.raises(nd.ArgumentError, match=r"for neurodyn\.models\.rate\.Rate: call the network otherwise"):
        type("Rate", (models.Hopfield,), {})
    type("Mine", (models.Hopfield,), {"__qualname__": "Outer.Mine"})
    with pytest.raises(nd.ArgumentError, match=r"for .*Outer\.Mine: call the network otherwise, or only its name"):
        type("Mine", (models.Hopfield,), {})
    with pytest.raises(nd.ArgumentError, match=r"`name_in_files` must be a name like 'MyClass'; got 'a\.b'"):
        type("Other", (models.Hopfield,), {}, name_in_files="a.b")


def test_class_that_is_made_again_takes_its_place(lists):
    kinds = [type("Mine", (models.Hopfield,), {"__module__": module}) for module in ("mine", "mine", "__main__")]
    assert NETWORKS.find("Mine") is kinds[-1]
    assert [name_in_files(kind) for kind in kinds] == ["Mine"] * 3


def test_networks_and_results_of_ones_own_are_saved(lists, tmp_path):
    class Mine(models.Hopfield, name_in_files="MyNetwork"):
        pass

    @dataclass(frozen=True, eq=False, repr=False, slots=True)  # which makes the class twice
    class Found(Result, name_in_files="MyResult"):
        what: str = ""

    result = Found(Mine.layered([2, 2], seed=1), "it")
    result.save(tmp_path / "found.nc")
    again = nd.load(tmp_path / "found.nc")
    assert (type(again), type(again.network)) == (Found, Mine)
    assert again == result
    about = json.loads(result.to_xarray().attrs["neurodyn"])
    assert (about["result"], about["network"]["model"]) == ("MyResult", "MyNetwork")


@pytest.mark.parametrize("name", ["Hopfield", "neurodyn.models.hopfield.Hopfield", "neurodyn.nowhere.Hopfield"])
def test_last_part_of_a_name_counts(name):
    assert NETWORKS.find(name) is models.Hopfield


@pytest.mark.parametrize(
    "name", ["secret.Hopfield", "Nothing", "os.path.join", "neurodyn.system.graph.Graph", "", None]
)
def test_what_is_not_there_is_not_found(name):
    assert NETWORKS.find(name) is None


def test_a_file_brings_in_the_module_of_its_class_and_no_figures():
    code = (
        "import sys, neurodyn as nd; assert 'neurodyn.analysis' not in sys.modules; "
        "print(type(nd.load(sys.argv[1])).__name__, 'matplotlib' in sys.modules)"
    )
    path = os.pathsep.join([str(Path(nd.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    arguments = [sys.executable, "-c", code, str(GOLDEN / "arrival.nc")]
    run = subprocess.run(arguments, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True)
    assert run.stdout.split() == ["Arrival", "False"], run.stderr


# -- the schema ------------------------------------------------------------------------------------------------


def with_schema(text, schema):
    return json.dumps(json.loads(text) | {"schema": schema})


@pytest.mark.parametrize(
    ("name", "schema", "sentence"),
    [
        ("experiment", SCHEMA + 1, NEWER),
        ("equilibrium", "1", "must be a whole number; got '1'"),
        ("equilibrium", -1, "got -1"),
        ("equilibrium", True, "got True"),
    ],
)
def test_results_of_another_schema_are_refused(name, schema, sentence, tmp_path):
    with xarray.open_datatree(GOLDEN / f"{name}.nc", engine="h5netcdf") as tree:
        tree.load()
    tree.attrs["neurodyn"] = with_schema(tree.attrs["neurodyn"], schema)
    tree.to_netcdf(tmp_path / "newer.nc", engine="h5netcdf")
    with pytest.raises(nd.ResultFileError, match=rf"newer\.nc: .*{sentence}"):
        nd.load(tmp_path / "newer.nc")


def test_checkpoint_says_its_schema_and_a_newer_one_is_refused(tmp_path):
    path, net = tmp_path / "learning.checkpoint", models.Hopfield.layered([2, 2], activation="hard-sigmoid", seed=1)
    x, y = [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    nd.learn(net, x, y, epochs=1, checkpoint=path)
    title, head, rest = path.read_bytes().split(b"\n", 2)
    assert json.loads(head)["schema"] == SCHEMA
    path.write_bytes(b"\n".join([title, with_schema(head, SCHEMA + 1).encode(), rest[:-LENGTH]]))
    with pytest.raises(nd.ResultFileError, match=rf"learning\.checkpoint: {NEWER}"):
        nd.learn(net, x, y, epochs=2, checkpoint=path, resume=True)


def test_sweep_says_its_schema_and_a_newer_one_is_refused(tmp_path):
    class Quick:
        """Computes at once."""

        def submit(self, function, *arguments):
            from concurrent.futures import Future

            done: Future[object] = Future()
            done.set_result(function(*arguments))
            return done

    options = {"function": sweep_cells.noisy, "vary": {"a": [1]}, "out": tmp_path, "executor": Quick()}
    data = nd.sweep(**options)
    assert json.loads(data.attrs["neurodyn"])["schema"] == SCHEMA
    plan, cell = tmp_path / "plan.json", tmp_path / "cells" / "all.jsonl"
    assert [json.loads(path.read_text("utf-8"))["schema"] for path in (plan, cell)] == [SCHEMA] * 2
    plan.write_text(sealed_json(read_json(plan) | {"schema": SCHEMA + 1}), "utf-8")
    with pytest.raises(nd.ResultFileError, match=rf"plan\.json: {NEWER}"):
        nd.sweep(**options, resume=True)


def test_names_of_schema_0_are_those_of_its_files():
    from neurodyn.schema import NAMES_0

    about = json.loads((GOLDEN / "sweep-run" / "plan.json").read_text("utf-8"))
    assert NAMES_0["run"] == about["function"]
    assert set(NAMES_0) == {"run", "Hopfield", "Rate"}
