"""Every width of a network made wider or narrower; the code keeps its size."""

import math

from zatlas.errors import argument_error
from zatlas.models.architecture import Row
from zatlas.models.layers import GIVES, TAKES, Shape, after_layer, arguments
from zatlas.models.model_file import ModelFile
from zatlas.syntax import Call


def scaled(model: ModelFile, scale: float) -> ModelFile:
    """The long form of the same model with every width but image and code times ``scale``.

    Widths are rounded and at least 1; with ``scale`` 1 it is the model itself. Raises InputError
    for a scale that is not above 0.
    """
    if scale == 1:
        return model
    if not (math.isfinite(scale) and scale > 0):
        raise argument_error("scale", f"{scale:g}", "give a factor above 0, as 0.5 or 2")
    network = model.architecture()
    heads = [rows[:1] for rows in network.heads] or [() for _ in network.encoders]
    parts = [(*trunk, *head) for trunk, head in zip(network.encoders, heads, strict=True)]
    encoders = [_scaled(part, network.image, scale) for part in parts]
    return model.with_layers(encoders, _scaled(network.decoder, network.code_shape, scale))


def _scaled(rows: tuple[Row, ...], shape: Shape, factor: float) -> list[Call]:
    """The layers of one encoder or decoder; the last one with weights gives what it gave."""
    layers: list[Call] = []
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
        layers.append(call)
        shape = after_layer(call, shape)[0]
    return layers


def _width(rows: tuple[Row, ...], i: int, factor: float) -> int:
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
