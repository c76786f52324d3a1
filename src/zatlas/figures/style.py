"""Fonts, colours and layout of every figure, in figure pixels.

A page is a figure with one pair of axes that covers it. The unit of these axes is the figure pixel,
their origin the top left corner, and y points down. Each pixel of a picture is drawn as a square of
``zoom`` x ``zoom`` figure pixels. Pictures are not resampled, so no blur is added.
"""

import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path
from numpy.typing import NDArray

from zatlas.errors import InputError, nearest
from zatlas.evidence.account.number_words import with_minus
from zatlas.files import atomic_write, check_output

Pixels = NDArray[np.uint8]

MAX_SIDE = 2**16 - 1  # figure pixels; matplotlib draws no longer side
DPI = 150  # a picture of 192 figure pixels is 32 mm wide on paper
INK, MUTED, HAIRLINE, GROUND = "#1b1f24", "#5c6670", "#c9d0d7", "#ffffff"
# Okabe & Ito 2008, "Color universal design": colour-blind readers can distinguish them
BLUE, VERMILLION = "#0072b2", "#d55e00"
# Brewer 2003, ColorBrewer: red and blue around a near-white zero, safe for colour-blind readers
DIVERGING = "RdBu_r"

MARGIN, GAP = 20, 8
TEXT, SMALL = 15, 13  # font sizes: the height of a letter with its descent, in figure pixels
LEADING = 1.3  # the distance of lines, in font sizes
# no date and no version in a file: the same figure gives the same bytes
_METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": "zatlas"}, "svg": {"Date": None}, "pdf": {"CreationDate": None},
}  # fmt: skip


class NotebookFigure(Figure):
    """A matplotlib figure that a notebook shows as a PNG."""

    def _repr_png_(self) -> bytes:
        return png(self)


def new_figure(width: float, height: float) -> NotebookFigure:
    """A new white figure of ``width`` x ``height`` figure pixels.

    Raises InputError where a side is longer than matplotlib draws.
    """
    if max(width, height) > MAX_SIDE:
        size = f"{width:,} x {height:,} pixels, more than {MAX_SIDE:,} a side"
        raise InputError(f"the figure would be {size}; take fewer pictures or steps")
    return NotebookFigure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=GROUND)


def page(width: int, end: int, command: str = "") -> tuple[NotebookFigure, Axes]:
    """A new figure with its command at the foot, and axes that cover it.

    Parameters
    ----------
    width : of the figure, in figure pixels.
    end : where the content ends and the command begins.
    command : the command that draws the figure again; nothing is written for an empty one.
    """
    closing = wrap(f"$ {command}", width - 2 * MARGIN, SMALL, mono=True) if command else []
    height = end + tall(closing, SMALL) + MARGIN
    figure = new_figure(width, height)
    figure.suppressComposite = True  # vector formats keep every picture apart, at its own pixels
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    write(axes, MARGIN, end, closing, size=SMALL, colour=MUTED, mono=True)
    return figure, axes


def panel(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes for a plot, at a place in figure pixels."""
    total_width, total_height = figure.get_size_inches() * DPI
    place = (left / total_width, 1 - (top + height) / total_height, width / total_width,
             height / total_height)  # fmt: skip
    axes = figure.add_axes(place)
    axes.tick_params(which="both", labelsize=5.5, colors=MUTED, length=3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(HAIRLINE)
    return axes


def zoom_for(height: int, width: int, target: int) -> int:
    """The largest whole number by which a picture may be enlarged to fit ``target`` pixels.

    It is 1 at least; the longer side of the picture counts.
    """
    return max(1, target // max(height, width))


def columns(names: Sequence[str], count: int, width: int) -> tuple[list[int], int]:
    """Places for ``count`` columns of pictures, to the right of the names of the rows.

    Returns the left edges of the columns, and the width of the figure.
    """
    first = MARGIN + round(max(map(wide, names)) + 2 * GAP)
    lefts = [first + column * (width + GAP) for column in range(count)]
    return lefts, lefts[-1] + width + MARGIN


def rows(
    axes: Axes, names: Sequence[str], columns: Sequence[Pixels], lefts: Sequence[int],
    tops: Sequence[int], zoom: int,
) -> None:  # fmt: skip
    """Draw rows of pictures behind their names; each column is uint8 (N, H, W, C)."""
    for row, (name, top) in enumerate(zip(names, tops, strict=True)):
        write(axes, MARGIN, top, [name])
        for left, pictures in zip(lefts, columns, strict=True):
            show(axes, pictures[row], left, top, zoom)


def rgb(pictures: Pixels) -> Pixels:
    """Pictures uint8 (..., H, W, C), C 1 or 3, as (..., H, W, 3).

    Raises InputError for another dtype or shape.
    """
    if pictures.dtype != np.uint8 or pictures.ndim < 3 or pictures.shape[-1] not in (1, 3):
        given = f"{pictures.dtype} {pictures.shape}"
        raise InputError(f"pictures: {given}; give uint8 (..., H, W, C), C 1 or 3")
    return np.broadcast_to(pictures, (*pictures.shape[:-1], 3))


def show(axes: Axes, picture: Pixels, left: int, top: int, zoom: int) -> None:
    """Draw a picture uint8 (H, W, C) with its top left corner at (left, top)."""
    height, width = (side * zoom for side in picture.shape[:2])
    extent = (left, left + width, top + height, top)
    axes.imshow(rgb(picture), extent=extent, interpolation="none", aspect="auto")


def frame(
    axes: Axes, left: int, top: int, width: int, height: int, colour: str, line: int = 1
) -> None:
    """Draw a frame just outside a rectangle; ``line`` is its thickness in figure pixels."""
    corner, points = (left - line / 2, top - line / 2), line * 72 / DPI
    axes.add_patch(Rectangle(corner, width + line, height + line, fill=False, ec=colour, lw=points))


def write(
    axes: Axes, left: float, top: float, lines: Sequence[str], *, size: int = TEXT,
    colour: str = INK, mono: bool = False, bold: bool = False, align: str = "left",
) -> None:  # fmt: skip
    """Write lines below each other, from ``top`` down. ``$`` starts no mathematics in them.

    Negative numbers get the sign −, but not in ``mono`` text: commands and edits stay as typed.
    """
    for number, line in enumerate(lines if mono else map(with_minus, lines)):
        axes.text(
            left, top + size + number * size * LEADING, line, ha=align, va="baseline",
            color=colour, fontproperties=_font(size, mono, bold), parse_math=False,
        )  # fmt: skip


def tall(lines: Sequence[str], size: int = TEXT) -> int:
    """The height of lines as ``write`` draws them, in figure pixels."""
    return round(len(lines) * size * LEADING)


def wide(text: str, size: int = TEXT, mono: bool = False, bold: bool = False) -> float:
    """The width of a text as ``write`` draws it, in figure pixels."""
    font = _font(size, mono, bold)
    points, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(points * DPI / 72)


def wrap(
    text: str, width: float, size: int = TEXT, mono: bool = False, bold: bool = False
) -> list[str]:
    """Break a text into lines of at most ``width`` figure pixels, at spaces.

    A word that is longer than a line is broken inside.
    """
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if wide(joined, size, mono, bold) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and wide(lines[-1] + letter, size, mono, bold) > width:
                lines.append("")
            lines[-1] += letter
    return lines


def save(figure: Figure, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a figure to a file, which is complete or is not there.

    Parameters
    ----------
    figure : any matplotlib figure.
    path : a name that ends in .png, .svg or .pdf.
    overwrite : whether a file that exists is replaced.

    Raises
    ------
    InputError
        Another suffix, the file exists, or it cannot be written.
    """
    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix not in _METADATA:
        hint = nearest(suffix, _METADATA)
        raise InputError(f"{path}: figures are written as .png, .svg or .pdf; {hint}")
    check_output(path, overwrite=overwrite, argument="")
    with atomic_write(path) as part:
        _save(figure, part, suffix)


def png(figure: Figure) -> bytes:
    """The bytes of a figure as a PNG file."""
    buffer = io.BytesIO()
    _save(figure, buffer, "png")
    return buffer.getvalue()


def _save(figure: Figure, target: Path | io.BytesIO, suffix: str) -> None:
    with rc_context({"svg.hashsalt": "zatlas", "pdf.fonttype": 42}):
        figure.savefig(target, format=suffix, dpi=DPI, metadata=_METADATA[suffix])


def _font(size: int, mono: bool, bold: bool) -> FontProperties:
    """A DejaVu font: it comes with matplotlib, so the letters are the same on every machine."""
    family, weight = f"DejaVu Sans{' Mono' * mono}", "bold" if bold else "normal"
    return FontProperties(family=family, weight=weight, size=size * 0.8 * 72 / DPI)
