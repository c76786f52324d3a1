"""Plots of effects: their intervals, their marks and their words, one row for each property."""

from collections.abc import Collection, Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from zatlas.evidence.account.naming import (
    SMALLEST_EFFECT_SD,
    WITHOUT_A_SIGN,
    size_sd,
    stated_part,
    upwards_only,
)
from zatlas.evidence.account.number_words import spaced
from zatlas.evidence.records import PropertyEffect
from zatlas.figures.style import (
    BLUE,
    GAP,
    HAIRLINE,
    INK,
    MARGIN,
    MUTED,
    SMALL,
    TEXT,
    VERMILLION,
    panel,
    wide,
    write,
)

WIDTH = 1120  # figure pixels, as wide as the text of a page
ROW = 22  # height of a row
MARKS = (
    "dot: the step down does the opposite; diamond: both steps do the same; triangle: one step "
    "alone; bar or ±: up and down in different images, or uneven; hollow: not settled"
)
_COLOUR_BAR, _WORDS = 12, 250


def largest(effects: Iterable[PropertyEffect], count: int) -> list[PropertyEffect]:
    """The largest effects; those on properties that the network does not draw come last."""
    return sorted(effects, key=lambda one: (one.drawn is False, -size_sd(one)))[:count]


def by_family(effects: Sequence[PropertyEffect]) -> list[PropertyEffect]:
    """The same effects, members of a family below each other."""
    families = list(dict.fromkeys(map(family_of, effects)))
    return sorted(effects, key=lambda one: families.index(family_of(one)))


def family_of(effect: PropertyEffect) -> str:
    """The family of its property, or the property itself."""
    return effect.family or effect.name


def marker(effect: PropertyEffect) -> str:
    """The matplotlib marker of what is said of an effect."""
    if effect.finding == "one way":
        return "^" if upwards_only(effect) else "v"
    return {"either way": "D", "opposite": "$\\pm$", "uneven": "$\\pm$"}.get(effect.finding, "o")


def colour_bar(
    figure: Figure, drawn: AxesImage, left: float, top: float, height: float, name: str
) -> None:
    """Draw the colour bar of an image that was drawn."""
    bar = figure.colorbar(drawn, cax=panel(figure, left, top, _COLOUR_BAR, height))
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=5.5, colors=MUTED, length=2)
    bar.set_label(name, fontsize=5.5, color=INK)


def effect_rows(
    figure: Figure, axes: Axes, effects: Sequence[PropertyEffect], n: int, top: float,
    bold: Collection[str] = (),
) -> None:  # fmt: skip
    """Draw effects with their intervals, in sd over real images; a coloured one may be named."""
    write(axes, MARGIN, top - 4 * TEXT,
          [f"effects over {n} images; vermillion: a sentence may name it; blue: large without a "
           "direction; grey name: the network does not draw it", MARKS], size=SMALL)  # fmt: skip
    left = MARGIN + round(max(wide(spaced(effect.name), bold=True) for effect in effects)) + 2 * GAP
    width = WIDTH - MARGIN - left - _WORDS - 2 * GAP
    plot = panel(figure, left, top - TEXT // 2, width, ROW * len(effects))
    plot.axvline(0, color=MUTED, lw=0.8)
    for edge in (-SMALLEST_EFFECT_SD, SMALLEST_EFFECT_SD):
        plot.axvline(edge, color=HAIRLINE, lw=0.8, ls=(0, (4, 3)))
    for row, effect in enumerate(effects):
        colour = _colour(effect)
        _mark(plot, row, effect, colour)
        if row and family_of(effect) != family_of(effects[row - 1]):
            plot.axhline(row - 0.5, color=HAIRLINE, lw=0.4)
        above = top - TEXT // 2 + row * ROW + 2
        write(axes, MARGIN, above, [spaced(effect.name)], bold=effect.name in bold,
              colour=MUTED if effect.drawn is False else INK)  # fmt: skip
        write(axes, WIDTH - MARGIN - _WORDS, above, [_numbers(effect)], size=SMALL, colour=colour)
    plot.set(ylim=(len(effects) - 0.5, -0.5), yticks=[])
    parts = [part for effect in effects for part in (effect.mean_part, stated_part(effect))]
    ends = [abs(end or 0.0) for part in parts for end in (part.low_sd, part.high_sd)]
    reach = max([0.3, *ends]) * 1.08
    plot.set_xlim(-reach, reach)
    plot.set_xlabel("effect, sd over real images", fontsize=5.5, color=INK)


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
    plot.plot(part.value_sd or 0.0, row, marker(effect), ms=4 if effect.named else 3.5,
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
