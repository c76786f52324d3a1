"""Numeric arrays as sources of images: their layout and their range.

An array is read twice: once for its range, once for its images. It may be mapped from a file, so
the memory needed does not depend on its size.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.images.decode import MAX_PIXELS, MIN_SIDE, Item, Source
from zatlas.images.labels import free_names

_BLOCK = 1 << 24  # bytes that are compared with the range at once

Scaling = tuple[Callable[[NDArray[Any]], NDArray[np.uint8]], str]


def array_source(
    name: str, array: NDArray[Any], table: dict[str, list[Any]], names: str | list[str]
) -> Source:
    """The images of an array as uint8 (H,W,C).

    Values are scaled to 0 … 255: masks of 0 and 1, 16-bit integers, floats in [0, 1] or [-1, 1].

    Parameters
    ----------
    name : the name of the source.
    array : the images.
    table : the labels of the images.
    names : the names of the images, or a name to which their index is added.

    Raises
    ------
    InputError
        The array has another layout or range, or holds NaN.
    """
    channels_first = check_layout(name, array.shape)
    scaled, note = _scaling(name, array)
    notes = ["read as (N,C,H,W); written as (N,H,W,C)"] * channels_first + [note] * bool(note)

    def item(index: int) -> Item:
        pixels = scaled(array[index])
        pixels = np.moveaxis(pixels, 0, -1) if channels_first else np.atleast_3d(pixels)
        called = f"{names}[{index}]" if isinstance(names, str) else names[index]
        labels = tuple(column[index] for column in table.values())
        return Item(called, np.ascontiguousarray(pixels), labels)

    return Source(name, map(item, range(len(array))), len(array), free_names(table), notes)


def check_layout(name: str, shape: tuple[int, ...]) -> bool:
    """Whether an array of images is (N,C,H,W). Raises InputError if it holds no images."""
    start = f"{name}: shape {shape}"
    if len(shape) == 3 and shape[2] <= 4 < shape[0]:
        hint = "give a set (N,H,W,C), such as array[None]"
        raise InputError(f"{start} looks like one picture; {hint}")
    if len(shape) not in (3, 4):
        raise InputError(f"{start}; images are (N,H,W) or (N,H,W,C)")
    channels_first = len(shape) == 4 and shape[3] > 4 and shape[1] in (1, 3, 4)
    if len(shape) == 4 and not channels_first and not 1 <= shape[3] <= 4:
        raise InputError(f"{start}; the last number is the channels: 1 (grey) or 3 (RGB)")
    if shape[0] == 0:
        raise InputError(f"{start}: an empty set; give at least one picture")
    height, width = shape[2:4] if channels_first else shape[1:3]
    if min(height, width) < MIN_SIDE or height * width > MAX_PIXELS:
        limits = f"they need 2x2 or more, and at most {MAX_PIXELS:,} pixels"
        raise InputError(f"{start}: pictures of {height}x{width} pixels; {limits}")
    return channels_first


def _scaling(name: str, array: NDArray[Any]) -> Scaling:
    """How to scale the values to 0 … 255, and a note; reads the whole array."""
    dtype = array.dtype
    if dtype.kind not in "biuf":
        raise InputError(f"{name}: values of type {dtype}; images are numbers, best uint8")
    low, high, rows = np.inf, -np.inf, max(1, _BLOCK // array[0].nbytes)
    for first in range(0, len(array), rows):
        block = array[first : first + rows]
        if dtype.kind == "f" and not np.isfinite(block).all():
            bad = first + int(np.argwhere(~np.isfinite(block))[0][0])
            raise InputError(f"{name}: NaN or infinite values, first in picture {bad}; fix them")
        low, high = min(low, float(block.min())), max(high, float(block.max()))
        if dtype == np.uint8 and high > 1:
            break
    if dtype.kind == "f":
        return _float_scaling(name, low, high)
    if low >= 0 and high <= 1:
        note = "a 0/1 mask: written as 0 and 255" if high else ""
        return lambda block: np.multiply(block, 255, dtype=np.uint8, casting="unsafe"), note
    if low >= 0 and high <= 255:
        return lambda block: block.astype(np.uint8, copy=False), ""
    if dtype == np.uint16:
        return lambda block: np.rint(block / 257).astype(np.uint8), "16-bit values divided by 257"
    raise InputError(f"{name}: values from {low:g} to {high:g}; scale them to 0 to 255")


def _float_scaling(name: str, low: float, high: float) -> Scaling:
    tolerance = 1e-5  # for rounding errors of float32
    if high > 1 + tolerance or low < -1 - tolerance:
        hint = "scale them to [0, 1] or [-1, 1], or to 0 to 255 as uint8"
        raise InputError(f"{name}: floats from {low:g} to {high:g}; {hint}")
    offset, factor, ends = (0, 255, "0 to 1") if low >= -tolerance else (1, 127.5, "-1 to 1")

    def scaled(block: NDArray[Any]) -> NDArray[np.uint8]:
        levels = np.rint((block.astype(np.float32) + offset) * factor)
        return np.asarray(np.clip(levels, 0, 255), np.uint8)

    return scaled, f"floats of {ends}: scaled to 0 to 255"
