"""Functions of Python, of math and of numpy that pasted code uses on its constants."""

import ast
import itertools
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from zatlas.syntax.values import MOST

COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda item, group: item in group, ast.NotIn: lambda item, group: item not in group,
}  # fmt: skip


def text(*values: Any) -> str:
    """Numbers and words as one text. Raises TypeError for anything else."""
    if not all(isinstance(value, bool | int | float | str) for value in values):
        raise TypeError("only numbers and words become a text here")
    return "".join(map(str, values))


def grouped(operator: ast.operator, left: Any, right: Any) -> Any:
    """Lists, tuples or words one after the other, or a list many times; None for other values."""
    if isinstance(operator, ast.Add) and type(left) is type(right):
        return left + right if isinstance(left, list | tuple | str) else None
    for group, times in ((left, right), (right, left)):
        repeats = isinstance(operator, ast.Mult) and isinstance(times, int)
        if repeats and isinstance(group, list | tuple):
            return group * min(times, MOST // max(1, len(group)) + 1)  # the caller refuses more
    return None


def _range(*numbers: int) -> list[int]:
    return list(range(*numbers)[: MOST + 1])  # the caller refuses more than MOST


# numbers, words and lists in, the same out; what they raise becomes an InputError of the line
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "len": len, "int": int, "float": float, "bool": bool, "str": text, "abs": abs, "round": round,
    "min": min, "max": max, "sum": sum, "range": _range, "list": list, "tuple": tuple,
    "enumerate": lambda items, start=0: list(enumerate(items, start)),
    "zip": lambda *groups, strict=False: list(zip(*groups, strict=strict)),
    "reversed": lambda items: list(items)[::-1], "sorted": sorted, "dict": dict,
    "any": any, "all": all, "divmod": divmod,
    "math.prod": math.prod, "numpy.prod": math.prod, "math.log2": math.log2, "math.sqrt": math.sqrt,
    "math.floor": math.floor, "math.ceil": math.ceil, "numpy.log2": math.log2,
    "numpy.sqrt": math.sqrt, "itertools.pairwise": lambda items: list(itertools.pairwise(items)),
    "torch.Size": tuple, "collections.OrderedDict": dict,
}  # fmt: skip

_LISTS = ("append", "extend", "insert", "reverse", "pop", "copy", "index")
_DICTS = ("keys", "values", "items", "get", "update")
_WORDS = ("lower", "upper", "strip")


def method(value: Any, name: str) -> Callable[..., Any] | None:
    """A method of a list, a dictionary or a word, if pasted code may use it."""
    kinds: dict[type, tuple[str, ...]] = {list: _LISTS, dict: _DICTS, str: _WORDS}
    names = next((names for kind, names in kinds.items() if isinstance(value, kind)), ())
    if name not in names:
        return None
    found: Callable[..., Any] = getattr(value, name)
    return (lambda: list(found())) if name in _DICTS[:3] else found


def is_constant(value: Any) -> bool:
    """Whether a value is a number, a word, None, or a list, tuple or dictionary."""
    return value is None or isinstance(value, bool | int | float | str | list | tuple | dict)


def defaults_of(arguments: ast.arguments) -> dict[str, ast.expr]:
    """The arguments that have a default, with its expression."""
    placed = [*arguments.posonlyargs, *arguments.args]
    last = placed[len(placed) - len(arguments.defaults) :]
    pairs = [*zip(last, arguments.defaults, strict=True)]
    pairs += [(k, v) for k, v in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if v]
    return {key.arg: value for key, value in pairs}


def has_decorator(node: Any, name: str) -> bool:
    """Whether a function is marked with ``@name``."""
    marks = getattr(node, "decorator_list", [])
    return any(isinstance(mark, ast.Name) and mark.id == name for mark in marks)
