"""The largest Lyapunov exponent over two parameters: where a network rests, oscillates, or is chaotic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.analysis.motion.lyapunov import lyapunov
from neurodyn.analysis.portraits.landscape import Landscape
from neurodyn.analysis.portraits.parameter import family
from neurodyn.cards.picture import Picture, shades
from neurodyn.cards.shown import Shown
from neurodyn.errors import ArgumentError, shown
from neurodyn.inputs import as_numbers
from neurodyn.numerics.arrays import Array, Mask
from neurodyn.phases.growth import CLEAR
from neurodyn.phases.tangent import require_smooth
from neurodyn.progress import Bar
from neurodyn.system.network import Network


@dataclass(frozen=True, eq=False, repr=False)
class LyapunovMap(Shown):
    """The largest Lyapunov exponent on a grid; the second parameter's axis comes first, as images want it.

    Attributes
    ----------
    names : pair of str
        The parameters.
    first, second : (M,), (K,)
        Their values.
    exponent, standard_error : (K, M)
        1/time; NaN where the network diverged.

    Examples
    --------
    >>> import numpy as np
    >>> from neurodyn import analysis
    >>> ones = np.ones((1, 2))
    >>> analysis.LyapunovMap(("gain", "h[0]"), np.array([1.0, 2.0]), np.array([0.0]), np.array([[-0.1, 5.0]]), ones)
    LyapunovMap(gain x h[0]: 1 of 2 cells chaotic)
    """

    names: tuple[str, str]
    first: Array
    second: Array
    exponent: Array
    standard_error: Array

    @property
    def chaotic(self) -> Mask:
        """Where the exponent is positive, by three standard errors, (K, M)."""
        return np.asarray(self.exponent > CLEAR * self.standard_error)

    def _picture(self) -> Picture | None:
        return shades(self.exponent[::-1], caption=f"exponent, {self.names[0]} across and {self.names[1]} up")

    def __repr__(self) -> str:
        return f"LyapunovMap({' x '.join(self.names)}: {self.chaotic.sum()} of {self.exponent.size} cells chaotic)"


def lyapunov_map(
    network: Network,
    x: ArrayLike | None = None,
    *,
    parameters: Sequence[Any],
    values: Sequence[ArrayLike],
    start: ArrayLike | None = None,
    tol: float | None = None,
    t_max: float | None = None,
) -> LyapunovMap:
    """Estimate the largest Lyapunov exponent for all pairs of values of two parameters.

    Parameters
    ----------
    network : Network
        Of smooth activations.
    x : (n_in,) array, optional
    parameters : pair
        What is varied, each as `continue_fixed_point` takes it, like "gain", "h[0]" or "x[1]"; not "beta".
    values : pair of (M,), (K,) arrays
    start, tol, t_max
        As for `lyapunov`, in every cell.

    Raises
    ------
    ArgumentError, ModelError
        For arguments that do not fit, and for units with the hard sigmoid.

    Examples
    --------
    >>> from neurodyn import analysis, models
    >>> net = models.Rate.recurrent(3, feedback={"s-s": [[0, 3, 0], [0, 0, -3], [3, 0, 0]]})
    >>> analysis.lyapunov_map(net, parameters=("gain", "s[0]"), values=([0.3, 1.0], [0.0, 0.5]))
    LyapunovMap(gain x s[0]: 0 of 4 cells chaotic)
    """
    landscape = Landscape.of(network, x)
    require_smooth(network, "a Lyapunov exponent")
    if isinstance(parameters, str) or len(parameters) != 2 or len(values) != 2:
        raise ArgumentError(f"`parameters` and `values` must be two each; got {shown(parameters)}")
    first, second = (as_numbers(v, "`values`") for v in values)
    if first.ndim != 1 or second.ndim != 1 or not (first.size and second.size):
        raise ArgumentError(f"`values` must be two lists of numbers; got shapes {first.shape} and {second.shape}")
    across = family(landscape, parameters[0])
    names = across.name, family(landscape, parameters[1]).name
    found = np.full((2, second.size, first.size), np.nan)
    with Bar("Lyapunov exponents") as bar:
        for k, p in enumerate(first):
            along = family(across.at(float(p)), parameters[1])
            for j, q in enumerate(second):
                here = replace(along.at(float(q)), y=None)
                one = lyapunov(here.network, here.x, start=start, tol=tol, t_max=t_max, on_failure="return")
                found[:, j, k] = one.exponents[0], one.standard_error[0]
                bar.update((k * second.size + j + 1) / found[0].size)
    return LyapunovMap(names, first, second, found[0], found[1])
