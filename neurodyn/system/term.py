"""Terms: what an energy is a sum of. A term V(s, r; theta) is a function of the states and rates of a few populations.

Its primitives are functions that numba compiles, of arrays over all units, unit-major (units, b): the free units in
their order, then the clamped ones of the input, whose state and rate are both what they are clamped at.

    energy(s, r, theta, place, work, out)                         out (1, b) += V of each sample
    gradient(s, r, theta, place, work, out_s, out_r)              += V_s, V_r
    curve(s, r, v_s, v_r, theta, place, work, out_s, out_r)       += V″ (v_s, v_r)
    parameter_gradient(s, r, theta, place, work, out)             out (p,) += dV/dtheta, summed over the samples
    mixed(s, r, v_s, v_r, theta, place, work, out)                out (p,) += d2V/dtheta d(s, r) · (v_s, v_r), summed

theta are the parameters of the term, in the order of its blocks, then its constants. place has for each of its
populations, in their order, the first row, the size, and 1 if it is free or 0 if it is clamped; then its own integers.
work are its scratch rows. Rows of clamped units may be written, but nobody reads them, and directions are zero there.
No operation may mix samples, and the order of additions may not depend on their number: a sample has the same bits in
any company. A vector field without an energy gives minus its force as the gradient, and also the transposed curve.

Where nudging is holomorphic, gradient and curve are compiled for complex arrays too, theta staying real.
"""

from __future__ import annotations

import dataclasses
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import types

from neurodyn.errors import ModelError, nearest
from neurodyn.flows.complex_nudged import COMPLEX_GRADIENT_OF
from neurodyn.flows.terms import CURVE_OF, ENERGY_OF, GRADIENT_OF
from neurodyn.numerics.arrays import Array
from neurodyn.numerics.kernel import Kernel, vector
from neurodyn.system.graph import Graph
from neurodyn.system.parameters import Block

PARAMETER_GRADIENT_OF = types.void(*ENERGY_OF.args[:-1], vector)
MIXED_OF = types.void(*CURVE_OF.args[:-2], vector)
_complex = COMPLEX_GRADIENT_OF.args[0]
COMPLEX_PARAMETER_GRADIENT_OF = types.void(*COMPLEX_GRADIENT_OF.args[:-2], types.Array(types.complex128, 1, "C"))
COMPLEX_CURVE_OF = types.void(*[_complex] * 4, *COMPLEX_GRADIENT_OF.args[2:])


@dataclass(frozen=True)
class Primitives:
    """The compiled functions of a term: see the module. Those that a term has no use for are None.

    energy is None for a vector field without one, which then has curve_transposed; parameter_gradient and mixed for a
    term without parameters; the complex ones for a term that is not analytic.
    """

    gradient: Kernel
    curve: Kernel
    energy: Kernel | None = None
    parameter_gradient: Kernel | None = None
    mixed: Kernel | None = None
    curve_transposed: Kernel | None = None
    complex_gradient: Kernel | None = None
    complex_curve: Kernel | None = None
    complex_parameter_gradient: Kernel | None = None

    @classmethod
    def of(
        cls,
        *,
        gradient: Callable[..., Any],
        curve: Callable[..., Any],
        energy: Callable[..., Any] | None = None,
        parameter_gradient: Callable[..., Any] | None = None,
        mixed: Callable[..., Any] | None = None,
        curve_transposed: Callable[..., Any] | None = None,
        analytic: bool = True,
    ) -> Primitives:
        """From plain functions; nothing is compiled before it is used."""

        def kernel(function: Callable[..., Any] | None, signature: Any) -> Kernel | None:
            return None if function is None else Kernel(function, signature)

        return cls(
            Kernel(gradient, GRADIENT_OF),
            Kernel(curve, CURVE_OF),
            kernel(energy, ENERGY_OF),
            kernel(parameter_gradient, PARAMETER_GRADIENT_OF),
            kernel(mixed, MIXED_OF),
            kernel(curve_transposed, CURVE_OF),
            kernel(gradient if analytic else None, COMPLEX_GRADIENT_OF),
            kernel(curve if analytic else None, COMPLEX_CURVE_OF),
            kernel(parameter_gradient if analytic else None, COMPLEX_PARAMETER_GRADIENT_OF),
        )


def term_kernels() -> list[Kernel]:
    """Those of all kinds of terms that are the same for each term of the kind."""
    found = (vars(kind).get("primitives") for kind in Term.kinds.values())
    kernels = (vars(primitives).values() for primitives in found if isinstance(primitives, Primitives))
    return [kernel for some in kernels for kernel in some if kernel is not None]


@dataclass(frozen=True)
class Term(ABC):
    """A part of an energy. A subclass is a frozen dataclass whose fields are plain data, in a file of its own.

    A subclass sets `primitives`, and `quadratic` and `of_rates` if they are true; where its fields decide on one of
    them, that is a property. Of a quadratic term V″ is a constant: its curve looks at no states, and changes of its
    gradient are exact. A term of the rates alone may be a part of an energy of the rates.
    """

    #: The name of the class in files, and all classes by their names.
    kind: ClassVar[str] = ""
    kinds: ClassVar[dict[str, type[Term]]] = {}

    def __init_subclass__(cls, *, kind: str = "", **options: Any) -> None:
        super().__init_subclass__(**options)
        if kind:
            known = Term.kinds.get(kind)
            if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
                raise ModelError(
                    f"a term of the kind {kind!r} is there already: {known.__module__}.{known.__qualname__}"
                )
            cls.kind = kind
            Term.kinds[kind] = cls

    @property
    @abstractmethod
    def primitives(self) -> Primitives:
        """Its compiled functions."""

    @property
    def quadratic(self) -> bool:
        """Whether V″ is a constant."""
        return False

    @property
    def of_rates(self) -> bool:
        """Whether V is a function of the rates alone."""
        return False

    @property
    @abstractmethod
    def populations(self) -> tuple[str, ...]:
        """The populations it is a function of."""

    def check(self, graph: Graph) -> None:
        """Raise `ModelError` for a graph in which the term makes no sense."""
        names = [p.name for p in graph.populations]
        for name in self.populations:
            if name not in names:
                raise ModelError(f"{self!r}: unknown population {name!r}; {nearest(name, names)}")

    def check_moves(self, graph: Graph, *names: str) -> None:
        """Raise `ModelError` if one of some populations is the clamped input, on which the term would do nothing."""
        for name in names:
            if name not in graph.slices:
                raise ModelError(f"{self!r}: population {name!r} is the input, whose units are clamped")

    def require(self, *, whole: Sequence[str] = (), positive: Sequence[str] = (), finite: Sequence[str] = ()) -> None:
        """Raise `ModelError` unless some fields are whole numbers >= 1, others positive, and others finite numbers."""
        for name in whole:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ModelError(f"`{name}` must be a whole number >= 1; got {value!r}")
        for name in positive:
            value = getattr(self, name)
            if not (isinstance(value, (int, float, np.number)) and 0.0 < value < np.inf):
                raise ModelError(f"`{name}` must be a positive number; got {value!r}")
        for name in finite:
            value = getattr(self, name)
            if isinstance(value, bool) or not (isinstance(value, (int, float, np.number)) and np.isfinite(value)):
                raise ModelError(f"`{name}` must be a finite number; got {value!r}")

    def blocks(self, graph: Graph) -> tuple[Block, ...]:
        """Its parameters."""
        return ()

    def initial(self, graph: Graph, block: Block, generator: np.random.Generator, gain: float) -> Array:
        """First values of one of its blocks, flat: by default uniform Glorot for matrices, zeros for vectors."""
        if len(block.shape) == 1:
            return np.zeros(block.size)
        bound = gain * np.sqrt(6.0 / sum(block.shape))
        return generator.uniform(-bound, bound, block.size)

    def constants(self, graph: Graph) -> Sequence[float]:
        """Numbers that its primitives find after the parameters."""
        return ()

    def integers(self, graph: Graph) -> Sequence[int]:
        """Integers that its primitives find in `place` after those of the populations."""
        return ()

    def scratch_rows(self, graph: Graph) -> int:
        """How many rows of scratch memory its primitives use."""
        return 0

    @property
    def has_energy(self) -> bool:
        """Whether it is a part of an energy, and no vector field without one."""
        return self.primitives.energy is not None

    def describe(self) -> dict[str, Any]:
        """The term as plain data: its kind, and its fields."""
        if not self.kind:
            raise ModelError(f"{type(self).__name__} has no `kind`, the name by which files know it")
        return {"term": self.kind} | {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    @classmethod
    def arguments(cls) -> dict[str, inspect.Parameter]:
        """What it is made from, by name: its fields, or the arguments of a constructor of its own."""
        given = inspect.signature(cls).parameters
        return {name: argument for name, argument in given.items() if argument.kind != argument.VAR_KEYWORD}

    @staticmethod
    def read(description: Any) -> Term:
        """The term that `describe` described, or a term itself."""
        if isinstance(description, Term):
            return description
        fields = dict(description)
        name = fields.pop("term", "")
        if name not in Term.kinds:
            raise ModelError(f"unknown term {name!r}; {nearest(str(name), Term.kinds)}")
        kind = Term.kinds[name]
        allowed = list(kind.arguments())
        for key in fields:
            if key not in allowed:
                raise ModelError(f"term {name!r}: unknown key {key!r}; {nearest(key, allowed)}")
        try:
            return kind(**{key: tuple(v) if isinstance(v, list) else v for key, v in fields.items()})
        except TypeError as error:
            raise ModelError(f"term {name!r}: {error}") from error
