"""The drive of free units by biases and clamped inputs, from the inputs that are not zero."""

from __future__ import annotations

from neurodyn.learning.euler_phases import ZERO
from neurodyn.learning.layout import (
    BIASES,
    INPUTS,
    N_IN,
    POPULATIONS,
    input_connection,
    population,
    sample_states,
)
from neurodyn.learning.tiles import STRETCH, gather
from neurodyn.numerics.kernel import helper
from neurodyn.numerics.view import rectangle, window


@helper
def list_inputs(x, which, rate):
    """Write the inputs that are not zero, by number and value; returns how many there are."""
    count = 0
    for i in range(x.size):
        which[count], rate[count] = i, x[i]
        count += x[i] != ZERO
    return count


@helper
def list_samples(x, picks, first, last, lists):
    """List the inputs of the samples `first` to before `last` of a minibatch."""
    for i in range(first, last):
        lists.counts[i] = list_inputs(x[picks[i]], lists.which[i], lists.rate[i])


@helper
def add_drive(circuit, k, columns, lists, capacity, count, drive):
    """Add some columns (first, end) of an input connection to the drives of the samples listed."""
    plan = circuit.plan
    first, last = columns
    p, place, _ = input_connection(plan, k)
    w = rectangle(circuit.theta, place, plan[N_IN], population(plan, p)[1])
    for i in range(count):
        d = sample_states(drive, plan, p, capacity, i)
        gather(lists.which[i], lists.rate[i], lists.counts[i], w, d, first, last)


@helper
def start_drive(circuit, p, columns, capacity, count, drive):
    """Begin the drives of samples with the biases, in some columns (first, end) of a population."""
    plan = circuit.plan
    first, width = columns[0], columns[1] - columns[0]
    biases = window(circuit.theta, plan[BIASES] + population(plan, p)[2] + first, width)
    for i in range(count):
        d = window(sample_states(drive, plan, p, capacity, i), first, width)
        for j in range(d.size):
            d[j] = biases[j]


@helper
def drive_samples(circuit, lists, capacity, count, drive):
    """Write the drives of the samples listed, in all columns."""
    plan = circuit.plan
    for p in range(plan[POPULATIONS]):
        start_drive(circuit, p, (0, population(plan, p)[1]), capacity, count, drive)
    for k in range(plan[INPUTS]):
        end = population(plan, input_connection(plan, k)[0])[1]
        for j in range(0, end, STRETCH):
            add_drive(circuit, k, (j, min(j + STRETCH, end)), lists, capacity, count, drive)
