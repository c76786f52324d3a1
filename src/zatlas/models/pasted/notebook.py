"""The code cells of a Jupyter notebook as one text."""

import ast
import json
import warnings
from typing import Any

from zatlas.errors import InputError

CELLS_OF_CODE = ("%%time", "%%timeit", "%%capture")  # magics whose cell is Python all the same


def notebook_code(text: str, name: str) -> tuple[str, tuple[str, ...]]:
    """The code of a notebook, and what errors call each of its lines ("cell 2 line 3").

    Lines of magics and of the shell become empty; cells that are no Python are left out. Raises
    InputError where the text is no notebook.
    """
    try:
        data = json.loads(text)
        cells = data["cells"] if "cells" in data else data["worksheets"][0]["cells"]
        sources = [_source(cell) for cell in cells]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise InputError(f"{name} line 1: this is no Jupyter notebook") from None
    lines: list[str] = []
    places: list[str] = []
    for number, source in enumerate(sources, 1):
        code = _without_magics(source)
        if not _is_python("\n".join(code)):
            continue
        lines += code
        places += [f"cell {number} line {place}" for place in range(1, len(code) + 1)]
    return "\n".join(lines) or "\n", tuple(places) or ("cell 1 line 1",) * 2


def _source(cell: Any) -> list[str]:
    """The lines of a cell of code; of any other cell nothing."""
    if cell["cell_type"] != "code":
        return []
    source = cell["source"] if "source" in cell else cell["input"]
    joined = source if isinstance(source, str) else "".join(source)
    return joined.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _without_magics(lines: list[str]) -> list[str]:
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not first.startswith(CELLS_OF_CODE):
        return []  # another language
    magic = [line.lstrip().startswith(("%", "!", "?")) or line.endswith("?") for line in lines]
    indents = [line[: len(line) - len(line.lstrip())] for line in lines]
    rows = zip(lines, indents, magic, strict=True)
    return [indent + "pass" if out else line for line, indent, out in rows]


def _is_python(code: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(code.strip())
