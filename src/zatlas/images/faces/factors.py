"""The thirteen factors of a rendered face."""

from collections.abc import Mapping
from importlib import resources
from typing import Literal, NamedTuple

import numpy as np
import yaml
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


_TABLE = (resources.files(__package__) / "factors.yaml").read_text("utf-8")
FACTORS = tuple(Factor(**row) for row in yaml.safe_load(_TABLE))


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
