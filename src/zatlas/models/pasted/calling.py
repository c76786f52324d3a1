"""Calls and attributes of pasted code: its own functions and classes, and those of torch."""

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from zatlas.errors import InputError
from zatlas.models.layers import arguments
from zatlas.models.pasted import modules, tensors
from zatlas.models.pasted.constants import FUNCTIONS, defaults_of, has_decorator, method
from zatlas.models.pasted.values import (
    Batch,
    Class,
    External,
    Function,
    Instance,
    Layer,
    Modules,
    Noise,
    Normal,
    Scatter,
    Scope,
    Spread,
    Tensor,
    TooLongError,
    Unknown,
)
from zatlas.syntax import Call, dotted
from zatlas.syntax.calls import unknown_name
from zatlas.syntax.values import LARGEST, capped

if TYPE_CHECKING:
    from zatlas.models.pasted.interpreter import Interpreter

DEEPEST = 20  # calls inside calls
Kwargs = dict[str, Any]


class Bound(NamedTuple):
    """A method of something that is no function of the pasted code."""

    owner: Any
    name: str


class Parents(NamedTuple):
    """``super()``."""

    of: Class
    instance: Instance


def attribute(interpreter: "Interpreter", owner: Any, name: str, node: ast.AST) -> Any:
    """``owner.name``."""
    match owner:
        case External(full):
            return External(f"{full}.{name}")
        case Instance(made_by, attributes):
            if name in attributes:
                return attributes[name]
            found = made_by.find(name)
            if isinstance(found, Function):
                return _method_of(interpreter, owner, found, node)
            if found is not None or name == "training":
                return found if found is not None else True
            if name in (*modules.SELF, "add_module", "register_module"):
                return Bound(owner, name)
        case Class() if (found := owner.find(name)) is not None:
            return found
        case Parents(of, instance):
            for base in of.bases:
                found = base.find(name) if isinstance(base, Class) else None
                if isinstance(found, Function):
                    return Function(found.node, found.scope, found.owner, instance)
            return Bound(owner, name)
        case Spread(tensor) if name == "shape":
            return tensors.size(tensor, interpreter.trace, node)
        case Tensor() if name == "shape":
            return tensors.size(owner, interpreter.trace, node)
        case Tensor() if name == "ndim":
            return 1 + len(interpreter.trace.known(owner, node))
        case Layer(call) if name in arguments(call):
            return arguments(call)[name]
        case Spread() | Tensor() | Noise() if name == "data":
            return owner
        case Normal() if name in ("sample", "rsample"):
            return Bound(owner, name)
        case Tensor() | Noise() | Spread() | Scatter() | Modules() | Layer():
            return Bound(owner, name)
        case _ if method(owner, name) is not None:
            return Bound(owner, name)
    if isinstance(owner, Instance):
        raise interpreter.source.fault(node, f"{dotted(node) or name!r} is not set")
    raise interpreter.trace.fault(node, "this is not read")


def _method_of(
    interpreter: "Interpreter", owner: Instance, found: Function, node: ast.AST
) -> Any:  # fmt: skip
    if has_decorator(found.node, "staticmethod"):
        return found
    bound = Function(found.node, found.scope, found.owner, owner)
    if has_decorator(found.node, "property"):
        return call_value(interpreter, bound, [], {}, node)
    return bound


def call(interpreter: "Interpreter", node: ast.Call, scope: Scope) -> Any:
    """The value of a call."""
    match node.func:
        case ast.Name("super") if "__class__" in scope:
            return Parents(scope["__class__"], scope["__self__"])
        case ast.Name("isinstance" | "print" | "open" | "setattr" | "getattr" as builtin):
            return _by_name(interpreter, builtin, node, scope)
    called = interpreter.value(node.func, scope)
    args, kwargs = interpreter.elements(node.args, scope), {}
    for keyword in node.keywords:
        held = interpreter.maybe(keyword.value, scope)
        if keyword.arg is not None:
            kwargs[keyword.arg] = held
        elif isinstance(held, dict):
            kwargs |= {str(name): value for name, value in held.items()}
        else:
            raise interpreter.source.fault(keyword, "what ** stands for is not known")
    name = node.func.attr if isinstance(node.func, ast.Attribute) else dotted(node.func)
    interpreter.trace.names.append(name)
    try:
        return call_value(interpreter, called, args, kwargs, node)
    finally:
        interpreter.trace.names.pop()


def _by_name(interpreter: "Interpreter", name: str, node: ast.Call, scope: Scope) -> Any:
    """``getattr`` and ``setattr``; the other functions are not read."""
    args = interpreter.elements(node.args, scope)
    if name == "getattr" and len(args) > 1 and isinstance(args[1], str):
        return attribute(interpreter, args[0], args[1], node)
    if name == "setattr" and len(args) == 3 and isinstance(args[0], Instance):
        args[0].attributes[str(args[1])] = args[2]
        return None
    raise interpreter.trace.fault(node, "this is not read")


def call_value(
    interpreter: "Interpreter", called: Any, args: list[Any], kwargs: Kwargs, node: ast.AST
) -> Any:  # fmt: skip
    """The value of a call of something."""
    interpreter.spend(node)
    interpreter.depth += 1
    if interpreter.depth > DEEPEST:
        raise TooLongError(
            str(interpreter.source.fault(node, f"calls deeper than {DEEPEST} levels"))
        )
    try:
        match called:
            case Function():
                return _run_function(interpreter, called, args, kwargs, node)
            case Class():
                return _make(interpreter, called, args, kwargs, node)
            case Instance():
                return _forward(interpreter, called, args, kwargs, node)
            case Layer(layer):
                return _pass_through(interpreter, called, layer, args, kwargs, node)
            case Modules(kind, entries) if kind == "Sequential" and len(args) == 1:
                (held,) = args
                for module in entries.values():
                    held = call_value(interpreter, known(module), [held], {}, node)
                return held
            case Modules(kind):
                list(map(known, args))
                why = (
                    "takes one tensor" if kind == "Sequential" else "has no forward; paste forward"
                )
                raise interpreter.source.fault(node, f"nn.{kind} {why}")
        for value in (*args, *kwargs.values()):
            known(value)
        match called:
            case External(name):
                return _external(interpreter, name, args, kwargs, node)
            case Bound(owner, name):
                return _bound(interpreter, owner, name, args, kwargs, node)
    finally:
        interpreter.depth -= 1
    raise interpreter.trace.fault(node, "this cannot be called")


def known(value: Any) -> Any:
    """The value. Raises its fault where it is unknown."""
    if isinstance(value, Unknown):
        raise value.fault
    return value


def apply(
    interpreter: "Interpreter", function: Callable[..., Any], args: list[Any], kwargs: Kwargs,
    node: ast.AST,
) -> Any:  # fmt: skip
    """A function of constants, such as ``len``; what it raises is an error of the line."""
    try:
        found = function(*args, **kwargs)
    except InputError:
        raise
    except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
        reason = str(error).splitlines()[:1] or [type(error).__name__]
        raise interpreter.trace.fault(node, reason[0]) from None
    if isinstance(found, int | float) and not abs(found) <= LARGEST:
        raise interpreter.trace.fault(node, "the number is too large")
    return capped(found, interpreter.source, node)


def _pass_through(
    interpreter: "Interpreter", layer: Layer, call: Call, args: list[Any], kwargs: Kwargs,
    node: ast.AST,
) -> Tensor:  # fmt: skip
    if len(args) != 1 or kwargs:
        raise interpreter.trace.fault(node, "a layer takes one tensor here")
    return interpreter.trace.layer(known(args[0]), call, node, layer)


def _forward(
    interpreter: "Interpreter", instance: Instance, args: list[Any], kwargs: Kwargs, node: ast.AST
) -> Any:  # fmt: skip
    forward = instance.made_by.find("forward") or instance.made_by.find("__call__")
    name = instance.made_by.node.name
    if not isinstance(forward, Function):
        raise interpreter.source.fault(node, f"class {name} has no forward")
    bound = Function(forward.node, forward.scope, forward.owner, instance)
    interpreter.trace.names.append(name)
    try:
        return call_value(interpreter, bound, args, kwargs, node)
    finally:
        interpreter.trace.names.pop()


def _make(
    interpreter: "Interpreter", made_by: Class, args: list[Any], kwargs: Kwargs, node: ast.AST
) -> Instance:  # fmt: skip
    instance = Instance(made_by)
    if args or kwargs:
        line = interpreter.source.line(getattr(node, "lineno", 1))
        instance.text = f"{line}: {interpreter.source.typed(node)}"
    init = made_by.find("__init__")
    if isinstance(init, Function):
        bound = Function(init.node, init.scope, init.owner, instance)
        _run_function(interpreter, bound, args, kwargs, node)
    interpreter.made.append(instance)
    return instance


def _run_function(
    interpreter: "Interpreter", function: Function, args: list[Any], kwargs: Kwargs, node: ast.AST
) -> Any:  # fmt: skip
    scope = _arguments(interpreter, function, args, kwargs, node)
    if isinstance(function.node, ast.Lambda):
        return interpreter.value(function.node.body, scope)
    outcome = interpreter.run(function.node.body, scope)
    returned = getattr(outcome, "value", None)
    return known(returned)


def _arguments(
    interpreter: "Interpreter", function: Function, args: list[Any], kwargs: Kwargs, node: ast.AST
) -> Scope:  # fmt: skip
    """The names of a function when it begins."""
    taken, scope, left = function.node.args, function.scope.new_child(), dict(kwargs)
    name = getattr(function.node, "name", "lambda")
    placed = [*taken.posonlyargs, *taken.args]
    given = [*([function.bound] if function.bound else []), *args]
    if len(given) > len(placed) and taken.vararg is None:
        raise interpreter.source.fault(node, f"{name} takes fewer arguments than are given here")
    values = {place.arg: value for place, value in zip(placed, given, strict=False)}
    if taken.vararg:
        scope[taken.vararg.arg] = tuple(given[len(placed) :])
    defaults = defaults_of(taken)
    for argument in (*placed, *taken.kwonlyargs):
        if argument.arg in left:
            values[argument.arg] = left.pop(argument.arg)
        elif argument.arg not in values and argument.arg in defaults:
            values[argument.arg] = interpreter.maybe(defaults[argument.arg], function.scope)
            if function.bound and name == "__init__":
                function.bound.defaults[argument.arg] = values[argument.arg]
        elif argument.arg not in values:
            why = (
                f"the argument {argument.arg!r} has no value; give it a default, or paste the call"
            )
            values[argument.arg] = Unknown(interpreter.source.fault(argument, why))
    if taken.kwarg:
        scope[taken.kwarg.arg] = left
    elif left:
        raise interpreter.source.fault(node, f"{name} has no argument {next(iter(left))!r}")
    scope.update(values)
    if function.owner and function.bound:
        scope |= {"__class__": function.owner, "__self__": function.bound}
    return scope


def _bound(
    interpreter: "Interpreter", owner: Any, name: str, args: list[Any], kwargs: Kwargs,
    node: ast.AST,
) -> Any:  # fmt: skip
    """A method of torch's own: of a tensor, a module or a distribution."""
    match owner:
        case Normal():
            return interpreter.trace.sample(owner, node)
        case Spread(tensor) | Scatter(tensor) if name in ("size", "dim"):
            return _bound(interpreter, tensor, name, args, kwargs, node)
        case Tensor() if name in ("size", "dim"):
            shape = tensors.size(owner, interpreter.trace, node) if args != [0] else (Batch(),)
            whole = shape if name == "size" else len(shape)
            return apply(interpreter, lambda: shape[args[0]] if args else whole, [], {}, node)
        case Tensor() | Noise() | Spread() | Scatter():
            return interpreter.trace.method(owner, name, args, kwargs, node)
        case Parents() if name == "__init__":
            return None
        case Instance(_, attributes) if name in ("add_module", "register_module"):
            attributes[str(args[0])] = args[1]
            return None
        case Modules() if (
            own := modules.method(owner, name, interpreter.source, node)
        ) is not None:
            return apply(interpreter, own, args, kwargs, node)
        case Instance() | Modules() | Layer() if name in modules.SELF:
            return owner
        case list() | tuple() | dict() | str() if (own := method(owner, name)) is not None:
            found = apply(interpreter, own, args, kwargs, node)
            try:
                capped(owner, interpreter.source, node)
            except InputError:
                getattr(owner, "clear", list)()  # a list that holds itself, or doubles again
                raise
            return found
    raise interpreter.trace.fault(node, "this is not read")


def _external(
    interpreter: "Interpreter", name: str, args: list[Any], kwargs: Kwargs, node: ast.AST
) -> Any:  # fmt: skip
    """A call of what an import gives: a layer, a function of torch, or one of constants."""
    last = name.rpartition(".")[2]
    first = args[0] if args else None
    if name.startswith("torch.nn.") and name.count(".") == 2 and last[:1].isupper():
        if last in modules.CONTAINERS and not kwargs:
            return modules.container(last, args, interpreter.source, node)
        return _layer(interpreter, last, args, kwargs, node)
    if name == "len" and isinstance(first, Tensor):
        return Batch()
    if name in FUNCTIONS:
        listed = [list(arg.entries.values()) if isinstance(arg, Modules) else arg for arg in args]
        return apply(interpreter, FUNCTIONS[name], listed, kwargs, node)
    if name.startswith("torch"):
        if last in tensors.JOINS:
            return interpreter.trace.join(first, node)
        if last == "Normal" and len(args) == 2:
            return Normal(*args)
        if last in tensors.NOISE | tensors.EMPTY and not isinstance(first, Tensor):
            return Noise()
        if isinstance(first, tensors.KINDS):
            return interpreter.trace.method(first, last, args[1:], kwargs, node)
    why = "zatlas has no such layer" if name.startswith("torch") else "zatlas does not know this"
    raise interpreter.trace.fault(node, f"{why}; if it is a class, paste it too")


def _layer(
    interpreter: "Interpreter", name: str, args: list[Any], kwargs: Kwargs, node: ast.AST
) -> Layer:  # fmt: skip
    """A layer of ``torch.nn``."""
    if name not in interpreter.known:
        raise interpreter.source.fault(node, unknown_name(name, interpreter.known))
    plain = [tensors.constant(interpreter.trace, value, node) for value in args]
    named = {key: tensors.constant(interpreter.trace, value, node) for key, value in kwargs.items()}
    line = interpreter.source.line(getattr(node, "lineno", 1))
    return Layer(Call(name, tuple(plain), named), line)
