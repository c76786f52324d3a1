"""Rendered faces: pictures of a head whose every property is known, because it was drawn.

A head in three dimensions, made of ellipsoids that have grown together, is met by parallel rays,
four to a pixel, and lit from a direction. Thirteen factors are all there is to a picture: two with
the same factors are the same, byte for byte. ``FACTORS`` names them with their units and ranges.
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
from zatlas.files import check_output, whole
from zatlas.images.faces.factors import FACTORS, Factor, complete, draw_factors
from zatlas.images.faces.portrait import portray

__all__ = ["FACTORS", "Factor", "draw_factors", "render", "render_faces"]

SIZE = 64
CHUNK = 128  # faces a worker renders at a time


def render(factors: Mapping[str, ArrayLike], size: int = SIZE) -> NDArray[np.uint8]:
    """Pictures, uint8 (N, size, size, 3), of faces with these factors.

    ``factors`` holds arrays (N,) or single numbers that stand for all faces, in the units of
    ``FACTORS``. One that is missing is neutral; a value may leave its range by as much as the range
    is wide, and is held there beyond. Raises InputError for an unknown factor, a value that is not
    finite, lengths that differ, or a size outside 8 to 1024.
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
    """Write ``count`` faces, uint8 (count, 64, 64, 3), to ``out`` (.npy), their factors beside it.

    The table (.csv) has a row a face: its index, then every factor in its unit. A face depends on
    the seed and its index alone, whatever ``count`` and ``workers`` (the processors at hand unless
    given); ``progress`` hears the number of faces done. Both files are written whole or not at
    all. Raises InputError for another suffix, a place that cannot be written, a number of faces or
    workers below 1, and, without ``overwrite``, where one of the files exists.
    """
    out = Path(out)
    if out.suffix != ".npy":
        raise InputError(f"{out}: faces are written as an array; give a name that ends in .npy")
    if workers is not None and workers < 1:
        raise InputError(f"workers {workers}: give at least 1")
    table_file = out.with_suffix(".csv")
    for file in (out, table_file):
        check_output(file, overwrite=overwrite, argument="")
    factors = draw_factors(count, seed)
    starts = range(0, count, CHUNK)
    chunks = ({name: f[s : s + CHUNK] for name, f in factors.items()} for s in starts)
    with whole(table_file) as table, whole(out) as part:
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
    """``render`` of every chunk, in order, by as many processes as there is work for."""
    workers = min(jobs, workers or os.cpu_count() or 1)
    if workers == 1:
        yield from map(render, chunks)
        return
    quiet = (signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    with ProcessPoolExecutor(workers, initializer=signal.signal, initargs=quiet) as pool:
        yield from pool.map(render, chunks)


def write_factors(path: Path, factors: Mapping[str, NDArray[np.float64]]) -> None:
    """Write the factors as a table; every number reads back as the same float."""
    columns = [
        (f.name, [int(v) if f.kind == "binary" else v for v in factors[f.name].tolist()])
        for f in FACTORS
    ]
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["index", *(name for name, _ in columns)])
        rows = zip(*(values for _, values in columns), strict=True)
        writer.writerows([index, *row] for index, row in enumerate(rows))
