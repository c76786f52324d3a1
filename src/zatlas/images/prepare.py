"""Write an image set: ``OUT.npy`` and the table ``OUT.csv``, from any source."""

import csv
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.files import atomic_write, check_output
from zatlas.images.decode import Fit
from zatlas.images.items import Item
from zatlas.images.labels import beside, text, with_table
from zatlas.images.sources import open_source
from zatlas.images.stream import Imported, Progress, Write, import_images


@dataclass(frozen=True)
class Prepared(Imported):
    """A new image set.

    Attributes
    ----------
    count : the number of images.
    shape : (H,W,C) of each image.
    skipped : the unreadable images, with the reasons.
    notes : what was assumed about the source, one sentence each.
    out : the ``.npy`` file.
    labels : the names of the labels in the table beside it.
    """

    out: Path
    labels: tuple[str, ...]


def prepare_images(
    source: str | os.PathLike[str] | NDArray[Any],
    out: str | os.PathLike[str],
    *,
    to: int | tuple[int, int] | None = None,
    crop: tuple[int, int, int, int] | None = None,
    gray: bool = False,
    overwrite: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Write the images of a source to an image set, and their labels to a table beside it.

    The image set is uint8 (N,H,W,C). The table has the columns index, source and the labels:
    ``folder`` for images in several folders, and those of the source. Unreadable images are
    skipped. The memory needed does not depend on N. Both files are written atomically.

    Parameters
    ----------
    source
        A folder, ``.npy``, ``.npz``, IDX, ``.parquet``, zip or tar, an image file, or an array.
    out : the ``.npy`` file to write; the table is the same name with ``.csv``.
    to
        The size of the images in pixels: a side, or (height, width). Resizing is bilinear, with
        antialiasing. Without ``crop``, the largest centred part with this aspect ratio is used.
    crop : (top, left, height, width) in pixels, applied before resizing.
    gray : whether to convert the images to grey.
    overwrite : whether existing files may be overwritten.
    workers : the number of processes; None for one per core.
    progress : is called with the number of images done and the number of all images.

    Returns
    -------
    Prepared
        The file, the shape, the labels and the skipped images.

    Raises
    ------
    InputError
        No image is readable; the sizes differ and ``to`` is missing; or a file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> images = np.zeros((5, 32, 32, 3), np.uint8)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     prepare_images(images, f"{folder}/small.npy", to=16).shape
    (16, 16, 3)
    """
    target = Path(out)
    if target.suffix != ".npy":
        raise InputError(f"{target}: give the image set a name that ends in .npy")
    for path in (target, beside(target)):
        check_output(path, with_table(source), overwrite=overwrite, argument="")
    fit = Fit.checked(to, crop, gray)
    opened = open_source(source)
    read = partial(import_images, opened, fit, workers=workers, progress=progress)
    done = _write(target, opened.columns, read)
    return Prepared(**vars(done), out=target, labels=opened.columns)


def _write(target: Path, columns: tuple[str, ...], read: Callable[[Write], Imported]) -> Imported:
    with (
        atomic_write(beside(target)) as table_part,
        atomic_write(target) as array_part,  # the inner one: errors of writing name this file
        array_part.open("wb") as array,
        table_part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as lines,
    ):
        rows = csv.writer(lines, lineterminator="\n")
        rows.writerow(["index", "source", *columns])
        written = 0

        def write(item: Item, pixels: NDArray[np.uint8]) -> None:
            nonlocal written
            if not written:
                _write_header(array, (0, *pixels.shape))
            array.write(pixels.tobytes())
            rows.writerow([written, item.name, *map(text, item.labels)])
            written += 1

        done = read(write)
        array.seek(0)
        _write_header(array, (done.count, *done.shape))
        for file in (array, lines):  # both files are on disk before either is renamed
            file.flush()
            os.fsync(file.fileno())
    return done


def _write_header(array: BinaryIO, shape: tuple[int, ...]) -> None:
    """Write the NPY header. NumPy leaves space in it, so it can be rewritten with the true N."""
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(array, header)
