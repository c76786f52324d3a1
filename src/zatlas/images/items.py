"""What every reader of a source returns."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from zatlas.images.decode import Data


class Item(NamedTuple):
    """One image of a source: its name there, its data, its labels."""

    name: str
    data: Data
    labels: tuple[Any, ...] = ()


@dataclass
class Source:
    """An open source of images. Its items are read on demand, once.

    Attributes
    ----------
    name : the name for messages.
    items : the images.
    count : the number of items.
    columns : the names of their labels.
    notes : what the reader assumed, one sentence each.
    close : closes the file.
    """

    name: str
    items: Iterable[Item]
    count: int
    columns: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    close: Callable[[], None] = lambda: None
