"""What a state means to each unit of a network."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurodyn.numerics.arrays import Array, Mask


class Local(NamedTuple):
    """State; rate, slope, curvature of rho; field; force; active or not, all (n, batch); clamped rates, (n_in, batch).

    A unit is inactive where it sits on a bound of its box with the force pointing out. `coordinate` is what energy and
    cost are functions of, the force being minus the energy's derivative by it: the state itself, or the rate; and
    `coordinate_slope` its derivative by the state. The metric of the flow is then tau / coordinate_slope.
    """

    state: Array
    rate: Array
    slope: Array
    curvature: Array
    field: Array
    force: Array
    active: Mask
    coordinate: Array
    coordinate_slope: Array
    clamped: Array

    def columns(self, samples: Any) -> Local:
        """The same for some samples, by index, in that order."""
        return Local(*(np.take(a, samples, axis=1) for a in self))

    def all_active(self) -> Local:
        """The same with no unit held by a bound."""
        return self._replace(active=np.ones_like(self.active))

    @property
    def field_slope(self) -> Array:
        """Derivative of the force by the field, (n, batch): rho' in the state form, 1 in the rate form."""
        return self.slope / self.coordinate_slope

    @property
    def residual(self) -> Array:
        """Largest |force| over the active units, (batch,)."""
        return np.max(np.abs(np.where(self.active, self.force, 0.0)), axis=0)
