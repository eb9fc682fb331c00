"""Synapses whose weights move: every trajectory has its own, as part of its state.

A *synapse* is one direction of a connection between two units: field[target] += w rate[source]. Two synapses that share
their weight have the same row of the state. After a network's layout come three integers for each synapse, source,
target and row of its weight; then how many synapses there are, the first row of their constants, and the first row of
the biases. Sources below zero are clamped units, -1 - i the i-th.
"""

from __future__ import annotations

from neurodyn.flows.layout import (
    N,
)
from neurodyn.numerics.kernel import helper
from neurodyn.numerics.view import row

# From the end of the layout.
SYNAPSES, CONSTANTS, MOVING_BIASES, FOOTER = range(4)


@helper
def footer(layout):
    """Where the synapses begin in the layout, how many they are, first rows of constants and of biases."""
    o = layout.size - FOOTER
    count = layout[o + SYNAPSES]
    return o - 3 * count, count, layout[o + CONSTANTS], layout[o + MOVING_BIASES]


@helper
def transmit(z, rate, clamped, layout, factor, out):
    """out (n, b) += factor (w rate + bias), with the weights and biases in the state z; factor (b,)."""
    place, count, _, biases = footer(layout)
    for k in range(count):
        source, target, weight = layout[place + 3 * k], layout[place + 3 * k + 1], layout[place + 3 * k + 2]
        w, f = row(z, weight), row(out, target)
        r = row(rate, source) if source >= 0 else row(clamped, -1 - source)
        for j in range(f.size):
            f[j] += factor[j] * w[j] * r[j]
    for i in range(layout[N]):
        w, f = row(z, biases + i), row(out, i)
        for j in range(f.size):
            f[j] += factor[j] * w[j]


@helper
def associate(rate, clamped, change, layout, factor, out):
    """Rates of the weights: out[w] = factor sum over its synapses of rate[source] change[target]; biases alike."""
    place, count, _, biases = footer(layout)
    for k in range(count):
        o = row(out, layout[place + 3 * k + 2])
        for j in range(o.size):
            o[j] = 0.0
    for k in range(count):
        source, target, weight = layout[place + 3 * k], layout[place + 3 * k + 1], layout[place + 3 * k + 2]
        o, c = row(out, weight), row(change, target)
        r = row(rate, source) if source >= 0 else row(clamped, -1 - source)
        for j in range(o.size):
            o[j] += factor[j] * r[j] * c[j]
    for i in range(layout[N]):
        o, c = row(out, biases + i), row(change, i)
        for j in range(o.size):
            o[j] = factor[j] * c[j]


@helper
def relay(z, signal, layout, out):
    """out (n, b) += w signal over the synapses between free units."""
    place, count, _, _ = footer(layout)
    for k in range(count):
        source, target, weight = layout[place + 3 * k], layout[place + 3 * k + 1], layout[place + 3 * k + 2]
        if source >= 0:
            w, f, r = row(z, weight), row(out, target), row(signal, source)
            for j in range(f.size):
                f[j] += w[j] * r[j]
