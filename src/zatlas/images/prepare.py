"""Write an image set: ``OUT.npy`` and the table ``OUT.csv``, from any source."""

import csv
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.files import atomic_write, check_output
from zatlas.images.decode import Box, Fit, Item, Size, Source, UnreadableError
from zatlas.images.labels import beside, text, with_table
from zatlas.images.sources import open_source
from zatlas.images.stream import Fault, Outcome, decoded

Progress = Callable[[int, int], None]
Write = Callable[[NDArray[np.uint8], Iterable[Any]], None]


@dataclass(frozen=True)
class Prepared:
    """A new image set.

    Attributes
    ----------
    out : the ``.npy`` file.
    count : the number of images.
    shape : (H,W,C) of each image.
    labels : the names of the labels in the table beside it.
    skipped : the unreadable images, with the reasons.
    notes : what was assumed about the source, one sentence each.
    """

    out: Path
    count: int
    shape: tuple[int, ...]
    labels: tuple[str, ...]
    skipped: tuple[Fault, ...]
    notes: tuple[str, ...]


def prepare_images(
    source: str | os.PathLike[str] | NDArray[Any], out: str | os.PathLike[str], *,
    to: Size = None, crop: Box | None = None, gray: bool = False, overwrite: bool = False,
    workers: int | None = None, progress: Progress | None = None,
) -> Prepared:  # fmt: skip
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
    target = check_target(out, with_table(source), overwrite)
    fit = Fit.checked(to, crop, gray)
    with (
        closing(open_source(source)) as opened,
        closing(decoded(opened, fit, workers)) as outcomes,
        new_set(target, ["source", *opened.columns]) as write,
    ):
        return _write(target, opened, fit, outcomes, write, progress)


def _write(
    target: Path, source: Source, fit: Fit, outcomes: Iterable[tuple[Item, Outcome]],
    write: Write, progress: Progress | None,
) -> Prepared:  # fmt: skip
    """Pass every readable image to ``write``."""
    shape: tuple[int, ...] = ()
    first, count, trimmed = "", 0, 0
    skipped: list[Fault] = []
    for item, outcome in outcomes:
        if isinstance(outcome, UnreadableError):
            skipped.append(Fault(item.name, str(outcome)))
        else:
            shape, first = shape or outcome.pixels.shape, first or item.name
            if outcome.pixels.shape != shape:
                (high, wide, _), (height, width, _) = shape, outcome.pixels.shape
                sizes = f"{first} is {wide}x{high}, {item.name} is {width}x{height}"
                fault = f"pictures of different sizes (width x height): {sizes}"
                hint = "give one size, such as to=64"
                raise InputError(f"{source.name}: {fault}; {hint}", arguments=("to",))
            write(outcome.pixels, [item.name, *map(text, item.labels)])
            count, trimmed = count + 1, trimmed + outcome.trimmed
        done = count + len(skipped)
        if progress and (done % 16 == 0 or done == source.count):
            progress(done, source.count)
    if not count:
        fault = "no pictures in it"
        if skipped:
            name, reason = skipped[0]
            fault = f"none of its {len(skipped)} pictures can be read; the first: {name}: {reason}"
        raise InputError(f"{source.name}: {fault}")
    notes = list(source.notes)
    if trimmed and fit.to:
        aspect = f"another aspect ratio than {fit.to[1]}x{fit.to[0]}"
        notes.append(f"{trimmed} of {count} pictures were cropped to their centre: {aspect}")
    return Prepared(target, count, shape, source.columns, tuple(skipped), tuple(notes))


def check_target(out: str | os.PathLike[str], inputs: list[Path], overwrite: bool) -> Path:
    """The path of an image set that may be written, with its table. Raises InputError."""
    target = Path(out)
    if target.suffix != ".npy":
        raise InputError(f"{target}: give the image set a name that ends in .npy")
    for path in (target, beside(target)):
        check_output(path, inputs, overwrite=overwrite, argument="")
    return target


@contextmanager
def new_set(target: Path, columns: Iterable[str], nbytes: int = 0) -> Iterator[Write]:
    """Write ``target`` and its table atomically.

    Yields a function that adds an image (H,W,C) and the rest of its row, after the index. Where
    the images have ``nbytes``, a full disk is found at the start.
    """
    with (
        atomic_write(beside(target)) as table_part,
        atomic_write(target) as array_part,  # the inner one: errors of writing name this file
        array_part.open("wb") as array,
        table_part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as lines,
    ):
        if nbytes and hasattr(os, "posix_fallocate"):
            os.posix_fallocate(array.fileno(), 0, nbytes)
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
