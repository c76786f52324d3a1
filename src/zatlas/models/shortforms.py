"""Short forms of layer lists: ``mlp(1024, 64)`` and ``conv(64, 128)``."""

import math
from itertools import pairwise

from zatlas.errors import InputError
from zatlas.models.layers import Image
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
