"""Strips of pictures along a way through the latent space, sheets of samples, animations."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from zatlas.errors import InputError
from zatlas.files import check_output, whole
from zatlas.images.sheet import contact_sheet
from zatlas.pictures.style import (
    GAP,
    MARGIN,
    MUTED,
    SMALL,
    VERMILLION,
    Pixels,
    command_lines,
    frame,
    page,
    rgb,
    show,
    tall,
    wide,
    wrap,
    write,
    zoom_for,
)

_OWN_CODE = "own code"
_FRAME = 4


def strip(
    pictures: Pixels,
    labels: Sequence[str],
    *,
    marked: Collection[int] = (),
    names: Sequence[str],
    title: str = "",
    command: str = "",
) -> Figure:
    """Traversals or interpolations: uint8 (N, T, H, W, C), a row each of T steps.

    ``labels`` (T) stand over the steps, ``names`` (N) before the rows. The steps ``marked`` are
    decoded from an image's own code: they are framed, and said to be. Raises InputError where the
    parts are not of one size.
    """
    count, steps, height, width = pictures.shape[:4]
    if len(labels) != steps or len(names) != count:
        raise InputError(
            f"strip: {count} rows of {steps} steps with {len(names)} names and {len(labels)} labels"
        )
    zoom = zoom_for(height, width, 128 if steps <= 11 else 64)
    cell_height, cell_width = height * zoom, max(width * zoom, 64)
    heads = [
        wrap(label, cell_width, SMALL) + ([_OWN_CODE] if step in marked else [])
        for step, label in enumerate(labels)
    ]
    first = MARGIN + round(max(map(wide, names)) + 2 * GAP)
    lefts = [first + step * (cell_width + GAP) for step in range(steps)]
    total_width = lefts[-1] + cell_width + MARGIN
    heading = wrap(title, total_width - 2 * MARGIN) if title else []
    top = MARGIN + tall(heading) + (GAP if heading else 0)
    top += max(tall(head, SMALL) for head in heads) + GAP
    tops = [top + row * (cell_height + GAP + _FRAME) for row in range(count)]
    end = tops[-1] + cell_height + GAP + _FRAME
    closing = command_lines(command, total_width - 2 * MARGIN)
    figure, axes = page(total_width, end + tall(closing, SMALL) + MARGIN)

    write(axes, MARGIN, MARGIN, heading)
    for step, (left, head) in enumerate(zip(lefts, heads, strict=True)):
        colour = VERMILLION if step in marked else MUTED
        middle, above = left + width * zoom / 2, top - GAP - tall(head, SMALL)
        write(axes, middle, above, head, size=SMALL, colour=colour, align="center")
    for row, name in enumerate(names):
        write(axes, MARGIN, tops[row], [name])
        for step, left in enumerate(lefts):
            show(axes, pictures[row, step], left, tops[row], zoom)
            if step in marked:
                frame(axes, left, tops[row], width * zoom, cell_height, VERMILLION, _FRAME)
    write(axes, MARGIN, end, closing, size=SMALL, colour=MUTED, mono=True)
    return figure


def sheet(
    pictures: Pixels, columns: int | None = None, *, title: str = "", command: str = ""
) -> Figure:
    """Many pictures, uint8 (N, H, W, C), in rows; about square without ``columns``."""
    laid = contact_sheet(pictures, columns, zoom_for(pictures.shape[1], pictures.shape[2], 128))
    height, width = laid.shape[:2]
    heading = wrap(title, width) if title else []
    closing = command_lines(command, width)
    top = MARGIN + tall(heading) + (GAP if heading else 0)
    end = top + height + GAP
    figure, axes = page(width + 2 * MARGIN, end + tall(closing, SMALL) + MARGIN)
    write(axes, MARGIN, MARGIN, heading)
    show(axes, laid, MARGIN, top, 1)
    write(axes, MARGIN, end, closing, size=SMALL, colour=MUTED, mono=True)
    return figure


def animation(
    frames: Pixels, path: str | os.PathLike[str], zoom: int = 4, milliseconds: int = 120,
    *, overwrite: bool = False,
) -> None:  # fmt: skip
    """Write uint8 (T, H, W, C) as an endless GIF, each pixel ``zoom`` wide, whole or not at all.

    A GIF has 256 colours a frame: each frame gets its own, the nearest to its pixels, and no
    dither. Raises InputError for another suffix than ``.gif``, and, without ``overwrite``, where
    ``path`` exists.
    """
    if Path(path).suffix.lower() != ".gif":
        raise InputError(f"{path}: an animation is written as .gif")
    check_output(path, overwrite=overwrite, argument="")
    size = (frames.shape[2] * zoom, frames.shape[1] * zoom)
    pictures = [
        Image.fromarray(picture)
        .quantize(256, kmeans=2, dither=Image.Dither.NONE)
        .resize(size, Image.Resampling.NEAREST)
        for picture in rgb(frames)
    ]
    with whole(path) as part:
        pictures[0].save(
            part, save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0,
            optimize=False,
        )  # fmt: skip
