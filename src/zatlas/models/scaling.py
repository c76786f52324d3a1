"""Every width of a network made wider or narrower; the code keeps its size."""

import math
from fractions import Fraction

from zatlas.errors import argument_error
from zatlas.models.layers import GIVES, TAKES, arguments
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
    encoders, decoder = model.layers()
    return model.with_layers([_scaled(each, scale) for each in encoders], _scaled(decoder, scale))


def _scaled(calls: list[Call], factor: float) -> list[Call]:
    """The layers of one encoder or decoder; the last one with weights gives what it gave."""
    layers: list[Call] = []
    last = max(i for i, call in enumerate(calls) if call.name in GIVES)
    ratio = Fraction(1)  # of the width that reaches a layer, new to old
    for i, call in enumerate(calls):
        layer = call
        if call.name in TAKES:
            layer = _with(call, TAKES[call.name], int(arguments(call)[TAKES[call.name]] * ratio))
        if call.name in GIVES and i != last:
            gives = arguments(call)[GIVES[call.name]]
            taken = [arguments(each)[TAKES[each.name]] for each in calls[i:] if each.name in TAKES]
            pixels = max(1, gives // taken[1])  # of a layer that is unflattened next
            width = max(1, round(gives // pixels * factor)) * pixels
            layer, ratio = _with(layer, GIVES[call.name], width), Fraction(width, gives)
        layers.append(layer)
    return layers


def _with(call: Call, argument: str, value: int) -> Call:
    """The layer with one argument changed, the others as they were typed."""
    place = list(arguments(call)).index(argument)
    if argument in call.kwargs or place >= len(call.args):
        return Call(call.name, call.args, {**call.kwargs, argument: value})
    return Call(call.name, (*call.args[:place], value, *call.args[place + 1 :]), call.kwargs)
