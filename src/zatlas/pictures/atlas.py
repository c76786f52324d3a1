"""The atlas in pictures: a page for an element or an edit, and all elements at a glance."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zatlas.evidence.sentences import label
from zatlas.pictures.style import (
    BLUE,
    DIVERGING,
    DPI,
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

Record = Mapping[str, Any]
Map = NDArray[np.floating]

_WIDTH = 1360
_CELL, _MAP = 96, 224
_CURVES = 3  # properties whose sweep is drawn
_ROWS = 16  # properties in a forest plot
_HEAT = 40  # elements in the table of all
_BAR, _LINE = 12, 22


def element_page(
    record: Record, sweep: Pixels, absolute: Map, signed: Map, *, faces: Sequence[str],
    command: str = "",
) -> Figure:  # fmt: skip
    """What one element does: sentence, sweep, where, how much of each property, how it grows.

    ``record`` is one of the atlas's ``elements``; ``sweep`` uint8 (F, T, H, W, C) shows F faces at
    its T steps; ``absolute`` (H, W) and ``signed`` (H, W, C) are its maps in grey levels.
    """
    lines = wrap(record["sentence"], _WIDTH - 2 * MARGIN)
    zoom = zoom_for(sweep.shape[2], sweep.shape[3], _CELL)
    height, width = sweep.shape[2] * zoom, sweep.shape[3] * zoom
    labels = round(max(map(wide, faces))) + GAP
    strip_width = labels + sweep.shape[1] * (width + GAP)
    cells = _largest(record["cells"], _ROWS)
    top = MARGIN + tall(lines) + 2 * GAP
    strip_end = top + tall([""], SMALL) + GAP + len(sweep) * (height + GAP)
    right = MARGIN + strip_width + 3 * GAP
    curves_top = top + 2 * TEXT + _MAP + 5 * TEXT
    curves_end = curves_top + 170
    forest_top = max(strip_end, curves_end + 3 * TEXT) + 4 * TEXT
    end = forest_top + len(cells) * _LINE + 4 * TEXT
    closing = command_lines(command, _WIDTH - 2 * MARGIN)
    figure, axes = page(_WIDTH, end + tall(closing, SMALL) + MARGIN)
    write(axes, MARGIN, MARGIN, lines)

    for column, step in enumerate(record["steps"]):
        left = MARGIN + labels + column * (width + GAP)
        name = f"{step:+g} sd" if step else "own code"
        write(axes, left + width / 2, top, [name], size=SMALL, align="center",
              colour=INK if step else VERMILLION)  # fmt: skip
        for row, pictures in enumerate(sweep):
            above = top + tall([""], SMALL) + GAP + row * (height + GAP)
            show(axes, pictures[column], left, above, zoom)
            if not step:
                frame(axes, left, above, width, height, VERMILLION, 3)
            if column == 0:
                write(axes, MARGIN, above, [faces[row]], size=SMALL, colour=MUTED)

    _map(figure, axes, absolute, right, top, "mean absolute change", "magma", False)
    _map(
        figure, axes, signed.mean(-1), right + _MAP + 12 * GAP, top, "mean change", DIVERGING, True
    )
    _curves(figure, axes, record, right, curves_top, _WIDTH - MARGIN)
    _forest(figure, axes, cells, record["n"], forest_top)
    write(axes, MARGIN, end, closing, size=SMALL, colour=MUTED, mono=True)
    return figure


def claim_page(answer: Record, record: Record) -> Figure:
    """A claim, its verdict, and the effects it was judged by; what it speaks of in bold.

    ``answer`` is that of ``evidence.claims.judged``, ``record`` the measured one it answers from.
    """
    width = _WIDTH - 2 * MARGIN
    cells = _largest(record["cells"], _ROWS)
    cells += [c for c in record["cells"] if c["name"] in answer["meant"] and c not in cells]
    said = wrap(f"“{answer['claim']}”", width, bold=True)
    lines = wrap(f"{answer['verdict']}.", width)
    top = MARGIN + tall(said) + tall(lines) + 5 * TEXT
    figure, axes = page(_WIDTH, top + _LINE * len(cells) + 2 * TEXT + MARGIN)
    write(axes, MARGIN, MARGIN, said, bold=True)
    write(axes, MARGIN, MARGIN + tall(said), lines)
    _forest(figure, axes, cells, record["n"], top, answer["meant"])
    return figure


def overview(record: Record, command: str = "") -> Figure:
    """All elements at a glance, the strongest first: size of effect, and effect on each property.

    ``record`` is the atlas. At most 40 elements are drawn.
    """
    elements = record["elements"][:_HEAT]
    names = [p["name"] for p in record["properties"]]
    table = np.array([[c["effect_sd"] or 0.0 for c in e["cells"]] for e in elements], float)
    marked = np.array([[c["named"] for c in e["cells"]] for e in elements], bool)
    labels = [label(dict(element)) for element in elements]
    first = MARGIN + round(max(map(wide, labels))) + GAP
    bars, side = 300, 44
    heat_left = first + bars + 3 * GAP
    top = MARGIN + round(max(wide(n, SMALL) for n in names) * 0.72) + 5 * GAP
    width = max(heat_left + side * len(names) + 130, 900)
    closing = command_lines(command, width - 2 * MARGIN)
    end = top + _LINE * len(elements)
    figure, axes = page(width, end + 5 * TEXT + tall(closing, SMALL) + MARGIN)
    for row, text in enumerate(labels):
        write(axes, MARGIN, top + row * _LINE + 2, [text])

    sizes = _panel(figure, first, top, bars, _LINE * len(elements))
    at = np.arange(len(elements))
    low, size, high = (np.array([e[k] or 0 for e in elements]) for k in
                       ("size_low", "size", "size_high"))  # fmt: skip
    sizes.barh(at, size, height=0.62, color=HAIRLINE)
    sizes.hlines(at, low, high, color=INK, lw=1.2)
    sizes.set(ylim=(len(elements) - 0.5, -0.5), xlim=(0, max(high.max(), 1e-6) * 1.05), yticks=[])
    sizes.set_xlabel("mean change of a pixel for 1 sd, grey levels", fontsize=6, color=INK)

    heat = _panel(figure, heat_left, top, side * len(names), _LINE * len(elements))
    limit = max(float(np.abs(table).max()), 0.2)
    drawn = heat.imshow(table, cmap=DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
    columns, rows = np.nonzero(marked.T)
    heat.scatter(columns, rows, s=9, color="white", edgecolors=INK, lw=0.5)
    heat.set(yticks=[], xticks=np.arange(len(names)))
    heat.xaxis.tick_top()
    heat.set_xticklabels(
        names, rotation=45, ha="left", fontsize=6, color=INK, parse_math=False
    )  # fmt: skip
    heat.tick_params(length=0)
    _bar(figure, drawn, heat_left + side * len(names) + 2 * GAP, top, _LINE * len(elements),
         "effect of 1 sd, in sd over real images")  # fmt: skip
    write(axes, heat_left, end + TEXT, ["dots: properties that a sentence may name"], size=SMALL,
          colour=MUTED)  # fmt: skip
    write(axes, MARGIN, end + 4 * TEXT, closing, size=SMALL, colour=MUTED, mono=True)
    return figure


def _largest(cells: Sequence[Record], count: int) -> list[Record]:
    return sorted(cells, key=lambda cell: -abs(cell["effect_sd"] or 0.0))[:count]


def _panel(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at figure pixels, in the style of the house."""
    total_width, total_height = figure.get_size_inches() * DPI
    place = (left / total_width, 1 - (top + height) / total_height, width / total_width,
             height / total_height)  # fmt: skip
    axes = figure.add_axes(place)
    axes.tick_params(which="both", labelsize=5.5, colors=MUTED, length=3)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(HAIRLINE)
    return axes


def _bar(figure: Figure, drawn: Any, left: float, top: float, height: float, name: str) -> None:
    axes = _panel(figure, left, top, _BAR, height)
    bar = figure.colorbar(drawn, cax=axes)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=5.5, colors=MUTED, length=2)
    bar.set_label(name, fontsize=6, color=INK)


def _map(
    figure: Figure, axes: Axes, values: Map, left: float, top: float, name: str, cmap: str,
    both: bool,
) -> None:  # fmt: skip
    """One map with its colour bar; ``both`` signs around 0, or from 0 up."""
    write(axes, left, top, [name], size=SMALL, colour=INK)
    limit = max(float(np.abs(values).max()), 1e-6)
    scale = min(_MAP / values.shape[0], _MAP / values.shape[1])
    height, width = values.shape[0] * scale, values.shape[1] * scale
    panel = _panel(figure, left, top + 2 * TEXT, width, height)
    drawn = panel.imshow(
        values, cmap=colormaps[cmap], vmin=-limit if both else 0, vmax=limit, aspect="auto",
        interpolation="none",
    )  # fmt: skip
    panel.set(xticks=[], yticks=[])
    for spine in panel.spines.values():
        spine.set_visible(False)
    _bar(figure, drawn, left + width + GAP, top + 2 * TEXT, height, "grey levels")


def _curves(
    figure: Figure, axes: Axes, record: Record, left: float, top: float, right: float
) -> None:
    """How the largest properties grow along the sweep: one thin line a face, the mean in bold."""
    cells = record["cells"]
    order = sorted(range(len(cells)), key=lambda k: -abs(cells[k]["effect_sd"] or 0.0))[:_CURVES]
    width = (right - left - (_CURVES - 1) * 7 * GAP) / _CURVES
    lines, curve = np.array(record["lines"], float), np.array(record["curve"], float)
    for place, k in enumerate(order):
        start = left + place * (width + 7 * GAP)
        unit = f", {cells[k]['unit']}" if cells[k]["unit"] else ""
        write(axes, start, top - 2 * TEXT, [f"{cells[k]['name']}{unit}"], size=SMALL)
        panel = _panel(figure, start + 3 * GAP, top, width - 3 * GAP, 170)
        panel.plot(record["steps"], lines[:, :, k].T, color=MUTED, lw=0.6)
        panel.plot(record["steps"], curve[:, k], color=BLUE, lw=1.8)
        panel.grid(color=HAIRLINE, lw=0.4)
        panel.set_xticks(record["steps"])
        panel.set_xlabel("sd" if "element" in record else "share of the edit", fontsize=6)


def _forest(
    figure: Figure, axes: Axes, cells: Sequence[Record], n: int, top: float,
    bold: Collection[str] = (),
) -> None:  # fmt: skip
    """Effects with their intervals, in sd over real images; what may be named is in colour."""
    write(axes, MARGIN, top - 3 * TEXT,
          [f"effect of 1 sd, in sd of each property over real images, {n} images; "
           "coloured: may be named"], size=SMALL)  # fmt: skip
    names = [c["name"] for c in cells]
    left = MARGIN + round(max(wide(name, bold=True) for name in names)) + 2 * GAP
    panel = _panel(figure, left, top - TEXT // 2, _WIDTH - MARGIN - left - 330, _LINE * len(cells))
    at = np.arange(len(cells))
    panel.axvline(0, color=MUTED, lw=0.8)
    for edge in (-0.2, 0.2):
        panel.axvline(edge, color=HAIRLINE, lw=0.8, ls=(0, (4, 3)))
    for row, cell in zip(at, cells, strict=True):
        colour = VERMILLION if cell["named"] else MUTED
        if cell["low_sd"] is not None:
            panel.hlines(row, cell["low_sd"], cell["high_sd"], color=colour, lw=2)
        panel.plot(cell["effect_sd"] or 0.0, row, "o", ms=3.5, color=colour)
        above = top - TEXT // 2 + row * _LINE + 2
        write(axes, MARGIN, above, [cell["name"]], colour=INK, bold=cell["name"] in bold)
        natural = f"{cell['effect']:+.3g} {cell['unit']}".strip() if cell["effect"] else "0"
        write(axes, _WIDTH - MARGIN - 310, above,
              [f"{natural}; same sign in {100 * cell['agree']:.0f} %"],
              size=SMALL, colour=colour)  # fmt: skip
    panel.set(ylim=(len(cells) - 0.5, -0.5), yticks=[])
    reach = max([0.3, *(abs(c[k] or 0) for c in cells for k in ("low_sd", "high_sd"))]) * 1.08
    panel.set_xlim(-reach, reach)
