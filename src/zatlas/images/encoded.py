"""Sources of image files: a folder, one file, a zip or tar archive, a Parquet table.

The images are read one by one, in place; nothing is unpacked to disk.
"""

import errno
import tarfile
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from zatlas.errors import InputError
from zatlas.files import open_file
from zatlas.images.decode import MAX_BYTES, SUFFIXES, Data, Item, Source, UnreadableError
from zatlas.images.labels import free_names

_ARRAYS = (".npy", ".npz", ".parquet", ".zip", ".tar", ".tgz", ".gz")
_MAX_RATIO = 200  # unpacked size to packed size, of a member of more than 16 MiB
_BYTES = ("binary", "large_binary")  # types of a Parquet column


def picture(path: Path) -> Source:
    """One image file: a set of one."""
    return Source(path.name, [Item(path.name, path)], 1)


def folder(root: Path) -> Source:
    """The images of a folder and its subfolders, sorted by name.

    Hidden files are skipped. Images in more than one folder get the label ``folder``. A link to a
    folder is followed once and never upwards, so a loop ends; ``root`` itself may be a link.
    """
    found: dict[str, Data] = {}
    left_out: list[str] = []
    seen: set[tuple[int, int]] = set()
    waiting = deque([root])  # links last, so that an image gets its real path
    while waiting:
        here = waiting.popleft()
        try:
            status, entries = here.stat(), sorted(here.iterdir())
            place = status.st_dev, status.st_ino
            link = here.is_symlink() and here != root  # one that the user gave is followed
            upwards = link and root.resolve().is_relative_to(here.resolve())
            if place in seen or upwards:
                raise OSError(errno.ELOOP, "a link to a folder that is read already")
        except OSError as error:
            if here == root:
                raise InputError(f"{root}: cannot be read ({error.strerror})") from None
            fault = UnreadableError(error.strerror or "cannot be read")
            found[_printable(here.relative_to(root).as_posix())] = fault
            continue
        seen.add(place)
        for path in entries:
            name, suffix = _printable(path.relative_to(root).as_posix()), path.suffix.lower()
            if path.name.startswith(".") or path.name == "__MACOSX":
                continue
            if path.is_dir():
                (waiting.append if path.is_symlink() else waiting.appendleft)(path)
            elif suffix in SUFFIXES:  # reading a pipe or a device might never end
                dead = UnreadableError("not a file, or a dead link")
                found[name] = path if path.is_file() else dead
            else:
                left_out.append(name)
    if not found:
        arrays = [name for name in left_out if name.lower().endswith(_ARRAYS)]
        hint = f"; to read {arrays[0]}, give its name" if arrays else ""
        raise InputError(f"{root}: no pictures in it, at any depth (.png, .jpg, …){hint}")
    names = sorted(found)
    return _by_folder(root, names, map(found.__getitem__, names), left_out)


class _Member(NamedTuple):
    """A file in an archive: its size in bytes, unpacked and packed. A link cannot be opened."""

    name: str
    size: int
    packed: int
    open: Callable[[], Any] | None


def archive(path: Path) -> Source:
    """The images of a zip or tar archive (gz, bz2, xz), in the archive's order, read in place."""
    try:
        is_zip = path.suffix.lower() == ".zip"
        packed = open_file(path)
        file = zipfile.ZipFile(packed) if is_zip else tarfile.open(fileobj=packed)  # noqa: SIM115 - read later
        members = list(_zip(file) if isinstance(file, zipfile.ZipFile) else _tar(file))
    except Exception as error:  # a damaged archive raises nearly any type of error
        raise InputError(f"{path}: not a complete zip or tar archive ({error})") from None
    pictures = [member for member in members if _is_picture(member.name)]
    left_out = [
        _printable(member.name)
        for member in members
        if not (_is_picture(member.name) or _is_hidden(member.name))
    ]
    if not pictures:
        file.close()
        raise InputError(f"{path}: no pictures in it (.png, .jpg, …)")
    names = [_printable(member.name) for member in pictures]
    return _by_folder(path, names, map(_member_data, pictures), left_out, file.close)


def _zip(file: zipfile.ZipFile) -> Iterator[_Member]:
    for info in file.infolist():
        if not info.is_dir():
            opened = partial(file.open, info)
            yield _Member(info.filename, info.file_size, info.compress_size, opened)


def _tar(file: tarfile.TarFile) -> Iterator[_Member]:
    for info in file.getmembers():
        if not info.isdir():
            opened = partial(file.extractfile, info) if info.isreg() else None
            yield _Member(info.name, info.size, info.size, opened)


def _member_data(member: _Member) -> Data:
    place = PurePosixPath(member.name.replace("\\", "/"))
    if ".." in place.parts or place.is_absolute() or ":" in place.parts[0]:
        return UnreadableError("its name leads out of the archive")
    if member.open is None:
        return UnreadableError("a link or a device, not a file")
    if member.size > MAX_BYTES or member.size > max(1 << 24, _MAX_RATIO * member.packed):
        return UnreadableError(f"unpacks to {member.size:,} bytes: too much for a picture")
    try:
        with member.open() as stream:
            data: bytes = stream.read(MAX_BYTES)
    except Exception as error:  # a wrong password, an unknown method, a checksum, damaged data
        return UnreadableError(" ".join(str(error).split()) or type(error).__name__)
    return data


def parquet(path: Path) -> Source:
    """The rows of a Parquet table: a struct with ``bytes`` and ``path``, or a column of bytes.

    The other columns of plain values become labels. Needs pyarrow (the extra ``parquet``).
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        hint = "run `pip install 'zatlas[parquet]'`"
        raise InputError(f"{path}: Parquet needs pyarrow: {hint}") from None
    try:
        file = pq.ParquetFile(path)
    except Exception as error:  # a damaged file raises nearly any type of error
        raise InputError(f"{path}: not a complete Parquet file ({error})") from None
    kinds = {field.name: field.type for field in file.schema_arrow}
    image = _image_column(path, kinds)
    plain = {k: v for k, v in kinds.items() if not (pa.types.is_nested(v) or pa.types.is_null(v))}
    columns = [name for name, kind in plain.items() if str(kind) not in _BYTES]

    def items() -> Iterator[Item]:
        index = 0
        try:
            for batch in file.iter_batches(batch_size=64, columns=[image, *columns]):
                for row in batch.to_pylist():
                    cell = row[image] if isinstance(row[image], dict) else {"bytes": row[image]}
                    data = cell.get("bytes") or UnreadableError("no picture bytes in this row")
                    name = _printable(str(cell.get("path") or f"{path.name}[{index}]"))
                    yield Item(name, data, tuple(row[column] for column in columns))
                    index += 1
        except Exception as error:
            raise InputError(f"{path}: damaged after row {index} ({error})") from None

    return Source(str(path), items(), file.metadata.num_rows, free_names(columns), close=file.close)


def _image_column(path: Path, kinds: dict[str, Any]) -> str:
    """The column of bytes, or of a struct with bytes; of several the one with a usual name."""
    fitting = []
    for name, kind in kinds.items():
        fields = list(kind) if str(kind).startswith("struct<") else []
        types = [str(field.type) for field in fields if field.name == "bytes"]
        if not {str(kind), *types}.isdisjoint(_BYTES):
            fitting.append(name)
    named = [name for name in fitting if name.lower() in ("image", "img", "picture", "bytes")]
    for choice in (named, fitting):
        if len(choice) == 1:
            return choice[0]
    start = f"{path}: {'several columns' if fitting else 'no column'} of pictures"
    hint = "name the one of bytes (or of a struct with bytes) 'image'"
    raise InputError(f"{start} among {', '.join(kinds)}; {hint}")


def _by_folder(
    path: Path, names: list[str], data: Iterable[Data], left_out: list[str],
    close: Callable[[], None] = lambda: None,
) -> Source:  # fmt: skip
    """A source of named images, with the label ``folder`` if they lie in more than one folder.

    ``left_out`` are the names of files that are no pictures.
    """
    places = [(str(PurePosixPath(name).parent),) for name in names]
    several = len(set(places)) > 1
    items = map(Item, names, data, places) if several else map(Item, names, data)
    notes = [_not_pictures(sorted(left_out))] if left_out else []
    return Source(str(path), items, len(names), ("folder",) * several, notes, close)


def _not_pictures(names: list[str]) -> str:
    """How many files were left out, and the first of them.

    >>> _not_pictures(["a.txt", "b.csv", "c.md"])
    '3 files are not pictures and were left out: a.txt, b.csv, …'
    """
    many = f"{len(names)} files are" if len(names) > 1 else "1 file is"
    what = "not pictures and were" if len(names) > 1 else "not a picture and was"
    return f"{many} {what} left out: {', '.join(names[:2])}{', …' * (len(names) > 2)}"


def _is_picture(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in SUFFIXES and not _is_hidden(name)


def _is_hidden(name: str) -> bool:
    place = PurePosixPath(name.replace("\\", "/"))
    return place.name.startswith(".") or "__MACOSX" in place.parts


def _printable(name: str) -> str:
    """A file name as valid text; bytes that are not UTF-8 are escaped."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
