"""What every reader of a source gives."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from zatlas.images.decode import Data


class Item(NamedTuple):
    """One picture of a source: its name there, what it is decoded from, its labels."""

    name: str
    data: Data
    labels: tuple[Any, ...] = ()


@dataclass
class Source:
    """A source, opened: its items are read as they are asked for, once.

    ``count`` is how many items there are, ``columns`` names their labels, ``notes`` tells what a
    reader had to assume; ``close`` lets go of the file.
    """

    name: str
    items: Iterable[Item]
    count: int
    columns: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    close: Callable[[], None] = lambda: None
