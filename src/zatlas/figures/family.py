"""The diagram of a family on a schematic network: its parts, and where each of them acts."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from zatlas.figures import legend, svg
from zatlas.figures.diagram import gaussian_nodes
from zatlas.figures.svg import Point
from zatlas.recipes.description import Description, PartRecord

_MIDDLE = 200.0  # the level of the network; all lengths are in pixels
_PICTURE, _CELL, _CELLS = 60, 16, 5
_WIDE, _NARROW, _LENGTH = 110, 56, 80  # an encoder's ends and length
_TAG, _STEP = 24, 32  # height of a tag, and from one to the next
_X = {"image": 65, "corruption": 165, "encoder": 285, "code": 600, "decoder": 725, "pictures": 845}
_BOX = 455.0  # where a bottleneck stands
_END = {"encoder": 42, "code": 40, "decoder": 42, "pictures": 30}  # half the height of a place
_HUNG = 96  # the first tag below the middle


def family_diagram(description: Description, title: str = "") -> str:
    """Draw a family as an SVG: image, corruption, encoder, bottleneck, code, decoder.

    The reconstruction term stands between image and reconstruction; every penalty and critic hangs
    at the part of the network that it acts on. Below are the loss as a formula, the parts, the
    advantage and the disadvantage. The SVG has a light and a dark form, and loads nothing.

    Parameters
    ----------
    description : of the recipe, by ``zatlas.recipes.description.describe``.
    title : a text above the diagram; the title of the recipe where none is given.

    Returns
    -------
    The text of the SVG.
    """
    parts = {part.key: part for part in description.parts if part.key != "objective"}
    reconstruction, *penalties = (p for p in description.parts if p.key == "objective")
    tags = [*penalties, *(part for key, part in parts.items() if key in ("critic", "constraint"))]
    words = legend.words_of(description)
    tall = parts["bottleneck"].name == "gaussian" or "corruption" in parts
    hung = _HUNG + len(tags) * _STEP if tags else 0
    top = _MIDDLE + max(hung, 140 if tall else 75)
    title = title or description.title
    drawing = svg.drawing(legend.WIDTH, top + legend.height_of(words), title)
    svg.text(drawing, 20, 30, title, "zd-title", "start")
    svg.text(drawing, 20, 50, description.paper, "zd-muted", "start")
    _compared(drawing, _label(reconstruction))
    end = _pictures(drawing, parts.get("corruption"))
    svg.arrow(drawing, end, (_X["encoder"] - _LENGTH / 2, _MIDDLE))
    _funnel(drawing, "encoder", _WIDE, _NARROW)
    end = _bottleneck(drawing, parts.get("bottleneck"))
    svg.arrow(drawing, end, (_X["code"] - _CELL, _MIDDLE))
    _code(drawing)
    svg.arrow(drawing, (_X["code"] + _CELL, _MIDDLE), (_X["decoder"] - _LENGTH / 2, _MIDDLE))
    _funnel(drawing, "decoder", _NARROW, _WIDE)
    end = (_X["decoder"] + _LENGTH / 2, _MIDDLE)
    svg.arrow(drawing, end, (_X["pictures"] - _PICTURE / 2, _MIDDLE))
    _picture(drawing, _X["pictures"], "reconstruction x̂")
    _hang(drawing, tags)
    legend.legend(drawing, words, top)
    return svg.svg_text(drawing)


def _label(part: PartRecord) -> str:
    """The text of a part in its tag: its name, and its weight."""
    if part.key != "objective":
        return f"{part.key}: {part.name}"
    return part.name if part.weight == 1 else f"{part.weight:g} · {part.name}"


def _hang(drawing: Element, tags: Sequence[PartRecord]) -> None:
    """Draw the tags of penalties and critics below the places where they act, each in its row.

    The rows of the places at the right are above those at the left, so that no line crosses a tag.
    """
    ends = {place: _MIDDLE + half for place, half in _END.items()}
    for row, tag in enumerate(sorted(tags, key=lambda tag: -_X[tag.place or "code"])):
        place, text = tag.place or "code", _label(tag)
        y, half = _MIDDLE + _HUNG + row * _STEP, _half(text)
        left = _X["code"] - 70 if place == "code" else 20  # the noise of a Gaussian is beside it
        x = min(max(_X[place], left + half), legend.WIDTH - 12 - half)
        _dashed(drawing, f"M{_X[place]} {ends[place]:g}V{y - _TAG / 2:g}")
        _tag(drawing, "zd-loss" if tag.key == "objective" else "zd-critic", (x, y), text)
        ends[place] = y + _TAG / 2


def _half(text: str) -> float:
    """Half the width of a tag."""
    return 3.5 * len(text) + 10


def _tag(drawing: Element, kind: str, at: Point, text: str) -> None:
    svg.rectangle(drawing, kind, *at, 2 * _half(text), _TAG, rx=_TAG / 2)
    svg.text(drawing, at[0], at[1] + 4, text, "zd-mono")


def _compared(drawing: Element, text: str) -> None:
    """The reconstruction term, between the image and its reconstruction."""
    left, right, y = _X["image"], _X["pictures"], 84
    foot = _MIDDLE - _PICTURE / 2 - 24
    _dashed(drawing, f"M{left} {foot:g}V{y}H{right}V{foot:g}")
    _tag(drawing, "zd-loss", ((left + right) / 2, y), text)


def _dashed(drawing: Element, path: str) -> None:
    svg.mark(drawing, "path", "zd-noise", d=path)


def _pictures(drawing: Element, corruption: PartRecord | None) -> Point:
    """The image, and what is made of it before it is encoded; returns where it ends."""
    end = _picture(drawing, _X["image"], "image x")
    if corruption is not None:
        svg.arrow(drawing, end, (_X["corruption"] - _PICTURE / 2, _MIDDLE))
        end = _picture(drawing, _X["corruption"], "corrupted")
        below = _MIDDLE + _PICTURE / 2 + 18
        svg.text(drawing, _X["corruption"], below, corruption.text, "zd-mono")
        svg.text(drawing, _X["corruption"], below + 15, "in training", "zd-muted")
    return end


def _picture(drawing: Element, x: float, name: str) -> Point:
    svg.rectangle(drawing, "zd-picture", x, _MIDDLE, _PICTURE, _PICTURE, rx=2)
    svg.text(drawing, x, _MIDDLE - _PICTURE / 2 - 9, name, "zd-part")
    return x + _PICTURE / 2, _MIDDLE


def _funnel(drawing: Element, name: str, left: float, right: float) -> None:
    """An encoder or a decoder: a trapezoid, whose ends have these heights."""
    x, half = _X[name], _LENGTH / 2
    path = f"M{x - half:g} {_MIDDLE - left / 2:g}l{_LENGTH} {(left - right) / 2:g}"
    path += f"v{right:g}l{-_LENGTH} {(left - right) / 2:g}z"
    svg.mark(drawing, "path", "zd-map", d=path)
    svg.text(drawing, x, _MIDDLE + 4, name, "zd-part")


def _bottleneck(drawing: Element, part: PartRecord | None) -> Point:
    """What stands between the encoder and the code; returns where it ends."""
    start = (_X["encoder"] + _LENGTH / 2, _MIDDLE)
    if part is None or part.name == "plain":
        return start
    if part.name == "gaussian":
        return gaussian_nodes(drawing, [start], (_X["code"], _MIDDLE))
    svg.arrow(drawing, start, (_BOX - 45, _MIDDLE))
    svg.rectangle(drawing, "zd-vector", _BOX, _MIDDLE, 90, 40, rx=6)
    svg.text(drawing, _BOX, _MIDDLE + 4, part.name, "zd-part")
    return _BOX + 45, _MIDDLE


def _code(drawing: Element) -> None:
    x, top = _X["code"], _MIDDLE - _CELL * (_CELLS - 1) / 2
    for number in range(_CELLS):
        svg.rectangle(drawing, "zd-cell", x, top + number * _CELL, 2 * _CELL, _CELL)
    svg.text(drawing, x, top - _CELL, "code z", "zd-part")
