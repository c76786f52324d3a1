"""A printout of ``print(model)``: a layer a line; a container opens and closes with a bracket."""

import re
from collections.abc import Collection

from zatlas.errors import InputError
from zatlas.models.pasted.parts import HINT, Network, kind_of
from zatlas.syntax import Call, Value, parse_call
from zatlas.syntax.source import clip

# an optional line number, an optional (key):, and a layer, Name( or )
_LINE = re.compile(r"(?:\d+[:.|]?)?\s*(?:\((?P<key>\w+)\):)?\s*(?P<what>.*)")
_PADDINGS = ("same", "valid", "zeros", "reflect", "replicate", "circular")
_UPSAMPLINGS = ("nearest", "linear", "bilinear", "bicubic")
_WORDS: dict[str, Value] = {word: word for word in _PADDINGS + _UPSAMPLINGS}  # without quotes


def from_printout(text: str, name: str, known: Collection[str]) -> Network:
    """Read what ``print(model)`` shows, with or without a number before every line.

    Empty lines and comments are passed over. Raises InputError with the line.
    """
    network = Network("", name)
    stack: list[list[Call]] = []  # the layers that each open container adds to; the root's first
    number = 0
    for number, line in enumerate(re.split(r"\r\n?|\n", text), 1):
        found = _LINE.fullmatch(line.strip())
        key, what = (found["key"] or "", found["what"]) if found else ("", line)
        if not what or what.startswith("#"):
            continue
        where = f"{name} line {number}"
        opens = re.fullmatch(r"(\w+)\(", what)
        if what == ")" and stack:
            stack.pop()
        elif opens and not key and not network.title:
            network.title, network.where = opens[1], where
            stack.append([])
        elif not stack:
            raise InputError(f"{where}: {clip(what)!r} is no part of a printout; {HINT}")
        else:
            if len(stack) == 1 and (not kind_of(key) or key in network.parts):
                raise InputError(f"{where}: {clip(what)!r} stands in no encoder or decoder; {HINT}")
            layers = network.parts.setdefault(key, []) if len(stack) == 1 else stack[-1]
            if opens and opens[1] == "Sequential":
                stack.append(layers)
            elif opens:
                raise InputError(f"{where}: {opens[1]!r} is not known; write nn.Sequential")
            else:
                plain = re.sub(r"torch\.Size\((\[[\d, ]*\])\)", r"\1", what)
                layers.append(parse_call(plain, known, f"{where}: layer", _WORDS))
    if stack or not network.title:
        raise InputError(f"{name} line {number}: the printout ends before its last bracket; {HINT}")
    return network
