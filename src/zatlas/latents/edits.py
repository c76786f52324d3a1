"""Edits of codes: apply an edit as typed to a copy, and measure the size of the change."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError, argument_error, nearest
from zatlas.latents.code_statistics import CodeStatistics
from zatlas.latents.coding import Codes, checked_codes
from zatlas.latents.moves import step_along
from zatlas.latents.names import Names
from zatlas.models.architecture import spell
from zatlas.models.layers import Shape
from zatlas.syntax import Amount, Operation, Source, is_target, parse_edit, parse_target

# an operation; the elements (K,) that it changes; or the direction (D,) along which it moves
Step = tuple[Operation, NDArray[np.int64], NDArray[np.floating] | None]
_OPERATORS = {"*=": np.multiply, "/=": np.divide, "+=": np.add, "-=": np.subtract}


class Space(NamedTuple):
    """What an edit refers to: the code's shape, the run's statistics, the user's names.

    ``grid_step`` (D,) is the distance of the values that an element can take, NaN where it can take
    any; None where all can.
    """

    shape: Shape
    statistics: CodeStatistics
    names: Names
    grid_step: NDArray[np.floating] | None = None


class EditSize(NamedTuple):
    """The size of an edit in B images, on the K elements that it changes.

    Attributes
    ----------
    elements : their indexes (K,).
    before, after : values (B, K).
    sds : the change (B, K) in sd of each element; NaN where the element is dead.
    percentile_before, percentile_after : (B, K), 0 to 100, among the run's images.
    grid_steps : the change (B, K) in steps of the grid, NaN without one; None for no grid at all.
    """

    elements: NDArray[np.int64]
    before: NDArray[np.floating]
    after: NDArray[np.floating]
    sds: NDArray[np.floating]
    percentile_before: NDArray[np.floating]
    percentile_after: NDArray[np.floating]
    grid_steps: NDArray[np.floating] | None = None


def apply(text: str, codes: Codes, space: Space) -> Codes:
    """Apply an edit to codes (..., D), one statement after the other.

    Returns a new array of the same shape; ``codes`` are not changed. Raises InputError for an index
    outside the code, an unknown name, and a result that is not finite.
    """
    latent = len(space.statistics.sd)
    given = checked_codes(codes, latent)
    result = given.reshape(-1, latent).copy()
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # checked below
        for operation, elements, direction in _resolved(text, space.shape, space.names):
            if direction is not None:
                result += _along(operation, direction, space)
                continue
            amount = _amounts(operation.amount, elements, space.statistics)
            operator = _OPERATORS.get(operation.op)
            result[:, elements] = operator(result[:, elements], amount) if operator else amount
    lost = np.flatnonzero(~np.isfinite(result).all(0))
    if len(lost):
        fault = f"z[{lost[0]}] is beyond the largest number of a code, 3.4e38"
        raise InputError(f"edit {text!r}: {fault}; take a smaller step")
    return result.reshape(given.shape)


def check(text: str, shape: Shape, names: Names) -> None:
    """Raise InputError unless the text is an edit of a code of this shape, with these names."""
    _resolved(text, shape, names)


def assumptions(text: str, space: Space) -> list[str]:
    """What had to be assumed to read the edit: a line for each assumption."""
    steps, notes = _resolved(text, space.shape, space.names), []
    if any(_names_image(operation, space.shape) for operation, _, _ in steps):
        notes.append("the first index was read as the image in the batch: every image is edited")
    for operation, elements, _ in steps:
        dead = elements[space.statistics.dead[elements]]
        if operation.amount.unit == "sd" and len(dead):
            listed = ", ".join(map(str, dead[:5])) + (" ..." if len(dead) > 5 else "")
            notes.append(f"element {listed} is dead: its sd is 0, so nothing was added to it")
    return notes


def size(z_BD: Codes, edited_BD: Codes, space: Space) -> EditSize:
    """The size of the change between codes, on the elements that changed in any image."""
    at = np.flatnonzero((z_BD != edited_BD).any(0))
    statistics, moved = space.statistics, edited_BD.astype(float) - z_BD
    with np.errstate(invalid="ignore", divide="ignore"):
        sds = np.where(statistics.dead, np.nan, moved / statistics.sd)[:, at]
    before, after = statistics.percentile(z_BD, at), statistics.percentile(edited_BD, at)
    steps = None if space.grid_step is None else moved[:, at] / space.grid_step[at]
    return EditSize(at, z_BD[:, at], edited_BD[:, at], sds, before, after, steps)


def _resolved(text: str, shape: Shape, names: Names) -> list[Step]:
    """The operations of an edit, each with the elements that it changes or its direction."""
    if not isinstance(text, str):
        raise argument_error("text", repr(text), 'give an edit as a text, such as "z[0] *= 2"')
    source = Source("edit", text)
    if is_target(text):
        parse_target(text)  # its own faults come first
        raise source.fault(1, "asks for a property of the pictures; `zatlas edit`, run.plate and "
                           "run.edits solve it")  # fmt: skip
    steps: list[Step] = []
    for operation in parse_edit(text).operations:
        name = operation.index[-1] if operation.index else None
        value = _lookup(name, names) if isinstance(name, str) else None
        if not isinstance(value, list):
            at = _elements(source, operation, shape) if value is None else np.array([value])
            steps.append((operation, at, None))
        elif operation.op in ("+=", "-="):
            steps.append((operation, np.arange(0), np.asarray(value, float)))
        else:
            fault = f"{name!r} is a direction; it takes only += and -=, not {operation.op}"
            raise source.fault(operation.column, fault)
    return steps


def _amounts(amount: Amount, elements: NDArray[np.int64], statistics: CodeStatistics) -> Codes:
    """The amount for each element, (K,), in units of the code."""
    if amount.unit == "sd":
        return np.asarray(amount.value * statistics.sd[elements], np.float32)
    if amount.unit == "quantile":
        return np.asarray(statistics.quantile(amount.value)[elements], np.float32)
    return np.full(len(elements), amount.value, np.float32)


def _elements(source: Source, operation: Operation, shape: Shape) -> NDArray[np.int64]:
    """The elements (K,) that an operation changes, counted in C order of the code's shape."""
    latent = int(np.prod(shape))
    if not operation.index:
        return np.arange(latent)
    index = operation.index[1:] if _names_image(operation, shape) else operation.index
    if len(index) not in (1, len(shape)):
        counts = f"{len(operation.index)} indexes, but a code is {spell(shape)}"
        hint = f"write one index, {len(shape)}, or one more for the image"
        raise source.fault(operation.column, f"{counts}; {hint}")
    grid = np.arange(latent).reshape((latent,) if len(index) == 1 else shape)
    for entry, length in zip(index, grid.shape, strict=True):
        if isinstance(entry, int) and not -length <= entry < length:
            there = f"it has {length} elements there, indexes go from {-length} to {length - 1}"
            raise source.fault(operation.column, f"index {entry} is outside the code; {there}")
    return np.atleast_1d(grid[index]).reshape(-1)  # type: ignore[index]  # no names here


def _names_image(operation: Operation, shape: Shape) -> bool:
    """Whether the first of several indexes is the image in the batch (see docs/edits.md)."""
    count = len(operation.index)
    return count > 1 and count != len(shape) and count in (2, len(shape) + 1)


def _lookup(name: str, names: Names) -> int | list[float]:
    if name not in names:
        none_yet = f'name an element with `zatlas atlas` and name=0="{name}"'
        hint = nearest(name, names) if names else none_yet
        fault = f"edit: no element or direction is named {name!r}; {hint}"
        raise InputError(fault, arguments=("name",))
    return names[name]


def _along(operation: Operation, direction: NDArray[np.floating], space: Space) -> Codes:
    """The step (D,) along a direction; one sd is that of the images' codes along it."""
    length = operation.amount.value * (1 if operation.op == "+=" else -1)
    if operation.amount.unit == "sd":
        return np.asarray(length * step_along(direction, space.statistics.codes), np.float32)
    return np.asarray(length * direction / np.linalg.norm(direction), np.float32)
