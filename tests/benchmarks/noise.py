"""Motion under noise against peers: trajectories of 2 and of 16 tanh units, 1,000 steps, the end alone is kept.

python -m tests.benchmarks.noise        # from the repository's root: one thread, times in turns, and their ratio

Ours takes steps of the default scheme; diffrax those of `ShARK`, `EulerHeun` and `Euler`, on an `UnsafeBrownianPath`,
for every trajectory on its own (`vmap`) and for all as one state. (A `VirtualBrownianTree` looks each increment up
through eleven levels, and is slower.) Brian2 takes those of `euler`, compiled by cython, with a neuron for each
trajectory and its units as variables, which is faster than synapses. All solve the same equation with the same steps;
the variances at the end are printed beside the times. Only `ShARK` and ours have averages that are better than first
order. A peer that is not installed is left out, and the table says so.

Times are those of the processor, the shortest of some turns, which other work on the machine disturbs least. Whoever
runs it for another processor sets NUMBA_CPU_NAME and NUMBA_CPU_FEATURES for ours, and XLA_FLAGS for diffrax.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .worker import environment, pin

STEPS, STEP, TEMPERATURE, ROUNDS = 1000, 0.05, 0.2, 5
OURS, BRIAN = "neurodyn", "Brian2, cython"


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


def brian(case: NoiseCase) -> Callable[[int], Any]:
    """So many steps of Brian2 from zero: gives the states at the end. What it builds for each run comes with them."""
    import brian2 as b2

    b2.prefs.codegen.target = "cython"
    b2.BrianLogger.suppress_name("method_choice")
    weights, tau = np.asarray(case.network.coupling), np.asarray(case.network.tau)
    lines = [f"r{i} = tanh(s{i}) : 1" for i in range(case.units)]
    for i in range(case.units):
        field = " + ".join(f"({w!r}) * r{k}" for k, w in enumerate(weights[:, i].tolist()) if w) or "0"
        spread = float(np.sqrt(2.0 * TEMPERATURE / tau[i]))
        lines.append(
            f"ds{i}/dt = ((1 - r{i} * r{i}) * ({field}) - s{i}) / ({float(tau[i])!r} * second)"
            f" + {spread!r} * second ** -0.5 * xi_{i} : 1"
        )
    group = b2.NeuronGroup(case.batch, "\n".join(lines), method="euler", dt=STEP * b2.second)
    whole = b2.Network(group)
    whole.store()

    def run(steps: int) -> Any:
        whole.restore()
        whole.run(steps * STEP * b2.second, namespace={})
        return np.stack([np.asarray(getattr(group, f"s{i}")) for i in range(case.units)], axis=1)

    return run


def seconds(work: Callable[[], Any]) -> float:
    """Processor time that some work takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def peers(case: NoiseCase) -> tuple[dict[str, Callable[[], Any]], dict[str, Callable[[], Any]], list[str]]:
    """Works of the peers that are installed, by name; what is to be taken off their times; and who is missing."""
    works: dict[str, Callable[[], Any]] = {}
    less: dict[str, Callable[[], Any]] = {}
    missing = []
    if importlib.util.find_spec("diffrax"):
        works |= {f"diffrax, {peer.describe()}": diffrax(case, peer) for peer in PEERS}
    else:
        missing.append("diffrax is not installed, and left out")
    if importlib.util.find_spec("brian2"):
        run = brian(case)
        works[BRIAN], less[BRIAN] = (lambda: run(STEPS)), (lambda: run(1))
        run(1)
    else:
        missing.append("Brian2 is not installed, and left out")
    return works, less, missing


def measure(case: NoiseCase) -> list[str]:
    """Lines of a table: everything once, then ours, the fastest ways of diffrax, and Brian2 in turns."""
    others, less, missing = peers(case)
    works: dict[str, Callable[[], Any]] = {OURS: neurodyn(case)} | others
    works[OURS]()
    ends: dict[str, Any] = {}
    once: dict[str, float] = {}
    for name, work in works.items():
        begun = time.process_time()
        ends[name] = np.asarray(work())
        once[name] = time.process_time() - begun - (seconds(less[name]) if name in less else 0.0)
        print(f"{case.batch} x {case.units}: {name}: {once[name]:.2f} s", file=sys.stderr, flush=True)
    by_speed = sorted(others, key=lambda name: once[name])
    fastest = [name for name in by_speed if name != BRIAN][:2]
    vmapped = [name for name in by_speed if name.endswith("vmap")][:1]
    order = dict.fromkeys([OURS, *fastest, *vmapped, *(name for name in others if name == BRIAN)])
    taken = {name: once[name] for name in order}
    for _ in range(ROUNDS):
        for name in order:
            spent = seconds(works[name]) - (seconds(less[name]) if name in less else 0.0)
            taken[name] = min(taken[name], spent)
    lines = [f"{case.batch:,} trajectories of {case.units} units, {STEPS} steps, one thread", *missing]
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
