"""Samples of a user's own, from every kind of file: the same numbers, and one sentence for every fault."""

import gzip
import io
import re
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodyn.errors import DataError, TooLargeError
from neurodyn.models import LearningData, read_data
from neurodyn.models.data import mnist
from neurodyn.numerics import memory

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}
IMAGES = (np.arange(4 * 3 * 2) * 10 + 25).astype(np.uint8).reshape(4, 3, 2)
LABELS = np.array([2, 0, 1, 11], np.uint8)


def idx(array):
    """The IDX file of an array, by the format's description."""
    kind = array.dtype.str[1:]
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, CODES[kind], array.ndim, *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_idx(folder, images=IMAGES, labels=LABELS, prefix="train", packed=False):
    """The paths of the two files, named as MNIST's are."""
    paths = []
    for stem, array in (("images-idx3", images), ("labels-idx1", labels)):
        paths.append(folder / f"{prefix}-{stem}-ubyte{'.gz' if packed else ''}")
        paths[-1].write_bytes(gzip.compress(idx(array), mtime=0) if packed else idx(array))
    return paths


def npz(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path


def assert_is_the_sample(data, divisor=255):
    assert isinstance(data, LearningData)
    assert data.x is not None
    assert data.x.dtype == np.float64
    np.testing.assert_array_equal(data.x, IMAGES.reshape(4, 6) / divisor)
    np.testing.assert_array_equal(data.y, LABELS)
    assert data.y.dtype == np.int64
    assert data.shape == (3, 2)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("names", [("x", "y"), ("inputs", "targets"), ("x_train", "y_train")])
def test_archive_may_name_its_arrays_in_three_ways(tmp_path, names):
    path = npz(tmp_path / "own.npz", **dict(zip(names, (IMAGES, LABELS), strict=True)))
    data = read_data(path)
    assert_is_the_sample(data)
    assert data.x_test is None
    assert data.about == f"{path}: 4 samples to learn from, divided by 255"


def test_archive_of_keras_has_both_parts(tmp_path):
    path = npz(tmp_path / "any name", x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:2], y_test=LABELS[:2])
    data = read_data(f"{path}.npz")
    assert_is_the_sample(data)
    np.testing.assert_array_equal(data.x_test, IMAGES[:2].reshape(2, 6) / 255)
    np.testing.assert_array_equal(data.y_test, [2, 0])
    assert data.about.endswith("any name.npz: 4 samples to learn from, 2 to test with, divided by 255")


@pytest.mark.parametrize("packed", [False, True])
def test_idx_file_brings_its_labels(tmp_path, packed):
    assert_is_the_sample(read_data(write_idx(tmp_path, packed=packed)[0]))


@pytest.mark.parametrize("packed", [False, True])
def test_folder_has_both_parts(tmp_path, packed):
    write_idx(tmp_path, packed=packed)
    write_idx(tmp_path, IMAGES[1:], LABELS[1:], "t10k", packed)
    data = read_data(tmp_path)
    assert_is_the_sample(data)
    np.testing.assert_array_equal(data.x_test, IMAGES[1:].reshape(3, 6) / 255)


@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("shape", [(4, 6), (4, 3, 2), (4, 1, 3, 2), (4, 2, 3, 1, 1)])
def test_idx_may_have_any_shape_and_type(tmp_path, dtype, shape):
    values = (np.arange(24) + 2).astype(dtype).reshape(shape)
    data = read_data(write_idx(tmp_path, values)[0])
    np.testing.assert_array_equal(data.x, values.reshape(4, 6) / (1 if dtype[0] == "f" else 255))
    assert data.shape == ((3, 2) if len(shape) == 3 else None)


def test_normalisation_is_said_and_the_same_for_both_parts(tmp_path):
    binary = IMAGES % 20 // 10
    data = read_data(npz(tmp_path / "a.npz", x=binary, y=LABELS))
    np.testing.assert_array_equal(data.x, binary.reshape(4, 6))
    assert data.about.endswith("taken as they are")
    data = read_data(npz(tmp_path / "b.npz", x_train=IMAGES, y_train=LABELS, x_test=binary, y_test=LABELS))
    np.testing.assert_array_equal(data.x_test, binary.reshape(4, 6) / 255)
    floats = IMAGES * 7.5 - 90.0
    np.testing.assert_array_equal(read_data(npz(tmp_path / "c.npz", x=floats, y=LABELS)).x, floats.reshape(4, 6))


def test_arrays_may_stand_in_either_order_of_memory(tmp_path):
    assert_is_the_sample(read_data(npz(tmp_path / "f.npz", x=np.asfortranarray(IMAGES), y=LABELS)))


@pytest.mark.parametrize("kind", ["u1", "i8", "f4", "f8"])
@pytest.mark.parametrize("column", [False, True])
def test_labels_may_be_a_column_or_floats(kind, column, tmp_path):
    labels = LABELS.astype(kind).reshape((4, 1) if column else 4)
    data = read_data(npz(tmp_path / "a.npz", x=IMAGES, y=labels))
    if column and kind.startswith("f"):  # numbers to reach
        np.testing.assert_array_equal(data.y, labels)
        return
    assert_is_the_sample(data)


@pytest.mark.parametrize("label", [2**64 - 1, 2**63, 2**40])
def test_labels_too_large_for_any_network_are_not_wrapped(label, tmp_path):
    labels = np.array([0, 1, 2, label], np.uint64)
    with pytest.raises(DataError, match=rf"\[y\]: labels must be at most 1,000,000; got {label} as label 3"):
        read_data(npz(tmp_path / "a.npz", x=IMAGES, y=labels))


def test_samples_that_would_not_fit_as_floats_are_refused(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("300\n")
    monkeypatch.setattr(memory, "GROUPS", tmp_path)
    monkeypatch.setattr(memory, "FEW", 0)
    with pytest.raises(TooLargeError, match=r"images-idx3-ubyte: 24 numbers as float64 needs .*: take fewer samples"):
        read_data(write_idx(tmp_path, labels=LABELS % 10)[0])
    with pytest.raises(TooLargeError, match=r"24 numbers as float64 needs .*: take fewer images"):
        mnist("train", tmp_path)


def test_targets_may_be_rows_of_numbers(tmp_path):
    targets = np.arange(8).reshape(4, 2) - 3.5
    for y in (targets, targets.astype(np.float32), (2 * targets).astype(int)):
        data = read_data(npz(tmp_path / "rows.npz", x=IMAGES, y=y))
        np.testing.assert_array_equal(data.y, y)
        assert data.y.dtype == np.float64


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"x": LABELS, "y": LABELS}, r"\[x\]: inputs must be a row .* got uint8 of shape \(4,\); are these labels\?"),
        ({"x": IMAGES, "y": IMAGES}, r"\[y\]: targets must be .*shape \(4, 3, 2\); are these images\?"),
        ({"x": IMAGES, "y": LABELS / 2}, r"\[y\]: targets must be whole-number labels, .* got float64 of shape \(4,\)"),
        ({"x": IMAGES, "y": LABELS[:3]}, r"\[y\]: .* one target for each of the 4 samples of .*\[x\]; got 3; "),
        ({"x": IMAGES, "y": np.array([0, 1, -1, 2])}, r"\[y\]: labels must be 0 or more; got -1 as label 2; "),
        ({"x": IMAGES.astype(int) * 9, "y": LABELS}, r"\[x\]: .* must lie in 0 \.\.\. 255; got 225 \.\.\. 2295; "),
        ({"x": -IMAGES.astype(int), "y": LABELS}, r"must lie in 0 \.\.\. 255; got -255 \.\.\. -25; "),
        ({"x": IMAGES * np.nan, "y": LABELS}, r"\[x\]: all numbers must be finite; got NaN or infinity; "),
        ({"x": IMAGES, "y": np.full((4, 1), np.inf)}, r"\[y\]: all numbers must be finite; "),
        ({"x": np.array([[None]] * 4), "y": LABELS}, r"'x' must be an array of numbers .*\|O"),
        ({"x": IMAGES.astype(complex), "y": LABELS}, "'x' must be an array of numbers .*<c16"),
        ({"x": np.full((4, 2), "a"), "y": LABELS}, "'x' must be an array of numbers"),
        ({"x": IMAGES, "labels": LABELS}, "an .npz archive with x_train .* is needed; got the arrays x, labels"),
        ({"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES}, "must have an array 'y_test'"),
        ({"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:, :2], "y_test": LABELS},
         r"\[x_test\]: samples must have the shape \(3, 2\) of .*\[x_train\]; got \(2, 2\)"),
        ({"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES, "y_test": np.eye(4)},
         r"\[y_test\]: targets must be like those of .*\[y_train\]; got float64, \(4, 4\)"),
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_named(tmp_path, arrays, sentence):
    path = npz(tmp_path / "own.npz", **arrays)
    with pytest.raises(DataError, match=f"^{re.escape(str(path))}.*{sentence}") as caught:
        read_data(path)
    assert "\n" not in str(caught.value)


def test_idx_files_that_do_not_fit_are_named(tmp_path):
    images, labels = write_idx(tmp_path)
    labels.write_bytes(idx(IMAGES))
    with pytest.raises(DataError, match=r"labels-idx1-ubyte: targets .*shape \(4, 3, 2\); are these images\?"):
        read_data(images)
    images.write_bytes(idx(LABELS))
    with pytest.raises(DataError, match=r"images-idx3-ubyte: inputs .*shape \(4,\); are these labels\?"):
        read_data(images)
    labels.unlink()
    with pytest.raises(DataError, match="its labels must stand beside it, in train-labels-idx1-ubyte or "):
        read_data(images)
    with pytest.raises(DataError, match="name of an IDX file of images must have `images` in it; got 'other'"):
        read_data(images.rename(tmp_path / "other"))


def test_what_is_no_data_is_said_so(tmp_path):
    path = tmp_path / "table.txt"
    path.write_text("1,2,3\n")
    with pytest.raises(DataError, match=r"table.txt: an .npz archive, .* is needed; got a file that begins"):
        read_data(path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match="begins with b''"):
        read_data(path)
    with pytest.raises(DataError, match=r"nowhere: .* is needed; got no such file; check the path"):
        read_data(tmp_path / "nowhere")
    with pytest.raises(DataError, match="MNIST is not here"):
        read_data(tmp_path)


def member(header, payload=b"abcd"):
    """An array file with this header."""
    head = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + payload


def write_archive(path, content):
    labels = io.BytesIO()
    np.save(labels, LABELS)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", content)
        archive.writestr("y.npy", labels.getvalue())
    return path


@pytest.mark.parametrize("order", [False, True])
@pytest.mark.parametrize(
    ("shape", "payload"),
    [((10**6, 10**6), b"abcd"), ((10**6, 100), b"abcd"), ((4, 6), bytes(2**26))],
    ids=["beyond every memory", "within memory", "bomb"],
)
def test_lying_headers_and_bombs_take_no_memory(tmp_path, shape, payload, order):
    header = str({"descr": "<f8", "fortran_order": order, "shape": shape})
    path = write_archive(tmp_path / "lies.npz", member(header, payload))

    def read():
        with pytest.raises(DataError, match=r"\[x\]: .* bytes"):
            read_data(path)

    read()  # what is imported on first use is not counted
    tracemalloc.start()
    try:
        read()
        assert tracemalloc.get_traced_memory()[1] < 4e6
    finally:
        tracemalloc.stop()


def attempt(path):
    """The samples of a file, or None if a sentence says what is wrong with it."""
    try:
        return read_data(path)
    except DataError as error:
        if "\n" in str(error):
            raise
        return None


HEADERS = st.fixed_dictionaries(
    {
        "descr": st.sampled_from(["|u1", "<f8", ">i4", "<f2", "|O", "<U3", "|V8", "<c16", "|b1", "<m8"]),
        "fortran_order": st.booleans(),
        "shape": st.lists(st.integers(0, 2**70) | st.integers(0, 6), max_size=6).map(tuple),
    }
)


@settings(max_examples=200)
@given(header=HEADERS, payload=st.binary(max_size=64))
def test_any_header_gives_samples_or_a_data_error(scratch, header, payload):
    path = write_archive(scratch / "header.npz", member(str(header), payload))
    data = attempt(path)
    if data is not None:
        assert data.x is not None
        assert data.x.size * np.dtype(header["descr"]).itemsize == len(payload)
        assert np.isfinite(data.x).all()


@settings(max_examples=200)
@given(data=st.data(), kind=st.sampled_from(["npz", "idx", "gz"]))
def test_damaged_files_give_samples_or_a_data_error(scratch, data, kind):
    folder = scratch / kind
    folder.mkdir(exist_ok=True)
    path = npz(folder / "own.npz", x=IMAGES, y=LABELS) if kind == "npz" else write_idx(folder, packed=kind == "gz")[0]
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))])
    found = attempt(path)
    if found is not None:
        assert found.x is not None
        assert len(found.x) == len(found.y)
        assert np.isfinite(found.x).all()
