"""The project is packed, linked and imported as its folders stand."""

import ast
import configparser
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

import neurodyn

ROOT = Path(__file__).resolve().parents[1]
PARTS = ["models", "analysis"]


def python(code: str, folder: Path, **env: str) -> str:
    """What a fresh interpreter, started in `folder`, prints."""
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, env=os.environ | env, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_package_list_matches_the_folders():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    found = set()
    for package, top in declared["package-dir"].items():
        for folder, inner, files in os.walk(ROOT / top):  # goes into no link
            inner[:] = [name for name in inner if name != "__pycache__"]
            if files:
                found.add(".".join([package, *Path(folder).relative_to(ROOT / top).parts]))
    assert set(declared["packages"]) == found


def test_oldest_versions_are_those_that_tox_pins():
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    bounds = dict(re.fullmatch(r"([\w-]+)>=([\d.]+)", line).groups() for line in needed)  # type: ignore[union-attr, misc]
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini", "utf-8")
    pins = dict(line.split("==") for line in tox["testenv:lowest"]["deps"].split() if "==" in line)
    wrong = [name for name, bound in bounds.items() if not f"{pins[name]}.0".startswith(f"{bound}.")]
    assert wrong == []


@pytest.mark.parametrize("part", PARTS)
def test_link_is_relative_and_no_copy(part):
    link = ROOT / "neurodyn" / part
    if link.is_symlink():
        assert Path(os.readlink(link)) == Path("..", part)
    else:
        assert not link.is_dir(), f"neurodyn/{part} is a copy that hides the folder {part}"


def test_checkout_without_links_finds_its_parts(tmp_path):
    leave_out = shutil.ignore_patterns("__pycache__")
    for folder in ["neurodyn", *PARTS]:
        shutil.copytree(ROOT / folder, tmp_path / folder, symlinks=True, ignore=leave_out)
    for part in PARTS:
        link = tmp_path / "neurodyn" / part
        link.unlink(missing_ok=True)
        link.write_text(f"../{part}")  # what git leaves where links are not supported
    code = "from neurodyn import models, analysis; print(models.__file__, analysis.__file__, sep='\\n')"
    files = python("import sys; sys.path.insert(0, ''); " + code, tmp_path).splitlines()
    assert [Path(file).resolve() for file in files] == [(tmp_path / part / "__init__.py").resolve() for part in PARTS]


def test_public_names_load_nothing_heavy():
    # numba itself loads the bare scipy package, to see its version
    loaded, by_numba = (
        set(python(f"from {name} import *; import sys; print(*sys.modules)", ROOT).split())
        for name in ["neurodyn", "numba"]
    )
    heavy = ("scipy", "matplotlib", "xarray", "pandas", "pydantic")
    assert [name for name in loaded - by_numba if name.partition(".")[0] in heavy] == []


def test_help_loads_nothing_heavy():
    code = "import sys; from neurodyn.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    loaded = {name.partition(".")[0] for name in python(code, ROOT).split()}
    assert "click" in loaded
    assert loaded.isdisjoint({"numpy", "numba", "scipy", "matplotlib", "xarray", "pandas", "pydantic", "h5py", "tqdm"})


def test_public_names_are_there_whatever_module_was_imported_first():
    code = "import neurodyn.sweep.plan, neurodyn.learning, neurodyn as nd;"
    code += "print(set(nd.__all__) - set(dir(nd)), [n for n in nd.__all__ if not callable(getattr(nd, n))])"
    assert python(code, ROOT).strip() == "set() ['__version__']"


@pytest.mark.skipif(not sys.flags.safe_path, reason="only where the installed wheel is tested")
def test_installed_wheel_is_what_is_tested():
    assert not Path(neurodyn.__file__).is_relative_to(ROOT / "neurodyn")
    code = f"import importlib.util as u; print([part for part in {PARTS} if u.find_spec(part)])"
    assert python(code, ROOT).strip() == "[]", "the wheel must install no package of such a general name"
    beside = {Path(part, name) for part in PARTS for name in no_code(ROOT / part)} | no_code(ROOT / "neurodyn")
    assert beside <= no_code(Path(neurodyn.__file__).parent)


@pytest.mark.skipif(not sys.flags.safe_path, reason="only where the installed wheel is tested")
def test_installed_program_runs_an_experiment_and_its_result_is_read(tmp_path):
    """As plain Python: nothing need be compiled to see that nothing is missing."""
    program = shutil.which("neurodyn", path=sysconfig.get_path("scripts"))
    assert program is not None
    command = [program, "run", "two-neurons", "--out", "o"]
    run = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert json.loads((tmp_path / "o" / "summary.json").read_text("utf-8"))["max_relative_error"] < 1e-5
    assert len(list(tmp_path.glob("o/*.png"))) > 3
    assert python("import neurodyn as nd; print(type(nd.load('o/result.nc')).__name__)", tmp_path) == "Experiment\n"


def no_code(folder: Path) -> set[Path]:
    """Model files, weights and stubs in a folder, which must be installed with the code."""
    return {path.relative_to(folder) for kind in ("toml", "npz", "pyi") for path in folder.rglob(f"*.{kind}")}


def test_no_room_names_a_module_of_another_in_a_string():
    """Imports by string would go from room to room unseen by the contracts on imports; only the table of names may."""
    found = []
    paths = [path for top in ("neurodyn", *PARTS) for path in (ROOT / top).rglob("*.py")]
    quoted = {path: text for path in paths if re.search(r"""["']neurodyn\.""", text := path.read_text("utf-8"))}
    assert quoted
    for path, source in quoted.items():  # no other file has such a string, and to parse all takes seconds
        room = path.parent.relative_to(ROOT).parts[-1 if path.is_relative_to(ROOT / "neurodyn") else 0]
        for node in ast.walk(ast.parse(source)):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            named = re.fullmatch(r"(neurodyn\.(\w+)[\w.]*?)\.?(:\w+)?", text)
            if named and named[2] != room and path.name != "names.py" and is_module(named[1]):
                found.append((path.name, text))
    assert found == []


def is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def test_citation_has_the_version():
    assert f"\nversion: {neurodyn.__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_no_file_names_a_development_machine():
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    files = [ROOT / os.fsdecode(name) for name in names.split(b"\0") if name]
    machine_path = re.compile(rb"/(?:work/|tmp/|root\b)")
    assert [file for file in files if file.is_file() and machine_path.search(file.read_bytes())] == []
