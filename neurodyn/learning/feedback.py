"""How far feedback weights of their own have come to point the way that errors go: the transposed weights."""

from __future__ import annotations

import numpy as np

from neurodyn.system.network import Network


def feedback_cosine(network: Network) -> float:
    """Cosine between all weights whose feedback is their own, and that feedback transposed; NaN without such.

    It is 1 where weights are shared by both directions, about 0 where feedback is drawn at random. In a population's
    connection to itself the two directions of each pair stand against each other.

    Examples
    --------
    >>> from neurodyn import models
    >>> from neurodyn.learning import feedback_cosine
    >>> net = models.Rate.layered([4, 3, 2], feedback="random", seed=1)
    >>> round(feedback_cosine(net.replace(parameters={"y-h1": 2.0 * net.parameters["h1-y"].T})), 12)
    1.0
    """
    sums = np.zeros(3)
    for c in network.graph.connections:
        if c.own_feedback:
            there, back = network.parameters[c.name], network.parameters[c.own_feedback].T
            sums += [float((a * b).sum()) for a, b in ((there, back), (there, there), (back, back))]
    size = np.sqrt(sums[1] * sums[2])
    return float(sums[0] / size) if size else float("nan")
