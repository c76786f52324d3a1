"""How a training goes: ``history.csv``, a row an epoch, and whoever watches."""

import csv
import os

from zatlas.errors import InputError
from zatlas.files import read_text, whole

Row = dict[str, float]
CLOCK = ("images_per_second", "seconds")  # the columns that differ between two equal runs


class Watcher:
    """Someone who is told how the training goes; this one ignores it."""

    def images(self, epoch: int, done: int, total: int) -> None:
        """``done`` of ``total`` images of an epoch (from 1) have been trained on."""

    def epoch(self, row: Row) -> None:
        """An epoch has ended; its row of the history."""

    def note(self, text: str) -> None:
        """Something worth a line: what was picked, left out or assumed."""


def write(path: str | os.PathLike[str], rows: list[Row]) -> None:
    """Write all rows, whole or not at all; numbers in the shortest form that reads back equal."""
    with whole(path) as part, part.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def read(path: str | os.PathLike[str]) -> list[Row]:
    """The rows of a history, one at least; InputError where it is not one."""
    text = read_text(path, missing="missing; the run has not finished an epoch")
    try:
        rows = [
            {key: int(value) if key == "epoch" else float(value) for key, value in row.items()}
            for row in csv.DictReader(text.splitlines())
        ]
        if not rows or not {"epoch", "train_loss", "valid_loss"} <= rows[0].keys():
            raise ValueError("no epoch with its train_loss and valid_loss")
    except (ValueError, TypeError, csv.Error) as error:
        raise InputError(
            f"{path}: is no history of a run ({error}); copy it anew, or train again"
        ) from None
    return rows
