"""Samples in a table: what stands where, and one sentence with row and column for every fault."""

import numpy as np
import pytest

from neurodyn.errors import DataError, TooLargeError
from neurodyn.models import read_data
from neurodyn.models.data import table
from neurodyn.numerics import memory

LEAVES = "width, leaf ,height\n0.1,oak,-5\n\n1e3, 'ash, b',7\n0.25,oak ,4"


def read(folder, text, label=None):
    path = folder / "own.CSV"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_data(path, label)


def test_one_column_has_the_labels_and_all_others_are_features(tmp_path):
    data = read(tmp_path, LEAVES.replace("'", '"'), "leaf")
    np.testing.assert_array_equal(data.x, [[0.1, -5], [1000, 7], [0.25, 4]])
    assert data.y.tolist() == [1, 0, 1]
    assert data.classes == ("ash, b", "oak")
    assert data.about.endswith(
        "3 samples to learn from, taken as they are; labels are column 'leaf': ash, b = 0, oak = 1"
    )


def test_last_column_has_labels_or_numbers_to_reach(tmp_path):
    labels, numbers = (read(tmp_path, f"a,b\n0.1,{first}\n0.2,3.0\n") for first in ("1", "1.5"))
    assert (labels.y.tolist(), labels.y.dtype, labels.classes) == ([1, 3], np.int64, ())
    assert numbers.y.tolist() == [[1.5], [3.0]]


def test_mark_that_excel_begins_files_with_is_no_part_of_a_name(tmp_path):
    assert read(tmp_path, "\ufeffb,a\n1,0.1\n3,0.2\n", "b").y.tolist() == [1, 3]


def test_pixels_are_divided_and_numbers_with_a_point_or_beyond_a_byte_are_not(tmp_path):
    for text, divisor in (("255", 255), ("255.0", 1), ("256", 1), ("-1", 1)):
        data = read(tmp_path, f"a,b,c\n51,{text},0\n0,2,1\n")
        np.testing.assert_array_equal(data.x, np.array([[51, float(text)], [0, 2]]) / divisor)


def test_frame_is_read_as_the_file_that_it_writes(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"a": np.random.default_rng(0).normal(size=3), "b": [2, 3, 4], "c": list("yxy")}, list("pqr")
    )
    for label in (None, "b"):
        kept = frame[["a", "b"]] if label else frame
        kept.to_csv(tmp_path / "frame.csv", index=False)
        ours, files = read_data(kept, label), read_data(tmp_path / "frame.csv", label)
        np.testing.assert_array_equal(ours.x, files.x)
        np.testing.assert_array_equal(ours.y, files.y)
        assert ours.classes == files.classes
    frame.loc["q", "b"] = np.nan
    with pytest.raises(DataError, match=r"^the DataFrame, row q, column 'b': features .* got a missing value; "):
        read_data(frame)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", ": the first row must name the columns; got an empty file; "),
        ("\na,b\n", ", row 1: the first row must name the columns; got an empty row; "),
        ("5.1,3,iris\n4,3,iris\n", ", row 1: the first row must name the columns; got the number 5.1; add"),
        ("a,b,c\n", ": there must be samples below the names of the columns; got none; "),
        ("a;b\n1;2\n", ": there must be columns of .* separated by commas; got 1 column; "),
        (",b\n1,2\n", ", column 1: each column must have a name of its own; got ''; "),
        ("a,b,a\n1,2,3\n", ", column 3: each column must have a name of its own; got 'a'; "),
        ("a,b,c\n1,2,3\n\n1,2\n", ", row 4: there must be a cell for each of the 3 columns; got 2 cells; "),
        ("a,b,c\n1,2,3\n1, ,3\n", ", row 3, column 'b': features must be finite numbers; got a missing value; "),
        ("a,b,c\n1,NaN,3\n", ", row 2, column 'b': features must be finite numbers; got a missing value; "),
        ("a,b,c\n1,red,3\n", ", row 2, column 'b': features must be finite numbers; got 'red'; "),
        ("a,b,c\n1,1_0,3\n", ", row 2, column 'b': features must be finite numbers; got '1_0'; "),
        ("a,b,c\n1,-inf,3\n", ", row 2, column 'b': features must be finite numbers; got '-inf'; "),
        ("a,b\n1,x\n2,NA\n", ", row 3, column 'b': each sample must have a label; got a missing value; "),
        ("a,b\n1,7\n2,x\n", ", row 3, column 'b': labels must be all texts or all finite .*'7'; got 'x'; "),
        ("a,b\n1,7\n2,-1\n", ", column 'b': labels must be 0 or more; got -1 as label 1; "),
        ('a,b\n1,2\n"3,4\n', ", row 3: a row must be readable as cells .* got 'unexpected end of data'; "),
        (b"a,b\n\xff,1\n", ": a CSV file must be readable as text in UTF-8; got "),
    ],
)
def test_faults_of_a_file_are_named(tmp_path, text, sentence):
    with pytest.raises(DataError, match=f"^{tmp_path}/own.CSV{sentence}") as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_label_that_is_no_column_is_named(tmp_path):
    with pytest.raises(
        DataError, match="`label` must be the name of one of its 2 columns; got 'leav'; did you mean 'leaf'"
    ):
        read(tmp_path, "a,leaf\n1,2\n", "leav")
    with pytest.raises(DataError, match=r"own.npz: `label` is for a DataFrame or a file NAME.csv; got 'leaf'; "):
        read_data(tmp_path / "own.npz", "leaf")


def test_line_of_gigabytes_is_not_read(tmp_path):
    path = tmp_path / "long.csv"
    with path.open("wb") as stream:
        stream.write(b"a,b\n1,2\n")
        stream.truncate(8 << 30)  # a hole: no place is taken on the disk
    with pytest.raises(DataError, match=f"long.csv, row 3: .* got 'a line of {table.LONGEST:,} characters or more'"):
        read_data(path)


def test_table_beyond_memory_is_refused_while_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "FEW", 0)
    monkeypatch.setattr(memory, "present_memory", lambda: 1 << 20)
    monkeypatch.setattr(table, "FIRST_LOOK", 4)
    with pytest.raises(TooLargeError, match=r"own.CSV: the numbers down to row 16386 needs .*: take fewer samples"):
        read(tmp_path, "a,b,c\n" + "1,2,3\n" * 40000)
