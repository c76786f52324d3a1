"""Short forms of layer lists: ``mlp(1024, 64)``, ``conv(64, 128)`` and ``mirrored``."""

import math
from itertools import pairwise
from typing import Any

from zatlas.errors import InputError
from zatlas.models.architecture import Row, trace
from zatlas.models.layers import ACTIVATIONS, NORMS, PARAMETRIC, SPATIAL, Image, Shape, arguments
from zatlas.syntax import Call

SHORT_FORMS = ("mlp", "conv")


def expand(call: Call, part: str, image: Image) -> list[Call]:
    """The layers that a short form stands for; ReLU between them, or LeakyReLU(slope=0.1).

    ``mlp`` makes Linear layers: ``encoder: mlp(1024, 64)`` leads from the pixels to 64 numbers,
    ``decoder: mlp(64, 1024)`` from 64 numbers back to the pixels. ``conv`` makes convolutions of
    kernel 4, stride 2, padding 1: ``encoder: conv(64, 128)`` halves the picture twice and closes
    with an activation, as a Linear layer may follow; ``decoder: conv(128, 64)`` leads from 128
    channels back to the image's. Raises InputError where a width is not a whole number above 0.
    """
    start = f"{part}: {call}"
    slope = call.kwargs.get("slope")
    if unknown := [key for key in call.kwargs if key != "slope"]:
        raise InputError(f"{start}: unknown {unknown[0]!r}; known is slope")
    widths = [w for w in call.args if isinstance(w, int) and not isinstance(w, bool) and w > 0]
    if len(widths) != len(call.args) or not widths:
        raise InputError(f"{start}: widths are whole numbers above 0")
    if slope is not None and not isinstance(slope, (int, float)):
        raise InputError(f"{start}: slope is a number, not {slope!r}")
    activation = Call("ReLU") if slope is None else Call("LeakyReLU", (slope,))
    encodes, convolves = part == "encoder", call.name == "conv"
    side = image[0] if convolves else math.prod(image)
    kind = ("Conv2d" if encodes else "ConvTranspose2d") if convolves else "Linear"
    kernel, options = ((4,), {"stride": 2, "padding": 1}) if convolves else ((), {})
    sizes = pairwise([side, *widths] if encodes else [*widths, side])
    weighted = [Call(kind, (*pair, *kernel), dict(options)) for pair in sizes]
    layers = [each for layer in weighted for each in (layer, activation)]
    return layers if convolves and encodes else layers[:-1]


def mirrored(image: Image, encoders: list[list[Call]], output: Call) -> list[Call]:
    """Parametric layers reversed, inner activations kept, normalisation and dropout dropped.

    A ``Conv2d`` becomes a ``ConvTranspose2d`` whose output_padding is computed from the shapes;
    ``output`` closes the decoder. Raises InputError for pooling and for several encoders.
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
