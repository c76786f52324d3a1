"""Short forms of layer lists: ``mlp(1024, 64)`` and ``conv(64, 128)``."""

import math
from collections.abc import Callable, Mapping
from itertools import pairwise

from zatlas.errors import InputError
from zatlas.syntax import Call, format_call

Image = tuple[int, int, int]


def mlp(widths: tuple[int, ...], part: str, image: Image, activation: Call) -> list[Call]:
    """Linear layers with an activation between them; the pixels are implied at the picture's side.

    ``encoder: mlp(1024, 64)`` leads from the pixels to 64 numbers, ``decoder: mlp(64, 1024)`` from
    64 numbers back to the pixels.
    """
    pixels = math.prod(image)
    sizes = (pixels, *widths) if part == "encoder" else (*widths, pixels)
    layers: list[Call] = []
    for takes, gives in pairwise(sizes):
        layers += [Call("Linear", (takes, gives), {}), activation]
    return layers[:-1]


def conv(widths: tuple[int, ...], part: str, image: Image, activation: Call) -> list[Call]:
    """Convolutions of kernel 4, stride 2, padding 1, each halving (or doubling) the picture.

    ``encoder: conv(64, 128)`` closes with an activation, as a Linear layer may follow;
    ``decoder: conv(128, 64)`` leads from 128 channels back to the image's.
    """
    kind = "Conv2d" if part == "encoder" else "ConvTranspose2d"
    sizes = (image[0], *widths) if part == "encoder" else (*widths, image[0])
    layers: list[Call] = []
    for takes, gives in pairwise(sizes):
        layers += [Call(kind, (takes, gives, 4), {"stride": 2, "padding": 1}), activation]
    return layers if part == "encoder" else layers[:-1]


SHORT_FORMS: Mapping[str, Callable[[tuple[int, ...], str, Image, Call], list[Call]]] = {
    "mlp": mlp,
    "conv": conv,
}


def expand(call: Call, part: str, image: Image) -> list[Call]:
    """The layers that a short form stands for; ReLU between them, or LeakyReLU(slope=0.1).

    Raises InputError where a width is not a whole number above 0.
    """
    slope = call.kwargs.get("slope")
    unknown = [key for key in call.kwargs if key != "slope"]
    if unknown:
        raise InputError(f"{part}: {format_call(call)}: unknown {unknown[0]!r}; known is slope")
    widths = tuple(w for w in call.args if isinstance(w, int) and not isinstance(w, bool) and w > 0)
    if len(widths) != len(call.args) or not widths:
        raise InputError(f"{part}: {format_call(call)}: widths are whole numbers above 0")
    if slope is not None and not isinstance(slope, (int, float)):
        raise InputError(f"{part}: {format_call(call)}: slope is a number, not {slope!r}")
    activation = Call("ReLU", (), {}) if slope is None else Call("LeakyReLU", (slope,), {})
    return SHORT_FORMS[call.name](widths, part, image, activation)
