"""Values of arguments: numbers, arithmetic of numbers, words and tuples."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from zatlas.syntax.source import Source

Value: TypeAlias = "int | float | bool | str | tuple[Value, ...] | None"
Names: TypeAlias = Mapping[str, Value]

LARGEST = 3.4028234e38  # the largest float32, the type of codes and weights
NO_NAMES: Names = MappingProxyType({})

MOST = 1_000  # numbers and words in one value

_Operator: TypeAlias = "Callable[[int | float, int | float], int | float]"
_ARITHMETIC: Mapping[type[ast.operator], _Operator] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv,
}  # fmt: skip


def _power(base: int | float, exponent: int | float) -> int | float:
    if abs(exponent) > 128:
        raise OverflowError
    if base < 0 and not float(exponent).is_integer():
        raise OverflowError  # Python would give a complex number
    result: int | float = base**exponent
    return result


# of programs; edits and layers have the four operations alone
_OPERATORS = {**_ARITHMETIC, ast.Mod: operator.mod, ast.Pow: _power}


def value_from_node(node: ast.AST, source: Source, names: Names = NO_NAMES) -> Value:
    """Parse an argument: a number, True, False, None, a word in quotes, or a tuple of them.

    ``names`` maps names, such as ``width`` or ``self.width``, to their values. Raises InputError.
    """
    match node:
        case ast.Constant(bool() | None as value):
            return value
        case ast.Constant(str()):
            return word(source, node)
        case ast.Tuple(entries) | ast.List(entries):
            found = tuple(value_from_node(entry, source, names) for entry in entries)
            capped(found, source, node)
            return found
        case ast.Name() | ast.Attribute() if dotted(node) in names:
            return names[dotted(node)]
    hint = "write a number, True, False, None, a word in quotes, or a tuple of them"
    return number(source, node, hint, names)


def number(source: Source, node: ast.AST, hint: str, names: Names = NO_NAMES) -> int | float:
    """Parse a number or arithmetic of numbers. Whole numbers stay whole, except after ``/``.

    Raises InputError; for an unknown node it ends with ``hint``.
    """
    match node:
        case ast.Constant(int() | float() as value) if not isinstance(value, bool):
            return _finite(source, node, value)
        case ast.UnaryOp(ast.USub(), operand):
            return -number(source, operand, hint, names)
        case ast.BinOp(left, op, right) if type(op) in _ARITHMETIC:
            first = number(source, left, hint, names)
            return calculate(source, node, first, number(source, right, hint, names))
        case ast.BinOp(left):
            raise source.fault(source.after(left), "not known here; numbers take + - * / //")
        case ast.Name() | ast.Attribute() if dotted(node) in names:
            known = names[dotted(node)]
            if isinstance(known, int | float) and not isinstance(known, bool):
                return known
            raise source.fault(node, f"{source.typed(node)!r} is {known!r}, not a number")
    raise source.fault(node, f"{source.typed(node)!r} is not known here; {hint}")


def calculate(
    source: Source, node: ast.BinOp, left: int | float, right: int | float
) -> int | float:
    """Apply the operator of the node. Raises InputError if the result is not finite."""
    if type(node.op) not in _OPERATORS:
        raise source.fault(node, f"{source.typed(node)!r} is not known here")
    try:
        return _finite(source, node, _OPERATORS[type(node.op)](left, right))
    except ZeroDivisionError:
        raise source.fault(node.right, "division by zero") from None
    except OverflowError:  # an int that is too large for a float
        return _finite(source, node, math.inf)


def capped(value: Any, source: Source, node: ast.AST) -> Any:
    """The value itself. Raises InputError where it holds more than ``MOST`` numbers and words.

    Names may stand for tuples that hold other tuples twice; their size doubles with each name.
    """
    pending, count = [value], 0
    while pending:
        count += 1
        if count > 2 * MOST:
            raise source.fault(node, f"the value holds more than {MOST:,} numbers")
        last = pending.pop()
        if isinstance(last, tuple | list | dict):
            pending.extend(last.values() if isinstance(last, dict) else last)
            if len(pending) > MOST:
                raise source.fault(node, f"the value holds more than {MOST:,} numbers")
        elif isinstance(last, str) and len(last) > MOST:
            raise source.fault(node, f"the word is longer than {MOST:,} letters")
    return value


def word(source: Source, node: ast.Constant) -> str:
    """Parse a word in quotes."""
    text = str(node.value)
    if not text.strip() or not text.isprintable():
        raise source.fault(node, "a word in quotes holds letters to read, on one line")
    return text


def dotted(node: ast.AST) -> str:
    """The text of a name with dots, such as ``torch.nn.Linear``; "" for any other node."""
    if isinstance(node, ast.Attribute):
        return f"{before}.{node.attr}" if (before := dotted(node.value)) else ""
    return node.id if isinstance(node, ast.Name) else ""


def _finite(source: Source, node: ast.AST, value: int | float) -> int | float:
    if not abs(value) <= LARGEST:
        raise source.fault(node, "the number is too large; numbers end at 3.4e38")
    return value
