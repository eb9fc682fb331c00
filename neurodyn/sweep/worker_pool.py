"""Worker processes with one thread each, that go when their parent does.

Processes are spawned: forking a process whose threads hold locks, as numba's may, can hang. A `WorkerPool` is a
`ProcessPoolExecutor` that can be replaced after a worker died, and stopped at once after an interrupt.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

from neurodyn.errors import SimulationError

#: Read when NumPy and numba are first imported, so that it must be there when a process starts.
ONE_THREAD = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Worker(SpawnProcess):
    """A spawned process that has one thread, and leaves interrupts from the keyboard to its parent."""

    def start(self) -> None:
        """Start it."""
        with _environment(ONE_THREAD), _interrupts_blocked():
            super().start()


class Workers(SpawnContext):
    """Starts workers, and remembers them."""

    def __init__(self) -> None:
        self.started: list[Worker] = []

    def Process(self, *arguments: Any, **options: Any) -> Worker:  # type: ignore[override]
        """Make a worker; the name is multiprocessing's."""
        self.started.append(Worker(*arguments, **options))
        return self.started[-1]


class WorkerPool:
    """A pool of `count` processes, within a `with` block."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._context = Workers()
        self._pool = self._new()

    def _new(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.count, mp_context=self._context, initializer=_begin)

    def __enter__(self) -> WorkerPool:
        try:
            self._pool.submit(os.getpid).result()
        except BrokenProcessPool as error:
            self.stop()
            raise SimulationError(
                "the worker processes could not start (what they said stands above). In a script, a sweep must be "
                "called below `if __name__ == '__main__':`, as each worker imports the script"
            ) from error
        except BaseException:
            self.stop()
            raise
        return self

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Let a worker call a function."""
        return self._pool.submit(function, *arguments)

    def replace(self) -> None:
        """Begin anew after a worker died."""
        self.stop()
        self._context = Workers()
        self._pool = self._new()

    def stop(self) -> None:
        """End all workers now, whatever they do."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for worker in self._context.started:
            with contextlib.suppress(ValueError, AttributeError):  # not started, or closed
                worker.terminate()

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._pool.shutdown()
        else:
            self.stop()


def _begin() -> None:
    """Prepare a worker: interrupts are its parent's, and it ends with it, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextlib.contextmanager
def _environment(settings: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Until it ignores them, a new process must not die of an interrupt with a traceback."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
