"""The program: its commands, what they share, and one line for every error."""

import copy
import io
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from zatlas import __version__
from zatlas.cli import hints, interrupts
from zatlas.errors import InputError, nearest, one_line
from zatlas.files import check_output, json_text, together, write_json

if TYPE_CHECKING:
    from rich.console import Console

COMMANDS = {  # name: module of zatlas.cli that holds it, in the order of the help page
    "images": "images", "models": "models", "train": "training", "encode": "latents",
    "edit": "latents", "traverse": "latents", "interpolate": "latents", "sample": "latents",
    "atlas": "atlas", "directions": "directions", "find": "directions", "report": "reports",
    "forget": "latents", "examine": "examine", "demo": "reports",
}  # fmt: skip
NOT_COMPUTING = ("images", "models")  # the commands that need no torch, or little of it
THREADS = {"atlas": 1}  # of torch; an atlas is measured in threads of Python, an element each

FIRST = os.environ.get("RANK", "0") == "0"  # the process that prints; torchrun starts several


class _Program(click.Group):
    """The group of all commands; a command's module is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = import_module(f"zatlas.cli.{COMMANDS[name]}")
        command: click.Command = copy.copy(getattr(module, name))
        if name not in NOT_COMPUTING and command.callback:
            command.callback = partial(_computing, name, command.callback)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:  # click would print an empty line, terminal or not
            if sys.stderr.isatty():
                click.echo(err=True)  # ends the line of ^C
            raise click.Abort(_with_options(stop)) from None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise InputError(f"command {args[0]!r}: is unknown; {nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Program, context_settings={"help_option_names": ["-h", "--help"], "show_default": True}
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.version_option(__version__, prog_name="zatlas")
@click.pass_context
def program(ctx: click.Context, quiet: bool) -> None:
    """Train autoencoders on your images, edit latent elements, and measure what each one does."""
    ctx.obj = quiet


def _computing(name: str, callback: Callable[..., Any], /, **arguments: Any) -> Any:
    """Set up the process for computing, and run the command."""
    from zatlas.process import configure_process

    configure_process(THREADS.get(name))
    return callback(**arguments)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0, or 2 after one line on standard error."""
    try:
        _set_up(sys.argv[1:] if args is None else args)
        program.main(args=args, prog_name="zatlas", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except InputError as fault:
        _leave(_with_options(fault))
    except click.MissingParameter as error:
        _leave(hints.missing(error))
    except click.NoSuchOption as error:
        _leave(hints.unknown_option(error))
    except click.ClickException as error:
        _leave(error.format_message())
    except (KeyboardInterrupt, click.Abort) as stop:
        _leave(str(stop) or interrupts.STOPPED, interrupts.STATUS)
    except BrokenPipeError:  # whoever read standard output has stopped, as `| head` does
        _flush()
    except MemoryError:
        _leave("out of memory; take a smaller --batch-size or a smaller model")
    except OSError as error:
        _leave(f"{error.filename or 'a file'}: {error.strerror or error}")
    except Exception as error:
        if os.environ.get("ZATLAS_TRACEBACK"):
            raise
        text = f"{type(error).__name__}: {error} (ZATLAS_TRACEBACK=1 shows where)"
        _leave(f"an error in zatlas itself, please report it: {text}")
    sys.exit(0)


def _set_up(args: Iterable[str]) -> None:
    """Make this process independent of the terminal's encoding and of the figures' windows."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal in ASCII has no arrow
    os.environ["MPLBACKEND"] = "agg"  # matplotlib refuses to be imported with an unknown one
    for word in args:
        if not word.isascii() and any("\ud800" <= char <= "\udfff" for char in word):
            raise InputError(f"{word!r}: is not UTF-8; give the file another name")


def _flush() -> None:
    """Write what waits to be written; where that fails, it is dropped, and Python ends quietly."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _with_options(fault: BaseException) -> str:
    """The message of an error; it names options where the library names arguments."""
    message = str(fault)
    for name in getattr(fault, "arguments", ()):
        option = "--" + name.replace("_", "-")
        for written, shown in ((f"{name}=True\\b", option), (f"{name}=", f"{option} ")):
            message = re.sub(rf"(?<![\w=./-]){written}", shown, message)
    return message


def _leave(message: str, status: int = 2) -> NoReturn:
    if FIRST:
        with suppress(OSError, ValueError):  # standard error is full or closed
            click.echo(f"zatlas: {one_line(message)}", err=True)
    _flush()
    sys.exit(status)


def console(answer: str | None = None) -> "Console":
    """Where a command prints: standard output, or standard error where ``--json -`` has that."""
    from zatlas.cli.terminal import PlainConsole

    quiet = click.get_current_context().find_root().obj or not FIRST
    return PlainConsole(stderr=answer == "-", quiet=bool(quiet))


def say(text: str, answer: str | None = None) -> None:
    """Print a line where the command prints; brackets in it are not markup."""
    console(answer).print(text, markup=False)


def wrote(path: object, answer: str | None = None) -> None:
    """Say that a file was written."""
    say(f"wrote {path}", answer)


@contextmanager
def answering(record: Any, file: str | None) -> Iterator[None]:
    """Write the answer of a command to the file of ``--json``; ``-`` is standard output.

    The block writes the other files of the command. Where it fails, no answer is written. Where
    the answer cannot be written, the block does not begin.
    """
    with together():
        if file is not None and file != "-":
            write_json(file, record)
        yield
    if file == "-":
        click.echo(json_text(record).encode(), nl=False)


def check_outputs(
    inputs: Iterable[object], overwrite: bool, **outputs: str | os.PathLike[str] | None
) -> None:
    """Check every file that a command writes, by its option; no two may be the same."""
    taken = list(inputs)
    for option, path in outputs.items():
        if path is not None and (option, path) != ("json", "-"):
            check_output(path, taken, overwrite=overwrite, argument=option)
            taken.append(path)


def typed_command() -> str:
    """The command as it was typed, quoted for a shell."""
    return shlex.join(["zatlas", *sys.argv[1:]])
