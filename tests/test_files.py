"""Result files: what is written is what is read, or a plain refusal; see also the contract suite."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray

import neurodyn as nd
from networks import BOXED, SMOOTH
from neurodyn import models
from neurodyn.results import files

ROOT = Path(__file__).resolve().parents[1]
TIMES = np.array([0.0, 0.5, 2.0])


@pytest.fixture
def net():
    return SMOOTH["recurrent"]()


@pytest.fixture
def whole(net, rng):
    return nd.experiment(net, rng.uniform(-0.5, 0.5, (2, 3)), [0, 1], t_eval=TIMES)


def test_an_experiment_loads_equal_with_all_its_phases(whole, tmp_path):
    whole.save(tmp_path / "result.nc")
    loaded = nd.load(tmp_path / "result.nc")
    assert isinstance(loaded, nd.Experiment)
    assert loaded == whole
    assert loaded.nudged.positive == whole.nudged.positive is not None
    assert loaded.side.parameter_gradient() == whole.side.parameter_gradient()


def test_a_loaded_equilibrium_can_be_nudged(whole, net, tmp_path):
    whole.equilibrium.save(tmp_path / "rest.nc")
    loaded = nd.load(tmp_path / "rest.nc")
    assert isinstance(loaded, nd.Equilibrium)
    again = nd.nudge(net, loaded, [0, 1], t_eval=TIMES)
    np.testing.assert_array_equal(again.velocity, whole.nudged.velocity)


def test_files_are_byte_for_byte_those_of_xarray_without_it(whole, tmp_path, monkeypatch):
    sparse = models.Hopfield.recurrent(6, n_out=1, sparsity=0.5, seed=0)
    datasets = (whole.to_xarray(), files._dataset(files._network_group(sparse)))
    for thing, data in zip((whole, sparse), datasets, strict=True):
        files.write_netcdf(tmp_path / "expected.nc", data)
        with monkeypatch.context() as without:
            without.setitem(sys.modules, "xarray", None)
            nd.save(thing, tmp_path / "found.nc")
        assert (tmp_path / "found.nc").read_bytes() == (tmp_path / "expected.nc").read_bytes()


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("name", ["without-input", "hard", "failed"])
def test_special_results_load_equal(name, batched, rng, tmp_path):
    pick = slice(None) if batched else 0
    if name == "without-input":
        net = SMOOTH["recurrent-without-input"]()
        result: nd.Equilibrium | nd.Trajectory = nd.relax(net, start=rng.normal(size=(2, net.n))[pick])
        assert result.x is None
    elif name == "hard":
        net = BOXED["chain-hard"]()
        result = nd.relax(net, rng.uniform(-1.0, 1.0, (2, 4))[pick])
        assert not result.active.all()
    else:  # NaN where it did not get
        net = models.Hopfield.layered([2, 3], activation="linear", gain=1.0)
        result = nd.simulate(
            net, np.ones((2, 2))[pick], t_eval=TIMES, solver=nd.Solver("relax5", max_steps=3), on_failure="return"
        )
        assert np.isnan(result.state).any()
    result.save(tmp_path / "result.nc")
    assert nd.load(tmp_path / "result.nc") == result


def test_a_dataset_names_its_dimensions_and_units(whole):
    data = whole.nudged.to_xarray()
    assert data["displacement_rate"].dims == ("branch", "time", "batch", "unit")
    assert data["displacement_rate"].attrs["units"] == "1/time"
    assert data["tau"].attrs["units"] == "time"
    np.testing.assert_array_equal(data["time"], TIMES)
    assert set(data["population"].values) == {"s"}
    assert data["residual"].dims == ("batch",)
    single = nd.relax(whole.network, whole.equilibrium.x[0]).to_xarray()
    assert single["state"].dims == ("unit",)
    assert single["residual"].dims == ()


def test_provenance_is_one_json_attribute(whole):
    data = whole.nudged.to_xarray()
    assert set(data.attrs) == {"neurodyn"}
    about = json.loads(data.attrs["neurodyn"])
    assert about["schema"] == 2
    assert about["result"] == "NudgedPhase"
    assert about["network"]["model"] == "Hopfield"
    assert about["network"]["seed"] == 6
    assert about["fields"]["solver"]["method"] == "adaptive"
    assert about["fields"]["counters"]["nfev"] > 0
    assert about["versions"]["neurodyn"] == nd.__version__
    np.testing.assert_array_equal(data["parameters"], whole.network.parameters.vector)


def test_a_file_is_read_in_a_process_that_imported_no_model(whole, tmp_path):
    whole.save(tmp_path / "result.nc")
    code = (
        "import sys, neurodyn as nd; assert 'neurodyn.models.hopfield' not in sys.modules; "
        "print(nd.load(sys.argv[1]).network)"
    )
    path = [str(Path(nd.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "result.nc")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))},
        capture_output=True,
        text=True,
    )
    assert run.stdout.strip() == repr(whole.network), run.stderr


@pytest.mark.parametrize("content", [b"", b"not a file of ours", b"\x89HDF\r\n\x1a\n" + bytes(200)])
def test_damaged_files_are_refused_by_name(content, tmp_path):
    path = tmp_path / "damaged.nc"
    path.write_bytes(content)
    with pytest.raises(nd.ResultFileError, match=r"damaged\.nc"):
        nd.load(path)


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_truncated_files_are_refused(whole, part, tmp_path):
    path = tmp_path / "whole.nc"
    whole.save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(nd.ResultFileError, match=r"whole\.nc"):
        nd.load(path)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(nd.ResultFileError, match=r"no such result file: .*nowhere.nc"):
        nd.load(tmp_path / "nowhere.nc")
    with pytest.raises(nd.ResultFileError, match=r"is no folder of a sweep: it has no plan\.json"):
        nd.load(tmp_path)


def test_other_peoples_files_are_refused(tmp_path):
    xarray.Dataset({"a": ("time", [1.0, 2.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(nd.ResultFileError, match="not a neurodyn result"):
        nd.load(tmp_path / "other.nc")


@pytest.mark.parametrize(
    "model", ["os.path.join", "neurodyn.system.graph.Graph", "neurodyn.nowhere.Model", "secret.Model"]
)
def test_a_file_cannot_make_us_run_other_classes(whole, model, tmp_path):
    data = whole.equilibrium.to_xarray()
    about = json.loads(data.attrs["neurodyn"])
    about["network"]["model"] = model
    data.attrs["neurodyn"] = json.dumps(about)
    data.to_netcdf(tmp_path / "forged.nc", engine="h5netcdf")
    with pytest.raises(nd.ResultFileError, match=r"forged\.nc"):
        nd.load(tmp_path / "forged.nc")


def test_a_failed_write_leaves_the_old_file_and_no_debris(whole, tmp_path):
    path = tmp_path / "result.nc"
    path.write_text("old")

    def fail(temporary):
        Path(temporary).write_text("half")
        raise OSError("disk full")

    with pytest.raises(nd.ResultFileError, match=r"cannot write .*result.nc: disk full"):
        files.write(path, fail)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["result.nc"]


FULL = """
import resource, sys
import neurodyn as nd
from neurodyn import models
net = models.Hopfield.layered([2, 3, 1], seed=0)
resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
try:
    nd.save(net, sys.argv[1])
except nd.ResultFileError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no limit on the size of files")
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path):
    """HDF5 would end the process when it cannot write."""
    path = tmp_path / "net.nc"
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"cannot write {path}: File too large\n", "")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_refused(whole, tmp_path):
    with pytest.raises(nd.ResultFileError, match="cannot write"):
        whole.save(tmp_path / "nowhere" / "result.nc")


def test_a_new_file_has_ordinary_permissions(whole, tmp_path):
    whole.equilibrium.save(tmp_path / "result.nc")
    (tmp_path / "plain").touch()
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("result.nc", "plain")]
    assert modes[0] == modes[1]


def test_saving_twice_replaces(whole, tmp_path):
    path = tmp_path / "result.nc"
    whole.save(path)
    whole.equilibrium.save(path)
    assert nd.load(path) == whole.equilibrium


def test_results_of_different_kind_or_content_differ(whole, net):
    assert whole.equilibrium != whole.side
    longer = nd.experiment(net, whole.equilibrium.x, [0, 1], t_eval=[0.0, 0.5, 3.0])
    assert longer != whole
    assert longer.equilibrium == whole.equilibrium
    assert repr(whole.equilibrium).startswith("Equilibrium(2 x 8 units: 2 stable")


@pytest.mark.parametrize("about", ["5", "[]", "null", '"a"', "[" * 10_000, "{}", '{"result": 5}'])
def test_a_file_whose_description_is_none_is_refused(about, tmp_path):
    xarray.Dataset(attrs={"neurodyn": about}).to_netcdf(tmp_path / "r.nc", engine="h5netcdf")
    with pytest.raises(nd.ResultFileError, match=r"r\.nc: "):
        nd.load(tmp_path / "r.nc")


@pytest.mark.parametrize("key", ["result", "network", "fields", "versions"])
@pytest.mark.parametrize("value", [5, None, [], {"a": 1}, "Equilibrium"])
def test_a_description_with_something_else_is_refused_or_harmless(key, value, whole, tmp_path):
    data = whole.equilibrium.to_xarray()
    data.attrs["neurodyn"] = json.dumps(json.loads(data.attrs["neurodyn"]) | {key: value})
    data.to_netcdf(tmp_path / "r.nc", engine="h5netcdf")
    if key == "versions" or (key, value) == ("result", "Equilibrium"):
        assert nd.load(tmp_path / "r.nc") == whole.equilibrium
        return
    with pytest.raises(nd.ResultFileError, match=r"r\.nc: "):
        nd.load(tmp_path / "r.nc")


def test_values_that_contradict_their_status_are_refused(whole, tmp_path):
    data = whole.equilibrium.to_xarray().copy(deep=True)
    data["state"][0, 0] = np.nan
    data.to_netcdf(tmp_path / "nan.nc", engine="h5netcdf")
    with pytest.raises(nd.ResultFileError, match="`state` has values that are not finite, though its status says"):
        nd.load(tmp_path / "nan.nc")
    data["state"] = data["state"].astype(str)
    data.to_netcdf(tmp_path / "text.nc", engine="h5netcdf")
    with pytest.raises(nd.ResultFileError, match="`state` must hold numbers; got values of the type"):
        nd.load(tmp_path / "text.nc")


def test_datasets_have_what_is_computed_and_files_leave_it_out(whole, tmp_path):
    data = whole.nudged.to_xarray()
    for name in ("state", "velocity", "error_signal"):
        assert data[name].dims == ("time", "batch", "unit")
        assert np.array_equal(data[name], getattr(whole.nudged, name))
    assert data["velocity"].units == "1/time"
    whole.nudged.save(tmp_path / "run.nc")
    with xarray.open_dataset(tmp_path / "run.nc", engine="h5netcdf") as stored:
        assert "error_signal" not in stored
    assert nd.load(tmp_path / "run.nc") == whole.nudged


@pytest.mark.parametrize("name", ["sparse", "chain-softmax"])
def test_a_network_alone_is_saved_and_loads_equal(name, tmp_path):
    net = SMOOTH[name]()
    nd.save(net, tmp_path / "net.nc")
    again = nd.load(tmp_path / "net.nc")
    assert again == net
    assert np.array_equal(
        again.force(np.zeros(net.n), np.ones(net.n_in)), net.force(np.zeros(net.n), np.ones(net.n_in))
    )


def test_only_results_and_networks_are_saved(tmp_path):
    with pytest.raises(nd.ArgumentError, match="expected a result of neurodyn or a network to save; got dict"):
        nd.save({}, tmp_path / "net.nc")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_what_is_not_there_is_said_with_what_is(whole):
    for owner, name, sentence in (
        (whole.network, "weights", "`network.parameters`, by name"),
        (whole.network, "save", r"neurodyn.save\(network, path\)"),
        (whole.network, "taus", "did you mean 'tau'"),
        (whole.nudged, "time", "did you mean 't'"),
        (whole.nudged, "error_signals", "did you mean 'error_signal'"),
        (whole.equilibrium, "nothing_alike", "no attribute 'nothing_alike'$"),
    ):
        with pytest.raises(AttributeError, match=sentence):
            getattr(owner, name)
