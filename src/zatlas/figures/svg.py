"""The shapes of an SVG that a diagram needs.

An SVG is built as a tree of XML elements, so that it is valid and every text in it is escaped.
"""

import re
from importlib import resources
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0
Point = tuple[float, float]
# Rules without variables, so that viewers other than browsers draw it too. The classes have a
# prefix, because an SVG inside an HTML page shares its styles with the page.
STYLE = resources.files("zatlas.figures").joinpath("diagram.css").read_text("utf-8")


def drawing(width: float, height: float, label: str) -> Element:
    """An empty SVG of a size in pixels; a screen reader reads ``label`` aloud."""
    size = {"width": _number(width), "height": _number(height)}
    view = f"0 0 {size['width']} {size['height']}"
    names = {"xmlns": "http://www.w3.org/2000/svg", "class": "zd"}
    svg = Element(
        "svg", {**names, **size, "viewBox": view, "role": "img", "aria-label": _xml(label)}
    )
    SubElement(svg, "style").text = STYLE
    mark(svg, "rect", "zd-page", width=width, height=height)
    return svg


def mark(parent: Element, tag: str, kind: str, **attributes: float | str) -> Element:
    """Add one element of a class. In names of attributes write an underscore for a hyphen."""
    named = {key.replace("_", "-"): _number(value) for key, value in attributes.items()}
    return SubElement(parent, tag, {"class": kind, **named})


def rectangle(
    parent: Element, kind: str, x: float, y: float, width: float, height: float, rx: float = 0
) -> None:
    """Add a rectangle around the point (x, y), its corners rounded by ``rx`` pixels."""
    corner = {"x": x - width / 2, "y": y - height / 2, "width": width, "height": height}
    mark(parent, "rect", kind, **corner, **({"rx": rx} if rx else {}))


def text(
    parent: Element, x: float, y: float, words: str, kind: str = "", anchor: str = "middle"
) -> None:
    """Add words with their baseline at ``y``; ``anchor`` is start, middle or end."""
    mark(parent, "text", kind, x=x, y=y, text_anchor=anchor).text = _xml(words)


def arrow(parent: Element, start: Point, end: Point, bend_first: bool = False) -> None:
    """Add a line with a head. Both ends are level; the line changes its height near one of them."""
    (x, y), (to_x, to_y) = start, end
    tip = to_x - 6
    bend = min(60.0, tip - x)
    left = x if bend_first else tip - bend
    curve = f"C{left + bend / 2:g} {y:g} {left + bend / 2:g} {to_y:g} {left + bend:g} {to_y:g}"
    mark(parent, "path", "zd-line", d=f"M{x:g} {y:g}H{left:g}{curve}H{tip:g}")
    mark(parent, "path", "zd-head", d=f"M{to_x:g} {to_y:g}l-7 -3.5v7z")


def svg_text(svg: Element) -> str:
    """The SVG as the text of an XML document."""
    return ElementTree.tostring(svg, encoding="unicode") + "\n"


def _xml(words: str) -> str:
    """A text with a sign in the place of each character that XML does not allow."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", words)


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
