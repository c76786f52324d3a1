"""The IDX format of MNIST: unsigned bytes, with or without gzip."""

import gzip
import re
import struct
import zlib
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.images.arrays import map_data, unpacked
from zatlas.images.items import Source
from zatlas.images.pixel_arrays import array_source


def idx(path: Path) -> Source:
    """The images of an IDX file (``.gz`` too); labels come from ``labels-idx1`` beside it."""
    array = _array(path)
    if array.ndim < 3:
        hint = "labels, not images; give the images file"
        raise InputError(f"{path}: IDX of shape {array.shape}: {hint}")
    columns = {}
    if partner := _labels_path(path):
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
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path, "rb")) if packed else path.open("rb")


def _array(path: Path) -> NDArray[Any]:
    with _opened(path) as stream, unpacked(stream, str(path)) as file:
        try:
            _, kind, dimensions = struct.unpack(">HBB", file.read(4))
            shape = struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
        except struct.error as error:
            raise InputError(f"{path}: not a complete IDX file ({error})") from None
        if kind != 8:
            fault = f"IDX of type {kind:#04x}; only unsigned bytes (0x08) are images"
            raise InputError(f"{path}: {fault}")
        return map_data(file, shape, np.dtype(np.uint8), str(path))


def _labels_path(path: Path) -> Path | None:
    name = re.sub(r"images([-.])idx[34]", r"labels\1idx1", path.name)
    names = (name, f"{name}.gz", name.removesuffix(".gz"))
    places = [path.with_name(n) for n in names if n != path.name]
    return next((place for place in places if place.is_file()), None)
