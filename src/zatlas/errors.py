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


def nearest(word: str, known: Iterable[str], most: int = 1) -> str:
    """The end of an error about an unknown word: the most similar known words, or all of them.

    Of several the ones that the word may be short for come first.

    Examples
    --------
    >>> nearest("fnc-10", ["fcn-10", "conv-64"])
    "did you mean 'fcn-10'?"
    >>> nearest("bvae", ["vae", "beta-vae", "dae"], most=2)
    "did you mean 'beta-vae' or 'vae'?"
    """
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=most, cutoff=0.6)
    close.sort(key=lambda name: not _is_short(word, name))
    if not close:
        return f"known are: {', '.join(names)}"
    *others, last = map(repr, close)
    return f"did you mean {', '.join(others)}{' or ' * bool(others)}{last}?"


def _is_short(word: str, name: str) -> bool:
    """Whether the letters of a word stand in a name in their order."""
    letters = iter(name)
    return all(letter in letters for letter in word)
