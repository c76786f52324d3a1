"""Changes of a whole network: the widths of its layers, and the number of latent elements."""

import math
from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

from zatlas.errors import argument_error
from zatlas.models.layers import GIVES, TAKES, Shape, arguments
from zatlas.models.model_file import ModelFile, adapt
from zatlas.syntax import Call


def changed(
    model: ModelFile, *, recipe: str | None = None, changes: Mapping[str, Any] | None = None,
    scale: float = 1.0, latent: int | None = None,
) -> ModelFile:  # fmt: skip
    """The model with a recipe, then single keys, then other widths, then another code size.

    See ``adapt`` for ``recipe`` and ``changes``, ``scaled`` and ``with_latent`` for the others.
    """
    return with_latent(scaled(adapt(model, recipe, changes), scale), latent)


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


def with_latent(model: ModelFile, latent: int | None) -> ModelFile:
    """The long form of the same model with ``latent`` elements in its code.

    The last layer with weights of the encoder, and the first of the decoder, get another width.
    Where they are convolutions, so that the code is a stack of maps, a ``Linear`` layer is added
    instead. Several encoders share the elements in the proportions that they had. None, and the
    number that the model has, change nothing. Raises InputError where an encoder would give none.
    """
    network = model.architecture()
    if latent is None or latent == network.latent:
        return model
    fewest = len(network.encoders)
    if not isinstance(latent, int) or latent < fewest:
        raise argument_error("latent", latent, f"give a whole number, {fewest} or more")
    rows = [row for head in network.heads for row in head[:1]] or [e[-1] for e in network.encoders]
    sizes = [math.prod(row.shape) for row in rows]
    encoders, decoder = model.layers()
    gives = _shares(latent, sizes)
    encoders = [
        _ending(calls, row.shape, size)
        for calls, row, size in zip(encoders, rows, gives, strict=True)
    ]
    made = model.with_layers(encoders, _beginning(decoder, network.code_shape, latent))
    words = f"{model.title} (changed to {latent:,} latent elements)" if model.title else ""
    return made.model_copy(update={"title": words})


def _shares(total: int, parts: list[int]) -> list[int]:
    """A whole number divided in the proportions of ``parts``; each share is 1 or more.

    >>> _shares(20, [1, 1, 1])
    [7, 6, 7]
    """
    spare, whole = total - len(parts), sum(parts)
    ends = [round(spare * Fraction(sum(parts[:i]), whole)) for i in range(len(parts) + 1)]
    return [1 + stop - start for start, stop in pairwise(ends)]


def _ending(calls: list[Call], end: Shape, size: int) -> list[Call]:
    """The layers of an encoder that gave ``end`` and gives ``size`` numbers."""
    last = max(i for i, call in enumerate(calls) if call.name in GIVES)
    if calls[last].name != "Linear" or len(end) != 1:
        return [*calls, Call("Linear", (math.prod(end), size))]
    after = [_taking(call, size) for call in calls[last + 1 :]]
    return [*calls[:last], _with(calls[last], GIVES["Linear"], size), *after]


def _beginning(calls: list[Call], code: Shape, size: int) -> list[Call]:
    """The layers of a decoder that took ``code`` and takes ``size`` numbers."""
    names = [call.name for call in calls]
    first = next((i for i, name in enumerate(names) if name in GIVES), 0)
    if names[first] == "Linear" and "Unflatten" not in names[:first]:
        return [*(_taking(call, size) for call in calls[: first + 1]), *calls[first + 1 :]]
    reshape = [Call("Unflatten", (1, code))] if len(code) == 3 else []
    return [Call("Linear", (size, math.prod(code))), *reshape, *calls]


def _taking(call: Call, size: int) -> Call:
    return _with(call, TAKES[call.name], size) if call.name in TAKES else call


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
        elif i == last:
            ratio = Fraction(1)
        if layer.name == "GroupNorm":
            given = arguments(layer)
            most = math.gcd(given["num_groups"], given["num_channels"])
            layer = _with(layer, "num_groups", most)
        layers.append(layer)
    return layers


def _with(call: Call, argument: str, value: int) -> Call:
    """The layer with one argument changed, the others as they were typed."""
    place = list(arguments(call)).index(argument)
    if argument in call.kwargs or place >= len(call.args):
        return Call(call.name, call.args, {**call.kwargs, argument: value})
    return Call(call.name, (*call.args[:place], value, *call.args[place + 1 :]), call.kwargs)
