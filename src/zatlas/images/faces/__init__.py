"""Rendered faces: images of a head for which every factor is known.

The head is a smooth union of ellipsoids in three dimensions. Four parallel rays per pixel meet it,
and one lamp and the sky light it. An image depends on thirteen factors alone; equal factors give
equal bytes. ``FACTORS`` lists them with their units and ranges.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zatlas.errors import InputError, argument_error, nearest
from zatlas.images.faces.factors import FACTORS, Factor, complete, draw_factors
from zatlas.images.faces.portrait import FRAMINGS, Framing, portray
from zatlas.images.prepare import check_target, new_set
from zatlas.images.workers import cores, in_processes

__all__ = ["FACTORS", "FRAMINGS", "Factor", "draw_factors", "render", "render_faces"]

SIZE = 64
CHUNK = 128  # faces of one task of a worker


def render(
    factors: Mapping[str, ArrayLike], size: int = SIZE, framing: str = "shoulders"
) -> NDArray[np.uint8]:
    """Render faces.

    Parameters
    ----------
    factors
        Arrays (N,), or single numbers for all faces, by name and in the units of ``FACTORS``. A
        missing factor is neutral. A value may be outside its range by the width of the range; a
        value farther outside is clipped.
    size : the side of the images in pixels, from 8 to 1024.
    framing : ``"shoulders"``, or ``"close"``: head and hair fill the image.

    Returns
    -------
    array
        uint8 (N, size, size, 3).

    Raises
    ------
    InputError
        A factor or the framing is unknown, a value is not finite, or the lengths differ.

    Examples
    --------
    >>> render({"yaw": [-20, 0, 20], "smile": 1}, size=32).shape
    (3, 32, 32, 3)
    """
    if not 8 <= size <= 1024:
        raise InputError(f"size {size}: give a number of pixels from 8 to 1024")
    faces, frame = complete(factors), _framing(framing)
    pictures = np.empty((len(faces), size, size, 3), np.uint8)
    for picture, face in zip(pictures, faces, strict=True):
        picture[:] = portray(face, size, frame)
    return pictures


def render_faces(
    out: str | os.PathLike[str], count: int, seed: int, workers: int | None = None,
    progress: Callable[[int], None] | None = None, overwrite: bool = False,
    framing: str = "shoulders",
) -> None:  # fmt: skip
    """Write an image set of random faces, and a table with their factors beside it.

    A face depends on the seed and its index alone. Both files are written atomically.

    Parameters
    ----------
    out : the ``.npy`` file, uint8 (count, 64, 64, 3); the table is the same name with ``.csv``.
    count, seed : as for ``draw_factors``.
    workers : the number of processes; None for one per core.
    progress : is called with the number of faces done.
    overwrite : whether existing files may be overwritten.
    framing : as for ``render``. The factors do not depend on it.

    Raises
    ------
    InputError
        An argument is out of range, or a file cannot be written.
    """
    _framing(framing)
    target = check_target(out, [], overwrite)
    if workers is not None and workers < 1:
        raise InputError(f"workers {workers}: give at least 1")
    factors = draw_factors(count, seed)
    columns = [factors[f.name].astype(int if f.kind == "binary" else float) for f in FACTORS]
    rows = zip(*(column.tolist() for column in columns), strict=True)
    starts = range(0, count, CHUNK)
    chunks = ([{name: f[s : s + CHUNK] for name, f in factors.items()}] for s in starts)
    work = partial(render, framing=framing)
    done = in_processes(work, chunks, min(len(starts), workers or cores()))
    nbytes = count * SIZE * SIZE * 3
    with new_set(target, (f.name for f in FACTORS), nbytes) as write, closing(done):
        for start, (_, pictures) in zip(starts, done, strict=True):
            for picture in pictures:
                write(picture, next(rows))
            if progress:
                progress(start + len(pictures))


def _framing(name: str) -> Framing:
    if name not in FRAMINGS:
        raise argument_error("framing", name, nearest(name, FRAMINGS))
    return FRAMINGS[name]
