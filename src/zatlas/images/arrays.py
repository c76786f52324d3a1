"""NumPy's own files, ``.npy`` and ``.npz``. Pickled objects in them are never loaded."""

import contextlib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.images.blocks import Header, array_source, check_layout, joined, mapped, streamed
from zatlas.images.decode import MAX_BYTES
from zatlas.images.items import Source
from zatlas.images.labels import beside, read_table

_NAMES = ("images", "imgs", "image", "img", "x", "data", "arr_0")
_READERS: dict[tuple[int, int], Any] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def npy(path: Path) -> Source:
    """An array file. Labels come from the CSV beside it, names from its column ``source``."""
    array = map_npy(path)
    check_layout(str(path), array.shape)
    table = read_table(beside(path), len(array))
    table.pop("index", None)
    names = table.pop("source", path.name)
    return array_source(str(path), Header(array.shape, array.dtype), mapped(array), table, names)


def in_memory(array: NDArray[Any]) -> Source:
    """A NumPy array (N,H,W[,C])."""
    check_layout("array", array.shape)
    header = Header(array.shape, array.dtype)
    return array_source("array", header, mapped(array), {}, "array")


def map_npy(path: Path) -> NDArray[Any]:
    """Map a ``.npy`` file read-only, after comparing its header with its length.

    Raises InputError.
    """
    try:
        with path.open("rb") as file:
            header = npy_header(file, str(path))
            start = file.tell()
        there = path.stat().st_size - start
        if there < header.nbytes:
            needed = f"{header.nbytes:,} of {header.shape}"
            raise InputError(f"{path}: cut short: {there:,} bytes of the {needed}")
        if not header.nbytes:
            return np.empty(header.shape, header.dtype)
        order: Any = "F" if header.columns_first else "C"
        return np.memmap(path, header.dtype, "r", start, header.shape, order)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None


def npy_header(file: IO[bytes], name: str) -> Header:
    """Read a header of the NPY format. Raises InputError for any other format and for pickles."""
    try:
        read = _READERS[np.lib.format.read_magic(file)]
        shape, columns_first, dtype = read(file)
    except Exception as error:  # a damaged header raises nearly any type of error
        reason = " ".join(str(error).split())
        raise InputError(f"{name}: not an array file of NumPy ({reason[:120]})") from None
    if dtype.hasobject:
        objects = "pickled Python objects, which are never loaded"
        raise InputError(f"{name}: holds {objects}: save plain numbers, uint8 (N,H,W,C)")
    if min(shape, default=0) < 0:
        raise InputError(f"{name}: shape {shape}: not an array")
    return Header(shape, dtype, columns_first)


def npz(path: Path) -> Source:
    """The images of an ``.npz`` archive. Other arrays with one row per image become labels.

    A 2-D array ``stem_…`` takes its column names from ``stem_names``, as in dSprites, where
    ``latents_classes`` has one column per factor. ``stem_values`` is skipped beside
    ``stem_classes``: both hold the same information.
    """
    try:
        file = zipfile.ZipFile(path)
        headers, faults = _headers(file, path)
    except Exception as error:  # a damaged archive raises nearly any type of error
        raise InputError(f"{path}: not a complete .npz archive ({error})") from None
    chosen = _choose(path, headers, faults)
    header = headers[chosen]
    check_layout(f"{path}, {chosen}", header.shape)

    def blocks(name: str) -> Callable[[], Iterator[NDArray[Any]]]:
        return streamed(lambda: _member(file, name), headers[name], f"{path}, {name}")

    others = {name: each for name, each in headers.items() if name != chosen}
    columns, left_out = _npz_labels(
        others, header.shape[0], lambda name: joined(blocks(name), headers[name])
    )
    title = f"{path}, {chosen}"
    source = array_source(title, header, blocks(chosen), columns, path.name)
    source.close = file.close
    if left_out := [*left_out, *faults]:
        source.notes.append(f"arrays not taken as labels: {', '.join(left_out)}")
    return source


def _headers(file: zipfile.ZipFile, path: Path) -> tuple[dict[str, Header], dict[str, InputError]]:
    """The headers of all arrays in an archive, and the faults of those that cannot be read."""
    headers: dict[str, Header] = {}
    faults: dict[str, InputError] = {}
    for info in file.infolist():
        name = info.filename.removesuffix(".npy")
        try:
            with file.open(info) as stream:
                header = npy_header(stream, f"{path}, {info.filename}")
            if header.nbytes > info.file_size:
                raise InputError(f"{path}, {info.filename}: cut short for {header.shape}")
            headers[name] = header
        except InputError as fault:  # raised later, if this array is needed
            faults[name] = fault
    return headers, faults


@contextlib.contextmanager
def _member(file: zipfile.ZipFile, name: str) -> Iterator[IO[bytes]]:
    with file.open(f"{name}.npy" if f"{name}.npy" in file.namelist() else name) as stream:
        npy_header(stream, name)
        yield stream


def _choose(path: Path, headers: dict[str, Header], faults: dict[str, InputError]) -> str:
    """The array of images: the first with a usual name, or the only one with a fitting shape."""
    for usual in _NAMES:
        for name in [*headers, *faults]:
            if name.lower() != usual:
                continue
            if name in faults:
                raise faults[name]
            if len(headers[name].shape) > 2:
                return name
    likely = [name for name, header in headers.items() if len(header.shape) in (3, 4)]
    if len(likely) == 1:
        return likely[0]
    if not likely and faults:
        raise next(iter(faults.values()))
    found = [f"{name} {header.shape}" for name, header in headers.items()]
    raise InputError(
        f"{path}: {'several arrays' if likely else 'no array'} of images (N,H,W[,C]) among: "
        f"{', '.join([*found, *faults]) or 'nothing'}; name the one 'images', or save it as .npy"
    )


def _npz_labels(
    headers: dict[str, Header], count: int, read: Callable[[str], NDArray[Any]]
) -> tuple[dict[str, list[Any]], list[str]]:
    """Columns of ``count`` labels from the arrays, and the names of the arrays that give none."""
    columns: dict[str, list[Any]] = {}
    left_out = []
    for name, header in headers.items():
        stem, _, ending = name.rpartition("_")
        if ending in ("names", "sizes"):
            continue
        titles = headers.get(f"{stem}_names")
        repeated = ending == "values" and f"{stem}_classes" in headers
        rows = header.shape[:1] == (count,) and len(header.shape) < 3
        usable = rows and header.nbytes <= MAX_BYTES and not repeated
        if usable and header.shape[1:] in ((), (1,)):
            columns[name] = read(name).ravel().tolist()
        elif usable and titles and titles.shape == header.shape[1:] and titles.nbytes <= MAX_BYTES:
            named = map(str, read(f"{stem}_names").tolist())
            columns |= zip(named, read(name).T.tolist(), strict=True)
        else:
            left_out.append(name)
    return columns, left_out
