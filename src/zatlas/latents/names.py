"""The user's own names of latent elements and directions, in ``names.yaml`` of a run."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from zatlas.errors import InputError
from zatlas.files import parse_yaml, read_text, write_text
from zatlas.syntax import LARGEST

Names = Mapping[str, int | list[float]]  # a name: the index of an element, or a direction (D,)


def read(path: str | os.PathLike[str], latent: int) -> Names:
    """The names of ``latent`` elements in a YAML file; none where there is no such file.

    Raises InputError for an index beyond the code, and for a direction that is not ``latent``
    finite numbers, at least one of them other than 0.
    """
    names = parse_yaml(read_text(path), str(path)) if Path(path).exists() else None
    if names is None:
        return {}
    if not isinstance(names, dict):
        raise InputError(f"{path}: holds no names; write a line for each, as `smile: 0`")
    for name, value in names.items():
        if not isinstance(name, str) or not (_is_element(value, latent) or _leads(value, latent)):
            raise InputError(
                f"{path}: {name!r} is {value!r}; a name stands for an element, {-latent} to "
                f"{latent - 1}, or for a direction of {latent} numbers"
            )
    return names


def write(path: str | os.PathLike[str], names: Names) -> None:
    """Write names, whole or not at all."""
    write_text(path, yaml.safe_dump(dict(names), sort_keys=False, allow_unicode=True))


@contextmanager
def keeping(path: Path, latent: int, named: Sequence[tuple[int, str]]) -> Iterator[None]:
    """Add names of elements, in place of those they had; on an error in the block, take them back.

    Raises InputError for an element beyond the code, and for a name that is taken or empty.
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
        path.unlink()
        if before is not None:
            write_text(path, before)
        raise


def _is_element(value: Any, latent: int) -> bool:
    return type(value) is int and -latent <= value < latent


def _leads(value: Any, latent: int) -> bool:
    if not (isinstance(value, list) and len(value) == latent):
        return False
    finite = all(type(v) in (int, float) and abs(v) <= LARGEST for v in value)
    return finite and bool(np.linalg.norm(value) > 0)
