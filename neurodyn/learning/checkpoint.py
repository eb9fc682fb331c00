"""A checkpoint: one file, written whole after each epoch, from which learning goes on bit for bit.

A line of text that says what it is, a line of JSON (what it belongs to, the history, the arrays' names, types and
shapes), then the arrays' bytes. Orders and signs are drawn from the recipe's seed and the number of the epoch, so that
the number is all that is needed of the generator.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from neurodyn.errors import ResultFileError
from neurodyn.learning.learner import Learner
from neurodyn.learning.samples import Samples
from neurodyn.numerics.arrays import Array
from neurodyn.results.files import write
from neurodyn.schema import NAMES_0, SCHEMA, schema_of

TITLE = b"neurodyn checkpoint 1\n"
#: The JSON line of thousands of epochs is far shorter, in bytes.
LONGEST = 100_000_000

Content = tuple[list[dict[str, float]], dict[str, Any], dict[str, Any]]


class Checkpoint:
    """The checkpoint file of one learner and its samples, told from those of others by a digest.

    Parameters
    ----------
    path : path
    learner : Learner
        What learns, or will.
    validated : Samples, optional
        Its validation samples.
    """

    def __init__(self, path: str | os.PathLike[str], learner: Learner, validated: Samples | None) -> None:
        self.path, self._learner, self._validated = Path(path), learner, validated
        self.digest = self._digest(SCHEMA)

    def _digest(self, schema: int) -> str:
        """The digest in files of a schema; it does not depend on what was learned."""
        learner = self._learner
        recipe, network = learner.recipe.plain(), learner.start.describe()
        if learner.recipe.schedule == "constant":
            del recipe["epochs"]  # more of them may be run later
        if schema == 0:
            kind = type(learner.start)
            network["model"] = NAMES_0.get(network["model"], f"{kind.__module__}.{kind.__qualname__}")
        about = json.dumps([recipe, network], sort_keys=True, default=str)
        digest = hashlib.sha256(about.encode())
        parts = (*_arrays(learner.samples), *_arrays(self._validated))
        for array in (learner.start.parameters.vector, learner.start.tau, *parts):
            digest.update(_bytes(array))
        return digest.hexdigest()

    def write(self, rows: list[dict[str, float]], state: dict[str, Any], best: dict[str, Any]) -> None:
        """Write it, or leave the one that is there."""
        arrays = {f"state.{k}": v for k, v in state.items()} | {f"best.{k}": v for k, v in best.items()}
        plan = [(name, a.dtype.str, a.shape) for name, a in arrays.items()]
        about = {"schema": SCHEMA, "digest": self.digest, "rows": rows, "arrays": plan}
        head = json.dumps(about).encode() + b"\n"

        def produce(temporary: str) -> None:
            with open(temporary, "wb") as stream:
                stream.write(TITLE + head)
                for array in arrays.values():
                    stream.write(_bytes(array))

        write(self.path, produce)

    def read(self) -> Content | None:
        """History, state of the learner, best weights; None if there is no file.

        Raises
        ------
        ResultFileError
            The file is damaged, or of another network, recipe or samples.
        """
        if not self.path.exists():
            return None
        try:
            with self.path.open("rb") as stream:
                return self._read(stream, os.fstat(stream.fileno()).st_size)
        except ResultFileError as error:
            raise ResultFileError(f"{self.path}: {error}") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ResultFileError(f"{self.path} is not a whole checkpoint: {error}") from error

    def _read(self, stream: BinaryIO, size: int) -> Content:
        if stream.readline(len(TITLE)) != TITLE:
            raise ResultFileError("not a checkpoint of neurodyn")
        head = json.loads(stream.readline(LONGEST))
        schema = schema_of(head)
        if head["digest"] != (self.digest if schema == SCHEMA else self._digest(schema)):
            raise ResultFileError(
                "it is of another network, recipe or samples: resume with the same, or name another file"
            )
        plan = [(name, np.dtype(kind), tuple(shape)) for name, kind, shape in head["arrays"]]
        if stream.tell() + sum(kind.itemsize * int(np.prod(shape)) for _, kind, shape in plan) != size:
            raise ResultFileError("not a whole checkpoint: its size does not fit what it says")
        parts: dict[str, dict[str, Any]] = {"state": {}, "best": {}}
        for name, kind, shape in plan:
            part, _, key = name.partition(".")
            parts[part][key] = np.fromfile(stream, kind, int(np.prod(shape))).reshape(shape)
        return head["rows"], parts["state"], parts["best"]


def _arrays(samples: Samples | None) -> list[Any]:
    return [] if samples is None else [a for a in (samples.x, samples.target) if a is not None]


def _bytes(array: Array) -> Any:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)
