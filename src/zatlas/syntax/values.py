"""Numbers, arithmetic of numbers, and the other values that an argument may have."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from zatlas.syntax.source import Source

Value: TypeAlias = "int | float | bool | str | tuple[Value, ...] | None"
Names: TypeAlias = Mapping[str, Value]

LARGEST = 3.4028234e38  # the largest float32: codes and weights hold no more
NO_NAMES: Names = MappingProxyType({})

_ARITHMETIC: Mapping[type[ast.operator], Callable[[int | float, int | float], int | float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}


def value_from_node(node: ast.AST, source: Source, names: Names = NO_NAMES) -> Value:
    """Read an argument: a number, True, False, None, a word in quotes, or a tuple of them.

    ``names`` (``width``, ``self.width``) stand for values known before. Raises InputError.
    """
    match node:
        case ast.Constant(bool() | None as value):
            return value
        case ast.Constant(str()):
            return word(source, node)
        case ast.Tuple(entries) | ast.List(entries):
            return tuple(value_from_node(entry, source, names) for entry in entries)
        case ast.Name() | ast.Attribute() if dotted(node) in names:
            return names[dotted(node)]
    mend = "write a number, True, False, None, a word in quotes, or a tuple of them"
    return number(source, node, mend, names)


def number(source: Source, node: ast.AST, mend: str, names: Names = NO_NAMES) -> int | float:
    """Read a number, or arithmetic of numbers; whole ones stay whole except through ``/``.

    Raises InputError, which ends in ``mend`` where the node is nothing known.
    """
    match node:
        case ast.Constant(int() | float() as value) if not isinstance(value, bool):
            return _finite(source, node, value)
        case ast.UnaryOp(ast.USub(), operand):
            return -number(source, operand, mend, names)
        case ast.BinOp(left, op, right) if type(op) in _ARITHMETIC:
            first = number(source, left, mend, names)
            return calculate(source, node, first, number(source, right, mend, names))
        case ast.BinOp(left):
            raise source.fault(source.after(left), "not known here; numbers take + - * / //")
        case ast.Name() | ast.Attribute() if dotted(node) in names:
            known = names[dotted(node)]
            if isinstance(known, int | float) and not isinstance(known, bool):
                return known
            raise source.fault(node, f"{source.typed(node)!r} is {known!r}, not a number")
    raise source.fault(node, f"{source.typed(node)!r} is not known here; {mend}")


def calculate(
    source: Source, node: ast.BinOp, left: int | float, right: int | float
) -> int | float:
    """``left`` and ``right`` under the node's operator; finite, or InputError."""
    try:
        return _finite(source, node, _ARITHMETIC[type(node.op)](left, right))
    except ZeroDivisionError:
        raise source.fault(node.right, "division by zero") from None
    except OverflowError:  # of whole numbers on their way to a float
        return _finite(source, node, math.inf)


def word(source: Source, node: ast.Constant) -> str:
    """Read a word in quotes."""
    text = str(node.value)
    if not text.strip() or not text.isprintable():
        raise source.fault(node, "a word in quotes holds letters to read, on one line")
    return text


def dotted(node: ast.AST) -> str:
    """``torch.nn.Linear`` of a name with its dots; empty for anything else."""
    if isinstance(node, ast.Attribute):
        return f"{before}.{node.attr}" if (before := dotted(node.value)) else ""
    return node.id if isinstance(node, ast.Name) else ""


def _finite(source: Source, node: ast.AST, value: int | float) -> int | float:
    if not abs(value) <= LARGEST:
        raise source.fault(node, "the number is too large; numbers end at 3.4e38")
    return value
