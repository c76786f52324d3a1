"""Image sets: read-only uint8 (N,H,W,C), mapped from a file or in memory."""

import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from zatlas.errors import InputError, argument_error
from zatlas.images.arrays import check_layout, map_npy
from zatlas.images.given import given_array
from zatlas.images.labels import beside, read_table, typed
from zatlas.images.prepare import prepare_images
from zatlas.images.sheet import contact_sheet
from zatlas.images.sources import existing
from zatlas.images.stream import Fault, remarks

Pictures = NDArray[np.uint8]
Labels = dict[str, NDArray[Any]]
_SAMPLE = 256  # images that enter a fingerprint
_SHOWN = 32  # images that a notebook shows


class ImageSet:
    """Images as a read-only uint8 array (N,H,W,C), with C 1 (grey) or 3 (RGB).

    ``len(images)`` is N. ``images[3]`` is a copy (H,W,C); ``images[2:9]`` and ``images[indexes]``
    are copies (N,H,W,C).

    Attributes
    ----------
    array : the images; a memory map if the set is a file.
    shape : (H,W,C).
    path : the source, or None for an array.
    labels : the columns of the table beside the set.
    skipped : the unreadable images of the source, with the reasons.
    notes : what was assumed about the source, one sentence each.
    """

    def __init__(
        self, array: Pictures, path: Path | None = None,
        labels: Callable[[], Labels] = dict, skipped: tuple[Fault, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.array = array.view()
        self.array.flags.writeable = False
        self.path, self.skipped, self.notes = path, skipped, notes
        self._read_labels = labels

    def __len__(self) -> int:
        return len(self.array)

    @property
    def remarks(self) -> list[str]:
        """The assumptions and the skipped images, one line each."""
        return remarks(self.notes, self.skipped)

    def __getitem__(self, key: int | slice | list[int] | NDArray[Any]) -> Pictures:
        return np.array(self.array[key])

    def __repr__(self) -> str:
        height, width, channels = self.shape
        return f"<ImageSet of {len(self)}, {height}x{width}x{channels}, {self.path or 'in memory'}>"

    def _repr_png_(self) -> bytes:
        """The first images as a contact sheet with their indexes, for a notebook."""
        buffer, shown = io.BytesIO(), self[:_SHOWN]
        indexes = [str(index) for index in range(len(shown))]
        Image.fromarray(contact_sheet(shown, labels=indexes)).save(buffer, "png")
        return buffer.getvalue()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        _, height, width, channels = self.array.shape
        return height, width, channels

    def rows(self, index: Iterable[int]) -> list[int]:
        """Rows counted from 0, of an index that may count from the end.

        Raises InputError for a row that does not exist.
        """
        rows, count = list(index), len(self)
        for row in rows:
            if not -count <= row < count:
                raise argument_error("index", row, f"there are {count} images, 0 to {count - 1}")
        return [int(row) % count for row in rows]

    @cached_property
    def labels(self) -> Labels:
        """The columns of the table beside the set, N entries each: int64, float64 or text.

        They are read at the first access; {} if there is no table. Raises InputError if the table
        has another number of rows.
        """
        return self._read_labels()

    def fingerprint(self) -> str:
        """A SHA-256 digest of the shape and of 256 images at equal distances."""
        digest = hashlib.sha256(repr((self.array.shape, self.array.nbytes)).encode())
        for row in np.unique(np.linspace(0, len(self) - 1, _SAMPLE).astype(int)):
            digest.update(self.array[row].tobytes())
        return digest.hexdigest()


def open_images(
    source: str | os.PathLike[str] | Pictures | ImageSet, size: tuple[int, int] | None = None
) -> ImageSet:
    """Open an image set.

    Parameters
    ----------
    source
        A ``.npy`` file, which is mapped, or an array: uint8 (N,H,W,C), or (N,H,W) for grey. Any
        other source of ``prepare_images`` is decoded at every call, to a temporary file; for many
        images, prepare a file once.
    size : (height, width) that the images must have; other sources are resized to it.

    Returns
    -------
    ImageSet
        The images, with the labels of the table beside the file.

    Raises
    ------
    InputError
        The source is missing or unreadable, or is no image set of this size.

    Examples
    --------
    >>> import numpy as np
    >>> open_images(np.zeros((5, 32, 32, 3), np.uint8))
    <ImageSet of 5, 32x32x3, in memory>
    """
    if isinstance(source, ImageSet):
        return _of_size(source, size)
    if not isinstance(source, str | os.PathLike):
        hint = 'zatlas.prepare_images(array, "images.npy") converts it'
        return _of_size(ImageSet(_checked(given_array(source), "array", hint)), size)
    path = existing(source)
    if path.suffix.lower() != ".npy":
        return _decoded(path, size)
    hint = f"run `zatlas images prepare {path.name} {path.stem}-uint8.npy`"
    array = _checked(map_npy(path), str(path), hint)

    def labels() -> Labels:
        table = read_table(beside(path), len(array))
        return {name: typed(column) for name, column in table.items()}

    return _of_size(ImageSet(array, path, labels), size)


def _of_size(images: ImageSet, size: tuple[int, int] | None) -> ImageSet:
    height, width, _ = images.shape
    if size is not None and (height, width) != tuple(size):
        wanted = f"{size[0]}x{size[1]} are needed (height x width)"
        side = size[0] if size[0] == size[1] else f"{size[0]},{size[1]}"
        fault = f"pictures of {height}x{width} where {wanted}"
        hint = f"resize them: images prepare, to={side}"
        raise InputError(f"{images.path or 'array'}: {fault}; {hint}", arguments=("to",))
    return images


def _checked(array: NDArray[Any], name: str, hint: str) -> Pictures:
    """An array that is an image set, as (N,H,W,C)."""
    wanted = f"image sets are uint8 (N,H,W,C), C 1 or 3: {hint}"
    if array.dtype != np.uint8:
        raise InputError(f"{name}: {array.dtype}; {wanted}")
    if check_layout(name, array.shape) or (array.ndim == 4 and array.shape[3] not in (1, 3)):
        raise InputError(f"{name}: shape {array.shape}; {wanted}")
    if array[:_SAMPLE].max() == 1 and array.max() == 1:
        raise InputError(f"{name}: only 0 and 1, a mask; pictures go from 0 to 255: {hint}")
    return array[..., None] if array.ndim == 3 else array


def _decoded(path: Path, size: tuple[int, int] | None) -> ImageSet:
    with tempfile.TemporaryDirectory() as folder:  # the map outlives the file
        done = prepare_images(path, f"{folder}/images.npy", to=size)
        table = read_table(beside(done.out), done.count)
        labels = {name: typed(table[name]) for name in done.labels}
        return ImageSet(map_npy(done.out), path, lambda: labels, done.skipped, done.notes)
