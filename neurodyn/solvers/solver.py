"""Settings of a numerical integration; see `Solver`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from neurodyn.errors import ArgumentError, nearest, shown
from neurodyn.inputs import LOOSEST, is_positive
from neurodyn.solvers.methods import TABLEAUS
from neurodyn.solvers.tableau import Tableau

#: Methods that SciPy solves, sample by sample.
SCIPY_METHODS = ("RK45", "DOP853", "Radau", "BDF", "LSODA")
#: Methods that are chosen by what is asked for.
ADAPTIVE, AUTO = "adaptive", "auto"
CHOOSING = (ADAPTIVE, AUTO)
#: The method that sums Taylor series.
TAYLOR = "taylor"
METHODS = (*CHOOSING, TAYLOR, *TABLEAUS, *SCIPY_METHODS)
#: Below this `rtol` a method of order 8 needs fewer forces than one of order 5.
TIGHT = 1e-10

#: More steps than this are taken for a slip; counters hold them.
MOST_STEPS = 10**15


@dataclass(frozen=True, slots=True)
class Solver:
    """How to integrate.

    Parameters
    ----------
    method : str or Tableau
        `adaptive` (default): `taylor` where it can be used and has few components or a tight tolerance; else `relax5`,
        and for `rtol` below 1e-10 `dop8` on the way to rest, where only the end counts and no unit is in a box.
        `taylor`: compiled, Taylor series whose order follows from `rtol`, as accurate between steps as at their ends;
        for tanh, sigmoid and linear units without terms, free under a constant input, or nudged by the squared error,
        and for the side network. `relax5`: compiled, adaptive, order 5(4), made for networks that come to rest.
        `tsit5`, `dopri5`: its published relatives; `tsit5` needs fewer forces where a network keeps oscillating, and
        over short times. `dop8`: order 8, for tight tolerances. `rk4`, `euler`: compiled, fixed `step`.
        `auto`: `relax5`, and from where a trajectory turns out stiff, and long, `Radau`; the result's counter
        `implicit` says for how many. `RK45`, `DOP853`, `Radau`, `BDF`, `LSODA`: SciPy's; the implicit ones get the
        analytic Jacobian. A method of your own is a `neurodyn.solvers.tableau.Tableau`, or what it describes itself by.
    rtol, atol : float
        Tolerances of the local error: its root mean square over units, each against atol + rtol·max|s|, is at most 1.
        At most 0.1.
    step : float, optional
        Fixed step, in units of time. Needed by methods without an error estimate; makes the adaptive ones take fixed
        steps too. Steps are shortened evenly so that they land on the recorded times.
    max_steps : int
        Attempted steps per trajectory.
    max_seconds : float
        Wall time for the whole batch.

    Raises
    ------
    ArgumentError
        For an unknown method, a missing or needless step, or limits that are not positive.

    Examples
    --------
    >>> import neurodyn as nd
    >>> nd.Solver(rtol=1e-10).method
    'adaptive'
    >>> nd.Solver("euler", step=0.1).fixed
    True
    """

    method: str | Tableau = "adaptive"
    rtol: float = 1e-8
    atol: float = 1e-10
    step: float | None = None
    max_steps: int = 100_000
    max_seconds: float = 600.0

    def __post_init__(self) -> None:
        if isinstance(self.method, Mapping):
            object.__setattr__(self, "method", _described(self.method))
        elif not isinstance(self.method, (str, Tableau)):
            raise ArgumentError(
                f"unknown solver method {self.method!r}: it must be a name, or a Tableau of an explicit method"
            )
        if isinstance(self.method, str) and self.method not in METHODS:
            raise ArgumentError(f"unknown solver method {self.method!r}; {nearest(self.method, METHODS)}")
        for name in ("rtol", "atol", "max_steps", "max_seconds"):
            value = getattr(self, name)
            if not is_positive(value):
                raise ArgumentError(f"solver `{name}` must be positive and finite; got {shown(value)}")
            if name in ("rtol", "atol") and value > LOOSEST:
                raise ArgumentError(
                    f"solver `{name}` must be at most {LOOSEST:g}, or steps follow no trajectory; got {value!r}"
                )
        if int(self.max_steps) != self.max_steps or self.max_steps > MOST_STEPS:
            rule = f"a whole number of at most {MOST_STEPS:,}"
            raise ArgumentError(f"solver `max_steps` must be {rule}; got {shown(self.max_steps)}")
        if self.rtol < 3e-14:
            raise ArgumentError(f"solver `rtol` must be at least 3e-14, a hundred roundings; got {self.rtol:g}")
        if self.compiled and not self.tableau.adaptive and self.step is None:
            raise ArgumentError(f"solver method {self.method!r} needs `step`, for example step=0.1")
        if self.step is not None:
            if not self.compiled or self.auto:
                raise ArgumentError(f"solver method {self.method!r} chooses its own steps: leave out `step`")
            if not is_positive(self.step):
                raise ArgumentError(f"solver `step` must be positive and finite; got {shown(self.step)}")

    @property
    def compiled(self) -> bool:
        """Whether the method is, or begins as, one of our compiled ones."""
        return isinstance(self.method, Tableau) or self.method in (*CHOOSING, *TABLEAUS)

    @property
    def auto(self) -> bool:
        """Whether stiff trajectories go over to an implicit method."""
        return self.method == "auto"

    @property
    def tableau(self) -> Tableau:
        """The compiled method for what is recorded on its way."""
        return self.tableau_for(smooth_to_rest=False)

    def tableau_for(self, smooth_to_rest: bool) -> Tableau:
        """The compiled method for a motion without kinks to rest, of which nothing is recorded on its way; or another.

        There an order of 8 pays. It takes longer steps, whose errors are larger where stability limits them: up to some
        fifty times what is asked for.
        """
        if isinstance(self.method, Tableau):
            return self.method
        if self.method in CHOOSING:
            return TABLEAUS["dop8" if smooth_to_rest and self.rtol < TIGHT and not self.fixed else "relax5"]
        return TABLEAUS[self.method]

    @property
    def fixed(self) -> bool:
        """Whether steps are fixed."""
        return self.step is not None

    def describe(self) -> dict[str, Any]:
        """Plain data, from which `Solver(**data)` makes an equal one."""
        about = {f.name: getattr(self, f.name) for f in fields(self)}
        return about | {"method": self.method.describe() if isinstance(self.method, Tableau) else self.method}


def _described(about: Mapping[str, Any]) -> Tableau:
    """The tableau that described itself so."""
    try:
        return Tableau(**about)
    except TypeError as error:
        raise ArgumentError(f"solver `method` does not describe a Tableau: {error}") from error


def chosen_solver(solver: object, default: Solver | None = None) -> Solver:
    """The solver given as an argument; for None the default, `Solver()` unless another is said.

    Raises
    ------
    ArgumentError
        It is no solver.
    """
    if solver is not None and not isinstance(solver, Solver):
        raise ArgumentError(f"`solver` must be a Solver, like Solver(method='tsit5'), or None; got {shown(solver)}")
    return solver or default or Solver()
