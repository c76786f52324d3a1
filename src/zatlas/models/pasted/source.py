"""The network of class source: which class it is, how it is made, and the way of an image."""

import ast
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any, NamedTuple

from zatlas.errors import InputError
from zatlas.models.layers import Image
from zatlas.models.pasted.calling import call_value, known
from zatlas.models.pasted.constants import is_constant
from zatlas.models.pasted.interpreter import Interpreter
from zatlas.models.pasted.modules import layers_in
from zatlas.models.pasted.network import (
    WEIGHTED,
    Divided,
    Network,
    class_kind,
    divide,
    first_with_size,
    images_for,
    length,
)
from zatlas.models.pasted.tensors import Trace, kind_of
from zatlas.models.pasted.values import (
    Class,
    Draw,
    Function,
    Instance,
    Layer,
    Modules,
    Step,
    Tensor,
    Unknown,
)
from zatlas.syntax import Call, Source

DEEPEST = 100  # levels of the syntax tree
Parts = dict[str, Any]  # modules by name, called one after the other


class Root(NamedTuple):
    """The network before its layers are known: a name, a node for errors, and its modules."""

    title: str
    node: ast.AST
    modules: Parts


def from_source(source: Source, allowed: Collection[str], longest: int, hint: str) -> Network:
    """Read the network of a program. Raises InputError with the line and the reason."""
    module = source.tree(hint, longest, DEEPEST)
    interpreter = Interpreter(source, allowed)
    interpreter.load(module)
    faults: list[InputError] = []
    for root in _roots(interpreter, module, hint):
        try:
            return _read(interpreter, root)
        except InputError as fault:
            faults.append(fault)
    raise faults[0]


def _roots(interpreter: Interpreter, module: ast.Module, hint: str) -> Iterator[Root]:
    """The networks to try: as the program makes it, with its defaults, as a pair of classes."""
    source, names = interpreter.source, interpreter.globals.maps[0]
    classes = [value for value in names.values() if isinstance(value, Class)]
    networks = [each for each in dict.fromkeys(classes) if _is_network(each)]
    tops = [each for each in networks if not any(_uses(other, each) for other in networks)]
    encoders, decoders = ([each for each in tops if class_kind(each.node.name) == kind
                           and not _is_whole(each)] for kind in ("enc", "dec"))  # fmt: skip
    wholes = [each for each in tops if _is_whole(each)]
    pair = encoders and decoders
    if not wholes and not pair:
        wholes = [each for each in tops if isinstance(each.find("forward"), Function)]
    if wholes:
        _refuse_several(source, wholes)
        yield from _made(interpreter, {"": wholes[0]})
    if pair:
        _refuse_several(source, encoders)
        _refuse_several(source, decoders)
        yield from _made(interpreter, {"encoder": encoders[0], "decoder": decoders[0]})
    parts = {name: value for name, value in names.items()
             if kind_of(name) and isinstance(value, Modules | Layer)}  # fmt: skip
    if {"enc", "dec"} <= {kind_of(name) for name in parts}:
        yield Root("Network", module, parts)
    elif not wholes and not pair:
        at = classes[0].node if classes else 1
        raise source.fault(at, f"no encoder and decoder; {hint}")


def _made(interpreter: Interpreter, chosen: dict[str, Class]) -> Iterator[Root]:
    """The classes as the program makes them last, and with the defaults of their arguments."""
    title = " and ".join(each.node.name for each in chosen.values())
    node = next(iter(chosen.values())).node
    made = {name: _last_made(interpreter, each) for name, each in chosen.items()}
    if any(made.values()):
        yield Root(title, node, {name: one or _default(interpreter, chosen[name])
                                 for name, one in made.items()})  # fmt: skip
    yield Root(title, node, {name: _default(interpreter, each) for name, each in chosen.items()})


def _last_made(interpreter: Interpreter, made_by: Class) -> Instance | None:
    """The instance that the program makes last; None where it makes none."""
    found = [each for each in interpreter.made if each.made_by is made_by]
    return found[-1] if found else None


def _default(interpreter: Interpreter, made_by: Class) -> Instance:
    interpreter.begin()
    made = call_value(interpreter, made_by, [], {}, made_by.node)
    assert isinstance(made, Instance)
    return made


def _is_network(each: Class) -> bool:
    return bool(_kinds(each) >= {"enc", "dec"} or isinstance(each.find("forward"), Function))


def _is_whole(each: Class) -> bool:
    return _kinds(each) >= {"enc", "dec"} or class_kind(each.node.name) == "whole"


def _kinds(each: Class) -> set[str]:
    """The kinds of the attributes that a class sets, and of its methods."""
    stored = [part.attr for part in ast.walk(each.node)
              if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)]  # fmt: skip
    methods = [name for name, value in each.attributes.items() if isinstance(value, Function)]
    return set(map(kind_of, [*stored, *methods]))


def _uses(other: Class, each: Class) -> bool:
    if other is each:
        return False
    called = (part.id for part in ast.walk(other.node) if isinstance(part, ast.Name))
    return each.node.name in called


def _refuse_several(source: Source, classes: list[Class]) -> None:
    if len(classes) > 1:
        places = [f"{c.node.name} ({source.line(c.node.lineno)})" for c in classes]
        listed = ", ".join(places)
        raise source.fault(classes[1].node, f"several networks are here: {listed}; keep one")


def _read(interpreter: Interpreter, root: Root) -> Network:
    """The network, with the first size of image whose way leads back to it."""
    source = interpreter.source
    layers = [pair for name, part in root.modules.items() for pair in layers_in(part, name)]
    paths = {layer: name for name, layer in layers}
    first = first_with_size(
        layer.call for name, layer in layers if "dec" not in map(kind_of, name.split("."))
    )
    faults: list[InputError] = []
    found: list[tuple[Image, str, Divided]] = []
    for image, reason in images_for(first, source.text):
        try:
            output = _pass(interpreter, root, image, paths)
            divided = divide(output, source.what, partial(source.fault, root.node))
        except InputError as fault:
            faults.append(fault)
            continue
        found.append((image, reason, divided))
        flat = (image[0] * image[1] * image[2],)
        if not interpreter.trace.faults and output.shape in (image, flat):
            return _network(root, layers, found[-1])
    if not found:
        raise faults[0]
    return _network(root, layers, found[0])


def _pass(
    interpreter: Interpreter, root: Root, image: Image, paths: dict[Layer, str]
) -> Tensor:  # fmt: skip
    """What the network makes of an image."""
    interpreter.begin(Trace(interpreter.source, image[1:], paths))
    start = Tensor((), image)
    for run in _ways(root.modules[""]) if "" in root.modules else ():
        picture = _picture(run(interpreter, start, root.node), interpreter.source, root.node)
        if _is_decoded(picture, root.modules[""]):
            return picture
        interpreter.begin(Trace(interpreter.source, image[1:], paths))
    parts = _parts(interpreter, root)
    encoders = [name for name in parts if kind_of(name) == "enc"]
    decoders = [name for name in parts if kind_of(name) == "dec"]
    if len(decoders) > 1:
        several = f"several decoders, {', '.join(decoders)}; keep one"
        raise interpreter.source.fault(root.node, several)
    if not encoders or not decoders:
        raise interpreter.source.fault(root.node, "no encoder and decoder that hold layers")
    codes = [_call(interpreter, name, parts[name], start, root.node) for name in encoders]
    code = _code(interpreter, codes[0], root.node)
    if len(codes) > 1:
        code = interpreter.trace.join(codes, root.node)
    held = _call(interpreter, decoders[0], parts[decoders[0]], code, root.node)
    return _picture(held, interpreter.source, root.node)


def _is_decoded(picture: Tensor, instance: Instance) -> bool:
    """Whether a tensor comes from the decoder, where there is one; some forwards give a code."""
    decoders = [value for name, value in instance.attributes.items() if kind_of(name) == "dec"]
    passed = any(getattr(step, "part", "") == "dec" for step in picture.steps)
    return passed or not any(isinstance(each, Layer | Modules | Instance) for each in decoders)


def _ways(instance: Instance) -> list[Callable[[Interpreter, Tensor, ast.AST], Any]]:
    """How the class itself makes a picture: by forward, or by encode and decode."""
    forward, encode, decode = map(instance.made_by.find, ("forward", "encode", "decode"))

    def bound(method: Function) -> Function:
        return Function(method.node, method.scope, method.owner, instance)

    def in_two(interpreter: Interpreter, start: Tensor, node: ast.AST) -> Any:
        held = _call(interpreter, "encode", bound(encode), start, node)
        return _call(interpreter, "decode", bound(decode), _code(interpreter, held, node), node)

    def at_once(interpreter: Interpreter, start: Tensor, node: ast.AST) -> Any:
        return call_value(interpreter, bound(forward), [start], {}, node)

    both = isinstance(encode, Function) and isinstance(decode, Function)
    return [at_once] * isinstance(forward, Function) + [in_two] * both


def _call(interpreter: Interpreter, name: str, module: Any, start: Any, node: ast.AST) -> Any:
    interpreter.trace.names.append(name)
    try:
        return call_value(interpreter, known(module), [start], {}, node)
    finally:
        interpreter.trace.names.pop()


def _code(interpreter: Interpreter, held: Any, node: ast.AST) -> Any:
    """The code of what an encoder gives; of a mean and a spread it is drawn."""
    if not isinstance(held, tuple | list):
        return held
    tensors = [each for each in held if isinstance(each, Tensor)]
    drawn = [each for each in tensors if any(isinstance(step, Draw) for step in each.steps)]
    if drawn or len(tensors) != 2:
        return (drawn or tensors or held)[0]
    return interpreter.trace.draw(tensors[0], tensors[1], node)


def _parts(interpreter: Interpreter, root: Root) -> Parts:
    """The encoders and the decoder by name, of a class without forward or of a pair."""
    if "" not in root.modules:
        return root.modules
    parts = {}
    for name, value in root.modules[""].attributes.items():
        if kind_of(name) and isinstance(value, Layer | Modules | Instance | Unknown):
            parts[name] = known(value)
        elif isinstance(value, Layer | Modules | Instance):
            for _, layer in layers_in(value):
                why = f"self.{name} stands in no encoder or decoder; paste forward too"
                raise InputError(f"{interpreter.source.what} {layer.line}: {why}")
    for name, part in parts.items():
        if not any(layers_in(part)):
            raise interpreter.source.fault(root.node, f"{name} has no layers")
    return parts


def _picture(held: Any, source: Source, node: ast.AST) -> Tensor:
    """The last tensor in what forward returns."""
    tensors, unknown, pending = [], [], [held]
    while pending:
        last = pending.pop()
        if isinstance(last, Tensor):
            tensors.append(last)
        elif isinstance(last, Unknown):
            unknown.append(last)
        elif isinstance(last, tuple | list | dict):
            pending += reversed(list(last.values() if isinstance(last, dict) else last))
    if not tensors:
        raise known(unknown[0]) if unknown else source.fault(node, "forward returns no picture")
    longest = max(tensors, key=length)
    decoded = any(getattr(step, "part", "") == "dec" for step in longest.steps)
    if unknown and not decoded:
        raise unknown[0].fault
    return longest


def _network(
    root: Root, layers: list[tuple[str, Layer]],
    found: tuple[Image, str, Divided],
) -> Network:  # fmt: skip
    image, reason, divided = found
    names = {layer: name.lstrip(".") for name, layer in layers}
    encoders: dict[str, list[Call]] = {}
    for number, steps in enumerate(divided.encoders, 1):
        name = _part_name(steps, names)
        encoders[f"{name} {number}" if name in encoders else name] = [step.call for step in steps]
    network = Network(root.title, "", encoders, [step.call for step in divided.decoder],
                      divided.spread is not None, image, [reason])  # fmt: skip
    notes = network.notes
    instance = root.modules.get("")
    if instance is not None and instance.text:
        notes.append(f"{root.title} is made as in {instance.text}")
    elif instance is not None and instance.defaults:
        given = [f"{name}={value!r}" for name, value in instance.defaults.items()
                 if is_constant(value)]  # fmt: skip
        notes.append(f"{root.title} is made with the defaults of its arguments: {', '.join(given)}")
    if len(encoders) > 1:
        listed = ", ".join(encoders)
        said = "its source concatenates" if instance and _ways(instance) else (
            "what was pasted does not say")  # fmt: skip
        notes.append(f"the outputs of {listed} are concatenated in this order ({said})")
    if divided.note:
        notes.append(divided.note)
    used = {step.layer.whole or step.layer for step in divided.steps() if step.layer}
    idle = [name for name, layer in layers if layer not in used and layer.call.name in WEIGHTED]
    if idle:
        notes.append(f"layers that no image passes are left out: {', '.join(idle[:5])}")
    return network


def _part_name(steps: list[Step], names: dict[Layer, str]) -> str:
    paths = [names.get(step.layer, "") for step in steps if step.layer]
    first = next((path.partition(".")[0] for path in paths if path), "")
    return first if kind_of(first) else "encoder"
