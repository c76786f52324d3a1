"""Calls: layers, short forms and terms, such as ``Linear(3*64*64, 1024)`` or ``kl()``."""

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass, field

from zatlas.errors import nearest
from zatlas.syntax.source import Source, clip
from zatlas.syntax.values import NO_NAMES, Names, Value, dotted, value_from_node

_HINTS = {
    "layer": "a layer reads like Linear(64, 10)",
    "term": "a term reads like kl(weight=4)",
    "part": "a part reads like gaussian(sd=0.2)",
}


@dataclass(frozen=True)
class Call:
    """A layer, a short form or a term: its name without ``nn.``, and its arguments."""

    name: str
    args: tuple[Value, ...] = ()
    kwargs: dict[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        named = [f"{key}={value!r}" for key, value in self.kwargs.items()]
        return f"{self.name}({', '.join([*map(repr, self.args), *named])})"


def parse_call(
    text: str, known: Collection[str], what: str = "layer", names: Names = NO_NAMES,
    kind: str = "layer",
) -> Call:  # fmt: skip
    """Parse one layer, short form or term.

    Parameters
    ----------
    text : such as ``nn.Conv2d(3, 64, 4, stride=2)``.
    known : the allowed names.
    what : the start of every error.
    names : words that stand for values.
    kind : "layer" or "term", for the errors.

    Raises
    ------
    InputError
        The text is not such a call. The message gives the column.

    Examples
    --------
    >>> parse_call("nn.Linear(3*64, 10, bias=False)", ["Linear"])
    Call(name='Linear', args=(192, 10), kwargs={'bias': False})
    """
    source, hint = Source(what, text), _HINTS[kind]
    match source.tree(hint).body:
        case [ast.Expr(node)]:
            return call_from_node(node, known, source, names, kind)
        case [_, second, *_]:
            raise source.fault(second, f"one {kind} at a time; {hint}")
    raise source.fault(1, f"this is not a {kind}; {hint}")


def call_from_node(
    node: ast.AST, known: Collection[str], source: Source, names: Names = NO_NAMES,
    kind: str = "layer",
) -> Call:  # fmt: skip
    """Parse one call from a node of the syntax tree of ``source``; see :func:`parse_call`."""
    called = dotted(node.func if isinstance(node, ast.Call) else node)
    layer = re.fullmatch(r"(?:(?:torch\.)?nn\.)?(\w+)", called)
    if layer is None:
        raise source.fault(node, f"{source.typed(node)!r} is not a {kind}; {_HINTS[kind]}")
    if layer[1] not in known:
        raise source.fault(node, unknown_name(layer[1], known))
    if not isinstance(node, ast.Call):
        raise source.fault(node, f"a {kind} has brackets; write {layer[1]}()")
    args = tuple(value_from_node(arg, source, names) for arg in node.args)
    kwargs: dict[str, Value] = {}
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg in kwargs:
            raise source.fault(keyword, "every argument has one name and is given once")
        kwargs[keyword.arg] = value_from_node(keyword.value, source, names)
    return Call(layer[1], args, kwargs)


def unknown_name(name: str, known: Collection[str]) -> str:
    """What is wrong with a name, and the most similar known one; a long list is not printed."""
    hint = nearest(name, known)
    if len(known) > 12 and not hint.startswith("did you mean"):
        hint = "zatlas has no layer of this name"
    return f"{clip(name)!r} is not known; {hint}"


def format_call(call: Call) -> str:
    """The call as text.

    Examples
    --------
    >>> format_call(Call("Linear", (192, 10), {"bias": False}))
    'Linear(192, 10, bias=False)'
    """
    return str(call)
