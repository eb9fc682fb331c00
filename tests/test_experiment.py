"""The experiment stands once: for networks, for model files, and for cells that differ in their nudging alone."""

import contextlib
from typing import Any

import pytest

import neurodyn as nd
from neurodyn import models
from neurodyn.experiments.experiment import run_phases
from neurodyn.experiments.kernels import compile_kernels
from neurodyn.experiments.model_run import groundwork_of, run_model
from neurodyn.numerics.kernel import Flow, Kernel, Series
from neurodyn.solvers.stepper import advance
from neurodyn.solvers.taylor import advance_lanes
from neurodyn.system.parts import ALWAYS, CURVED, OF_TERMS


@pytest.fixture
def asked(monkeypatch):
    """The kernels that were asked for, compiled before or not."""
    found: set[Kernel] = set()
    compiled: Any = Kernel.__dict__["compiled"]

    def noted(kernel: Kernel) -> Any:
        found.add(kernel)
        return compiled.fget(kernel)

    monkeypatch.setattr(Kernel, "compiled", property(noted))
    return found


@pytest.mark.parametrize(
    ("name", "overrides", "energy"),
    [
        ("two-neurons", [], True),
        ("two-neurons", ["solver.method=RK45"], True),
        ("rate-chain", [], True),
        ("rate-chain", ["connections.h2-y.feedback=0.5"], False),
        ("digits", ["data.samples=2"], True),
        ("resistor", [], True),
    ],
)
def test_kernels_compiled_for_a_run_are_those_that_it_calls(name, overrides, energy, asked):
    model = models.read(name, overrides=overrides)
    assert model.network.has_energy == energy
    compile_kernels(model.network, model.solver)
    prepared = set(asked)
    asked.clear()
    run_model(model)
    others = {advance, advance_lanes, *ALWAYS.values(), *CURVED.values(), *OF_TERMS.values()}
    assert {kernel for kernel in asked if isinstance(kernel, (Flow, Series)) or kernel in others} == prepared


def test_a_groundwork_serves_every_nudging():
    model = models.read("two-neurons")
    groundwork = groundwork_of(model)
    for beta, nudging in ((1e-3, "centered"), (1e-2, "positive")):
        shared = run_phases(groundwork, beta=beta, nudging=nudging)
        alone = nd.experiment(model.network, model.x, model.y, start=model.start, beta=beta, nudging=nudging)
        assert shared == alone
        assert shared.equilibrium is groundwork.equilibrium
        assert shared.side is groundwork.side


def test_parts_of_a_run_are_watched_by_their_names():
    seen = []

    @contextlib.contextmanager
    def watch(name):
        seen.append(name)
        yield
        seen.append(f"end of {name}")

    run_model(models.read("two-neurons"), watch=watch)
    parts = ("free phase", "nudged phase", "side network", "comparison")
    assert seen == [text for part in parts for text in (part, f"end of {part}")]
