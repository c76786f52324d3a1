"""NumPy's own files, ``.npy`` and ``.npz``. Pickled objects in them are never loaded.

A large array is mapped and not loaded. A packed one is unpacked to a temporary file first.
"""

import math
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.images.decode import MAX_BYTES
from zatlas.images.items import Source
from zatlas.images.labels import beside, read_table
from zatlas.images.pixel_arrays import array_source, check_layout

_NAMES = ("images", "imgs", "image", "img", "x", "data", "arr_0")
_READERS: dict[tuple[int, int], Any] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class Header(NamedTuple):
    """The header of an array file. Its data may be shorter."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    columns_first: bool = False  # Fortran order

    @property
    def nbytes(self) -> int:
        """The size of the array in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


def npy(path: Path) -> Source:
    """An array file. Labels come from the CSV beside it, names from its column ``source``."""
    array = map_npy(path)
    check_layout(str(path), array.shape)
    table = read_table(beside(path), len(array))
    table.pop("index", None)
    return array_source(str(path), array, table, table.pop("source", path.name))


def map_npy(path: Path) -> NDArray[Any]:
    """Map a ``.npy`` file read-only. Raises InputError."""
    try:
        with path.open("rb") as file:
            return map_array(file, npy_header(file, str(path)), str(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None


def map_array(file: IO[bytes], header: Header, name: str) -> NDArray[Any]:
    """Map an array that starts here in a file, read-only, after comparing its length.

    Raises InputError for a file that is too short.
    """
    start = file.tell()
    there = os.fstat(file.fileno()).st_size - start
    if there < header.nbytes:
        raise InputError(
            f"{name}: cut short: {there:,} bytes of the {header.nbytes:,} of {header.shape}"
        )
    if not header.nbytes:
        return np.empty(header.shape, header.dtype)
    order: Any = "F" if header.columns_first else "C"
    return np.memmap(file, header.dtype, "r", start, header.shape, order)


@contextmanager
def unpacked(packed: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """A temporary file with the content of a packed file. Raises InputError."""
    with tempfile.TemporaryFile() as file:
        try:
            shutil.copyfileobj(packed, file)
        except Exception as error:  # a damaged file raises nearly any type of error
            fault = "is damaged, or its content does not fit in the folder for temporary files"
            raise InputError(f"{name}: {fault} ({error})") from None
        file.seek(0)
        yield file


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
        members = {info.filename.removesuffix(".npy"): info for info in file.infolist()}
        headers, faults = _headers(file, path)
    except Exception as error:  # a damaged archive raises nearly any type of error
        raise InputError(f"{path}: not a complete .npz archive ({error})") from None

    def read(name: str) -> NDArray[Any]:
        title = f"{path}, {name}"
        with file.open(members[name]) as member, unpacked(member, title) as copy:
            return map_array(copy, npy_header(copy, title), title)

    chosen = _choose(path, headers, faults)
    title, header = f"{path}, {chosen}", headers.pop(chosen)
    check_layout(title, header.shape)
    with file:
        columns, left_out = _npz_labels(headers, header.shape[0], read)
        source = array_source(title, read(chosen), columns, path.name)
    if left_out := [*left_out, *faults]:
        source.notes.append(f"arrays not taken as labels: {', '.join(left_out)}")
    return source


def _headers(file: zipfile.ZipFile, path: Path) -> tuple[dict[str, Header], dict[str, InputError]]:
    """The headers of all arrays in an archive, and the faults of those that cannot be read."""
    headers: dict[str, Header] = {}
    faults: dict[str, InputError] = {}
    for info in file.infolist():
        name, title = info.filename.removesuffix(".npy"), f"{path}, {info.filename}"
        try:
            with file.open(info) as stream:
                header = npy_header(stream, title)
            if header.nbytes > info.file_size:
                raise InputError(f"{title}: cut short for {header.shape}")
            headers[name] = header
        except InputError as fault:  # raised later, if this array is needed
            faults[name] = fault
    return headers, faults


def _choose(path: Path, headers: dict[str, Header], faults: dict[str, InputError]) -> str:
    """The array of images: the first with a usual name, or the only one with a fitting shape."""
    order = {name: number for number, name in enumerate(_NAMES)}
    usual = [name for name in (*headers, *faults) if name.lower() in order]
    for name in sorted(usual, key=lambda name: order[name.lower()]):
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
    start = "several arrays" if likely else "no array"
    listed = ", ".join([*found, *faults]) or "nothing"
    hint = "name the one 'images', or save it as .npy"
    raise InputError(f"{path}: {start} of images (N,H,W[,C]) among: {listed}; {hint}")


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
