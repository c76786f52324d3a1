"""The plate of edits: original, reconstruction, each edit, and its difference."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.figures import style
from zatlas.figures.strip import strip
from zatlas.figures.style import GAP, MARGIN, MUTED, SMALL, NotebookFigure, Pixels, tall, write
from zatlas.latents.edit_results import EditResults

_LARGE_COLUMNS = 6  # with more columns, pictures are drawn smaller
_LARGE, _SMALLER = 192, 128  # figure pixels of a picture's longer side, at most
_BAR = 14  # height of the colour bar, in figure pixels


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
    results: EditResults, indexes: Sequence[int], command: str = "", sentences: Sequence[str] = ()
) -> NotebookFigure:
    """Draw one row for each image: original, reconstruction, each edit with its difference below.

    All differences share one scale (see :func:`differences`); its number is written on the plate.
    Raises InputError where the shapes of the pictures or the number of indexes do not fit.

    Parameters
    ----------
    results : N images, their reconstructions and E edits; N is 1 or more.
    indexes : the rows of the images in their file.
    command : the command that draws the plate again.
    sentences : what was measured of the edits over many images.
    """
    originals, edited = results.originals, [edit.pictures for edit in results.edits]
    columns = [originals, results.reconstructions, *edited]
    for pictures in columns:
        if pictures.shape != originals.shape or originals.ndim != 4 or not len(originals):
            fault = f"pictures of {pictures.shape}, originals of {originals.shape}"
            raise InputError(f"edited: {fault}")
    if len(indexes) != len(originals):
        raise InputError(f"indexes: {len(indexes)} rows of {len(originals)} images")
    height, width = originals.shape[1:3]
    zoom = style.zoom_for(height, width, _LARGE if len(columns) <= _LARGE_COLUMNS else _SMALLER)
    cell_height, cell_width = height * zoom, max(width * zoom, 112)
    titles = [style.wrap(edit.text, cell_width, mono=True) for edit in results.edits]
    heads = [["original"], ["reconstruction"], *titles]
    feet = [
        [line for note in edit.notes for line in style.wrap(note, cell_width, SMALL)]
        for edit in results.edits
    ]
    names = [f"image {index}" for index in indexes]
    lefts, total_width = style.columns(names, len(columns), cell_width)
    group = 2 * cell_height + GAP if edited else cell_height
    top = MARGIN + max(map(tall, heads)) + GAP
    tops = [top + row * (group + 2 * GAP) for row in range(len(originals))]
    foot = tops[-1] + group + GAP
    words = [line for t in sentences for line in style.wrap(t, total_width - 2 * MARGIN, SMALL)]
    words_top = foot + max([tall(lines, SMALL) for lines in feet], default=0) + GAP
    end = words_top + (tall(words, SMALL) + GAP if words else 0)
    figure, axes = style.page(total_width, end, command)

    for column, (left, head) in enumerate(zip(lefts, heads, strict=True)):
        write(axes, left, top - GAP - tall(head), head, mono=column > 1)
    style.rows(axes, names, columns, lefts, tops, zoom)
    if edited:
        scale = _differences_below(axes, results.reconstructions, edited, lefts[2:], tops, zoom)
        _legend(axes, lefts[0], tops[0] + cell_height + GAP, lefts[2] - lefts[0] - 3 * GAP, scale)
    for left, lines in zip(lefts[2:], feet, strict=True):
        write(axes, left, foot, lines, size=SMALL, colour=MUTED)
    write(axes, MARGIN, words_top, words, size=SMALL)
    return figure


def _differences_below(
    axes: Axes, reconstructions: Pixels, edited: Sequence[Pixels], lefts: Sequence[int],
    tops: Sequence[int], zoom: int,
) -> int:  # fmt: skip
    """Draw the difference of each edit below its picture; returns their scale."""
    height, width = (side * zoom for side in reconstructions.shape[1:3])
    maps, scale = differences(reconstructions, edited)
    for left, of_edit in zip(lefts, _coloured(maps, scale), strict=True):
        for top, picture in zip(tops, of_edit, strict=True):
            below = top + height + GAP
            style.show(axes, picture, left, below, zoom)
            style.frame(axes, left, below, width, height, style.HAIRLINE)
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
    """Draw the colour bar of the differences in the empty cells below the first image."""
    text = "edit − reconstruction, mean over channels" if scale else "no edit changes a grey level"
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
        (left + width / 2, "center", "0", "grey levels", MUTED),
        (left + width, "right", f"+{scale}", "brighter", style.VERMILLION),
    )
    for place, align, value, meaning, colour in ends:
        write(axes, place, top, [value], size=SMALL, align=align)
        write(axes, place, top + tall([""], SMALL), [meaning], size=SMALL, colour=colour,
              align=align)  # fmt: skip
