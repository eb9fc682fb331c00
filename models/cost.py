"""A cost of a user's own: one expression, or functions of an output and its target."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from neurodyn.errors import ModelError
from neurodyn.flows.cost import SLOPES_OF
from neurodyn.flows.own_cost import OWN_COSTS, OwnCost
from neurodyn.models.expressions.module import module
from neurodyn.models.scalar_functions import all_constants, enter_by_name, hashes_and_text
from neurodyn.numerics.kernel import Kernel
from neurodyn.system.graph import LINEAR, SOFTMAX

TEXT = '''"""Kernels of a cost; neurodyn has written this, and an edit here is lost."""

from neurodyn.models.terms.own_functions import compiled

value, slope, curvature = compiled({value!r}), compiled({slope!r}), compiled({curvature!r})


def values(z, y, out):
    for j in range(z.size):
        out[j] = value(z[j], y[j])


def slopes(z, y, out):
    for j in range(z.size):
        out[j] = slope(z[j], y[j])


def curvatures(z, y, out):
    for j in range(z.size):
        out[j] = curvature(z[j], y[j])
'''
#: Outputs and targets at which functions are compared with each other.
POINTS = tuple(product(np.linspace(-2.1, 2.2, 9), (-0.7, 0.3, 1.0)))


class Cost:
    """A cost of one's own, C = Σ_i c(z_i, y_i) over the outputs, which they take as their read-out.

    It serves wherever the squared error does, in phases, side networks, gradients, portraits and learning; complex
    nudging, which needs it at complex outputs, and methods that clamp the outputs refuse it. z is what the energy is a
    function of: the states of the outputs, in the rate form their rates. It should be smooth over 0.1 in z, and it need
    not be convex: the critical strength of nudging is then that of either sign. A file with a network holds the text of
    an expression, and whoever reads the file needs nothing else. Of functions it holds the name alone: a cost of that
    name must have been made before the file is read.

    Parameters
    ----------
    name : str
        Its name in this process and in files.
    value : str or function
        c as an expression of the symbols z and y; or a function c(z, y) in numba's subset of Python.
    slope, curvature : function, optional
        The first and second derivative of a function by z.
    constants : mapping of str to float, optional
        The values of all other names in an expression; they may as well be given as keywords.

    Raises
    ------
    ModelError
        Something is no expression, no function or no derivative, or the name belongs to another cost.

    Examples
    --------
    >>> from neurodyn import models
    >>> gentle = models.Cost("gentle", "w**2*logcosh((z - y)/w)", w=0.5)
    >>> net = models.Hopfield.layered([4, 6, 2], readout=gentle)
    >>> net.graph.readout
    'gentle'
    """

    def __init__(
        self,
        name: str,
        value: Any,
        slope: Any = None,
        curvature: Any = None,
        *,
        constants: Mapping[str, float] | None = None,
        **more: float,
    ) -> None:
        if not isinstance(name, str) or not name.strip() or name.strip() in (LINEAR, SOFTMAX):
            raise ModelError(f"a cost needs a name that is none of {LINEAR}, {SOFTMAX}; got {name!r}")
        self.name = name.strip()
        given = value, slope, curvature
        keys, text = hashes_and_text("cost", self.name, given, all_constants(constants, more), POINTS)
        source = TEXT.format(value=keys[0], slope=keys[1], curvature=keys[2])
        made = module(["cost", source], lambda: source)
        values, slopes, curvatures = (Kernel(f, SLOPES_OF) for f in (made.values, made.slopes, made.curvatures))
        enter_by_name("cost", OWN_COSTS, self.name, OwnCost(self.name, source, text, values, slopes, curvatures))

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Cost({self.name!r})"
