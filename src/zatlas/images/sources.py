"""Open any source of images. Its kind follows from its name and its first bytes."""

import os
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.files import similar_name
from zatlas.images.arrays import array_source, idx, is_idx, npy, npz
from zatlas.images.decode import SUFFIXES, Source
from zatlas.images.encoded import archive, folder, parquet, picture
from zatlas.images.given import given_array

_READERS = {
    **dict.fromkeys(SUFFIXES, picture),
    **dict.fromkeys((".zip", ".tar", ".tgz", ".tbz2", ".txz"), archive),
    **{".npy": npy, ".npz": npz, ".parquet": parquet},
}
_PACKED_TAR = (".tar.gz", ".tar.bz2", ".tar.xz")
_KINDS = "a folder of pictures, or a .npy, .npz, IDX (.gz), .parquet, .zip or .tar(.gz) file"


def open_source(source: str | os.PathLike[str] | NDArray[Any]) -> Source:
    """Open a source of images; they are read on demand.

    Parameters
    ----------
    source
        A folder, ``.npy``, ``.npz``, IDX, ``.parquet``, zip or tar, an image file, or an array.

    Raises
    ------
    InputError
        The source is of another kind, does not exist or holds no images.
    """
    if not isinstance(source, str | os.PathLike):
        return array_source("array", given_array(source, "source"), {}, "array")
    path = existing(source)
    if path.is_dir():
        return folder(path)
    if path.name.lower().endswith(_PACKED_TAR):
        return archive(path)
    if reader := _READERS.get(path.suffix.lower()):
        return reader(path)
    if is_idx(path):
        return idx(path)
    raise InputError(f"{path}: not a known source of images; give {_KINDS}")


def existing(source: str | os.PathLike[str]) -> Path:
    """The path of an existing file or folder. Raises InputError with the most similar name."""
    if source == "":
        raise InputError("'': names no file; give an image set, or a folder of pictures")
    try:
        path = Path(source)
        if path.is_dir() or path.is_file():
            return path
        special = path.exists()
        hint = similar_name(path)
    except (TypeError, ValueError, OSError) as error:
        raise InputError(f"{str(source)[:200]!r}: not a file or folder ({error})") from None
    if special:
        raise InputError(f"{path}: is a device or a pipe; give a file or a folder of pictures")
    raise InputError(f"{path}: no such file or folder{hint}")
