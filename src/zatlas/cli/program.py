"""The program around the commands: finding them, the console, and one line for every fault."""

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from zatlas import __version__
from zatlas.errors import InputError, nearest, one_line
from zatlas.files import check_output, json_text, whole

if TYPE_CHECKING:
    from rich.console import Console

Command = TypeVar("Command", bound=Callable[..., Any])

COMMANDS = {  # name: module of zatlas.cli that holds it, in the order of the help page
    "images": "images", "models": "models", "train": "training", "encode": "latents",
    "edit": "latents", "traverse": "latents", "interpolate": "latents", "sample": "latents",
    "atlas": "atlas", "report": "reports", "examine": "examine", "demo": "reports",
}  # fmt: skip


FIRST = os.environ.get("RANK", "0") == "0"  # of several processes, which torchrun numbers


class _Program(click.Group):
    """The group of all commands; a command's module is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = import_module(f"zatlas.cli.{COMMANDS[name]}")
        command: click.Command = getattr(module, name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:  # click would print an empty line, terminal or not
            if sys.stderr.isatty():
                click.echo(err=True)  # ends the line of ^C
            raise click.Abort(str(stop)) from None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise InputError(f"command {args[0]!r}: is unknown; {nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.version_option(__version__, prog_name="zatlas")
@click.pass_context
def program(ctx: click.Context, quiet: bool) -> None:
    """Train autoencoders on your images, turn every latent element, and see what it does."""
    ctx.obj = quiet


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave: 0, or 2 behind one line on standard error."""
    try:
        program.main(args=args, prog_name="zatlas", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except InputError as fault:
        _leave(_with_options(fault))
    except click.ClickException as error:
        _leave(error.format_message())
    except (KeyboardInterrupt, click.Abort) as stop:
        _leave(str(stop) or "stopped by the keyboard; nothing is left half-written", 130)
    except BrokenPipeError:  # the reader of standard output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except MemoryError:
        _leave("out of memory; take a smaller --batch-size or a smaller model")
    except OSError as error:
        _leave(f"{error.filename or 'a file'}: {error.strerror or error}")
    except Exception as error:
        if os.environ.get("ZATLAS_TRACEBACK"):
            raise
        _leave(
            f"a fault of zatlas itself, please report it: {type(error).__name__}: {error} "
            "(ZATLAS_TRACEBACK=1 shows where)"
        )
    sys.exit(0)


def _with_options(fault: InputError) -> str:
    """The message of a fault, its arguments of Python functions as options of the command."""
    message = str(fault)
    for name in fault.arguments:
        option = "--" + name.replace("_", "-")
        for written, shown in ((f"{name}=True\\b", option), (f"{name}=", f"{option} ")):
            message = re.sub(rf"(?<![\w=./-]){written}", shown, message)
    return message


def _leave(message: str, status: int = 2) -> NoReturn:
    if FIRST:
        click.echo(f"zatlas: {one_line(message)}", err=True)
    sys.exit(status)


def console(answer: str | None = None) -> "Console":
    """Where a command prints: standard output, or standard error where ``--json -`` has that."""
    from rich.console import Console

    quiet = click.get_current_context().find_root().obj or not FIRST
    return Console(stderr=answer == "-", quiet=bool(quiet), highlight=False, soft_wrap=True)


def wrote(path: object, answer: str | None = None) -> None:
    """Say that a file was written."""
    console(answer).print(f"wrote {path}", markup=False)


@contextmanager
def answering(record: Any, file: str | None) -> Iterator[None]:
    """Write a command's answer where ``--json`` asked for it; ``-`` is standard output.

    The block writes what else the command makes: where that fails there is no answer either, and
    where the answer cannot be written, the block is not begun.
    """
    if file is None or file == "-":
        yield
    else:
        with whole(file) as part:
            part.write_text(json_text(record), encoding="utf-8")
            yield
    if file == "-":
        click.echo(json_text(record), nl=False)


def check_outputs(
    inputs: Iterable[object], overwrite: bool, **outputs: str | os.PathLike[str] | None
) -> None:
    """``check_output`` for each file that a command writes, by its option; no two are the same."""
    taken = list(inputs)
    for option, path in outputs.items():
        if path is not None and (option, path) != ("json", "-"):
            check_output(path, taken, overwrite=overwrite, argument=option)
            taken.append(path)


def typed_command() -> str:
    """The command as it was typed, fit to be typed again."""
    return shlex.join(["zatlas", *sys.argv[1:]])


def numbers(text: str, option: str) -> list[int]:
    """Whole numbers separated by commas; InputError names the option and the word."""
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise InputError(f"{option} {text!r}: write whole numbers, as in 0,5") from None


run_argument = click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
images_option = click.option(
    "--images", required=True, metavar="FILE", help="An image set, or a folder of pictures."
)
json_option = click.option(
    "--json", "answer", metavar="FILE", help="Write the answer as JSON too; - for standard output."
)
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace files that exist.")
seed_option = click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(min=0),
    help="What is drawn at random.",
)  # fmt: skip


def out_option(metavar: str, what: str) -> Callable[[Command], Command]:
    """``--out``, the file or folder that a command writes."""
    kind = click.Path(path_type=Path)
    return click.option("--out", required=True, metavar=metavar, type=kind, help=what)
