"""Write an image set and its table, image by image."""

import csv
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.files import atomic_write, check_output
from zatlas.images.labels import beside

Write = Callable[[NDArray[np.uint8], Iterable[Any]], None]


def check_target(out: str | os.PathLike[str], inputs: list[Path], overwrite: bool) -> Path:
    """The path of an image set that may be written, with its table. Raises InputError."""
    target = Path(out)
    if target.suffix != ".npy":
        raise InputError(f"{target}: give the image set a name that ends in .npy")
    for path in (target, beside(target)):
        check_output(path, inputs, overwrite=overwrite, argument="")
    return target


@contextmanager
def new_set(target: Path, columns: Iterable[str]) -> Iterator[Write]:
    """Write ``target`` and its table atomically.

    Yields a function that adds an image (H,W,C) and the rest of its row, after the index.
    """
    with (
        atomic_write(beside(target)) as table_part,
        atomic_write(target) as array_part,  # the inner one: errors of writing name this file
        array_part.open("wb") as array,
        table_part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as lines,
    ):
        rows = csv.writer(lines, lineterminator="\n")
        rows.writerow(["index", *columns])
        shape: tuple[int, ...] = (0,)

        def write(pixels: NDArray[np.uint8], row: Iterable[Any]) -> None:
            nonlocal shape
            if not shape[0]:
                _write_header(array, (0, *pixels.shape))
            array.write(pixels.tobytes())
            rows.writerow([shape[0], *row])
            shape = (shape[0] + 1, *pixels.shape)

        yield write
        array.seek(0)
        _write_header(array, shape)
        for file in (array, lines):  # both files are on disk before either is renamed
            file.flush()
            os.fsync(file.fileno())


def _write_header(array: BinaryIO, shape: tuple[int, ...]) -> None:
    """Write the NPY header. NumPy leaves space in it, so it can be rewritten with the true N."""
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(array, header)
