"""Start one measuring process per number of threads, one after the other, and gather what they found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from .record import Record, count
from .worker import environment


def measure(threads: list[int], isa: str = "native", **request: Any) -> Record:
    """Everything that was asked for, from all processes."""
    record = Record()
    with tempfile.TemporaryDirectory() as folder:
        for number in threads:
            into = Path(folder) / f"{number}.json"
            _run(number, {**request, "threads": number, "into": str(into)}, isa)
            record.add(Record.from_data(json.loads(into.read_text())))
    return record


def search_path() -> str:
    """PYTHONPATH with which a new process finds this package by the name that it has here."""
    root = Path(__file__).resolve().parents[__package__.count(".") + 1]
    return os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])


def _run(threads: int, request: dict[str, Any], isa: str) -> None:
    command = [sys.executable, "-m", f"{__package__}.worker", json.dumps(request)]
    variables = os.environ | environment(threads, isa) | {"PYTHONPATH": search_path()}
    if subprocess.run(command, env=variables).returncode:
        raise click.ClickException(f"the measurement on {count(threads)} failed; its own message stands above")
