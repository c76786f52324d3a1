"""Tables of results as CSV."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def write(path: str | Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of named values, a column for every name; a row that lacks one is blank there."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with Path(path).open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
