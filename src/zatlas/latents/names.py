"""The user's own names of latent elements and directions, in ``names.yaml`` of a run."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from zatlas.errors import InputError
from zatlas.files import open_file, read_text, write_text
from zatlas.plain_yaml import parse_yaml
from zatlas.syntax import LARGEST

Names = Mapping[str, int | list[float]]  # a name: the index of an element, or a direction (D,)


def read(path: str | os.PathLike[str], latent: int) -> Names:
    """Read the names of ``latent`` elements from a YAML file; no names where the file is missing.

    Raises InputError for an index outside the code, and for a direction that is not ``latent``
    finite numbers, at least one of them other than 0.
    """
    names = parse_yaml(read_text(path), str(path)) if Path(path).exists() else None
    if names is None:
        return {}
    if not isinstance(names, dict):
        raise InputError(f"{path}: holds no names; write a line for each, as `smile: 0`")
    for name, value in names.items():
        is_element = type(value) is int and -latent <= value < latent
        if not isinstance(name, str) or not (is_element or _is_direction(value, latent)):
            element = f"the index of an element, {-latent} to {latent - 1}"
            hint = f"give {element}, or a direction of {latent} numbers"
            raise InputError(f"{path}: {name!r} is {value!r}; {hint}")
    return names


def read_directions(folder: Path, latent: int) -> dict[str, tuple[list[float], str | None]]:
    """The vectors in a folder ``directions/`` by their names, each with its weights' fingerprint.

    Raises InputError where a file is damaged.
    """
    found = {}
    for file in sorted(folder.glob("*.npz")) if folder.is_dir() else []:
        try:
            with open_file(file) as opened, np.load(opened, allow_pickle=False) as arrays:
                vector = arrays["vector"].astype(float).tolist()
                name, weights = str(arrays["name"]), str(arrays["weights"]) or None
            if not _is_direction(vector, latent):
                raise ValueError(f"give {latent} finite numbers, not all of them 0")
        except Exception as error:  # damaged archives raise nearly every kind
            hint = "`zatlas directions` learns it again"
            raise InputError(f"{file}: holds no direction ({error}); {hint}") from None
        found[name] = (vector, weights)
    return found


def write(path: str | os.PathLike[str], names: Names) -> None:
    """Write names. The file is complete or is not there."""
    write_text(path, yaml.safe_dump(dict(names), sort_keys=False, allow_unicode=True))


@contextmanager
def keeping(path: Path, latent: int, named: Sequence[tuple[int, str]]) -> Iterator[None]:
    """Name elements, which lose their old names; after an error in the block the file is as before.

    Raises InputError for an element outside the code, and for a name that is taken or empty.
    """
    kept = dict(read(path, latent))
    for element, name in named:
        if not -latent <= element < latent:
            raise InputError(f"element {element}: the code has {latent}, 0 to {latent - 1}")
        kept = {k: v for k, v in kept.items() if v not in (element, element % latent)}
        if name in kept or not name.strip():
            raise InputError(f"name {name!r}: {'is taken' if name in kept else 'is empty'}")
        kept[name] = element % latent
    if not named:
        yield
        return
    before = read_text(path) if path.exists() else None
    write(path, kept)
    try:
        yield
    except BaseException:
        path.unlink() if before is None else write_text(path, before)
        raise


def _is_direction(value: Any, latent: int) -> bool:
    if not (isinstance(value, list) and len(value) == latent):
        return False
    finite = all(type(v) in (int, float) and abs(v) <= LARGEST for v in value)
    return finite and bool(np.linalg.norm(value) > 0)
