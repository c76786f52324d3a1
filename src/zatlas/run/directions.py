"""The directions of a run: how each was learned, what it does, and its vector."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError, nearest
from zatlas.evidence.directions.records import DirectionEffect, DirectionRecord
from zatlas.evidence.measurements import Maps
from zatlas.files import atomic_write, open_file, together, write_json
from zatlas.latents import names
from zatlas.locks import WAIT, one_writer
from zatlas.run.run import Run
from zatlas.schema import read_record

_AGAIN = "`zatlas directions` learns it again"


@dataclass(frozen=True)
class Direction:
    """A direction of the code with its record.

    ``vector`` (D,) is one step, in units of the code: the sd of the codes along the direction, as
    ``z["NAME"] += 1*sd`` adds it. ``maps`` say where pictures change, in grey levels for one step;
    both arrays in it have one entry.
    """

    vector: NDArray[np.float64]
    record: DirectionRecord
    maps: Maps

    @property
    def name(self) -> str:
        """The name that edits use."""
        return self.record.name

    @property
    def effect(self) -> DirectionEffect:
        """What a step does, as measured."""
        return self.record.effect

    @property
    def spill(self) -> float | None:
        """How much other properties change where the target rises by 1 sd, in sd, as a mean."""
        return self.effect.target.spill if self.effect.target else None

    @property
    def sentence(self) -> str:
        """What a step does, in words and numbers."""
        return self.effect.sentence


def keep_direction(run: Run, direction: Direction) -> Path:
    """Write a direction into the ``directions/`` folder of its run; returns the record's file.

    It replaces the direction of the same name. Raises InputError where an element has that name, or
    where another direction's file has it.
    """
    json, arrays = _files(run.paths.directions, direction.name)
    taken = names.read(run.paths.names, run.model.latent)
    if direction.name in taken:
        raise InputError(f"name {direction.name!r}: is that of an element; give another name")
    if json.exists() and (there := _record(json).name) != direction.name:
        fault = f"name {direction.name!r}: its file {json} is that of {there!r}"
        raise InputError(f"{fault}; give another name", arguments=("name",))
    json.parent.mkdir(exist_ok=True)
    maps = {name: array.astype(np.float16) for name, array in vars(direction.maps).items()}
    with together() as written:
        written.enter_context(one_writer(run.path, WAIT))
        write_json(json, direction.record.plain())
        with atomic_write(arrays) as part:
            np.savez_compressed(
                part, vector=direction.vector, name=direction.name,
                weights=direction.record.weights or "", absolute=maps["absolute"],
                signed=maps["signed"],
            )  # fmt: skip
    return json


def kept_directions(run: Run) -> list[Direction]:
    """The directions of a run, the largest effect over spill first.

    Raises InputError where a file is damaged, or was made with other weights.
    """
    found = [_direction(run, file) for file in _records(run.paths.directions)]
    return sorted(found, key=lambda one: -(one.effect.ratio or 0.0))


def kept_direction(run: Run, name: str) -> Direction:
    """The direction of that name. Raises InputError where there is none."""
    known = {one.name: one for one in kept_directions(run)}
    if name not in known:
        hint = nearest(name, known) if known else f"`zatlas directions {run.path}` learns them"
        raise InputError(f"direction {name!r}: is not known; {hint}")
    return known[name]


def forget_direction(run: Run, name: str) -> None:
    """Remove a direction. Raises InputError where there is none of that name."""
    for file in _files(run.paths.directions, kept_direction(run, name).name):
        file.unlink()


def _records(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.glob("*.json")) if folder.is_dir() else [])


def _files(folder: Path, name: str) -> tuple[Path, Path]:
    """The record and the arrays of a direction; letters and digits of its name stay."""
    stem = re.sub(r"[^\w]+", "-", name.lower()).strip("-")[:80] or "direction"
    return folder / f"{stem}.json", folder / f"{stem}.npz"


def _record(file: Path) -> DirectionRecord:
    return read_record(file, DirectionRecord, _AGAIN)


def _direction(run: Run, file: Path) -> Direction:
    record = _record(file)
    run.check_weights(file, record.weights, _AGAIN)
    arrays, size = file.with_suffix(".npz"), run.model.architecture.image[1:]
    try:
        with open_file(arrays) as opened, np.load(opened, allow_pickle=False) as read:
            vector = read["vector"].astype(np.float64)
            maps = Maps(*(read[key].astype(np.float32) for key in ("absolute", "signed")))
        if vector.shape != (run.model.latent,) or not np.isfinite(vector).all():
            raise ValueError(f"a vector of shape {vector.shape}, or not finite")
        if any(each.shape[:3] != (1, *size) for each in vars(maps).values()):
            raise ValueError("maps of another size")
    except Exception as error:  # damaged archives raise nearly every kind
        raise InputError(f"{arrays}: holds no direction of this run ({error}); {_AGAIN}") from None
    return Direction(vector, record, maps)
