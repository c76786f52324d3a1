"""Pasted code as a model file: class source, or a printout of ``print(model)``; nothing is run."""

import math
import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from zatlas.errors import InputError
from zatlas.models.pasted.readers import HINT, MAX_CHARACTERS, Network, from_printout, from_source
from zatlas.syntax import Call

__all__ = ["Pasted", "read_pasted"]


class Pasted(NamedTuple):
    """What pasted code says: the plain data of a model file, and what had to be assumed."""

    model: dict[str, Any]
    assumptions: tuple[str, ...]


def read_pasted(text: str, name: str, known: Collection[str]) -> Pasted:
    """Read class source or a printout; ``name`` opens the errors, ``known`` are the layers allowed.

    Shapes are not checked here. Raises InputError that names the line.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"{name}: longer than {MAX_CHARACTERS} characters; {HINT}")
    is_source = re.search(r"^[ \t]*class[ \t]+\w", text, re.MULTILINE)
    network = from_source(text, name, known) if is_source else from_printout(text, name, known)
    encoders, decoders = network.of("enc"), network.of("dec")
    if not encoders or not decoders:
        raise InputError(f"{network.where}: no encoder and decoder; {HINT}")
    for part, calls in network.parts.items():
        if not calls:
            raise InputError(f"{network.where}: {part} has no layers; {HINT}")
    if len(decoders) > 1:
        raise InputError(f"{network.where}: several decoders, {', '.join(decoders)}; keep one")
    (decoder,), lists = decoders.values(), [list(map(str, calls)) for calls in encoders.values()]
    image, reason = _image(next(iter(encoders.values())))
    model = {"title": f"{network.title}, pasted", "image": image, "bottleneck": "plain"}
    model |= {"encoder": lists[0]} if len(lists) == 1 else {"encoders": lists}
    model["decoder"] = list(map(str, decoder))
    return Pasted(model, (reason, *_assumptions(network)))


def _assumptions(network: Network) -> Iterator[str]:
    if network.defaults:
        given = ", ".join(f"{name}={value!r}" for name, value in network.defaults.items())
        yield f"{network.title} is made with the defaults of its arguments: {given}"
    encoders = network.of("enc")
    if len(encoders) > 1:
        said = "its source concatenates" if network.concatenates else "what was pasted does not say"
        yield f"the outputs of {', '.join(encoders)} are concatenated in this order ({said})"
    yield "no code was run: the decoder takes what the encoder gives, and nothing stands between"


def _image(encoder: list[Call]) -> tuple[list[int], str]:
    """The image that an encoder takes, as far as its first Linear or Conv2d tells, and why."""
    takes = {"Linear": "in_features", "Conv2d": "in_channels"}
    first = next((call for call in encoder if call.name in takes), None)
    count = (*first.args, first.kwargs.get(takes[first.name]))[0] if first else None
    if first and isinstance(count, int) and count > 0:
        if first.name == "Conv2d":
            return [count, 64, 64], f"the image is {count}×64×64; Conv2d tells only the {count}"
        for channels in (3, 1):
            side = math.isqrt(count // channels)
            if channels * side * side == count:
                shape = f"{channels}×{side}×{side}"
                return [channels, side, side], f"the image is {shape}, the {count} of the Linear"
    return [3, 64, 64], "the image is 3×64×64; the first layer does not tell"
