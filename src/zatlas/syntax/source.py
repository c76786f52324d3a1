"""A text being read: its syntax tree, and errors that point at a place in it."""

import ast
import re
import warnings

from zatlas.errors import InputError

LONGEST = 1_000  # characters of an edit or a layer
DEEPEST = 30  # levels of its syntax tree


class Source:
    """A text being read, which can point at a place in itself.

    ``what`` opens every error: ``edit``, ``layer`` or, with ``is_file``, the name of a file. A
    file's errors name the line; the others quote the text and name the column, from 1. In a text
    of one line or many, a *place* is a column of the whole text, from 1.
    """

    def __init__(self, what: str, text: str, is_file: bool = False) -> None:
        self.what = what
        self.text = text
        self.is_file = is_file
        self._lines = text.replace("\r\n", " \n").replace("\r", "\n").split("\n")
        # an edit may be indented as it stood in a script; a file's indents mean something
        self._read = self._lines if is_file else [line.lstrip() for line in self._lines]

    def tree(self, mend: str, longest: int = LONGEST, deepest: int = DEEPEST) -> ast.Module:
        """The text's syntax tree; InputError, ending in ``mend``, where it has none."""
        if not self.text.strip():
            raise self.fault(1, f"nothing is written; {mend}")
        if len(self.text) > longest:
            raise self.fault(longest + 1, f"the text is longer than {longest} characters")
        if odd := re.search("[\0\ud800-\udfff]", self.text):
            raise self.fault(odd.start() + 1, f"{odd[0]!r} is no character of a text; {mend}")
        try:
            with warnings.catch_warnings():  # Python remarks on "\d" and 1or 2
                warnings.simplefilter("ignore")
                tree = ast.parse("\n".join(self._read))
        except SyntaxError as error:
            place = self._place(error.lineno or 1, max(0, (error.offset or 1) - 1))
            raise self.fault(place, f"{_reason(error.msg)}; {mend}") from None
        except (ValueError, RecursionError, MemoryError, SystemError):
            raise self.fault(1, f"this cannot be read; {mend}") from None
        level: list[ast.AST] = [tree]
        for _ in range(deepest):
            level = [child for node in level for child in ast.iter_child_nodes(node)]
        if level:
            place = next((self.start(node) for node in level if hasattr(node, "lineno")), 1)
            raise self.fault(place, f"the text is nested deeper than {deepest} levels")
        return tree

    def start(self, node: ast.AST) -> int:
        """The place where a node begins."""
        return self._place_of(getattr(node, "lineno", 1), getattr(node, "col_offset", 0))

    def after(self, node: ast.AST) -> int:
        """The place of what follows a node: the next character that is no space or bracket."""
        place = self._place_of(getattr(node, "end_lineno", 1), getattr(node, "end_col_offset", 0))
        while self.text[place - 1 : place] in (" ", "\t", ")", "\n", "\r"):
            place += 1
        return place

    def typed(self, node: ast.AST) -> str:
        """The node as it was typed, on one line, shortened to 40 characters."""
        return clip(ast.get_source_segment("\n".join(self._read), node) or "")

    def fault(self, at: ast.AST | int, message: str) -> InputError:
        """The error about a node or a place."""
        column = at if isinstance(at, int) else self.start(at)
        number = 1
        while column > len(self._lines[number - 1]) + 1 and number < len(self._lines):
            column -= len(self._lines[number - 1]) + 1
            number += 1
        if self.is_file:
            return InputError(f"{self.what} line {number}: {message}")
        line = self._lines[number - 1]
        if len(line) > 70:
            first = max(0, column - 50)
            line = "…" * (first > 0) + line[first : first + 70] + "…" * (first + 70 < len(line))
        where = f"line {number}, column" if "\n" in self.text.strip() else "column"
        return InputError(f"{self.what} {line.strip()!r}, {where} {column}: {message}")

    def _place(self, number: int, inside: int) -> int:
        """The place of a character of a line, counted in the line as it was parsed, from 0."""
        number = min(number, len(self._lines))
        before = sum(len(line) + 1 for line in self._lines[: number - 1])
        line = self._lines[number - 1]
        indent = len(line) - len(self._read[number - 1])
        return before + min(indent + inside, len(line)) + 1

    def _place_of(self, number: int, inside: int) -> int:
        read = self._read[number - 1].encode()  # the tree counts bytes, people count characters
        return self._place(number, len(read[:inside].decode(errors="ignore")))


def clip(words: str) -> str:
    """The words on one line, safe to print, shortened to 40 characters."""
    words = "".join(char if char.isprintable() else " " for char in words)
    return words if len(words) <= 40 else words[:39] + "…"


def _reason(message: str) -> str:
    """Python's reason for a syntax error, in plainer words where it needs them."""
    if "function call" in message:
        return "round brackets take no value; an index stands in square ones, as in z[0]"
    if "invalid syntax" in message:
        return "this cannot be read"
    return message.split(". ")[0]
