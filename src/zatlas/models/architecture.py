"""Layer lists become a checked architecture: every shape known, every fault named, before memory.

An architecture is data: one list of layers per encoder, one for the decoder, a bottleneck between
them. Flattening and unflattening between pictures and ``Linear`` is implied, and shown.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import NamedTuple

import torch
from torch import nn

from zatlas.errors import InputError
from zatlas.models import layers
from zatlas.models.layers import GIVES, SPATIAL, TAKES, Image, Shape, after_layer, arguments
from zatlas.recipes.bottlenecks.gaussian import Plain
from zatlas.recipes.parts import Bottleneck, Part
from zatlas.recipes.step import Shapes
from zatlas.syntax import Call


@dataclass(frozen=True)
class Row:
    """One line of the layer table: where it stands, the layer, what leaves it, its parameters."""

    part: str  # "encoder", "encoder 2", "decoder", or the name of a part of the recipe
    index: int | None  # as the layer list counts it, from 0; None for an implied reshape
    call: Call
    shape: Shape  # of one image's activations after it
    parameters: int


class Architecture(NamedTuple):
    """A checked network. ``encoders`` and ``decoder`` hold the implied reshapes too."""

    image: Image
    encoders: tuple[tuple[Row, ...], ...]
    heads: tuple[tuple[Row, ...], ...]  # a row for each head of the bottleneck, of each encoder
    decoder: tuple[Row, ...]
    bottleneck: Bottleneck
    code_shape: Shape
    owned: tuple[Row, ...] = ()  # a row for each part of the recipe that owns parameters

    @property
    def latent(self) -> int:
        """The number of latent elements, D."""
        return math.prod(self.code_shape)

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows in the order in which an image passes them."""
        return (*chain(*self.encoders, *self.heads), *self.decoder, *self.owned)

    @property
    def parameters(self) -> int:
        """The number of parameters of the whole network."""
        return sum(row.parameters for row in self.rows)


PLAIN = Plain()


def check(
    image: Image, encoders: list[list[Call]], decoder: list[Call], bottleneck: Bottleneck = PLAIN,
    pixel_range: tuple[float, float] = (-1.0, 1.0),
) -> Architecture:  # fmt: skip
    """Pass one image's shape through every layer on the meta device.

    Raises InputError with both layers and both numbers wherever two layers do not meet, and with
    the first layer to change where the decoder does not end at the image.
    """
    faults: list[str] = []  # widths that do not meet: one error names all of them
    aspect = (image[1], image[2])
    letters = [head.letter for head in bottleneck.heads]
    trunks, heads, ends = [], [], []
    for number, calls in enumerate(encoders, 1):
        name = "encoder" if len(encoders) == 1 else f"encoder {number}"
        weighted = [i for i, call in enumerate(calls) if call.name in layers.PARAMETRIC]
        if not weighted:
            raise InputError(f"{name}: has no layer with weights; give it at least one")
        head = weighted[-1] if letters else len(calls)
        trunk, shape = trace(name, calls[:head], image, aspect, faults=faults)
        if letters:
            (*reshape, last), shape = trace(name, [calls[head]], shape, aspect, head, faults)
            trunk += reshape  # a reshape that the heads need belongs before all of them
            heads.append(tuple(replace(last, part=f"{name} {letter}") for letter in letters))
        trunks.append(tuple(trunk))
        ends.append(shape)
    code = ends[0] if len(ends) == 1 else (sum(map(math.prod, ends)),)  # concatenated flat
    if not decoder:
        raise InputError("decoder: is empty; write `mirrored` or a list of layers")
    rows, end = trace("decoder", decoder, code, aspect, faults=faults)
    if faults:
        raise InputError("; ".join(faults))
    rows += _back_to_image(rows, end, image, code)
    _check_range(rows, pixel_range)
    return Architecture(image, tuple(trunks), tuple(heads), tuple(rows), bottleneck, code)


def owned(parts: Iterable[Part], shapes: Shapes) -> tuple[Row, ...]:
    """A row for each part of a recipe that owns parameters or buffers, built on the meta device.

    Raises InputError where a part does not fit the shapes.
    """
    with torch.device("meta"):
        built = [(part.name, part.build(shapes)) for part in parts]
    return tuple(
        Row(name, None, Call(type(module).__name__), shapes.code, _count(module))
        for name, module in built
        if module is not None
    )


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def trace(
    part: str, calls: list[Call], shape: Shape, aspect: tuple[int, int], first: int = 0,
    faults: list[str] | None = None,
) -> tuple[list[Row], Shape]:  # fmt: skip
    """The rows of a list of layers for an input of ``shape``, implied reshapes among them.

    ``aspect`` is the height and width of the image, by which a flat vector becomes a picture
    again; ``first`` is the index of the first layer. Raises InputError at the first fault; where
    ``faults`` is given, widths that do not meet are added to it and taken as the layer has them.
    """
    rows: list[Row] = []
    for index, call in enumerate(calls, first):
        place = f"{part} layer {index} {call}"
        try:
            arguments(call)
        except InputError as error:
            raise InputError(f"{part} layer {index}{str(error).removeprefix('layer')}") from None
        if reshape := _implied_reshape(place, call, shape, aspect):
            shape = after_layer(reshape, shape)[0]
            rows.append(Row(part, None, reshape, shape, 0))
        if fault := _width_fault(place, call, shape, rows):
            if faults is None:
                raise InputError(fault)
            faults.append(fault)
            shape = (arguments(call)[TAKES[call.name]], *shape[1:])
        try:
            after, parameters = after_layer(call, shape)
        except InputError as error:
            raise InputError(f"{part} layer {index}{str(error).removeprefix('layer')}") from None
        except Exception as error:  # whatever torch raises is a fault of this layer
            reason = layers.reason_of(error)
            raise InputError(f"{place} does not take {spell(shape)}: {reason}") from None
        if 0 in after:
            mend = "nothing is left; take a smaller kernel or fewer layers"
            raise InputError(f"{place} makes {spell(after)} of {spell(shape)}: {mend}")
        rows.append(Row(part, index, call, after, parameters))
        shape = after
    return rows, shape


def spell(shape: Shape) -> str:
    """A shape as people write it: ``3x64x64``."""
    return "x".join(map(str, shape))


def _implied_reshape(place: str, call: Call, shape: Shape, aspect: tuple[int, int]) -> Call | None:
    if call.name in ("Linear", "BatchNorm1d") and len(shape) == 3:
        return Call("Flatten")
    if call.name not in SPATIAL or len(shape) != 1:
        return None
    channels = arguments(call).get(TAKES.get(call.name, ""))
    if channels is None:
        raise InputError(f"{place} needs a picture, not {shape[0]} numbers: put Unflatten first")
    pixels, rest = divmod(shape[0], channels)
    height = math.isqrt(pixels * aspect[0] // aspect[1])
    if rest or height == 0 or height * height * aspect[1] != pixels * aspect[0]:
        wanted = f"{channels} channels of the image's proportions {aspect[0]}:{aspect[1]}"
        fault = f"{shape[0]} numbers do not divide into {wanted}"
        raise InputError(f"{place} takes {channels} channels, but {fault}")
    return Call("Unflatten", (1, (channels, height, pixels // height)))


def _width_fault(place: str, call: Call, shape: Shape, rows: list[Row]) -> str | None:
    """Two layers that do not meet: both, with both numbers and the fix; None where they meet."""
    takes = arguments(call)[TAKES[call.name]] if call.name in TAKES else None
    if not isinstance(takes, int) or takes == shape[0]:
        return None
    before = f"what reaches it is {spell(shape)}"
    if source := next((row for row in reversed(rows) if row.call.name in GIVES), None):
        flat = f", {shape[0]} when flattened" * (len(source.shape) != len(shape))
        before = f"layer {source.index} {source.call} gives {spell(source.shape)}{flat}"
    mend = f"{takes} and {shape[0]} do not meet, write {TAKES[call.name]} as {shape[0]}"
    return f"{place} takes {takes}, but {before}: {mend}"


def _back_to_image(rows: list[Row], end: Shape, image: Image, start: Shape) -> list[Row]:
    """The implied last reshape, or the fault: the image does not come back."""
    if end == image:
        return []
    if len(end) == 1 and end[0] == math.prod(image):
        return [Row("decoder", None, Call("Unflatten", (1, image)), image, 0)]
    shapes = pairwise([start, *(row.shape for row in rows)])
    steps = [(row, *shape) for row, shape in zip(rows, shapes, strict=True)]
    convolutions = [step for step in steps if step[0].call.name == "Conv2d"]
    if shrinking := next((step for step in convolutions if step[2][1] < step[1][1]), None):
        row, before, after = shrinking
        given = arguments(row.call)
        sides = (given["in_channels"], given["out_channels"], given["kernel_size"])
        options = {"stride": given["stride"], "padding": given["padding"]}
        mend = f"write {Call('ConvTranspose2d', sides, options)} there"
        smaller = f"makes {spell(before)} smaller, {spell(after)}"
        cause = f"its layer {row.index} {row.call} {smaller}; {mend}"
    elif len(end) == 1:
        cause = f"the last Linear gives {end[0]}, not {math.prod(image)} = {spell(image)}"
    else:
        cause = "add or take away layers, or change their stride, until the two are equal"
    raise InputError(f"decoder ends at {spell(end)}, but the image is {spell(image)}: {cause}")


def _check_range(rows: list[Row], pixel_range: tuple[float, float]) -> None:
    """The range of the pixels must be one, and a bounded output layer must bound to it."""
    low, high = pixel_range
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(f"range: {list(pixel_range)}: give two numbers that rise, as [-1, 1]")
    calls = [row.call for row in rows]
    bounds = layers.bounds(calls) or pixel_range
    if bounds != pixel_range:
        last = next(call for call in reversed(calls) if call.name not in layers.MOVING)
        own = f"[{bounds[0]:g}, {bounds[1]:g}]"
        fault = f"whose range is {own}, but the pixels are in [{low:g}, {high:g}]"
        mend = f"change the output layer, or write `range: {own}` in the model file"
        raise InputError(f"decoder ends in {last}, {fault}; {mend}")
