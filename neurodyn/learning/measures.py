"""What is measured in every sample at the end of its free phase: cost, energy, steps, and whether it is misread."""

from __future__ import annotations

import numpy as np

from neurodyn.learning.euler_phases import GROUP, ZERO
from neurodyn.learning.layout import FIRST_OUT, N_OUT, OUTPUT, POPULATIONS, bounds, sample_states
from neurodyn.learning.tiles import LANES
from neurodyn.numerics.kernel import helper
from neurodyn.numerics.view import window

#: Rows of the array of measures.
COST, ENERGY, STEPS, WRONG = range(4)

HALF = np.float32(0.5)


@helper
def energy(plan, s, drive, f, i, lanes):
    """E = Σ s (½ s − ½ field − ½ drive) of sample i of a group, all of whose rates are s; lanes is scratch."""
    for c in range(LANES):
        lanes[c] = ZERO
    for p in range(plan[POPULATIONS]):
        a = sample_states(s, plan, p, GROUP, i)
        d, g = sample_states(drive, plan, p, GROUP, i), sample_states(f, plan, p, GROUP, i)
        for j in range(0, a.size, LANES):
            u, v, w = window(a, j, LANES), window(d, j, LANES), window(g, j, LANES)
            for c in range(LANES):
                lanes[c] += HALF * u[c] * (u[c] - v[c] - w[c])
    total = 0.0
    for c in range(LANES):
        total += lanes[c]
    return total


@helper
def distance(plan, s, f, i):
    """Largest |clip(field) − s| over the units of sample i of a group: 0 at rest."""
    largest = ZERO
    for p in range(plan[POPULATIONS]):
        a, g = sample_states(s, plan, p, GROUP, i), sample_states(f, plan, p, GROUP, i)
        low, high = bounds(plan, p)
        for j in range(a.size):
            gap = abs(min(max(g[j], low), high) - a[j])
            if not gap <= largest:  # so that NaN stays
                largest = gap
    return largest


@helper
def measure(plan, s, i, target, scale, measured, sample):
    """Measure the cost of sample i of a group, and whether its largest output is not the target's."""
    y = sample_states(s, plan, plan[OUTPUT], GROUP, i)
    cost, best, wanted = 0.0, 0, 0
    for j in range(plan[N_OUT]):
        difference = y[plan[FIRST_OUT] + j] - target[j]
        cost += difference * difference
        if y[plan[FIRST_OUT] + j] > y[plan[FIRST_OUT] + best]:
            best = j
        if target[j] > target[wanted]:
            wanted = j
    measured[COST, sample] = 0.5 * scale * cost
    measured[WRONG, sample] = best != wanted
