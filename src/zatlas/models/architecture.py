"""Layer lists become a checked architecture: every shape known, every fault named, before memory.

An architecture is data: one list of layers per encoder, one for the decoder, a bottleneck between
them. Flattening and unflattening between pictures and ``Linear`` is implied, and shown.
"""

import math
from dataclasses import dataclass

import torch
from torch import nn

from zatlas.errors import InputError
from zatlas.models.layers import (
    BOUNDS,
    GIVES,
    KEEPING,
    PARAMETRIC,
    SPATIAL,
    TAKES,
    Shape,
    arguments,
    make,
)
from zatlas.recipes.bottlenecks import BOTTLENECKS
from zatlas.syntax import Call, format_call


@dataclass(frozen=True)
class Row:
    """One line of the layer table: where it stands, the layer, what leaves it, its parameters."""

    part: str  # "encoder", "encoder 2", "bottleneck" or "decoder"
    index: int | None  # as the layer list counts it, from 0; None for an implied reshape
    call: Call
    shape: Shape  # of one image's activations after it
    parameters: int


@dataclass(frozen=True)
class Architecture:
    """A checked network. ``encoders`` and ``decoder`` hold the implied reshapes too."""

    image: tuple[int, int, int]  # channels, height, width
    encoders: tuple[tuple[Row, ...], ...]
    heads: tuple[tuple[Row, ...], ...]  # a row for each head of the bottleneck, of each encoder
    decoder: tuple[Row, ...]
    bottleneck: str  # a name in BOTTLENECKS
    code_shape: Shape

    @property
    def latent(self) -> int:
        """The number of latent elements, D."""
        return math.prod(self.code_shape)

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows in the order in which an image passes them."""
        encoders = (row for encoder in self.encoders for row in encoder)
        heads = (row for rows in self.heads for row in rows)
        return (*encoders, *heads, *self.decoder)

    @property
    def parameters(self) -> int:
        """The number of parameters of the whole network."""
        return sum(row.parameters for row in self.rows)


def check(
    image: tuple[int, int, int],
    encoders: list[list[Call]],
    decoder: list[Call],
    bottleneck: str = "plain",
    pixel_range: tuple[float, float] = (-1.0, 1.0),
) -> Architecture:
    """Pass one image's shape through every layer on the meta device.

    Raises InputError with both layers and both numbers wherever two layers do not meet, and with
    the first layer to change where the decoder does not end at the image.
    """
    faults: list[str] = []  # widths that do not meet: one error names all of them
    aspect = (image[1], image[2])
    names = _part_names(len(encoders))
    letters = [head.letter for head in BOTTLENECKS[bottleneck].heads]
    trunks, heads, ends = [], [], []
    for name, calls in zip(names, encoders, strict=True):
        if not any(call.name in PARAMETRIC for call in calls):
            raise InputError(f"{name}: has no layer with weights; give it at least one")
        head = _last_parametric(calls) if letters else len(calls)
        trunk, shape = trace(name, calls[:head], image, aspect, faults=faults)
        if letters:
            (*reshape, last), shape = trace(name, calls[head:][:1], shape, aspect, head, faults)
            trunk += reshape  # a reshape that the heads need belongs before all of them
            heads.append(
                tuple(
                    Row(f"{name} {letter}", head, last.call, shape, last.parameters)
                    for letter in letters
                )
            )
        trunks.append(tuple(trunk))
        ends.append(shape)
    code = _join(ends)
    if not decoder:
        raise InputError("decoder: is empty; write `mirrored` or a list of layers")
    rows, end = trace("decoder", decoder, code, aspect, faults=faults)
    if faults:
        raise InputError("; ".join(faults))
    rows += _back_to_image(rows, end, image, code)
    _check_range(rows, pixel_range)
    return Architecture(image, tuple(trunks), tuple(heads), tuple(rows), bottleneck, code)


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
        reshape = _implied_reshape(part, index, call, shape, aspect)
        if reshape is not None:
            shape = after_layer(reshape, shape)[0]
            rows.append(Row(part, None, reshape, shape, 0))
        fault = _width_fault(part, index, call, shape, rows)
        if fault is not None:
            if faults is None:
                raise InputError(fault)
            faults.append(fault)
            shape = (arguments(call)[TAKES[call.name]], *shape[1:])
        try:
            after, parameters = after_layer(call, shape)
        except (RuntimeError, ValueError, IndexError) as error:
            reason = str(error).strip().splitlines()[0]
            raise InputError(
                f"{part} layer {index} {format_call(call)} does not take {spell(shape)}: {reason}"
            ) from None
        if 0 in after:
            raise InputError(
                f"{part} layer {index} {format_call(call)} makes {spell(after)} of {spell(shape)}: "
                "nothing is left; take a smaller kernel or fewer layers"
            )
        rows.append(Row(part, index, call, after, parameters))
        shape = after
    return rows, shape


def after_layer(call: Call, shape: Shape) -> tuple[Shape, int]:
    """The shape of one image's activations after a layer, and the layer's parameters, on meta.

    Raises RuntimeError, ValueError or IndexError as torch does where the layer refuses ``shape``.
    """
    with torch.device("meta"), torch.no_grad():
        module = make(call)
        parameters = sum(p.numel() for p in module.parameters())
        known = _by_rule(call, module, shape)
        after = known or tuple(module.eval()(torch.empty(2, *shape)).shape[1:])
    return after, parameters


def _by_rule(call: Call, module: nn.Module, shape: Shape) -> Shape | None:
    """The shape after the layers that most networks are made of, by their own rule; else None.

    On the meta device torch runs these in Python, and the first one imports 800 modules: a second
    of every start, and 70 MB.
    """
    if call.name in KEEPING:
        return shape
    if isinstance(module, nn.Linear):
        taken, after = module.in_features, (*shape[:-1], module.out_features)
        given = shape[-1] if shape else 0
    elif isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
        module._check_input_dim(torch.empty(2, *shape))
        taken, given, after = module.num_features, shape[0], shape
    else:
        return None
    if taken != given:
        raise RuntimeError(f"takes {taken}, not {given}")
    return after


def spell(shape: Shape) -> str:
    """A shape as people write it: ``3x64x64``."""
    return "x".join(map(str, shape))


def _implied_reshape(
    part: str, index: int, call: Call, shape: Shape, aspect: tuple[int, int]
) -> Call | None:
    if call.name in ("Linear", "BatchNorm1d") and len(shape) == 3:
        return Call("Flatten", (), {})
    if call.name in SPATIAL and len(shape) == 1:
        channels = arguments(call).get(TAKES.get(call.name, ""), None)
        place = f"{part} layer {index} {format_call(call)}"
        if channels is None:
            raise InputError(
                f"{place} needs a picture, not {shape[0]} numbers: put Unflatten first"
            )
        pixels, rest = divmod(shape[0], channels)
        height = math.isqrt(pixels * aspect[0] // aspect[1]) if pixels else 0
        if rest or height == 0 or height * height * aspect[1] != pixels * aspect[0]:
            raise InputError(
                f"{place} takes {channels} channels, but {shape[0]} numbers do not divide into "
                f"{channels} channels of the image's proportions {aspect[0]}:{aspect[1]}"
            )
        return Call("Unflatten", (1, (channels, height, pixels // height)), {})
    return None


def _width_fault(part: str, index: int, call: Call, shape: Shape, rows: list[Row]) -> str | None:
    """Two layers that do not meet: both, with both numbers and the fix; None where they meet."""
    if call.name not in TAKES:
        return None
    takes = arguments(call)[TAKES[call.name]]
    if not isinstance(takes, int) or takes == shape[0]:
        return None
    source = next((row for row in reversed(rows) if row.call.name in GIVES), None)
    before = (
        f"layer {source.index} {format_call(source.call)} gives {spell(source.shape)}"
        if source
        else f"what reaches it is {spell(shape)}"
    )
    flat = f", {shape[0]} when flattened" if source and len(source.shape) != len(shape) else ""
    return (
        f"{part} layer {index} {format_call(call)} takes {takes}, but {before}{flat}: {takes} and "
        f"{shape[0]} do not meet, write {TAKES[call.name]} as {shape[0]}"
    )


def _part_names(count: int) -> list[str]:
    return ["encoder"] if count == 1 else [f"encoder {i + 1}" for i in range(count)]


def _last_parametric(calls: list[Call]) -> int:
    return max(i for i, call in enumerate(calls) if call.name in PARAMETRIC)


def _join(ends: list[Shape]) -> Shape:
    """The shape of the code: one encoder's output, or several outputs concatenated flat."""
    return ends[0] if len(ends) == 1 else (sum(math.prod(end) for end in ends),)


def _back_to_image(
    rows: list[Row], end: Shape, image: tuple[int, int, int], start: Shape
) -> list[Row]:
    """The implied last reshape, or the fault: the image does not come back."""
    if end == image:
        return []
    if len(end) == 1 and end[0] == math.prod(image):
        return [Row("decoder", None, Call("Unflatten", (1, image), {}), image, 0)]
    shrinking = _first_shrinking(rows, start)
    if shrinking is not None:
        row, before = shrinking
        given = arguments(row.call)
        fix = Call(
            "ConvTranspose2d",
            (given["in_channels"], given["out_channels"], given["kernel_size"]),
            {"stride": given["stride"], "padding": given["padding"]},
        )
        cause = (
            f"its layer {row.index} {format_call(row.call)} makes {spell(before)} smaller, "
            f"{spell(row.shape)}; write {format_call(fix)} there"
        )
    elif len(end) == 1:
        cause = f"the last Linear gives {end[0]}, not {math.prod(image)} = {spell(image)}"
    else:
        cause = "add or take away layers, or change their stride, until the two are equal"
    raise InputError(f"decoder ends at {spell(end)}, but the image is {spell(image)}: {cause}")


def _first_shrinking(rows: list[Row], start: Shape) -> tuple[Row, Shape] | None:
    shape = start
    for row in rows:
        if row.call.name == "Conv2d" and row.shape[1] < shape[1]:
            return row, shape
        shape = row.shape
    return None


def _check_range(rows: list[Row], pixel_range: tuple[float, float]) -> None:
    """The range of the pixels must be one, and a bounded output layer must bound to it."""
    if not (math.isfinite(math.dist(pixel_range, (0, 0))) and pixel_range[0] < pixel_range[1]):
        raise InputError(f"range: {list(pixel_range)}: give two numbers that rise, as [-1, 1]")
    last = next(row for row in reversed(rows) if row.index is not None)
    bounds = BOUNDS.get(last.call.name)
    if bounds is not None and bounds != pixel_range:
        low, high = (f"{v:g}" for v in pixel_range)
        raise InputError(
            f"decoder ends in {format_call(last.call)}, whose range is [{bounds[0]:g}, "
            f"{bounds[1]:g}], but the pixels are in [{low}, {high}]; change the output layer, or "
            f"write `range: [{bounds[0]:g}, {bounds[1]:g}]` in the model file"
        )
