"""Short forms of layer lists: ``mlp(1024, 64)``, ``conv(64, 128)``, ``resnet(64, 128)``."""

import math
from dataclasses import fields
from itertools import pairwise
from typing import Annotated, Any, TypeVar, get_args

from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from zatlas.errors import InputError
from zatlas.models.architecture import Row, trace
from zatlas.models.layers import ACTIVATIONS, NORMS, PARAMETRIC, SPATIAL, Image, Shape, arguments
from zatlas.models.residual import Activation, Normalisation, groups
from zatlas.syntax import Call

Pair = tuple[int, int]  # the widths that a layer takes and gives
Options = TypeVar("Options", "Between", "Stages")

SHORT_FORMS = ("mlp", "conv", "resnet")
HALVING = {"stride": 2, "padding": 1}  # and a kernel of 4
# the words that stand without quotes in short forms and layers
WORDS = {word: word for word in (*get_args(Normalisation), *get_args(Activation))}


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Between:
    """The options of ``mlp`` and ``conv``: what stands between layers with weights."""

    norm: Normalisation = "none"
    activation: Activation = "ReLU"
    slope: float | None = None  # that of a LeakyReLU

    @property
    def layer(self) -> Call:
        """The activation."""
        return Call(self.activation) if self.slope is None else Call("LeakyReLU", (self.slope,))


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Stages:
    """The options of ``resnet``: those of its blocks, and how many stand at each size."""

    norm: Normalisation = "batch"
    activation: Activation = "ReLU"
    blocks: Annotated[int, Field(ge=1)] = 1


def expand(call: Call, part: str, image: Image) -> list[Call]:
    """The layers that a short form stands for.

    ``mlp`` makes Linear layers: ``encoder: mlp(1024, 64)`` leads from the pixels to 64 numbers,
    ``decoder: mlp(64, 1024)`` from 64 numbers back to the pixels. ``conv`` makes convolutions of
    kernel 4, stride 2, padding 1: ``encoder: conv(64, 128)`` halves the picture twice and closes
    with an activation, as a Linear layer may follow; ``decoder: conv(128, 64)`` leads from 128
    channels back to the image's. ``resnet`` has residual blocks at each size instead of
    normalisation and activation. Raises InputError where widths or options do not fit.
    """
    start = f"{part}: {call}"
    widths = [w for w in call.args if isinstance(w, int) and not isinstance(w, bool) and w > 0]
    if len(widths) != len(call.args) or not widths:
        raise InputError(f"{start}: widths are whole numbers above 0")
    encodes, side = part == "encoder", math.prod(image) if call.name == "mlp" else image[0]
    pairs = list(pairwise([side, *widths] if encodes else [*widths, side]))
    if call.name == "mlp":
        return _chain("Linear", pairs, _options(Between, call, start), closed=False)
    if not encodes:
        _check_doubling(start, len(widths), image)
    kind = "Conv2d" if encodes else "ConvTranspose2d"
    if call.name == "conv":
        return _chain(kind, pairs, _options(Between, call, start), closed=encodes)
    return _stages(kind, pairs, _options(Stages, call, start))


def _options(kind: type[Options], call: Call, start: str) -> Options:
    """The options of a short form; InputError where one is unknown or does not fit."""
    given: dict[str, Any] = dict(call.kwargs)
    names = [field.name for field in fields(kind)]
    if unknown := [key for key in call.kwargs if key not in names]:
        raise InputError(f"{start}: unknown {unknown[0]!r}; known are {', '.join(names)}")
    if {"slope", "activation"} <= call.kwargs.keys():
        raise InputError(f"{start}: slope is that of LeakyReLU; leave out activation")
    try:
        return kind(**given)
    except ValidationError as error:
        fault = error.errors()[0]
        raise InputError(f"{start}: {fault['loc'][0]}: {fault['msg']}") from None


def _chain(kind: str, pairs: list[Pair], options: Between, closed: bool) -> list[Call]:
    """Layers with weights, with normalisation and activation between, and behind if ``closed``."""
    layers: list[Call] = []
    for place, pair in enumerate(pairs, 1):
        inner = closed or place < len(pairs)
        norm = _norm(kind, pair[1], options.norm) if inner else []
        layers += [_weighted(kind, pair, bias=not norm), *norm]
        layers += [options.layer] * inner
    return layers


def _stages(kind: str, pairs: list[Pair], options: Stages) -> list[Call]:
    """Residual blocks at each size, and convolutions between the sizes."""
    shown = {"norm": options.norm, "activation": options.activation}
    usual = {"norm": Stages.norm, "activation": Stages.activation}
    given: dict[str, Any] = {key: value for key, value in shown.items() if value != usual[key]}
    layers: list[Call] = []
    for taken, gives in pairs:
        resized = _weighted(kind, (taken, gives))
        blocks = [Call("Residual", (gives if kind == "Conv2d" else taken,), given)] * options.blocks
        layers += [resized, *blocks] if kind == "Conv2d" else [*blocks, resized]
    return layers


def _weighted(kind: str, pair: Pair, bias: bool = True) -> Call:
    without: dict[str, Any] = {} if bias else {"bias": False}
    if kind == "Linear":
        return Call(kind, pair, without)
    return Call(kind, (*pair, 4), {**HALVING, **without})


def _norm(kind: str, width: int, norm: Normalisation) -> list[Call]:
    if norm == "batch":
        return [Call("BatchNorm1d" if kind == "Linear" else "BatchNorm2d", (width,))]
    return [Call("GroupNorm", (groups(width), width))] if norm == "group" else []


def _check_doubling(start: str, times: int, image: Image) -> None:
    """Raises InputError where an image's sides are none that doubling can give."""
    for pixels in image[1:]:
        powers = (pixels & -pixels).bit_length()  # of 2 that divide it, 1 among them
        if times >= powers:
            sizes = ", ".join(str(pixels >> power) for power in range(powers))
            fault = f"doubles a picture {times} times, but {pixels} pixels have the sizes {sizes}"
            mend = "give fewer widths, or write `decoder: mirrored`"
            raise InputError(f"{start}: {fault} alone when halved; {mend}")


def mirrored(image: Image, encoders: list[list[Call]], output: Call) -> list[Call]:
    """Parametric layers reversed, inner activations kept, normalisation and dropout dropped.

    A ``Conv2d`` becomes a ``ConvTranspose2d`` whose output_padding is computed from the shapes, a
    ``Residual`` another one with a normalisation of its own; ``output`` closes the decoder. Raises
    InputError for pooling and for several encoders.
    """
    if len(encoders) != 1:
        fault = f"needs one encoder, and here are {len(encoders)} whose outputs are joined"
        raise InputError(f"decoder: mirrored {fault}; write the decoder as a list")
    rows, _ = trace("encoder", encoders[0], image, image[1:])
    decoder: list[Call] = []
    following: list[Call] = []  # the activations that follow a layer with weights
    shapes = [image, *(row.shape for row in rows[:-1])]
    for row, taken in zip(rows[::-1], shapes[::-1], strict=True):
        if row.call.name in PARAMETRIC:
            decoder += [*(following[::-1] if decoder else []), _undo(row, taken)]
            following = []
        elif row.call.name in ACTIVATIONS:
            following.append(row.call)
        elif row.call.name in SPATIAL - NORMS - {"Dropout2d"}:
            raise _cannot_undo(row, "which pools or rearranges pixels")
    return [*decoder, output]


def _undo(row: Row, taken: Shape) -> Call:
    """The layer that leads from the output of ``row`` back to ``taken``."""
    if row.call.name == "Residual":  # it keeps the shape
        return row.call
    given = arguments(row.call)
    bias: dict[str, Any] = {} if given["bias"] else {"bias": False}
    if row.call.name == "Linear":
        return Call("Linear", (given["out_features"], given["in_features"]), bias)
    if row.call.name == "ConvTranspose2d" or isinstance(given["padding"], str):
        raise _cannot_undo(row, "which is not a plain Conv2d")
    keys = ("stride", "padding", "dilation", "kernel_size")
    sizes = zip(taken[1:], row.shape[1:], *(_pair(given[key]) for key in keys), strict=True)
    missing = tuple(
        size - ((out - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1)
        for size, out, stride, padding, dilation, kernel in sizes
    )
    given["output_padding"] = missing[0] if len(set(missing)) == 1 else missing
    defaults = {"stride": 1, "padding": 0, "output_padding": 0, "groups": 1, "dilation": 1}
    options = {k: given[k] for k, usual in defaults.items() if _pair(given[k]) != _pair(usual)}
    sides = (given["out_channels"], given["in_channels"], given["kernel_size"])
    return Call("ConvTranspose2d", sides, {**options, **bias})


def _cannot_undo(row: Row, why: str) -> InputError:
    fault = f"mirrored cannot undo encoder layer {row.index} {row.call}, {why}"
    return InputError(f"decoder: {fault}; use a Conv2d with stride, or write the decoder as a list")


def _pair(value: int | tuple[int, ...]) -> tuple[int, ...]:
    return (value, value) if isinstance(value, int) else tuple(value)
