"""The figure of all elements: how much each changes, and what."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from zatlas.evidence.account.naming import (
    SMALLEST_EFFECT_SD,
    WITH_A_SIGN,
    WITHOUT_A_SIGN,
    stated_part,
)
from zatlas.evidence.account.number_words import spaced
from zatlas.evidence.account.sentences import label
from zatlas.evidence.records import AtlasRecord, ElementEffect, PropertyEffect
from zatlas.figures.effects import MARKS, ROW, colour_bar, marker
from zatlas.figures.style import (
    DIVERGING,
    GAP,
    HAIRLINE,
    INK,
    MARGIN,
    MUTED,
    SMALL,
    TEXT,
    NotebookFigure,
    page,
    panel,
    tall,
    wide,
    wrap,
    write,
)

_COLUMN, _BARS = 28, 200  # figure pixels
_ELEMENTS = 256  # drawn, at most


@dataclass(frozen=True)
class _Layout:
    """What is drawn, and where, in figure pixels."""

    elements: Sequence[ElementEffect]
    names: list[str]
    notes: list[str]
    first: int
    top: int
    width: int

    @property
    def notes_top(self) -> int:
        """Below the rows and the axis."""
        return self.top + ROW * len(self.elements) + 4 * TEXT

    @property
    def height(self) -> int:
        """Of the whole figure."""
        return self.notes_top + tall(self.notes, SMALL) + MARGIN


def overview(atlas: AtlasRecord) -> NotebookFigure:
    """Draw all elements of an atlas: the size of each, and its effect on every property.

    The largest effect comes first. At most 256 elements are drawn. Properties that the network does
    not draw have no column; their names stand below the table.
    """
    at = _arranged(atlas)
    height, columns = ROW * len(at.elements), _COLUMN * len(at.names)
    left = at.first + _BARS + 3 * GAP
    figure, axes = page(at.width, at.height - MARGIN)
    for row, element in enumerate(at.elements):
        write(axes, MARGIN, at.top + row * ROW + 2, [label(element)])
    _sizes(panel(figure, at.first, at.top, _BARS, height), at.elements)
    table = panel(figure, left, at.top, columns, height)
    _table(table, at.elements, at.names)
    colour_bar(figure, table.images[0], left + columns + 2 * GAP, at.top, min(height, 20 * ROW),
               "effect of 1 sd, in sd over real images")  # fmt: skip
    write(axes, MARGIN, at.notes_top, at.notes, size=SMALL, colour=MUTED)
    return figure


def element_rows(atlas: AtlasRecord) -> dict[int, tuple[float, float]]:
    """Where the row of each element is in the overview: top and height, of the figure's height."""
    at = _arranged(atlas)
    return {
        element.element: ((at.top + row * ROW) / at.height, ROW / at.height)
        for row, element in enumerate(at.elements)
    }


def _arranged(atlas: AtlasRecord) -> _Layout:
    elements = atlas.elements[:_ELEMENTS]
    names, undrawn = _columns(atlas)
    first = MARGIN + round(max(wide(label(element)) for element in elements)) + GAP
    top = MARGIN + round(max(wide(n, SMALL) for n in names) * 0.72) + 5 * GAP
    width = max(first + _BARS + 3 * GAP + _COLUMN * len(names) + 130, 800)
    notes = [f"the {len(elements)} strongest of {len(atlas)} elements"] * (
        len(atlas) > len(elements)
    )
    notes += [MARKS, "a white mark: a sentence names it"]
    if undrawn:
        notes.append(f"not drawn by the network, so not shown: {spaced(', '.join(undrawn))}")
    lines = [line for note in notes for line in wrap(note, width - 3 * MARGIN, SMALL)]
    return _Layout(elements, names, lines, first, top, width)


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
    axes.set_xticklabels(
        map(spaced, names), rotation=45, ha="left", fontsize=5.5, color=INK, parse_math=False
    )
    axes.tick_params(length=0)


def _mark_cell(axes: Axes, column: int, row: int, effect: PropertyEffect) -> None:
    shape = marker(effect)
    if effect.named:
        axes.scatter(column, row, s=12, marker=shape, color="white", edgecolors=INK, lw=0.6)
    elif effect.drawn is not False and effect.finding in WITHOUT_A_SIGN:
        axes.scatter(column, row, s=14, marker=shape, color=INK, lw=0.2)
    elif effect.drawn is not False and effect.finding == "not settled" and effect.mean_sd:
        axes.scatter(column, row, s=5, marker="o", facecolors="none", edgecolors=MUTED, lw=0.5)


def _signed_sd(effect: PropertyEffect) -> float:
    """The number that a cell shows: what its finding speaks of, or the mean."""
    part = stated_part(effect) if effect.finding in WITH_A_SIGN else effect.mean_part
    return part.value_sd or 0.0
