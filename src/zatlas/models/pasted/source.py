"""Class source: the assignments of ``__init__`` in their order, and the constants they use."""

import ast
import re
import textwrap
from collections.abc import Collection, Iterable
from contextlib import suppress

from zatlas.errors import InputError
from zatlas.models.pasted.parts import HINT, MAX_CHARACTERS, Network, kind_of
from zatlas.syntax import Call, Source, Value, call_from_node, dotted, value_from_node

DEEPEST = 100  # levels of the syntax tree


def from_source(text: str, name: str, known: Collection[str]) -> Network:
    """Read the one class whose ``__init__`` sets ``self.encoder…`` and ``self.decoder…``.

    Statements outside the class are read for constants alone. Raises InputError with the line.
    """
    source = Source(name, textwrap.dedent(text), is_file=True)
    module = source.tree(HINT, MAX_CHARACTERS, DEEPEST)
    classes = [node for node in ast.walk(module) if isinstance(node, ast.ClassDef)]
    fit = [node for node in classes if {"enc", "dec"} <= {kind_of(part) for part in _set(node)}]
    if not fit:
        raise source.fault(classes[0] if classes else 1, f"no encoder and decoder; {HINT}")
    if len(fit) > 1:
        listed = ", ".join(f"{node.name} (line {node.lineno})" for node in fit)
        raise source.fault(fit[1], f"several classes have encoder and decoder: {listed}; keep one")
    chosen = fit[0]
    network = Network(chosen.name, f"{name} line {chosen.lineno}")
    called = [dotted(node.func) for node in ast.walk(chosen) if isinstance(node, ast.Call)]
    network.concatenates = any(
        re.search(r"\b(cat|concat(enate)?|hstack)$", each) for each in called
    )

    before = [statement for statement in module.body if statement.lineno < chosen.lineno]
    names = _constants(source, before)
    names |= {f"self.{key}": value for key, value in _constants(source, chosen.body).items()}
    for init in _inits(chosen):
        for argument in ast.walk(init.args):
            if isinstance(argument, ast.arg):
                names.pop(argument.arg, None)  # hides a constant of the same name
        network.defaults = _constants(source, _defaults(init.args))
        names |= network.defaults
        for statement in init.body:
            _read(source, statement, known, names, network)
    return network


def _inits(node: ast.ClassDef) -> list[ast.FunctionDef]:
    methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
    return [method for method in methods if method.name == "__init__"]


def _set(node: ast.AST) -> list[str]:
    """The attributes that a class sets in ``__init__``."""
    inits = _inits(node) if isinstance(node, ast.ClassDef) else []
    return [
        part.attr
        for init in inits
        for part in ast.walk(init)
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
    ]


def _defaults(arguments: ast.arguments) -> list[ast.Assign]:
    """The arguments that have defaults, as assignments."""
    placed = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(placed[len(placed) - len(arguments.defaults) :], arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return [ast.Assign([ast.Name(key.arg, ast.Store())], value) for key, value in pairs if value]


def _constants(source: Source, statements: Iterable[ast.stmt]) -> dict[str, Value]:
    names: dict[str, Value] = {}
    for statement in statements:
        _learn(source, statement, names)
    return names


def _learn(source: Source, statement: ast.stmt, names: dict[str, Value]) -> None:
    """Keep the constant that an assignment makes; forget what any other statement sets."""
    match statement:
        case ast.FunctionDef() | ast.ClassDef():
            return  # has names of its own
        case ast.Assign([target], value) | ast.AnnAssign(target, _, ast.expr() as value) if dotted(
            target
        ):
            with suppress(InputError):  # not a constant
                names[dotted(target)] = value_from_node(value, source, names)
                return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.pop(dotted(node), None)


def _read(
    source: Source,
    statement: ast.stmt,
    known: Collection[str],
    names: dict[str, Value],
    network: Network,
) -> None:
    """Take the layers or the constant of one statement of ``__init__``."""
    _learn(source, statement, names)
    match statement:
        case ast.Assign([ast.Attribute(ast.Name("self"), part)], value) | ast.AnnAssign(
            ast.Attribute(ast.Name("self"), part), _, ast.expr() as value
        ) if kind_of(part) and f"self.{part}" not in names:
            if part in network.parts:
                raise source.fault(statement, f"self.{part} is set twice; keep one")
            network.parts[part] = _layers(source, value, known, names)
            return
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and _makes_layer(dotted(node.func), known):
            raise source.fault(
                node,
                f"{source.typed(node)!r} stands in no encoder or decoder; write every layer inside "
                "self.encoder = nn.Sequential(…) or self.decoder = nn.Sequential(…)",
            )


def _makes_layer(called: str, known: Collection[str]) -> bool:
    """Whether a call makes a layer: anything of ``nn`` that is no loss, or a known bare name."""
    layer = re.fullmatch(r"((?:torch\.)?nn\.)?([A-Z]\w*)", called)
    if layer is None or layer[2].endswith("Loss"):
        return False
    return layer[1] is not None or layer[2] in known or layer[2] == "Sequential"


def _layers(
    source: Source, node: ast.expr, known: Collection[str], names: dict[str, Value]
) -> list[Call]:
    """The layers of an ``nn.Sequential``, those of one inside another in their order."""
    if not (isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] == "Sequential"):
        return [call_from_node(node, known, source, names)]
    if node.keywords:
        raise source.fault(node.keywords[0], "nn.Sequential takes layers without names")
    entries: list[ast.expr] = []
    for entry in node.args:
        match entry:
            case ast.Starred(ast.List(inner) | ast.Tuple(inner)):
                entries += inner
            case ast.Call(ast.Name("OrderedDict") | ast.Attribute(attr="OrderedDict"), [pairs]):
                entries += [_second(source, pair) for pair in getattr(pairs, "elts", [pairs])]
            case _:
                entries.append(entry)
    return [call for entry in entries for call in _layers(source, entry, known, names)]


def _second(source: Source, pair: ast.expr) -> ast.expr:
    match pair:
        case ast.Tuple([_, layer]) | ast.List([_, layer]):
            return layer
    raise source.fault(pair, 'an OrderedDict takes pairs ("name", layer) in a list')
