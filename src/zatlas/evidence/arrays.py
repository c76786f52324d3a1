"""What every measurement shares: the types of its functions, a property, and batches."""

from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from zatlas.schema import OptionalNumber, Record

Array = NDArray[Any]

Decode = Callable[[Array], Array]
"""Codes (B, D) float32 to pictures (B, H, W, C) float32 in [-1, 1], not rounded."""
Encode = Callable[[Array], Array]
"""Pictures (B, H, W, C) float32 in [-1, 1] to codes (B, D) float32."""
Measure = Callable[[Array], Array]
"""Pictures (B, H, W, C) to measured values (B, K), one column for each property."""


class Comparison(Protocol):
    """Pictures before a change, prepared for many comparisons."""

    def measure(self, x_BHWC: Array) -> Array:
        """How the pictures became these, and what these are: (B, K), a column for each property."""
        ...

    def rows(self, part: slice) -> "Comparison":
        """The same of some of the pictures."""
        ...


Compare = Callable[[Array], Comparison]
"""Pictures (B, H, W, C) in [-1, 1] to what later pictures are compared with."""

GREY_LEVELS = 127.5
"""Grey levels (0 to 255) in one unit of the range [-1, 1]."""

LABEL_SUFFIX = " (label)"
"""Ends the name of a factor that has the name of an attribute."""

PropertyKind = Literal["attribute", "cause", "factor"]


class Property(Record):
    """A measured property: its unit, what a rise and a fall are called, its sd over real images.

    ``kind`` is "attribute" (a formula on the pixels of one picture), "cause" (fitted to the change
    from one picture to another) or "factor" (a probe trained on labels). Properties that overlap
    have the same ``family``; where it is empty, the name of the property is its family.
    ``real_sd`` is 0 for a property that does not vary, None where it has not been measured.
    """

    name: str
    unit: str
    up: str
    down: str
    kind: PropertyKind = "attribute"
    family: str = ""
    real_sd: OptionalNumber = None


def floats(pictures: Array) -> Array:
    """Pictures as float32 in [-1, 1]; uint8 is converted, floats keep their values."""
    values = pictures.astype(np.float32)
    return values / np.float32(GREY_LEVELS) - 1 if pictures.dtype == np.uint8 else values


def batches(count: int, size: int, start: int = 0) -> Iterator[slice]:
    """Slices that cover items ``start`` to ``count`` in order, ``size`` at a time."""
    return (slice(at, min(at + size, count)) for at in range(start, count, size))


def in_batches(function: Callable[[Array], Array], items: Array, size: int = 128) -> Array:
    """``function`` over ``items`` (N, ...), ``size`` at a time, the results joined."""
    parts = [function(items[part]) for part in batches(len(items), size)]
    return np.concatenate(parts) if parts else function(items)
