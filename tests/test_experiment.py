"""The experiment stands once: for networks, for model files, and for cells that differ in their nudging alone."""

import contextlib

import neurodyn as nd
from neurodyn import models
from neurodyn.experiments.experiment import run_phases
from neurodyn.experiments.model_run import groundwork_of, run_model


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
