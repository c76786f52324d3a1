"""Figures of one element and of one claim."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.evidence.account.naming import named_effects
from zatlas.evidence.account.number_words import spaced
from zatlas.evidence.account.sentences import label
from zatlas.evidence.directions.records import DirectionEffect
from zatlas.evidence.records import ClaimAnswer, ElementEffect, MoveEffect, PropertyEffect
from zatlas.figures.effects import (
    ROW,
    WIDTH,
    by_family,
    colour_bar,
    effect_rows,
    family_of,
    largest,
)
from zatlas.figures.style import (
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
    NotebookFigure,
    Pixels,
    frame,
    page,
    panel,
    show,
    tall,
    wide,
    wrap,
    write,
    zoom_for,
)

Map = NDArray[np.floating]

# sizes in figure pixels
_WORDS = WIDTH - 3 * MARGIN  # letters are drawn a little wider than they are measured
_PICTURE, _MAP, _PLOT, _FRAME = 128, 216, 170, 4

_CURVES = 3  # properties whose curve over the sweep is drawn
_PROPERTIES = 16  # in one plot of effects


def element_page(
    effect: MoveEffect, sweep: Pixels, absolute: Map, signed: Map, *, faces: Sequence[str],
    words: bool = True,
) -> NotebookFigure:  # fmt: skip
    """Draw one element: sentence, sweep, maps, curves, effects on properties.

    Parameters
    ----------
    effect : what was measured.
    sweep : uint8 (F, T, H, W, C): F images at each of the T steps of ``effect.steps``.
    absolute : (H, W), the mean absolute change in grey levels.
    signed : (H, W, C), the mean change in grey levels.
    faces : the names of the F images.
    words : whether the summary and the sentence are written above.

    Raises
    ------
    InputError
        The sweep has another number of images or steps.
    """
    if sweep.ndim != 5 or sweep.shape[:2] != (len(faces), len(effect.steps)):
        raise InputError(
            f"sweep: shape {sweep.shape}; give {len(faces)} images at {len(effect.steps)} steps"
        )
    subject = f"{label(effect)}: " if isinstance(effect, ElementEffect) else ""
    brief = wrap(f"{subject}{effect.summary}", _WORDS, bold=True) if words else []
    lines = wrap(effect.sentence, _WORDS, SMALL) if words else []
    zoom = zoom_for(sweep.shape[2], sweep.shape[3], _PICTURE)
    height, width = sweep.shape[2] * zoom, sweep.shape[3] * zoom
    first = MARGIN + round(max(map(wide, faces))) + GAP
    shown = by_family(largest(effect.effects.values(), _PROPERTIES))
    top = MARGIN + tall(brief) + tall(lines, SMALL) + 3 * GAP * words
    right = first + sweep.shape[1] * (width + GAP) + 3 * GAP
    below = 2 * TEXT + _MAP + 2 * TEXT  # the second map stands below the first
    sweep_end = top + tall([""], SMALL) + GAP + len(sweep) * (height + GAP)
    curves_top = max(sweep_end, top + 2 * below) + 3 * TEXT
    effects_top = curves_top + _PLOT + 8 * TEXT
    end = effects_top + len(shown) * ROW + 3 * TEXT
    figure, axes = page(max(WIDTH, right + _MAP + 10 * GAP), end)
    write(axes, MARGIN, MARGIN, brief, bold=True)
    write(axes, MARGIN, MARGIN + tall(brief) + GAP // 2, lines, size=SMALL)
    _sweep(axes, effect.steps, sweep, faces, first, top, zoom)
    _map(figure, axes, absolute, right, top, "mean absolute change", "magma", False)
    _map(figure, axes, signed.mean(-1), right, top + below, "mean change", DIVERGING, True)
    _curves(figure, axes, effect, MARGIN, curves_top, WIDTH - MARGIN)
    effect_rows(figure, axes, shown, effect.n, effects_top)
    return figure


def claim_page(answer: ClaimAnswer, effect: MoveEffect) -> NotebookFigure:
    """Draw a claim, its verdict, how it was read, and the effects that it was compared with.

    The properties that the claim names are in bold. ``effect`` is the effect of the element that
    the claim is about.
    """
    shown = by_family(largest(effect.effects.values(), _PROPERTIES))
    shown += [effect.effects[name] for name in answer.meant if effect.effects[name] not in shown]
    claim = wrap(f"“{answer.claim}”", _WORDS, bold=True)
    read = [f"{answer.stands_for}."] if answer.stands_for else []
    lines = [line for text in (f"{answer.verdict}.", *read) for line in wrap(text, _WORDS)]
    top = MARGIN + tall(claim) + tall(lines) + 6 * TEXT
    figure, axes = page(WIDTH, top + ROW * len(shown) + 2 * TEXT)
    write(axes, MARGIN, MARGIN, claim, bold=True)
    write(axes, MARGIN, MARGIN + tall(claim), lines)
    effect_rows(figure, axes, shown, effect.n, top, answer.meant)
    return figure


def _sweep(
    axes: Axes, steps: Sequence[float], sweep: Pixels, faces: Sequence[str], first: int, top: int,
    zoom: int,
) -> None:  # fmt: skip
    """Draw the sweep, a row for each image; an image's own code is framed."""
    height, width = sweep.shape[2] * zoom, sweep.shape[3] * zoom
    rows = top + tall([""], SMALL) + GAP
    for row, name in enumerate(faces):
        write(axes, MARGIN, rows + row * (height + GAP), [name], size=SMALL, colour=MUTED)
    for column, step in enumerate(steps):
        left = first + column * (width + GAP)
        write(axes, left + width / 2, top, [f"{step:+g} sd" if step else "own code"], size=SMALL,
              align="center", colour=INK if step else VERMILLION)  # fmt: skip
        for row, pictures in enumerate(sweep):
            above = rows + row * (height + GAP)
            show(axes, pictures[column], left, above, zoom)
            if not step:
                frame(axes, left, above, width, height, VERMILLION, _FRAME)


def _map(
    figure: Figure, axes: Axes, values: Map, left: float, top: float, name: str, cmap: str,
    signed: bool,
) -> None:  # fmt: skip
    """Draw one map with its colour bar; a signed one is symmetric around 0."""
    write(axes, left, top, [name], size=SMALL, colour=INK)
    limit = max(float(np.abs(values).max()), 1e-6)
    scale = min(_MAP / values.shape[0], _MAP / values.shape[1])
    height, width = values.shape[0] * scale, values.shape[1] * scale
    plot = panel(figure, left, top + 2 * TEXT, width, height)
    drawn = plot.imshow(
        values, cmap=colormaps[cmap], vmin=-limit if signed else 0, vmax=limit, aspect="auto",
        interpolation="none",
    )  # fmt: skip
    plot.set(xticks=[], yticks=[])
    for spine in plot.spines.values():
        spine.set_visible(False)
    colour_bar(figure, drawn, left + width + GAP, top + 2 * TEXT, height, "grey levels")


def _curves(
    figure: Figure, axes: Axes, effect: MoveEffect, left: float, top: float, right: float
) -> None:
    """Draw changes from the own code: a thin line for each image, the mean in bold."""
    columns = {name: k for k, name in enumerate(effect.effects)}
    width = (right - left - (_CURVES - 1) * 7 * GAP) / _CURVES
    lines, curve = np.array(effect.lines, float), np.array(effect.curve, float)
    own = int(np.abs(effect.steps).argmin())
    lines, curve = lines - lines[:, [own]], curve - curve[own]
    ranked = [*named_effects(effect), *largest(effect.effects.values(), len(columns))]
    of_family: dict[str, PropertyEffect] = {}
    for one in ranked:
        of_family.setdefault(family_of(one), one)
    for place, shown in enumerate([*of_family.values()][:_CURVES]):
        start, k = left + place * (width + 7 * GAP), columns[shown.name]
        unit = f", {shown.unit}" if shown.unit else ""
        write(axes, start, top - 2 * TEXT, [f"change of {spaced(shown.name)}{unit}"], size=SMALL)
        plot = panel(figure, start + 3 * GAP, top, width - 3 * GAP, _PLOT)
        plot.plot(effect.steps, lines[:, :, k].T, color=MUTED, lw=0.6)
        plot.plot(effect.steps, curve[:, k], color=BLUE, lw=1.8)
        plot.grid(color=HAIRLINE, lw=0.4)
        plot.set_xticks(effect.steps)
        by_sd = isinstance(effect, ElementEffect | DirectionEffect)
        plot.set_xlabel("sd" if by_sd else "fraction of the edit", fontsize=5.5)
