"""A Dask cluster as an executor; needs the extra `cluster`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Executor

from neurodyn.errors import ArgumentError

#: Seconds to wait for the scheduler's answer.
PATIENCE = 10.0


@contextlib.contextmanager
def connect(scheduler: str) -> Iterator[Executor]:
    """An executor whose workers are those of a Dask scheduler, at an address like "tcp://10.0.0.1:8786".

    Workers must be able to import neurodyn and the function, and to read the model file at the same path.

    Raises
    ------
    ArgumentError
        Dask is not installed, or no scheduler answers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ArgumentError(
            "a Dask scheduler needs the packages of the extra `cluster`: pip install 'neurodyn[cluster]'"
        ) from error
    try:
        client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ArgumentError(f"no Dask scheduler answers at {scheduler!r}: {error}") from error
    with client:
        yield client.get_executor()
