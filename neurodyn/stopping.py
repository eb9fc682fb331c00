"""How the command line ends when it is told to, by Ctrl-C or a signal to terminate: with one line, at any moment.

While nothing has to be tidied, as during imports, the process ends at once. Within `tidily()` a signal raises an
exception instead, which unwinds: temporary files and empty folders go, workers end, a sweep says how far it came. An
exception that is raised in a callback from C is lost, as in those of LLVM while it compiles; so it is raised again
until the block is left, and whatever error comes out of the block, the signal was its reason.
"""

from __future__ import annotations

import _thread
import atexit
import gc
import os
import signal
import sys
import time

TYPE_CHECKING = False  # importing it from `typing` would take longer than all else here
if TYPE_CHECKING:
    from typing import Any

#: Exit codes are those of a shell: 128 and the number of the signal, for Ctrl-C 130.
CODE = 128
#: The signals, as far as the system has them, and what they do to a program that does not care.
SIGNALS = {
    getattr(signal, name): default
    for name, default in {
        "SIGINT": signal.default_int_handler,
        "SIGTERM": signal.SIG_DFL,
        "SIGHUP": signal.SIG_DFL,
    }.items()
    if hasattr(signal, name)
}
#: Whether this process is the command line's.
in_command = False
#: Seconds after which an exception that was lost is raised again; tidying takes less.
AGAIN = 2.0


class Terminated(KeyboardInterrupt):
    """A signal to terminate came, which ends the program like Ctrl-C."""


def begin() -> None:
    """Let this process end with one line, if it is the command line's; to be called before all other imports."""
    global in_command
    in_command = _is_command()
    if not in_command:
        return
    sys.excepthook = _cannot_start
    atexit.register(_collect_no_more)  # before all others, so that it comes last
    os.environ["MPLBACKEND"] = "agg"  # it draws into files alone, whatever there is to show windows
    for number, default in SIGNALS.items():
        if signal.getsignal(number) is default:  # otherwise ignored, as in the background of a shell
            signal.signal(number, _leave)


def _is_command() -> bool:
    """Whether this is `neurodyn` or `python -m neurodyn`, and no worker of it."""
    name = os.path.basename(sys.argv[0]).partition(".")[0] if sys.argv else ""
    if name == "-m":
        return ("-m", "neurodyn") in zip(sys.orig_argv, sys.orig_argv[1:], strict=False)
    return name == "neurodyn" and sys.argv[0] in sys.orig_argv


def _collect_no_more() -> None:
    """Look for no garbage in cycles any more: the process ends, and its memory goes as a whole."""
    gc.disable()
    gc.freeze()


def _leave(number: int, _frame: Any) -> None:
    """End the process now: it has nothing to tidy."""
    line = f"neurodyn: {word(number)}\n"
    os.write(2, ("\n" + line if os.isatty(2) else line).encode())
    os._exit(CODE + number)


def _cannot_start(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """Say in one line why neurodyn cannot be imported: a setting of the environment, or a package that is not there."""
    if issubclass(kind, KeyboardInterrupt):
        _leave(signal.SIGINT, None)
    if "numba" in sys.modules:  # what settings can stop is imported: this is an error of the program
        return sys.__excepthook__(kind, error, trace)
    settings = [name for name in sorted(os.environ) if name.startswith(("NUMBA_", "OMP_", "KMP_"))]
    reason = f"; these settings of the environment may be wrong: {', '.join(settings)}" if settings else ""
    os.write(2, f"neurodyn: cannot start: {kind.__name__}: {error}{reason}\n".encode(errors="replace"))
    os._exit(2)


def word(number: int) -> str:
    """What a signal did to the program."""
    return "stopped" if number == signal.SIGINT else "terminated"


def _kind(number: int) -> type[KeyboardInterrupt]:
    return KeyboardInterrupt if number == signal.SIGINT else Terminated


class tidily:
    """Within the block a signal raises `KeyboardInterrupt` or `Terminated`, whatever becomes of it there.

    Outside the main thread, where Python lets nobody handle signals, the block is like any other.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.main = 0
        self.left = False
        self.before: dict[int, Any] = {}
        self.unraisable = sys.unraisablehook

    def __enter__(self) -> None:
        import threading

        if threading.current_thread() is threading.main_thread():
            self.before = {number: signal.getsignal(number) for number in SIGNALS}
        for number, handler in self.before.items():
            if handler not in (signal.SIG_IGN, None):
                signal.signal(number, self.take)

    def take(self, number: int, _frame: Any) -> None:
        """Handle a signal: unwind."""
        if self.number is None:
            self.number, self.main = number, _thread.get_ident()
            self.unraisable, sys.unraisablehook = sys.unraisablehook, self.ignore
            _thread.start_new_thread(self._insist, ())  # takes none of the locks that the interrupted code may hold
        raise _kind(number)

    def ignore(self, lost: Any) -> None:
        """Python tells of an exception that is lost in a callback: that of the signal is no news."""
        if not isinstance(lost.exc_value, KeyboardInterrupt):
            self.unraisable(lost)

    def _insist(self) -> None:
        time.sleep(AGAIN)
        while not self.left:
            assert self.number is not None
            if hasattr(signal, "pthread_kill"):
                signal.pthread_kill(self.main, self.number)  # which wakes it
            else:
                signal.raise_signal(self.number)
            time.sleep(AGAIN)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self.left = True
        for number, handler in self.before.items():
            if handler is not None:
                signal.signal(number, handler)
        if self.number is not None:
            sys.unraisablehook = self.unraisable
        if self.number is not None and not isinstance(error, KeyboardInterrupt):
            raise _kind(self.number) from error
