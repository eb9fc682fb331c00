"""What the numbers were taken on: processor, system and versions, and nothing that names whose machine it is."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from neurodyn.numerics.processor import vector_unit

LIBRARIES = (
    "neurodyn",
    "numpy",
    "numba",
    "scipy",
    "diffrax",
    "jax",
    "heyoka",
    "cyrk",
    "brian2",
    "torchdiffeq",
    "torch",
)


def describe() -> dict[str, str]:
    """Kind, number and load of processors; versions of Python and the libraries."""
    found = {"processor": f"{processor()}, {os.cpu_count()} cores", "instructions": instructions()}
    found |= {"system": platform.system()}
    return found | {"Python": platform.python_version()} | {name: installed(name) for name in LIBRARIES}


def installed(library: str) -> str:
    """Version of a library, or that there is none."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def processor() -> str:
    """The processor's own name, where the system tells."""
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def instructions() -> str:
    """The vector registers that compiled code uses."""
    unit = vector_unit()
    fused = "" if unit.fuses else ", no fused multiply-add"
    return f"{unit.registers} registers of {64 * unit.doubles} bits{fused}"


def busy() -> str:
    """One sentence if something else keeps the processors busy, else nothing."""
    try:
        load = os.getloadavg()[0]
    except (AttributeError, OSError):
        return ""
    return f"The machine was busy before (load {load:.1f}): the times are noisy." if load > 0.5 else ""
