"""Strips of traversals and interpolations, sheets of samples, animations."""

import os
from collections.abc import Collection, Sequence
from itertools import product
from pathlib import Path

from PIL import Image

from zatlas.errors import InputError
from zatlas.figures import style
from zatlas.figures.style import GAP, MARGIN, MUTED, SMALL, VERMILLION, Pixels, tall, write
from zatlas.files import atomic_write, check_output
from zatlas.images.sheet import contact_sheet

_MILLISECONDS = 120  # that each frame of an animation is shown
_FRAME = 4  # thickness of a frame, in figure pixels


def strip(
    pictures: Pixels, labels: Sequence[str], *, marked: Collection[int] = (),
    names: Sequence[str], title: str = "", command: str = "",
) -> style.NotebookFigure:  # fmt: skip
    """Draw traversals or interpolations, one in each row.

    Raises InputError where the numbers of labels and names do not fit the pictures.

    Parameters
    ----------
    pictures : uint8 (N, T, H, W, C): N rows of T steps.
    labels : the text above each of the T steps.
    marked : the steps that are decoded from an image's own code; they are framed and marked so.
    names : the text before each of the N rows.
    title : a text above all.
    command : the command that draws the figure again; it is written below.
    """
    if pictures.ndim != 5 or not pictures.size:
        raise InputError(f"pictures: shape {pictures.shape}; give (N, T, H, W, C)")
    count, steps, height, width = pictures.shape[:4]
    if len(labels) != steps or len(names) != count:
        given = f"{len(names)} names and {len(labels)} labels"
        raise InputError(f"pictures: {count} rows of {steps} steps, but {given}")
    zoom = style.zoom_for(height, width, 128 if steps <= 11 else 64)
    cell_height, cell_width = height * zoom, max(width * zoom, 64)
    heads = [
        style.wrap(label, cell_width, SMALL) + (["own code"] if step in marked else [])
        for step, label in enumerate(labels)
    ]
    lefts, total_width = style.columns(names, steps, cell_width)
    heading = style.wrap(title, total_width - 2 * MARGIN) if title else []
    top = MARGIN + tall(heading) + GAP * bool(heading)
    top += max(tall(head, SMALL) for head in heads) + GAP
    tops = [top + row * (cell_height + GAP + _FRAME) for row in range(count)]
    end = tops[-1] + cell_height + GAP + _FRAME
    figure, axes = style.page(total_width, end, command)

    write(axes, MARGIN, MARGIN, heading)
    for step, (left, head) in enumerate(zip(lefts, heads, strict=True)):
        colour = VERMILLION if step in marked else MUTED
        middle, above = left + width * zoom / 2, top - GAP - tall(head, SMALL)
        write(axes, middle, above, head, size=SMALL, colour=colour, align="center")
    style.rows(axes, names, list(pictures.swapaxes(0, 1)), lefts, tops, zoom)
    for left, top in product((lefts[step] for step in marked), tops):
        style.frame(axes, left, top, width * zoom, cell_height, VERMILLION, _FRAME)
    return figure


def sheet(pictures: Pixels, command: str = "") -> style.NotebookFigure:
    """Draw many pictures, uint8 (N, H, W, C), on a sheet that is about square.

    ``command`` is the command that draws the figure again; it is written below.
    """
    laid = contact_sheet(pictures, scale=style.zoom_for(pictures.shape[1], pictures.shape[2], 128))
    height, width = laid.shape[:2]
    figure, axes = style.page(width + 2 * MARGIN, MARGIN + height + GAP, command)
    style.show(axes, laid, MARGIN, MARGIN, 1)
    return figure


def animation(
    frames: Pixels, path: str | os.PathLike[str], zoom: int = 4, *, overwrite: bool = False
) -> None:
    """Write frames as a GIF that repeats. The file is complete or is not there.

    A frame of a GIF has 256 colours. Each frame gets its own colours, without dither.

    Parameters
    ----------
    frames : uint8 (T, H, W, C).
    path : a name that ends in .gif.
    zoom : the width of each pixel.
    overwrite : whether a file that exists is replaced.

    Raises
    ------
    InputError
        Another suffix, the file exists, or it cannot be written.
    """
    if Path(path).suffix.lower() != ".gif":
        raise InputError(f"{path}: an animation is written as .gif")
    check_output(path, overwrite=overwrite, argument="")
    size = (frames.shape[2] * zoom, frames.shape[1] * zoom)
    full = [Image.fromarray(picture) for picture in style.rgb(frames)]
    quantized = [picture.quantize(256, kmeans=2, dither=Image.Dither.NONE) for picture in full]
    pictures = [picture.resize(size, Image.Resampling.NEAREST) for picture in quantized]
    with atomic_write(path) as part:
        pictures[0].save(part, save_all=True, append_images=pictures[1:], loop=0,
                         duration=_MILLISECONDS, optimize=False)  # fmt: skip
