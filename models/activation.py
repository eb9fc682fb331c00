"""An activation of a user's own: one expression, or functions of the state of a unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurodyn.errors import ModelError
from neurodyn.flows.activation import CODES, canonical
from neurodyn.flows.own_activation import OWN_ACTIVATIONS, OwnActivation
from neurodyn.flows.populations import CURVATURES_OF, DIFFERENCES_OF, RATES_OF
from neurodyn.models.expressions.module import module
from neurodyn.models.scalar_functions import all_constants, enter_by_name, hashes_and_text
from neurodyn.numerics.kernel import Kernel

TEXT = '''"""Kernels of an activation; neurodyn has written this, and an edit here is lost."""

from neurodyn.flows.terms import NODES, WEIGHTS
from neurodyn.models.terms.own_functions import compiled

rate, slope, bend = compiled({rate!r}), compiled({slope!r}), compiled({bend!r})


def rates(s, r, d):
    for j in range(s.size):
        r[j] = rate(s[j])
        d[j] = slope(s[j])


def curvatures(s, c):
    for j in range(s.size):
        c[j] = bend(s[j])


def differences(base, a, d, delta, beta, dr, dd):
    """Integrals of the derivatives by Gauss and Legendre where the way is short, and else differences."""
    for j in range(delta.size):
        way = beta[j] * delta[j]
        if abs(way) < 0.125:
            by_slope, by_bend = 0.0, 0.0
            for q in range(len(NODES)):
                at = base[j] + NODES[q] * way
                by_slope += WEIGHTS[q] * slope(at)
                by_bend += WEIGHTS[q] * bend(at)
            dr[j], dd[j] = by_slope * delta[j], by_bend * delta[j]
        else:
            dr[j] = (rate(base[j] + way) - a[j]) / beta[j]
            dd[j] = (slope(base[j] + way) - d[j]) / beta[j]
'''
#: States at which functions are compared with each other.
POINTS = tuple((s,) for s in np.linspace(-2.1, 2.2, 9))


class Activation:
    """An activation of one's own, which populations take by itself or by its name.

    It serves wherever the energy is one of the states; its flows are as exact as those of the other activations where
    it is smooth over 0.1 in the state. The rate form, complex nudging and the input need one of neurodyn's. A file with
    a network holds the text of an expression, and whoever reads the file needs nothing else. Of functions it holds the
    name alone: an activation of that name must have been made before the file is read.

    Parameters
    ----------
    name : str
        Its name in this process and in files.
    rate : str or function
        The rate as an expression of the symbol s; or a function of a number in numba's subset of Python.
    slope, bend : function, optional
        The first and second derivative of a function.
    constants : mapping of str to float, optional
        The values of all other names in an expression; they may as well be given as keywords.

    Raises
    ------
    ModelError
        Something is no expression, no function or no derivative, or the name belongs to another activation.

    Examples
    --------
    >>> from neurodyn import models
    >>> swish = models.Activation("swish", "s*sigmoid(k*s)", k=1.5)
    >>> net = models.Hopfield({"x": {"size": 2, "role": "input"}, "h": {"size": 3, "activation": swish}}, ["x-h"])
    >>> net.graph["h"].activation
    'swish'
    """

    def __init__(
        self,
        name: str,
        rate: Any,
        slope: Any = None,
        bend: Any = None,
        *,
        constants: Mapping[str, float] | None = None,
        **more: float,
    ) -> None:
        if not isinstance(name, str) or not name.strip() or _known(name):
            raise ModelError(f"an activation needs a name that is none of {', '.join(CODES)}; got {name!r}")
        self.name = name.strip()
        given = rate, slope, bend
        keys, text = hashes_and_text("activation", self.name, given, all_constants(constants, more), POINTS)
        source = TEXT.format(rate=keys[0], slope=keys[1], bend=keys[2])
        made = module(["activation", source], lambda: source)
        rates, curvatures = Kernel(made.rates, RATES_OF), Kernel(made.curvatures, CURVATURES_OF)
        differences = Kernel(made.differences, DIFFERENCES_OF)
        own = OwnActivation(self.name, source, text, rates, curvatures, differences)
        enter_by_name("activation", OWN_ACTIVATIONS, self.name, own)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Activation({self.name!r})"


def _known(name: str) -> bool:
    """Whether it is the name of one of neurodyn's activations."""
    try:
        return canonical(name) in CODES
    except ModelError:
        return False
