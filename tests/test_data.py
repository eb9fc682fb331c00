"""The digits of the library and MNIST: equal numbers from every layout, one sentence for every fault."""

import gzip
import hashlib
import io
import os
import re
import struct
import tracemalloc
import zipfile
from importlib import resources

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodyn.errors import DataError
from neurodyn.models.data import MNIST_MISSING, LabelledData, digits, mnist, read_idx

REAL_FOLDER = os.environ.get("NEURODYN_DATA")
CODES = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}
IMAGES = np.arange(3 * 5 * 4, dtype=np.uint8).reshape(3, 5, 4) * 4 + 19  # 19 to 255
LABELS = np.array([7, 0, 9], dtype=np.uint8)
# SHA-256 of the files as published, unpacked.
DIGESTS = {
    "train": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "test": (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}
COUNTS = {
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}


def compressed(data: bytes) -> bytes:
    """As gzip writes it, without the time of day: names of parametrized tests must not change."""
    return gzip.compress(data, mtime=0)


def idx_bytes(array, code=0x08):
    """Return the IDX file of an array, by the format's description and without the reader's help."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.astype(np.dtype(CODES[code]).newbyteorder(">")).tobytes()


def write_mnist(folder, prefix="train", mark="-", packed="", images=IMAGES, labels=LABELS):
    folder.mkdir(parents=True, exist_ok=True)
    for stem, array in ((f"images{mark}idx3", images), (f"labels{mark}idx1", labels)):
        content = idx_bytes(array)
        path = folder / f"{prefix}-{stem}-ubyte{packed}"
        path.write_bytes(compressed(content) if packed else content)
    return folder


def write_npz(path, save=np.savez_compressed, **changed):
    save(path, **{"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:2], "y_test": LABELS[:2], **changed})
    return path


def write_member(path, content, compression=zipfile.ZIP_DEFLATED):
    """Write an archive whose `x_train` has this content, byte by byte."""
    labels = io.BytesIO()
    np.save(labels, LABELS)
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("x_train.npy", content)
        archive.writestr("y_train.npy", labels.getvalue())
    return path


def assert_is_the_sample(data, split="train"):
    assert isinstance(data, LabelledData)
    assert (data.classes, data.name, data.shape, data.split) == (10, "mnist", (5, 4), split)
    assert data.images.dtype == np.float64
    assert data.labels.dtype == np.int64
    np.testing.assert_array_equal(data.images, IMAGES.reshape(3, 20) / 255)
    np.testing.assert_array_equal(data.labels, [7, 0, 9])


def peak_memory(action):
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(autouse=True)
def no_data_folder(monkeypatch):
    monkeypatch.delenv("NEURODYN_DATA", raising=False)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "file"


# The digits of the library


def test_digits_are_those_of_scikit_learn():
    published = pytest.importorskip("sklearn.datasets").load_digits()
    data = digits("all")
    assert (data.classes, data.name, data.shape, data.split) == (10, "digits", (8, 8), "all")
    np.testing.assert_array_equal(data.images, published.data / 16)
    np.testing.assert_array_equal(data.labels, published.target)


@pytest.mark.parametrize(("split", "count"), [("train", 1287), ("test", 510), ("all", 1797)])
def test_digits_have_these_shapes_and_types(split, count):
    data = digits(split)
    assert data.images.shape == (count, 64)
    assert data.labels.shape == (count,)
    assert data.images.dtype == np.float64
    assert data.labels.dtype == np.int64
    assert (data.images.min(), data.images.max()) == (0.0, 1.0)
    assert data.split == split


def test_digits_split_is_a_partition_between_two_forms():
    train, test, whole = digits("train"), digits("test"), digits("all")
    np.testing.assert_array_equal(np.concatenate([train.images, test.images]), whole.images)
    np.testing.assert_array_equal(np.concatenate([train.labels, test.labels]), whole.labels)
    for part in (train, test):  # every form begins with 0 to 9, three times
        np.testing.assert_array_equal(part.labels[:30], np.tile(np.arange(10), 3))
    assert np.bincount(test.labels).min() > 45


def test_digits_file_names_its_authors_and_licence():
    path = resources.files("neurodyn.models") / "library" / "digits-images.npz"
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        assert "CC BY 4.0" in str(file["licence"])
        assert "Alpaydin" in str(file["source"])
        assert file["images"].dtype == np.uint8


def test_take_gives_a_part_that_is_a_copy():
    whole = digits("test")
    part = whole.take(5, start=2)
    np.testing.assert_array_equal(part.images, whole.images[2:7])
    np.testing.assert_array_equal(part.labels, whole.labels[2:7])
    assert (part.classes, part.name, part.shape, part.split) == (10, "digits", (8, 8), "test")
    assert not np.shares_memory(part.images, whole.images)
    assert len(whole.take(510).labels) == 510
    assert len(whole.take(1, start=509).labels) == 1


@pytest.mark.parametrize(("samples", "start"), [(1.5, 0), ("1", 0), (True, 0), (1, 0.5), (None, 0)])
def test_take_refuses_what_is_no_whole_number(samples, start):
    with pytest.raises(DataError, match="must be a whole number of at least"):
        digits("test").take(samples, start)


@pytest.mark.parametrize(("samples", "start"), [(0, 0), (-1, 0), (511, 0), (1, 510), (1, -1), (500, 11)])
def test_take_refuses_what_is_not_there(samples, start):
    with pytest.raises(DataError, match=rf"510, the size of digits \(test\); got samples={samples}, start={start}"):
        digits("test").take(samples, start)


@pytest.mark.parametrize("load", [digits, mnist])
def test_unknown_split_is_named_with_the_allowed_ones(load):
    with pytest.raises(DataError, match=r"`split` must be one of 'train', 'test'.*; got 'trian'"):
        load("trian")


# IDX


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("code", "dtype"), CODES.items())
@pytest.mark.parametrize("shape", [(6,), (2, 3), (1, 2, 3), (3, 1, 2, 1)])
def test_idx_gives_back_every_type_and_rank(tmp_path, code, dtype, shape, packed):
    array = np.array([0, 1, 100, 127, 2, 3]).astype(dtype) * (1 if dtype == "u1" else -1)
    content = idx_bytes(array.astype(dtype).reshape(shape), code)
    path = tmp_path / "file"  # told by its content, not by its name
    path.write_bytes(compressed(content) if packed else content)
    result = read_idx(path)
    assert result.dtype == np.dtype(dtype)
    assert result.dtype.isnative
    np.testing.assert_array_equal(result, array.reshape(shape))


@pytest.mark.parametrize("packed", [False, True])
def test_idx_cut_anywhere_is_refused(tmp_path, packed):
    content = idx_bytes(IMAGES)
    content = compressed(content) if packed else content
    path = tmp_path / "cut"
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=re.escape(str(path))):
            read_idx(path)
    path.write_bytes(content)
    np.testing.assert_array_equal(read_idx(path), IMAGES)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "starts with two zero bytes.*; got an empty file; check the file or download it again"),
        (b"\x89PNG\r\n", "starts with two zero bytes.*; got bytes 89 50 4e 47; "),
        (b"\0\0\x08", "starts with two zero bytes.*; got bytes 00 00 08; "),
        (b"\0\0\x0a\x01\0\0\0\x01\0", "type code .* is one of 0x08, .*0x0E; got 0x0A; "),
        (b"\0\0\x08\x00\0", "number of dimensions must be 1 to 32; got 0; "),
        (b"\0\0\x08\xff" + b"\0\0\0\x01" * 255 + b"\0", "number of dimensions must be 1 to 32; got 255; "),
        (b"\0\0\x08\x03" + b"\0\0\0\x01" * 2, "header of 3 dimensions has 16 bytes; got 12; "),
        (b"\0\0\x08\x02\0\0\0\x00\0\0\0\x05", r"announce 1 to .* bytes; got 0 \(0 x 5 values\); "),
        (b"\0\0\x08\x01" + b"\xff" * 4, r"announce 1 to .* bytes; got 4,294,967,295 \("),
        (b"\0\0\x0e\x02" + b"\xff" * 8, r"announce 1 to .* bytes; got 147,573,952,520,956,936,200 \("),
        (b"\0\0\x0b\x01\0\0\0\x02abc", r"4 bytes must follow the header \(2 values\); got 3; "),
        (b"\0\0\x08\x01\0\0\0\x02abc", r"2 bytes must follow the header \(2 values\); got more; "),
        (compressed(b""), "got an empty file; "),
        (compressed(b"\0\0\x08\x01\0\0\0\x02a"), "2 bytes must follow the header .*; got 1; "),
        (compressed(b"\0\0\x08\x01\0\0\0\x02abc"), "2 bytes must follow the header .*; got more; "),
        (compressed(b"\0\0\x08\x01\0\0\0\x01a") + b"tail", "must be readable; got 'Not a gzipped file"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + b"\xff" * 30, "must be readable; got 'Error -3"),
    ],
)
def test_idx_faults_have_their_own_sentence(tmp_path, content, sentence):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"^{re.escape(str(path))}: .*{sentence}") as caught:
        read_idx(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("position", range(-8, 0))
def test_idx_checksum_and_length_of_gzip_are_checked(tmp_path, position):
    content = bytearray(compressed(idx_bytes(IMAGES)))
    content[position] ^= 0x10
    path = tmp_path / "damaged.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="must be readable"):
        read_idx(path)


def test_idx_missing_file_or_folder_is_refused(tmp_path):
    for path in (tmp_path / "nowhere", tmp_path, "a\0b", "x" * 5000):
        with pytest.raises(DataError, match="an IDX file is needed; got no such file; check the path"):
            read_idx(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_idx_without_permission_is_refused(tmp_path):
    path = tmp_path / "locked"
    path.write_bytes(idx_bytes(IMAGES))
    path.chmod(0)
    with pytest.raises(DataError, match="Permission denied"):
        read_idx(path)


@pytest.mark.parametrize("count", [4_000_000_000, 1_300_000])  # above the limit of 1 GiB, and below
@pytest.mark.parametrize("packed", [False, True])
def test_lying_header_takes_no_memory(tmp_path, count, packed):
    content = struct.pack(">BBBB3I", 0, 0, 8, 3, count, 28, 28) + b"abcd"
    path = tmp_path / "lies"
    path.write_bytes(compressed(content) if packed else content)

    def read():
        with pytest.raises(DataError, match="bytes"):
            read_idx(path)

    read()  # what is imported and cached on first use is not counted
    assert peak_memory(read) < 4e6


def test_gzip_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as bomb:
        bomb.write(struct.pack(">BBBB3I", 0, 0, 8, 3, 1, 28, 28))
        for _ in range(64):
            bomb.write(bytes(2**20))

    def read():
        with pytest.raises(DataError, match=r"784 bytes must follow the header .*; got more"):
            read_idx(path)

    assert peak_memory(read) < 4e6


@settings(deadline=None, max_examples=200)
@given(
    start=st.sampled_from([b"", b"\0\0", b"\0\0\x08\x01\0\0\0", b"\0\0\x0d\x02\0\0\0", b"\x1f\x8b\x08\0"]),
    rest=st.binary(max_size=60),
    packed=st.booleans(),
)
def test_random_bytes_give_an_array_or_a_data_error(scratch, start, rest, packed):
    content = start + rest
    scratch.write_bytes(compressed(content) if packed else content)
    try:
        array = read_idx(scratch)
    except DataError:
        return
    assert 0 < array.nbytes < len(content)


# MNIST of a user's own


@pytest.mark.parametrize("subfolder", ["", "MNIST/raw", "raw", "MNIST", "mnist"])
@pytest.mark.parametrize("mark", ["-", "."])
@pytest.mark.parametrize("packed", ["", ".gz"])
def test_mnist_is_found_in_every_layout(tmp_path, subfolder, mark, packed):
    write_mnist(tmp_path / subfolder, "train", mark, packed)
    assert_is_the_sample(mnist("train", tmp_path))
    write_mnist(tmp_path / subfolder, "t10k", mark, packed)
    assert_is_the_sample(mnist("test", str(tmp_path)), "test")


@pytest.mark.parametrize("subfolder", ["", "mnist"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_mnist_of_keras_is_found_by_folder_and_by_path(tmp_path, subfolder, save):
    folder = tmp_path / subfolder
    folder.mkdir(exist_ok=True)
    path = write_npz(folder / "mnist.npz", save)
    assert_is_the_sample(mnist("train", tmp_path))
    assert_is_the_sample(mnist("train", path))
    np.testing.assert_array_equal(mnist("test", path).labels, [7, 0])


@pytest.mark.parametrize("dtype", ["<i8", ">i4", "|i1", "<u2"])
def test_mnist_of_keras_may_have_labels_of_any_integer_type(tmp_path, dtype):
    assert_is_the_sample(mnist("train", write_npz(tmp_path / "mnist.npz", y_train=LABELS.astype(dtype))))


def test_mnist_of_keras_may_stand_in_either_order_of_memory(tmp_path):
    assert_is_the_sample(mnist("train", write_npz(tmp_path / "mnist.npz", x_train=np.asfortranarray(IMAGES))))


def test_mnist_of_keras_may_be_written_by_python_2(tmp_path):
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (3L, 5L, 4L), }".ljust(117) + b"\n"
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + IMAGES.tobytes()
    assert_is_the_sample(mnist("train", write_member(tmp_path / "old.npz", content)))


def test_mnist_folder_comes_from_the_environment_unless_given(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURODYN_DATA", str(write_mnist(tmp_path / "by-environment")))
    assert_is_the_sample(mnist("train"))
    given_folder = write_mnist(tmp_path / "given", images=IMAGES[:1], labels=LABELS[:1])
    assert len(mnist("train", given_folder).labels) == 1
    with pytest.raises(DataError, match="nowhere"):
        mnist("train", tmp_path / "nowhere")


def test_mnist_folder_may_begin_with_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write_mnist(tmp_path / "data")
    assert_is_the_sample(mnist("train", "~/data"))


def test_mnist_folders_named_like_its_files_are_passed_over(tmp_path):
    write_mnist(tmp_path, mark=".")
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "mnist.npz"):
        (tmp_path / name).mkdir()
    assert_is_the_sample(mnist("train", tmp_path))


def test_mnist_unpacked_files_come_before_packed_ones(tmp_path):
    write_mnist(tmp_path)
    for stem in ("images-idx3", "labels-idx1"):
        (tmp_path / f"train-{stem}-ubyte.gz").write_bytes(b"not read")
    assert_is_the_sample(mnist("train", tmp_path))


def test_mnist_missing_says_how_to_provide_it(tmp_path, monkeypatch):
    for word in (
        "--data FOLDER",
        "NEURODYN_DATA",
        "train-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
        "mnist.npz",
    ):
        assert word in MNIST_MISSING
    with pytest.raises(DataError) as caught:
        mnist("test")
    assert str(caught.value) == MNIST_MISSING
    monkeypatch.setenv("NEURODYN_DATA", "")
    with pytest.raises(DataError) as caught:
        mnist("test")
    assert str(caught.value) == MNIST_MISSING
    with pytest.raises(DataError) as caught:
        mnist("test", tmp_path)
    assert str(caught.value) == f"{MNIST_MISSING} (looked in {tmp_path})"
    with pytest.raises(DataError) as caught:
        mnist("test", tmp_path / "gone")
    assert str(caught.value) == f"{MNIST_MISSING} (looked in {tmp_path / 'gone'}, which does not exist)"


@pytest.mark.parametrize(("there", "lacking"), [("images-idx3", "labels"), ("labels-idx1", "images")])
def test_mnist_half_there_names_the_half(tmp_path, there, lacking):
    (tmp_path / f"train-{there}-ubyte").write_bytes(b"")
    with pytest.raises(DataError, match=rf"where .*train-{there}-ubyte lacks its {lacking}\)$"):
        mnist("train", tmp_path)


@pytest.mark.parametrize(
    ("images", "labels", "sentence"),
    [
        (
            IMAGES,
            LABELS[:2],
            "labels.*: there must be one label for each of the 3 images of .*; got 2 labels; ",
        ),
        (
            IMAGES[:2],
            LABELS,
            "labels.*: there must be one label for each of the 2 images of .*; got 3 labels; ",
        ),
        (IMAGES, LABELS + 1, "labels.*: labels must be 0 to 9; got 10 as label 2; "),
        (IMAGES.reshape(3, 20), LABELS, r"images.*: images must be .*; got uint8 of shape \(3, 20\); "),
        (IMAGES[..., None], LABELS, r"images.*: images must be .*; got uint8 of shape \(3, 5, 4, 1\); "),
        (LABELS, IMAGES, r"images.*: images must be .*; got uint8 of shape \(3,\); "),
        (IMAGES, LABELS[:, None], r"labels.*: labels must be integers .*; got uint8 of shape \(3, 1\); "),
    ],
)
@pytest.mark.parametrize("archive", [False, True])
def test_mnist_that_does_not_fit_together_is_refused(tmp_path, images, labels, sentence, archive):
    if archive:
        write_npz(tmp_path / "mnist.npz", x_train=images, y_train=labels)
        sentence = sentence.replace("images.*:", r"x_train\]:").replace("labels.*:", r"y_train\]:")
    else:
        write_mnist(tmp_path, images=images, labels=labels)
    with pytest.raises(DataError, match=f"{sentence}check that the file is MNIST's$"):
        mnist("train", tmp_path)


def test_mnist_of_another_type_is_refused(tmp_path):
    write_mnist(tmp_path)
    for code, dtype in CODES.items():
        if code != 0x08:
            (tmp_path / "train-images-idx3-ubyte").write_bytes(idx_bytes(IMAGES, code))
            with pytest.raises(DataError, match=f"images must be uint8 .*; got {np.dtype(dtype)} of shape"):
                mnist("train", tmp_path)
    write_mnist(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(LABELS, 0x0D))
    with pytest.raises(DataError, match=r"labels must be integers .*; got float32"):
        mnist("train", tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.array([1, -1, 2]), 0x09))
    with pytest.raises(DataError, match="labels must be 0 to 9; got -1 as label 1; "):
        mnist("train", tmp_path)


# Archives


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"x_train": np.array([None, 1], dtype=object)}, r"'x_train' must be an integer array.*; got .*\|O"),
        ({"x_train": IMAGES / 255}, "'x_train' must be an integer array.*; got .*<f8"),
        ({"x_train": IMAGES.astype(np.int64)}, r"x_train\]: images must be uint8 .*; got int64"),
        ({"x_train": IMAGES[:0]}, r"x_train\]: the header must announce 1 to .* bytes; got 0 "),
        ({"y_train": np.int64(3)}, "'y_train' must be an integer array"),
        ({"y_train": np.array(["7", "0", "9"])}, "'y_train' must be an integer array"),
    ],
)
def test_archive_with_wrong_arrays_is_refused(tmp_path, changed, sentence):
    path = write_npz(tmp_path / "mnist.npz", **changed)
    with pytest.raises(DataError, match=f"^{re.escape(str(path))}.*{sentence}"):
        mnist("train", path)


def test_archive_without_a_key_names_it_and_those_there(tmp_path):
    path = tmp_path / "mnist.npz"
    np.savez(path, x_train=IMAGES, images=IMAGES)
    with pytest.raises(DataError, match=r"must have an array 'y_train'; got x_train.npy, images.npy; "):
        mnist("train", path)
    np.savez(path)
    with pytest.raises(DataError, match=r"must have an array 'x_train'; got none; "):
        mnist("train", path)


def test_archive_in_a_compression_numpy_does_not_write_is_refused(tmp_path):
    path = write_member(tmp_path / "mnist.npz", b"", zipfile.ZIP_LZMA)
    with pytest.raises(DataError, match="must be stored or deflated; got compression type 14"):
        mnist("train", path)


@pytest.mark.parametrize("start", [b"\x93NUMPY\x02\x00", b"\x93NUMPX\x01\x00"])
def test_archive_in_another_array_format_is_refused(tmp_path, start):
    array = io.BytesIO()
    np.save(array, IMAGES)
    path = write_member(tmp_path / "mnist.npz", start + array.getvalue()[8:])
    with pytest.raises(DataError, match=r"in NumPy's format 1.0; got"):
        mnist("train", path)


@pytest.mark.parametrize(("offset", "value", "cause"), [(8, 1, "encrypted"), (6, 99, "version 9.9")])
def test_archive_that_python_cannot_unpack_is_refused(tmp_path, offset, value, cause):
    content = bytearray(write_npz(tmp_path / "mnist.npz").read_bytes())
    content[content.index(b"PK\x01\x02") + offset] = value  # in the first entry of the central directory
    path = tmp_path / "changed.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"cannot be unpacked .*{cause}"):
        mnist("train", path)


@pytest.mark.parametrize("shape", ["(60000, 28, 28)", "(4000000000, 28, 28)", "(999999999999,)"])
def test_archive_with_a_lying_header_takes_no_memory(tmp_path, shape):
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"abcd"
    path = write_member(tmp_path / "mnist.npz", content)

    def read():
        with pytest.raises(DataError, match=r"x_train\]: .* bytes"):
            mnist("train", path)

    read()
    assert peak_memory(read) < 4e6


def test_archive_with_trailing_bytes_is_refused(tmp_path):
    array = io.BytesIO()
    np.save(array, IMAGES)
    path = write_member(tmp_path / "mnist.npz", array.getvalue() + b"x")
    with pytest.raises(DataError, match=r"60 bytes must follow the header \(3 x 5 x 4 values\); got more"):
        mnist("train", path)


def test_archive_cut_anywhere_is_refused(tmp_path):
    content = write_npz(tmp_path / "mnist.npz").read_bytes()
    path = tmp_path / "cut.npz"
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=f"^{re.escape(str(path))}: .*needed; got a file that cannot be unpacked"):
            mnist("train", path)


def test_archive_with_damaged_values_is_refused(tmp_path):
    content = write_npz(tmp_path / "mnist.npz", np.savez).read_bytes()
    damaged = bytearray(content)
    damaged[content.index(IMAGES.tobytes()) + 7] ^= 1
    path = tmp_path / "damaged.npz"
    path.write_bytes(damaged)
    with pytest.raises(DataError, match="Bad CRC-32"):
        mnist("train", path)


@settings(deadline=None, max_examples=300)
@given(data=st.data(), save=st.sampled_from([np.savez, np.savez_compressed]))
def test_damaged_archives_give_the_sample_or_a_data_error(scratch, data, save):
    path = scratch.with_suffix(".npz")
    content = bytearray(write_npz(path, save).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        result = mnist("train", path)
    except DataError:
        return
    assert_is_the_sample(result)


@settings(deadline=None, max_examples=100)
@given(header=st.one_of(st.binary(max_size=80), st.text("{}()[]'descr:|u1shape,0123456789L \n", max_size=80)))
def test_random_array_headers_give_a_data_error(scratch, header):
    raw = header if isinstance(header, bytes) else header.encode()
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(raw)) + raw + bytes(8)
    path = write_member(scratch.with_suffix(".npz"), content)
    with pytest.raises(DataError):
        mnist("train", path)


# The real MNIST, where there is one


@pytest.mark.parametrize("split", ["train", "test"])
def test_real_mnist_is_the_published_one(split):
    try:
        data = mnist(split, REAL_FOLDER)
    except DataError as error:
        if not str(error).startswith(MNIST_MISSING):
            raise
        pytest.skip(str(error))
    count = len(data.labels)
    assert (count, data.shape) == ({"train": 60_000, "test": 10_000}[split], (28, 28))
    assert np.bincount(data.labels).tolist() == COUNTS[split]
    assert (data.images.min(), data.images.max()) == (0.0, 1.0)
    pixels = data.images
    pixels *= 255  # in place: 376 MB
    pixels += 0.5
    files = idx_bytes(pixels.astype(np.uint8).reshape(count, 28, 28)), idx_bytes(data.labels.astype(np.uint8))
    assert tuple(hashlib.sha256(file).hexdigest() for file in files) == DIGESTS[split]
