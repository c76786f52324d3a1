"""Options that several commands share, and the types of their values."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from zatlas.errors import InputError

Command = TypeVar("Command", bound=Callable[..., Any])


class Numbers(click.ParamType[tuple[int, ...]]):
    """Whole numbers separated by commas; ``counts`` says how many there may be."""

    name = "numbers"

    def __init__(self, *counts: int, of: str = "numbers") -> None:
        self.counts, self.of = counts, of

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read the text. Raises InputError, which names the option."""
        if isinstance(value, tuple):
            return value
        option = f"{param.opts[0] if param else 'numbers'} {value!r}"
        try:
            numbers = tuple(int(word) for word in value.split(","))
        except ValueError:
            raise InputError(f"{option}: write whole numbers, as in 0,5") from None
        if self.counts and len(numbers) not in self.counts:
            wanted = " or ".join(map(str, self.counts))
            form = f" ({param.metavar})" if param and param.metavar else ""
            raise InputError(f"{option}: give {wanted} {self.of}{form}, not {len(numbers)}")
        return numbers


PATH = click.Path(path_type=Path)
run = click.argument("run", metavar="RUN", type=PATH)
images = click.option("--images", required=True, metavar="FILE",
                      help="An image set, or a folder of pictures.")  # fmt: skip
json = click.option("--json", "answer", metavar="FILE",
                    help="Write the answer as JSON too; - for standard output.")  # fmt: skip
overwrite = click.option("--overwrite", is_flag=True, help="Replace files that exist.")
crop = click.option("--crop", metavar="TOP,LEFT,HEIGHT,WIDTH", type=Numbers(4),
                    help="Crop first, in pixels.")  # fmt: skip
natural = click.IntRange(min=0)
seed = click.option("--seed", default=0, type=natural, help="What is drawn at random.")


def out(metavar: str, what: str) -> Callable[[Command], Command]:
    """``--out``, the file or folder that a command writes."""
    return click.option("--out", required=True, metavar=metavar, type=PATH, help=what)
