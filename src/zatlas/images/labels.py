"""The table beside an image set: a CSV file with one row per image, in the same order."""

import csv
import os
import re
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.files import open_file

_INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})")  # "007" is a name, not a number
_NUMBER = re.compile(
    r"(?![+-]?0[0-9]+$)[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|nan|[+-]?inf"
)


def beside(path: Path) -> Path:
    """The path of the table of an image set: the same name with ``.csv``."""
    return path.with_suffix(".csv")


def with_table(source: object) -> list[Path]:
    """The files of an image set: the file itself, and the table of a ``.npy`` file."""
    if not isinstance(source, (str, os.PathLike)):
        return []
    path = Path(source)
    return [path, beside(path)] if path.suffix.lower() == ".npy" else [path]


def read_table(path: Path, rows: int) -> dict[str, list[str]]:
    """The columns of a CSV file as text; {} if there is no such file.

    If a column ``index`` holds 0 … rows-1 in another order, the rows are sorted by it.

    Parameters
    ----------
    path : the CSV file, with a header.
    rows : the number of images.

    Raises
    ------
    InputError
        The file is not CSV, or the number of rows is not ``rows``.
    """
    if not path.is_file():
        return {}
    try:
        with TextIOWrapper(open_file(path), encoding="utf-8-sig", newline="") as file:
            header, *body = [row for row in csv.reader(file) if row] or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as CSV ({error})") from None
    if len(body) != rows:
        hint = "give it one row a picture, or rename it if it is another table"
        raise InputError(f"{path}: {len(body)} rows for {rows} pictures; {hint}")
    for number, row in enumerate(body, start=2):
        if len(row) != len(header):
            fields = f"row {number} has {len(row)} fields, the header {len(header)}"
            raise InputError(f"{path}: {fields}")
    if "index" in header:
        place = header.index("index")
        if sorted(row[place] for row in body) == sorted(map(str, range(rows))):
            body.sort(key=lambda row: int(row[place]))
    return {name: [row[i] for row in body] for i, name in enumerate(header)}


def text(value: Any) -> str:
    """A label as text for the CSV: "" for None, 1 and 0 for True and False."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    value = int(value) if isinstance(value, bool) else value
    return "" if value is None else str(value)


def typed(values: Sequence[str]) -> NDArray[Any]:
    """A column as int64, as float64 (an empty field is NaN), or else as text.

    Examples
    --------
    >>> typed(["1", "2"]), typed(["1.5", ""]), typed(["007", "8"])
    (array([1, 2]), array([1.5, nan]), array(['007', '8'], dtype='<U3'))
    """
    if all(map(_INTEGER.fullmatch, values)):
        return np.array([int(value) for value in values], dtype=np.int64)
    given = [value for value in values if value]
    if given and all(map(_NUMBER.fullmatch, given)):
        return np.array([float(value) if value else np.nan for value in values])
    return np.array(list(values), dtype=np.str_)


def free_names(names: Iterable[str]) -> tuple[str, ...]:
    """Label names that differ from the table's own columns ``index`` and ``source``."""
    return tuple(f"{name}_" if name in ("index", "source") else name for name in names)
