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
    bounds,
    connection,
    population,
    population_states,
    sample_states,
)
from neurodyn.learning.tiles import add_product
from neurodyn.numerics.kernel import helper
from neurodyn.numerics.view import rectangle, window

#: Samples that settle together: their states stay in the first two caches.
GROUP = 20

ZERO = np.float32(0.0)


@helper
def fields(circuit, s, drive, count, out):
    """Write drive + W s into out, for the first `count` samples of a group."""
    plan, theta = circuit.plan, circuit.theta
    for p in range(plan[POPULATIONS]):
        d, f = population_states(drive, plan, p, GROUP, count), population_states(out, plan, p, GROUP, count)
        here, there = window(d, 0, d.size), window(f, 0, f.size)
        for j in range(here.size):
            there[j] = here[j]
    for k in range(plan[CONNECTIONS]):
        a, b, ahead, back, _ = connection(plan, k)
        n_a, m_a, _ = population(plan, a)
        n_b, m_b, _ = population(plan, b)
        s_a, s_b = population_states(s, plan, a, GROUP, count), population_states(s, plan, b, GROUP, count)
        add_product(s_a, rectangle(theta, ahead, n_a, m_b), population_states(out, plan, b, GROUP, count))
        if a != b:
            add_product(s_b, rectangle(theta, back, n_b, m_a), population_states(out, plan, a, GROUP, count))


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
def copy_sample(source, source_capacity, i, target, target_capacity, k, plan):
    """Copy sample i of one array of states to sample k of another."""
    for p in range(plan[POPULATIONS]):
        a = sample_states(source, plan, p, source_capacity, i)
        b = sample_states(target, plan, p, target_capacity, k)
        for j in range(a.size):
            b[j] = a[j]


@helper
def load_group(source, capacity, first, count, s, plan):
    """Copy `count` samples, from number `first` on, into a group."""
    for i in range(count):
        copy_sample(source, capacity, first + i, s, GROUP, i, plan)


@helper
def store_group(s, count, target, capacity, first, plan):
    """Copy the `count` samples of a group to the places from number `first` on."""
    for i in range(count):
        copy_sample(s, GROUP, i, target, capacity, first + i, plan)


@helper
def free_phase(circuit, group, count, limit, most, rest, capacity):
    """Settle the first `count` samples of a group, each until it is slow or has made `most` steps.

    Samples that are done go to `rest`, which has room for `capacity`, each to its place, and their steps to
    `group.steps`; the last that still moves takes their place in the group.
    """
    plan, pace = circuit.plan, circuit.pace
    s, drive, f, places = group.s, group.drive, group.field, group.places
    moving = count
    for t in range(1, most + 1):
        fields(circuit, s, drive, moving, f)
        for i in range(moving - 1, -1, -1):
            fast = 0
            for p in range(plan[POPULATIONS]):
                _, padded, first = population(plan, p)
                low, high = bounds(plan, p)
                pieces = sample_states(s, plan, p, GROUP, i), sample_states(f, plan, p, GROUP, i)
                fast += step(pieces[0], pieces[1], window(pace, first, padded), limit, low, high)
            if fast == 0 or t == most:
                copy_sample(s, GROUP, i, rest, capacity, places[i], plan)
                group.steps[places[i]] = t
                moving -= 1
                if i < moving:
                    copy_sample(s, GROUP, moving, s, GROUP, i, plan)
                    copy_sample(drive, GROUP, moving, drive, GROUP, i, plan)
                    places[i] = places[moving]
        if moving == 0:
            break


@helper
def nudged_phase(circuit, group, count, beta, most):
    """Let the first `count` samples of a group make `most` steps with outputs nudged towards `group.target`.

    `group.field` holds the fields at `group.s` when it begins.
    """
    plan, pace = circuit.plan, circuit.pace
    s, f, target = group.s, group.field, group.target
    out, first_out = plan[OUTPUT], plan[FIRST_OUT]
    for t in range(most):
        if t:
            fields(circuit, s, group.drive, count, f)
        for i in range(count):
            y, g = sample_states(s, plan, out, GROUP, i), sample_states(f, plan, out, GROUP, i)
            for j in range(plan[N_OUT]):
                g[first_out + j] += beta * (target[i, j] - y[first_out + j])
            for p in range(plan[POPULATIONS]):
                _, padded, first = population(plan, p)
                low, high = bounds(plan, p)
                pieces = sample_states(s, plan, p, GROUP, i), sample_states(f, plan, p, GROUP, i)
                step(pieces[0], pieces[1], window(pace, first, padded), ZERO, low, high)
