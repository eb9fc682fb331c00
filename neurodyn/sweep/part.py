"""Parts of a sweep, as the jobs of an array compute them: which cells each has follows from the plan, and nobody asks.

The cells in their order are cut into pieces that share most of their work, and these are dealt out in turn, like cards.
"""

from __future__ import annotations

import re
from typing import Any

from neurodyn.errors import ArgumentError, shown
from neurodyn.sweep.plan import Plan

#: More parts than this are taken for a slip.
MOST = 1_000_000


def as_part(given: Any) -> tuple[int, int] | None:
    """Which part of how many: from (2, 4) or "2/4"; None for the whole.

    Raises
    ------
    ArgumentError
        It is no such pair.
    """
    if given is None:
        return None
    found = given
    if isinstance(given, str):
        text = re.fullmatch(r"(\d{1,9})/(\d{1,9})", given.strip(), flags=re.ASCII)
        found = (int(text[1]), int(text[2])) if text else None
    if isinstance(found, (tuple, list)) and len(found) == 2 and all(type(number) is int for number in found):
        which, many = found
        if 1 <= which <= many <= MOST:
            return which, many
    raise ArgumentError(f"`part` must be k/N, the k-th of N parts, with whole numbers 1 <= k <= N; got {shown(given)}")


def cells_of(plan: Plan, part: tuple[int, int] | None) -> list[int]:
    """The numbers of the cells of a part, in the order in which they are best computed."""
    order = plan.order()
    if part is None:
        return order
    which, many = part
    piece = plan.piece if plan.size // plan.piece >= many else 1
    return [index for place, index in enumerate(order) if place // piece % many == which - 1]
