"""Targets: ``luminance = +10``, an edit that asks for a property of the decoded pictures."""

import ast
import re
from typing import Literal, NamedTuple

from zatlas.errors import InputError
from zatlas.syntax.edit_parser import Amount, is_code_name, parse_amount, parse_edit
from zatlas.syntax.source import Source

_HINT = "a target reads like luminance = +10, luminance = 60 or yaw = +1*sd"
_QUOTED = re.compile(r"""\s*("[^"]*"|'[^']*')\s*""")
_NAME = re.compile(r"""\s*([^\W\d_][^"'\[\]{},;\n]*?)\s*""")
_ENDS = re.compile(r"(.*?)([-+*/]?=)", re.DOTALL)


class Target(NamedTuple):
    """A property to reach: ``by`` an amount from the reconstruction's value, or ``to`` a value.

    The amount is a number in units of the property, or a multiple of its sd over real images.
    """

    text: str
    name: str
    form: Literal["by", "to"]
    amount: Amount


def is_target(text: str) -> bool:
    """Whether a text asks for a property; what is an edit of a code is none.

    >>> is_target("luminance = +10"), is_target("z[0] = 10"), is_target("code = 10")
    (True, False, False)
    """
    try:
        return _parts(text) is not None
    except InputError:
        return True


def parse_target(text: str) -> Target:
    """Parse a target.

    Parameters
    ----------
    text
        ``NAME = +10`` and ``NAME = -10`` change a property, as ``NAME += 10`` and ``NAME -= 10``
        do. ``NAME = 20`` reaches a value; one below 0 stands in brackets, as ``NAME = (-20)``. The
        name may be in quotes. An amount may be a number, or ``+1*sd``.

    Raises
    ------
    InputError
        The text is no target. The message gives the column.

    Examples
    --------
    >>> parse_target("luminance -= 1*sd")[1:]
    ('luminance', 'by', Amount(value=-1.0, unit='sd'))
    >>> parse_target('"left-right light" = 3')[1:]
    ('left-right light', 'to', Amount(value=3.0, unit='number'))
    """
    parts = _parts(text)
    source = Source("edit", text)
    if parts is None:
        raise source.fault(1, f"this is not a target; {_HINT}")
    name, sign, at = parts
    if sign in ("*=", "/="):
        raise source.fault(at - 1, f"a property takes = += and -=, not {sign}; {_HINT}")
    amount, form = _amount(text, at), "to"
    rest = text[at:].lstrip()
    place = len(text) - len(rest) + 1
    if sign != "=" or rest[:1] in ("+", "-"):
        form = "by"
    if sign == "-=":
        amount = Amount(-amount.value, amount.unit)
    if form == "to" and amount.unit == "sd":
        hint = "sd goes with a change, as +1*sd; to reach a value, write a number"
        raise source.fault(place, hint)
    if form == "by" and amount.value == 0:
        raise source.fault(place, "a change of 0 changes nothing; write another amount")
    return Target(text, name, "by" if form == "by" else "to", amount)


def _parts(text: str) -> tuple[str, str, int] | None:
    """The name, the operator and the place behind it; None for an edit of a code, or neither.

    Raises InputError where a target does not stand alone.
    """
    if not isinstance(text, str) or _is_edit(text):
        return None
    statements = [each for each in re.split("[;\n]", text) if each.strip()]
    if len(statements) > 1:
        for each in statements:
            if not _is_edit(each) and _split(each) is not None:
                place = text.index(each) + len(each) - len(each.lstrip()) + 1
                fault = "a target stands alone in its edit; give it as an edit of its own"
                raise Source("edit", text).fault(place, fault)
        return None
    return _split(text)


def _split(text: str) -> tuple[str, str, int] | None:
    """The name, the operator and the place behind it, of a single statement."""
    before, equals, _ = text.rpartition("=")
    if not equals:
        return None
    ends = _ENDS.fullmatch(before + equals)
    if ends is None:
        return None
    quoted, plain = _QUOTED.fullmatch(ends[1]), _NAME.fullmatch(ends[1])
    name = quoted[1][1:-1].strip() if quoted else plain[1] if plain else ""
    if plain and is_code_name(name.rstrip("=<>!:+-*/ ")):
        return None  # it was meant as an edit of the code
    if name.endswith(("=", "<", ">", "!", ":")):
        raise Source("edit", text).fault(len(before) + 1, f"write one =; {_HINT}")
    return (name, ends[2], len(before) + 1) if name.isprintable() and name else None


def _amount(text: str, at: int) -> Amount:
    """The amount that begins at a place of the text. A sign + before it is left out."""
    behind = text[at:]
    sign = len(behind) - len(behind.lstrip())
    if behind[sign : sign + 1] == "+":
        behind = f"{behind[:sign]} {behind[sign + 1 :]}"
    indent = " " * (len(text) - len(text.lstrip()))
    name = f"{indent}z".ljust(at - 1)
    source = Source("edit", text, read=f"{name}={behind}")  # the name as one that Python reads
    match source.tree(_HINT).body:
        case [ast.Assign([ast.Name()], value)]:
            amount = parse_amount(source, value)
            if amount.unit == "quantile":
                raise source.fault(value, "q goes with an element; write a number or +1*sd")
            return amount
    raise source.fault(at + 1, f"write one number behind =; {_HINT}")


def _is_edit(text: str) -> bool:
    try:
        parse_edit(text)
    except InputError:
        return False
    return True
