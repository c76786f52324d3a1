"""Pasted code as a model file: class source, or a printout of ``print(model)``; nothing is run.

Of class source, the assignments of ``__init__`` are read in their order, with the constants that
they use. A printout has a layer in each line; a container opens and closes with a bracket.
"""

import ast
import math
import re
import textwrap
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from zatlas.errors import InputError
from zatlas.syntax import Call, Source, Value, call_from_node, dotted, parse_call, value_from_node
from zatlas.syntax.source import clip

MAX_CHARACTERS = 200_000  # characters of a pasted file
HINT = "paste a class with nn.Sequentials named encoder and decoder, or what print(model) shows"
DEEPEST = 100  # levels of the syntax tree
# an optional line number, an optional (key):, and a layer, Name( or )
_LINE = re.compile(r"(?:\d+[:.|]?)?\s*(?:\((?P<key>\w+)\):)?\s*(?P<what>.*)")
_PADDINGS = ("same", "valid", "zeros", "reflect", "replicate", "circular")
_UPSAMPLINGS = ("nearest", "linear", "bilinear", "bicubic")
_WORDS: dict[str, Value] = {word: word for word in _PADDINGS + _UPSAMPLINGS}  # without quotes


@dataclass
class Network:
    """The encoders and decoders by their names, in the order written; ``where`` opens errors."""

    title: str
    where: str
    parts: dict[str, list[Call]] = field(default_factory=dict)
    defaults: dict[str, Value] = field(default_factory=dict)  # of the arguments of __init__
    concatenates: bool = False  # its source does so somewhere

    def of(self, kind: str) -> dict[str, list[Call]]:
        """The encoders (``enc``) or the decoders (``dec``)."""
        return {name: calls for name, calls in self.parts.items() if kind_of(name) == kind}


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


def kind_of(name: str) -> str:
    """``enc`` for ``encoder``, ``encoder_1``, ``enc2``; ``dec`` likewise; else nothing."""
    found = re.match(r"_*(enc|dec)", name.lower())
    return found[1] if found else ""


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
    called = [dotted(node.func) for node in ast.walk(chosen) if isinstance(node, ast.Call)]
    concatenates = any(re.search(r"\b(cat|concat(enate)?|hstack)$", each) for each in called)
    network = Network(chosen.name, f"{name} line {chosen.lineno}", concatenates=concatenates)
    reader = _Reader(source, known, network)
    reader.learn_all(statement for statement in module.body if statement.lineno < chosen.lineno)
    of_class = _Reader(source, known, network).learn_all(chosen.body)
    reader.names |= {f"self.{key}": value for key, value in of_class.items()}
    for init in _inits(chosen):
        for argument in ast.walk(init.args):
            if isinstance(argument, ast.arg):
                reader.names.pop(argument.arg, None)  # hides a constant of the same name
        network.defaults = _Reader(source, known, network).learn_all(_defaults(init.args))
        reader.names |= network.defaults
        for statement in init.body:
            reader.read(statement)
    return network


def _inits(node: ast.ClassDef) -> list[ast.FunctionDef]:
    methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
    return [method for method in methods if method.name == "__init__"]


def _set(node: ast.ClassDef) -> list[str]:
    """The attributes that a class sets in ``__init__``."""
    parts = [part for init in _inits(node) for part in ast.walk(init)]
    attributes = [part for part in parts if isinstance(part, ast.Attribute)]
    return [part.attr for part in attributes if isinstance(part.ctx, ast.Store)]


def _defaults(arguments: ast.arguments) -> list[ast.Assign]:
    """The arguments that have defaults, as assignments."""
    placed = [*arguments.posonlyargs, *arguments.args]
    missing: list[None] = [None] * (len(placed) - len(arguments.defaults))
    values = [*missing, *arguments.defaults, *arguments.kw_defaults]
    pairs = zip([*placed, *arguments.kwonlyargs], values, strict=True)
    return [ast.Assign([ast.Name(key.arg, ast.Store())], value) for key, value in pairs if value]


@dataclass
class _Reader:
    """Reads statements in their order; ``names`` are the constants known so far."""

    source: Source
    known: Collection[str]
    network: Network
    names: dict[str, Value] = field(default_factory=dict)

    def learn_all(self, statements: Iterable[ast.stmt]) -> dict[str, Value]:
        """The constants after these statements."""
        for statement in statements:
            self.learn(statement)
        return self.names

    def learn(self, statement: ast.stmt) -> None:
        """Keep the constant that an assignment makes; forget what any other statement sets."""
        match statement:
            case ast.FunctionDef() | ast.ClassDef():
                return  # has names of its own
            case ast.Assign([target], value) | ast.AnnAssign(target, _, ast.expr() as value):
                if name := dotted(target):
                    with suppress(InputError):  # not a constant
                        self.names[name] = value_from_node(value, self.source, self.names)
                        return
        for node in ast.walk(statement):
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
                self.names.pop(dotted(node), None)

    def read(self, statement: ast.stmt) -> None:
        """Take the layers or the constant of one statement of ``__init__``."""
        self.learn(statement)
        match statement:
            case ast.Assign([target], value) | ast.AnnAssign(target, _, ast.expr() as value):
                owner, _, part = dotted(target).rpartition(".")
                if owner == "self" and kind_of(part) and f"self.{part}" not in self.names:
                    if part in self.network.parts:
                        raise self.source.fault(statement, f"self.{part} is set twice; keep one")
                    self.network.parts[part] = self.layers(value)
                    return
        mend = "self.encoder = nn.Sequential(…) or self.decoder = nn.Sequential(…)"
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and self.makes_layer(dotted(node.func)):
                fault = f"{self.source.typed(node)!r} stands in no encoder or decoder"
                raise self.source.fault(node, f"{fault}; write every layer inside {mend}")

    def makes_layer(self, called: str) -> bool:
        """Whether a call makes a layer: one of ``nn`` that is no loss, or a known bare name."""
        layer = re.fullmatch(r"((?:torch\.)?nn\.)?([A-Z]\w*)", called)
        if layer is None or layer[2].endswith("Loss"):
            return False
        return layer[1] is not None or layer[2] in self.known or layer[2] == "Sequential"

    def layers(self, node: ast.expr) -> list[Call]:
        """The layers of an ``nn.Sequential``, those of one inside another in their order."""
        if not (isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] == "Sequential"):
            return [call_from_node(node, self.known, self.source, self.names)]
        if node.keywords:
            raise self.source.fault(node.keywords[0], "nn.Sequential takes layers without names")
        entries: list[ast.expr] = []
        for entry in node.args:
            match entry:
                case ast.Starred(ast.List(inner) | ast.Tuple(inner)):
                    entries += inner
                case ast.Call(ast.Name("OrderedDict") | ast.Attribute(attr="OrderedDict"), [pairs]):
                    entries += [self.second(pair) for pair in getattr(pairs, "elts", [pairs])]
                case _:
                    entries.append(entry)
        return [call for entry in entries for call in self.layers(entry)]

    def second(self, pair: ast.expr) -> ast.expr:
        """The layer of a pair (name, layer)."""
        match pair:
            case ast.Tuple([_, layer]) | ast.List([_, layer]):
                return layer
        raise self.source.fault(pair, 'an OrderedDict takes pairs ("name", layer) in a list')
