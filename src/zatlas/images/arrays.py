"""Numeric arrays as sources of images, in memory or in a file: ``.npy``, ``.npz`` and IDX of MNIST.

Every array in a file is mapped and not loaded; a packed one is unpacked to a temporary file first.
So the memory needed does not depend on its size. Pickled objects are never loaded.
"""

import gzip
import math
import os
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.files import open_file
from zatlas.images.decode import MAX_BYTES, MAX_PIXELS, MIN_SIDE, Item, Source
from zatlas.images.labels import beside, free_names, read_table

_NAMES = ("images", "imgs", "image", "img", "x", "data", "arr_0")
_BLOCK = 1 << 24  # bytes whose range is found at once

Arrays = dict[str, NDArray[Any]]
Scaling = tuple[Callable[[NDArray[Any]], NDArray[np.uint8]], str]


def npy(path: Path) -> Source:
    """An array file. Labels come from the CSV beside it, names from its column ``source``."""
    array = map_npy(path)
    check_layout(str(path), array.shape)
    table = read_table(beside(path), len(array))
    table.pop("index", None)
    return array_source(str(path), array, table, table.pop("source", path.name))


def map_npy(path: Path) -> NDArray[Any]:
    """Map a ``.npy`` file read-only. Raises InputError."""
    try:
        with open_file(path) as file:
            return _map_array(file, str(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None


def _map_data(
    file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any], name: str, order: Any = "C"
) -> NDArray[Any]:
    """Map the data of an array, which start here in a file, read-only.

    Raises InputError for a file that is too short, and for a shape that no array has.
    """
    if dtype.itemsize == 0 or not all(type(side) is int and side >= 0 for side in shape):
        raise InputError(f"{name}: {dtype} of shape {shape}: not an array")
    start, size = file.tell(), math.prod(shape) * dtype.itemsize
    there = os.fstat(file.fileno()).st_size - start
    if there < size:
        raise InputError(f"{name}: cut short: {there:,} bytes of the {size:,} of {shape}")
    try:
        return np.memmap(file, dtype, "r", start, shape, order) if size else np.empty(shape, dtype)
    except (ValueError, OverflowError, MemoryError) as error:  # too many axes, a side too long
        raise InputError(f"{name}: shape {shape}: not an array ({error})") from None


def _map_array(file: IO[bytes], name: str) -> NDArray[Any]:
    """Map a file of the NPY format. Raises InputError for any other format and for pickles."""
    try:
        version = "{}_{}".format(*np.lib.format.read_magic(file))
        shape, columns_first, dtype = getattr(np.lib.format, f"read_array_header_{version}")(file)
    except Exception as error:  # a damaged header raises nearly any type of error
        reason = " ".join(str(error).split())
        raise InputError(f"{name}: not an array file of NumPy ({reason[:120]})") from None
    if dtype.hasobject:
        objects = "pickled Python objects, which are never loaded"
        raise InputError(f"{name}: holds {objects}: save plain numbers, uint8 (N,H,W,C)")
    return _map_data(file, shape, dtype, name, "F" if columns_first else "C")


@contextmanager
def _unpacked(packed: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """A temporary file with the content of a packed file. Raises InputError."""
    with tempfile.TemporaryFile() as file:
        try:
            shutil.copyfileobj(packed, file)
        except Exception as error:  # a damaged file raises nearly any type of error
            fault = "is damaged, or its content does not fit in the folder for temporary files"
            raise InputError(f"{name}: {fault} ({error})") from None
        file.seek(0)
        yield file


def npz(path: Path) -> Source:
    """The images of an ``.npz`` archive. Other arrays with one row per image become labels.

    A 2-D array ``stem_…`` takes its column names from ``stem_names``, as in dSprites, where
    ``latents_classes`` has one column per factor. ``stem_values`` is skipped beside
    ``stem_classes``: both hold the same information.
    """
    arrays: Arrays = {}
    faults: dict[str, InputError] = {}
    try:
        with open_file(path) as packed, zipfile.ZipFile(packed) as file:
            for name in file.namelist():
                title, key = f"{path}, {name}", name.removesuffix(".npy")
                with file.open(name) as member:
                    try:
                        with _unpacked(member, title) as copy:
                            arrays[key] = _map_array(copy, title)
                    except InputError as fault:  # raised later, if this array is needed
                        faults[key] = fault
    except Exception as error:  # a damaged archive raises nearly any type of error
        raise InputError(f"{path}: not a complete .npz archive ({error})") from None
    chosen = _choose(path, arrays, faults)
    images, title = arrays.pop(chosen), f"{path}, {chosen}"
    check_layout(title, images.shape)
    columns, left_out = _labels(arrays, len(images))
    source = array_source(title, images, columns, path.name)
    if left_out := [*left_out, *faults]:
        source.notes.append(f"arrays not taken as labels: {', '.join(left_out)}")
    return source


def _choose(path: Path, arrays: Arrays, faults: dict[str, InputError]) -> str:
    """The array of images: the first with a usual name, or the only one with a fitting shape."""
    usual = [name for name in (*arrays, *faults) if name.lower() in _NAMES]
    for name in sorted(usual, key=lambda name: _NAMES.index(name.lower())):
        if name in faults:
            raise faults[name]
        if arrays[name].ndim > 2:
            return name
    likely = [name for name, array in arrays.items() if array.ndim in (3, 4)]
    if len(likely) == 1:
        return likely[0]
    if not likely and faults:
        raise next(iter(faults.values()))
    found = [f"{name} {array.shape}" for name, array in arrays.items()]
    start = "several arrays" if likely else "no array"
    listed = ", ".join([*found, *faults]) or "nothing"
    hint = "name the one 'images', or save it as .npy"
    raise InputError(f"{path}: {start} of images (N,H,W[,C]) among: {listed}; {hint}")


def _labels(arrays: Arrays, count: int) -> tuple[dict[str, list[Any]], list[str]]:
    """Columns of ``count`` labels from the arrays, and the names of the arrays that give none."""
    columns: dict[str, list[Any]] = {}
    left_out = []
    for name, array in arrays.items():
        stem, _, ending = name.rpartition("_")
        if ending in ("names", "sizes"):
            continue
        titles = arrays.get(f"{stem}_names", np.empty(0))
        repeated = ending == "values" and f"{stem}_classes" in arrays
        rows = array.shape[:1] == (count,) and array.ndim < 3
        usable = rows and max(array.nbytes, titles.nbytes) <= MAX_BYTES and not repeated
        if usable and array.shape[1:] in ((), (1,)):
            columns[name] = array.ravel().tolist()
        elif usable and titles.shape == array.shape[1:]:
            columns |= zip(map(str, titles.tolist()), array.T.tolist(), strict=True)
        else:
            left_out.append(name)
    return columns, left_out


def idx(path: Path) -> Source:
    """The images of an IDX file (``.gz`` too); labels come from ``labels-idx1`` beside it."""
    array = _array(path)
    if array.ndim < 3:
        hint = "labels, not images; give the images file"
        raise InputError(f"{path}: IDX of shape {array.shape}: {hint}")
    columns = {}
    name = re.sub(r"images([-.])idx[34]", r"labels\1idx1", path.name)
    partners = (name, f"{name}.gz", name.removesuffix(".gz")) if name != path.name else ()
    if partner := next(filter(Path.is_file, map(path.with_name, partners)), None):
        labels = _array(partner)
        if labels.shape != array.shape[:1]:
            counts = f"{len(labels)} labels for the {len(array)} images"
            raise InputError(f"{partner}: {counts} of {path}")
        columns["label"] = labels.tolist()
    return array_source(str(path), array, columns, path.name)


def is_idx(path: Path) -> bool:
    """Whether a file starts like IDX, with or without gzip."""
    try:
        with _opened(path) as stream:
            head = stream.read(4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(head) == 4 and head[:2] == b"\0\0" and head[2] in range(8, 15) and 0 < head[3] < 5


def _opened(path: Path) -> IO[bytes]:
    file = open_file(path)
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    return cast(IO[bytes], gzip.open(file)) if packed else file


def _array(path: Path) -> NDArray[Any]:
    with _opened(path) as stream, _unpacked(stream, str(path)) as file:
        try:
            _, kind, dimensions = struct.unpack(">HBB", file.read(4))
            shape = struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
        except struct.error as error:
            raise InputError(f"{path}: not a complete IDX file ({error})") from None
        if kind != 8:
            fault = f"IDX of type {kind:#04x}; only unsigned bytes (0x08) are images"
            raise InputError(f"{path}: {fault}")
        return _map_data(file, shape, np.dtype(np.uint8), str(path))


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
        tolerance = 1e-5  # for rounding errors of float32
        if high > 1 + tolerance or low < -1 - tolerance:
            hint = "scale them to [0, 1] or [-1, 1], or to 0 to 255 as uint8"
            raise InputError(f"{name}: floats from {low:g} to {high:g}; {hint}")
        offset, factor, ends = (0, 255, "0 to 1") if low >= -tolerance else (1, 127.5, "-1 to 1")

        def scaled(block: NDArray[Any]) -> NDArray[np.uint8]:
            levels = np.rint((block.astype(np.float32) + offset) * factor)
            return np.asarray(np.clip(levels, 0, 255), np.uint8)

        return scaled, f"floats of {ends}: scaled to 0 to 255"
    if low >= 0 and high <= 1:
        note = "a 0/1 mask: written as 0 and 255" if high else ""
        return lambda block: np.multiply(block, 255, dtype=np.uint8, casting="unsafe"), note
    if low >= 0 and high <= 255:
        return lambda block: block.astype(np.uint8, copy=False), ""
    if dtype == np.uint16:
        return lambda block: np.rint(block / 257).astype(np.uint8), "16-bit values divided by 257"
    raise InputError(f"{name}: values from {low:g} to {high:g}; scale them to 0 to 255")
