"""Every public name has an example in its docstring, and the examples run."""

from __future__ import annotations

import doctest
import inspect
from importlib import import_module
from types import FunctionType
from typing import Any

import pytest

#: The modules whose `__all__` is public.
MODULES = (
    "neurodyn",
    "neurodyn.models",
    "neurodyn.models.data",
    "neurodyn.models.terms",
    "neurodyn.estimators",
    "neurodyn.learning",
    "neurodyn.sweep",
    "neurodyn.analysis",
    "neurodyn.analysis.plots",
    "neurodyn.testing",
)


def named(module: str) -> dict[str, Any]:
    """What a module names as public."""
    return {name: getattr(import_module(module), name) for name in import_module(module).__all__}


def public(module: str) -> dict[str, Any]:
    """The classes and functions that a module names, without those that a module before it names too."""
    earlier = {id(thing) for other in MODULES[: MODULES.index(module)] for thing in named(other).values()}
    kinds = (type, FunctionType)
    return {n: thing for n, thing in named(module).items() if isinstance(thing, kinds) and id(thing) not in earlier}


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_has_an_example(module):
    lacking = [name for name, thing in public(module).items() if ">>> " not in (inspect.getdoc(thing) or "")]
    assert lacking == []


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.usefixtures("no_processes")
def test_examples_run(module, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    texts: list[str] = []
    for name, thing in public(module).items():
        for test in finder.find(thing, f"{module}.{name}", globs={"__name__": "__main__"}):
            runner.run(test, out=texts.append)
    assert runner.failures == 0, "\n".join(texts)
    assert runner.tries > 0
