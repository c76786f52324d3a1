"""Escape texts for Markdown (CommonMark with tables), so that no text can be markup."""

import re
from urllib.parse import quote

from markupsafe import Markup

from zatlas.errors import printable


def escaped(text: object) -> Markup:
    r"""A text in which Markdown and HTML find no markup, on one line; markup stays as it is.

    >>> print(escaped("# a *b* <c>"))
    \# a \*b\* \<c\>
    """
    if isinstance(text, Markup):
        return text
    line = re.sub(r"([\\`*_\[\]<>#~$&])", r"\\\1", _one_line(str(text)))
    line = re.sub(r"^( ?)([-+](?= |$)|-(?=-)|=)", r"\1\\\2", line)  # would begin a list or a rule
    return Markup(re.sub(r"^( ?\d+)([.)])(?= |$)", r"\1\\\2", line))  # nor a numbered list


def code(text: str) -> Markup:
    """A text in a fixed-width font, on one line.

    >>> print(code("z[0] *= 2"))
    `z[0] *= 2`
    """
    line = _one_line(text)
    fence = _fence(line, 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return Markup(f"{fence}{pad}{line}{pad}{fence}" if line.strip() else "")


def link(text: str, target: str) -> Markup:
    """A link to another page. Of one to a place of the page only the text is left.

    >>> print(link("a *b*", "https://example.org/a_(b)?c&d"))
    [a \\*b\\*](https://example.org/a_%28b%29?c\\&d)
    """
    if target.startswith("#"):
        return escaped(text)
    address = quote(target, safe="%/:?#@!$&'*+,;=~").replace("&", "\\&")
    return Markup(f"[{escaped(text)}]({address})")


def listing(text: str, language: str) -> Markup:
    """Lines in a fixed-width font."""
    fence = _fence(text, 3)
    return Markup(f"{fence}{language}\n{printable(text.rstrip())}\n{fence}")


def cell(text: object) -> Markup:
    """A cell of a table: a bar would end it, in code too."""
    return Markup(str(escaped(text)).replace("|", "\\|"))


def _one_line(text: str) -> str:
    return printable(re.sub(r"\s+", " ", text))


def _fence(text: str, least: int) -> str:
    """More backticks than any run of backticks in the text, so that it cannot end the code."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)
