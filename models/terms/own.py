"""A term by a user's own functions; derivatives that they do not give are derived by complex steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from neurodyn.errors import ModelError, nearest
from neurodyn.models.expressions.module import module
from neurodyn.models.terms.complex_step import COMPLEX, REAL
from neurodyn.models.terms.own_functions import Function, check, enter, function_at, place_of
from neurodyn.models.terms.own_text import text
from neurodyn.system.attached import Attached
from neurodyn.system.graph import Graph
from neurodyn.system.parameters import Block
from neurodyn.system.term import Primitives, Term

#: What each function takes, by the name of the argument.
ARGUMENTS = {
    "energy": ("s", "r", "theta"),
    "gradient": ("s", "r", "theta", "out_s", "out_r"),
    "force": ("s", "r", "theta", "out"),
}
VARIABLES = ("both", "states", "rates")


@cache
def primitives_of(energy: str, gradient: str, force: str, of: str) -> Primitives:
    """The primitives of functions by their hashes, '' for what is not given."""
    source = text(energy, gradient, force, of)
    made = module(["own term", source], lambda: source)
    names = ("gradient", "curve", "energy", "parameter_gradient", "mixed", "curve_transposed")
    functions: dict[str, Any] = {name: getattr(made, name, None) for name in names}
    return Primitives.of(**functions, analytic=False)


@dataclass(frozen=True, init=False, repr=False)
class Own(Term, kind="own"):
    """A term by functions in numba's subset of Python: an energy, an energy and its gradient, or a force without one.

    The functions are of one sample: s and r are the states and rates of the units of all its populations, joined in
    their order (1-d; of clamped units both are what they are clamped at), theta the parameters, block after block, and
    then the constants. **All are arrays of complex numbers**, along whose imaginary parts derivatives are taken: the
    functions must be analytic (np.exp, np.sin ...; no abs, max or conjugate; compare real parts: ``s[i].real > 0``).

        energy(s, r, theta)                        returns V
        gradient(s, r, theta, out_s, out_r)        writes V_s and V_r, where it is not 0
        force(s, r, theta, out)                    writes f, of tau ds/dt = f + ..., where it is not 0

    Whole powers above two must be written as products: of complex numbers, numba's ``s**3`` goes by the logarithm,
    whose rounding hides the imaginary part. When a network is made, derivatives are compared with differences at a
    drawn point: what is wrong, or not analytic, is refused.

    First derivatives by complex steps are exact to rounding. Second ones of an energy alone are differences of order
    twelve of exact first ones, for which it should change over lengths of 0.2 or more: of log-sum-exp their relative
    error is 3e-14 for κ = 2 and 8e-13 for κ = 5, beside 1e-15 with the gradient. For n units, a gradient costs n
    evaluations of an energy of one variable, and a product with second derivatives 12 n; where the gradient is given,
    both cost one evaluation of it. Holomorphic nudging, which needs derivatives at complex states, is refused.

    They are compiled when a network is made, and served from numba's disk cache as long as neither the functions nor
    the functions and numbers that they use change.

    Parameters
    ----------
    populations : str or sequence of str
    energy, gradient, force : function, or str
        See above; or where a function is, as "module:name", in a module that is imported already.
    parameters : mapping, optional
        The shape of each block by its name, as numbers and names of populations: ``{"h.springs": ("h", 3)}``. They
        begin as uniform Glorot matrices, and vectors of zeros: `Network.replace` sets others.
    constants : mapping of str to float, optional
        In the order in which theta has them.
    of : {"both", "states", "rates"}
        What the functions look at: an energy of one of the two costs half as many evaluations. An energy of "rates" may
        be a part of an energy of the rates.

    Raises
    ------
    ModelError
        Something does not fit; says what.

    Examples
    --------
    >>> import numpy as np
    >>> from neurodyn.models import terms
    >>> def energy(s, r, theta):
    ...     return theta[0] * np.sum(s * s * s * s)
    >>> terms.Own("h", energy=energy, constants={"k": 0.25}, of="states").has_energy
    True
    """

    names: tuple[str, ...]
    functions: tuple[tuple[str, Function], ...]
    shapes: tuple[tuple[str, tuple[int | str, ...]], ...]
    values: tuple[tuple[str, float], ...]
    of: str

    def __init__(
        self,
        populations: str | Sequence[str],
        *,
        energy: Any = None,
        gradient: Any = None,
        force: Any = None,
        parameters: Mapping[str, Any] | None = None,
        constants: Mapping[str, float] | None = None,
        of: str = "both",
    ) -> None:
        given = {"energy": energy, "gradient": gradient, "force": force}
        found = {name: function_at(function) for name, function in given.items() if function is not None}
        if list(found) not in (["energy"], ["energy", "gradient"], ["force"]):
            what = ", ".join(f"`{name}`" for name in found) or "none"
            raise ModelError(f"give an `energy`, an `energy` and its `gradient`, or a `force`; got {what}")
        for name, function in found.items():
            check(function, name, ARGUMENTS[name])
        if of not in VARIABLES:
            raise ModelError(f"unknown `of` {of!r}; {nearest(of, VARIABLES)}")
        names = (populations,) if isinstance(populations, str) else tuple(populations)
        if not names or len(set(names)) < len(names):
            raise ModelError(f"`populations` must be one or more different names; got {populations!r}")
        values = {
            "names": names,
            "functions": tuple(found.items()),
            "shapes": tuple((name, _shape(name, shape)) for name, shape in (parameters or {}).items()),
            "values": tuple((name, float(value)) for name, value in (constants or {}).items()),
            "of": of,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def populations(self) -> tuple[str, ...]:
        """See `Term.populations`."""
        return self.names

    @property
    def about(self) -> str:
        """What it is given as, for messages."""
        return ", ".join(f"`{name}`" for name, _ in self.functions)

    @property
    def primitives(self) -> Primitives:
        """Made of the functions when they are used."""
        keys = {name: enter(function) for name, function in self.functions}
        return primitives_of(*(keys.get(name, "") for name in ARGUMENTS), self.of)

    @property
    def of_rates(self) -> bool:
        """Whether it is an energy of the rates alone."""
        return self.of == "rates" and self.has_energy

    @property
    def has_energy(self) -> bool:
        """Whether it has an energy, and is no force."""
        return "energy" in dict(self.functions)

    def check(self, graph: Graph) -> None:
        """See `Term.check`; shapes must name populations, and something must move."""
        super().check(graph)
        known = [p.name for p in graph.populations]
        for block, shape in self.shapes:
            for part in shape:
                if isinstance(part, str) and part not in known:
                    raise ModelError(
                        f"{self!r}: shape of {block!r}: unknown population {part!r}; {nearest(part, known)}"
                    )
        if not any(name in graph.slices for name in self.names):
            self.check_moves(graph, *self.names)
        check_derivatives(self, tuple(graph[name].size for name in self.names), self.blocks(graph))

    def blocks(self, graph: Graph) -> tuple[Block, ...]:
        """The parameters, in the order in which theta has them."""
        return tuple(
            Block(name, tuple(graph[part].size if isinstance(part, str) else part for part in shape), False)
            for name, shape in self.shapes
        )

    def constants(self, graph: Graph) -> Sequence[float]:
        """Those given."""
        return [value for _, value in self.values]

    def integers(self, graph: Graph) -> Sequence[int]:
        """How many parameters there are."""
        return (sum(block.size for block in self.blocks(graph)),)

    def scratch_rows(self, graph: Graph) -> int:
        """Complex numbers for theta and for arrays of the units, and real ones: enough for a single sample."""
        units = sum(graph[name].size for name in self.names)
        (count,) = self.integers(graph)
        return 2 * (count + len(self.values) + COMPLEX * units) + 2 * REAL * units

    def describe(self) -> dict[str, Any]:
        """See `Term.describe`; functions by their modules and names."""
        about: dict[str, Any] = {"term": self.kind, "populations": list(self.names)}
        about |= {name: place_of(function) for name, function in self.functions}
        shapes = {name: list(shape) for name, shape in self.shapes}
        return about | {"parameters": shapes, "constants": dict(self.values), "of": self.of}

    def __repr__(self) -> str:
        parts = [repr(self.names[0] if len(self.names) == 1 else self.names)]
        parts += [f"{name}={getattr(function, '__name__', function)}" for name, function in self.functions]
        return f"Own({', '.join(parts)})"


@cache
def check_derivatives(term: Own, sizes: tuple[int, ...], blocks: tuple[Block, ...]) -> None:
    """Raise `ModelError` where derivatives at a drawn point are not the slopes of the values, along a drawn direction.

    Values that are no numbers there say nothing.
    """
    parameters, units, size = sum(block.size for block in blocks), sum(sizes), 1e-5
    rng = np.random.default_rng(0)
    first = np.cumsum([0, *sizes[:-1]])
    place = np.array([*np.stack([first, sizes, np.ones_like(first)], axis=1).ravel(), parameters], dtype=np.int64)
    theta = np.concatenate([rng.normal(size=parameters), [value for _, value in term.values]])
    scratch = 2 * (theta.size + COMPLEX * units) + 2 * REAL * units
    attached = Attached(term, theta, place, parameters, scratch)
    s, r, v_s, v_r = rng.normal(size=(4, units, 3))
    at, v = (s, r), (v_s, v_r)
    higher, lower = ((s + h * v_s, r + h * v_r) for h in (size, -size))
    pairs = []
    if term.has_energy:
        by_s, by_r = attached.gradient(at)
        values = attached.energy(higher), attached.energy(lower)
        pairs.append((np.sum(by_s * v_s + by_r * v_r, axis=0), (values[0] - values[1]) / (2.0 * size)))
    if len(term.functions) > 1 or not term.has_energy:
        slopes = zip(attached.gradient(higher), attached.gradient(lower), strict=True)
        expected = np.concatenate([(a - b) / (2.0 * size) for a, b in slopes])
        pairs.append((np.concatenate(attached.curve(at, v)), expected))
    for found, expected in pairs:
        scale = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)
        wrong = np.isfinite(expected) & ~(np.abs(found - expected) <= 1e-4 * scale)
        if wrong.any():
            k = np.unravel_index(np.argmax(wrong), wrong.shape)
            raise ModelError(
                f"{term!r}: {term.about}: a derivative along some direction is {found[k]:.6g}, but the values have the "
                f"slope {expected[k]:.6g}: functions must be analytic, without abs or conjugates, whole powers above "
                "two written as products, a gradient that of its energy, and `of` what they look at"
            )


def _shape(name: str, shape: Any) -> tuple[int | str, ...]:
    """A shape as numbers and names; one of them may stand alone."""
    parts = tuple(shape) if isinstance(shape, (list, tuple)) else (shape,)
    if not parts or not all(isinstance(p, str) or (type(p) is int and p >= 1) for p in parts):
        raise ModelError(
            f"the shape of {name!r} must be one or more whole numbers >= 1, or names of populations; got {shape!r}"
        )
    return parts
