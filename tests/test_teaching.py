"""The lecture's notebook: valid, small, made of names that exist, and running from top to bottom."""

import ast
import builtins
import json
from pathlib import Path
from types import ModuleType

import pytest

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.analysis import plots

NOTEBOOK = Path(__file__).resolve().parents[1] / "docs" / "teaching" / "errors-are-motion.ipynb"
MODULES = {"nd": nd, "analysis": analysis, "models": models, "plots": plots}


def code_cells() -> list[str]:
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def test_notebook_is_valid_and_its_outputs_are_empty():
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert all(cell.outputs == [] for cell in notebook.cells if cell.cell_type == "code")


def test_code_of_the_notebook_compiles_and_its_names_exist():
    tree = ast.parse("\n".join(code_cells()))
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    defined = {node.id for node in names if isinstance(node.ctx, ast.Store)} | set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            defined |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef):
            defined |= {node.name, *(argument.arg for argument in node.args.args)}
    assert {node.id for node in names} <= defined
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in MODULES:
            module: ModuleType = MODULES[node.value.id]
            assert hasattr(module, node.attr), f"{node.value.id}.{node.attr}"


@pytest.mark.slow
def test_notebook_runs_from_top_to_bottom(tmp_path, monkeypatch):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    monkeypatch.setenv("PYTHONPATH", str(Path(nd.__file__).parents[1]))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # else figures of pyplot are not shown
    nbclient.NotebookClient(notebook, timeout=200, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert sum("image/png" in output.get("data", {}) for output in shown) == 8  # every figure displays itself
