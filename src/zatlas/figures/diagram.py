"""The diagram of a network, from its architecture."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np

from zatlas.figures import legend, svg
from zatlas.figures.svg import Point
from zatlas.models.architecture import Architecture, Row
from zatlas.models.layers import CONVOLUTIONS, NORMS, PARAMETRIC, RESHAPES, Shape, arguments
from zatlas.recipes.description import Description
from zatlas.syntax import Call, format_call

LINE = 14  # height of a line of text, in pixels
_LEFT, _TOP = 56, 66
_CELL_WIDTH, _CELL_HEIGHT = 34, 19
_ALL_CELLS = 12  # latent elements; of more than these, some are left out
_GAUSSIAN_WIDTH, _GAUSSIAN_HEIGHT = 204, 130  # the width and half the height of μ, σ and ε


@dataclass
class Block:
    """Between two arrows: a layer that changes the shape, and the layers after it."""

    shape: Shape
    layers: list[str]
    parameters: int = 0

    @property
    def width(self) -> float:
        """In pixels; of a feature map by the logarithm of its channels."""
        return 12 if len(self.shape) == 1 else 8 + 5 * math.log2(self.shape[0] + 1)

    @property
    def height(self) -> float:
        """In pixels, by the logarithm of a feature map's side or of a vector's length."""
        side, step = (self.shape[0], 8) if len(self.shape) == 1 else (max(self.shape[1:]), 16)
        return 10 + step * math.log2(side)


@dataclass
class Lane:
    """An encoder or the decoder: blocks in a row at one ``level``."""

    name: str
    blocks: list[Block]
    level: float = 0

    @property
    def above(self) -> float:
        """How far its blocks and their texts reach above the level, in pixels."""
        return max((block.height for block in self.blocks), default=0) / 2 + 3 * LINE

    @property
    def below(self) -> float:
        """How far its blocks and their texts reach below the level, in pixels."""
        lines = max((len(block.layers) for block in self.blocks), default=0)
        return self.above + LINE * (lines - 1)


def grouped(rows: Sequence[Row]) -> list[Block]:
    """Rows as blocks. A reshape joins the layer after it, an activation the layer before it."""
    blocks: list[Block] = []
    waiting: list[str] = []
    for row in rows:
        if row.call.name in RESHAPES:
            waiting.append(row.call.name)
            continue
        if row.call.name in PARAMETRIC or not blocks or row.shape != blocks[-1].shape:
            blocks.append(Block(row.shape, []))
        blocks[-1].layers += [*waiting, *_layer(row.call)]
        blocks[-1].parameters += row.parameters
        waiting = []
    if waiting:
        blocks.append(Block(rows[-1].shape, waiting))
    return blocks


def _layer(call: Call) -> list[str]:
    if call.name in CONVOLUTIONS:
        given = arguments(call)
        sizes = (f"{key[0]}{_one(given[key])}" for key in ("kernel_size", "stride", "padding"))
        return [call.name, " ".join(sizes)]
    text = format_call(call).removesuffix("()")
    return [call.name if call.name in PARAMETRIC | NORMS or len(text) > 16 else text]


def _one(value: object) -> str:
    """The size of a kernel; one number where all sides are equal."""
    if isinstance(value, tuple):
        return str(value[0]) if len(set(value)) == 1 else times(value)
    return str(value)


def times(shape: Sequence[object]) -> str:
    """A shape as a diagram writes it: 3×64×64."""
    return "×".join(map(str, shape))


def diagram(
    architecture: Architecture, title: str = "", marked: Collection[int] = (),
    family: Description | None = None,
) -> str:  # fmt: skip
    """Draw encoders, code and decoder as an SVG.

    The size of a block is the logarithm of its shape. A Gaussian bottleneck is drawn with μ, σ, the
    noise ε and the code z = μ + σ·ε. The SVG has a light and a dark form, and loads nothing.

    Parameters
    ----------
    architecture : of a model file, ``model_file.architecture()``.
    title : a text above the diagram.
    marked : latent elements to highlight; negative indexes count from the end.
    family : the loss and the parts of the recipe, to be written below.

    Returns
    -------
    The text of the SVG.
    """
    parts = architecture.encoders
    names = ["encoder"] if len(parts) == 1 else [f"encoder {i + 1}" for i in range(len(parts))]
    encoders = [Lane(name, grouped(rows)) for name, rows in zip(names, parts, strict=True)]
    decoder = Lane("decoder", grouped(architecture.decoder))
    gaussian = bool(architecture.heads)
    cells = _visible(architecture.latent, marked)
    code_half = -_levels(cells, 0)[0] + 4 * LINE
    middle, bottom = _place(encoders, decoder, max(code_half, _GAUSSIAN_HEIGHT * gaussian))
    blocks = [block for lane in (*encoders, decoder) for block in lane.blocks]
    pitch = max(90, 7 * max(len(name) for block in blocks for name in block.layers))
    depth = max(len(lane.blocks) for lane in encoders)
    code_x = _LEFT + pitch * (depth + 1) + _GAUSSIAN_WIDTH * gaussian
    least = legend.WIDTH if family else 480
    width = max(code_x + pitch * len(decoder.blocks) + _LEFT + 12, least)
    words = legend.words_of(family, width) if family else []
    counts = f"{architecture.parameters:,} parameters · image {times(architecture.image)}"
    facts = f"{counts} · {architecture.latent:,} latent elements"
    drawing = svg.drawing(width, bottom + legend.height_of(words), f"{title or 'network'}: {facts}")
    svg.text(drawing, 20, 30, title, "zd-title", "start")
    svg.text(drawing, 20, 50, facts, "zd-muted", "start")

    start = _block(drawing, Block(architecture.image, []), (_LEFT, middle), "image")
    ends = [_lane(drawing, lane, start, _LEFT, pitch) for lane in encoders]
    if gaussian:
        ends = [_gaussian(drawing, architecture, ends, (code_x, middle))]
    targets = _targets(architecture, cells, middle) if len(ends) > 1 else [middle]
    for end, level in zip(ends, targets, strict=True):
        svg.arrow(drawing, end, (code_x - _CELL_WIDTH / 2, level))
    _code(drawing, architecture, cells, marked, (code_x, middle))
    _lane(drawing, decoder, (code_x + _CELL_WIDTH / 2, middle), code_x, pitch, "reconstruction")
    legend.legend(drawing, words, bottom)
    return svg.svg_text(drawing)


def _place(encoders: list[Lane], decoder: Lane, half: float) -> tuple[float, float]:
    """Set the level of every lane; returns the level of the code, and the bottom.

    ``half`` is half the height of the bottleneck.
    """
    tall = sum(lane.above + lane.below for lane in encoders)
    first_above = encoders[0].above if len(encoders) == 1 else tall / 2
    middle = _TOP + max(first_above, decoder.above, half)
    bottom = middle - first_above
    for lane in encoders:
        lane.level = bottom + lane.above
        bottom += lane.above + lane.below
    decoder.level = middle
    return middle, max(bottom, middle + max(decoder.below, half)) + 8


def _lane(
    drawing: Element, lane: Lane, start: Point, left: float, pitch: float, last: str = ""
) -> Point:
    """Draw a lane's blocks to the right of ``left``; returns where the next arrow starts."""
    for number, block in enumerate(lane.blocks):
        x = left + pitch * (number + 1)
        svg.arrow(drawing, start, (x - block.width / 2, lane.level), bend_first=True)
        heading = "" if number else lane.name
        if last and block is lane.blocks[-1]:
            heading = last
        start = _block(drawing, block, (x, lane.level), heading)
    return start


def _block(drawing: Element, block: Block, at: Point, heading: str) -> Point:
    x, y = at
    kind = "vector" if len(block.shape) == 1 else "map"
    if heading in ("image", "reconstruction"):
        kind = "picture"
    svg.rectangle(drawing, f"zd-{kind}", x, y, block.width, block.height, rx=2)
    above, below = y - block.height / 2 - 7, y + block.height / 2 + LINE + 2
    svg.text(drawing, x, above, times(block.shape), "zd-mono")
    svg.text(drawing, x, above - LINE - 2, heading, "zd-part")
    for number, line in enumerate(block.layers):
        svg.text(drawing, x, below + number * LINE, line)
    if block.parameters:
        foot = below + len(block.layers) * LINE
        svg.text(drawing, x, foot, f"{block.parameters:,}", "zd-muted")
    return x + block.width / 2, y


def _visible(latent: int, marked: Collection[int]) -> list[int]:
    """The elements that are drawn: all, or the first, the last and the marked ones."""
    if latent <= _ALL_CELLS:
        return list(range(latent))
    marked_first = sorted(index % latent for index in marked)[:6]
    return sorted({*range(4), latent - 2, latent - 1, *marked_first})


def _levels(cells: list[int], middle: float) -> list[float]:
    """The middle of each visible cell; a gap of one cell is where elements are left out."""
    steps = np.where(np.diff(cells, prepend=cells[0] - 1) > 1, 2 * _CELL_HEIGHT, _CELL_HEIGHT)
    levels = np.cumsum(steps)
    shifted: list[float] = (levels + (middle - (levels[0] + levels[-1]) / 2)).tolist()
    return shifted


def _code(
    drawing: Element, network: Architecture, cells: list[int], marked: Collection[int], at: Point
) -> None:
    chosen = {index % network.latent for index in marked}
    x, levels = at[0], _levels(cells, at[1])
    for number, (cell, level) in enumerate(zip(cells, levels, strict=True)):
        on = "-marked" if cell in chosen else ""
        kind = "zd-marked" if on else "zd-cell"
        svg.rectangle(drawing, kind, x, level, _CELL_WIDTH, _CELL_HEIGHT)
        svg.text(drawing, x, level + 4, f"{cell}", f"zd-mono zd-cell-text{on}")
        if number and cell > cells[number - 1] + 1:
            svg.text(drawing, x, level - _CELL_HEIGHT + 4, "⋮")
    above, below = levels[0] - _CELL_HEIGHT, levels[-1] + _CELL_HEIGHT + 6
    svg.text(drawing, x, above, times(network.code_shape), "zd-mono")
    svg.text(drawing, x, above - LINE - 2, "code z", "zd-part")
    if network.heads:
        svg.text(drawing, x, below, "z = μ + σ·ε", "zd-mono")


def _targets(architecture: Architecture, cells: list[int], middle: float) -> list[float]:
    """The level at which each encoder's arrow meets the code: that of its own elements."""
    levels = dict(zip(cells, _levels(cells, middle), strict=True))
    targets, first = [], 0
    for rows in architecture.encoders:
        past = first + math.prod(rows[-1].shape)
        own = [level for cell, level in levels.items() if first <= cell < past]
        targets.append(sum(own) / len(own) if own else middle)
        first = past
    return targets


def _gaussian(drawing: Element, network: Architecture, ends: list[Point], code: Point) -> Point:
    """Draw the nodes of a Gaussian bottleneck, with the layers that give μ and σ."""
    x, middle = code[0] - _GAUSSIAN_WIDTH + 10, code[1]
    for head, level in enumerate((middle - 85, middle)):
        heads = [pair[head] for pair in network.heads]
        layers = " + ".join(dict.fromkeys(row.call.name for row in heads))
        parameters = sum(row.parameters for row in heads)
        svg.text(drawing, x, level - 21, times(network.code_shape), "zd-mono")
        svg.text(drawing, x, level + 29, layers)
        svg.text(drawing, x, level + 29 + LINE, f"{parameters:,}", "zd-muted")
    svg.text(drawing, x, middle + 29 + 2 * LINE, "as log σ", "zd-muted")
    return gaussian_nodes(drawing, ends, code)


def gaussian_nodes(drawing: Element, ends: list[Point], code: Point) -> Point:
    """Draw μ and σ of every encoder, the noise ε, and how they become the code.

    Parameters
    ----------
    drawing : the SVG.
    ends : where the encoders end.
    code : the middle of the code.

    Returns
    -------
    Where the arrow to the code begins.
    """
    code_x, middle = code
    x = code_x - _GAUSSIAN_WIDTH + 10
    product, total = (code_x - 110.0, middle + 45.0), (code_x - 58.0, middle)
    for letter, level in (("μ", middle - 85), ("σ", middle)):
        for end in ends:
            svg.arrow(drawing, end, (x - 15, level))
        _circle(drawing, "zd-vector", (x, level), 15, letter)
    _circle(drawing, "zd-noise", (x, middle + 85), 15, "ε")
    svg.text(drawing, x - 15, middle + 114, "ε ~ N(0, 1)", "zd-mono", "start")
    svg.text(drawing, x - 15, middle + 128, "drawn in training, else 0", "zd-muted", "start")
    for y, node in ((middle, product), (middle + 85, product), (middle - 85, total)):
        svg.arrow(drawing, (x + 15, y), (node[0] - 9, node[1]))
    svg.arrow(drawing, (product[0] + 9, product[1]), (total[0] - 9, middle))
    for node, sign in ((product, "×"), (total, "+")):
        _circle(drawing, "zd-node", node, 9, sign)
    svg.text(drawing, product[0] + 12, product[1] + 22, "σ·ε", "zd-mono")
    return total[0] + 9, middle


def _circle(drawing: Element, kind: str, at: Point, radius: float, letter: str) -> None:
    svg.mark(drawing, "circle", kind, cx=at[0], cy=at[1], r=radius)
    svg.text(drawing, at[0], at[1] + 4, letter, "zd-part")
