"""``history.csv``: a row an epoch."""

import csv
import os
from pathlib import Path

from zatlas.errors import InputError
from zatlas.files import whole

Row = dict[str, float]
CLOCK = ("images_per_second", "seconds")  # the columns that differ between two equal runs


def write(path: str | os.PathLike[str], rows: list[Row]) -> None:
    """Write all rows, whole or not at all; numbers in the shortest form that reads back equal."""
    with whole(path) as part, part.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def read(path: str | os.PathLike[str]) -> list[Row]:
    """The rows of a history; InputError where it is not one."""
    try:
        with Path(path).open(newline="", encoding="utf-8") as handle:
            return [
                {key: int(value) if key == "epoch" else float(value) for key, value in row.items()}
                for row in csv.DictReader(handle)
            ]
    except FileNotFoundError:
        raise InputError(f"{path}: missing; the run has not finished an epoch") from None
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path}: is no history of a run ({error})") from None
