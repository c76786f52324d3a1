"""Every width of a network made wider or narrower; the code keeps its size."""

import math

from zatlas.errors import InputError
from zatlas.models.architecture import Row, after_layer
from zatlas.models.layers import GIVES, TAKES, Shape, arguments
from zatlas.models.model_file import ModelFile
from zatlas.syntax import Call, format_call


def scaled(model: ModelFile, scale: float) -> ModelFile:
    """The long form of the same model with every width but image and code times ``scale``.

    Widths are rounded and at least 1; with ``scale`` 1 it is the model itself. Raises InputError
    for a scale that is not above 0.
    """
    if scale == 1:
        return model
    if not (math.isfinite(scale) and scale > 0):
        raise InputError(
            f"scale={scale:g}: give a factor above 0, as 0.5 or 2", arguments=("scale",)
        )
    network = model.architecture()
    heads = [rows[:1] for rows in network.heads] or [() for _ in network.encoders]
    encoders = [
        _scaled([*trunk, *head], network.image, scale)
        for trunk, head in zip(network.encoders, heads, strict=True)
    ]
    decoder = _scaled(list(network.decoder), network.code_shape, scale)
    one = len(encoders) == 1
    return model.model_copy(
        update={
            "encoder": encoders[0] if one else None,
            "encoders": None if one else encoders,
            "decoder": decoder,
            "output": None,
        }
    )


def _scaled(rows: list[Row], shape: Shape, factor: float) -> list[str]:
    """The layers of one encoder or decoder; the last one with weights gives what it gave."""
    layers: list[str] = []
    last = max(i for i, row in enumerate(rows) if row.call.name in GIVES)
    for i, row in enumerate(rows):
        call = row.call
        if row.index is None:  # a reshape that is implied
            shape = _reshaped(row, shape)
            continue
        if call.name in TAKES:
            call = _with(call, TAKES[call.name], shape[0])
        if call.name in GIVES and i != last:
            call = _with(call, GIVES[call.name], _width(rows, i, factor))
        layers.append(format_call(call))
        shape = after_layer(call, shape)[0]
    return layers


def _width(rows: list[Row], i: int, factor: float) -> int:
    """The new width of a layer; of one that is unflattened next, a width for each pixel."""
    width, pixels = rows[i].shape[0], 1
    for row in rows[i + 1 :]:
        if row.index is None and len(row.shape) == 3:
            pixels = math.prod(row.shape[1:])
        if row.call.name in TAKES:
            break
    return max(1, round(width // pixels * factor)) * pixels


def _reshaped(row: Row, shape: Shape) -> Shape:
    if len(row.shape) == 1:
        return (math.prod(shape),)
    return (math.prod(shape) // math.prod(row.shape[1:]), *row.shape[1:])


def _with(call: Call, argument: str, value: int) -> Call:
    """The layer with one argument changed, the others as they were typed."""
    place = list(arguments(call)).index(argument)
    if argument in call.kwargs or place >= len(call.args):
        return Call(call.name, call.args, {**call.kwargs, argument: value})
    return Call(call.name, (*call.args[:place], value, *call.args[place + 1 :]), call.kwargs)
