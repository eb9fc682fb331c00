"""Kernels compiled side by side: numba compiles one at a time in a process, so each core gets a process.

The processes put what they compile into the disk cache, from where it is loaded in milliseconds. What they cannot
compile (a kernel that another process cannot import, a disk cache that cannot be shared) is compiled here when it is
called, as it would be without them.
"""

from __future__ import annotations

import importlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from typing import IO, Any

import numba

from neurodyn.numerics.kernel import COMPILING, Kernel, kernel_modules
from neurodyn.progress import Bar

#: What a process answers: a function of a kernel is compiled, the kernel is.
FUNCTION, KERNEL = "function\n", "kernel\n"
#: What each process runs: it finds the package where this one has found it.
_COMMAND = "import sys; sys.path[:] = {path!r}; from neurodyn.numerics.compilation import serve; serve()"


def all_kernels() -> list[Kernel]:
    """All kernels that modules of the package name."""
    modules = [importlib.import_module(name) for name in kernel_modules()]
    return list(dict.fromkeys(k for m in modules for k in vars(m).values() if isinstance(k, Kernel)))


def compile_together(kernels: Iterable[Kernel]) -> None:
    """Compile kernels, or load them from the disk cache."""
    wanted = list(kernels)
    missing = sorted((k for k in wanted if not k.is_ready and k.is_ours), key=lambda k: -k.helpers)
    count = min(numba.config.NUMBA_NUM_THREADS, len(missing))
    if count > 1:
        _Workers(missing, count).run()
    for kernel in wanted:
        kernel.compiled  # noqa: B018  (asking for it compiles or loads it)


class _Workers:
    """Processes that compile, each fed by a thread from one list: what takes longest comes first."""

    def __init__(self, kernels: Sequence[Kernel], count: int) -> None:
        self._left = list(kernels)
        self._total = sum(kernel.helpers for kernel in kernels)
        self._done = 0
        self._running: list[str] = []
        self._lock = threading.Lock()
        command = [sys.executable, "-c", _COMMAND.format(path=sys.path)]
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        self._processes = [
            subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nowhere, text=True) for _ in range(count)
        ]

    def run(self) -> None:
        """Compile all; whatever happens, no process is left."""
        threads = [threading.Thread(target=self._feed, args=[p], daemon=True) for p in self._processes]
        try:
            with Bar(COMPILING, interrupts=True) as bar:
                for thread in threads:
                    thread.start()
                for thread in threads:
                    while thread.is_alive():
                        thread.join(0.2)
                        self._report(bar)
        finally:
            for process in self._processes:
                process.kill()
            for thread in threads:  # which read what `communicate` closes
                if thread.ident is not None:
                    thread.join()
            for process in self._processes:
                process.communicate()

    def _report(self, bar: Bar) -> None:
        with self._lock:
            names, fraction = ", ".join(self._running), self._done / self._total
        bar.update(fraction, names)

    def _feed(self, process: subprocess.Popen[str]) -> None:
        """Give a process one kernel after another, and count what it says it has compiled."""
        assert process.stdin is not None
        assert process.stdout is not None
        while True:
            with self._lock:
                if not self._left:
                    return
                kernel = self._left.pop(0)
                self._running.append(kernel.name)
            if not self._compile(kernel, process.stdin, process.stdout):
                return
            with self._lock:
                self._running.remove(kernel.name)

    def _compile(self, kernel: Kernel, to: IO[str], answers: IO[str]) -> bool:
        """One kernel; False if the process has ended. Functions that it shares with others are not compiled again."""
        done, size = 0, kernel.helpers
        try:
            to.write(f"{kernel.__module__} {kernel.name}\n")
            to.flush()
        except BrokenPipeError:
            return False
        for answer in answers:
            finished = answer == KERNEL
            more = size - done if finished else min(1, size - done)
            done += more
            with self._lock:
                self._done += more
            if finished:
                return True
        return False


class _Counter(numba.core.event.Listener):
    """Says when a function has been compiled."""

    def on_start(self, event: Any) -> None:
        """Nothing to say yet."""

    def on_end(self, event: Any) -> None:
        """One more."""
        print(FUNCTION, end="", flush=True)


def serve() -> None:
    """Compile the kernels that come by standard input until it ends, and say so on standard output."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with numba.core.event.install_listener("numba:compile", _Counter()):
        for line in sys.stdin:
            module, name = line.split()
            getattr(importlib.import_module(module), name).compiled  # noqa: B018
            print(KERNEL, end="", flush=True)
