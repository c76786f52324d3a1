"""Read a program without running it: its constants, its modules, and the way of a tensor.

The syntax tree is walked statement by statement. Every name stands for a constant, a layer, a
module, a tensor, or an ``Unknown`` that holds the reason why it is not read; the reason becomes an
error only where the value is needed for the network. Nothing of the program is evaluated by Python.
"""

import ast
from collections import ChainMap
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from zatlas.errors import InputError
from zatlas.models.pasted import modules, tensors
from zatlas.models.pasted.calling import apply, attribute, call
from zatlas.models.pasted.constants import COMPARISONS, FUNCTIONS, grouped, is_constant, text
from zatlas.models.pasted.values import (
    Batch,
    Class,
    External,
    Function,
    Instance,
    Layer,
    Modules,
    Noise,
    Scope,
    Spread,
    Tensor,
    TooLongError,
    Unknown,
)
from zatlas.syntax import Source
from zatlas.syntax.values import LARGEST, MOST, calculate, capped

MOST_STEPS = 60_000  # statements and expressions of one pass
MOST_STRIKES = 3  # statements of the program itself that take more
CHANGING = ("append", "extend", "insert", "add_module", "register_module", "update", "pop")
USUAL = {
    "nn": "torch.nn", "torch": "torch", "F": "torch.nn.functional", "np": "numpy", "math": "math",
    "numpy": "numpy", "OrderedDict": "collections.OrderedDict", "collections": "collections",
}  # fmt: skip


class Returned(NamedTuple):
    """A function ends with this value."""

    value: Any


class Interpreter:
    """Walks a syntax tree; ``trace`` is the pass of an image that goes on just now."""

    def __init__(self, source: Source, known: Collection[str]) -> None:
        self.source = source
        self.known = known
        self.trace = tensors.Trace(source)
        self.steps = 0
        self.depth = 0
        self.made: list[Instance] = []  # by statements outside functions, in order
        names = {name: External(f"torch.nn.{name}") for name in (*known, *modules.CONTAINERS)}
        names |= {name: External(full) for name, full in USUAL.items()}
        names |= {name: External(name) for name in FUNCTIONS if "." not in name}
        self.globals: Scope = ChainMap({}, {"__name__": "__main__", **names})

    def begin(self, trace: tensors.Trace | None = None) -> None:
        """Begin another pass."""
        self.trace = trace or tensors.Trace(self.source)
        self.steps = self.depth = 0

    def load(self, module: ast.Module) -> None:
        """Walk the program; what stands in too long a loop becomes unknown."""
        strikes = 0
        for statement in module.body:
            self.begin()
            try:
                self.run([statement], self.globals)
            except TooLongError as fault:
                strikes += 1
                if strikes > MOST_STRIKES:
                    raise
                self.steps = 0
                self.forget(statement, self.globals, fault)

    def spend(self, node: ast.AST, steps: int = 1) -> None:
        """Count steps. Raises TooLongError where they are too many."""
        self.steps += steps
        if self.steps > MOST_STEPS:
            raise TooLongError(
                str(self.source.fault(node, "the program takes too many steps to read"))
            )

    # Statements

    def run(self, body: Sequence[ast.stmt], scope: Scope) -> Returned | str | None:
        """Walk statements: what is returned, "break" or "continue", or None at their end."""
        for statement in body:
            self.spend(statement)
            try:
                outcome = self.statement(statement, scope)
            except TooLongError:
                raise
            except InputError as fault:
                outcome = self.forget(statement, scope, fault)
            if outcome is not None:
                return outcome
        return None

    def statement(self, node: ast.stmt, scope: Scope) -> Returned | str | None:
        """Walk one statement."""
        match node:
            case ast.Return(value):
                return Returned(self.maybe(value, scope) if value else None)
            case ast.Assign(targets, value):
                found = self.maybe(value, scope)
                for target in targets:
                    self.assign(target, found, scope)
            case ast.AnnAssign(target, _, ast.expr() as value):
                self.assign(target, self.maybe(value, scope), scope)
            case ast.AugAssign(target, _, value):
                self.assign(target, self.augmented(node, scope), scope)
            case ast.Expr(value):
                self.value(value, scope)
            case ast.If(test, body, orelse):
                return self.run(body if self.truth(test, scope) else orelse, scope)
            case ast.For(target, items, body):
                return self.loop(target, self.items(items, scope), body, scope)
            case ast.With(_, body) | ast.Try(body):
                return self.run(body, scope)
            case ast.FunctionDef(name):
                scope[name] = Function(node, scope)
            case ast.ClassDef(name):
                scope[name] = self.define(node, scope)
            case ast.Import() | ast.ImportFrom():
                self.bring(node, scope)
            case ast.While() | ast.Raise() | ast.Match():
                raise self.source.fault(node, "a statement of this kind is not read")
            case ast.Break():
                return "break"
            case ast.Continue():
                return "continue"
        return None

    def forget(self, node: ast.stmt, scope: Scope, fault: InputError) -> Returned | None:
        """What a statement changes that cannot be read becomes unknown."""
        ends = False
        for part in ast.walk(node):
            self.spend(node)
            match part:
                case ast.Name(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                    self.store(part, Unknown(fault), scope)
                case ast.Subscript(changed, ctx=ast.Store()):
                    self.store(changed, Unknown(fault), scope)
                case ast.Call(ast.Attribute(changed, attr)) if attr in CHANGING:
                    self.store(changed, Unknown(fault), scope)
                case ast.Return():
                    ends = True
        return Returned(Unknown(fault)) if ends else None

    def store(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """Give a name or an attribute a value, where that can be done."""
        match target:
            case ast.Name(name):
                scope[name] = value
            case ast.Attribute(owner, name):
                match self.maybe(owner, scope):
                    case Instance(_, attributes) | Class(_, _, attributes):
                        attributes[name] = value
                    case Layer() as layer if name in ("weight", "bias"):
                        why = f"{self.source.typed(target)!r} is replaced; its layer is not read"
                        layer.fault = self.source.fault(target, why)

    def assign(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """Give the value to a target of an assignment."""
        match target:
            case ast.Tuple(parts) | ast.List(parts):
                self.unpack(parts, value, scope)
            case ast.Subscript(owner, index):
                held, key = self.value(owner, scope), self.value(index, scope)
                if isinstance(held, Modules):
                    held.entries[modules.key_of(held, key, self.source, target)] = value
                elif isinstance(held, dict | list) and isinstance(key, str | int):
                    apply(self, held.__setitem__, [key, value], {}, target)
                    capped(held, self.source, target)
                else:
                    raise self.source.fault(target, "a part of this is changed; that is not read")
            case _:
                self.store(target, value, scope)

    def unpack(self, parts: Sequence[ast.expr], value: Any, scope: Scope) -> None:
        """Give several targets their values."""
        if isinstance(value, Unknown):
            values: list[Any] = [value] * len(parts)
        elif isinstance(value, tuple | list):
            values = list(value)
        else:
            raise self.source.fault(parts[0], "this cannot be divided among several names")
        for place, part in enumerate(parts):
            if isinstance(part, ast.Starred) and not isinstance(value, Unknown):
                end = len(values) - (len(parts) - place - 1)
                values[place:end] = [values[place:end]]
        if len(values) != len(parts):
            why = f"{len(values)} values do not fit {len(parts)} names"
            raise self.source.fault(parts[0], why)
        for part, each in zip(parts, values, strict=True):
            self.assign(part.value if isinstance(part, ast.Starred) else part, each, scope)

    def augmented(self, node: ast.AugAssign, scope: Scope) -> Any:
        """The value after ``+=`` and its like; a list stays the same list."""
        held, added = self.value(node.target, scope), self.value(node.value, scope)
        if isinstance(held, list) and isinstance(node.op, ast.Add):
            if len(held) > MOST:
                raise self.source.fault(node, f"more than {MOST:,} elements")
            held.extend(apply(self, list, [added], {}, node))
            return capped(held, self.source, node)
        whole = ast.copy_location(ast.BinOp(node.target, node.op, node.value), node)
        return self.operate(whole, held, added)

    def loop(self, target: ast.expr, items: Sequence[Any], body: Sequence[ast.stmt],
             scope: Scope) -> Returned | str | None:  # fmt: skip
        """Walk the body of a loop for every item."""
        for item in items:
            self.assign(target, item, scope)
            outcome = self.run(body, scope)
            if isinstance(outcome, Returned):
                return outcome
            if outcome == "break":
                break
        return None

    def define(self, node: ast.ClassDef, scope: Scope) -> Class:
        """A class: its attributes and its methods."""
        defined = Class(node, [self.maybe(base, scope) for base in node.bases])
        inner = scope.new_child()
        self.run(node.body, inner)
        for name, value in inner.maps[0].items():
            if isinstance(value, Function) and value.owner is None:
                value = Function(value.node, scope, defined)
            defined.attributes[name] = value
        return defined

    def bring(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        """The names of an import."""
        start = f"{node.module or ''}." if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            name = alias.asname or (alias.name if start else alias.name.partition(".")[0])
            full = alias.name if alias.asname or start else name
            if name != "*":
                scope[name] = External(start + full)

    # Expressions

    def maybe(self, node: ast.expr, scope: Scope) -> Any:
        """The value of an expression, ``Unknown`` where it cannot be read."""
        try:
            return self.value(node, scope)
        except TooLongError:
            raise
        except InputError as fault:
            return Unknown(fault)

    def value(self, node: ast.expr, scope: Scope) -> Any:
        """The value of an expression. Raises InputError where it cannot be read."""
        self.spend(node)
        found = self.expression(node, scope)
        if isinstance(found, Unknown):
            raise found.fault
        return found

    def expression(self, node: ast.expr, scope: Scope) -> Any:
        """The value of an expression, by its kind."""
        match node:
            case ast.Constant(bool() | int() | float() | str() | None as value):
                if isinstance(value, int | float) and not abs(value) <= LARGEST:
                    raise self.source.fault(node, "the number is too large")
                return value
            case ast.Name(name):
                if name in scope:
                    return scope[name]
                raise self.source.fault(node, f"{name!r} is not known here")
            case ast.Attribute(owner, name):
                return attribute(self, self.value(owner, scope), name, node)
            case ast.Call():
                return call(self, node, scope)
            case ast.Tuple(parts) | ast.List(parts):
                found = capped(self.elements(parts, scope), self.source, node)
                return tuple(found) if isinstance(node, ast.Tuple) else found
            case ast.Dict(keys, values):
                words = [self.value(key, scope) if key else None for key in keys]
                made = [self.maybe(value, scope) for value in values]
                return apply(self, dict, [list(zip(words, made, strict=True))], {}, node)
            case ast.BinOp(left, _, right):
                return self.operate(node, self.value(left, scope), self.value(right, scope))
            case ast.UnaryOp(ast.Not(), operand):
                return not self.truth(operand, scope)
            case ast.UnaryOp(ast.USub(), operand):
                minus = ast.copy_location(ast.BinOp(ast.Constant(-1), ast.Mult(), operand), node)
                return self.operate(minus, -1, self.value(operand, scope))
            case ast.BoolOp(op, parts):
                return self.choose(isinstance(op, ast.And), parts, scope)
            case ast.Compare(left, [operator], [right]):
                return self.compare(node, operator, self.value(left, scope), right, scope)
            case ast.IfExp(test, body, orelse):
                return self.value(body if self.truth(test, scope) else orelse, scope)
            case ast.Subscript(owner, index):
                return self.item(self.value(owner, scope), index, node, scope)
            case ast.ListComp(part, [rule]) | ast.GeneratorExp(part, [rule]):
                return self.comprehend(part, rule, scope)
            case ast.JoinedStr(parts):
                words = [getattr(part, "value", part) for part in parts]
                return apply(self, text, [self.value(w, scope) if isinstance(w, ast.expr) else w
                                          for w in words], {}, node)  # fmt: skip
            case ast.Slice(lower, upper, step):
                ends = [end and self.value(end, scope) for end in (lower, upper, step)]
                return slice(*ends)
            case ast.Lambda():
                return Function(node, scope)
            case ast.Constant(value) if value is Ellipsis:
                return value
        raise self.source.fault(node, f"{self.source.typed(node)!r} is not read")

    def elements(self, parts: Sequence[ast.expr], scope: Scope) -> list[Any]:
        """The elements of a list, of a tuple, or the arguments of a call."""
        found: list[Any] = []
        for part in parts:
            if isinstance(part, ast.Starred):
                found += self.items(part.value, scope)
            else:
                found.append(self.maybe(part, scope))
        if len(found) > MOST:
            raise self.source.fault(parts[0], f"more than {MOST:,} elements")
        return found

    def items(self, node: ast.expr, scope: Scope) -> list[Any]:
        """What a loop passes through."""
        held = self.value(node, scope)
        if isinstance(held, Modules):
            return list(held.entries if held.kind == "ModuleDict" else held.entries.values())
        if not isinstance(held, list | tuple | dict | str):
            why = "what this passes through is not known"
            raise self.source.fault(node, f"{self.source.typed(node)!r}: {why}")
        return list(held)

    def comprehend(self, part: ast.expr, rule: ast.comprehension, scope: Scope) -> list[Any]:
        """A list comprehension with one ``for``."""
        inner, found = scope.new_child(), []
        for item in self.items(rule.iter, scope):
            self.assign(rule.target, item, inner)
            if all(self.truth(test, inner) for test in rule.ifs):
                found.append(self.maybe(part, inner))
        return found

    def truth(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a condition holds. Raises InputError where it depends on the images."""
        found = self.value(node, scope)
        if isinstance(found, Tensor | Batch | Noise | Spread | External):
            why = "this condition depends on what is not known before the program runs"
            raise self.source.fault(node, f"{self.source.typed(node)!r}: {why}")
        return bool(found)

    def choose(self, conjunction: bool, parts: Sequence[ast.expr], scope: Scope) -> Any:
        """``and`` and ``or``."""
        for part in parts[:-1]:
            if self.truth(part, scope) != conjunction:
                return self.value(part, scope)
        return self.value(parts[-1], scope)

    def compare(self, node: ast.expr, operator: ast.cmpop, left: Any, right_node: ast.expr,
                scope: Scope) -> Any:  # fmt: skip
        """A comparison of constants."""
        right = self.value(right_node, scope)
        objects = isinstance(operator, ast.Is | ast.IsNot)
        if not objects and not (is_constant(left) and is_constant(right)):
            why = "this comparison depends on what is not known before the program runs"
            raise self.source.fault(node, f"{self.source.typed(node)!r}: {why}")
        return apply(self, COMPARISONS[type(operator)], [left, right], {}, node)

    def operate(self, node: ast.BinOp, left: Any, right: Any) -> Any:
        """Arithmetic of numbers, lists, words and tensors."""
        if isinstance(left, tensors.KINDS) or isinstance(right, tensors.KINDS):
            return self.trace.operate(type(node.op), left, right, node)
        if all(isinstance(each, int | float) for each in (left, right)):
            return calculate(self.source, node, left, right)
        group = grouped(node.op, left, right)
        if group is not None:
            return capped(group, self.source, node)
        raise self.trace.fault(node, "this is no arithmetic of numbers")

    def item(self, held: Any, index: ast.expr, node: ast.expr, scope: Scope) -> Any:
        """``held[index]``."""
        if isinstance(index, ast.Tuple):
            key: Any = tuple(self.value(part, scope) for part in index.elts)
        else:
            key = self.value(index, scope)
        if isinstance(held, Tensor):
            return self.trace.part_of(held, key, node)
        if isinstance(held, Modules):
            return modules.part_of(held, key, self.source, node)
        if isinstance(held, list | tuple | dict | str):
            return apply(self, lambda: held[key], [], {}, node)
        raise self.source.fault(node, f"{self.source.typed(node)!r} is not read")
