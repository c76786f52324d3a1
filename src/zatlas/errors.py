"""The one kind of fault that a user can cause and mend."""

import difflib
from collections.abc import Iterable

LONGEST = 2_000  # characters of a message


class InputError(ValueError):
    """Something given by the user is wrong: a file, an option, an edit, a layer.

    The message is one line that names the thing (file or argument), its value and the mend. The
    command line prints it behind ``zatlas:`` and exits with status 2; a Python caller catches it
    as a ``ValueError``. ``arguments`` are the arguments of a Python function that the message
    writes as ``name=value`` or ``name=True``; the command line writes them as its options.
    """

    def __init__(self, message: str, *, arguments: tuple[str, ...] = ()) -> None:
        super().__init__(one_line(message))
        self.arguments = arguments


def one_line(message: str) -> str:
    """The message as one line that a terminal can show; the middle of a very long one left out."""
    line = " ".join(message.split())
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
    return line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} … {line[-LONGEST // 2 :]}"


def nearest(word: str, known: Iterable[str]) -> str:
    """The ending of an error about an unknown word: the nearest known one, or all of them.

    >>> nearest("fnc-10", ["fcn-10", "conv-64"])
    "did you mean 'fcn-10'?"
    """
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known are: {', '.join(names)}"
