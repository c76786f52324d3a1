"""Layers and short forms: ``Linear(3*64*64, 1024)``, ``nn.ReLU()``, ``mlp(1024, 256, 10)``."""

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass, field

from zatlas.errors import nearest
from zatlas.syntax.source import Source, clip
from zatlas.syntax.values import NO_NAMES, Names, Value, dotted, value_from_node

_MEND = "a layer reads like Linear(64, 10)"


@dataclass(frozen=True)
class Call:
    """A layer or a short form: its name without ``nn.``, and its arguments as typed."""

    name: str
    args: tuple[Value, ...] = ()
    kwargs: dict[str, Value] = field(default_factory=dict)


def parse_call(
    text: str, known: Collection[str], what: str = "layer", names: Names = NO_NAMES
) -> Call:
    """Read one layer or short form, such as ``nn.Conv2d(3, 64, 4, stride=2)``.

    ``known`` are the names allowed, ``what`` opens the errors, ``names`` are words that stand for
    values. Raises InputError that points at the column.
    """
    source = Source(what, text)
    match source.tree(_MEND).body:
        case [ast.Expr(node)]:
            return call_from_node(node, known, source, names)
        case [_, second, *_]:
            raise source.fault(second, f"one layer at a time; {_MEND}")
    raise source.fault(1, f"this is not a layer; {_MEND}")


def call_from_node(
    node: ast.AST, known: Collection[str], source: Source, names: Names = NO_NAMES
) -> Call:
    """Read one layer from a node of ``source``'s tree, by the rules of :func:`parse_call`."""
    called = dotted(node.func if isinstance(node, ast.Call) else node)
    layer = re.fullmatch(r"(?:(?:torch\.)?nn\.)?(\w+)", called)
    if layer is None:
        raise source.fault(node, f"{source.typed(node)!r} is not a layer; {_MEND}")
    if layer[1] not in known:
        raise source.fault(node, f"{clip(layer[1])!r} is not known; {nearest(layer[1], known)}")
    if not isinstance(node, ast.Call):
        raise source.fault(node, f"a layer has brackets; write {layer[1]}()")
    args = tuple(value_from_node(arg, source, names) for arg in node.args)
    kwargs: dict[str, Value] = {}
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg in kwargs:
            raise source.fault(keyword, "every argument has one name and is given once")
        kwargs[keyword.arg] = value_from_node(keyword.value, source, names)
    return Call(layer[1], args, kwargs)


def format_call(call: Call) -> str:
    """The layer as it is typed in a model file: ``Linear(12288, 1024)``."""
    named = [f"{key}={value!r}" for key, value in call.kwargs.items()]
    return f"{call.name}({', '.join([*map(repr, call.args), *named])})"
