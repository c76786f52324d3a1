"""Rendered faces: images of a head for which every factor is known.

The head is a smooth union of ellipsoids in three dimensions. Four parallel rays per pixel meet it,
and one lamp and the sky light it. An image depends on thirteen factors alone; equal factors give
equal bytes. ``FACTORS`` lists them with their units and ranges.
"""

import csv
import os
import signal
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zatlas.errors import InputError
from zatlas.files import atomic_write, check_output
from zatlas.images.faces.factors import FACTORS, Factor, complete, draw_factors
from zatlas.images.faces.portrait import portray
from zatlas.images.labels import beside

__all__ = ["FACTORS", "Factor", "draw_factors", "render", "render_faces"]

SIZE = 64
CHUNK = 128  # faces of one task of a worker


def render(factors: Mapping[str, ArrayLike], size: int = SIZE) -> NDArray[np.uint8]:
    """Render faces.

    Parameters
    ----------
    factors
        Arrays (N,), or single numbers for all faces, by name and in the units of ``FACTORS``. A
        missing factor is neutral. A value may be outside its range by the width of the range; a
        value farther outside is clipped.
    size : the side of the images in pixels, from 8 to 1024.

    Returns
    -------
    array
        uint8 (N, size, size, 3).

    Raises
    ------
    InputError
        A factor is unknown, a value is not finite, or the lengths differ.

    Examples
    --------
    >>> render({"yaw": [-20, 0, 20], "smile": 1}, size=32).shape
    (3, 32, 32, 3)
    """
    if not 8 <= size <= 1024:
        raise InputError(f"size {size}: give a number of pixels from 8 to 1024")
    faces = complete(factors)
    pictures = np.empty((len(faces), size, size, 3), np.uint8)
    for picture, face in zip(pictures, faces, strict=True):
        picture[:] = portray(face, size)
    return pictures


def render_faces(
    out: Path,
    count: int,
    seed: int,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
    overwrite: bool = False,
) -> None:
    """Write an image set of random faces, and a table with their factors beside it.

    A face depends on the seed and its index alone. Both files are written atomically.

    Parameters
    ----------
    out : the ``.npy`` file, uint8 (count, 64, 64, 3); the table is the same name with ``.csv``.
    count, seed : as for ``draw_factors``.
    workers : the number of processes; None for one per core.
    progress : is called with the number of faces done.
    overwrite : whether existing files may be overwritten.

    Raises
    ------
    InputError
        An argument is out of range, or a file cannot be written.
    """
    out = Path(out)
    if out.suffix != ".npy":
        raise InputError(f"{out}: faces are written as an array; give a name that ends in .npy")
    if workers is not None and workers < 1:
        raise InputError(f"workers {workers}: give at least 1")
    for file in (out, beside(out)):
        check_output(file, overwrite=overwrite, argument="")
    factors = draw_factors(count, seed)
    starts = range(0, count, CHUNK)
    chunks = ({name: f[s : s + CHUNK] for name, f in factors.items()} for s in starts)
    with atomic_write(beside(out)) as table, atomic_write(out) as part:
        write_factors(table, factors)
        shape = (count, SIZE, SIZE, 3)
        array = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=shape)
        for start, pictures in zip(starts, rendered(chunks, workers, len(starts)), strict=True):
            array[start : start + CHUNK] = pictures
            if progress:
                progress(start + len(pictures))
        array.flush()


def rendered(
    chunks: Iterable[Mapping[str, ArrayLike]], workers: int | None, jobs: int
) -> Iterable[NDArray[np.uint8]]:
    """Render every chunk, in order, in as many processes as are useful."""
    workers = min(jobs, workers or os.cpu_count() or 1)
    if workers == 1:
        yield from map(render, chunks)
        return
    ignore = signal.SIGINT, signal.SIG_IGN  # the parent handles Ctrl-C
    with ProcessPoolExecutor(workers, initializer=signal.signal, initargs=ignore) as pool:
        yield from pool.map(render, chunks)


def write_factors(path: Path, factors: Mapping[str, NDArray[np.float64]]) -> None:
    """Write the factors as a table; every number reads back as the same float."""
    columns = [factors[f.name].astype(int if f.kind == "binary" else float) for f in FACTORS]
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["index", *(f.name for f in FACTORS)])
        rows = zip(*(column.tolist() for column in columns), strict=True)
        writer.writerows([index, *row] for index, row in enumerate(rows))
