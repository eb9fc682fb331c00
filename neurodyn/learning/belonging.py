"""What a checkpoint belongs to: a recipe, a network with the weights it began with, samples, a solver.

It is compared part by part, so that a refusal says what differs. A field that a recipe or a solver had not got yet when
a checkpoint was written counts as its default, with which learning went the same way.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from neurodyn.learning.learner import Learner
from neurodyn.learning.recipe import EP_2017, Recipe
from neurodyn.learning.samples import Samples
from neurodyn.results.array_file import bytes_of
from neurodyn.schema import NAMES_0
from neurodyn.solvers.solver import Solver

#: The fields of a recipe in the digests of schemas 0 and 1; in the first files without `shift`.
FIELDS_1 = (
    "method", "epochs", "batch_size", "rates", "schedule", "shuffle", "persistent", "shift", "patience", "alignment",
    "seed", "options",
)  # fmt: skip
#: Limits of a solver that decide no weights.
LIMITS = ("max_steps", "max_seconds")

#: What the parts are called in messages.
PARTS = {
    "recipe": "another recipe",
    "network": "another network",
    "weights": "a network with other weights or time constants",
    "samples": "other samples",
    "validation": "other validation samples",
    "solver": "another solver",
}


def belonging(learner: Learner, validated: Samples | None, solver: Solver | None) -> dict[str, Any]:
    """What a checkpoint belongs to, as plain data."""
    start, recipe = learner.start, learner.recipe.plain()
    if learner.recipe.is_endless:
        del recipe["epochs"]  # more of them may be run later
    pairs = [pattern.pairs for pattern in start.patterns.values()]
    uses_solver = learner.recipe.method != EP_2017
    found = {
        "recipe": recipe,
        "network": start.describe(),
        "weights": _digest([start.parameters.vector, start.tau, *pairs]),
        "samples": _digest(_arrays(learner.samples)),
        "validation": _digest(_arrays(validated)),
        "solver": None if solver is None or not uses_solver else _without(solver.describe(), LIMITS),
    }
    plain: dict[str, Any] = json.loads(json.dumps(found, default=str))
    return plain


def differences(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    """What differs, in words; "" if nothing does."""
    found = []
    for part, name in PARTS.items():
        a, b = theirs[part], ours[part]
        if isinstance(a, dict) and isinstance(b, dict):
            defaults = Recipe().plain() if part == "recipe" else _defaults(Solver) if part == "solver" else {}
            a, b = {**defaults, **a}, {**defaults, **b}
            if part == "recipe":
                changes = _changes(a | {"options": None}, b | {"options": None}) + _changes(a["options"], b["options"])
            else:
                changes = _changes(a, b)
            if changes:
                found.append(f"{name} ({', '.join(changes)})" if part != "network" else name)
        elif a != b:
            found.append(name)
    return " and ".join(found)


def digests(learner: Learner, validated: Samples | None, schema: int) -> set[str]:
    """The digests that files of schema 0 or 1 may have."""
    network = learner.start.describe()
    if schema == 0:
        kind = type(learner.start)
        network["model"] = NAMES_0.get(network["model"], f"{kind.__module__}.{kind.__qualname__}")
    plain = learner.recipe.plain()
    recipe = {name: plain[name] for name in FIELDS_1}
    if learner.recipe.is_endless:
        del recipe["epochs"]
    if any(plain[f] != default for f, default in Recipe().plain().items() if f not in FIELDS_1):
        return set()  # it had not got what this recipe asks for
    arrays = [learner.start.parameters.vector, learner.start.tau, *_arrays(learner.samples), *_arrays(validated)]
    known = [recipe] if recipe["shift"] else [recipe, _without(recipe, ("shift",))]
    return {_digest(arrays, json.dumps([r, network], sort_keys=True, default=str)) for r in known}


def _changes(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """Entries that differ."""
    names = [*theirs, *(name for name in ours if name not in theirs)]
    found = []
    for name in names:
        a, b = (side.get(name, "not given") for side in (theirs, ours))
        if a != b:
            found.append(f"`{name}` was {a}, and is {b}")
    return found


def _defaults(kind: type[Any]) -> dict[str, Any]:
    """The defaults of a dataclass that are plain data."""
    return {f.name: f.default for f in dataclasses.fields(kind) if f.default is not dataclasses.MISSING}


def _without(about: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in about.items() if name not in names}


def _digest(arrays: list[Any], text: str = "") -> str:
    digest = hashlib.sha256(text.encode())
    for array in arrays:
        digest.update(bytes_of(array))
    return digest.hexdigest()


def _arrays(samples: Samples | None) -> list[Any]:
    return [] if samples is None else [a for a in (samples.x, samples.target, samples.weight) if a is not None]
