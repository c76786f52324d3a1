"""Arrays of numbers as sources of pictures: their layout, their range, read block by block.

An array is read in order, as often as needed (once for its range, once for its pictures), so
memory stays bounded however large it is.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.images.decode import MAX_PIXELS, MIN_SIDE
from zatlas.images.labels import free_names
from zatlas.images.records import Item, Source

_BLOCK = 1 << 24  # bytes read at once


class Header(NamedTuple):
    """What an array claims to be, before anything of it is believed."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    columns_first: bool = False  # Fortran order

    @property
    def nbytes(self) -> int:
        """How many bytes such an array has."""
        return math.prod(self.shape) * self.dtype.itemsize


Blocks = Callable[[], Iterator[NDArray[Any]]]


def numbered(name: str) -> Callable[[int], str]:
    """What the pictures of an array are called, by their index."""
    return lambda index: f"{name}[{index}]"


def mapped(array: NDArray[Any]) -> Blocks:
    """The blocks of an array in memory or mapped from a file."""
    rows = max(1, _BLOCK * len(array) // max(1, array.nbytes))
    return lambda: (array[i : i + rows] for i in range(0, len(array), rows))


def streamed(
    opened: Callable[[], AbstractContextManager[IO[bytes]]], header: Header, name: str
) -> Blocks:
    """The blocks of an array that can only be read from its start on."""
    if header.columns_first and len(header.shape) > 1:
        raise InputError(f"{name}: in Fortran order; save it with np.ascontiguousarray")
    count, *inner = header.shape
    row = math.prod(inner) * header.dtype.itemsize
    most = max(1, _BLOCK // max(1, row))

    def blocks() -> Iterator[NDArray[Any]]:
        try:
            with opened() as stream:
                for first in range(0, count, most):
                    rows = min(most, count - first)
                    data = stream.read(rows * row)
                    if len(data) < rows * row:
                        raise InputError(
                            f"{name}: cut short after row {first + len(data) // max(1, row)} "
                            f"of {count}"
                        )
                    yield np.frombuffer(data, header.dtype).reshape(rows, *inner)
        except InputError:
            raise
        except Exception as error:  # damaged files raise nearly every kind
            raise InputError(f"{name}: damaged ({error})") from None

    return blocks


def array_source(
    name: str,
    header: Header,
    blocks: Blocks,
    table: dict[str, list[Any]],
    called: Callable[[int], str],
) -> Source:
    """The pictures of an array as uint8 (H,W,C), with a row of ``table`` each.

    Values are brought to 0 … 255: masks of 0 and 1, 16 bits, floats in [0, 1] or [-1, 1].
    Raises InputError for any other layout or range, and for NaN.
    """
    notes: list[str] = []
    channels_first = check_layout(name, header.shape)
    if channels_first:
        notes.append("read as (N,C,H,W); written as (N,H,W,C)")
    scaled, note = _scaling(name, header.dtype, blocks)
    notes += [note] if note else []
    columns = list(table.values())

    def items() -> Iterator[Item]:
        index = 0
        for block in blocks():
            pixels = scaled(block)
            pixels = np.moveaxis(pixels, 1, -1) if channels_first else pixels
            for picture in pixels[..., None] if pixels.ndim == 3 else pixels:
                labels = tuple(column[index] for column in columns)
                yield Item(called(index), np.ascontiguousarray(picture), labels)
                index += 1

    return Source(name, items(), header.shape[0], free_names(table), notes)


def check_layout(name: str, shape: tuple[int, ...]) -> bool:
    """Whether an image array has its channels first. Raises InputError where it holds no images."""
    say = f"{name}: shape {shape}"
    if len(shape) == 3 and shape[2] <= 4 < shape[0]:
        raise InputError(f"{say} looks like one picture; give a set (N,H,W,C), such as array[None]")
    if len(shape) not in (3, 4):
        raise InputError(f"{say}; images are (N,H,W) or (N,H,W,C)")
    channels_first = len(shape) == 4 and shape[3] > 4 and shape[1] in (1, 3, 4)
    if len(shape) == 4 and not channels_first and not 1 <= shape[3] <= 4:
        raise InputError(
            f"{say}; the last number is the channels: 1 (grey) or 3 (red, green, blue)"
        )
    height, width = shape[2:4] if channels_first else shape[1:3]
    if shape[0] == 0:
        raise InputError(f"{say}: an empty set; give at least one picture")
    if min(height, width) < MIN_SIDE or height * width > MAX_PIXELS:
        raise InputError(
            f"{say}: pictures of {height}x{width} pixels; they need 2x2 or more, and fewer than "
            f"{MAX_PIXELS:,} pixels"
        )
    return channels_first


def _scaling(
    name: str, dtype: np.dtype[Any], blocks: Blocks
) -> tuple[Callable[[NDArray[Any]], NDArray[np.uint8]], str]:
    """How values become 0 to 255, and a sentence on it; the whole array is looked at first."""
    if dtype.kind not in "biuf":
        raise InputError(f"{name}: values of type {dtype}; images are numbers, best uint8")
    low, high, first = np.inf, -np.inf, 0
    for block in blocks():
        if dtype.kind == "f" and not np.isfinite(block).all():
            bad = first + int(np.argwhere(~np.isfinite(block))[0][0])
            raise InputError(f"{name}: NaN or infinite values, first in picture {bad}; mend them")
        low, high = min(low, float(block.min())), max(high, float(block.max()))
        if dtype == np.uint8 and high > 1:
            return _kept, ""
        first += len(block)
    if dtype.kind == "f":
        return _float_scaling(name, low, high)
    if low >= 0 and high <= 1:
        return lambda block: np.multiply(block, 255, dtype=np.uint8, casting="unsafe"), (
            "a 0/1 mask: written as 0 and 255" if high else ""
        )
    if low >= 0 and high <= 255:
        return _kept, ""
    if dtype == np.uint16:
        return lambda block: np.rint(block / 257).astype(np.uint8), "16-bit values divided by 257"
    raise InputError(f"{name}: values from {low:g} to {high:g}; bring them into 0 to 255")


def _kept(block: NDArray[Any]) -> NDArray[np.uint8]:
    return block.astype(np.uint8, copy=False)


def _float_scaling(
    name: str, low: float, high: float
) -> tuple[Callable[[NDArray[Any]], NDArray[np.uint8]], str]:
    slack = 1e-5  # of float32 arithmetic at the ends
    if high > 1 + slack or low < -1 - slack:
        raise InputError(
            f"{name}: floats from {low:g} to {high:g}; bring them into [0, 1] or [-1, 1], "
            "or 0 to 255 as uint8"
        )
    offset, factor = (0.0, 255.0) if low >= -slack else (1.0, 127.5)

    def scaled(block: NDArray[Any]) -> NDArray[np.uint8]:
        levels = np.rint((block.astype(np.float32) + offset) * factor)
        pixels: NDArray[np.uint8] = np.clip(levels, 0, 255).astype(np.uint8)
        return pixels

    ends = "0 to 1" if offset == 0 else "-1 to 1"
    return scaled, f"floats of {ends}: scaled to 0 to 255"
