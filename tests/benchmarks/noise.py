"""Motion under noise against diffrax: trajectories of 2 and of 16 tanh units, 1,000 steps, the end alone is kept.

python -m tests.benchmarks.noise        # from the repository's root: one thread, times in turns, and their ratio

Ours takes steps of the default scheme; diffrax those of `ShARK`, `EulerHeun` and `Euler`, on an `UnsafeBrownianPath`,
for every trajectory on its own (`vmap`) and for all as one state. (A `VirtualBrownianTree` looks each increment up
through eleven levels, and is slower.) All solve the same equation with the same steps; the variances at the end are
printed beside the times. Only `ShARK` and ours have averages that are better than first order. Times are those of the
processor, which other work on the machine disturbs less than times of the clock.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .worker import environment, pin

STEPS, STEP, TEMPERATURE, ROUNDS = 1000, 0.05, 0.2, 3
OURS = "neurodyn"


@dataclass(frozen=True)
class NoiseCase:
    """So many trajectories of so many units."""

    units: int
    batch: int

    @cached_property
    def network(self) -> Any:
        """A recurrent network of tanh units."""
        from neurodyn import models

        return models.Hopfield.recurrent(self.units, gain=0.5, seed=1)

    @property
    def start(self) -> Any:
        """All at zero."""
        return np.zeros((self.batch, self.units))


@dataclass(frozen=True)
class Peer:
    """One way to set diffrax up."""

    solver: str
    vmap: bool = True

    def describe(self) -> str:
        """For the table."""
        return f"{self.solver}, {'vmap' if self.vmap else 'one state'}"


#: What is tried.
PEERS = (
    *(Peer(solver) for solver in ("Euler", "EulerHeun", "ShARK")),
    *(Peer(solver, vmap=False) for solver in ("Euler", "ShARK")),
)


def neurodyn(case: NoiseCase) -> Callable[[], Any]:
    """What is timed of ours: gives the states at the end."""
    import neurodyn as nd

    noise, end = nd.Langevin(TEMPERATURE, step=STEP), [STEPS * STEP]
    return lambda: nd.simulate(case.network, start=case.start, noise=noise, t_eval=end).state[0]


def diffrax(case: NoiseCase, peer: Peer) -> Callable[[], Any]:
    """The same of diffrax, compiled and called once."""
    import diffrax as dfx
    import jax
    import jax.numpy as jnp
    import lineax

    jax.config.update("jax_enable_x64", True)
    weights, tau = jnp.asarray(case.network.coupling), jnp.asarray(case.network.tau)
    spread = jnp.sqrt(2.0 * TEMPERATURE / tau)
    area = dfx.SpaceTimeLevyArea if peer.solver == "ShARK" else dfx.BrownianIncrement

    def drift(t: Any, s: Any, _: Any) -> Any:
        r = jnp.tanh(s)
        return ((1.0 - r * r) * (r @ weights) - s) / tau

    def solve(start: Any, key: Any) -> Any:
        def diffusion(t: Any, s: Any, _: Any) -> Any:
            return lineax.DiagonalLinearOperator(jnp.broadcast_to(spread, start.shape))

        path = dfx.UnsafeBrownianPath(start.shape, key, levy_area=area)
        terms = dfx.MultiTerm(dfx.ODETerm(drift), dfx.ControlTerm(diffusion, path))
        return dfx.diffeqsolve(
            terms,
            getattr(dfx, peer.solver)(),
            0.0,
            STEPS * STEP,
            STEP,
            start,
            max_steps=STEPS + 8,
            adjoint=dfx.ForwardMode(),
        ).ys[0]

    start, key = jnp.asarray(case.start), jax.random.key(0)
    keys = jax.random.split(key, case.batch) if peer.vmap else key
    run = jax.jit(jax.vmap(solve) if peer.vmap else solve).lower(start, keys).compile()
    return lambda: run(start, keys).block_until_ready()


def seconds(work: Callable[[], Any]) -> float:
    """Processor time that some work takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def measure(case: NoiseCase) -> list[str]:
    """Lines of a table: every way of diffrax once, then the fastest and ours in turns."""
    works: dict[str, Callable[[], Any]] = {OURS: neurodyn(case)}
    works |= {f"diffrax, {peer.describe()}": diffrax(case, peer) for peer in PEERS}
    works[OURS]()
    ends: dict[str, Any] = {}
    once: dict[str, float] = {}
    for name, work in works.items():
        begun = time.process_time()
        ends[name] = np.asarray(work())
        once[name] = time.process_time() - begun
        print(f"{case.batch} x {case.units}: {name}: {once[name]:.2f} s", file=sys.stderr, flush=True)
    vmapped = min((name for name in works if name.endswith("vmap")), key=lambda name: once[name])
    fastest = min((name for name in works if name != OURS), key=lambda name: once[name])
    order = {name: works[name] for name in dict.fromkeys((OURS, vmapped, fastest))}
    rounds = [{name: seconds(work) for name, work in order.items()} for _ in range(ROUNDS)]
    taken = {name: float(np.median([spent[name] for spent in rounds])) for name in order}
    lines = [f"{case.batch:,} trajectories of {case.units} units, {STEPS} steps, one thread"]
    for name in works:
        spent, note = (taken[name], "") if name in taken else (once[name], " (once)")
        ratio, variance = spent / taken[OURS], np.var(ends[name])
        lines.append(f"  {name:34} {spent:8.3f} s{note:7} {ratio:6.1f} x   variance {variance:.4f}")
    return lines


def main() -> None:
    """Print the tables."""
    from .machine import busy, describe

    print("\n".join(f"{name}: {value}" for name, value in describe().items() if "torch" not in name))
    for case in (NoiseCase(2, 10_000), NoiseCase(16, 2_000)):
        print("\n".join(measure(case)), flush=True)
    print(busy())


if __name__ == "__main__":
    if os.environ.get("NUMBA_NUM_THREADS") != "1":  # libraries read it when they are imported
        os.execve(sys.executable, [sys.executable, "-m", "tests.benchmarks.noise"], os.environ | environment(1))
    pin(1)
    main()
