"""Small languages: edits of a code (``z[0] *= 2``), targets (``luminance = +10``) and layers
(``Linear(12288, 1024)``).

Both are parsed by Python into a syntax tree, and only a list of allowed nodes is read from it;
nothing is evaluated. Every other text raises InputError with the column.
"""

from zatlas.syntax.calls import Call, call_from_node, format_call, parse_call
from zatlas.syntax.edit_parser import CODES, Amount, Edit, Operation, parse_edit
from zatlas.syntax.source import Source
from zatlas.syntax.target_parser import Target, is_target, parse_target
from zatlas.syntax.values import LARGEST, Value, dotted, value_from_node

__all__ = [
    "CODES", "LARGEST", "Amount", "Call", "Edit", "Operation", "Source", "Target", "Value",
    "call_from_node", "dotted", "format_call", "is_target", "parse_call", "parse_edit",
    "parse_target", "value_from_node",
]  # fmt: skip
