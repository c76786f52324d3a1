"""Sources of encoded pictures: a folder, one file, a zip or tar, a Parquet table.

Everything is read in place, one picture after the other; nothing is unpacked to disk.
"""

import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from zatlas.errors import InputError
from zatlas.images.decode import MAX_BYTES, SUFFIXES, Data, UnreadableError
from zatlas.images.labels import free_names
from zatlas.images.records import Item, Source

_ARRAYS = (".npy", ".npz", ".parquet", ".zip", ".tar", ".tgz", ".gz")
_BOMB = 200  # a member that unpacks to more than so many times its size, and to more than 16 MiB


def picture(path: Path) -> Source:
    """One picture file: a set of one."""
    return Source(path.name, [Item(path.name, path)], 1)


def folder(root: Path) -> Source:
    """The pictures of a folder at any depth, in the order of their names.

    Hidden files are passed over. Where the pictures lie in more than one folder, its name is the
    label ``folder``. A link to a folder is followed once, and never upwards, so a loop ends.
    """
    found, others = _walk(root)
    if not found:
        hint = f"; to read {others[0]}, give its name" if others else ""
        raise InputError(f"{root}: no pictures in it, at any depth (.png, .jpg, …){hint}")
    found.sort(key=lambda item: item.name)
    columns, labels = _folder_labels([item.name for item in found])
    items = [item._replace(labels=label) for item, label in zip(found, labels, strict=True)]
    return Source(str(root), items, len(items), columns)


def _walk(root: Path) -> tuple[list[Item], list[str]]:
    found: list[Item] = []
    others: list[str] = []  # arrays and archives, named where there is no picture
    seen: set[tuple[int, int]] = set()
    folders, links = [root], list[Path]()
    while folders or links:  # links last, so that a picture goes by its real place
        here = folders.pop() if folders else links.pop(0)
        name = _printable(here.relative_to(root).as_posix())
        try:
            status = here.stat()
            if (status.st_dev, status.st_ino) in seen or (
                here.is_symlink() and root.resolve().is_relative_to(here.resolve())
            ):
                found.append(Item(name, UnreadableError("a link to a folder that is read already")))
                continue
            seen.add((status.st_dev, status.st_ino))
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            if here == root:
                raise InputError(f"{root}: cannot be read ({error.strerror})") from None
            found.append(Item(name, UnreadableError(error.strerror or "cannot be read")))
            continue
        for entry in entries:
            path = here / entry.name
            if entry.name.startswith(".") or entry.name == "__MACOSX":
                continue
            if path.is_dir():
                (links if entry.is_symlink() else folders).append(path)
            elif path.suffix.lower() in SUFFIXES:
                name = _printable(path.relative_to(root).as_posix())
                # a pipe or a device would be waited for without end
                data = path if path.is_file() else UnreadableError("not a file, or a dead link")
                found.append(Item(name, data))
            elif path.suffix.lower() in _ARRAYS:
                others.append(_printable(path.relative_to(root).as_posix()))
    return found, others


class _Member(NamedTuple):
    """A file in an archive: ``packed`` is its size there, ``read`` reads so many bytes at most."""

    name: str
    size: int
    packed: int
    plain: bool
    read: Callable[[int], bytes]


def archive(path: Path) -> Source:
    """The pictures of a zip or tar (gz, bz2, xz), in the archive's order, read in place."""
    try:
        close, members = _zip(path) if path.suffix.lower() == ".zip" else _tar(path)
    except Exception as error:  # damaged archives raise nearly every kind
        raise InputError(f"{path}: not a whole zip or tar archive ({error})") from None
    pictures = [m for m in members if _is_picture(m.name)]
    if not pictures:
        close()
        raise InputError(f"{path}: no pictures in it (.png, .jpg, …)")

    names = [_printable(member.name) for member in pictures]
    columns, labels = _folder_labels(names)
    items = (
        Item(name, _member_data(member), label)
        for name, member, label in zip(names, pictures, labels, strict=True)
    )
    return Source(str(path), items, len(pictures), columns, close=close)


def _zip(path: Path) -> tuple[Callable[[], None], list[_Member]]:
    file = zipfile.ZipFile(path)

    def reader(info: zipfile.ZipInfo) -> Callable[[int], bytes]:
        def read(most: int) -> bytes:
            with file.open(info) as stream:
                return stream.read(most)

        return read

    return file.close, [
        _Member(info.filename, info.file_size, info.compress_size, True, reader(info))
        for info in file.infolist()
        if not info.is_dir()
    ]


def _tar(path: Path) -> tuple[Callable[[], None], list[_Member]]:
    file = tarfile.open(path)  # noqa: SIM115 - read from until the last picture is taken

    def reader(info: tarfile.TarInfo) -> Callable[[int], bytes]:
        def read(most: int) -> bytes:
            stream = file.extractfile(info)
            return stream.read(most) if stream else b""

        return read

    try:
        members = file.getmembers()
    except BaseException:
        file.close()
        raise
    return file.close, [
        _Member(info.name, info.size, info.size, info.isreg(), reader(info))
        for info in members
        if not info.isdir()
    ]


def _member_data(member: _Member) -> Data:
    place = PurePosixPath(member.name.replace("\\", "/"))
    if ".." in place.parts or place.is_absolute() or ":" in place.parts[0]:
        return UnreadableError("its name leads out of the archive")
    if not member.plain:
        return UnreadableError("a link or a device, not a file")
    if member.size > MAX_BYTES or member.size > max(1 << 24, _BOMB * member.packed):
        return UnreadableError(f"unpacks to {member.size:,} bytes: too much for a picture")
    try:
        data = member.read(MAX_BYTES)
    except Exception as error:  # a wrong password, an unknown method, a checksum, a broken stream
        return UnreadableError(" ".join(str(error).split()) or type(error).__name__)
    return data


def parquet(path: Path) -> Source:
    """Rows with a picture: a struct with ``bytes`` (and ``path``), or a column of bytes.

    The other columns of plain values become labels. Needs pyarrow (the extra ``parquet``).
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise InputError(
            f"{path}: Parquet needs pyarrow: run `pip install 'zatlas[parquet]'`"
        ) from None
    try:
        file = pq.ParquetFile(path)
    except Exception as error:  # pyarrow raises several kinds on damaged files
        raise InputError(f"{path}: not a whole Parquet file ({error})") from None
    kinds = {field.name: field.type for field in file.schema_arrow}
    image = _image_column(path, kinds)
    columns = [
        name
        for name, kind in kinds.items()
        if not (pa.types.is_nested(kind) or _is_bytes(kind) or pa.types.is_null(kind))
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
    data = cell.get("bytes") if isinstance(cell, dict) else cell
    if isinstance(cell, dict) and cell.get("path"):
        name = _printable(str(cell["path"]))
    labels = tuple(row[column] for column in columns)
    return Item(name, data or UnreadableError("no picture bytes in this row"), labels)


def _image_column(path: Path, kinds: dict[str, Any]) -> str:
    import pyarrow as pa

    fitting = [
        name
        for name, kind in kinds.items()
        if _is_bytes(kind)
        or (pa.types.is_struct(kind) and any(f.name == "bytes" and _is_bytes(f.type) for f in kind))
    ]
    named = [name for name in fitting if name.lower() in ("image", "img", "picture", "bytes")]
    for choice in (named, fitting):
        if len(choice) == 1:
            return choice[0]
    raise InputError(
        f"{path}: {'several columns' if fitting else 'no column'} of pictures among "
        f"{', '.join(kinds)}; name the one of bytes (or of a struct with bytes) 'image'"
    )


def _is_bytes(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _folder_labels(names: list[str]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The label ``folder`` and its value for every name, where there is more than one folder."""
    places = [str(PurePosixPath(name).parent) for name in names]
    if len(set(places)) < 2:
        return (), [()] * len(names)
    return ("folder",), [(place,) for place in places]


def _is_picture(name: str) -> bool:
    place = PurePosixPath(name.replace("\\", "/"))
    hidden = place.name.startswith(".") or "__MACOSX" in place.parts
    return place.suffix.lower() in SUFFIXES and not hidden


def _printable(name: str) -> str:
    """A name as text that any file can hold; bytes that are no UTF-8 are shown escaped."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
