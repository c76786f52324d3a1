"""Hints for a command that lacks a word, or whose edits the shell has split."""

import re
from collections.abc import Sequence
from pathlib import Path

import click

from zatlas.errors import InputError, nearest

_MAKES_A_RUN = "made by `zatlas train --model fcn-10 --images faces.npy --out runs/a`"
_OPERATOR = re.compile("[-+*/]?=")
_ARGUMENTS = {  # what each argument is, by its name on the help page
    "MODEL": "a preset (`zatlas models list`), a model file, pasted code or a run",
    "SOURCE": "a folder of pictures, an array or an archive, as photos",
    "SOURCE|RUN": "pasted code or a model file, as net.py, or a trained run",
    "OUT.npy": "the image set to write, as faces.npy",
    "FILE": "an image set or a folder of pictures, as faces.npy",
    "WORDS": "what an element or a direction does, as 'turns the head'",
    "EDIT|FILE...": "an edit as it was typed, or the file of its plate, as plate.png",
}


def missing(fault: click.MissingParameter) -> str:
    """The error about a missing argument or option: what it is, and an example."""
    param, context = fault.param, fault.ctx
    if param is None or context is None:
        return fault.format_message()
    name = param.make_metavar(context) if isinstance(param, click.Argument) else ""
    if isinstance(param, click.Option):
        name, what = f"{param.opts[0]} {param.make_metavar(context)}", param.help or ""
        what = f"{what[:1].lower()}{what[1:].rstrip('.')}"
    else:
        what = _a_run() if name.startswith("RUN") else _ARGUMENTS[name]
    return f"{name.rstrip('.')} is missing: {what}; see `{context.command_path} --help`"


def unknown_option(fault: click.NoSuchOption) -> str:
    """The error about an option that the command does not have."""
    if re.fullmatch(r"-[=\d.].*", fault.option_name):
        return f"no such option: {fault.option_name}; put quotes around each edit"
    if fault.ctx is None:
        return fault.format_message()
    options = [name for param in fault.ctx.command.get_params(fault.ctx) for name in param.opts]
    hint = nearest(fault.option_name, [name for name in options if name.startswith("--")])
    where = f"see `{fault.ctx.command_path} --help`"
    return f"{fault.option_name}: no such option; {hint if hint.startswith('did') else where}"


def _a_run() -> str:
    """What RUN is, with a run of this folder as the example."""
    runs = sorted(str(file.parent) for file in Path().glob("runs/*/config.yaml"))
    return f"the folder of a trained run, {f'as {runs[0]}' if runs else _MAKES_A_RUN}"


def check_edits(first: str, edits: Sequence[str], argument: str, example: str) -> None:
    """Raise InputError where an edit came without quotes, or in the place of the first argument.

    Parameters
    ----------
    first, edits : the arguments as typed.
    argument : the name of the first one.
    example : a command that is right.
    """
    if any(_OPERATOR.fullmatch(word) for word in edits):  # the shell has split an edit
        typed = (first, *edits) if _OPERATOR.fullmatch(edits[0]) else edits
        raise InputError(f"{' '.join(typed)!r}: put quotes around each edit, as in {example}")
    if _is_edit(first) and not Path(first).exists():
        raise InputError(f"{argument} is missing: {first!r} is an edit; as in {example}")


def _is_edit(text: str) -> bool:
    from zatlas.syntax import is_target, parse_edit

    if is_target(text):
        return True
    try:
        parse_edit(text)
    except InputError:
        return False
    return True
