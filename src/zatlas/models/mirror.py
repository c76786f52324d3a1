"""``decoder: mirrored``: the decoder that undoes one encoder."""

from typing import Any

from zatlas.errors import InputError
from zatlas.models.architecture import Row, trace
from zatlas.models.layers import ACTIVATIONS, PARAMETRIC, SPATIAL, Shape, arguments
from zatlas.syntax import Call, format_call


def mirrored(
    image: tuple[int, int, int], encoders: list[list[Call]], output: Call | None
) -> list[Call]:
    """Parametric layers reversed, inner activations kept, normalisation and dropout dropped.

    A ``Conv2d`` becomes a ``ConvTranspose2d`` whose output_padding is computed from the shapes;
    ``output`` closes the decoder. Raises InputError for pooling and for several encoders.
    """
    if len(encoders) != 1:
        raise InputError(
            f"decoder: mirrored needs one encoder, and here are {len(encoders)} whose outputs are "
            "joined; write the decoder as a list"
        )
    rows, _ = trace("encoder", encoders[0], image, image[1:])
    weights: list[tuple[Row, Shape, list[Call]]] = []  # layer, what it takes, what follows it
    taken: Shape = image
    for row in rows:
        if row.call.name in PARAMETRIC:
            weights.append((row, taken, []))
        elif row.call.name in ACTIVATIONS and weights:
            weights[-1][2].append(row.call)
        elif row.call.name in SPATIAL and not row.call.name.startswith(
            ("BatchNorm", "Instance", "Dropout")
        ):
            raise _cannot_undo(row, "which pools or rearranges pixels")
        taken = row.shape
    decoder: list[Call] = []
    for row, before, following in reversed(weights):
        if decoder:
            decoder += following
        decoder.append(_undo(row, before))
    return [*decoder, output] if output else decoder


def _undo(row: Row, taken: Shape) -> Call:
    """The layer that leads from the output of ``row`` back to ``taken``."""
    given = arguments(row.call)
    bias: dict[str, Any] = {} if given["bias"] else {"bias": False}
    if row.call.name == "Linear":
        return Call("Linear", (given["out_features"], given["in_features"]), bias)
    if row.call.name == "ConvTranspose2d" or isinstance(given["padding"], str):
        raise _cannot_undo(row, "which is not a plain Conv2d")
    missing = tuple(
        size - ((out - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1)
        for size, out, stride, padding, dilation, kernel in zip(
            taken[1:], row.shape[1:],
            *(_pair(given[key]) for key in ("stride", "padding", "dilation", "kernel_size")),
            strict=True,
        )
    )  # fmt: skip
    options = {
        "stride": (given["stride"], 1), "padding": (given["padding"], 0),
        "output_padding": (missing[0] if len(set(missing)) == 1 else missing, 0),
        "groups": (given["groups"], 1), "dilation": (given["dilation"], 1),
    }  # fmt: skip
    kept = {
        key: value for key, (value, default) in options.items() if _pair(value) != _pair(default)
    }
    sides = (given["out_channels"], given["in_channels"], given["kernel_size"])
    return Call("ConvTranspose2d", sides, {**kept, **bias})


def _cannot_undo(row: Row, why: str) -> InputError:
    return InputError(
        f"decoder: mirrored cannot undo encoder layer {row.index} {format_call(row.call)}, {why}; "
        "use a Conv2d with stride, or write the decoder as a list"
    )


def _pair(value: int | tuple[int, ...]) -> tuple[int, ...]:
    return (value, value) if isinstance(value, int) else tuple(value)
