"""Make an image set on disk: ``OUT.npy`` and the table ``OUT.csv`` from any source."""

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.files import check_output, whole
from zatlas.images.decode import Fit
from zatlas.images.labels import beside, text, with_table
from zatlas.images.records import Item
from zatlas.images.sources import open_source
from zatlas.images.stream import Fault, Progress, pour


@dataclass(frozen=True)
class Prepared:
    """What was made: ``count`` pictures of ``shape`` (H,W,C) in ``out``, ``labels`` beside it."""

    out: Path
    count: int
    shape: tuple[int, int, int]
    labels: tuple[str, ...]
    skipped: tuple[Fault, ...]
    notes: tuple[str, ...]


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
    """Write the pictures of ``source`` to ``out`` (``.npy``), and their table beside it.

    ``source`` is anything that ``open_source`` reads. Every picture is cropped to ``crop`` (top,
    left, height, width in pixels), then resized to ``to`` (a side, or height and width; bilinear
    with antialias), then made grey if ``gray``. Without a crop, a picture of another aspect than
    ``to`` gives its centre: of one that is not square, ``to=64`` takes the centre square.

    ``out`` is uint8 (N,H,W,C); the table has the columns index, source and any labels found:
    ``folder`` where the pictures lie in several, and those of the source. Unreadable pictures are
    skipped and told in the answer. ``progress`` is called with (pictures done, pictures in all).
    Memory stays bounded; both files are written whole or not at all.

    Raises InputError for a source without one readable picture, for mixed sizes without ``to``,
    for an ``out`` that cannot be written, and, without ``overwrite``, where ``out`` or the table
    exists.
    """
    target = Path(out)
    if target.suffix != ".npy":
        raise InputError(f"{target}: give the image set a name that ends in .npy")
    table = beside(target)
    for path in (target, table):
        check_output(path, with_table(source), overwrite=overwrite, argument="")
    fit = Fit.checked(to, crop, gray)
    opened = open_source(source)
    with (
        whole(table) as table_part,
        whole(target) as array_part,  # the inner one: it is the name in any fault of writing
        array_part.open("wb") as array,
        table_part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as lines,
    ):
        rows = csv.writer(lines, lineterminator="\n")
        rows.writerow(["index", "source", *opened.columns])
        written = 0

        def write(item: Item, pixels: NDArray[np.uint8]) -> None:
            nonlocal written
            if not written:
                _write_header(array, (0, *pixels.shape))
            array.write(pixels.tobytes())
            rows.writerow([written, item.name, *map(text, item.labels)])
            written += 1

        done = pour(opened, fit, write, workers=workers, progress=progress)
        array.seek(0)
        _write_header(array, (done.count, *done.shape))
        for file in (array, lines):  # both are on disk before either takes its name
            file.flush()
            os.fsync(file.fileno())
    return Prepared(target, done.count, done.shape, opened.columns, done.skipped, done.notes)


def _write_header(array: BinaryIO, shape: tuple[int, ...]) -> None:
    """The NPY header. NumPy leaves room in it for the first axis to grow, so it can be mended."""
    np.lib.format.write_array_header_1_0(
        array, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )
