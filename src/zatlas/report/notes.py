"""A user's own words in a report: a small part of Markdown.

Headings, paragraphs, lists, numbered lists, tables, ``**strong**``, ``*emphasis*``, code, pictures
and links are read. All else is text: no HTML of a note reaches the page. A link leads to a page of
the web or to a place of the page itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from zatlas.schema import Record

Kind = Literal["heading", "paragraph", "list", "numbered", "table", "code", "picture"]
_STARTS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("heading", re.compile(r"#{1,6}\s+(.*?)[\s#]*$")),
    ("list", re.compile(r"[-*+]\s+(.*)")),
    ("numbered", re.compile(r"\d{1,9}[.)]\s+(.*)")),
    ("table", re.compile(r"(\|.*\|)$")),
)
_FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")  # the first line of a block of code
_PICTURE = re.compile(r"!\[([^\[\]]{0,500})\]\(([^()\s]{1,500})\)")
_BAR = re.compile(r"(?<!\\)\|")  # between cells; "\|" is a bar in a cell
_RULE = re.compile(r"\|[\s|:-]*-[\s|:-]*\|")  # below the head of a table
_INSIDE = r"(?=\S)(.{1,500}?)(?<=\S)"  # bounded, so that a hostile note costs no time
_SPAN = re.compile(
    rf"\*\*{_INSIDE}\*\*|(?<!\w)__{_INSIDE}__(?!\w)"
    rf"|\*{_INSIDE}\*|(?<!\w)_{_INSIDE}_(?!\w)|`(.{{1,500}}?)`"
    r"|(?<!!)\[([^\[\]]{1,500})\]"
    r"\((https?://(?:[^\s()<>\"]|\([^\s()<>\"]{0,500}\)){1,2000}|#[\w-]{1,500})\)"
)
_KINDS = ("strong", "strong", "em", "em", "code", "", "link")


class Span(NamedTuple):
    """A part of a line; ``target`` is where a link leads."""

    kind: str
    text: str
    target: str = ""


class NoteRecord(Record):
    """The text of a note, the file that it is from, and its pictures as the text names them."""

    text: str
    source: str = ""
    pictures: tuple[str, ...] = ()


@dataclass
class Block:
    """A heading, a paragraph, a list with its items, a table with its lines, code, or a picture.

    The items of a picture are its words and its file. The one item of code is its text as typed.
    """

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
    fence = ""  # of the code that is read
    for typed in text.splitlines():
        line = typed.strip()
        if fence:
            if set(line) == {fence[0]} and len(line) >= len(fence):
                fence = ""
            else:
                found[-1].items.append(typed)
            continue
        if code := _FENCE.match(line):
            fence, open_block = code[0], False
            found.append(Block("code", []))
            continue
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
        elif _PICTURE.search(line):
            found += _with_pictures(line)
            open_block = False
        elif open_block:
            found[-1].items[-1] += f" {line}"
        else:
            found.append(Block("paragraph", [line]))
            open_block = True
    return found


def _with_pictures(line: str) -> Iterator[Block]:
    """The pictures of a line, and the paragraphs between them."""
    first, *others = _PICTURE.split(line)
    if first.strip():
        yield Block("paragraph", [first.strip()])
    for words, file, after in zip(*[iter(others)] * 3, strict=True):
        yield Block("picture", [words, file])
        if after.strip():
            yield Block("paragraph", [after.strip()])


def spans(text: str) -> Iterator[Span]:
    """The parts of a line; the kind is "" for plain text, "strong", "em", "code" or "link".

    >>> [part[:2] for part in spans("not **at all** skin_tone_2")]
    [('', 'not '), ('strong', 'at all'), ('', ' skin_tone_2')]
    """
    end = 0
    for found in _SPAN.finditer(text):
        if found.start() > end:
            yield Span("", text[end : found.start()])
        kind = _KINDS[(found.lastindex or 1) - 1]
        link = kind == "link"
        yield Span(kind, found[6] if link else found[found.lastindex or 1], found[7] or "")
        end = found.end()
    if end < len(text):
        yield Span("", text[end:])
