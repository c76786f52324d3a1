"""The thirteen factors of a rendered face."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zatlas.errors import InputError, nearest


class Factor(NamedTuple):
    """A known property of a rendered face, drawn uniformly from ``low`` to ``high``.

    A binary factor is drawn as 0 or 1; a value between them is its opacity.
    """

    name: str
    unit: str
    low: float
    high: float
    kind: Literal["continuous", "binary"] = "continuous"

    @property
    def neutral(self) -> float:
        """The value of a missing factor: the middle of the range, or 0 if it is binary."""
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
    """Draw all factors of random faces, independently.

    Parameters
    ----------
    count : the number of faces, 1 or more.
    seed : 0 or more. Face i depends on the seed and i alone.

    Returns
    -------
    dict
        An array (count,) per factor, in its unit.

    Raises
    ------
    InputError
        An argument is out of range.

    Examples
    --------
    >>> draw_factors(3, seed=0)["yaw"].shape
    (3,)
    """
    if count < 1:
        raise InputError(f"count {count}: draw at least 1 face")
    if seed < 0:
        raise InputError(f"seed {seed}: give a whole number from 0 upwards")
    uniform = np.random.default_rng(seed).random((count, len(FACTORS)))  # row by row
    return {
        f.name: np.floor(2 * u) if f.kind == "binary" else f.low + (f.high - f.low) * u
        for f, u in zip(FACTORS, uniform.T, strict=True)
    }


def complete(factors: Mapping[str, ArrayLike]) -> list[dict[str, float]]:
    """The values of all factors, one dict per face. See ``render`` for the rules."""
    known = [f.name for f in FACTORS]
    columns = {name: np.asarray(values, np.float64) for name, values in factors.items()}
    for name, column in columns.items():
        if name not in known:
            raise InputError(f"factor {name!r} is unknown; {nearest(name, known)}")
        if column.ndim > 1:
            raise InputError(f"factor {name}: shape {column.shape}; give one number a face")
        if not np.isfinite(column).all():
            raise InputError(f"factor {name}: holds NaN or infinity; give finite numbers")
    lengths = {name: len(column) for name, column in columns.items() if column.ndim}
    if len(set(lengths.values())) > 1:
        raise InputError(f"factors differ in length: {lengths}; give one number a face to each")
    count = next(iter(lengths.values()), 1)
    given = [np.broadcast_to(columns.get(f.name, f.neutral), count) for f in FACTORS]
    low, high = np.array([(f.low, f.high) for f in FACTORS]).T
    rows = np.clip(np.stack(given, axis=1), low - (high - low), high + (high - low)).tolist()
    return [dict(zip(known, row, strict=True)) for row in rows]
