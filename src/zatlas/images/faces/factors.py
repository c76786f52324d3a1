"""The thirteen numbers that a rendered face is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zatlas.errors import InputError, nearest


@dataclass(frozen=True)
class Factor:
    """A known property of a rendered face, drawn evenly from ``low`` to ``high``.

    A binary factor is drawn as 0 or 1; drawn at a value between, it is so far transparent.
    """

    name: str
    unit: str
    low: float
    high: float
    kind: Literal["continuous", "binary"] = "continuous"

    @property
    def neutral(self) -> float:
        """What a face has that is not told otherwise: the middle of the range, or 0 if binary."""
        return self.low if self.kind == "binary" else (self.low + self.high) / 2


FACTORS: tuple[Factor, ...] = (
    Factor("yaw", "degrees, to the right of the picture", -40, 40),
    Factor("pitch", "degrees, up", -15, 15),
    Factor("light_azimuth", "degrees, to the right of the camera", -60, 60),
    Factor("light_elevation", "degrees, above the camera", 0, 60),
    Factor("skin_tone", "0 dark to 1 light", 0, 1),
    Factor("hair_length", "0 cropped to 1 beyond the shoulders", 0, 1),
    Factor("hair_tone", "0 black to 1 blond", 0, 1),
    Factor("smile", "0 none to 1 broad", 0, 1),
    Factor("eye_opening", "0 closed to 1 wide", 0.2, 1),
    Factor("glasses", "0 without, 1 with", 0, 1, "binary"),
    Factor("background_hue", "degrees on the colour wheel, 0 red", 0, 360),
    Factor("background_lightness", "HLS lightness, 0 black to 1 white", 0.3, 0.8),
    Factor("scale", "times the usual size", 0.85, 1.15),
)


def draw_factors(count: int, seed: int) -> dict[str, NDArray[np.float64]]:
    """Draw every factor of ``count`` faces, independently: arrays (count,) in the factors' units.

    Row i depends on the seed and i alone, not on ``count``. Raises InputError for a count below 1
    or a seed below 0.
    """
    if count < 1:
        raise InputError(f"count {count}: draw at least 1 face")
    if seed < 0:
        raise InputError(f"seed {seed}: give a whole number from 0 upwards")
    share = np.random.default_rng(seed).random((count, len(FACTORS)))  # filled row after row
    return {
        f.name: np.floor(2 * u) if f.kind == "binary" else f.low + (f.high - f.low) * u
        for f, u in zip(FACTORS, share.T, strict=True)
    }


def complete(factors: Mapping[str, ArrayLike]) -> list[dict[str, float]]:
    """One dict of every factor a face, from arrays (N,) or single numbers that stand for all.

    A factor that is missing is neutral; a value more than one range beyond its own is held there.
    Raises InputError for an unknown factor, a value that is not finite, or lengths that differ.
    """
    known = [f.name for f in FACTORS]
    columns: dict[str, NDArray[Any]] = {}
    for name, values in factors.items():
        if name not in known:
            raise InputError(f"factor {name!r} is unknown; {nearest(name, known)}")
        column = np.asarray(values, dtype=np.float64)
        if column.ndim > 1:
            raise InputError(f"factor {name}: shape {column.shape}; give one number a face")
        if not np.isfinite(column).all():
            raise InputError(f"factor {name}: holds NaN or infinity; give finite numbers")
        columns[name] = column
    lengths = {name: len(column) for name, column in columns.items() if column.ndim}
    if len(set(lengths.values())) > 1:
        raise InputError(f"factors differ in length: {lengths}; give one number a face to each")
    count = next(iter(lengths.values()), 1)
    table = []
    for f in FACTORS:
        span = f.high - f.low
        column = np.clip(columns.get(f.name, f.neutral), f.low - span, f.high + span)
        table.append(np.broadcast_to(column, count).tolist())
    return [dict(zip(known, row, strict=True)) for row in zip(*table, strict=True)]
