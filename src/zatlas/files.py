"""Files are written whole or not at all, and read as plain data."""

import errno
import json
import mimetypes
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml
from safetensors import SafetensorError

from zatlas.errors import InputError

_UMASK = os.umask(0)  # can only be read by setting it
os.umask(_UMASK)
LONGEST = 50_000_000  # bytes of a text file that is read
_TEMPORARY = re.compile(r"\..+\.zatlas-[0-9a-f]{8}\.tmp(\.[^.]+)?")  # what _temporary makes
_Name = str | os.PathLike[str]


def leftovers(folder: Path) -> list[Path]:
    """The temporary files and folders that killed writers have left in a folder, never a link."""
    if folder.is_symlink() or not folder.is_dir():
        return []
    named = [path for path in folder.iterdir() if _TEMPORARY.fullmatch(path.name)]
    return [p for p in named if not p.is_symlink() and (p.is_file() or p.is_dir())]


def is_free(folder: Path) -> bool:
    """Whether a folder is not there, or holds nothing but what killed writers have left."""
    if folder.is_dir():
        return {*folder.iterdir()} <= {*leftovers(folder)}
    return not os.path.lexists(folder)


def check_output(
    path: _Name, inputs: Iterable[object] = (), *, overwrite: bool = False, argument: str = "out"
) -> None:
    """Raises InputError unless a command may write the file ``path``, before it begins its work.

    A path that exists is written over with ``overwrite`` alone; an input never is, nor a picture in
    a folder that is one. Names are compared as they resolve, files as they are on the disk. Of
    ``inputs``, what is no path is no file. ``argument`` names the path in the message, if any.
    """
    named, names = (f"{argument}={path}", (argument,)) if argument else (str(path), ())
    for given in inputs:
        if isinstance(given, (str, os.PathLike)) and _changes(path, given):
            raise InputError(
                f"{named}: is an input or another output of the same command; give another name",
                arguments=names,
            )
    if os.path.isdir(path):
        raise InputError(f"{named}: is a folder; give the name of a file", arguments=names)
    if os.path.exists(path) and not os.path.isfile(path):
        raise InputError(f"{named}: is a device or a pipe; give another name", arguments=names)
    if os.path.lexists(path) and not overwrite:
        raise InputError(
            f"{named}: exists; give another name, or overwrite=True",
            arguments=(*names, "overwrite"),
        )


def _changes(path: _Name, given: _Name) -> bool:
    """Whether writing ``path`` changes the file ``given``, or a picture in the folder ``given``."""
    if os.path.realpath(path) == os.path.realpath(given):
        return True
    if not os.path.exists(path) or not os.path.exists(given):
        return False
    if os.path.samefile(path, given):
        return True
    kind, _ = mimetypes.guess_type(Path(path).name)
    pictures = Path(given).rglob("*") if kind and kind.startswith("image/") else ()
    return any(os.path.exists(file) and os.path.samefile(path, file) for file in pictures)


def clear_leftovers(folder: Path) -> None:
    """Remove what ``leftovers`` finds."""
    for path in leftovers(folder):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _temporary(target: Path, suffix: str) -> Path:
    """A hidden name beside ``target`` that nobody but zatlas gives; writers read its suffix."""
    stem = target.name.removesuffix(suffix)[:40]  # a long name and more would be too long
    return target.with_name(f".{stem}.zatlas-{secrets.token_hex(4)}.tmp{suffix}")


@contextmanager
def whole(path: _Name) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it there when the block ends without error.

    The temporary file keeps the suffix of ``path`` (writers choose their format by it). Parent
    folders are made. On an error, Ctrl-C included, the temporary file and the folders that were
    made are removed, and ``path`` is as it was. Raises InputError where it cannot be written.
    """
    target = Path(path)
    part = _temporary(target, target.suffix)
    with _place_for(target):
        if target.is_dir():
            raise InputError(f"{target}: is a folder; give the name of a file")
        try:
            yield part
            if part.exists():
                with part.open("rb+") as handle:  # on disk before it takes the name
                    os.fsync(handle.fileno())
                part.chmod(0o666 & ~_UMASK)  # some writers make files that nobody else may read
                part.replace(target)
        finally:
            with suppress(OSError):  # a read-only place refuses even to remove what is not there
                part.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: _Name) -> Iterator[Path]:
    """Like ``whole`` for a folder that does not exist yet."""
    target = Path(path)
    part = _temporary(target, "")
    with _place_for(target):
        try:
            part.mkdir()
            yield part
            part.replace(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _place_for(target: Path) -> Iterator[None]:
    """Make the folders above ``target``; where nothing comes to stand in them, remove them."""
    made: list[Path] = []
    try:
        made += [folder for folder in target.parents if not folder.exists()]
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except (OSError, SafetensorError) as error:  # safetensors tells of a full disk in its own way
        raise InputError(_unwritable(target, error)) from None
    finally:
        for folder in made:
            with suppress(OSError):  # something stands in it
                folder.rmdir()


def _unwritable(target: Path, error: Exception) -> str:
    code = error.errno if isinstance(error, OSError) else None
    full = code in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)
    reason = getattr(error, "strerror", None) or error
    mend = "make room there, or give another place" if full else "give another place"
    return f"{target}: cannot be written ({reason}); {mend}"


def make_folder(path: _Name) -> None:
    """Make a folder that may exist already, and those above it."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(_unwritable(Path(path), error)) from None


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write several files that belong together: on an error every one of them is as it was."""
    with ExitStack() as together:
        for path, content in contents.items():
            together.enter_context(whole(path)).write_bytes(content)


def write_text(path: _Name, text: str) -> None:
    """Write ``text`` as UTF-8, whole or not at all."""
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")


def json_text(value: Any) -> str:
    """``value`` as indented JSON; NaN and infinities are refused."""
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: _Name, value: Any) -> None:
    """Write ``value`` as indented JSON, whole or not at all; NaN and infinities are refused."""
    write_text(path, json_text(value))


def read_text(path: _Name, missing: str = "no such file", longest: int = LONGEST) -> str:
    """The text of a UTF-8 file of at most ``longest`` bytes.

    Raises InputError where it is none, and where it is not there, saying ``missing``.
    """
    try:
        with Path(path).open("rb") as handle:
            data = handle.read(longest + 1)
        if len(data) > longest:
            raise InputError(f"{path}: longer than {longest:,} bytes; is it the right file?")
        return data.decode("utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: {missing}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read as text ({reason}); give a text file") from None


def read_json(path: _Name, missing: str, mend: str) -> Any:
    """What a JSON file holds; InputError, ending in ``mend``, where it is none."""
    text = read_text(path, missing)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not JSON ({error}); {mend}") from None


class _Plain(yaml.SafeLoader):
    """YAML that says everything once: a file of a few lines cannot grow to fill the memory."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            alias = self.get_event()  # type: ignore[no-untyped-call]  # of the stub
            problem = f"*{alias.anchor} repeats what stands elsewhere"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=alias.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in keys:
                problem = f"{key.value!r} is given twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            keys.add(str(key.value))
        return super().construct_mapping(node, deep)


def parse_yaml(text: str, name: str) -> Any:
    """The plain data in a YAML text; ``name`` opens the InputError about a fault in it."""
    try:
        return yaml.load(text, Loader=_Plain)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", "not YAML")
        raise InputError(f"{name}{line}: {problem}; write plain YAML") from None
    except Exception as error:  # what claims to be a number or a date raises nearly every kind
        reason = "nested too deep" if isinstance(error, RecursionError) else "a value is none"
        if isinstance(error, ValueError):
            reason = str(error).partition(";")[0]
        raise InputError(f"{name}: cannot be read ({reason}); write plain YAML") from None
