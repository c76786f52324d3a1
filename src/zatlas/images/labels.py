"""The table beside an image set: one CSV row a picture, in the order of the pictures."""

import csv
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError

_INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})")  # "007" is a name, not the number seven
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|nan|[+-]?inf")


def beside(path: Path) -> Path:
    """Where the table of an image file stands: the same name with ``.csv``."""
    return path.with_suffix(".csv")


def with_table(source: object) -> list[Path]:
    """The files that an image set is read from: itself, and the table of a ``.npy``."""
    if not isinstance(source, (str, os.PathLike)):
        return []
    path = Path(source)
    return [path, beside(path)] if path.suffix.lower() == ".npy" else [path]


def read_table(path: Path, rows: int) -> dict[str, list[str]]:
    """The columns of a CSV as text, ``rows`` entries each; {} where there is no such file.

    Where an ``index`` column holds 0 … rows-1 in another order, the rows are put in its order.
    Raises InputError where the rows are not as many as the pictures, or the file is not a CSV.
    """
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *body = [row for row in csv.reader(file) if row] or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as CSV ({error})") from None
    if len(body) != rows:
        raise InputError(
            f"{path}: {len(body)} rows for {rows} pictures; give it one row a picture, "
            "or another name where it does not belong to them"
        )
    for number, row in enumerate(body, start=2):
        if len(row) != len(header):
            raise InputError(
                f"{path}: row {number} has {len(row)} fields, the header {len(header)}"
            )
    if "index" in header:
        place = header.index("index")
        if sorted(row[place] for row in body) == sorted(map(str, range(rows))):
            body.sort(key=lambda row: int(row[place]))
    return {name: [row[i] for row in body] for i, name in enumerate(header)}


def text(value: Any) -> str:
    """A label as the CSV holds it: nothing for None, 1 and 0 for true and false."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(int(value)) if isinstance(value, bool) else str(value)


def typed(values: Sequence[str]) -> NDArray[Any]:
    """A column as int64, float64 (an empty field is NaN) or, where it is neither, text."""
    if all(map(_INTEGER.fullmatch, values)):
        return np.array([int(value) for value in values], dtype=np.int64)
    given = [value for value in values if value]
    leading_zero = re.compile(r"[+-]?0[0-9]+")
    if given and all(
        _NUMBER.fullmatch(value) and not leading_zero.fullmatch(value) for value in given
    ):
        return np.array([float(value) if value else np.nan for value in values])
    return np.array(list(values), dtype=np.str_)


def free_names(names: Iterable[str]) -> tuple[str, ...]:
    """Label names that do not clash with the table's own columns ``index`` and ``source``."""
    return tuple(f"{name}_" if name in ("index", "source") else name for name in names)
