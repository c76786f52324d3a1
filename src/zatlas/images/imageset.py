"""Image sets: read-only uint8 (N,H,W,C), from disk by memory map or in memory."""

import hashlib
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.images.arrays import map_npy
from zatlas.images.blocks import check_layout
from zatlas.images.decode import Fit
from zatlas.images.labels import beside, read_table, text, typed
from zatlas.images.records import Item
from zatlas.images.sources import existing, open_source
from zatlas.images.stream import Fault, pour, remarks

Labels = dict[str, NDArray[Any]]
_SAMPLE = 256  # rows that a fingerprint looks at


class ImageSet:
    """Pictures as a read-only uint8 array (N,H,W,C) with C 1 (grey) or 3 (red, green, blue).

    ``len(s)`` is N and ``s.shape`` is (H,W,C). ``s[3]`` is a copy (H,W,C); ``s[2:9]`` and
    ``s[indexes]`` are copies (N,H,W,C). ``s.array`` is the array itself, a memory map where the
    set is a file. ``s.path`` is where it was read from, None of an array; ``s.skipped``
    and ``s.notes`` tell what reading another source left out and assumed.
    """

    def __init__(
        self,
        array: NDArray[np.uint8],
        path: Path | None = None,
        labels: Callable[[], Labels] = dict,
        skipped: tuple[Fault, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> None:
        self.array = array.view()
        self.array.flags.writeable = False
        self.path = path
        self.skipped = skipped
        self.notes = notes
        self._read_labels = labels

    def __len__(self) -> int:
        return len(self.array)

    @property
    def remarks(self) -> list[str]:
        """What reading the source assumed and left out, a line each."""
        return remarks(self.notes, self.skipped)

    @overload
    def __getitem__(self, key: int) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, key: slice | list[int] | NDArray[Any]) -> NDArray[np.uint8]: ...
    def __getitem__(self, key: Any) -> NDArray[np.uint8]:
        return np.array(self.array[key])

    def __repr__(self) -> str:
        height, width, channels = self.shape
        return f"<ImageSet of {len(self)}, {height}x{width}x{channels}, {self.path or 'in memory'}>"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        _, height, width, channels = self.array.shape
        return height, width, channels

    @cached_property
    def labels(self) -> Labels:
        """The columns of the CSV beside the set, N entries each: int64, float64 or text.

        Read when first asked for; {} where there is none. Raises InputError where its rows are
        not as many as the pictures.
        """
        return self._read_labels()

    def fingerprint(self) -> str:
        """A digest that changes with the set: its shape, and 256 rows spread over it (SHA-256)."""
        digest = hashlib.sha256(repr((self.array.shape, self.array.nbytes)).encode())
        for row in np.unique(np.linspace(0, len(self) - 1, _SAMPLE).astype(int)):
            digest.update(self.array[row].tobytes())
        return digest.hexdigest()


def open_images(
    source: str | os.PathLike[str] | NDArray[np.uint8] | ImageSet,
    size: tuple[int, int] | None = None,
) -> ImageSet:
    """Open an image set: a ``.npy`` file by memory map, an array as it is.

    Both must be uint8 (N,H,W,C) or grey (N,H,W), and of ``size`` (height, width) if it is given.
    Any other source that ``prepare_images`` reads is decoded to ``size`` into memory, with its
    labels; for many pictures, prepare a file once instead. Raises InputError with the mend.
    """
    if isinstance(source, ImageSet):
        return _of_size(source, size)
    if isinstance(source, np.ndarray):
        return _of_size(ImageSet(_checked(source, "array", "prepare_images(array, …)")), size)
    path = existing(source)
    if path.suffix.lower() != ".npy":
        return _decoded(path, size)
    mend = f"run `zatlas images prepare {path.name} {path.stem}-uint8.npy`"
    array = _checked(map_npy(path), str(path), mend)
    return _of_size(ImageSet(array, path, lambda: _read_labels(path, len(array))), size)


def _read_labels(path: Path, rows: int) -> Labels:
    return {name: typed(column) for name, column in read_table(beside(path), rows).items()}


def _of_size(images: ImageSet, size: tuple[int, int] | None) -> ImageSet:
    if size is not None and images.shape[:2] != tuple(size):
        height, width, _ = images.shape
        side = f"{size[0]}" if size[0] == size[1] else f"{size[0]},{size[1]}"
        raise InputError(
            f"{images.path or 'array'}: pictures of {height}x{width} where {size[0]}x{size[1]} are "
            f"needed (height x width): `zatlas images prepare … --to {side}` resizes them"
        )
    return images


def _checked(array: NDArray[Any], name: str, mend: str) -> NDArray[np.uint8]:
    """An array that is an image set already, as (N,H,W,C)."""
    wanted = "image sets are uint8 (N,H,W,C), C 1 or 3"
    if array.dtype != np.uint8:
        raise InputError(f"{name}: {array.dtype}; {wanted}: {mend}")
    if check_layout(name, array.shape) or (array.ndim == 4 and array.shape[3] not in (1, 3)):
        raise InputError(f"{name}: shape {array.shape}; {wanted}: {mend}")
    if array[:_SAMPLE].max() == 1 and array.max() == 1:
        raise InputError(f"{name}: only 0 and 1, a mask; pictures go from 0 to 255: {mend}")
    return array[..., None] if array.ndim == 3 else array


def _room(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    try:
        return np.empty(shape, np.uint8)
    except (MemoryError, ValueError):
        raise InputError(
            f"{path}: {shape} is too much for the memory; run `zatlas images prepare` first, and "
            "open its file"
        ) from None


def _decoded(path: Path, size: tuple[int, int] | None) -> ImageSet:
    source = open_source(path)
    labels: list[tuple[Any, ...]] = []
    array = np.empty(0, np.uint8)

    def keep(item: Item, pixels: NDArray[np.uint8]) -> None:
        nonlocal array
        if not labels:
            array = _room(path, (source.count, *pixels.shape))
        array[len(labels)] = pixels
        labels.append(item.labels)

    done = pour(source, Fit.checked(size), keep)
    columns = [typed([text(value) for value in column]) for column in zip(*labels, strict=True)]
    table = dict(zip(source.columns, columns, strict=False))
    return ImageSet(array[: done.count], path, lambda: table, done.skipped, done.notes)
