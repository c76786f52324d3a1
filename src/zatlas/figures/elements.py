"""Figures of effects: one element, one claim, all elements of an atlas."""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.evidence.account.naming import (
    SMALLEST_EFFECT_SD,
    WITH_A_SIGN,
    WITHOUT_A_SIGN,
    named_effects,
    size_sd,
    stated_part,
    upwards_only,
)
from zatlas.evidence.account.sentences import label, summary
from zatlas.evidence.records import (
    AtlasRecord,
    ClaimAnswer,
    ElementEffect,
    MoveEffect,
    PropertyEffect,
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
_WIDTH = 1360
_WORDS = _WIDTH - 3 * MARGIN  # letters are drawn a little wider than they are measured
_PICTURE, _MAP, _PLOT = 96, 224, 170
_COLOUR_BAR, _ROW, _FRAME = 12, 22, 4
_COLUMN, _BARS = 44, 300

_MARKS = (
    "dot: the step down does the opposite; diamond: both steps do the same; triangle: one step "
    "alone; bar or ±: up and down in different images, or uneven; hollow: not settled"
)
_CURVES = 3  # properties whose curve over the sweep is drawn
_PROPERTIES = 16  # in one plot of effects
_ELEMENTS = 40  # in the overview


def element_page(
    effect: MoveEffect, sweep: Pixels, absolute: Map, signed: Map, *, faces: Sequence[str]
) -> NotebookFigure:
    """Draw one element: sentence, sweep, maps, curves, effects on properties.

    Parameters
    ----------
    effect : what was measured.
    sweep : uint8 (F, T, H, W, C): F images at each of the T steps of ``effect.steps``.
    absolute : (H, W), the mean absolute change in grey levels.
    signed : (H, W, C), the mean change in grey levels.
    faces : the names of the F images.

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
    brief = wrap(f"{subject}{summary(effect)}", _WORDS, bold=True)
    lines = wrap(effect.sentence, _WORDS, SMALL)
    zoom = zoom_for(sweep.shape[2], sweep.shape[3], _PICTURE)
    height, width = sweep.shape[2] * zoom, sweep.shape[3] * zoom
    first = MARGIN + round(max(map(wide, faces))) + GAP
    shown = _by_family(_largest(effect.effects.values(), _PROPERTIES))
    top = MARGIN + tall(brief) + tall(lines, SMALL) + 3 * GAP
    sweep_end = top + tall([""], SMALL) + GAP + len(sweep) * (height + GAP)
    right = first + sweep.shape[1] * (width + GAP) + 3 * GAP
    curves_top = top + 2 * TEXT + _MAP + 5 * TEXT
    effects_top = max(sweep_end, curves_top + _PLOT + 3 * TEXT) + 5 * TEXT
    end = effects_top + len(shown) * _ROW + 3 * TEXT
    figure, axes = page(_WIDTH, end)
    write(axes, MARGIN, MARGIN, brief, bold=True)
    write(axes, MARGIN, MARGIN + tall(brief) + GAP // 2, lines, size=SMALL)
    _sweep(axes, effect.steps, sweep, faces, first, top, zoom)
    _map(figure, axes, absolute, right, top, "mean absolute change", "magma", False)
    _map(
        figure, axes, signed.mean(-1), right + _MAP + 12 * GAP, top, "mean change", DIVERGING, True
    )
    _curves(figure, axes, effect, right, curves_top, _WIDTH - MARGIN)
    _effects(figure, axes, shown, effect.n, effects_top)
    return figure


def claim_page(answer: ClaimAnswer, effect: MoveEffect) -> NotebookFigure:
    """Draw a claim, its verdict, how it was read, and the effects that it was compared with.

    The properties that the claim names are in bold. ``effect`` is the effect of the element that
    the claim is about.
    """
    shown = _by_family(_largest(effect.effects.values(), _PROPERTIES))
    shown += [effect.effects[name] for name in answer.meant if effect.effects[name] not in shown]
    claim = wrap(f"“{answer.claim}”", _WORDS, bold=True)
    read = [f"{answer.stands_for}."] if answer.stands_for else []
    lines = [line for text in (f"{answer.verdict}.", *read) for line in wrap(text, _WORDS)]
    top = MARGIN + tall(claim) + tall(lines) + 6 * TEXT
    figure, axes = page(_WIDTH, top + _ROW * len(shown) + 2 * TEXT)
    write(axes, MARGIN, MARGIN, claim, bold=True)
    write(axes, MARGIN, MARGIN + tall(claim), lines)
    _effects(figure, axes, shown, effect.n, top, answer.meant)
    return figure


def overview(atlas: AtlasRecord) -> NotebookFigure:
    """Draw all elements of an atlas: the size of each, and its effect on every property.

    The largest effect comes first. At most 40 elements are drawn. Properties that the network does
    not draw have no column; their names stand below the table.
    """
    elements = atlas.elements[:_ELEMENTS]
    names, undrawn = _columns(atlas)
    labels = [label(element) for element in elements]
    first = MARGIN + round(max(map(wide, labels))) + GAP
    table_left = first + _BARS + 3 * GAP
    top = MARGIN + round(max(wide(n, SMALL) for n in names) * 0.72) + 5 * GAP
    width = max(table_left + _COLUMN * len(names) + 130, 1000)
    height = _ROW * len(elements)
    notes = [f"the {len(elements)} strongest of {len(atlas)} elements"] * (
        len(atlas) > len(elements)
    )
    notes += [_MARKS, "a white mark: a sentence names it"]
    if undrawn:
        notes.append(f"not drawn by the network, so not shown: {', '.join(undrawn)}")
    lines = [line for note in notes for line in wrap(note, width - 3 * MARGIN, SMALL)]
    notes_top = top + height + 4 * TEXT
    figure, axes = page(width, notes_top + tall(lines, SMALL))
    for row, text in enumerate(labels):
        write(axes, MARGIN, top + row * _ROW + 2, [text])
    _sizes(panel(figure, first, top, _BARS, height), elements)
    table_panel = panel(figure, table_left, top, _COLUMN * len(names), height)
    _table(table_panel, elements, names)
    bar_left = table_left + _COLUMN * len(names) + 2 * GAP
    _colour_bar(figure, table_panel.images[0], bar_left, top, height,
                "effect of 1 sd, in sd over real images")  # fmt: skip
    write(axes, MARGIN, notes_top, lines, size=SMALL, colour=MUTED)
    return figure


def _largest(effects: Iterable[PropertyEffect], count: int) -> list[PropertyEffect]:
    """The largest effects; those on properties that the network does not draw come last."""
    return sorted(effects, key=lambda one: (one.drawn is False, -size_sd(one)))[:count]


def _by_family(effects: Sequence[PropertyEffect]) -> list[PropertyEffect]:
    """The same effects, members of a family below each other."""
    families = list(dict.fromkeys(map(_family, effects)))
    return sorted(effects, key=lambda one: families.index(_family(one)))


def _columns(atlas: AtlasRecord) -> tuple[list[str], list[str]]:
    """The names of the properties with a column, members of a family beside each other.

    The second list has those that the network does not draw. If it draws none, all have a column.
    """
    families = list(
        dict.fromkeys((p.kind == "factor", p.family or p.name) for p in atlas.properties)
    )
    ordered = sorted(
        atlas.properties, key=lambda p: families.index((p.kind == "factor", p.family or p.name))
    )
    names = [p.name for p in ordered]
    first = atlas.elements[0].effects
    shown = [name for name in names if first[name].drawn is not False] or names
    return shown, [name for name in names if name not in shown]


def _marker(effect: PropertyEffect) -> str:
    """The matplotlib marker of what is said of an effect."""
    if effect.finding == "one way":
        return "^" if upwards_only(effect) else "v"
    return {"either way": "D", "opposite": "$\\pm$", "uneven": "$\\pm$"}.get(effect.finding, "o")


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


def _sizes(axes: Axes, elements: Sequence[ElementEffect]) -> None:
    """Draw a bar for the size of each element, with its interval."""
    at = np.arange(len(elements))
    size = np.array([element.size for element in elements])
    low = np.array([element.size_low or 0.0 for element in elements])
    high = np.array([element.size_high or 0.0 for element in elements])
    axes.barh(at, size, height=0.62, color=HAIRLINE)
    axes.hlines(at, low, high, color=INK, lw=1.2)
    reach = max(high.max(), size.max(), 1e-6) * 1.05
    axes.set(ylim=(len(elements) - 0.5, -0.5), xlim=(0, reach), yticks=[])
    axes.set_xlabel("mean change of a pixel for 1 sd, grey levels", fontsize=5.5, color=INK)


def _table(axes: Axes, elements: Sequence[ElementEffect], names: Sequence[str]) -> None:
    """Draw the effect of each element on each property as a colour, with a mark of its finding."""
    effects = [[element.effects[name] for name in names] for element in elements]
    values = np.array([[_signed_sd(effect) for effect in row] for row in effects])
    limit = max(float(np.abs(values).max()), SMALLEST_EFFECT_SD)
    axes.imshow(values, cmap=DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
    for row, line in enumerate(effects):
        for column, effect in enumerate(line):
            _mark_cell(axes, column, row, effect)
    axes.set(yticks=[], xticks=np.arange(len(names)))
    axes.xaxis.tick_top()
    axes.set_xticklabels(names, rotation=45, ha="left", fontsize=5.5, color=INK, parse_math=False)
    axes.tick_params(length=0)


def _mark_cell(axes: Axes, column: int, row: int, effect: PropertyEffect) -> None:
    marker = _marker(effect)
    if effect.named:
        axes.scatter(column, row, s=12, marker=marker, color="white", edgecolors=INK, lw=0.6)
    elif effect.drawn is not False and effect.finding in WITHOUT_A_SIGN:
        axes.scatter(column, row, s=14, marker=marker, color=INK, lw=0.2)
    elif effect.drawn is not False and effect.finding == "not settled" and effect.mean_sd:
        axes.scatter(column, row, s=5, marker="o", facecolors="none", edgecolors=MUTED, lw=0.5)


def _signed_sd(effect: PropertyEffect) -> float:
    """The number that a cell shows: what its finding speaks of, or the mean."""
    part = stated_part(effect) if effect.finding in WITH_A_SIGN else effect.mean_part
    return part.value_sd or 0.0


def _colour_bar(
    figure: Figure, drawn: AxesImage, left: float, top: float, height: float, name: str
) -> None:
    bar = figure.colorbar(drawn, cax=panel(figure, left, top, _COLOUR_BAR, height))
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=5.5, colors=MUTED, length=2)
    bar.set_label(name, fontsize=5.5, color=INK)


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
    _colour_bar(figure, drawn, left + width + GAP, top + 2 * TEXT, height, "grey levels")


def _curves(
    figure: Figure, axes: Axes, effect: MoveEffect, left: float, top: float, right: float
) -> None:
    """Draw changes from the own code: a thin line for each image, the mean in bold."""
    columns = {name: k for k, name in enumerate(effect.effects)}
    width = (right - left - (_CURVES - 1) * 7 * GAP) / _CURVES
    lines, curve = np.array(effect.lines, float), np.array(effect.curve, float)
    own = int(np.abs(effect.steps).argmin())
    lines, curve = lines - lines[:, [own]], curve - curve[own]
    ranked = [*named_effects(effect), *_largest(effect.effects.values(), len(columns))]
    of_family: dict[str, PropertyEffect] = {}
    for one in ranked:
        of_family.setdefault(_family(one), one)
    for place, shown in enumerate([*of_family.values()][:_CURVES]):
        start, k = left + place * (width + 7 * GAP), columns[shown.name]
        unit = f", {shown.unit}" if shown.unit else ""
        write(axes, start, top - 2 * TEXT, [f"change of {shown.name}{unit}"], size=SMALL)
        plot = panel(figure, start + 3 * GAP, top, width - 3 * GAP, _PLOT)
        plot.plot(effect.steps, lines[:, :, k].T, color=MUTED, lw=0.6)
        plot.plot(effect.steps, curve[:, k], color=BLUE, lw=1.8)
        plot.grid(color=HAIRLINE, lw=0.4)
        plot.set_xticks(effect.steps)
        is_element = isinstance(effect, ElementEffect)
        plot.set_xlabel("sd" if is_element else "fraction of the edit", fontsize=5.5)


def _effects(
    figure: Figure, axes: Axes, effects: Sequence[PropertyEffect], n: int, top: float,
    bold: Collection[str] = (),
) -> None:  # fmt: skip
    """Draw effects with their intervals, in sd over real images; a coloured one may be named."""
    write(axes, MARGIN, top - 4 * TEXT,
          [f"effects over {n} images; vermillion: a sentence may name it; blue: large without a "
           "direction; grey name: the network does not draw it", _MARKS], size=SMALL)  # fmt: skip
    left = MARGIN + round(max(wide(effect.name, bold=True) for effect in effects)) + 2 * GAP
    width = _WIDTH - MARGIN - left - 330
    plot = panel(figure, left, top - TEXT // 2, width, _ROW * len(effects))
    plot.axvline(0, color=MUTED, lw=0.8)
    for edge in (-SMALLEST_EFFECT_SD, SMALLEST_EFFECT_SD):
        plot.axvline(edge, color=HAIRLINE, lw=0.8, ls=(0, (4, 3)))
    for row, effect in enumerate(effects):
        colour = _colour(effect)
        _mark(plot, row, effect, colour)
        if row and _family(effect) != _family(effects[row - 1]):
            plot.axhline(row - 0.5, color=HAIRLINE, lw=0.4)
        above = top - TEXT // 2 + row * _ROW + 2
        write(axes, MARGIN, above, [effect.name], bold=effect.name in bold,
              colour=MUTED if effect.drawn is False else INK)  # fmt: skip
        write(axes, _WIDTH - MARGIN - 310, above, [_numbers(effect)], size=SMALL, colour=colour)
    plot.set(ylim=(len(effects) - 0.5, -0.5), yticks=[])
    parts = [part for effect in effects for part in (effect.mean_part, stated_part(effect))]
    ends = [abs(end or 0.0) for part in parts for end in (part.low_sd, part.high_sd)]
    reach = max([0.3, *ends]) * 1.08
    plot.set_xlim(-reach, reach)
    plot.set_xlabel("effect, sd over real images", fontsize=5.5, color=INK)


def _family(effect: PropertyEffect) -> str:
    return effect.family or effect.name


def _colour(effect: PropertyEffect) -> str:
    """Vermillion for a name, blue for a large effect without a sign, else grey."""
    if effect.named:
        return VERMILLION
    told = effect.finding in WITHOUT_A_SIGN and effect.drawn is not False
    return BLUE if told else MUTED


def _mark(plot: Axes, row: int, effect: PropertyEffect, colour: str) -> None:
    """Draw what the finding speaks of: an estimate with its interval, or its size to both sides."""
    part = stated_part(effect)
    if effect.finding in WITHOUT_A_SIGN:
        size = size_sd(effect)
        plot.hlines(row, -size, size, color=colour, lw=0.8)
        plot.plot([-size, size], [row, row], "|", ms=7, mew=1.5, color=colour)
        return
    if part.low_sd is not None and part.high_sd is not None:
        plot.hlines(row, part.low_sd, part.high_sd, color=colour, lw=2)
    hollow = effect.finding == "not settled"
    plot.plot(part.value_sd or 0.0, row, _marker(effect), ms=4 if effect.named else 3.5,
              color=colour, mfc="white" if hollow else colour)  # fmt: skip


def _numbers(effect: PropertyEffect) -> str:
    """The effect in its unit, and what is said of it: "+8.1 L*; same sign in 97 %"."""
    part = stated_part(effect)
    sign = "" if effect.finding in WITHOUT_A_SIGN else "+"
    size = f"{part.value:{sign}.3g} {effect.unit}".strip() if part.value else "0"
    if effect.drawn is False:
        return f"{size}; not drawn by the network"
    if effect.finding == "directed":
        return f"{size}; same sign in {100 * effect.agree:.0f} %"
    if effect.finding == "opposite":
        return f"{size}; up in {100 * (effect.rises or 0.0):.0f} % of images"
    one = "upwards only" if upwards_only(effect) else "downwards only"
    words = {"uneven": "in some images much more", "one way": one}
    return f"{size}; {words.get(effect.finding, effect.finding)}"
