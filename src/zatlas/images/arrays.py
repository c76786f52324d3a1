"""NumPy's own files: ``.npy`` and ``.npz``. Pickled objects in them are never loaded."""

import contextlib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.images.blocks import Header, array_source, check_layout, mapped, numbered, streamed
from zatlas.images.decode import MAX_BYTES
from zatlas.images.labels import beside, read_table
from zatlas.images.records import Source

_NAMES = ("images", "imgs", "image", "img", "x", "data", "arr_0")


def npy(path: Path) -> Source:
    """An array file; labels come from the CSV beside it, names from its ``source`` column."""
    array = map_npy(path)
    check_layout(str(path), array.shape)
    table = read_table(beside(path), len(array))
    table.pop("index", None)
    names = table.pop("source", None)
    called = names.__getitem__ if names else numbered(path.name)
    return array_source(str(path), Header(array.shape, array.dtype), mapped(array), table, called)


def in_memory(array: NDArray[Any]) -> Source:
    """A NumPy array (N,H,W[,C])."""
    check_layout("array", array.shape)
    header = Header(array.shape, array.dtype)
    return array_source("array", header, mapped(array), {}, numbered("array"))


def map_npy(path: Path) -> NDArray[Any]:
    """Map a ``.npy`` file read-only, its claims checked against its length. Raises InputError."""
    try:
        with path.open("rb") as file:
            header = npy_header(file, str(path))
            start = file.tell()
        there = path.stat().st_size - start
        if there < header.nbytes:
            raise InputError(
                f"{path}: cut short: {there:,} bytes of the {header.nbytes:,} of {header.shape}"
            )
        if not header.nbytes:
            return np.empty(header.shape, header.dtype)
        order: Any = "F" if header.columns_first else "C"
        return np.memmap(path, header.dtype, "r", start, header.shape, order)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None


def npy_header(file: IO[bytes], name: str) -> Header:
    """Read the header of the NPY format. Raises InputError for pickles and for anything else."""
    try:
        version = np.lib.format.read_magic(file)
        reader: Any = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, columns_first, dtype = reader(file)
    except Exception as error:  # a damaged header raises nearly every kind
        reason = " ".join(str(error).split())
        raise InputError(f"{name}: not an array file of NumPy ({reason[:120]})") from None
    if dtype.hasobject:
        raise InputError(
            f"{name}: holds pickled Python objects, which are never loaded: save plain numbers, "
            "uint8 (N,H,W,C)"
        )
    if min(shape, default=0) < 0:
        raise InputError(f"{name}: shape {shape}: not an array")
    return Header(shape, dtype, columns_first)


def npz(path: Path) -> Source:
    """The images of an ``.npz`` archive; its other arrays of one row an image become labels.

    A 2-D array ``stem_…`` takes its column names from ``stem_names`` (as in dSprites, where
    ``latents_classes`` has one column a factor); ``stem_values`` is left out beside
    ``stem_classes``, which say the same.
    """
    try:
        file = zipfile.ZipFile(path)
        headers = {
            info.filename.removesuffix(".npy"): _member_header(file, info, path)
            for info in file.infolist()
        }
    except Exception as error:  # damaged archives raise nearly every kind
        raise InputError(f"{path}: not a whole .npz archive ({error})") from None
    chosen = _choose(path, headers)
    header = headers.pop(chosen)
    if isinstance(header, InputError):
        raise header
    check_layout(f"{path}, {chosen}", header.shape)

    def read(name: str, of: Header) -> NDArray[Any]:
        blocks = streamed(lambda: _member(file, name), of, f"{path}, {name}")
        return np.concatenate(list(blocks())).reshape(of.shape)

    columns, left_out = _npz_labels(headers, header.shape[0], read)
    source = array_source(
        f"{path}, {chosen}",
        header,
        streamed(lambda: _member(file, chosen), header, f"{path}, {chosen}"),
        columns,
        numbered(path.name),
    )
    source.close = file.close
    if left_out:
        source.notes.append(f"arrays not taken as labels: {', '.join(left_out)}")
    return source


def _member_header(file: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> Header | InputError:
    try:
        with file.open(info) as stream:
            header = npy_header(stream, f"{path}, {info.filename}")
            if header.nbytes > info.file_size:
                raise InputError(f"{path}, {info.filename}: cut short for {header.shape}")
    except InputError as error:  # of weight only if it is the one that is asked for
        return error
    return header


@contextlib.contextmanager
def _member(file: zipfile.ZipFile, name: str) -> Iterator[IO[bytes]]:
    with file.open(f"{name}.npy" if f"{name}.npy" in file.namelist() else name) as stream:
        npy_header(stream, name)
        yield stream


def _choose(path: Path, headers: dict[str, Header | InputError]) -> str:
    """The array of images: the first of the usual names, or the only one with an image's shape."""
    for usual in _NAMES:
        for name, header in headers.items():
            if name.lower() == usual and (isinstance(header, InputError) or len(header.shape) > 2):
                return name
    likely = [
        name for name, h in headers.items() if isinstance(h, Header) and len(h.shape) in (3, 4)
    ]
    if len(likely) == 1:
        return likely[0]
    faults = [header for header in headers.values() if isinstance(header, InputError)]
    if not likely and faults:
        raise faults[0]
    found = ", ".join(
        f"{name} {header.shape if isinstance(header, Header) else ''}".strip()
        for name, header in headers.items()
    )
    raise InputError(
        f"{path}: {'several arrays' if likely else 'no array'} of images (N,H,W[,C]) among: "
        f"{found or 'nothing'}; name the one 'images', or save it as .npy"
    )


def _npz_labels(
    headers: dict[str, Header | InputError], count: int, read: Callable[[str, Header], NDArray[Any]]
) -> tuple[dict[str, list[Any]], list[str]]:
    """Columns of ``count`` labels from the arrays, and the names of the arrays that give none."""
    columns: dict[str, list[Any]] = {}
    left_out = []
    for name, header in headers.items():
        stem, _, ending = name.rpartition("_")
        if ending in ("names", "sizes"):
            continue
        named = headers.get(f"{stem}_names")
        if (
            isinstance(header, InputError)
            or len(header.shape) not in (1, 2)
            or header.shape[0] != count
            or header.nbytes > MAX_BYTES
            or (ending == "values" and f"{stem}_classes" in headers)
        ):
            left_out.append(name)
        elif len(header.shape) == 1 or header.shape[1] == 1:
            columns[name] = read(name, header).ravel().tolist()
        elif (
            isinstance(named, Header)
            and named.shape == header.shape[1:]
            and named.nbytes <= MAX_BYTES
        ):
            values = read(name, header)
            for number, title in enumerate(read(f"{stem}_names", named).tolist()):
                columns[str(title)] = values[:, number].tolist()
        else:
            left_out.append(name)
    return columns, left_out
