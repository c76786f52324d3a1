"""The history of a training: ``history.csv``, a row an epoch."""

import csv
import os
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, ValidationError

from zatlas.errors import InputError
from zatlas.files import atomic_write, read_text
from zatlas.models.model_file import ModelFile
from zatlas.recipes.critics import NoCritic

CLOCK = ("images_per_second", "seconds")  # the columns that differ between two equal runs
_FIRST = ("epoch", "train_loss", "valid_loss")


class HistoryRow(BaseModel):
    """One epoch of a training.

    ``terms`` are the columns between the losses and the clock: each term of the objective on the
    training and the held-out images without its weight, as ``train_mse`` and ``valid_mse``, and of
    a Gaussian bottleneck the exact KL divergence of each element in nats, as ``kl_0``.

    >>> row = HistoryRow(epoch=1, train_loss=0.5, valid_loss=0.6, terms={"train_mse": 0.5},
    ...                  images_per_second=900.0, seconds=2.0)
    >>> list(row.columns())
    ['epoch', 'train_loss', 'valid_loss', 'train_mse', 'images_per_second', 'seconds']
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    epoch: int  # from 1
    train_loss: float
    valid_loss: float
    terms: dict[str, float]
    images_per_second: float
    seconds: float  # of the epoch, with the held-out images

    def columns(self) -> dict[str, float]:
        """The row as one flat dictionary, in the order of the file."""
        first, clock = ({k: getattr(self, k) for k in keys} for keys in (_FIRST, CLOCK))
        return {**first, **self.terms, **clock}


def from_columns(columns: Mapping[str, str | float]) -> HistoryRow:
    """The row in a flat dictionary; a ValueError tells what is missing or is no number."""
    own = {key: value for key, value in columns.items() if key in (*_FIRST, *CLOCK)}
    terms = {key: float(value) for key, value in columns.items() if key not in own}
    try:
        return HistoryRow.model_validate({**own, "terms": terms})
    except ValidationError as error:
        fault = error.errors()[0]
        found = "" if fault["type"] == "missing" else f", not {fault['input']!r}"
        raise ValueError(f"{fault['loc'][0]}: {fault['msg']}{found}") from None


def write(path: str | os.PathLike[str], rows: list[HistoryRow]) -> None:
    """Write all rows, whole or not at all; numbers in the shortest form that reads back equal."""
    with atomic_write(path) as part, part.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0].columns()))
        writer.writeheader()
        writer.writerows(row.columns() for row in rows)


def best_epoch(rows: Sequence[HistoryRow], model: ModelFile) -> int:
    """The epoch of a run's weights, from 1: the lowest held-out loss after every warm-up.

    It is the last one where the losses of different epochs cannot be compared: before, and where a
    critic was trained.
    """
    warm = rows[model.objective.warmup_epochs :]
    if not warm or not isinstance(model.critic, NoCritic):
        return len(rows)
    return min(warm, key=lambda row: row.valid_loss).epoch


def read(path: str | os.PathLike[str]) -> list[HistoryRow]:
    """The rows of a history, one at least; InputError where the file holds none."""
    text = read_text(path, missing="missing; the run has not finished an epoch")
    try:
        rows = [from_columns(row) for row in csv.DictReader(text.splitlines())]
        if not rows:
            raise ValueError("it has no epoch")
        if [row.epoch for row in rows] != list(range(1, len(rows) + 1)):
            raise ValueError("epoch: not 1, 2, 3, and so on")
    except (ValueError, TypeError, csv.Error) as error:
        fault = f"is no history of a run ({error}); copy it anew, or train again"
        raise InputError(f"{path}: {fault}") from None
    return rows
