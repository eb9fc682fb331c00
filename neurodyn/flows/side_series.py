"""The Taylor series of the side network. Its flow is linear, so that each coefficient is the flow of the one before."""

from __future__ import annotations

from neurodyn.flows.linear import follow, side
from neurodyn.numerics.kernel import series_kernel
from neurodyn.numerics.view import borrowed, constant, flat, layer, rectangle


@series_kernel(side, 1)
def side_series(c, rows, theta, layout, work):
    """Coefficients of S and of the integral of S/tau."""
    c, rows, theta, layout, work = borrowed(c), borrowed(rows), borrowed(theta), borrowed(layout), borrowed(work)
    scratch = rectangle(work, 0, work.shape[0] * work.shape[1], work.shape[2])
    for k in range(1, c.shape[0]):
        new = layer(c, k)
        follow(constant(layer(c, k - 1)), rows, theta, layout, scratch, new)
        values, share = flat(new, 0, c.shape[1]), 1.0 / k
        for j in range(values.size):
            values[j] *= share
