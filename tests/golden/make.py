"""Write one small file of each kind that neurodyn can write, and beside them what they hold.

From the top of the repository, for a new version into a new folder; folders that are there stay as they are:

    PYTHONPATH=.:tests python -m golden.make 0.2
"""

from __future__ import annotations

import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import neurodyn as nd
from golden.measure import digest, measure, numbers
from neurodyn import Connection, analysis
from neurodyn.models import Hopfield, Rate
from neurodyn.results.result import Result

#: Inputs and labels of six samples, exact in binary so that they have the same bits on every machine.
X = (np.arange(18.0).reshape(6, 3) * 5.0 % 16.0) / 16.0
LABELS = np.array([0, 1, 1, 0, 1, 0])
T = np.array([0.0, 0.5, 2.0])
#: Learning that is interrupted after two epochs, and goes on to four.
RECIPES: dict[str, dict[str, Any]] = {
    "ep-2017": {"method": "ep-2017", "batch_size": 2, "rates": [0.1, 0.05], "free_steps": 6, "nudged_steps": 3},
    "descent": {"method": "equilibrium-propagation", "batch_size": 3, "rates": 0.1, "patience": 4, "alignment": 2},
    "adam": {"method": "ep-2017", "batch_size": 2, "optimizer": "adam", "weight_decay": 0.01, "clip_norm": 1.0},
    "momentum": {"method": "equilibrium-propagation", "batch_size": 3, "optimizer": "momentum", "schedule": "step"},
}
SWEEPS: dict[str, dict[str, Any]] = {
    "sweep-run": {"model": "two-neurons", "vary": {"nudging.beta": [1e-3, 1e-2, 1e-1]}},
    "sweep-function": {"function": "sweep_cells:noisy", "vary": {"a": [1, 2], "b": "uniform:0:1"}, "draws": 2},
}


def chain() -> Hopfield:
    """Two layers, a time constant for each unit."""
    return Hopfield.layered([3, 4, 2], seed=1).replace(tau=[1.0, 0.5, 2.0, 0.25, 1.5, 0.75])


def hard() -> Hopfield:
    """Hard sigmoids, for the method ep-2017."""
    return Hopfield.layered([3, 4, 2], activation="hard-sigmoid", seed=2).replace(parameters={"h1": [0.25] * 4})


def sparse() -> Hopfield:
    """A recurrent network without half of its connections."""
    return Hopfield.recurrent(6, 3, 2, sparsity=0.5, gain=0.5, seed=3)


def softmax() -> Rate:
    """The rate form, outputs read through a softmax."""
    return Rate.layered([3, 4, 2], activation=["tanh", "linear"], readout="softmax", gain=0.8, seed=4)


def unequal() -> Rate:
    """The rate form with feedback of its own, weak feedback, and a sparse connection."""
    populations = {"x": {"size": 3, "role": "input"}, "h": 4, "y": {"size": 2, "role": "output"}}
    connections = [Connection("x", "h", 0.4), Connection("h", "h", 0.0, "random"), Connection("h", "y", 0.0, 0.5)]
    return Rate(populations, connections, gain=0.5, seed=5)


def results() -> dict[str, Result]:
    """One result of each kind, and some of every kind of network, by the names of their files."""
    net, x, y = chain(), X[:2], LABELS[:2]
    rest = nd.relax(net, x)
    free = Hopfield.recurrent(4, 0, 2, activation="sigmoid", seed=6)
    wave = nd.Sine(mean=X[0], amplitude=0.25, frequency=0.5)
    found: dict[str, Result] = {
        "equilibrium": rest,
        "equilibrium-one-sample": nd.relax(hard(), X[0]),
        "equilibrium-sparse": nd.relax(sparse(), x),
        "equilibrium-softmax": nd.relax(softmax(), x),
        "equilibrium-unequal": nd.relax(unequal(), x),
        "equilibrium-without-input": nd.relax(free, start=[0.5, -0.5, 0.25, 0.0]),
        "trajectory": nd.simulate(net, x, t_eval=T),
        "trajectory-stimulus": nd.simulate(net, wave, t_eval=T),
        "nudged-phase": nd.nudge(net, rest, y, t_eval=T),
        "side-phase": nd.side_network(net, rest, y, t_eval=T),
        "experiment": nd.experiment(hard(), x, y, t_eval=T),
        "experiment-one-sample": nd.experiment(softmax(), X[0], 1, nudging="positive", t_eval=T),
        "plastic-phase": nd.plastic_phase(net, rest, y, tau_theta=1e6, t_eval=T),
        "plastic-phase-stdp": nd.plastic_phase(net, rest, y, tau_theta=1e6, rule="stdp", t_eval=T),
        "concurrent-learning": nd.concurrent(net, x, y, tau_side=0.1, tau_theta=100.0, dwell=0.5, t_eval=T),
        "timed-learning": nd.learn_in_time(net, x, y, rounds=1, beta=0.1, tau_theta=100.0, duration=1.0),
    }
    return found | learned() | analysed(rest) | noisy() | moving()


def learned() -> dict[str, Result]:
    """Results of learning; the evaluations are of the networks from which `RECIPES` begin."""
    found: dict[str, Result] = {}
    for name, net in {"ep-2017": hard(), "descent": softmax(), "adam": hard(), "momentum": softmax()}.items():
        recipe: dict[str, Any] = {"epochs": 2, **RECIPES[name]}
        found[f"evaluation-{name}"] = nd.evaluate(net, X, LABELS, **recipe)
        found[f"training-{name}"] = nd.learn(net, X, LABELS, validation=2, test=(X[:2], LABELS[:2]), **recipe)
    return found


def analysed(rest: nd.Equilibrium) -> dict[str, Result]:
    """Results of the analysis."""
    net, y = rest.network, LABELS[:2]
    return {
        "ladder": analysis.ladder(net, rest),
        "decay": analysis.decay(net, rest, modes=2),
        "arrival": analysis.arrival(net, rest, y),
        "durations": analysis.durations(net, rest, y),
        "timescales": analysis.timescales(net, rest, y, sample=0),
        "study-nudging": analysis.nudging(net, X[:2], y, betas=[1e-3, 1e-2, 1e-1]),
    }


def noisy() -> dict[str, Result]:
    """Results under noise."""
    net, quick = chain(), nd.Langevin(0.1, step=0.1)
    return {
        "trajectory-noise": nd.simulate(net, X[:2], t_eval=T, temperature=0.1, step=0.1),
        "stationary": nd.stationary(net, X[:2], noise=quick, tolerance=0.1),
        "evaluation-noise": nd.evaluate(net, X, LABELS, noise=quick, tolerance=0.2),
    }


def moving() -> dict[str, Result]:
    """Results about networks that never rest."""
    ring = Rate.recurrent(3, feedback={"s-s": [[0.0, 3.0, 0.0], [0.0, 0.0, -3.0], [3.0, 0.0, 0.0]]})
    return {"limit-cycle": analysis.limit_cycle(ring, points=21), "lyapunov": analysis.lyapunov(chain(), X[0], count=2)}


def checkpoints(folder: Path, found: dict[str, Result]) -> dict[str, Any]:
    """Checkpoints of two epochs, and how learning goes on from each to four."""
    about = {}
    for name, recipe in RECIPES.items():
        start, path = f"evaluation-{name}", folder / f"{name}.checkpoint"
        begin: dict[str, Any] = {"validation": 2, "checkpoint": path, **recipe}
        nd.learn(found[start].network, X, LABELS, epochs=2, **begin)
        kept = path.read_bytes()
        end = nd.learn(found[start].network, X, LABELS, epochs=4, resume=True, **begin)
        path.write_bytes(kept)
        costs = {key: getattr(end, key).tolist() for key in ("train_cost", "validation_cost")}
        vector = end.network.parameters.vector.tolist()
        about[name] = {"network": start, "x": X.tolist(), "y": LABELS.tolist(), "recipe": recipe, "validation": 2,
                       "end": {"parameters": vector, **costs}}  # fmt: skip
    return about


def sweeps(folder: Path) -> dict[str, Any]:
    """Folders of sweeps without the last cell, and the datasets as they were with it."""
    about = {}
    for name, options in SWEEPS.items():
        out = folder / name
        with ThreadPoolExecutor(1) as executor:
            data = nd.sweep(**options, out=out, executor=executor)
        packed = out / "cells" / "all.jsonl"
        packed.write_bytes(b"".join(packed.read_bytes().splitlines(keepends=True)[:-1]))
        (out / "seconds.csv").unlink()
        shutil.rmtree(out / "runs")
        about[name] = {"options": options, "data": {str(k): numbers(v.values) for k, v in data.variables.items()}}
    return about


def lines(values: dict[str, Any]) -> str:
    """JSON with one line for each entry of each part."""
    parts = []
    for name, value in values.items():
        text = json.dumps(value)
        if isinstance(value, dict):
            text = "{\n" + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items()) + "\n }"
        parts.append(f" {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main(version: str) -> None:
    """Write the folder of a version."""
    folder = Path(__file__).parent / version
    folder.mkdir()
    try:
        found = results()
        for name, result in found.items():
            result.save(folder / f"{name}.nc")
        weights = chain().parameters
        np.savez_compressed(folder / "weights.npz", **weights)
        values = {
            "version": nd.__version__,
            "results": {name: measure(result) for name, result in found.items()},
            "weights": digest(weights.vector),
            "checkpoints": checkpoints(folder, found),
            "sweeps": sweeps(folder),
        }
        (folder / "values.json").write_text(lines(values), "utf-8")
    except BaseException:
        shutil.rmtree(folder)
        raise


if __name__ == "__main__":
    main(sys.argv[1])
