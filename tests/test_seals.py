"""Seals: a damaged file of any kind is noticed before it is parsed, or the damage changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray

import neurodyn as nd
from neurodyn import models
from neurodyn.results import files, seal

SWEEP: dict[str, Any] = {"function": "sweep_cells:noisy", "vary": {"a": [1, 2]}}
X, LABELS = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]), [0, 1, 1, 0]
MODEL = """
title = "t"
connections = ["x-h1", "h1-y"]
parameters.file = "weights.npz"
populations.x = {size = 2, role = "input"}
populations.h1 = {size = 3}
populations.y = {size = 2, role = "output"}
"""


@dataclass(frozen=True)
class Kind:
    """One kind of file: where it is, and what reading it gives."""

    file: Path
    read: Callable[[], Any]


def network() -> models.Hopfield:
    return models.Hopfield.layered([2, 3, 2], activation="hard-sigmoid", seed=1)


def result(folder: Path) -> Kind:
    nd.relax(models.Hopfield.layered([2, 3, 2], seed=0), X).save(folder / "r.nc")
    return Kind(folder / "r.nc", lambda: nd.load(folder / "r.nc"))


def composite(folder: Path) -> Kind:
    nd.experiment(models.Hopfield.layered([2, 3, 2], seed=0), X, LABELS, t_eval=[0.0, 1.0]).save(folder / "e.nc")
    return Kind(folder / "e.nc", lambda: nd.load(folder / "e.nc"))


def training(folder: Path) -> Kind:
    nd.learn(network(), X, LABELS, epochs=2).save(folder / "t.nc")
    return Kind(folder / "t.nc", lambda: nd.load(folder / "t.nc"))


def checkpoint(folder: Path) -> Kind:
    file = folder / "checkpoint"
    options: dict[str, Any] = {"checkpoint": file, "batch_size": 2, "rates": 0.1}
    nd.learn(network(), X, LABELS, epochs=1, **options)

    def read() -> Any:
        damaged = file.read_bytes()
        found = nd.learn(network(), X, LABELS, epochs=2, resume=True, **options)
        file.write_bytes(damaged)  # learning has gone on, and written it anew
        return found.network, found.train_cost.tolist()

    return Kind(file, read)


def sweep(folder: Path) -> None:
    with ThreadPoolExecutor(1) as executor:
        nd.sweep(**SWEEP, out=folder, executor=executor)


def resumed(folder: Path) -> Any:
    with ThreadPoolExecutor(1) as executor:
        return nd.sweep(**SWEEP, out=folder, resume=True, executor=executor)


def cell(folder: Path) -> Kind:
    sweep(folder)
    return Kind(folder / "cells" / "all.jsonl", lambda: resumed(folder).to_dict())


def plan(folder: Path) -> Kind:
    sweep(folder)
    return Kind(folder / "plan.json", lambda: resumed(folder).to_dict())


def dataset(folder: Path) -> Kind:
    sweep(folder)
    file = folder / "sweep.nc"

    def read() -> Any:
        if not seal.check_seal(file):
            raise nd.ResultFileError(seal.UNSEALED)
        return xarray.load_dataset(file, engine="h5netcdf").to_dict()

    return Kind(file, read)


def weights(folder: Path) -> Kind:
    np.savez_compressed(folder / "weights.npz", **models.Hopfield.layered([2, 3, 2], seed=0).parameters)
    (folder / "model.toml").write_text(MODEL)
    return Kind(folder / "weights.npz", lambda: models.read(folder / "model.toml").network)


KINDS = [result, composite, training, checkpoint, cell, plan, dataset, weights]


def flip(content: bytes, bit: int) -> bytes:
    damaged = bytearray(content)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def assert_noticed_or_harmless(kind: Kind, flips: int, rng: np.random.Generator) -> None:
    """Flip one bit at a time; at most one in ten may go unnoticed, and then nothing has changed."""
    content, expected, unnoticed = kind.file.read_bytes(), kind.read(), 0
    for bit in rng.choice(8 * len(content), flips, replace=False):
        kind.file.write_bytes(flip(content, int(bit)))
        try:
            found = kind.read()
        except nd.NeurodynError:
            continue
        unnoticed += 1
        np.testing.assert_equal(found, expected, err_msg=f"bit {bit}")
    kind.file.write_bytes(content)
    assert unnoticed <= flips // 10 or kind.file.suffix in (".json", ".jsonl", ".npz")


@pytest.mark.parametrize("kind", KINDS)
def test_single_flipped_bits_are_noticed_or_harmless(kind, tmp_path, rng):
    assert_noticed_or_harmless(kind(tmp_path), 25, rng)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_hundreds_of_single_flipped_bits_are_noticed_or_harmless(kind, tmp_path, rng):
    assert_noticed_or_harmless(kind(tmp_path), 200, rng)


def test_a_damaged_file_is_refused_before_a_library_opens_it(tmp_path, monkeypatch):
    net = models.Hopfield.layered([5, 8, 6, 3], seed=0)
    nd.relax(net, np.random.default_rng(0).uniform(size=(4, 5))).save(tmp_path / "r.nc")
    content = bytearray((tmp_path / "r.nc").read_bytes())
    content[4025] ^= 2  # HDF5 never came back from this one
    (tmp_path / "r.nc").write_bytes(content)
    monkeypatch.setattr(files, "_read", None)
    with pytest.raises(nd.ResultFileError, match=r"r\.nc: it is damaged: its bytes are not those that were written"):
        nd.load(tmp_path / "r.nc")


def test_other_programs_open_a_sealed_file(tmp_path):
    rest = nd.relax(models.Hopfield.layered([2, 3, 2], seed=0), X)
    rest.save(tmp_path / "r.nc")
    assert seal.check_seal(tmp_path / "r.nc")
    with h5py.File(tmp_path / "r.nc") as file:
        np.testing.assert_array_equal(file["state"][:], rest.state)
    with xarray.open_dataset(tmp_path / "r.nc") as data:
        np.testing.assert_array_equal(data["state"], rest.state)


def test_a_file_without_its_seal_is_refused_but_data_that_never_had_one_are_read(tmp_path):
    rest = nd.relax(models.Hopfield.layered([2, 3, 2], seed=0), X)
    rest.save(tmp_path / "r.nc")
    content = (tmp_path / "r.nc").read_bytes()
    (tmp_path / "r.nc").write_bytes(content[: -seal.LENGTH])
    with pytest.raises(nd.ResultFileError, match=r"r\.nc: its digest is missing"):
        nd.load(tmp_path / "r.nc")
    rest.to_xarray().to_netcdf(tmp_path / "own.nc", engine="h5netcdf")
    assert nd.load(tmp_path / "own.nc") == rest


def test_a_damaged_cell_is_computed_again(tmp_path):
    sweep(tmp_path / "a")
    data_before = (tmp_path / "a" / "sweep.nc").read_bytes()
    packed = tmp_path / "a" / "cells" / "all.jsonl"
    content = packed.read_bytes()
    packed.write_bytes(flip(content, 8 * (content.index(b'"data": ') + 10)))  # another digit of a result
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    data = resumed(tmp_path / "b")
    assert (tmp_path / "b" / "sweep.nc").read_bytes() == data_before
    assert data.status.values.tolist() == ["done", "done"]
