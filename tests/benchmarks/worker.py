"""The process that measures on a given number of threads: started by `launch`, which sets its environment.

Numeric libraries read the number of threads when they are imported, so nothing numeric is imported before `pin`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

BEGAN = time.perf_counter()


#: Variables that hold every library to a lesser set of instructions. Of a processor that numba is given by name it
#: would still use the features of this one.
INSTRUCTIONS = {
    "native": {},
    "avx2": {
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": "",
        "OPENBLAS_CORETYPE": "Haswell",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    },
}
XLA_INSTRUCTIONS = {"native": "", "avx2": " --xla_cpu_max_isa=AVX2"}


def environment(threads: int, isa: str = "native") -> dict[str, str]:
    """Variables that hold every library to so many threads (products in BLAS bring their own) and show no bars."""
    eigen = "true" if threads > 1 else "false"
    flags = f"--xla_cpu_multi_thread_eigen={eigen} intra_op_parallelism_threads={threads}" + XLA_INSTRUCTIONS[isa]
    return {
        **INSTRUCTIONS[isa],
        "NUMBA_NUM_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": "1",
        "XLA_FLAGS": flags,
        "JAX_NUM_CPU_DEVICES": str(threads),
        "JAX_PLATFORMS": "cpu",
        "TQDM_DISABLE": "1",
    }


def pin(threads: int) -> None:
    """Stay on so many processors, where the system lets a process choose."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def work(request: dict[str, Any]) -> None:
    """Measure what is asked for, and write it as JSON."""
    threads = request["threads"]
    pin(threads)
    from .cases import CASES
    from .contest import Contest
    from .learning import measure_training
    from .machine import describe
    from .precision import measure_precision
    from .record import Record
    from .scaling import measure_scaling

    record = Record(machine=describe())
    for name in request["training"]:
        _say(threads, f"training {name}")
        record.training += measure_training(name, threads, request["rounds"], request["quick"])
    for name in request["cases"]:
        case = CASES[name].quick() if request["quick"] else CASES[name]
        contest = Contest(case, threads, lambda text: _say(threads, text), request["tune"])
        contest.enter_all()
        record.rows += contest.hold(request["rounds"])
        record.remarks += contest.remarks
    for name in request["precision"] if threads == 1 else []:
        _say(threads, f"{name}: error against time")
        record.precision += measure_precision(CASES[name].quick() if request["quick"] else CASES[name], threads)
    if request["scaling"]:
        _say(threads, "scaling")
        record.curves = measure_scaling(threads, quick=request["quick"])
    Path(request["into"]).write_text(json.dumps(asdict(record)))


def _say(threads: int, text: str) -> None:
    print(f"{time.perf_counter() - BEGAN:4.0f} s, threads {threads}: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    work(json.loads(sys.argv[1]))
