"""The two small languages: edits of a code (``z[0] *= 2``) and layers (``Linear(12288, 1024)``).

Both are read from Python's own syntax tree through a white list; nothing is ever evaluated. Any
text gives a value or one InputError that points at the column.
"""

from zatlas.syntax.edits import CODES, Amount, Edit, Index, Operation, format_edit, parse_edit
from zatlas.syntax.layers import Call, call_from_node, format_call, parse_call
from zatlas.syntax.source import Source
from zatlas.syntax.values import LARGEST, Value, dotted, value_from_node

__all__ = [
    "CODES",
    "LARGEST",
    "Amount",
    "Call",
    "Edit",
    "Index",
    "Operation",
    "Source",
    "Value",
    "call_from_node",
    "dotted",
    "format_call",
    "format_edit",
    "parse_call",
    "parse_edit",
    "value_from_node",
]
