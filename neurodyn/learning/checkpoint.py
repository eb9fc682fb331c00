"""A checkpoint: one file, written whole after each epoch, from which learning goes on bit for bit.

Its head has what it belongs to, and the history; see `neurodyn.results.array_file`. Orders and signs are drawn from the
recipe's seed and the number of the epoch, so that the number is all that is needed of the generator.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neurodyn.errors import ResultFileError
from neurodyn.inputs import as_path
from neurodyn.learning.belonging import belonging, differences, digests
from neurodyn.learning.learner import Learner
from neurodyn.learning.samples import Samples
from neurodyn.learning.training import Training, history
from neurodyn.numerics.arrays import Array
from neurodyn.results.array_file import read_arrays, write_arrays
from neurodyn.results.files import CHECKPOINT
from neurodyn.schema import SEALED, schema_of
from neurodyn.solvers.solver import Solver
from neurodyn.system.network import rebuild

TITLE = CHECKPOINT + b" 1\n"

Content = tuple[list[dict[str, float]], dict[str, Any], dict[str, Any]]


class Checkpoint:
    """The checkpoint file of one learner and its samples.

    Parameters
    ----------
    path : path
    learner : Learner
        What learns, or will.
    validated : Samples, optional
        Its validation samples.
    solver : Solver, optional
        What `learn` was given.
    """

    def __init__(
        self, path: str | os.PathLike[str], learner: Learner, validated: Samples | None, solver: Solver | None = None
    ) -> None:
        self.path, self._learner, self._validated = Path(as_path(path, "checkpoint")), learner, validated
        self._of = belonging(learner, validated, solver)

    def write(self, rows: list[dict[str, float]], state: dict[str, Any], best: dict[str, Any], theta: Array) -> None:
        """Write it, or leave the one that is there; theta are the parameters, which others than the learner read."""
        start = self._learner.start
        network = {"theta": theta, "tau": start.tau} | {f"pairs {k}": p.pairs for k, p in start.patterns.items()}
        parts = {"state": state, "best": best, "network": network}
        arrays = {f"{part}.{k}": v for part, entries in parts.items() for k, v in entries.items()}
        write_arrays(self.path, TITLE, {"of": self._of, "rows": rows}, arrays)

    def read(self) -> Content | None:
        """History, state of the learner, best weights; None if there is no file.

        Raises
        ------
        ResultFileError
            The file is damaged, or of another network, recipe or samples.
        """
        if not self.path.exists():
            return None
        head, parts = _content(self.path, self._check)
        return head["rows"], parts["state"], parts["best"]

    def _check(self, head: dict[str, Any]) -> None:
        """Refuse what belongs to something else."""
        schema = schema_of(head)
        if schema < SEALED:
            if head["digest"] not in digests(self._learner, self._validated, schema):
                raise ResultFileError(
                    "it is of another network, recipe or samples: resume with the same, or name another file"
                )
        elif found := differences(head["of"], self._of):
            raise ResultFileError(f"it is of {found}: resume with the same, or name another file")


def read_training(path: str) -> Training:
    """The training that a checkpoint holds: the network after its last epoch, or with `patience` the best.

    Raises
    ------
    ResultFileError
        The file is damaged, or of before schema 2, when checkpoints did not hold their network.
    """
    head, parts = _content(Path(path), _check_network)
    recipe, stored = head["of"]["recipe"], parts["network"]
    pairs = {name.removeprefix("pairs "): array for name, array in stored.items() if name.startswith("pairs ")}
    theta = parts["best"].get("theta", stored["theta"])
    network = rebuild(head["of"]["network"], theta, stored["tau"], pairs)
    return Training(
        network, **history(head["rows"], recipe.get("metrics", ())), settings={"epochs": len(head["rows"])} | recipe
    )


def _check_network(head: dict[str, Any]) -> None:
    if schema_of(head) < SEALED:
        raise ResultFileError("a checkpoint of an earlier version, which does not hold its network: go on by `learn`")


def _content(path: Path, check: Callable[[dict[str, Any]], None]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The head of a checkpoint, which `check` may refuse, and its arrays by part and name."""
    parts: dict[str, dict[str, Any]] = {"state": {}, "best": {}, "network": {}}
    head, arrays = read_arrays(path, TITLE, "checkpoint", check)
    try:
        for name, array in arrays.items():
            part, _, key = name.partition(".")
            parts[part][key] = array
    except KeyError as error:
        raise ResultFileError(f"{path} is not a whole checkpoint: {error}") from error
    return head, parts
