"""The blocks of a network diagram: rows of the layer table that are drawn together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from zatlas.models.architecture import Row
from zatlas.models.layers import CONVOLUTIONS, NORMS, PARAMETRIC, RESHAPES, Shape, arguments
from zatlas.syntax import Call, format_call

LINE = 14  # height of a line of text, in pixels


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
