"""The error that a user causes and can correct, and helpers for its message."""

import difflib
from collections.abc import Iterable

LONGEST = 2_000  # characters of a message


class InputError(ValueError):
    """A value from the user is wrong: a file, an argument, an edit or a layer.

    The message is one line. It names the file or the argument, shows the value and says what to do.
    The command line prints it after ``zatlas:`` and exits with status 2.

    Parameters
    ----------
    message : the text; it is made one line.
    arguments
        The arguments of a Python function that the message writes as ``name=value`` or
        ``name=True``. The command line shows them as its options.
    """

    def __init__(self, message: str, *, arguments: tuple[str, ...] = ()) -> None:
        super().__init__(one_line(message))
        self.arguments = arguments


def argument_error(argument: str, value: object, hint: str) -> InputError:
    """An error about the value of one argument of a Python function.

    >>> str(argument_error("count", 0, "give 1 or more"))
    'count=0: give 1 or more'
    """
    return InputError(f"{argument}={value}: {hint}", arguments=(argument,))


def as_list(argument: str, texts: Iterable[str]) -> list[str]:
    """The texts of an argument as a list. Raises InputError for one text outside a list.

    >>> as_list("texts", ("z[0] *= 2",))
    ['z[0] *= 2']
    """
    if isinstance(texts, str):
        raise argument_error(argument, repr(texts), f"give a list, as [{texts!r}]")
    return list(texts)


def one_line(message: str) -> str:
    """The message as one printable line. A very long message loses its middle."""
    line = printable(" ".join(message.split()))
    return line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} … {line[-LONGEST // 2 :]}"


def printable(text: str) -> str:
    """The text, with a sign in the place of each control character; ends of lines stay.

    Escape sequences would control the terminal.
    """
    replaced = "\N{REPLACEMENT CHARACTER}"
    return "".join(char if char.isprintable() or char == "\n" else replaced for char in text)


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of an error about an unknown word: the most similar known word, or all of them.

    Examples
    --------
    >>> nearest("fnc-10", ["fcn-10", "conv-64"])
    "did you mean 'fcn-10'?"
    """
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(names)}"
