"""The optimizers in float64, on the vector of all parameters; see `optimizer`."""

from __future__ import annotations

import numpy as np

from neurodyn.learning.optimizer import Adam, Momentum
from neurodyn.learning.rates import rates_by_block
from neurodyn.learning.recipe import Recipe
from neurodyn.numerics.arrays import Array
from neurodyn.system.network import Network


class Steps:
    """Steps of one network's parameters, with what the optimizer keeps in between.

    Attributes
    ----------
    kept : dict of str to (p,)
        Its means of gradients and of their squares, as far as it has them.
    """

    def __init__(self, network: Network, recipe: Recipe) -> None:
        self.recipe, self.mover = recipe, recipe.mover
        blocks, by_name = network.parameters.blocks, rates_by_block(recipe.rates, network)
        biases = {p.name for p in network.graph.free}
        self._rates = np.concatenate([np.full(b.size, by_name[b.name]) for b in blocks])
        decayed = np.concatenate([np.full(b.size, float(b.name not in biases)) for b in blocks])
        self._decay = recipe.weight_decay * self._rates * decayed
        self.kept = {name: np.zeros(len(self._rates)) for name in self.mover.keeps}

    def step(self, theta: Array, gradient: Array, factor: float, made: int) -> Array:
        """The parameters after a minibatch.

        Parameters
        ----------
        theta, gradient : (p,)
        factor : float
            What the schedule multiplies the rates by.
        made : int
            Number of the minibatch since learning began, from 1.
        """
        longest, norm = self.recipe.clip_norm, float(np.linalg.norm(gradient))
        if longest is not None and norm > longest:
            gradient = gradient * (longest / norm)
        shrunk = theta - factor * self._decay * theta if self.recipe.weight_decay else theta
        return shrunk - factor * self._rates * self._direction(gradient, made)

    def _direction(self, gradient: Array, made: int) -> Array:
        mover, kept = self.mover, self.kept
        if isinstance(mover, Momentum):
            kept["mean"] = mover.momentum * kept["mean"] + gradient
            return kept["mean"]
        if isinstance(mover, Adam):
            kept["mean"] = mover.beta_1 * kept["mean"] + (1.0 - mover.beta_1) * gradient
            kept["square"] = mover.beta_2 * kept["square"] + (1.0 - mover.beta_2) * gradient**2
            mean, square = kept["mean"] / (1.0 - mover.beta_1**made), kept["square"] / (1.0 - mover.beta_2**made)
            return np.asarray(mean / (np.sqrt(square) + mover.epsilon))
        return gradient


__all__ = ["Steps"]
