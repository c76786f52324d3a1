"""Sources of image files: a folder, one file, a zip or tar archive, a Parquet table.

The images are read one by one, in place; nothing is unpacked to disk.
"""

import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from zatlas.errors import InputError
from zatlas.images.decode import MAX_BYTES, SUFFIXES, Data, UnreadableError
from zatlas.images.items import Item, Source
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
    folder is followed once and never upwards, so a loop ends.
    """
    found, others = _walk(root)
    if not found:
        hint = f"; to read {others[0]}, give its name" if others else ""
        raise InputError(f"{root}: no pictures in it, at any depth (.png, .jpg, …){hint}")
    found.sort(key=lambda item: item.name)
    return _by_folder(root, [item.name for item in found], (item.data for item in found))


def _walk(root: Path) -> tuple[list[Item], list[str]]:
    """The images below ``root``, and the names of arrays and archives there."""
    found: list[Item] = []
    others: list[str] = []
    seen: set[tuple[int, int]] = set()
    folders, links = [root], list[Path]()
    while folders or links:  # links last, so that an image gets its real path
        here = folders.pop() if folders else links.pop(0)
        name = _printable(here.relative_to(root).as_posix())
        try:
            status, entries = here.stat(), sorted(here.iterdir())
        except OSError as error:
            if here == root:
                raise InputError(f"{root}: cannot be read ({error.strerror})") from None
            found.append(Item(name, UnreadableError(error.strerror or "cannot be read")))
            continue
        place = status.st_dev, status.st_ino
        upwards = here.is_symlink() and root.resolve().is_relative_to(here.resolve())
        if place in seen or upwards:
            found.append(Item(name, UnreadableError("a link to a folder that is read already")))
            continue
        seen.add(place)
        for path in entries:
            name = _printable(path.relative_to(root).as_posix())
            if path.name.startswith(".") or path.name == "__MACOSX":
                continue
            if path.is_dir():
                (links if path.is_symlink() else folders).append(path)
            elif path.suffix.lower() in SUFFIXES:
                # reading a pipe or a device might never end
                data = path if path.is_file() else UnreadableError("not a file, or a dead link")
                found.append(Item(name, data))
            elif path.suffix.lower() in _ARRAYS:
                others.append(name)
    return found, others


class _Member(NamedTuple):
    """A file in an archive; ``packed`` is its compressed size in bytes."""

    name: str
    size: int
    packed: int
    regular: bool
    open: Callable[[], Any]


def archive(path: Path) -> Source:
    """The images of a zip or tar archive (gz, bz2, xz), in the archive's order, read in place."""
    try:
        close, members = _zip(path) if path.suffix.lower() == ".zip" else _tar(path)
    except Exception as error:  # a damaged archive raises nearly any type of error
        raise InputError(f"{path}: not a complete zip or tar archive ({error})") from None
    pictures = [member for member in members if _is_picture(member.name)]
    if not pictures:
        close()
        raise InputError(f"{path}: no pictures in it (.png, .jpg, …)")
    names = [_printable(member.name) for member in pictures]
    return _by_folder(path, names, map(_member_data, pictures), close)


def _zip(path: Path) -> tuple[Callable[[], None], list[_Member]]:
    file = zipfile.ZipFile(path)
    return file.close, [
        _Member(info.filename, info.file_size, info.compress_size, True, partial(file.open, info))
        for info in file.infolist()
        if not info.is_dir()
    ]


def _tar(path: Path) -> tuple[Callable[[], None], list[_Member]]:
    file = tarfile.open(path)  # noqa: SIM115 - read until the last image
    try:
        members = file.getmembers()
    except BaseException:
        file.close()
        raise
    return file.close, [
        _Member(info.name, info.size, info.size, info.isreg(), partial(file.extractfile, info))
        for info in members
        if not info.isdir()
    ]


def _member_data(member: _Member) -> Data:
    place = PurePosixPath(member.name.replace("\\", "/"))
    if ".." in place.parts or place.is_absolute() or ":" in place.parts[0]:
        return UnreadableError("its name leads out of the archive")
    if not member.regular:
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
    columns = [
        name
        for name, kind in kinds.items()
        if not (pa.types.is_nested(kind) or pa.types.is_null(kind) or str(kind) in _BYTES)
    ]

    def items() -> Iterator[Item]:
        index = 0
        try:
            for batch in file.iter_batches(batch_size=64, columns=[image, *columns]):
                for row in batch.to_pylist():
                    yield _row(row, image, columns, f"{path.name}[{index}]")
                    index += 1
        except Exception as error:
            raise InputError(f"{path}: damaged after row {index} ({error})") from None

    return Source(str(path), items(), file.metadata.num_rows, free_names(columns), close=file.close)


def _row(row: dict[str, Any], image: str, columns: list[str], name: str) -> Item:
    cell = row[image]
    cell = cell if isinstance(cell, dict) else {"bytes": cell}
    data = cell.get("bytes") or UnreadableError("no picture bytes in this row")
    name = _printable(str(cell.get("path") or name))
    return Item(name, data, tuple(row[column] for column in columns))


def _is_image(kind: Any) -> bool:
    fields = kind if str(kind).startswith("struct<") else ()
    inner = any(field.name == "bytes" and str(field.type) in _BYTES for field in fields)
    return inner or str(kind) in _BYTES


def _image_column(path: Path, kinds: dict[str, Any]) -> str:
    fitting = [name for name, kind in kinds.items() if _is_image(kind)]
    named = [name for name in fitting if name.lower() in ("image", "img", "picture", "bytes")]
    for choice in (named, fitting):
        if len(choice) == 1:
            return choice[0]
    raise InputError(
        f"{path}: {'several columns' if fitting else 'no column'} of pictures among "
        f"{', '.join(kinds)}; name the one of bytes (or of a struct with bytes) 'image'"
    )


def _by_folder(
    path: Path, names: list[str], data: Iterable[Data], close: Callable[[], None] = lambda: None
) -> Source:
    """A source of named images, with the label ``folder`` if they lie in more than one folder."""
    places = [str(PurePosixPath(name).parent) for name in names]
    several = len(set(places)) > 1
    items = (
        Item(name, each, (place,) if several else ())
        for name, each, place in zip(names, data, places, strict=True)
    )
    return Source(str(path), items, len(names), ("folder",) if several else (), close=close)


def _is_picture(name: str) -> bool:
    place = PurePosixPath(name.replace("\\", "/"))
    hidden = place.name.startswith(".") or "__MACOSX" in place.parts
    return place.suffix.lower() in SUFFIXES and not hidden


def _printable(name: str) -> str:
    """A file name as valid text; bytes that are not UTF-8 are escaped."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
