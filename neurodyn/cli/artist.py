"""The figures of a run, drawn by a second process while this one goes on.

What draws takes as long to import as what computes, and drawing as long as all the rest. The process is there before
this one imports what computes; it is given results as soon as they are there, and gives back files as bytes, so that
whatever becomes of it, nothing is half-written. Its standard input ends with this process, and it with that. While this
one waits for figures a copy of the other draws half of them.

Where it cannot help, figures are drawn here at the end, as they would be without it: on one processor, in notebooks and
programs that call the command, and where it has ended early, for whatever reason. Errors of drawing show here alone.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Any

from neurodyn import stopping
from neurodyn.results.figure_formats import chosen_formats, in_formats

if TYPE_CHECKING:
    from neurodyn.analysis import Comparison
    from neurodyn.analysis.signals.convergence import Convergence
    from neurodyn.experiments.experiment import Experiment
    from neurodyn.phases.simulate import Trajectory

#: What the process runs: it finds the package where this one has found it.
_COMMAND = "import sys; sys.path[:] = {path!r}; from neurodyn.cli.artist import serve; serve()"
#: Seconds between two looks whether the figures are there: a wait without end could not be interrupted on Windows.
LOOK = 0.2
#: What draws figures, by their names.
Draw = Callable[..., dict[str, Any]]


def experiment_figures(experiment: Experiment, comparison: Comparison, free: Trajectory) -> dict[str, Any]:
    """The figures of an experiment."""
    from neurodyn.analysis.plots.report import draw_report

    return draw_report(experiment, comparison, None, free=free)


def convergence_figure(convergence: Convergence, beta: float) -> dict[str, Any]:
    """The figure of a convergence with beta."""
    from neurodyn.analysis.plots.report import draw_convergence

    return draw_convergence(convergence, beta)


@contextlib.contextmanager
def artist(wanted: bool) -> Iterator[Artist]:
    """Who draws, and is gone with the block; with a process if figures are `wanted` and it can help."""
    helped = wanted and stopping.in_command and _processors() > 1
    hand = Artist(_started() if helped else None)
    try:
        yield hand
    finally:
        hand.leave()


class Artist:
    """Draws what it is given, in the order in which it is given."""

    def __init__(self, process: subprocess.Popen[bytes] | None) -> None:
        self._process = process
        self._jobs: list[tuple[Draw, tuple[Any, ...]]] = []
        self._answers: list[Future[dict[str, bytes]]] = []
        self._messenger = ThreadPoolExecutor(1)

    def give(self, draw: Draw, *given: Any) -> None:
        """Let a function of this module draw what it is given."""
        self._jobs.append((draw, given))
        if self._process is not None:
            job = (chosen_formats(), draw, given)
            self._answers.append(self._messenger.submit(_ask, self._process, job))

    def leave(self) -> None:
        """Draw no more: the process ends, whatever is under way."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._messenger.shutdown(cancel_futures=True)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):  # something was still to be sent
                pipe.close()

    def write(self, folder: Path) -> list[str]:
        """Write all figures; returns the names of the files."""
        from neurodyn.results.figure_files import write_figures, write_files

        while wait(self._answers, LOOK).not_done:
            pass
        if self._answers and not any(answer.exception() for answer in self._answers):
            return write_files(folder, {k: v for answer in self._answers for k, v in answer.result().items()})
        return write_figures(folder, {k: v for draw, given in self._jobs for k, v in draw(*given).items()})


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _started() -> subprocess.Popen[bytes]:
    """The process, apart from this one's group: Ctrl-C is for this one, which ends both."""
    command = [sys.executable, "-c", _COMMAND.format(path=sys.path)]
    apart: dict[str, Any] = {
        "start_new_session": True,
        "creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    }
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **apart)


def _ask(process: subprocess.Popen[bytes], job: Any) -> dict[str, bytes]:
    """What the process makes of a job. Messages are bytes within pickles, so that to read one imports nothing."""
    assert process.stdin is not None
    assert process.stdout is not None
    pickle.dump(pickle.dumps(job), process.stdin)
    process.stdin.flush()
    found: dict[str, bytes] = pickle.load(process.stdout)
    return found


def serve() -> None:
    """Draw what comes by standard input until that ends, and end then, whatever is under way."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what else is printed is no answer
    jobs: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=[sys.stdin.buffer, jobs], daemon=True).start()
    from neurodyn.analysis.plots import report  # noqa: F401  (while there is nothing to do yet)
    from neurodyn.collection import uncollected

    with uncollected():
        while True:
            try:
                formats, draw, given = pickle.loads(jobs.get())
                with in_formats(formats):
                    pickle.dump(_by_two(draw(*given), answers), answers)
                answers.flush()
            except Exception:
                os._exit(1)  # it is drawn once more where it came from, and the error seen there


def _by_two(figures: dict[str, Any], answers: IO[bytes]) -> dict[str, bytes]:
    """The files of figures, of which a copy of this process makes half, where a process can be copied safely."""
    from neurodyn.results.figure_files import as_files

    names = list(figures)
    own, others = ({name: figures[name] for name in some} for some in (names[::2], names[1::2]))
    if not others or sys.platform != "linux":
        return as_files(figures)
    source, sink = os.pipe()
    copy = os.fork()
    if not copy:
        try:
            for held in (source, answers.fileno()):  # which end with the process that was copied
                os.close(held)
            with os.fdopen(sink, "wb") as out:
                pickle.dump(as_files(others), out)
        finally:
            os._exit(0)
    os.close(sink)
    made = as_files(own)
    with os.fdopen(source, "rb") as found:
        made |= pickle.load(found)  # which ends early where the copy failed
    os.waitpid(copy, 0)
    return {file: made[file] for file in sorted(made, key=lambda file: names.index(file.rpartition(".")[0]))}


def _listen(source: IO[bytes], jobs: SimpleQueue[bytes]) -> None:
    with contextlib.suppress(EOFError, pickle.UnpicklingError):
        while True:
            jobs.put(pickle.load(source))
    os._exit(0)
