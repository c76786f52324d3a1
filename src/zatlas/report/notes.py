"""A user's own words in a report: a small part of Markdown.

Headings, paragraphs, lists, numbered lists, tables, ``**strong**``, ``*emphasis*`` and code are
read. All else is text: no HTML, no link and no picture of a note reaches the page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from zatlas.schema import Record

Kind = Literal["heading", "paragraph", "list", "numbered", "table"]
_STARTS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("heading", re.compile(r"#{1,6}\s+(.*?)[\s#]*$")),
    ("list", re.compile(r"[-*+]\s+(.*)")),
    ("numbered", re.compile(r"\d{1,9}[.)]\s+(.*)")),
    ("table", re.compile(r"(\|.*\|)$")),
)
_BAR = re.compile(r"(?<!\\)\|")  # between cells; "\|" is a bar in a cell
_RULE = re.compile(r"\|[\s|:-]*-[\s|:-]*\|")  # below the head of a table
_INSIDE = r"(?=\S)(.{1,500}?)(?<=\S)"  # bounded, so that a hostile note costs no time
_SPAN = re.compile(
    rf"\*\*{_INSIDE}\*\*|(?<!\w)__{_INSIDE}__(?!\w)"
    rf"|\*{_INSIDE}\*|(?<!\w)_{_INSIDE}_(?!\w)|`(.{{1,500}}?)`"
)
_KINDS = ("strong", "strong", "em", "em", "code")


class NoteRecord(Record):
    """The text of a note, and the file that it is from."""

    text: str
    source: str = ""


@dataclass
class Block:
    """A heading, a paragraph, a list with its items, or a table with its lines."""

    kind: Kind
    items: list[str]

    @property
    def rows(self) -> list[list[str]]:
        """The cells of a table, those of its head first; each row is as long as the head.

        >>> Block("table", ["| a | b |", "| --- | --: |", "| 1 |"]).rows
        [['a', 'b'], ['1', '']]
        """
        lines = [line for line in self.items if not _RULE.fullmatch(line)]
        rows = [[cell.strip().replace("\\|", "|") for cell in _BAR.split(line)[1:-1]]
                for line in lines]  # fmt: skip
        return [[*row, *[""] * len(rows[0])][: len(rows[0])] for row in rows]


def blocks(text: str) -> list[Block]:
    """The blocks of a note, in their order.

    >>> [(block.kind, block.items) for block in blocks("# Why\\n\\nI changed\\nit.\\n- a\\n- b")]
    [('heading', ['Why']), ('paragraph', ['I changed it.']), ('list', ['a', 'b'])]
    """
    found: list[Block] = []
    open_block = False  # a plain line continues the block before it
    for line in map(str.strip, text.splitlines()):
        started = next(((kind, m[1]) for kind, start in _STARTS if (m := start.match(line))), None)
        if not line:
            open_block = False
        elif started:
            kind, words = started
            if kind != "heading" and found and found[-1].kind == kind:
                found[-1].items.append(words)
            else:
                found.append(Block(kind, [words]))
            open_block = kind not in ("heading", "table")
        elif open_block:
            found[-1].items[-1] += f" {line}"
        else:
            found.append(Block("paragraph", [line]))
            open_block = True
    return found


def spans(text: str) -> Iterator[tuple[str, str]]:
    """The parts of a line: ("", text), ("strong", text), ("em", text) or ("code", text).

    >>> list(spans("not **at all** skin_tone_2"))
    [('', 'not '), ('strong', 'at all'), ('', ' skin_tone_2')]
    """
    end = 0
    for found in _SPAN.finditer(text):
        if found.start() > end:
            yield "", text[end : found.start()]
        index = found.lastindex or 1
        yield _KINDS[index - 1], found[index]
        end = found.end()
    if end < len(text):
        yield "", text[end:]
