"""Options that several commands share, and the types of their values."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from zatlas.errors import InputError
from zatlas.plain_yaml import parse_yaml

Command = TypeVar("Command", bound=Callable[..., Any])

_MOST_NUMBERS = 10_000  # in one option
_FIGURES = (".png", ".svg", ".pdf")
_PART = re.compile(r"(-?\d{1,9})(?:-(\d{1,9}))?")  # a number, or a range such as 0-3


class Numbers(click.ParamType[tuple[int, ...] | str]):
    """Whole numbers and ranges separated by commas, as in ``0,4-6``.

    Parameters
    ----------
    counts : how many there may be; any number where none is given.
    of : what they count, for the errors.
    all : whether the word ``all`` is taken too.
    """

    name = "numbers"

    def __init__(self, *counts: int, of: str = "numbers", all: bool = False) -> None:
        self.counts, self.of, self.all = counts, of, all

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...] | str:
        """Read the text. Raises InputError, which names the option."""
        if isinstance(value, tuple):
            return value
        if self.all and value == "all":
            return "all"
        option = f"{param.opts[0] if param else 'numbers'} {value!r}"
        numbers: list[int] = []
        for word in value.split(","):
            found = _PART.fullmatch(word.strip())
            if not found:
                form = "as in 0,5 or 0-3" + " or all" * self.all
                form = f"as {param.metavar}" if param and param.metavar else form
                raise InputError(f"{option}: write whole numbers, {form}")
            first, last = int(found[1]), int(found[2] or found[1])
            if found[2] and (first < 0 or last < first):
                raise InputError(f"{option}: a range goes from a number up to another, as in 0-3")
            if len(numbers) + last - first >= _MOST_NUMBERS:
                raise InputError(f"{option}: give {_MOST_NUMBERS:,} numbers at most")
            numbers += range(first, last + 1)
        if self.counts and len(numbers) not in self.counts:
            wanted = " or ".join(map(str, self.counts))
            form = f" ({param.metavar})" if param and param.metavar else ""
            raise InputError(f"{option}: give {wanted} {self.of}{form}, not {len(numbers)}")
        return tuple(numbers)


class OutFile(click.ParamType[Path]):
    """A file to write, of one of some formats: it is checked before any work begins."""

    name = "file"

    def __init__(self, *suffixes: str) -> None:
        self.suffixes = suffixes

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path. Raises InputError, which names the option, for another suffix."""
        path = Path(value)
        if path.suffix.lower() not in self.suffixes:
            *others, last = self.suffixes
            known = f"{', '.join(others)} or {last}" if others else last
            option = param.opts[0] if isinstance(param, click.Option) else ""
            raise InputError(f"{option} {path}: give it a name that ends in {known}".strip())
        return path


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


def out(metavar: str, what: str, *suffixes: str) -> Callable[[Command], Command]:
    """``--out``, the file or folder that a command writes; a file has one of the suffixes."""
    kind = OutFile(*suffixes) if suffixes else PATH
    return click.option("--out", required=True, metavar=metavar, type=kind, help=what)


figure_out = out("FILE", "The picture: .png, .svg or .pdf.", *_FIGURES)
strip_out = out("FILE", "The picture: .png, .svg or .pdf, or a .gif that moves.",
                *_FIGURES, ".gif")  # fmt: skip


def network(command: Command) -> Command:
    """The options that change a model before it is shown or trained."""
    return _all(command, (
        click.option("--latent", type=click.IntRange(min=1), metavar="N",
                     help="Another number of latent elements."),
        click.option("--recipe", metavar="RECIPE",
                     help="Another bottleneck and objective, as vae."),
        click.option("--scale", default=1.0, help="All widths times this."),
        click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", callback=_changes,
                     help="Anything in the model file, as objective.kl.weight=4."),
    ))  # fmt: skip


def training(command: Command) -> Command:
    """The options that say how a model is trained, and on what."""
    return _all(command, (
        click.option("--valid", default="0.1", metavar="FILE|FRACTION",
                     help="Held-out images: an image set, or the fraction of --images."),
        click.option("--epochs", default=30, help="Times through the images."),
        click.option("--batch-size", default=256, help="Images a step."),
        click.option("--lr", default=1e-3, help="Adam's learning rate."),
        click.option("--schedule", default="constant", metavar="constant|cosine|one-cycle",
                     help="The learning rate over the steps of the run."),
        click.option("--ema", type=float, metavar="DECAY",
                     help="Keep a moving average of the weights, as 0.999."),
        click.option("--seed", default=0, help="First weights, order and noise."),
        click.option("--precision", default="auto", metavar="auto|fp32|bf16",
                     help="The number format of the network."),
        click.option("--patience", type=int,
                     help="Stop after this many epochs without a better one."),
    ))  # fmt: skip


def _all(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    """The command with the options, in their order on the help page."""
    for option in reversed(options):
        command = option(command)
    return command


def _changes(ctx: click.Context, _: click.Parameter, settings: tuple[str, ...]) -> dict[str, Any]:
    """``KEY=VALUE`` words as keys and values, read as YAML."""
    changes = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise InputError(f"--set {setting!r}: write KEY=VALUE, as objective.kl.weight=4")
        option = "--" + key.replace("_", "-")
        if any(option in parameter.opts for parameter in ctx.command.params):
            raise InputError(f"--set {setting!r}: this is an option; write {option} {value}")
        changes[key] = parse_yaml(value, f"--set {setting!r}")
    return changes
