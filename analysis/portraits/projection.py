"""Trajectories of many units seen in two or three dimensions: principal components, or the slowest modes of decay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurodyn.analysis.free_phase import free_phase
from neurodyn.cards.picture import Picture, paths
from neurodyn.cards.shown import Shown
from neurodyn.errors import ArgumentError
from neurodyn.experiments.experiment import Experiment
from neurodyn.inputs import choice, whole_number
from neurodyn.numerics.arrays import Array
from neurodyn.phases.simulate import Trajectory
from neurodyn.results.result import with_batch
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.network import Network

#: A trajectory has come to rest where no active unit's |dE/ds| is larger.
AT_REST = 1e-3


@dataclass(frozen=True, slots=True, repr=False)
class Projection(Shown):
    """Coordinates of trajectories on k axes: (s - origin) · weights.

    Attributes
    ----------
    onto : {"components", "modes"}
    origin : (n,)
        The mean of the recorded states, or the fixed point whose modes these are.
    axes : (k, n)
        Unit vectors: where a coordinate grows by 1, the state moves by this. Each one's largest entry is positive.
    weights : (k, n)
        The rows to multiply with. Those of components are the axes, which are orthogonal. Eigenvectors of T⁻¹H are
        not where time constants differ: weights[i] · axes[j] is 1 for i = j and else 0, so that near the fixed point
        each coordinate decays on its own, as exp(−rate t).
    explained : (k,) or None
        For components: the fraction of the variance of the recorded states.
    rates : (k,) or None
        For modes: the relaxation rates, 1/time, slowest first.
    t, coordinates : (T,), (T, batch, k)
        The trajectory, or the free phase of an experiment.
    rest : (batch, k) or None
        For an experiment: the fixed points s*.
    nudged_t, displacement : (T',), (T', batch, k), or None
        For an experiment: (s − s*)/beta in the nudged phase, on the same axes (centered: the mean over both phases).

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0])
    >>> found = analysis.project(run, "modes")
    >>> found.onto, round(float(found.rates[0]), 3)
    ('modes', 0.451)
    """

    onto: str
    origin: Array
    axes: Array
    weights: Array
    explained: Array | None
    rates: Array | None
    t: Array
    coordinates: Array
    rest: Array | None
    nudged_t: Array | None
    displacement: Array | None

    def _picture(self) -> Picture | None:
        return paths(np.moveaxis(self.coordinates[..., :2], 1, 0), caption=f"trajectories, onto {self.onto}")

    @property
    def labels(self) -> tuple[str, ...]:
        """What each axis is, for a figure."""
        if self.explained is not None:
            return tuple(f"component $c_{k}$ ({share:.0%} of variance)" for k, share in enumerate(self.explained, 1))
        assert self.rates is not None
        return tuple(rf"mode $a_{k}$ (rate {rate:.3g}/$\tau$)" for k, rate in enumerate(self.rates, 1))


def project(
    result: Experiment | Trajectory, onto: str = "components", *, dimensions: int = 2, sample: int | None = None
) -> Projection:
    """Project both phases of an experiment, or a trajectory, onto a few directions of its state space.

    Parameters
    ----------
    result : Experiment or Trajectory
        The free phase of an experiment is simulated again, from its start.
    onto : {"components", "modes"}
        "components" are the principal components of the states recorded on the trajectory or in the free phase, each
        counted once. "modes" are the slowest eigenvectors of T⁻¹H at the experiment's fixed point, or where the
        trajectory ends.
    dimensions : {2, 3}
    sample : int, optional
        Which sample of the batch. Default: all for components; the first for modes, as others have other modes.

    Raises
    ------
    ArgumentError
        For arguments that do not fit; for modes, of a trajectory that has not come to rest; where there are fewer
        modes or recorded states than dimensions.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import analysis, models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> run = nd.experiment(net, [0.5, 0.2], [1.0, 0.0])
    >>> found = analysis.project(run)
    >>> found.coordinates.shape[1:], bool(found.explained.sum() > 0.9)
    ((1, 2), True)
    """
    if not isinstance(result, (Experiment, Trajectory)):
        raise ArgumentError(f"`result` must be an Experiment or a Trajectory; got {type(result).__name__}")
    choice(onto, ("components", "modes"), "onto")
    whole_number(dimensions, "dimensions", 2, 3)
    network = result.network
    moved = result if isinstance(result, Trajectory) else free_phase(result.equilibrium)
    states = with_batch(moved.state, 3)
    picked = _samples(sample, states.shape[1], first=onto == "modes")
    states = states[:, picked]
    rest = with_batch(result.equilibrium.state, 2)[picked] if isinstance(result, Experiment) else None

    explained = rates = None
    if onto == "components":
        origin, axes, explained = _components(states, dimensions)
        weights = axes
    else:
        origin = states[-1, 0] if rest is None else rest[0]
        x = None if moved.x is None else with_batch(moved.x, 2)[picked]
        rates, axes, weights = _modes(network, origin, x, dimensions)
    nudged_t = displacement = None
    if isinstance(result, Experiment):
        nudged_t = result.nudged.t
        displacement = with_batch(np.mean(result.nudged.displacement, axis=0), 3)[:, picked] @ weights.T
    return Projection(
        onto=onto,
        origin=origin,
        axes=axes,
        weights=weights,
        explained=explained,
        rates=rates,
        t=moved.t,
        coordinates=(states - origin) @ weights.T,
        rest=None if rest is None else (rest - origin) @ weights.T,
        nudged_t=nudged_t,
        displacement=displacement,
    )


def _samples(sample: int | None, batch: int, *, first: bool) -> slice:
    if sample is None:
        return slice(0, 1 if first else batch)
    chosen = whole_number(sample, "sample", 0, batch - 1)
    return slice(chosen, chosen + 1)


def _components(states: Array, dimensions: int) -> tuple[Array, Array, Array]:
    """Mean (n,), principal directions (k, n) and their shares of the variance, of all finite states (T, batch, n)."""
    points = states.reshape(-1, states.shape[-1])
    points = points[np.isfinite(points).all(axis=1)]
    if min(points.shape) < dimensions:
        raise ArgumentError(
            f"{dimensions} principal components need as many units and recorded states; "
            f"got {points.shape[1]} units and {points.shape[0]} states"
        )
    origin = points.mean(axis=0)
    _, lengths, directions = np.linalg.svd(points - origin, full_matrices=False)
    variance = lengths**2
    return origin, _signed(directions[:dimensions]), variance[:dimensions] / (variance.sum() or 1.0)


def _modes(network: Network, s: Array, x: Array | None, dimensions: int) -> tuple[Array, Array, Array]:
    """Slowest rates (k,) of T⁻¹H at s (n,), right eigenvectors (k, n) of unit length, and the left ones dual to them.

    With M = T^-1/2 H T^-1/2 and M v = rate v, they are T^-1/2 v and T^1/2 v; in the rate form with T rho' for T.
    """
    point = FixedPoint.of(network, s, x)
    if not np.isfinite(s).all() or point.residual[0] > AT_REST:
        raise ArgumentError(
            f"modes are those of a fixed point, but the largest |dE/ds| at the trajectory's end is "
            f"{point.residual[0]:.2g}: simulate for longer, or project an Experiment"
        )
    active = point.local.active[:, 0]
    if active.sum() < dimensions:
        raise ArgumentError(f"{dimensions} modes need as many active units; got {active.sum()} at this fixed point")
    rates, vectors = point.modes(0)
    slow = vectors[:, :dimensions].T
    root = np.sqrt(network.tau[active] * point.local.coordinate_slope[active, 0])
    length = np.linalg.norm(slow / root, axis=1, keepdims=True)
    axes, weights = np.zeros((2, dimensions, network.n))
    axes[:, active], weights[:, active] = slow / root / length, slow * root * length
    signed = _signed(axes)
    return rates[:dimensions], signed, np.where(np.any(signed != axes, axis=1, keepdims=True), -weights, weights)


def _signed(axes: Array) -> Array:
    """The same directions, the largest entry of each positive."""
    largest = np.take_along_axis(axes, np.argmax(np.abs(axes), axis=1)[:, None], axis=1)
    return axes * np.where(largest < 0.0, -1.0, 1.0)
