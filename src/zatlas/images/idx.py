"""The IDX format of MNIST: unsigned bytes, with or without gzip."""

import contextlib
import gzip
import math
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import numpy as np

from zatlas.errors import InputError
from zatlas.images.blocks import Blocks, Header, array_source, check_layout, joined, streamed
from zatlas.images.items import Source

_MAX_RATIO = 1100  # of gzip, unpacked to packed size


def idx(path: Path) -> Source:
    """The images of an IDX file (``.gz`` too); labels come from ``labels-idx1`` beside it."""
    header = _header(path)
    if len(header.shape) < 3:
        shape = f"IDX of shape {header.shape}"
        raise InputError(f"{path}: {shape}: labels, not images; give the images file")
    check_layout(str(path), header.shape)
    columns = {}
    if partner := _labels_path(path):
        labels = _header(partner)
        if labels.shape != header.shape[:1]:
            counts = f"{labels.shape[0]} labels for the {header.shape[0]} images"
            raise InputError(f"{partner}: {counts} of {path}")
        columns["label"] = joined(_blocks(partner, labels), labels).tolist()
    return array_source(str(path), header, _blocks(path, header), columns, path.name)


def is_idx(path: Path) -> bool:
    """Whether a file starts like IDX, with or without gzip."""
    try:
        with _unpacked(path) as stream:
            head = stream.read(4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(head) == 4 and head[:2] == b"\0\0" and head[2] in range(8, 15) and 0 < head[3] < 5


def _packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _unpacked(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if _packed(path) else path.open("rb")


def _header(path: Path) -> Header:
    try:
        with _unpacked(path) as stream:
            _, kind, dimensions = struct.unpack(">HBB", stream.read(4))
            shape = struct.unpack(f">{dimensions}I", stream.read(4 * dimensions))
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise InputError(f"{path}: not a complete IDX file ({error})") from None
    most = path.stat().st_size * (_MAX_RATIO if _packed(path) else 1)
    if math.prod(shape) > most:
        raise InputError(f"{path}: cut short, or not IDX: {most:,} bytes at most for {shape}")
    if kind != 8:
        raise InputError(f"{path}: IDX of type {kind:#04x}; only unsigned bytes (0x08) are images")
    return Header(shape, np.dtype(np.uint8))


def _blocks(path: Path, header: Header) -> Blocks:
    @contextlib.contextmanager
    def body() -> Iterator[IO[bytes]]:
        with _unpacked(path) as stream:
            stream.read(4 + 4 * len(header.shape))
            yield stream

    return streamed(body, header, str(path))


def _labels_path(path: Path) -> Path | None:
    name = re.sub(r"images([-.])idx[34]", r"labels\1idx1", path.name)
    names = (name, f"{name}.gz", name.removesuffix(".gz"))
    places = [path.with_name(n) for n in names if n != path.name]
    return next((place for place in places if place.is_file()), None)
