"""Tables of results as CSV."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def read(path: str | Path) -> list[dict[str, Any]]:
    """The rows of a table, whose values are text; none where the file does not exist."""
    if not Path(path).exists():
        return []
    with Path(path).open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def write(path: str | Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of named values, a column for every name; a row that lacks one is blank there."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with Path(path).open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
