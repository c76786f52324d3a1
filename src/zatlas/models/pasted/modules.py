"""``nn.Sequential``, ``nn.ModuleList`` and ``nn.ModuleDict`` of pasted code."""

import ast
from collections.abc import Callable, Iterator
from typing import Any

from zatlas.models.pasted.values import Instance, Layer, Modules, Unknown
from zatlas.syntax import Source
from zatlas.syntax.values import MOST

CONTAINERS = ("Sequential", "ModuleList", "ModuleDict")
SELF = ("to", "cuda", "cpu", "eval", "train", "float", "double", "apply", "requires_grad_")


def container(kind: str, args: list[Any], source: Source, node: ast.AST) -> Modules:
    """A container of modules from the arguments that make it."""
    given: Any = args
    if args and (kind != "Sequential" or isinstance(args[0], dict)):
        given = args[0]
    if isinstance(given, Modules):
        given = list(given.entries.values())
    pairs = given if isinstance(given, dict) else _pairs(given)
    if pairs is None:
        raise source.fault(node, f"{source.typed(node)!r}: the modules in it are not known")
    entries = {str(name): module for name, module in pairs.items()}
    for name, module in entries.items():
        if not isinstance(module, Layer | Modules | Instance | Unknown):
            raise source.fault(node, f"{source.typed(node)!r}: its entry {name} is no module")
    return Modules(kind, entries)


def _pairs(given: Any) -> dict[Any, Any] | None:
    if not isinstance(given, list | tuple):
        return None
    if given and all(isinstance(each, tuple | list) and len(each) == 2 for each in given):
        return {str(name): module for name, module in given}
    return dict(enumerate(given))


def key_of(held: Modules, key: Any, source: Source, node: ast.AST) -> str:
    """The name of the entry that ``held[key]`` means."""
    names = list(held.entries)
    if isinstance(key, int) and -len(names) <= key < len(names):
        return names[key]
    if isinstance(key, str) and (key in held.entries or held.kind == "ModuleDict"):
        return key
    raise source.fault(node, f"{source.typed(node)!r}: there is no such module")


def part_of(held: Modules, key: Any, source: Source, node: ast.AST) -> Any:
    """``held[key]``: a module, or a container of a slice of them."""
    if isinstance(key, slice):
        try:
            chosen = list(held.entries)[key]
        except (TypeError, ValueError):
            raise source.fault(node, f"{source.typed(node)!r} is not read") from None
        return Modules(held.kind, {name: held.entries[name] for name in chosen})
    return held.entries[key_of(held, key, source, node)]


def method(held: Modules, name: str, source: Source, node: ast.AST) -> Callable[..., Any] | None:
    """A method of a container."""

    def add(name: str, module: Any) -> Modules:
        if len(held.entries) >= MOST:
            raise source.fault(node, f"more than {MOST:,} modules")
        held.entries[name] = module
        return held

    def extend(modules: Any) -> Modules:
        for module in modules.entries.values() if isinstance(modules, Modules) else modules:
            add(str(len(held.entries)), module)
        return held

    def insert(place: int, module: Any) -> Modules:
        listed = list(held.entries.values())
        listed.insert(place, module)
        held.entries.clear()
        return extend(listed)

    methods: dict[str, Callable[..., Any]] = {
        "append": lambda module: add(str(len(held.entries)), module), "extend": extend,
        "insert": insert, "add_module": add, "register_module": add,
        "keys": lambda: list(held.entries), "values": lambda: list(held.entries.values()),
        "items": lambda: list(held.entries.items()),
        "children": lambda: list(held.entries.values()),
    }  # fmt: skip
    return methods.get(name)


def layers_in(
    value: Any, name: str = "", seen: set[int] | None = None
) -> Iterator[tuple[str, Layer]]:
    """Every layer in a module, with the name that leads to it, in the order in which it is set."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    parts: dict[str, Any] = {}
    if isinstance(value, Layer):
        yield name, value
    elif isinstance(value, Modules):
        parts = value.entries
    elif isinstance(value, Instance):
        parts = value.attributes
    for key, part in parts.items():
        if isinstance(part, Layer | Modules | Instance):
            yield from layers_in(part, f"{name}.{key}" if name else key, seen)
