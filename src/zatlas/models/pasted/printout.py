"""What ``print(model)`` shows: a layer in each line; brackets open and close a container."""

import re
from collections.abc import Collection

from zatlas.errors import InputError
from zatlas.models.pasted.network import Network
from zatlas.models.pasted.tensors import kind_of
from zatlas.syntax import Call, Value, parse_call
from zatlas.syntax.source import clip

# an optional line number, an optional (key):, and a layer, Name( or )
_LINE = re.compile(r"(?:\d+[:.|]?)?\s*(?:\((?P<key>\w+)\):)?\s*(?P<what>.*)")
_PADDINGS = ("same", "valid", "zeros", "reflect", "replicate", "circular")
_UPSAMPLINGS = ("nearest", "linear", "bilinear", "bicubic")
_WORDS: dict[str, Value] = {word: word for word in _PADDINGS + _UPSAMPLINGS}  # without quotes


def from_printout(text: str, name: str, known: Collection[str], hint: str) -> Network:
    """Read what ``print(model)`` shows, with or without a number before every line.

    Empty lines and comments are passed over. Raises InputError with the line.
    """
    network, parts = Network("", name), dict[str, list[Call]]()
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
            raise InputError(f"{where}: {clip(what)!r} is no part of a printout; {hint}")
        else:
            if len(stack) == 1 and (not _kind(key) or key in parts):
                raise InputError(f"{where}: {clip(what)!r} stands in no encoder or decoder; {hint}")
            layers = parts.setdefault(key, []) if len(stack) == 1 else stack[-1]
            if opens and opens[1] == "Sequential":
                stack.append(layers)
            elif opens:
                said = "a printout does not say what it does; paste the source of its class"
                raise InputError(f"{where}: {opens[1]!r} is not known; {said}")
            else:
                plain = re.sub(r"torch\.Size\((\[[\d, ]*\])\)", r"\1", what)
                layers.append(parse_call(plain, known, f"{where}: layer", _WORDS))
    if stack or not network.title:
        raise InputError(f"{name} line {number}: the printout ends before its last bracket; {hint}")
    return _assembled(network, parts, hint)


def _kind(key: str) -> str:
    """``enc``, ``dec``, ``mean`` or ``spread``, by the name of a part; else nothing."""
    if kind := kind_of(key):
        return kind
    found = re.search(r"(log_?var|log_?std|sigma|std|var)|(mu|mean)", key.lower())
    return "" if found is None else "spread" if found[1] else "mean"


def _assembled(network: Network, parts: dict[str, list[Call]], hint: str) -> Network:
    """The network of the parts of a printout, by their names."""
    for part, calls in parts.items():
        if not calls:
            raise InputError(f"{network.where}: {part} has no layers; {hint}")
    of = {kind: {name: calls for name, calls in parts.items() if _kind(name) == kind}
          for kind in ("enc", "dec", "mean", "spread")}  # fmt: skip
    encoders, decoders, *heads = of.values()
    if not encoders or not decoders:
        raise InputError(f"{network.where}: no encoder and decoder; {hint}")
    if len(decoders) > 1:
        raise InputError(f"{network.where}: several decoders, {', '.join(decoders)}; keep one")
    if any(heads):
        means, spreads = ([*head.values()] for head in heads)
        if len(encoders) > 1 or len(means) != 1 or means != spreads or len(means[0]) > 1:
            fault = "the mean and the spread of the code do not come from one equal layer each"
            raise InputError(f"{network.where}: {fault}; {hint}")
        network.gaussian = True
        encoders = {name: [*calls, *means[0]] for name, calls in encoders.items()}
    network.encoders, (network.decoder,) = encoders, decoders.values()
    if len(encoders) > 1:
        listed = ", ".join(encoders)
        said = "what was pasted does not say"
        network.notes.append(f"the outputs of {listed} are concatenated in this order ({said})")
    return network
