"""Back-propagation through a feed-forward network: the rate form with nothing leading back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neurodyn.errors import ModelError
from neurodyn.estimators.base import Estimator
from neurodyn.estimators.task import Task
from neurodyn.flows.layout import RATES
from neurodyn.flows.linear import vjp
from neurodyn.system.constants import linear_rows
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.graph import Graph
from neurodyn.system.network import Network
from neurodyn.system.parameter_gradient import mixed_product
from neurodyn.system.parameters import Parameters


@dataclass(frozen=True, kw_only=True)
class Backprop(Estimator):
    """DJ/dtheta of the network without its feedback: u = W rho(u) + b layer by layer, and the chain rule back.

    For the rate form, on a graph without cycles, where each connection leads from its first to its second population.
    Feedback is left out, whatever it is (weights of its own have the gradient 0), so that this is the exact gradient
    where there is none, and what gradients with a feedback gamma·Wᵀ tend to as gamma → 0.

    References
    ----------
    Rumelhart, Hinton & Williams, Nature 323:533 (1986); the limit: Xie & Seung, Neural Computation 15:441 (2003).
    """

    def estimate(self, task: Task) -> Parameters:
        """See `Estimator`."""
        depth, network = _depth(task.network.graph), _forward(task.network)
        point = FixedPoint(network, np.zeros((network.n, len(task.target))), task.x)
        for _ in range(depth):  # one pass over all layers sets one more for good
            point = replace(point, s=point.local.field)
        slope = point.cost_slope(task.target) * point.local.coordinate_slope
        rows, error = linear_rows(network, point.local), slope
        for _ in range(depth - 1):
            error = slope + error - network.evaluate(vjp, error, rows, network.n)
        task.count(force_evaluations=2 * depth * len(task.target))
        if network.connections != task.network.connections:
            task.note("feedback is left out: this is the gradient of the network without it")
        gradient = mixed_product(network, point.local, (np.zeros_like(error), -error), task.x)
        return _laid_out(gradient, task.network)


def _depth(graph: Graph) -> int:
    """Most populations that a signal passes on its way; refuses cycles."""
    arrows = [c for c in graph.connections if c.first in graph.slices and c.second in graph.slices]
    level = dict.fromkeys(graph.slices, 1)
    for _ in level:
        for c in arrows:
            level[c.second] = max(level[c.second], level[c.first] + 1)
    for c in arrows:
        if level[c.second] > len(level):
            raise ModelError(
                f"back-propagation needs a graph without cycles; connection {c.name!r}, from its first to its second "
                "population, is part of one, or behind one"
            )
    return max(level.values())


def _forward(network: Network) -> Network:
    """The network without feedback."""
    if network.metric != RATES or not network.is_pairwise:
        raise ModelError(
            "back-propagation is for the rate form, models.Rate: with this energy all influence is mutual, and no "
            "network without feedback is near"
        )
    inner = network.graph.slices
    connections = [
        replace(c, feedback=0.0) if c.first in inner and c.second in inner else c for c in network.connections
    ]
    names = [c.name for c in connections] + list(inner)
    weights = {name: network.parameters[name] for name in names}
    return network.with_connections(connections).replace(parameters=weights)


def _laid_out(gradient: Parameters, network: Network) -> Parameters:
    """Return the gradient in the layout of `network`; 0 for weights that are not in it."""
    parts = [gradient.part(b.name) if b.name in gradient else np.zeros(b.size) for b in network.parameters.blocks]
    return Parameters(network.parameters.blocks, np.concatenate(parts))
