"""`Kept`: what a long reproduction has done so far, in files from which it goes on after it was stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import neurodyn as nd
from neurodyn.errors import ResultFileError
from neurodyn.learning.training import Training
from neurodyn.numerics.arrays import Array
from neurodyn.progress import note
from neurodyn.reproductions.reproduction import Scale
from neurodyn.results.files import write
from neurodyn.system.network import Network

#: The name of the folder with the parts, in that of the figures.
FOLDER = "kept"


class Kept:
    """Parts of a reproduction, each in a file that is written whole or not at all.

    A part is arrays by name. It is read again only by what has the same `about`, everything that decides its numbers.
    The small version, and one without a folder, keep nothing.

    Parameters
    ----------
    folder : Path or None
        Where the figures go.
    scale : {"small", "full"}
    about : object
        Seed and settings; its text is compared.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from neurodyn.reproductions.kept import Kept
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept = Kept(Path(folder), "full", about=("seed", 0))
    ...     kept.write("first", {"errors": [0.25, 0.125]})
    ...     print(kept.read("first")["errors"], Kept(Path(folder), "full", about=("seed", 1)).read("first"))
    [0.25  0.125] None
    """

    def __init__(self, folder: Path | None, scale: Scale, about: object) -> None:
        self._folder = None if folder is None or scale == "small" else folder / FOLDER
        self._about = repr(about)
        self._told = False
        self._seconds = 0.0

    def _path(self, part: str, kind: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{part}.{kind}"

    def read(self, part: str) -> dict[str, Array] | None:
        """The arrays of a part; None if it is not there, or of something else."""
        path = self._path(part, "npz")
        if path is None or not path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError) as error:
            raise ResultFileError(f"{path} cannot be read: {error}; delete it, and this part begins anew") from error
        if str(arrays.pop("about", "")) != self._about:
            return None
        self._tell(path)
        return arrays

    def write(self, part: str, arrays: Mapping[str, Any]) -> None:
        """Keep the arrays of a part, in place of those before."""
        path = self._path(part, "npz")
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)

        def save(temporary: str) -> None:
            with open(temporary, "wb") as stream:
                np.savez(stream, **arrays, about=self._about)

        write(path, save)

    def computed(self, part: str, compute: Callable[[], Mapping[str, Any]]) -> dict[str, Array]:
        """The arrays that a function returns; if the part is there already, without calling it."""
        found = self.read(part)
        if found is None:
            began = time.perf_counter()
            found = {name: np.asarray(value) for name, value in compute().items()}
            self.write(part, found | {"seconds": np.array(time.perf_counter() - began)})
        else:
            self._seconds += float(found.pop("seconds"))
        return found

    def learned(self, part: str, network: Network, x: Any, y: Any, **options: Any) -> Training:
        """The training of `neurodyn.learn`, kept after every epoch in its checkpoint."""
        path = self._path(part, "checkpoint")
        if path is None:
            return nd.learn(network, x, y, **options)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            try:
                before = nd.load(path)
                found = nd.learn(network, x, y, checkpoint=path, resume=True, **options)
                self._tell(path)
                self._seconds += float(np.sum(before.seconds))
                return found
            except ResultFileError:  # of another seed or other settings
                path.unlink()
        return nd.learn(network, x, y, checkpoint=path, **options)

    def taken(self) -> float:
        """Seconds that earlier calls spent on the parts that were read since this was last asked."""
        found, self._seconds = self._seconds, 0.0
        return found

    def _tell(self, path: Path) -> None:
        """Say once that this is not the beginning."""
        if not self._told:
            note(f"neurodyn: goes on from what is kept in {path.parent}")
            self._told = True
