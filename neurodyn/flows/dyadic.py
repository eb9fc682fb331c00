"""Two copies of a network in the rate form, whose mean relaxes and whose difference carries the error.

With the states u± = m ± beta d / 2 of the copies, the mean rates r = (rho(u+) + rho(u-)) / 2 and the changes
D = (rho(u+) - rho(u-)) / beta, what the copies agree on goes through the weights as they lead, and what they differ in
goes back through the same weights:

    tau dm/dt = W r + b - m,        tau dd/dt = Wᵀ D - dC/dr - d

At rest d = -lambda of the side network, but for O(beta²), whether or not W is symmetric. If it is, each copy moves like
the network alone, with its outputs pulled by -/+ (beta / 2) dC/dr at the mean rates.
"""

from __future__ import annotations

from neurodyn.flows.cost import pull
from neurodyn.flows.coupling import couple, couple_transposed
from neurodyn.flows.layout import N, block, rows_of
from neurodyn.flows.populations import activate
from neurodyn.flows.response import respond
from neurodyn.numerics.kernel import flow_kernel, helper
from neurodyn.numerics.view import constant, flat

#: Blocks of constants: 1/tau twice, the current of the free flow, 1 for outputs, targets, beta.
CURRENT, STRENGTH, TARGET, BETA, DYADIC_BLOCKS = range(2, 7)


@flow_kernel(blocks=5)
def dyadic(t, z, rows, theta, layout, work, out):
    """The velocities of z: m and d, n rows each."""
    one, other, slope = rows_of(work, 0, layout), rows_of(work, 1, layout), rows_of(work, 2, layout)
    rate, change = rows_of(work, 3, layout), rows_of(work, 4, layout)
    forth, back = rows_of(out, 0, layout), rows_of(out, 1, layout)
    part(z, rows, layout, one, other)
    activate(constant(one), layout, rate, slope)
    activate(constant(other), layout, change, slope)
    meet(rows, layout, rate, change)
    pull(constant(rate), rows_of(rows, STRENGTH, layout), rows_of(rows, TARGET, layout), layout, back)
    field, current = flat(forth, 0, layout[N]), block(rows, CURRENT, layout)
    for j in range(field.size):
        field[j] = current[j]
    couple(rate, theta, layout, forth)
    couple_transposed(change, theta, layout, back)
    respond(rows_of(z, 0, layout), rate, slope, rows, layout, forth)
    respond(rows_of(z, 1, layout), rate, slope, rows, layout, back)


@helper
def part(z, rows, layout, one, other):
    """The states u± of the copies."""
    m, d, beta = block(z, 0, layout), block(z, 1, layout), block(rows, BETA, layout)
    a, b = flat(one, 0, layout[N]), flat(other, 0, layout[N])
    for j in range(a.size):
        half = 0.5 * beta[j] * d[j]
        a[j], b[j] = m[j] + half, m[j] - half


@helper
def meet(rows, layout, rate, change):
    """Turn the rates of the copies into their mean and their difference over beta."""
    a, b, beta = flat(rate, 0, layout[N]), flat(change, 0, layout[N]), block(rows, BETA, layout)
    for j in range(a.size):
        mean, difference = 0.5 * (a[j] + b[j]), (a[j] - b[j]) / beta[j]
        a[j], b[j] = mean, difference
