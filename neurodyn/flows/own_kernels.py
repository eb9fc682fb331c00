"""What functions of a user's own that populations name have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class OwnKernels:
    """An activation or a cost of a user's own; subclasses add the kernels.

    Attributes
    ----------
    name : str
    source : str
        What they are made of: two of the same name and source are the same.
    text : mapping, optional
        The `expression` and its `constants`, of which another process can make it; None if it is made of functions.
    """

    name: str
    source: str
    text: Mapping[str, Any] | None
