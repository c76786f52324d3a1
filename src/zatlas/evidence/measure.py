"""The words that every measurement shares: what a decoder is, what a measured column is."""

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

Decode = Callable[[Array], Array]
"""Codes (B, D) float32 to pictures (B, H, W, C) float32 in [-1, 1], not rounded."""
Encode = Callable[[Array], Array]
"""Pictures (B, H, W, C) float32 in [-1, 1] to codes (B, D) float32."""
Edit = Callable[[Array], Array]
"""Codes (B, D) to edited codes (B, D), a new array."""
Measure = Callable[[Array], Array]
"""Pictures (B, H, W, C) to measured values (B, K), one column a property."""

GREY_LEVELS = 127.5
"""Grey levels (0 to 255) in one unit of the range [-1, 1]."""


def floats(pictures: Array) -> Array:
    """Pictures as float32 in [-1, 1]: uint8 is brought there, floats are there already."""
    values = pictures.astype(np.float32)
    return values / np.float32(GREY_LEVELS) - 1 if pictures.dtype == np.uint8 else values


@dataclasses.dataclass(frozen=True)
class Column:
    """One measured property: its name, its unit, and what a rise and a fall look like in words.

    ``kind`` is "attribute" (a formula on pixels) or "factor" (a probe that was trained on labels).
    """

    name: str
    unit: str
    up: str
    down: str
    kind: str = "attribute"


def batches(count: int, size: int, start: int = 0) -> Iterator[slice]:
    """Slices that cover items ``start`` to ``count`` in order, ``size`` at a time."""
    return (slice(at, min(at + size, count)) for at in range(start, count, size))


def in_batches(function: Callable[[Array], Array], items: Array, size: int = 128) -> Array:
    """``function`` over ``items`` (N, ...), ``size`` at a time, the answers joined."""
    parts = [function(items[part]) for part in batches(len(items), size)]
    return np.concatenate(parts) if parts else function(items)


def plain(value: Any, digits: int = 6) -> Any:
    """A record (dataclass, array, list, number) as plain JSON values.

    Floats keep ``digits`` significant digits, so that the last bits of a sum, which differ between
    machines, do not; NaN and infinities, which JSON has no word for, become None.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name), digits) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, digits) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist(), digits)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return float(f"{value:.{digits}g}") + 0.0  # + 0.0 turns -0.0 into 0.0
    return value
