"""The IDX format of MNIST: unsigned bytes, packed by gzip or not."""

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
from zatlas.images.blocks import Header, array_source, check_layout, numbered, streamed
from zatlas.images.records import Source

_PACKING = 1100  # times, a little more than gzip can do


def idx(path: Path) -> Source:
    """The IDX format of MNIST (``.gz`` too), unsigned bytes; labels from ``labels-idx1`` beside."""
    header = _idx_header(path)
    if len(header.shape) < 3:
        raise InputError(
            f"{path}: IDX of shape {header.shape}: labels, not images; give the images file"
        )
    check_layout(str(path), header.shape)
    columns = {}
    partner = _idx_labels_path(path)
    if partner is not None:
        labels = _idx_header(partner)
        if labels.shape != header.shape[:1]:
            raise InputError(
                f"{partner}: {labels.shape[0]} labels for the {header.shape[0]} images of {path}"
            )
        read = streamed(lambda: _idx_body(partner), labels, str(partner))
        columns["label"] = np.concatenate(list(read())).tolist()
    blocks = streamed(lambda: _idx_body(path), header, str(path))
    return array_source(str(path), header, blocks, columns, numbered(path.name))


def is_idx(path: Path) -> bool:
    """Whether a file opens like IDX, packed by gzip or not."""
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


def _idx_header(path: Path) -> Header:
    try:
        with _unpacked(path) as stream:
            _, kind, dimensions = struct.unpack(">HBB", stream.read(4))
            shape = struct.unpack(f">{dimensions}I", stream.read(4 * dimensions))
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise InputError(f"{path}: not a whole IDX file ({error})") from None
    most = path.stat().st_size * (_PACKING if _packed(path) else 1)
    if math.prod(shape) > most:
        raise InputError(f"{path}: cut short, or not IDX: {most:,} bytes at most for {shape}")
    if kind != 8:
        raise InputError(f"{path}: IDX of type {kind:#04x}; only unsigned bytes (0x08) are images")
    return Header(shape, np.dtype(np.uint8))


@contextlib.contextmanager
def _idx_body(path: Path) -> Iterator[IO[bytes]]:
    header = _idx_header(path)
    with _unpacked(path) as stream:
        stream.read(4 + 4 * len(header.shape))
        yield stream


def _idx_labels_path(path: Path) -> Path | None:
    name = re.sub(r"images([-.])idx[34]", r"labels\1idx1", path.name)
    names = (name, f"{name}.gz", name.removesuffix(".gz"))
    places = [path.with_name(n) for n in names if n != path.name]
    return next((place for place in places if place.is_file()), None)
