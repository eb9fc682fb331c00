"""Recipes that were found by search: what the page about them tells is what their logs say, and it can be run."""

import csv
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import models

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "recipes.md").read_text("utf-8")
#: Each recipe and the model that its command learns.
MODELS = {
    "784-500-10": "mnist-1",
    "784-500-10-unshifted": "mnist-1",
    "784-500-10-averaged": "mnist-1",
    "784-500-500-10": "mnist-2",
}


def log(name: str) -> list[dict[str, str]]:
    with (DOCS / f"recipes/{name}.csv").open() as file:
        return list(csv.DictReader(file))


def recipe_of(line: dict[str, str]) -> nd.Recipe:
    """The recipe of a line of a log."""
    numbers: dict[str, Any] = {k: float(line[k]) for k in ("weight_decay", "beta", "step", "tol") if k in line}
    whole = {key: int(line[key]) for key in ("epochs", "batch_size", "shift", "free_steps", "nudged_steps")}
    words = {key: line[key] for key in ("optimizer", "schedule", "nudging")}
    rates = [float(rate) for rate in line["rates"].split()]
    changes: dict[str, Any] = {**numbers, **whole, **words}
    return nd.Recipe.of(**changes, rates=rates, persistent=line["persistent"] == "True")


def command_of(name: str) -> list[str]:
    """What the page says to type for a network, without its continuation marks."""
    commands = re.findall(r"^    (neurodyn train (?:.*\\\n)*.*)$", PAGE, flags=re.M)
    (found,) = (words for words in map(shlex.split, commands) if words[words.index("--out") + 1] == name)
    return found


@pytest.mark.parametrize("name", MODELS)
def test_the_page_tells_what_the_log_says(name):
    lines = log(name)
    last = [line for line in lines if line["rung"] == "final"]
    assert [line["seed"] for line in last] == ["0", "1", "2"]
    chosen = max(line["rung"] for line in lines if line["rung"] != "final")
    best = min((x for x in lines if x["rung"] == chosen), key=lambda x: float(x["validation_error"]))
    assert {line["number"] for line in last} == {best["number"]}
    tests = [100.0 * float(line["test_error"]) for line in last]
    for error in tests:
        assert f"{error:.2f} %" in PAGE
    assert f"mean {np.mean(tests):.2f} %" in PAGE
    for line in log(f"{name}-peers") if (DOCS / f"recipes/{name}-peers.csv").exists() else ():
        assert f"{100.0 * float(line['test_error']):.2f} %" in PAGE


@pytest.mark.parametrize("name", MODELS)
def test_its_command_is_the_recipe_of_the_log_and_learns(name):
    words, line = command_of(name), log(name)[-1]
    overrides = [words[k + 1] for k, word in enumerate(words) if word == "--set"]
    overrides.append(f"learning.epochs={words[words.index('--epochs') + 1]}")
    assert words[2] == MODELS[name]
    typed = models.read(words[2], overrides=overrides, samples=False)
    sizes = [784, *(6 for _ in line["rates"].split()[1:]), 10]
    network = models.Hopfield.layered(sizes, activation="hard-sigmoid", seed=0)
    ours, logged = (recipe.resolved(network).plain() for recipe in (typed.recipe, recipe_of(line)))
    options = [nd.learning.euler.Euler.of(found.pop("options")) for found in (ours, logged)]
    assert ours == logged
    assert options[0] == options[1]
    x = np.random.default_rng(0).uniform(size=(40, 784)).astype(np.float32)
    assert nd.learn(network, x, np.arange(40) % 10, typed.recipe, epochs=1).train_error.shape == (1,)
