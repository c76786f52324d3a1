"""Any source of pictures, opened: what it is shows in its name and its first bytes."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError, nearest
from zatlas.images.arrays import in_memory, npy, npz
from zatlas.images.decode import SUFFIXES
from zatlas.images.encoded import archive, folder, parquet, picture
from zatlas.images.idx import idx, is_idx
from zatlas.images.records import Source

_READERS = {".npy": npy, ".npz": npz, ".parquet": parquet, ".zip": archive, ".tar": archive}
_PACKED_TAR = (".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")


def open_source(source: str | os.PathLike[str] | NDArray[Any]) -> Source:
    """Open a folder, ``.npy``, ``.npz``, IDX, ``.parquet``, zip, tar, picture file or an array.

    Its items are read as they are asked for. Raises InputError where it is none of these, does
    not exist or holds no images.
    """
    if isinstance(source, np.ndarray):
        return in_memory(source)
    path = existing(source)
    if path.is_dir():
        return folder(path)
    name = path.name.lower()
    if reader := _READERS.get(path.suffix.lower()):
        return reader(path)
    if name.endswith(_PACKED_TAR):
        return archive(path)
    if path.suffix.lower() in SUFFIXES:
        return picture(path)
    if is_idx(path):
        return idx(path)
    raise InputError(
        f"{path}: not a known source of images; give a folder of pictures, or a file of the kind "
        ".npy, .npz, IDX (.gz), .parquet, .zip, .tar(.gz)"
    )


def existing(source: str | os.PathLike[str]) -> Path:
    """The path of a file or folder that must be there. Raises InputError, with the nearest name."""
    if source == "":
        raise InputError("'': names no file; give an image set, or a folder of pictures")
    try:
        path = Path(source)
        if path.is_dir() or path.is_file():
            return path
        if path.exists():
            raise InputError(f"{path}: is a device or a pipe; give a file or a folder of pictures")
        near = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    except InputError:
        raise
    except (TypeError, ValueError, OSError) as error:
        raise InputError(f"{str(source)[:200]!r}: not a file or folder ({error})") from None
    hint = nearest(path.name, near)
    raise InputError(
        f"{path}: no such file or folder" + (f"; {hint}" if hint.startswith("did") else "")
    )
