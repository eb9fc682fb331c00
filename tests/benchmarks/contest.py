"""One case, all solvers: equal error for each, then times in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurodyn.numerics.arrays import Array

from . import cyrk_peer, diffrax_peer, heyoka_peer, peers, roofline
from .cases import Case
from .diffrax_peer import Trial, Variant
from .measure import Runner, Setting, in_turns, independent_error, reference, tune_tolerance
from .record import OURS, Row, count

DIFFRAX, PLAIN, SHARED = "diffrax", "diffrax, jit(vmap)", "diffrax, one step size for all"
TORCH, SCIPY = "torchdiffeq", "SciPy"
PRODUCTS, TRAFFIC, CSR = "BLAS products alone", "memory traffic alone", "SciPy's CSR products alone"
#: One of them was best in every case, or as good within the noise as the best of all that `--tune` tries.
FAVOURITES = (Variant(), Variant(pcoeff=0.4, icoeff=0.3))
FEW_CHUNKS = (1, 16)

Say = Callable[[str], None]


class Contest:
    """Solvers of one case on so many threads, each with the tolerance that gives it the wanted error."""

    def __init__(self, case: Case, threads: int, say: Say, tune: bool = False) -> None:
        self.case, self.threads, self.say, self.tune = case, threads, say, tune
        self.exact: Array = reference(case)
        self.runners: dict[str, tuple[Runner, Setting]] = {}
        self.rows: list[Row] = []
        self.remarks: list[str] = []
        self.known: dict[Variant, Setting | None] = {}

    def enter(self, name: str, make: Callable[[], Runner]) -> None:
        """Let a solver take part, or say in a row why it does not."""
        self.say(f"{self.case.name}: {name}")
        try:
            runner = make()
        except ImportError as error:
            self.absent(name, f"{error.name or error} is not installed; the extra `bench` has it")
            return
        setting = tune_tolerance(runner, self.exact, self.case.target)
        if setting is None:
            self.absent(name, f"did not come within {self.case.target:g} of the reference at any tolerance")
            return
        self.runners[name] = (runner, setting)

    def absent(self, name: str, note: str) -> None:
        """A row without times."""
        self.rows.append(Row(self.case.name, self.threads, name, note=note))

    def enter_all(self) -> None:
        """Everyone who can solve the case."""
        case, threads = self.case, self.threads
        self.check_reference()
        self.enter(OURS, lambda: peers.neurodyn(case, threads))
        self.enter(SCIPY, lambda: peers.scipy(case, threads))
        if case.sparsity:
            return
        self.enter_diffrax()
        for width in heyoka_peer.widths(case, threads):
            self.enter(heyoka_peer.name(width), lambda width=width: heyoka_peer.runner(case, width))  # type: ignore[misc]
        if cyrk_peer.takes_part(case, threads):
            self.enter(cyrk_peer.CYRK, lambda: cyrk_peer.runner(case))
        self.enter(TORCH, lambda: peers.torchdiffeq(case, threads))

    def check_reference(self) -> None:
        """Keep a remark of how far the reference is from a solution that shares no code with it."""
        if not self.case.sparsity:
            distance = independent_error(self.case, self.exact, samples=1)
            self.remarks.append(f"{self.case.name}: the reference is within {distance:.0e} of SciPy's DOP853.")

    def enter_diffrax(self) -> None:
        """As documented; at its best with independent trajectories; and with one step size for the whole batch."""
        case = self.case
        self.enter(PLAIN, lambda: diffrax_peer.runner(case, Variant()))
        if PLAIN not in self.runners:
            return
        self.known[Variant()] = self.runners[PLAIN][1]
        best = self.best_diffrax()
        assert best.setting is not None
        self.runners[DIFFRAX] = (diffrax_peer.runner(case, best.variant), best.setting)
        if case.batch > 1:
            self.enter(SHARED, lambda: diffrax_peer.runner(case, Variant(shared=True)))

    def best_diffrax(self) -> Trial:
        """The fastest variant whose trajectories are independent of each other."""
        best = self.fastest(diffrax_peer.numerical_variants() if self.tune else FAVOURITES)
        if self.case.batch == 1:
            return best
        parallel = diffrax_peer.parallel_variants(best.variant, self.case.batch, self.threads)
        if not self.tune:
            parallel = [v for v in parallel if v.chunks in (FEW_CHUNKS[:1] if v.devices else FEW_CHUNKS)]
        return self.fastest(parallel)

    def fastest(self, variants: Sequence[Variant]) -> Trial:
        """The fastest of some; a remark keeps what was tried."""
        tried = diffrax_peer.trials(self.case, variants, self.exact, self.known)
        listed = "; ".join(f"{trial.variant.describe()}: {trial.seconds:.3g} s" for trial in tried)
        self.remarks.append(f"{self.case.name}, {count(self.threads)}, tried with diffrax: {listed}.")
        return tried[0]

    def works(self) -> dict[str, Callable[[], Any]]:
        """What is timed: every solver at its tolerance, and the roofline of ours."""
        works: dict[str, Callable[[], Any]] = {name: _solve(*entry) for name, entry in self.runners.items()}
        if OURS in self.runners:
            runner, setting = self.runners[OURS]
            evaluations = -(-runner.run(setting.rtol).counters["nfev"] // self.case.batch)
            bounds = {PRODUCTS: roofline.products}
            if self.case.sparsity:
                bounds = {TRAFFIC: roofline.traffic, CSR: roofline.csr_products}
            works |= {name: make(self.case, self.threads, evaluations) for name, make in bounds.items()}
        return works

    def hold(self, rounds: int) -> list[Row]:
        """Time everyone in turns; a row each."""
        self.say(f"{self.case.name}: {rounds} rounds")
        for name, taken in in_turns(self.works(), rounds).items():
            if name not in self.runners:
                self.rows.append(Row(self.case.name, self.threads, name, seconds=taken))
                continue
            runner, setting = self.runners[name]
            scaled = (np.array(taken) * (self.case.batch / runner.samples)).tolist()
            self.rows.append(Row(self.case.name, self.threads, name, runner.what, *setting, scaled))
        return self.rows


def _solve(runner: Runner, setting: Setting) -> Callable[[], Any]:
    return lambda: runner.run(setting.rtol)
