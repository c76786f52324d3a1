"""What stands below a diagram: the loss of a family, its parts and their formulas, its texts."""

from textwrap import wrap
from typing import NamedTuple
from xml.etree.ElementTree import Element

from zatlas.figures import svg
from zatlas.recipes.description import Description

WIDTH = 920  # of a drawing that has a legend, at least; all lengths are in pixels
_LINE = 18  # height of a row
_KEY, _TEXT, _FORMULA = 20, 120, 340  # where the columns begin
_MONO, _PLAIN = "zd-mono", ""
_LETTER = {_MONO: 6.7, _PLAIN: 6.0}  # the width of a letter


class Words(NamedTuple):
    """Words of a legend, which begin at ``x`` in a row."""

    row: int
    x: float
    text: str
    style: str


def words_of(description: Description, width: float = WIDTH) -> list[Words]:
    """All words of the legend of a drawing of this width."""
    entries = [("loss", description.loss, "", _MONO)]
    entries += [(part.key, part.text, part.formula, _MONO) for part in description.parts]
    texts = ("advantage", "disadvantage")
    entries += [(key, getattr(description, key), "", _PLAIN) for key in texts]
    words: list[Words] = []
    row, before = 0, ""
    for key, text, formula, style in entries:
        left = wrap(text, int((width - _TEXT - 20) / _LETTER[style]))
        right = wrap(formula, int((width - _FORMULA - 20) / _LETTER[_MONO]))
        beside = len(text) * _LETTER[style] < _FORMULA - _TEXT
        first = row if beside else row + len(left)  # where the formula stands
        words += [Words(row, _KEY, key, "zd-part")] * (key != before and bool(left))
        words += [Words(row + i, _TEXT, line, style) for i, line in enumerate(left)]
        words += [Words(first + i, _FORMULA, line, _MONO) for i, line in enumerate(right)]
        row, before = max(row + len(left), first + len(right)), key
    return words


def height_of(words: list[Words]) -> float:
    """The height of a legend."""
    return _LINE * (1.5 + max(each.row for each in words)) if words else 0


def legend(drawing: Element, words: list[Words], top: float) -> None:
    """Write the words of a legend below ``top``."""
    for row, x, text, style in words:
        svg.text(drawing, x, top + _LINE * (row + 1), text, style, "start")
