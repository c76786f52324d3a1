"""The plate of edits: originals, reconstructions, each edit, and its difference."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.evidence.records import EditEffect
from zatlas.figures import style
from zatlas.figures.strip import strip
from zatlas.figures.style import (
    GAP,
    MARGIN,
    MUTED,
    SMALL,
    TEXT,
    NotebookFigure,
    Pixels,
    tall,
    write,
)
from zatlas.latents.edit_results import EditResults

_LARGE_COLUMNS = 5  # with more edits, pictures are drawn smaller
_LARGE, _SMALLER = 192, 128  # figure pixels of a picture's longer side, at most
_BAR, _LEGEND = 14, 92  # heights of the colour bar, and with its words, in figure pixels


def differences(before: Pixels, edited: Sequence[Pixels]) -> tuple[NDArray[np.float32], int]:
    """Each edit minus the reconstruction. The original is not used: the blur is not the edit's.

    Parameters
    ----------
    before : the reconstructions, uint8 (N, H, W, C).
    edited : E arrays of the same shape.

    Returns
    -------
    maps : (E, N, H, W), the signed mean over channels, in grey levels.
    scale : the largest absolute value of all maps, rounded up; 0 where nothing changed.
    """
    maps = np.stack([(after - before.astype(np.float32)).mean(-1) for after in edited])
    return maps, int(np.ceil(np.abs(maps).max()))


def edits_plate(
    results: EditResults, indexes: Sequence[int], command: str = "",
    measured: Sequence[EditEffect] = (),
) -> NotebookFigure:  # fmt: skip
    """Draw two rows for each image: the original above its reconstruction, each edit above its
    difference from the reconstruction.

    All differences share one scale (see :func:`differences`); its number is written on the plate.
    Raises InputError where the shapes of the pictures or the number of indexes do not fit.

    Parameters
    ----------
    results : N images, their reconstructions and E edits; N is 1 or more.
    indexes : the rows of the images in their file.
    command : the command that draws the plate again.
    measured : what the edits do over many images; it is written below.
    """
    edited = [edit.pictures for edit in results.edits]
    _check(results, indexes)
    height, width = results.originals.shape[1:3]
    zoom = style.zoom_for(height, width, _LARGE if len(edited) < _LARGE_COLUMNS else _SMALLER)
    cell_height, cell_width = height * zoom, max(width * zoom, 112)
    names = [f"image {index}" for index in indexes]
    lefts, total_width = style.columns(names, 1 + len(edited), cell_width)
    heads = [["original"], *(style.wrap(e.text, cell_width, mono=True) for e in results.edits)]
    feet = [
        [line for note in edit.notes for line in style.wrap(note, cell_width, SMALL)]
        for edit in results.edits
    ]
    top = MARGIN + max(map(tall, heads)) + tall([""], SMALL) + GAP
    tops = [top + row * (2 * cell_height + 3 * GAP) for row in range(len(indexes))]
    foot = tops[-1] + 2 * (cell_height + GAP)
    words_top = foot + max([tall(lines, SMALL) for lines in feet], default=0) + GAP
    words_top = max(words_top, foot + _LEGEND * bool(edited))
    paragraphs = [
        (style.wrap(text, total_width - 3 * MARGIN, size, bold=bold), size, bold)
        for effect in measured
        for text, size, bold in (
            (f"{effect.edit}: {effect.summary}", TEXT, True), (effect.sentence, SMALL, False),
        )
    ]  # fmt: skip
    end = words_top + sum(tall(lines, size) + GAP for lines, size, _ in paragraphs)
    figure, axes = style.page(total_width, end, command)
    for column, (left, head) in enumerate(zip(lefts, heads, strict=True)):
        below = top - GAP - tall([""], SMALL)
        write(axes, left, below - tall(head), head, mono=column > 0)
        write(axes, left, below, ["below: its change" if column else "below: reconstruction"],
              size=SMALL, colour=MUTED)  # fmt: skip
    style.rows(axes, names, [results.originals, *edited], lefts, tops, zoom)
    lower = [above + cell_height + GAP for above in tops]
    style.rows(axes, [""] * len(names), [results.reconstructions], lefts[:1], lower, zoom)
    if edited:
        scale = _differences(axes, results.reconstructions, edited, lefts[1:], lower, zoom)
        _legend(axes, lefts[0], foot, cell_width, scale)
    for left, lines in zip(lefts[1:], feet, strict=True):
        write(axes, left, foot, lines, size=SMALL, colour=MUTED)
    for lines, size, bold in paragraphs:
        write(axes, MARGIN, words_top, lines, size=size, bold=bold)
        words_top += tall(lines, size) + GAP
    return figure


def _check(results: EditResults, indexes: Sequence[int]) -> None:
    """Raise InputError where the parts of a plate do not belong together."""
    originals = results.originals
    for pictures in (results.reconstructions, *(edit.pictures for edit in results.edits)):
        if pictures.shape != originals.shape or originals.ndim != 4 or not len(originals):
            fault = f"pictures of {pictures.shape}, originals of {originals.shape}"
            raise InputError(f"edited: {fault}")
    if len(indexes) != len(originals):
        raise InputError(f"indexes: {len(indexes)} rows of {len(originals)} images")


def _differences(
    axes: Axes, reconstructions: Pixels, edited: Sequence[Pixels], lefts: Sequence[int],
    tops: Sequence[int], zoom: int,
) -> int:  # fmt: skip
    """Draw the difference of each edit; returns their scale."""
    height, width = (side * zoom for side in reconstructions.shape[1:3])
    maps, scale = differences(reconstructions, edited)
    for left, of_edit in zip(lefts, _coloured(maps, scale), strict=True):
        for top, picture in zip(tops, of_edit, strict=True):
            style.show(axes, picture, left, top, zoom)
            style.frame(axes, left, top, width, height, style.HAIRLINE)
    return scale


def displays(results: EditResults, indexes: Sequence[int], command: str = "") -> NotebookFigure:
    """Draw the same decoded pictures in two displays, two rows for each image.

    The first row is on one scale: -1 is black and 1 is white. The second is what a plotting library
    shows for raw values in [-1, 1]: every value below 0 is black, and half of the range is lost.
    """
    decoded = [results.reconstructions, *(edit.pictures for edit in results.edits)]
    columns = np.stack(decoded, axis=1)
    clipped = np.clip(2 * columns.astype(np.int16) - 255, 0, 255).astype(np.uint8)
    return strip(
        np.stack([columns, clipped], axis=1).reshape(-1, *columns.shape[1:]),
        ["reconstruction", *(edit.text for edit in results.edits)],
        names=[f"image {i}, {form}" for i in indexes for form in ("one scale", "clipped at 0")],
        command=command,
    )


def _coloured(maps: NDArray[np.float32], scale: int) -> Pixels:
    """Signed maps as colours, uint8 (..., 3); zero is nearly white."""
    shares = 0.5 + maps / (2 * max(scale, 1))
    return np.asarray(colormaps[style.DIVERGING](shares, bytes=True)[..., :3])


def _legend(axes: Axes, left: int, top: int, width: int, scale: int) -> None:
    """Draw the colour bar of the differences below the first column."""
    text = "edit − reconstruction, in grey levels" if scale else "no edit changes a grey level"
    lines = style.wrap(text, width, SMALL)
    write(axes, left, top, lines, size=SMALL)
    if not scale:
        return
    top += tall(lines, SMALL) + GAP
    ramp = np.broadcast_to(np.linspace(-scale, scale, width, dtype=np.float32), (_BAR, width))
    style.show(axes, _coloured(ramp, scale), left, top, 1)
    style.frame(axes, left, top, width, _BAR, style.HAIRLINE)
    top += _BAR + 4
    ends = (
        (left, "left", f"−{scale}", "darker", style.BLUE),
        (left + width / 2, "center", "0", "", MUTED),
        (left + width, "right", f"+{scale}", "brighter", style.VERMILLION),
    )
    for place, align, value, meaning, colour in ends:
        write(axes, place, top, [value], size=SMALL, align=align)
        write(axes, place, top + tall([""], SMALL), [meaning], size=SMALL, colour=colour,
              align=align)  # fmt: skip
