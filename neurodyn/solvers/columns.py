"""How trajectories, the columns of arrays, are shared out: into blocks, among threads, in calls of compiled loops."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numba

from neurodyn.numerics.product import NARROW

#: Work of one step, in products, below which a thread costs more than it gives: see `threads_for`.
THREAD_WORK = 150_000
#: Wall time of one call into a compiled loop, after which limits, progress and interrupts are looked at.
SLICE_SECONDS = 0.1
#: Work of the first call, in steps times state entries, before anything is known about wall times.
FIRST_CALL = 1_000_000
#: Iterations of the longest call.
MOST_ITERATIONS = 1 << 30


def whole_tiles(width: int) -> int:
    """The width rounded up to whole tiles of the products, unless it is a single column."""
    return max(1, width) if width <= 1 else -(-width // NARROW) * NARROW


def threads_for(components: int, batch: int, available: int) -> int:
    """How many threads are worth their hand-overs: a component costs about as much as 50 products, and its own."""
    step_work = batch * components * (50 + components)
    return max(1, min(available, batch, step_work // THREAD_WORK))


def split(components: int, batch: int, threads: int, entries: int) -> list[slice]:
    """Columns of each block: blocks of about equal width, as many for each thread, of no more than so many entries.

    A block of a very large network is a tile wide all the same: its columns share the reading of the weights.
    """
    rounds = -(-components * batch // (entries * threads))
    width = whole_tiles(max(-(-batch // (rounds * threads)), min(batch, NARROW)))
    return [slice(a, min(a + width, batch)) for a in range(0, batch, width)]


def run_blocks(
    work: Callable[[slice], None], components: int, batch: int, *, entries: int, stop: threading.Event, alone: bool
) -> None:
    """Call `work` with the columns of each block, on threads where that pays, or `alone` on this one.

    Compiled loops release the interpreter; an interrupt sets `stop`, and they end at their next look at it.
    """
    threads = threads_for(components, batch, 1 if alone else numba.config.NUMBA_NUM_THREADS)
    blocks = split(components, batch, threads, entries)
    if threads == 1 or len(blocks) == 1:
        for block in blocks:
            work(block)
        return
    with ThreadPoolExecutor(threads) as pool:
        try:
            for future in [pool.submit(work, block) for block in blocks]:
                future.result()
        except BaseException:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def next_iterations(iterations: int, seconds: float) -> int:
    """How many iterations the next call has, after one that lasted so long: about `SLICE_SECONDS` of them."""
    if seconds < 0.5 * SLICE_SECONDS:
        return min(2 * iterations, MOST_ITERATIONS)
    return max(1, iterations // 2) if seconds > 2.0 * SLICE_SECONDS else iterations
