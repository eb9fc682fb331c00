"""An activation of a user's own: one expression, or functions of the state of a unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurodyn.errors import ModelError
from neurodyn.flows.activation import CODES, canonical
from neurodyn.flows.own_activation import OWN_ACTIVATIONS, OwnActivation
from neurodyn.flows.populations import CURVATURES_OF, DIFFERENCES_OF, RATES_OF
from neurodyn.models.expressions import expression as checked
from neurodyn.models.expressions.module import module
from neurodyn.models.terms.own_functions import check, enter
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


class Activation:
    """An activation of one's own, which populations take by itself or by its name.

    It serves wherever the energy is one of the states; its flows are as exact as those of the other activations where
    it is smooth over 0.1 in the state. The rate form, complex nudging and the input need one of neurodyn's. A file with
    a network names it: it must be made before the file is read.

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
        if isinstance(rate, str):
            if slope is not None or bend is not None:
                raise ModelError("the derivatives of an expression are its own: give no `slope` and no `bend`")
            functions = checked("activation", rate, {**(constants or {}), **more}).activation()
        else:
            if constants or more:
                raise ModelError("constants are those of an expression; functions have their own")
            functions = (rate, slope, bend)  # type: ignore[assignment]
            for function, what in zip(functions, ("rate", "slope", "bend"), strict=True):
                check(function, what, ("s",))
            _check_derivatives(self.name, *functions)
        keys = [enter(function) for function in functions]
        source = TEXT.format(rate=keys[0], slope=keys[1], bend=keys[2])
        known = OWN_ACTIVATIONS.get(self.name)
        if known is None:
            made = module(["activation", source], lambda: source)
            kernels = Kernel(made.rates, RATES_OF), Kernel(made.curvatures, CURVATURES_OF)
            OWN_ACTIVATIONS[self.name] = OwnActivation(
                self.name, source, *kernels, Kernel(made.differences, DIFFERENCES_OF)
            )
        elif known.source != source:
            raise ModelError(f"there is another activation {self.name!r} already: give this one another name")

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


def _check_derivatives(name: str, rate: Any, slope: Any, bend: Any) -> None:
    """Refuse functions that are not the derivatives of those before them, at some points."""
    for above, below, what in ((rate, slope, "slope"), (slope, bend, "bend")):
        for s in np.linspace(-2.1, 2.2, 9):
            found, expected = float(below(s)), (float(above(s + 1e-6)) - float(above(s - 1e-6))) / 2e-6
            if not abs(found - expected) <= 1e-4 * max(1.0, abs(expected)):
                raise ModelError(
                    f"activation {name!r}: `{what}` is {found:.6g} at {s:.3g}, where the function before it has the "
                    f"derivative {expected:.6g}"
                )
