"""The rows of per-sample constants that flows read, by name: blocks of n rows, one for each free unit.

The blocks of a flow come in the order of their names. After the blocks of the phases that need it, where the layout is
EXTENDED, come those of the base, the state at which the phase began, with the rates of the clamped units; and at the
very end what a cost needs to know of the outputs there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodyn.flows.layout import (
    BOXED,
    CLAMPED,
    EXTENDED,
    N,
    after,
)
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.kernel import helper
from neurodyn.numerics.view import units

#: Of all flows: 1/tau.
RATE = 0
#: Of the free flow: the constant current from biases and the clamped input; with a box its bounds; and where the layout
#: is EXTENDED the constant part of the force that does not act through rho', and the rates of the clamped units.
DRIVE, FREE_BLOCKS = 1, 2
#: Of the nudged flow, at the base: rate, slope, field; dC/dz, and C'' where it is constant; beta; and with a box the
#: outward force of inactive units over beta, and the bounds of delta.
BASE_RATE, BASE_SLOPE, BASE_FIELD, COST_SLOPE, COST_CURVATURE, BETA, NUDGED_BLOCKS = range(1, 8)
#: Of the nudged flow for complex beta: 1/tau twice, the same of the base, and both parts of beta.
COMPLEX_RATE, COMPLEX_SLOPE, COMPLEX_FIELD, COMPLEX_COST_SLOPE, COMPLEX_COST_CURVATURE = range(2, 7)
BETA_REAL, BETA_IMAGINARY, COMPLEX_BLOCKS = range(7, 10)
#: Of products with the Jacobian: slope and diagonal, 0 for inactive units.
SLOPE, DIAGONAL, LINEAR_BLOCKS = range(1, 4)
#: Of a box, after the blocks above: in the free flow its bounds; in the nudged flow a force before them.
LOWER, UPPER = FREE_BLOCKS, FREE_BLOCKS + 1
PRESSURE, DELTA_LOWER, DELTA_UPPER = range(NUDGED_BLOCKS, NUDGED_BLOCKS + 3)
FREE_BOX, NUDGED_BOX = 2, 3
#: Of the base of a nudged flow: its state, and both parts of the gradient of the terms that are not quadratic.
STATE, TERMS_BY_STATE, TERMS_BY_RATE, BASE_BLOCKS = range(4)
#: Of the base of products with the Jacobian: state, rate, and 1 where a unit is active.
LINEAR_RATE, ACTIVE = 1, 2


@helper
def base(rows, blocks, boxes, layout):
    """The rows of the base: after `blocks` blocks, and in networks with a box `boxes` more."""
    return after(rows, blocks + boxes * layout[BOXED], layout)


@helper
def clamped(rows, blocks, layout):
    """The rates of the clamped units, `blocks` blocks of n after the first of these rows."""
    return units(rows, blocks * layout[N], layout[CLAMPED])


def stack(blocks: dict[int, Array], *tail: Array) -> Array:
    """Blocks (n, batch) by their names, which must be all from 0 on, and what follows them, as one contiguous array."""
    assert sorted(blocks) == list(range(len(blocks)))
    return np.concatenate([*(blocks[k] for k in range(len(blocks))), *tail])


def first_row(block: int, n: int) -> int:
    """Where a block begins."""
    return block * n


def free_blocks(layout: Any) -> int:
    """How many blocks of n the rows of the free flow have, without the clamped rates."""
    return int(FREE_BLOCKS + 2 * layout[BOXED] + layout[EXTENDED])
