"""Activations and costs of a user's own in the description of a network: by name, and by text where they have one.

A text says all there is to know, so that a file can be read by a process that has never seen it. What is made of
functions goes by its name alone, and must be made before a file is read.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from neurodyn.flows.own_kernels import OwnKernels
from neurodyn.names import MAKERS


def described(name: str, known: Mapping[str, OwnKernels]) -> str | dict[str, Any]:
    """The name, or a table with the name and the text of one of a user's own."""
    own = known.get(name)
    return name if own is None or own.text is None else {"name": name, **own.text}


def made(field: str, description: Any) -> Any:
    """The name of what `described` described, made in this process if it was not."""
    if not isinstance(description, Mapping):
        return description
    module, kind = MAKERS[field]
    make = getattr(importlib.import_module(module), kind)
    return make(description["name"], description["expression"], constants=description["constants"]).name
