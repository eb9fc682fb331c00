"""How long a slider's step takes in the explorer, until its frame is packed: `python -m tests.benchmarks.explorer`.

Times of the wall and of the processor, which differ where other programs run; the smallest of several steps of each.
"""

import time

from neurodyn.experiments.kernels import compile_kernels
from neurodyn.explorer.session import Session
from neurodyn.explorer.sheet import pack, parts
from neurodyn.explorer.subject import read

MODELS = ("two-neurons", "digits", "random-feedback")
STEPS = 10


def measure(session, step, manifolds=False):
    """Milliseconds of the wall and of the processor."""
    found = []
    for k in range(1, STEPS + 1):
        session.change(**step(k))
        wall, processor = time.perf_counter(), time.process_time()
        pack(parts(session.frame(manifolds=manifolds)))
        found.append((time.perf_counter() - wall, time.process_time() - processor))
    return tuple(1e3 * min(times) for times in zip(*found, strict=True))


def main():
    for name in MODELS:
        subject = read(name)
        compile_kernels(subject.network, subject.solver, correction=subject.correction)
        session = Session(subject)
        populations = len(session.settings.tau)
        for what, step, manifolds in (
            ("beta", lambda k: {"beta": 0.3 + 0.01 * k}, False),
            ("tau", lambda k: {"tau": (1.0 + 0.01 * k,) * populations}, False),  # noqa: B023  (called in this turn)
            ("beta, with manifolds", lambda k: {"beta": 0.3 + 0.01 * k}, True),
        ):
            wall, processor = measure(session, step, manifolds)
            print(f"{name:16} {what:22} {wall:6.0f} ms of the wall, {processor:6.0f} ms of the processor")


if __name__ == "__main__":
    main()
