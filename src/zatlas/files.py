"""Atomic writes of files and folders, and safe reading of text and JSON."""

import errno
import json
import mimetypes
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any, BinaryIO

from safetensors import SafetensorError

from zatlas.errors import InputError, nearest
from zatlas.locks import locked

_UMASK = os.umask(0)  # can only be read by setting it
os.umask(_UMASK)
LONGEST = 50_000_000  # bytes of a text file that is read
_TEMPORARY = re.compile(r"\..+\.zatlas-[0-9a-f]{8}\.tmp(\.[^.]+)?")  # names from _temporary
_HALF = re.compile(r"\\u[dD][89a-fA-F]")  # of a character, in JSON
_Name = str | os.PathLike[str]


class _Group(ExitStack):
    """Temporary files that are renamed together; the stack removes those that are not."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[tuple[Path, Path]] = []  # each temporary file, and its target


_group: ContextVar[_Group | None] = ContextVar("group", default=None)


def leftovers(folder: Path) -> list[Path]:
    """The temporary files and folders of interrupted writers in a folder. Links are left out."""
    if folder.is_symlink() or not folder.is_dir():
        return []
    named = [path for path in folder.iterdir() if _TEMPORARY.fullmatch(path.name)]
    there = [p for p in named if not p.is_symlink() and (p.is_file() or p.is_dir())]
    return [path for path in there if not _is_in_use(path)]


def _is_in_use(part: Path) -> bool:
    """Whether a writer that still runs holds the lock of a temporary file."""
    with suppress(OSError), locked(part) as free:
        return not free
    return False


def is_free(folder: Path) -> bool:
    """Whether a folder does not exist, or holds only temporary files of interrupted writers."""
    if folder.is_dir():
        return {*folder.iterdir()} <= {*leftovers(folder)}
    return not os.path.lexists(folder)


def check_output(
    path: _Name, inputs: Iterable[object] = (), *, overwrite: bool = False, argument: str = "out"
) -> None:
    """Check that a command may write a file, before its work begins.

    Parameters
    ----------
    path : the file to write.
    inputs
        The inputs and the other outputs of the command. They are never overwritten, and neither is
        an image in an input folder. Links are followed. A value that is not a path is ignored.
    overwrite : whether an existing file may be overwritten.
    argument : the argument that holds ``path``, for the message; "" for none.

    Raises
    ------
    InputError
        The file may not be written.
    """
    reason = ""
    if "\0" in str(path):
        reason = "is no name of a file"
    elif any(_changes(path, given) for given in inputs if isinstance(given, (str, os.PathLike))):
        reason = "is an input or another output of the same command; give another name"
    elif os.path.isdir(path):
        reason = "is a folder; give the name of a file"
    elif os.path.exists(path) and not os.path.isfile(path):
        reason = "is a device or a pipe; give another name"
    elif os.path.lexists(path) and not overwrite:
        reason = "exists; give another name, or overwrite=True"
    if reason:
        start, names = (f"{argument}={path}", (argument,)) if argument else (path, ())
        raise InputError(f"{start}: {reason}", arguments=(*names, "overwrite"))


def _changes(path: _Name, given: _Name) -> bool:
    """Whether writing ``path`` changes the file ``given``, or an image in the folder ``given``."""
    if os.path.realpath(path) == os.path.realpath(given):
        return True
    kind, _ = mimetypes.guess_type(Path(path).name)
    pictures = Path(given).rglob("*") if kind and kind.startswith("image/") else ()
    there = [file for file in (given, *pictures) if os.path.exists(file)]
    return os.path.exists(path) and any(os.path.samefile(path, file) for file in there)


def clear_leftovers(folder: Path) -> None:
    """Remove the temporary files and folders that ``leftovers`` finds."""
    for path in leftovers(folder):
        _remove(path)


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _temporary(target: Path, suffix: str) -> Path:
    """A hidden name beside ``target``, with the same suffix: writers choose a format by it."""
    stem = target.name.removesuffix(suffix)[:40]  # file systems limit the length of a name
    return target.with_name(f".{stem}.zatlas-{secrets.token_hex(4)}.tmp{suffix}")


def is_writing() -> bool:
    """Whether a temporary file waits to be put in place."""
    return _group.get() is not None


@contextmanager
def together() -> Iterator[ExitStack]:
    """Put all files that are written in a block in place at its end.

    After an error in the block, none of them is. Inside of another such block, they are put in
    place at the end of the outer one.

    Yields
    ------
    ExitStack
        It is closed after the files are in place.
    """
    if (outer := _group.get()) is not None:
        yield outer
        return
    with _Group() as group:
        before = _group.set(group)
        try:
            yield group
        finally:
            _group.reset(before)
        for part, target in group.written:
            with _naming(target):
                part.replace(target)


@contextmanager
def atomic_write(path: _Name) -> Iterator[Path]:
    """Write a file atomically: yield a temporary path, and rename it to ``path`` at the end.

    Missing parent folders are made. After an error or Ctrl-C, the temporary file and the new
    folders are removed, and ``path`` is unchanged. What a killed writer of the same file has left
    is removed.

    Parameters
    ----------
    path : the file to write; an existing file is replaced.

    Yields
    ------
    Path
        An empty file in the same folder, with the same suffix.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    target = Path(path)
    with together() as group, _naming(target):
        part = group.enter_context(_part(target))
        yield part
        with part.open("rb+") as handle:  # to disk before the rename
            os.fsync(handle.fileno())
        part.chmod(0o666 & ~_UMASK)  # some writers make private files
        assert isinstance(group, _Group)
        group.written.append((part, target))


@contextmanager
def _part(target: Path) -> Iterator[Path]:
    """An empty temporary file beside ``target``, which is locked while it is there."""
    part = _temporary(target, target.suffix)
    start, end = part.name.split(".zatlas-")[0] + ".zatlas-", ".tmp" + target.suffix
    with folder_for(target):
        if target.is_dir():
            raise InputError(f"{target}: is a folder; give the name of a file")
        for left in leftovers(target.parent):
            if left.name.startswith(start) and left.name.endswith(end):
                _remove(left)
        try:
            part.touch(exist_ok=False)
            with locked(part):
                yield part
        finally:
            with suppress(OSError):  # in a read-only folder, even a missing file raises
                part.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: _Name) -> Iterator[Path]:
    """Write a folder atomically, as ``atomic_write`` does; it must not exist yet."""
    target = Path(path)
    part = _temporary(target, "")
    with _naming(target), folder_for(target):
        try:
            part.mkdir()
            yield part
            part.replace(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextmanager
def folder_for(target: Path) -> Iterator[None]:
    """Make the parent folders of ``target``. Remove the new ones again if they stay empty."""
    made: list[Path] = []
    try:
        made += [folder for folder in target.parents if not folder.exists()]
        with _naming(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for folder in made:
            with suppress(OSError):  # not empty
                folder.rmdir()


@contextmanager
def _naming(target: Path) -> Iterator[None]:
    """Raise InputError, which names ``target``, for a fault of the file system."""
    try:
        yield
    except (OSError, SafetensorError) as error:  # a full disk in safetensors
        raise InputError(_unwritable(target, error)) from None


def _unwritable(target: Path, error: Exception) -> str:
    code = error.errno if isinstance(error, OSError) else None
    full = code in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)
    reason = getattr(error, "strerror", None) or error
    hint = "free some space, or give another place" if full else "give another place"
    return f"{target}: cannot be written ({reason}); {hint}"


def make_folder(path: _Name) -> None:
    """Make a folder and its parents. The folder may exist. Raises InputError."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(_unwritable(Path(path), error)) from None


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write several files. After an error while writing, all of them are unchanged."""
    with together():
        for path, content in contents.items():
            with atomic_write(path) as part:
                part.write_bytes(content)


def write_text(path: _Name, text: str) -> None:
    """Write ``text`` as UTF-8, atomically."""
    with atomic_write(path) as part:
        part.write_text(text, encoding="utf-8")


def json_text(value: Any) -> str:
    """``value`` as indented JSON. Raises ValueError for NaN and infinity."""
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: _Name, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically. Raises ValueError for NaN and infinity."""
    write_text(path, json_text(value))


def open_file(path: _Name) -> BinaryIO:
    """Open a regular file to read its bytes. Raises OSError.

    A pipe or a device may never end. The file is opened without waiting, and refused afterwards
    where it is of another kind.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "is a device or a pipe", str(path))


def similar_name(path: _Name) -> str:
    """The end of an error about a missing file: the most similar name beside it, or nothing."""
    try:
        beside = [entry.name for entry in Path(path).parent.iterdir()]
    except (OSError, ValueError):  # no such folder, or one that cannot be read
        return ""
    hint = nearest(Path(path).name, beside)
    return f"; {hint}" if hint.startswith("did") else ""


def read_text(path: _Name, missing: str = "", longest: int = LONGEST) -> str:
    """Read a text file in UTF-8.

    Parameters
    ----------
    path : the file.
    missing : the error for a missing file; by default it names the most similar file.
    longest : the largest size in bytes.

    Raises
    ------
    InputError
        The file is missing, too long or not UTF-8.
    """
    try:
        with open_file(path) as handle:
            data = handle.read(longest + 1)
        if len(data) > longest:
            raise InputError(f"{path}: longer than {longest:,} bytes; is it the right file?")
        return data.decode("utf-8")
    except FileNotFoundError:
        fault = missing or f"no such file{similar_name(path)}"
        raise InputError(f"{path}: {fault}") from None
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a NUL in the name
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read as text ({reason}); give a text file") from None


def read_json(path: _Name, missing: str, hint: str) -> Any:
    """The data in a JSON file. Raises InputError that ends in ``missing`` or in ``hint``."""
    text = read_text(path, missing)
    try:
        data = json.loads(text)
        if _HALF.search(text):  # half a character of UTF-16 could not be written again
            json_text(data).encode()
        return data
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not JSON ({error}); {hint}") from None
