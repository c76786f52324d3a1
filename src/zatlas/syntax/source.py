"""The source text of an edit or a layer: its syntax tree, and errors with a column."""

import ast
import re
import warnings
from collections.abc import Sequence

from zatlas.errors import InputError

LONGEST = 1_000  # characters of an edit or a layer
DEEPEST = 30  # levels of its syntax tree


class Source:
    """A source text. Its errors name a place: a column of the whole text, from 1.

    Parameters
    ----------
    what : the start of every error: "edit", "layer" or the name of a file.
    text : the text.
    is_file
        Whether the text is a file. Errors in a file give the line; other errors quote the line and
        give the column, from 1.
    places : of a file that is no plain text: what errors call each line, as "cell 3 line 2".
    read : what is parsed in place of the text, character for character; errors quote the text.
    """

    def __init__(
        self, what: str, text: str, is_file: bool = False, places: Sequence[str] = (),
        read: str = "",
    ) -> None:  # fmt: skip
        self.what = what
        self.text = text
        self.is_file = is_file
        self._places = places
        self._lines, parsed = _lines(text), _lines(read or text)
        # indents are part of a file, and not of an edit that was copied from a script
        self._read = parsed if is_file else [line.lstrip() for line in parsed]

    def tree(self, hint: str, longest: int = LONGEST, deepest: int = DEEPEST) -> ast.Module:
        """The syntax tree of the text. Raises InputError that ends with ``hint``."""
        if not self.text.strip():
            raise self.fault(1, f"nothing is written; {hint}")
        if len(self.text) > longest:
            raise self.fault(longest + 1, f"the text is longer than {longest} characters")
        if odd := re.search("[\0\ud800-\udfff]", self.text):
            raise self.fault(odd.start() + 1, f"{odd[0]!r} is no character of a text; {hint}")
        try:
            with warnings.catch_warnings():  # Python warns of "\d" and 1or 2
                warnings.simplefilter("ignore")
                tree = ast.parse("\n".join(self._read))
        except SyntaxError as error:
            place = self._place(error.lineno or 1, max(0, (error.offset or 1) - 1))
            raise self.fault(place, f"{_reason(error.msg)}; {hint}") from None
        except (ValueError, RecursionError, MemoryError, SystemError):
            raise self.fault(1, f"this cannot be read; {hint}") from None
        level: list[ast.AST] = [tree]
        for _ in range(deepest):
            level = [child for node in level for child in ast.iter_child_nodes(node)]
        if level:
            place = next((self.start(node) for node in level if hasattr(node, "lineno")), 1)
            raise self.fault(place, f"the text is nested deeper than {deepest} levels")
        return tree

    def start(self, node: ast.AST) -> int:
        """The place of the first character of a node."""
        return self._place_of(getattr(node, "lineno", 1), getattr(node, "col_offset", 0))

    def after(self, node: ast.AST) -> int:
        """The place after a node: of the next character other than a space or a bracket."""
        place = self._place_of(getattr(node, "end_lineno", 1), getattr(node, "end_col_offset", 0))
        while self.text[place - 1 : place] in (" ", "\t", ")", "\n", "\r"):
            place += 1
        return place

    def typed(self, node: ast.AST) -> str:
        """The text of a node, on one line and at most 40 characters."""
        return clip(ast.get_source_segment("\n".join(self._read), node) or "")

    def fault(self, at: ast.AST | int, message: str) -> InputError:
        """An error about a node or a place."""
        place = at if isinstance(at, int) else self.start(at)
        before = "\n".join(self._lines)[: place - 1].split("\n")
        number, column, line = len(before), len(before[-1]) + 1, self._lines[len(before) - 1]
        if self.is_file:
            return InputError(f"{self.what} {self.line(number)}: {message}")
        if len(line) > 70:
            first = max(0, column - 50)
            line = "…" * (first > 0) + line[first : first + 70] + "…" * (first + 70 < len(line))
        where = f"line {number}, column" if "\n" in self.text.strip() else "column"
        return InputError(f"{self.what} {line.strip()!r}, {where} {column}: {message}")

    def line(self, number: int) -> str:
        """What errors call a line of a file, by its number from 1."""
        return self._places[number - 1] if self._places else f"line {number}"

    def _place(self, number: int, inside: int) -> int:
        """The place of a character, by its line and its position in the parsed line, from 0."""
        number = min(number, len(self._lines))
        before = sum(len(line) + 1 for line in self._lines[: number - 1])
        line = self._lines[number - 1]
        return before + min(len(line) - len(self._read[number - 1]) + inside, len(line)) + 1

    def _place_of(self, number: int, inside: int) -> int:
        read = self._read[number - 1].encode()  # the tree counts bytes
        return self._place(number, len(read[:inside].decode(errors="ignore")))


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", " \n").replace("\r", "\n").split("\n")


def clip(words: str) -> str:
    """The words on one line, printable, and at most 40 characters."""
    words = "".join(char if char.isprintable() else " " for char in words)
    return words if len(words) <= 40 else words[:39] + "…"


def _reason(message: str) -> str:
    """Python's reason for a syntax error, in simpler words."""
    if "function call" in message:
        return "an index needs square brackets, as in z[0]"
    if "decimal literal" in message:
        return "a number and a name need a * between them, as in 2*sd"
    return "this cannot be read" if "invalid syntax" in message else message.split(". ")[0]
