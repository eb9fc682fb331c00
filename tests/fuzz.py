"""Random hostile arguments to public functions and to the command line: whatever comes, it is answered in a sentence.

A trial takes a call that is right and puts one or two hostile values in place of arguments. It fails on an exception
that is not one of ours, on a hang, and on the command line on a traceback or an exit code other than 0 and 2. The tests
run a few dozen trials; by hand, thousands: ``python tests/fuzz.py --trials 3000 --seed 1``. A failed trial is told
with its number: ``--first NUMBER --trials 1`` repeats it.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import io
import os
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import neurodyn as nd
from neurodyn import analysis, cli, models
from neurodyn.models import data

#: Seconds after which a trial hangs: hostile values ask for no long work, but for what has limits of its own.
LIMIT = 30

HOSTILE: tuple[Any, ...] = (
    0,
    -1,
    1,
    2,
    3,
    7.0,
    1.5,
    -0.0,
    1e-300,
    1e-12,
    1e12,
    1e308,
    -1e308,
    np.nan,
    np.inf,
    -np.inf,
    10**20,
    10**400,
    -(10**400),
    True,
    False,
    None,
    1j,
    "",
    "abc",
    "1",
    "x-h1",
    "\0",
    "π" * 99,
    b"abc",
    [],
    [[]],
    [1, [2, 3]],
    [None],
    ["a"],
    [np.nan],
    [[np.nan] * 3] * 2,
    [10**400] * 3,
    {},
    {"a": 1},
    {1: 2},
    (),
    {3},
    object(),
    len,
    int,
    range(3),
    Ellipsis,
    np.int64(-3),
    np.uint64(2**64 - 1),
    np.float32(np.inf),
    np.array(5),
    np.zeros(0),
    np.zeros((0, 3)),
    np.zeros((2, 3)),
    np.full((2, 3), 1e300),
    np.array(["a"]),
    np.array([None]),
    np.zeros((2, 2, 2)),
    np.zeros(3, complex),
    Path("nowhere"),
)
#: What a value on the command line may be.
TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "1",
    "1.5",
    "1e400",
    "-1e308",
    "1e-320",
    "nan",
    "inf",
    "1" * 400,
    "9" * 5000,
    "abc",
    "true",
    "[]",
    "[[],[1]]",
    "[1,[2]]",
    "{}",
    "{a=1}",
    "'",
    '"',
    "π",
    "a.b.c",
    "x" * 300,
    "../x",
    "/dev/null/x",
    "log:1:2",
    "1,2",
    "=",
    "[" * 500,
    "none",
    "0x10",
    "1979-05-27",
    "-",
    "--",
    "\udcff",
    "%s",
    "{0}",
    "\n",
    "h1[0],h1[1]",
    "s[0],s[1]",
)
#: Paths that `--set` and `--vary` take, and some that they do not.
PATHS = (
    "seed",
    "gain",
    "title",
    "model",
    "populations",
    "populations.s.size",
    "populations.s.tau",
    "populations.s.activation",
    "populations.s",
    "connections",
    "connections.x-s",
    "connections.x-s.gain",
    "connections.0.weights",
    "connections.9",
    "data",
    "data.samples",
    "data.x",
    "data.y",
    "data.name",
    "free",
    "free.tol",
    "free.t_max",
    "free.start",
    "nudging.beta",
    "nudging.kind",
    "nudging.duration",
    "solver.method",
    "solver.rtol",
    "solver.atol",
    "solver.step",
    "solver.max_steps",
    "solver.max_seconds",
    "learning.rates",
    "learning.epochs",
    "learning.options",
    "parameters",
    "terms",
    "terms.0",
    "a.b",
    "." * 1000,
    "",
    "readout",
)


class Hang(BaseException):
    """A trial took longer than the limit."""


@cache
def basis() -> dict[str, Any]:
    """Good values for the arguments of public functions, by their names."""
    net = models.Hopfield.layered([3, 4, 2], gain=0.8, seed=1)
    pair = models.Hopfield({"s": {"size": 2, "outputs": 1}}, ["s-s"], seed=0)
    x, y = np.array([0.1, 0.2, 0.3]), np.array([0.0, 1.0])
    rest = nd.relax(net, x)
    run = nd.nudge(net, rest, y, t_eval=[0.0, 1.0])
    side = nd.side_network(net, rest, y, t_eval=run.t)
    return {"net": net, "pair": pair, "x": x, "y": y, "rest": rest, "run": run, "side": side, "xs": np.array([x, -x]),
            "ys": np.array([0, 1])}  # fmt: skip


def calls() -> dict[str, tuple[Callable[..., Any], dict[str, Any]]]:
    """Public functions, each with arguments that are right."""
    b = basis()
    single = {"network": b["net"], "x": b["x"]}
    phase = {"network": b["net"], "equilibrium": b["rest"], "y": b["y"]}
    whole = single | {"y": b["y"]}
    several = {"network": b["net"], "x": b["xs"], "y": b["ys"]}
    plane = {"network": b["pair"]}
    return {
        "relax": (nd.relax, single),
        "simulate": (nd.simulate, single | {"t_eval": [0.0, 1.0]}),
        "simulate with noise": (nd.simulate, single | {"t_eval": [0.0, 1.0], "temperature": 0.1}),
        "nudge": (nd.nudge, phase | {"t_eval": [0.0, 1.0]}),
        "side_network": (nd.side_network, phase | {"t_eval": [0.0, 1.0]}),
        "experiment": (nd.experiment, whole),
        "gradient": (nd.gradient, whole),
        "learn": (nd.learn, several | {"epochs": 1}),
        "predict": (nd.predict, {"network": b["net"], "x": b["xs"]}),
        "evaluate": (nd.evaluate, several),
        "compare": (analysis.compare, {"run": b["run"], "side": b["side"]}),
        "convergence": (analysis.convergence, phase),
        "timescales": (analysis.timescales, phase),
        "fixed_points": (analysis.fixed_points, plane | {"n_starts": 10}),
        "basins": (analysis.basins, plane | {"resolution": 5}),
        "basin_volumes": (analysis.basin_volumes, plane | {"n_starts": 10}),
        "phase_plane": (analysis.phase_plane, plane | {"resolution": 5}),
        "layered": (models.Hopfield.layered, {"sizes": [3, 4, 2]}),
        "recurrent": (models.Hopfield.recurrent, {"n": 4}),
        "Hopfield": (models.Hopfield, {"populations": {"x": 2, "h": 3}, "connections": ["x-h"]}),
        "replace": (b["net"].replace, {"parameters": b["net"].parameters, "tau": 1.0}),
        "energy": (b["net"].energy, {"s": np.zeros(6), "x": b["x"]}),
        "force": (b["net"].force, {"s": np.zeros(6), "x": b["x"]}),
        "Solver": (nd.Solver, {}),
        "Langevin": (nd.Langevin, {"temperature": 0.1}),
        "Recipe": (nd.Recipe, {}),
        "Sine": (nd.Sine, {"mean": b["x"], "amplitude": b["x"], "frequency": 1.0}),
        "Steps": (nd.Steps, {"times": [1.0], "levels": [b["x"], b["x"]]}),
        "Series": (nd.Series, {"times": [0.0, 1.0], "values": [b["x"], b["x"]]}),
        "read": (models.read, {"source": "chain"}),
        "digits": (data.digits, {"split": "test"}),
        "sweep": (nd.sweep, {"model": "two-neurons", "vary": {"nudging.beta": []}}),
    }


def api_trial(rng: np.random.Generator) -> tuple[str, Callable[[], Any]]:
    """A public function with one or two hostile arguments."""
    table = calls()
    name = str(rng.choice(sorted(table)))
    function, good = table[name]
    parameters = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]
    given = dict(good)
    for k in rng.choice(len(parameters), size=min(len(parameters), int(rng.integers(1, 3))), replace=False):
        given[parameters[k].name] = HOSTILE[int(rng.integers(len(HOSTILE)))]
    given = {key: value for key, value in given.items() if key not in ("executor", "checkpoint", "on_epoch")}
    positional = {p.name: given.pop(p.name) for p in parameters if p.kind is p.POSITIONAL_ONLY and p.name in given}
    shown = ", ".join(
        f"{key}={value!r:.60}" for key, value in (positional | given).items() if value is not good.get(key)
    )
    return f"{name}({shown})", lambda: function(*positional.values(), **given)


def cli_trial(rng: np.random.Generator) -> tuple[str, Callable[[], Any]]:
    """A command with one or two hostile options."""
    verb = str(
        rng.choice(["run", "run", "timescales", "portrait", "gradients", "train", "sweep", "evaluate", "models"])
    )
    command = cli.main.commands[verb]
    names = [option.opts[-1] for option in command.params if option.opts[-1].startswith("--")]
    names = [name for name in names if name not in ("--scheduler", "--animate", "--out", "--workers", "--epochs")]
    arguments = [] if verb == "models" else [str(rng.choice(["two-neurons", "two-neurons", "chain", *TEXTS]))]
    for _ in range(int(rng.integers(1, 3))):
        name, value = str(rng.choice(names)), TEXTS[int(rng.integers(len(TEXTS)))]
        path = PATHS[int(rng.integers(len(PATHS)))]
        arguments += ["--set" if name == "--vary" and verb != "sweep" else name]
        flag = next(option for option in command.params if name in option.opts)
        if not getattr(flag, "is_flag", False):
            arguments += [f"{path}={value}" if name in ("--set", "--vary") else value]
    if "--no-figures" in names:
        arguments += ["--no-figures"]
    shown = " ".join(f"{argument!r:.60}" for argument in arguments)
    return f"neurodyn {verb} {shown}", lambda: command_line([verb, *arguments])


def command_line(arguments: list[str]) -> None:
    """Run a command in a folder of its own; raises where its exit code or its words are wrong."""
    before = Path.cwd()
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
                cli.main(arguments, prog_name="neurodyn")
        except SystemExit as ended:
            code = ended.code
        finally:
            os.chdir(before)
        debris = [path for path in Path(folder).rglob(".*") if path.is_file()]
    assert code in (0, 2), f"exit code {code}: {said.getvalue()[-500:]}"
    assert "Traceback" not in said.getvalue(), said.getvalue()[-500:]
    assert code == 0 or said.getvalue().strip(), "not a word"
    assert not debris, f"left behind: {debris}"


@contextlib.contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise `Hang` in the block after so many seconds, where the system can."""

    def late(*_: object) -> None:
        raise Hang

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def attempt(kind: Callable[[np.random.Generator], tuple[str, Callable[[], Any]]], number: int, seed: int) -> str:
    """Make one trial; returns what went wrong, or ""."""
    what, call = kind(np.random.default_rng([seed, number]))
    try:
        with limited(LIMIT), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            call()
    except nd.NeurodynError as error:
        return "" if str(error).strip() else f"{what}: {type(error).__name__} without a word"
    except Hang:
        return f"{what}: hangs"
    except Exception as error:
        places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        return f"{what}: {type(error).__name__}: {error!s:.150} at {' '.join(places[-4:])}"
    return ""


KINDS = {"api": api_trial, "cli": cli_trial}


def main() -> int:
    """Make trials as the arguments say; returns 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=sorted(KINDS), help="Default: both.")
    parser.add_argument("--trials", type=int, default=100, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="NUMBER")
    parser.add_argument("--seed", type=int, default=0, metavar="SEED")
    given = parser.parse_args()
    failed = 0
    for name in [given.kind] if given.kind else KINDS:
        for number in range(given.first, given.first + given.trials):
            wrong = attempt(KINDS[name], number, given.seed)
            if wrong:
                failed += 1
                print(f"{name} {number}: {wrong}", flush=True)
    print(f"{failed} trials failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
