"""The one place for fonts, colours and layout: figures are laid out in whole figure pixels.

A page is one pair of axes that covers its figure; its unit is the figure pixel and its origin the
top left corner. Every pixel of a picture becomes a square of ``zoom`` figure pixels: nothing is
resampled, so what looks blurred is blurred.
"""

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path
from numpy.typing import NDArray

from zatlas.errors import InputError, nearest
from zatlas.files import check_output, whole

Pixels = NDArray[np.uint8]

LARGEST = 2**16 - 1  # pixels a side that matplotlib draws
DPI = 150  # prints a picture of 192 figure pixels 32 mm wide
INK, MUTED, HAIRLINE, GROUND = "#1b1f24", "#5c6670", "#c9d0d7", "#ffffff"
# Okabe & Ito 2008, "Color universal design": told apart by colour-blind readers
BLUE, VERMILLION = "#0072b2", "#d55e00"
# ColorBrewer's red and blue around a near-white zero (Brewer 2003): colour-blind safe
DIVERGING = "RdBu_r"

MARGIN, GAP = 20, 8
TEXT, SMALL = 15, 13  # heights of letters with their descent, in figure pixels
LEADING = 1.3
FORMATS = ("png", "svg", "pdf")
# no times and no random ids in the files: the same figure is the same bytes
_METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": "zatlas"},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}


def page(width: int, height: int) -> tuple[Figure, Axes]:
    """A new white figure of ``width`` x ``height`` pixels and axes that cover it; y points down.

    Raises InputError where it would be larger than matplotlib draws.
    """
    if max(width, height) > LARGEST:
        raise InputError(
            f"the figure would be {width:,} x {height:,} pixels, more than {LARGEST:,} a side; "
            "take fewer pictures or steps"
        )
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=GROUND)
    figure.suppressComposite = True  # vector formats keep every picture apart, at its own pixels
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return figure, axes


def zoom_for(height: int, width: int, target: int) -> int:
    """The largest whole enlargement with which a picture's longer side fits ``target`` pixels."""
    return max(1, target // max(height, width))


def rgb(pictures: Pixels) -> Pixels:
    """uint8 (..., H, W, C), C 1 or 3, as (..., H, W, 3). InputError for anything else."""
    if pictures.dtype != np.uint8 or pictures.ndim < 3 or pictures.shape[-1] not in (1, 3):
        raise InputError(
            f"pictures: {pictures.dtype} {pictures.shape}; give uint8 (..., H, W, C), C 1 or 3"
        )
    return np.broadcast_to(pictures, (*pictures.shape[:-1], 3))


def show(axes: Axes, picture: Pixels, left: int, top: int, zoom: int) -> None:
    """Draw uint8 (H, W, C), each pixel ``zoom`` figure pixels wide, its corner at (left, top)."""
    height, width = (side * zoom for side in picture.shape[:2])
    axes.imshow(
        rgb(picture),
        extent=(left, left + width, top + height, top),
        interpolation="none",
        aspect="auto",
    )


def frame(
    axes: Axes, left: int, top: int, width: int, height: int, colour: str, line: int = 1
) -> None:
    """A frame just outside a rectangle, ``line`` figure pixels thick."""
    corner = (left - line / 2, top - line / 2)
    points = line * 72 / DPI
    axes.add_patch(Rectangle(corner, width + line, height + line, fill=False, ec=colour, lw=points))


def write(
    axes: Axes,
    left: float,
    top: float,
    lines: Sequence[str],
    *,
    size: int = TEXT,
    colour: str = INK,
    mono: bool = False,
    bold: bool = False,
    align: str = "left",
) -> None:
    """Write lines below each other, from ``top`` down; nothing in them is read as mathematics."""
    for number, line in enumerate(lines):
        axes.text(
            left,
            top + size + number * size * LEADING,
            line,
            ha=align,
            va="baseline",
            color=colour,
            fontproperties=_font(size, mono, bold),
            parse_math=False,
        )


def tall(lines: Sequence[str], size: int = TEXT) -> int:
    """The height of lines as ``write`` sets them, in figure pixels."""
    return round(len(lines) * size * LEADING)


def wide(text: str, size: int = TEXT, mono: bool = False, bold: bool = False) -> float:
    """The width of a text as ``write`` sets it, in figure pixels."""
    points: float = text_to_path.get_text_width_height_descent(
        text, _font(size, mono, bold), ismath=False
    )[0]
    return points * DPI / 72


def wrap(
    text: str, width: float, size: int = TEXT, mono: bool = False, bold: bool = False
) -> list[str]:
    """Break a text into lines no wider than ``width``, at spaces, else inside the word."""
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


def command_lines(command: str, width: int) -> list[str]:
    """The command that draws a figure again, as it stands under it; none for an empty command."""
    return wrap(f"$ {command}", width, SMALL, mono=True) if command else []


def save(figure: Figure, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a figure, whole or not at all; PNG, SVG or PDF by the suffix.

    Raises InputError for another suffix, and, without ``overwrite``, where ``path`` exists.
    """
    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise InputError(
            f"{path}: figures are written as .png, .svg or .pdf; {nearest(suffix, FORMATS)}"
        )
    check_output(path, overwrite=overwrite, argument="")
    with whole(path) as part:
        _save(figure, part, suffix)


def png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    _save(figure, buffer, "png")
    return buffer.getvalue()


def _save(figure: Figure, target: Any, suffix: str) -> None:
    with rc_context({"svg.hashsalt": "zatlas", "pdf.fonttype": 42}):
        figure.savefig(target, format=suffix, dpi=DPI, metadata=_METADATA[suffix])


def _font(size: int, mono: bool, bold: bool) -> FontProperties:
    """DejaVu comes with matplotlib: the same letters on every machine."""
    return FontProperties(
        family="DejaVu Sans Mono" if mono else "DejaVu Sans",
        weight="bold" if bold else "normal",
        size=size * 0.8 * 72 / DPI,
    )
