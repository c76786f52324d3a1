"""The plate: original, reconstruction, each edit, and what the edit changed."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.latents.trial import Trial
from zatlas.pictures.strip import strip
from zatlas.pictures.style import (
    BLUE,
    DIVERGING,
    GAP,
    HAIRLINE,
    INK,
    MARGIN,
    MUTED,
    SMALL,
    TEXT,
    VERMILLION,
    Pixels,
    command_lines,
    frame,
    page,
    show,
    tall,
    wide,
    wrap,
    write,
    zoom_for,
)

_WIDE_COLUMNS = 6  # with more, pictures are drawn smaller
_BAR = 14  # height of the colour bar


def differences(
    reconstructions: Pixels, edited: Sequence[Pixels]
) -> tuple[NDArray[np.float32], int]:
    """What each edit changed: edit minus RECONSTRUCTION, so that its blur is not the edit's doing.

    Takes uint8 (N, H, W, C) and E such arrays. Returns the signed mean over channels in grey
    levels, (E, N, H, W), and the one scale of all of them: the largest change, rounded up, 0 where
    nothing changed.
    """
    before = reconstructions.astype(np.float32)
    maps = np.stack([(after.astype(np.float32) - before).mean(-1) for after in edited])
    return maps, int(np.ceil(np.abs(maps).max()))


def plate(
    originals: Pixels,
    reconstructions: Pixels,
    edited: Sequence[Pixels],
    *,
    titles: Sequence[str],
    notes: Sequence[Sequence[str]],
    names: Sequence[str],
    sentences: Sequence[str] = (),
    command: str = "",
) -> Figure:
    """One row an image: original, reconstruction, each edit, and under each edit its difference.

    Pictures are uint8 (N, H, W, C); ``edited`` holds E of them. ``titles`` are the E edits as
    typed, ``notes`` the lines that stand under each edit's column, ``names`` the N rows' names,
    ``sentences`` what was measured of the edits over many images, ``command`` what draws the plate
    again. All differences share one scale (see ``differences``),
    whose number is printed. Raises InputError where the parts are not of one size.
    """
    _check(originals, reconstructions, edited, titles, notes, names)
    height, width = originals.shape[1:3]
    columns = 2 + len(edited)
    zoom = zoom_for(height, width, 192 if columns <= _WIDE_COLUMNS else 128)
    cell_height, cell_width = height * zoom, max(width * zoom, 112)
    heads = [
        ["original"],
        ["reconstruction"],
        *(wrap(t, cell_width, TEXT, mono=True) for t in titles),
    ]
    feet = [[line for note in lines for line in wrap(note, cell_width, SMALL)] for lines in notes]
    lefts = [
        MARGIN + round(max(map(wide, names)) + 2 * GAP) + column * (cell_width + GAP)
        for column in range(columns)
    ]
    group = 2 * cell_height + GAP if edited else cell_height
    top = MARGIN + max(tall(head) for head in heads) + GAP
    tops = [top + row * (group + 2 * GAP) for row in range(len(originals))]
    foot = tops[-1] + group + GAP
    total_width = lefts[-1] + cell_width + MARGIN
    closing = command_lines(command, total_width - 2 * MARGIN)
    said = [line for text in sentences for line in wrap(text, total_width - 2 * MARGIN, SMALL)]
    told = foot + max([tall(lines, SMALL) for lines in feet], default=0) + GAP
    end = told + (tall(said, SMALL) + GAP if said else 0)
    figure, axes = page(total_width, end + (tall(closing, SMALL) if closing else 0) + MARGIN)

    for left, head, mono in zip(lefts, heads, [False, False] + [True] * len(edited), strict=True):
        write(axes, left, top - GAP - tall(head), head, mono=mono)
    for row, name in enumerate(names):
        write(axes, MARGIN, tops[row], [name])
        for left, pictures in zip(lefts, [originals, reconstructions, *edited], strict=True):
            show(axes, pictures[row], left, tops[row], zoom)
    if edited:
        maps, scale = differences(reconstructions, edited)
        for column, of_edit in enumerate(_coloured(maps, scale), 2):
            for row, picture in enumerate(of_edit):
                below = tops[row] + cell_height + GAP
                show(axes, picture, lefts[column], below, zoom)
                frame(axes, lefts[column], below, width * zoom, cell_height, HAIRLINE)
        _legend(axes, lefts[0], tops[0] + cell_height + GAP, lefts[2] - lefts[0] - 3 * GAP, scale)
    for left, lines in zip(lefts[2:], feet, strict=True):
        write(axes, left, foot, lines, size=SMALL, colour=MUTED)
    write(axes, MARGIN, told, said, size=SMALL)
    write(axes, MARGIN, end, closing, size=SMALL, colour=MUTED, mono=True)
    return figure


def trial_plate(
    trial: Trial, indexes: Sequence[int], command: str = "", sentences: Sequence[str] = ()
) -> Figure:
    """The plate of edits that were tried on the images of these indexes in their file."""
    return plate(
        trial.originals, trial.reconstructions, [tried.pictures for tried in trial.edits],
        titles=[tried.text for tried in trial.edits], notes=[tried.notes for tried in trial.edits],
        names=[f"image {index}" for index in indexes], sentences=sentences, command=command,
    )  # fmt: skip


def displays(trial: Trial, indexes: Sequence[int], command: str = "") -> Figure:
    """The same decoded pictures in two displays, two rows an image.

    First on one scale, black at -1 and white at 1; then as a plotting library shows raw values in
    [-1, 1]: everything below 0 black, so that half of the range is lost.
    """
    columns = np.stack([trial.reconstructions, *(tried.pictures for tried in trial.edits)], axis=1)
    clipped = np.clip(2 * columns.astype(np.int16) - 255, 0, 255).astype(np.uint8)
    return strip(
        np.stack([columns, clipped], axis=1).reshape(-1, *columns.shape[1:]),
        ["reconstruction", *(tried.text for tried in trial.edits)],
        names=[f"image {i}, {way}" for i in indexes for way in ("one scale", "clipped at 0")],
        command=command,
    )


def _coloured(maps: NDArray[np.float32], scale: int) -> Pixels:
    """Signed maps as uint8 colours (..., 3); zero is all but white."""
    colours: Pixels = colormaps[DIVERGING](0.5 + maps / (2 * max(scale, 1)), bytes=True)[..., :3]
    return colours


def _legend(axes: Axes, left: int, top: int, width: int, scale: int) -> None:
    """What the differences show and their one scale, in the free cells under the first image."""
    text = "edit − reconstruction, mean over channels" if scale else "no edit changes a grey level"
    lines = wrap(text, width, SMALL)
    write(axes, left, top, lines, size=SMALL, colour=INK)
    if not scale:
        return
    top += tall(lines, SMALL) + GAP
    ramp = np.broadcast_to(np.linspace(-scale, scale, width, dtype=np.float32), (_BAR, width))
    show(axes, _coloured(ramp, scale), left, top, 1)
    frame(axes, left, top, width, _BAR, HAIRLINE)
    top += _BAR + 4
    ends = ((left, f"−{scale}", "left"), (left + width / 2, "0", "center"),
            (left + width, f"+{scale}", "right"))  # fmt: skip
    for place, label, align in ends:
        write(axes, place, top, [label], size=SMALL, align=align)
    top += tall([""], SMALL)
    write(axes, left, top, ["darker"], size=SMALL, colour=BLUE)
    write(axes, left + width / 2, top, ["grey levels"], size=SMALL, colour=MUTED, align="center")
    write(axes, left + width, top, ["brighter"], size=SMALL, colour=VERMILLION, align="right")


def _check(
    originals: Pixels,
    reconstructions: Pixels,
    edited: Sequence[Pixels],
    titles: Sequence[str],
    notes: Sequence[Sequence[str]],
    names: Sequence[str],
) -> None:
    for pictures in (reconstructions, *edited):
        if pictures.shape != originals.shape or originals.ndim != 4 or not len(originals):
            raise InputError(f"plate: pictures of {pictures.shape} beside {originals.shape}")
    if not len(edited) == len(titles) == len(notes) or len(names) != len(originals):
        raise InputError(
            f"plate: {len(edited)} edits with {len(titles)} titles and {len(notes)} notes, "
            f"{len(originals)} images with {len(names)} names"
        )
