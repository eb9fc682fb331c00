"""Free and nudged phases of a few samples in float32: s ← clip(s + pace (drive + W s − s − beta dC/ds), 0, 1).

All units of all populations step at once (Scellier & Bengio 2017, eq. 43), linear ones without the clip; `pace` is the
step over tau.
"""

from __future__ import annotations

import numpy as np

from neurodyn.learning.layout import (
    CONNECTIONS,
    FIRST_OUT,
    N_OUT,
    OUTPUT,
    POPULATIONS,
    block,
    bounds,
    connection,
    population,
    row,
)
from neurodyn.learning.tiles import LANES, add_product
from neurodyn.numerics.kernel import helper
from neurodyn.numerics.view import rectangle, window

#: Samples that settle together: their states stay in the first two caches.
GROUP = 20

ZERO, HALF = np.float32(0.0), np.float32(0.5)


@helper
def fields(s, drive, theta, plan, count, out):
    """out = drive + W s for the first `count` of a group."""
    for p in range(plan[POPULATIONS]):
        d, f = block(drive, plan, p, GROUP, count), block(out, plan, p, GROUP, count)
        here, there = window(d, 0, d.size), window(f, 0, f.size)
        for j in range(here.size):
            there[j] = here[j]
    for k in range(plan[CONNECTIONS]):
        a, b, ahead, back, _ = connection(plan, k)
        n_a, m_a, _ = population(plan, a)
        n_b, m_b, _ = population(plan, b)
        s_a, s_b = block(s, plan, a, GROUP, count), block(s, plan, b, GROUP, count)
        add_product(s_a, rectangle(theta, ahead, n_a, m_b), block(out, plan, b, GROUP, count))
        if a != b:
            add_product(s_b, rectangle(theta, back, n_b, m_a), block(out, plan, a, GROUP, count))


@helper
def step(s, f, pace, limit, low, high):
    """Step one sample in one population; returns how many units moved faster than `limit`."""
    fast = 0
    for j in range(s.size):
        new = s[j] + pace[j] * (f[j] - s[j])
        new = min(max(new, low), high)
        fast += abs(new - s[j]) > limit * pace[j]
        s[j] = new
    return fast


@helper
def copy_sample(source, source_room, i, target, target_room, k, plan):
    """Copy sample i of one array of states to sample k of another."""
    for p in range(plan[POPULATIONS]):
        a, b = row(source, plan, p, source_room, i), row(target, plan, p, target_room, k)
        for j in range(a.size):
            b[j] = a[j]


@helper
def free_phase(s, drive, f, theta, plan, pace, limit, most, who, rest, room, count, steps):
    """Settle the first `count` of a group, each until it is slow or has made `most` steps.

    Samples that are done go to `rest`, which has room for `room`, at the places `who`, and their steps to `steps`; the
    last that still moves takes their place in s and drive.
    """
    moving = count
    for t in range(1, most + 1):
        fields(s, drive, theta, plan, moving, f)
        for i in range(moving - 1, -1, -1):
            fast = 0
            for p in range(plan[POPULATIONS]):
                _, padded, first = population(plan, p)
                low, high = bounds(plan, p)
                pieces = row(s, plan, p, GROUP, i), row(f, plan, p, GROUP, i)
                fast += step(pieces[0], pieces[1], window(pace, first, padded), limit, low, high)
            if fast == 0 or t == most:
                copy_sample(s, GROUP, i, rest, room, who[i], plan)
                steps[who[i]] = t
                moving -= 1
                if i < moving:
                    copy_sample(s, GROUP, moving, s, GROUP, i, plan)
                    copy_sample(drive, GROUP, moving, drive, GROUP, i, plan)
                    who[i] = who[moving]
        if moving == 0:
            break


@helper
def nudge(s, drive, f, theta, plan, pace, beta, target, most, count):
    """Let the first `count` of a group make `most` steps with nudged outputs; target (count, n_out).

    f holds the fields at s when it begins.
    """
    out, first_out = plan[OUTPUT], plan[FIRST_OUT]
    for t in range(most):
        if t:
            fields(s, drive, theta, plan, count, f)
        for i in range(count):
            y, g = row(s, plan, out, GROUP, i), row(f, plan, out, GROUP, i)
            for j in range(plan[N_OUT]):
                g[first_out + j] += beta * (target[i, j] - y[first_out + j])
            for p in range(plan[POPULATIONS]):
                _, padded, first = population(plan, p)
                low, high = bounds(plan, p)
                step(row(s, plan, p, GROUP, i), row(f, plan, p, GROUP, i), window(pace, first, padded), ZERO, low, high)


@helper
def energy(s, drive, f, plan, i, lanes):
    """E = Σ s (½ s − ½ field − ½ drive) of a sample of a group, all of whose rates are s; lanes is scratch."""
    for c in range(LANES):
        lanes[c] = ZERO
    for p in range(plan[POPULATIONS]):
        a, d, g = row(s, plan, p, GROUP, i), row(drive, plan, p, GROUP, i), row(f, plan, p, GROUP, i)
        for j in range(0, a.size, LANES):
            u, v, w = window(a, j, LANES), window(d, j, LANES), window(g, j, LANES)
            for c in range(LANES):
                lanes[c] += HALF * u[c] * (u[c] - v[c] - w[c])
    total = 0.0
    for c in range(LANES):
        total += lanes[c]
    return total
