"""Samples in a table, one a row: a CSV file, or a pandas DataFrame.

pandas is not imported: a frame brings its own methods, and both kinds of table are read as rows of texts. Files are not
trusted, nor are the lengths of their lines.
"""

from __future__ import annotations

import array
import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from neurodyn.errors import DataError, shown, spelled
from neurodyn.models.data.idx import fault
from neurodyn.numerics.memory import check_memory

#: The most characters of a line: a million numbers.
LONGEST: Final = 1 << 24
#: How many numbers are read before it is asked, again whenever they have doubled, if there is memory for them.
FIRST_LOOK: Final = 1 << 20
#: What stands for a missing value, in small letters; the last three are those of data frames.
MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", "?", "none", "<na>", "nat"})


@runtime_checkable
class Frame(Protocol):
    """What is used of a pandas DataFrame."""

    @property
    def columns(self) -> Any:
        """Names of the columns."""

    def itertuples(self, index: bool = True, name: str | None = None) -> Iterable[tuple[Any, ...]]:
        """Rows, each with its name first."""


@dataclass(frozen=True, eq=False)
class Table:
    """The samples of a table.

    Attributes
    ----------
    x : (samples, features)
        Bytes (uint8) if all features are written as whole numbers in 0 ... 255, else floats.
    y : (samples,) labels, or (samples, 1) numbers to reach
    label : str
        The column that `y` is from.
    classes : tuple of str
        Where labels are texts: label k is `classes[k]`.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    label: str
    classes: tuple[str, ...]


def read_table(place: str | Frame, label: str | None = None) -> Table:
    """Read the samples of a CSV file or a data frame, as `models.read_data` says.

    Raises a `DataError` that names row and column, or a `TooLargeError`. Rows of a file are counted as a spreadsheet
    does, the names being row 1; those of a frame are called as its index has them.
    """
    source = place if isinstance(place, str) else "the DataFrame"
    rows = _file_rows(place) if isinstance(place, str) else _frame_rows(place)
    names = [name.strip() for name in next(rows)[1]]
    at = _label_column(source, names, label)
    features = names[:at] + names[at + 1 :]
    values, labels, places = array.array("d"), list[str](), list[Any]()
    whole, seen = True, FIRST_LOOK
    for row, cells in rows:
        if len(cells) != len(names):
            rule = f"there must be a cell for each of the {len(names):,} columns"
            raise fault(f"{source}, row {row}", rule, f"{len(cells):,} cells", "correct the row")
        places.append(row)
        labels.append(cells.pop(at).strip())
        numbers = _numbers(cells)
        if numbers is None:
            column, cell = next(pair for pair in zip(features, cells, strict=True) if _numbers(pair[1:]) is None)
            raise _wrong(f"{source}, row {row}", column, "features must be finite numbers", cell)
        values.extend(numbers)
        whole = whole and "".join(cells).replace(" ", "").isdecimal()
        if len(values) > seen:
            seen *= 2
            check_memory(16 * len(values), f"{source}: the numbers down to row {row}", "take fewer samples")
    if not labels:
        raise fault(source, "there must be samples below the names of the columns", "none", "add a row for each")
    x = np.frombuffer(values).reshape(len(labels), -1)
    y, classes = _targets(source, names[at], places, labels)
    return Table(x.astype(np.uint8) if whole and x.max() <= np.iinfo(np.uint8).max else x, y, names[at], classes)


def _file_rows(path: str) -> Iterator[tuple[Any, list[str]]]:
    """Rows of a file with their numbers; that of names first."""
    row = 0
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            lines = map(_bounded, iter(lambda: stream.readline(LONGEST), ""))
            for row, cells in enumerate(csv.reader(lines, skipinitialspace=True, strict=True), 1):
                number = next((name for name in cells if _numbers([name])), "") if row == 1 else ""
                if number or (row == 1 and not cells):
                    got = f"the number {number}" if number else "an empty row"
                    raise fault(f"{path}, row 1", "the first row must name the columns", got, "add the names")
                if cells:
                    yield row, cells
    except csv.Error as error:
        rule = "a row must be readable as cells separated by commas"
        raise fault(f"{path}, row {row + 1}", rule, f"'{error}'", "correct the row") from error
    except (OSError, UnicodeDecodeError) as error:
        raise fault(path, "a CSV file must be readable as text in UTF-8", f"'{error}'", "save it so") from error
    if not row:
        raise fault(path, "the first row must name the columns", "an empty file", "check the path")


def _bounded(line: str) -> str:
    if len(line) == LONGEST:
        raise csv.Error(f"a line of {LONGEST:,} characters or more")
    return line


def _frame_rows(frame: Frame) -> Iterator[tuple[Any, list[str]]]:
    yield None, [str(name) for name in frame.columns]
    for row, *cells in frame.itertuples(index=True, name=None):
        yield row, [str(cell) for cell in cells]


def _label_column(source: str, names: list[str], label: str | None) -> int:
    if len(names) < 2:
        rule = "there must be columns of features and one of labels, separated by commas"
        raise fault(source, rule, f"{len(names)} column{'' if names else 's'}", "check the table")
    seen = {""}
    for column, name in enumerate(names, 1):
        if name in seen:
            rule = "each column must have a name of its own"
            raise fault(f"{source}, column {column}", rule, shown(name), "name it, or leave the column out")
        seen.add(name)
    if label is not None and str(label).strip() not in names:
        remedy = spelled(label, names).removeprefix("; ") or "see its first row"
        raise fault(source, f"`label` must be the name of one of its {len(names):,} columns", shown(label), remedy)
    return len(names) - 1 if label is None else names.index(str(label).strip())


def _targets(source: str, column: str, places: list[Any], labels: list[str]) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Labels, or numbers to reach, and what labels that are texts say."""
    numbers = [_numbers([text]) for text in labels]
    for row, text, number in zip(places, labels, numbers, strict=True):
        if text.casefold() in MISSING:
            raise _wrong(f"{source}, row {row}", column, "each sample must have a label", text)
        if (number is None) != (numbers[0] is None):
            rule = f"labels must be all texts or all finite numbers, as the first, {shown(labels[0])}"
            raise _wrong(f"{source}, row {row}", column, rule, text)
    if numbers[0] is None:
        classes = tuple(sorted(set(labels)))
        number_of = {text: number for number, text in enumerate(classes)}
        return np.array([number_of[text] for text in labels]), classes
    y = np.array(numbers, dtype=float)
    whole = np.all((y == np.floor(y)) & (np.abs(y) <= np.iinfo(np.int32).max))
    return (y[:, 0].astype(np.int64) if whole else y), ()


def _numbers(cells: Sequence[str]) -> list[float] | None:
    """Return the numbers of cells; None if one is no finite number, or written as Python's 1_000."""
    try:
        numbers = list(map(float, cells))
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) and "_" not in "".join(cells) else None


def _wrong(place: str, column: str, rule: str, cell: str) -> DataError:
    got = "a missing value" if cell.strip().casefold() in MISSING else shown(cell)
    return fault(f"{place}, column {shown(column)}", rule, got, "correct it or leave the row out")
