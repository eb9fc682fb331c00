"""diffrax at its best: the ways to set it up, and the search for the fastest at equal error.

All are jitted, warmed, in float64, and skip what a plain forward solution does not need (`throw`, checkpoints).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from neurodyn.numerics.arrays import Array

from .cases import Case
from .measure import ABSOLUTE, Runner, Setting, in_turns, tune_tolerance

MAX_STEPS = 100_000


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to set diffrax up.

    solver, pcoeff, icoeff
        Method, and coefficients of its PIDController; 0 and 1 are the defaults.
    land
        Whether steps end on the recorded times; else diffrax interpolates.
    chunks
        The batch is solved in so many parts, one after the other, each small enough for a cache.
    lanes
        Parts that run at the same time: on Python threads, or with `devices` by pmap on as many XLA devices.
    shared
        The whole batch is one system with one step size, as in torchdiffeq; then the trajectories of a batch are no
        longer independent.
    """

    solver: str = "Tsit5"
    pcoeff: float = 0.0
    icoeff: float = 1.0
    land: bool = False
    chunks: int = 1
    lanes: int = 1
    devices: bool = False
    shared: bool = False

    @property
    def steps(self) -> Variant:
        """The variant that takes the same steps in the plainest order: its errors are the same."""
        return dataclasses.replace(self, chunks=1, lanes=1, devices=False)

    def describe(self) -> str:
        """What differs from the default, for a table."""
        plain = Variant()
        parts = [self.solver]
        if (self.pcoeff, self.icoeff) != (plain.pcoeff, plain.icoeff):
            parts.append(f"PI {self.pcoeff:g}/{self.icoeff:g}")
        if self.land:
            parts.append("landing")
        if self.chunks > 1:
            parts.append(f"{self.chunks} chunks")
        if self.lanes > 1:
            parts.append(f"{self.lanes} {'devices' if self.devices else 'Python threads'}")
        if self.shared:
            parts.append("one step size for all")
        return ", ".join(parts)


def numerical_variants() -> list[Variant]:
    """Ways that differ in their steps, and so in their errors."""
    return [
        Variant(),
        Variant(pcoeff=0.4, icoeff=0.3),
        Variant(solver="Dopri5"),
        Variant(solver="Dopri5", pcoeff=0.4, icoeff=0.3),
        Variant(land=True),
        Variant(land=True, pcoeff=0.4, icoeff=0.3),
    ]


def parallel_variants(best: Variant, batch: int, threads: int) -> list[Variant]:
    """Ways that take the same steps in another order."""
    chunks = [c for c in (1, 4, 16, 64) if c == 1 or batch // c >= 4 * threads]
    lanes = [(1, False)]
    if threads > 1:
        lanes += [(threads, False)] + ([(threads, True)] if batch % threads == 0 else [])
    return [dataclasses.replace(best, chunks=c, lanes=n, devices=d) for c in chunks for n, d in lanes]


@cache
def runner(case: Case, variant: Variant) -> Runner:
    """Solve the case with one variant; compiled once in a process."""
    import jax

    jax.config.update("jax_enable_x64", True)
    solve = _solution(case, variant)
    if variant.shared:
        whole = jax.jit(solve)
        start = jax.numpy.asarray(case.start)
        return Runner(lambda rtol: whole(start, rtol).block_until_ready(), np.asarray, case.batch, variant.describe())
    if variant.chunks > 1:
        size = -(-case.batch // (variant.chunks * variant.lanes))
        every = _chunked(solve, size)
    else:
        every = jax.vmap(solve, (0, None))
    run = _on_devices(case, variant, every) if variant.devices else _on_threads(case, variant, every)
    return Runner(run, _joined, case.batch, variant.describe())


def _solution(case: Case, variant: Variant) -> Callable[[Any, Any], Any]:
    """The solution (T, n) from one start, or (T, b, n) from all, as a function that jax can transform."""
    import diffrax
    import jax.numpy as jnp

    weights, tau = jnp.asarray(case.weights), jnp.asarray(case.network.tau)
    times = jnp.asarray(case.times)
    product = (lambda r: r @ weights) if variant.shared else (lambda r: weights @ r)

    def rate(t: Any, s: Any, _: Any) -> Any:
        r = jnp.tanh(s)
        return ((1.0 - r * r) * product(r) - s) / tau

    def solve(start: Any, rtol: Any) -> Any:
        controller: Any = diffrax.PIDController(
            rtol=rtol, atol=ABSOLUTE * rtol, pcoeff=variant.pcoeff, icoeff=variant.icoeff
        )
        if variant.land:
            controller = diffrax.ClipStepSizeController(controller, step_ts=times)
        return diffrax.diffeqsolve(
            diffrax.ODETerm(rate),
            getattr(diffrax, variant.solver)(),
            0.0,
            case.end,
            None,
            start,
            saveat=diffrax.SaveAt(ts=times),
            stepsize_controller=controller,
            max_steps=MAX_STEPS,
            adjoint=diffrax.ForwardMode(),
            throw=False,
        ).ys

    return solve


def _chunked(solve: Callable[[Any, Any], Any], size: int) -> Callable[[Any, Any], Any]:
    import jax

    return lambda starts, rtol: jax.lax.map(lambda start: solve(start, rtol), starts, batch_size=size)


def _on_threads(case: Case, variant: Variant, every: Any) -> Callable[[float], Any]:
    """Parts of the batch on Python threads; jax gives the interpreter free while it computes."""
    import jax

    solve = jax.jit(every)
    parts = [jax.numpy.asarray(part) for part in np.array_split(case.start, variant.lanes)]
    if variant.lanes == 1:
        return lambda rtol: [solve(parts[0], rtol).block_until_ready()]
    pool = ThreadPoolExecutor(variant.lanes)
    return lambda rtol: list(pool.map(lambda part: solve(part, rtol).block_until_ready(), parts))


def _on_devices(case: Case, variant: Variant, every: Any) -> Callable[[float], Any]:
    import jax

    solve = jax.pmap(every, in_axes=(0, None))
    starts = jax.numpy.asarray(case.start.reshape(variant.lanes, -1, case.units))
    return lambda rtol: list(solve(starts, rtol).block_until_ready())


def _joined(parts: Sequence[Any]) -> Array:
    return np.concatenate([np.swapaxes(np.asarray(part), 0, 1) for part in parts], axis=1)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a variant took, at the tolerance that gives it the wanted error."""

    variant: Variant
    setting: Setting | None
    seconds: float


def trials(
    case: Case, variants: Sequence[Variant], exact: Array, known: dict[Variant, Setting | None], rounds: int = 3
) -> list[Trial]:
    """All variants at equal error, timed in turns, fastest first. `known` keeps the tolerances between calls."""
    for variant in variants:
        if variant.steps not in known:
            known[variant.steps] = tune_tolerance(runner(case, variant), exact, case.target)
    works = {v: _timed(runner(case, v), known[v.steps]) for v in variants if known[v.steps]}
    taken = in_turns(works, rounds)
    done = [Trial(v, known[v.steps], float(np.median(taken[v])) if v in taken else np.inf) for v in variants]
    return sorted(done, key=lambda trial: trial.seconds)


def _timed(solver: Runner, setting: Setting | None) -> Callable[[], Any]:
    assert setting is not None
    return lambda: solver.run(setting.rtol)
