"""Products of a weight block with rates, unit-major: r is (units, batch), so W and its transpose serve by strides.

Each output is one chain of additions in the order of the presynaptic units, whatever the batch: a trajectory has the
same bits alone and in company. (BLAS does not promise that.)
"""

from __future__ import annotations

from neurodyn.kernel import helper


@helper
def add_product(w, r, out):
    """out[i] += sum_k w[i, k] r[k]; w (m, n), r (n, batch), out (m, batch)."""
    for i in range(w.shape[0]):
        row = w[i]
        target = out[i]
        for k in range(w.shape[1]):
            weight = row[k]
            source = r[k]
            for j in range(target.size):
                target[j] += weight * source[j]


@helper
def add_transposed_product(w, r, out):
    """out[k] += sum_i w[i, k] r[i]; w (m, n), r (m, batch), out (n, batch)."""
    for i in range(w.shape[0]):
        row = w[i]
        source = r[i]
        for k in range(w.shape[1]):
            weight = row[k]
            target = out[k]
            for j in range(target.size):
                target[j] += weight * source[j]
