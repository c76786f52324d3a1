"""Edits: ``z[0] *= 2; z[2] += 1*sd``, and other forms that people type in scripts."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from zatlas.syntax.source import Source
from zatlas.syntax.values import calculate, number, word

Index: TypeAlias = int | slice | str
Unit = Literal["number", "sd", "quantile"]
Operator = Literal["=", "+=", "-=", "*=", "/="]

# usual names of a code in scripts; ``z1``, ``z2``, … are codes too
CODES = (
    "z", "zs", "latent", "latents", "latent_code", "latent_vector", "code", "codes", "encoded",
    "embedding", "h", "c",
)  # fmt: skip
_CODE = re.compile(rf"z[0-9]+|{'|'.join(CODES)}")
_SIGN: dict[type[ast.AST], Operator] = {ast.Add: "+=", ast.Sub: "-=", ast.Mult: "*=", ast.Div: "/="}
_MEANT = dict.fromkeys(("std", "stdev", "sigma", "SD", "σ"), "sd")
_MEANT |= dict.fromkeys(("quantile", "percentile", "Q"), "q")
_HINT = "an edit reads like z[0] *= 2, z[4] += 2*sd or z[4] = q(0.95)"
_DOT = "attributes and methods are not allowed"
_AMOUNT = "write a number, 2*sd or q(0.95)"


class Amount(NamedTuple):
    """The amount of an edit: a number, a multiple of sd, or the level (0 to 1) of a quantile."""

    value: float
    unit: Unit = "number"


@dataclass(frozen=True)
class Operation:
    """One change of a code.

    Attributes
    ----------
    index
        Whole numbers and slices; the last entry may be a name. Empty for the whole code. It is not
        yet compared with the shape of the code. ``z1[0][2]`` becomes (0, 2).
    op : the operator.
    amount : the amount.
    column : the place in the text of the edit, from 1, for ``Source.fault``.
    """

    index: tuple[Index, ...]
    op: Operator
    amount: Amount
    column: int


class Edit(NamedTuple):
    """The text of an edit, and its operations in the order in which they apply."""

    text: str
    operations: tuple[Operation, ...]


def parse_edit(text: str) -> Edit:
    """Parse an edit.

    Parameters
    ----------
    text : statements separated by ``;`` or newlines, such as ``z[0] *= 2; z[2] += 1*sd``.

    Raises
    ------
    InputError
        The text is not an edit. The message gives the column.

    Examples
    --------
    >>> parse_edit("z[0] *= 2").operations
    (Operation(index=(0,), op='*=', amount=Amount(value=2.0, unit='number'), column=1),)
    """
    source = Source("edit", text)
    operations = [op for each in source.tree(_HINT).body for op in _statement(source, each)]
    if not operations:
        raise source.fault(1, f"nothing is changed; {_HINT}")
    return Edit(text, tuple(operations))


def _statement(source: Source, statement: ast.stmt) -> Iterator[Operation]:
    match statement:
        case ast.AugAssign(target, op, value):
            yield _augmented(source, target, op, value, source.after(target))
        case ast.Assign([ast.Tuple(targets)], value):
            amounts = value.elts if isinstance(value, ast.Tuple) else [value]
            if len(targets) != len(amounts):
                sides = f"{len(targets)} on the left, {len(amounts)} on the right"
                raise source.fault(value, f"give each place its own amount: {sides}")
            for target, amount in zip(targets, amounts, strict=True):
                yield _operation(source, target, "=", amount)
        case ast.Assign([target], value):
            yield _assignment(source, target, value)
        case ast.Assign([_, second, *_]):
            raise source.fault(second, "one = in a statement; join statements by ;")
        case ast.Expr(ast.Compare(left, [ast.Eq(), *_])):
            raise source.fault(source.after(left), "'==' compares; did you mean '='?")
        case ast.Expr(ast.BinOp(left, op)) if _is_code(left) and type(op) in _SIGN:
            sign = _SIGN[type(op)]
            raise source.fault(source.after(left), f"this changes nothing; did you mean {sign!r}?")
        case ast.Expr(ast.Call(ast.Attribute(value)) | ast.Attribute(value)):
            raise source.fault(source.after(value), f"{_DOT}; {_HINT}")
        case _:
            raise source.fault(statement, f"{source.typed(statement)!r} is not an edit; {_HINT}")


def _assignment(source: Source, target: ast.expr, value: ast.expr) -> Operation:
    """``z = …`` with an amount, or with the same place and one operation, as in ``z = 2*z``."""
    place = _place(source, target)

    def same(node: ast.expr) -> bool:
        return _is_code(node) and _place(source, node) == place

    match value:
        case ast.UnaryOp(ast.USub(), operand) if same(operand):
            return Operation(place[1], "*=", Amount(-1.0), source.start(target))
        case ast.BinOp(left, op, right) if same(left):
            return _augmented(source, target, op, right, source.after(left))
        case ast.BinOp(left, ast.Add() | ast.Mult() as op, right) if same(right):
            return _augmented(source, target, op, left, source.after(left))
        case ast.BinOp(left, ast.Sub(), right) if same(right):
            code, amount = source.typed(target), source.typed(left)
            raise source.fault(right, f"write it in two: {code} *= -1; {code} += {amount}")
    return _operation(source, target, "=", value)


def _augmented(
    source: Source, target: ast.expr, op: ast.operator, value: ast.expr, place: int
) -> Operation:
    if type(op) not in _SIGN:
        raise source.fault(place, "this operation is not known; write one of = += -= *= /=")
    return _operation(source, target, _SIGN[type(op)], value)


def _operation(source: Source, target: ast.expr, op: Operator, value: ast.expr) -> Operation:
    _, index = _place(source, target)
    amount = parse_amount(source, value)
    if amount.unit == "sd" and op in ("*=", "/="):
        raise source.fault(value, f"sd goes with = += -=; with {op} write a number")
    if amount.unit == "quantile" and op != "=":
        raise source.fault(value, f"q goes with = alone; with {op} write a number")
    if op == "/=" and amount.value == 0:
        raise source.fault(value, "division by zero")
    return Operation(index, op, amount, source.start(target))


def _place(source: Source, node: ast.expr) -> tuple[str, tuple[Index, ...]]:
    """The name of the code and the index, of ``z``, ``z[0]``, ``z[0][1]`` or ``z[0, :]``."""
    match node:
        case ast.Name(name) if _is_code(node):
            return name, ()
        case ast.Name():
            known = f"codes are called {', '.join(CODES)}, z1, z2 …"
            raise source.fault(node, f"{source.typed(node)!r} is not known here; {known}")
        case ast.Subscript(code, key):
            name, before = _place(source, code)
            if not all(isinstance(entry, int) for entry in before):
                raise source.fault(key, "after a slice or a name, write one bracket: z[:, 3]")
            entries = key.elts if isinstance(key, ast.Tuple) else [key]
            index = (*before, *(_index(source, entry) for entry in entries))
            if any(isinstance(entry, str) for entry in index[:-1]):
                raise source.fault(key, 'a name comes last, as in z["smile"]')
            return name, index
    raise source.fault(node, f"{source.typed(node)!r} cannot be changed; {_HINT}")


def _index(source: Source, node: ast.expr) -> Index:
    match node:
        case ast.Slice(lower, upper, step):
            if step and _whole(source, step) < 1:
                raise source.fault(step, "the step of a slice is 1 or more")
            return slice(*(end and _whole(source, end) for end in (lower, upper, step)))
        case ast.Constant(str()):
            return word(source, node)
    return _whole(source, node)


def _whole(source: Source, node: ast.expr) -> int:
    value = number(source, node, 'an index is a whole number, a slice or a "name"')
    if not isinstance(value, int) or abs(value) >= 2**31:
        raise source.fault(node, f"an index is a whole number, not {source.typed(node)}")
    return value


def parse_amount(source: Source, node: ast.expr) -> Amount:
    """A number, a multiple of sd or a quantile, of a node of a text; InputError for all else."""
    match node:
        case ast.Call(ast.Name("q"), [level], []):
            share = number(source, level, "write a level from 0 to 1")
            if not 0 <= share <= 1:
                meant = f"{share / 100:g}" if 1 < share <= 100 else "0.95"
                raise source.fault(level, f"q takes a level from 0 to 1; write q({meant})")
            return Amount(float(share), "quantile")
        case ast.Call(ast.Name("q")):
            raise source.fault(node, "q takes one level from 0 to 1, as in q(0.95)")
        case ast.Name("sd"):
            return Amount(1.0, "sd")
        case ast.UnaryOp(ast.USub(), operand) if _holds_sd(operand):
            return Amount(-parse_amount(source, operand).value, "sd")
        case ast.BinOp(left, ast.Mult() | ast.Div(), right) if _holds_sd(left):
            times = _number(source, right)
            return Amount(calculate(source, node, parse_amount(source, left).value, times), "sd")
        case ast.BinOp(left, ast.Mult(), right) if _holds_sd(right):
            times = _number(source, left)
            return Amount(calculate(source, node, times, parse_amount(source, right).value), "sd")
    return Amount(float(_number(source, node)))


def _number(source: Source, node: ast.expr) -> int | float:
    """A number. Words that people often write with numbers get their own error."""
    for part in ast.walk(node):
        match part:
            case ast.Name("sd" | "q" as name):
                raise source.fault(part, f"{name} cannot be part of a sum; {_AMOUNT}")
            case ast.Name(name) if name in _MEANT:
                raise source.fault(part, f"{name!r} is not known; did you mean {_MEANT[name]!r}?")
            case ast.Name() | ast.Subscript() if _is_code(part):
                hint = f"{_AMOUNT}, or the same place with one operation: z[0] = z[0]*2"
                raise source.fault(part, f"{source.typed(part)!r} cannot be used here; {hint}")
            case ast.Attribute(value):
                raise source.fault(source.after(value), f"{_DOT}; {_AMOUNT}")
            case ast.UnaryOp(ast.UAdd()):
                raise source.fault(part, "a number has no + in front; to add, write +=")
    return number(source, node, _AMOUNT)


def _is_code(node: ast.AST) -> bool:
    while isinstance(node, ast.Subscript):
        node = node.value
    return isinstance(node, ast.Name) and is_code_name(node.id)


def is_code_name(name: str) -> bool:
    """Whether a name is that of a code, as z or latent."""
    return _CODE.fullmatch(name) is not None


def _holds_sd(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Name) and part.id == "sd" for part in ast.walk(node))
