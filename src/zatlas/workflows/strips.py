"""Strips of decoded pictures: traversals, interpolations and samples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from zatlas.errors import InputError, argument_error
from zatlas.figures.strip import animation, sheet, strip
from zatlas.figures.style import NotebookFigure, png, save
from zatlas.images import ImageSet
from zatlas.images.sheet import contact_sheet
from zatlas.latents.interpolation import offset_labels
from zatlas.run.run import PathLike, Pictures, Run

_ZOOM = 4  # of the pixels in an animation


@dataclass(frozen=True)
class Strip:
    """Decoded pictures, uint8 (N, T, H, W, C): N rows of T steps. ``figure()`` draws them.

    ``names`` are those of the rows. An animation shows all rows at once, ``columns`` in a line.
    """

    pictures: Pictures
    figure: Callable[[], NotebookFigure]
    names: Sequence[str] = ("",)
    columns: int | None = None

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write a figure (.png, .svg, .pdf) or an animation (.gif)."""
        if Path(path).suffix.lower() != ".gif":
            save(self.figure(), path, overwrite=overwrite)
        elif len(self.pictures) == 1:
            animation(self.pictures[0], path, _ZOOM, overwrite=overwrite)
        else:
            sheets = [
                contact_sheet(step, self.columns, _ZOOM, self.names)
                for step in self.pictures.swapaxes(0, 1)
            ]
            animation(np.stack(sheets), path, zoom=1, overwrite=overwrite)

    def _repr_png_(self) -> bytes:
        return png(self.figure())


def draw_traversals(
    run: Run, images: ImageSet, index: int | Sequence[int],
    elements: Sequence[int] | Literal["all"], *, span: float = 3.0, steps: int = 9,
    project: bool = False, command: str = "",
) -> Strip:  # fmt: skip
    """Sweep single elements of the codes of some images, a row for each image and element.

    Parameters
    ----------
    run : the trained model.
    images : the image set.
    index : the row of the image, or the rows of several.
    elements : the indexes of the elements, or ``"all"`` that are not dead.
    span : the largest offset to each side, in sd of the element.
    steps : the number of pictures in a row; it is odd.
    project : decode the nearest codes that the bottleneck can give.
    command : the command that is written under the figure.

    Raises
    ------
    InputError
        There is no such image or element.
    """
    swept = _elements(run, elements)
    rows = images.rows([index] if isinstance(index, int | np.integer) else index)
    if not (swept and rows):
        empty = "index" if swept else "elements"
        raise InputError(f"{empty}: there are none; give one or more", arguments=(empty,))
    codes = run.encode(images[rows])
    sweeps = [run.traverse(codes, element, span, steps, project) for element in swept]
    pictures = np.stack([run.decode(moved) for moved, _ in sweeps], axis=1)
    several = len(rows) > 1
    swept_names = _swept_names(run, swept)
    names = [f"image {row}, " * several + name for row in rows for name in swept_names]
    pictures = pictures.reshape(-1, *pictures.shape[2:])
    figure = partial(
        strip, pictures, offset_labels(sweeps[0][1]), names=names,
        title="" if several else f"image {rows[0]}", marked=(steps // 2,), command=command,
    )  # fmt: skip
    return Strip(pictures, figure, names, len(swept) if several and len(swept) > 1 else None)


def _swept_names(run: Run, elements: Sequence[int]) -> list[str]:
    """The names of rows: an element, and of a quantised one how long 1 sd is on its grid."""
    space = run.space
    if space.grid_step is None:
        return [f"z[{element}]" for element in elements]
    steps = space.statistics.sd / space.grid_step
    return [
        f"z[{element}]"
        + f", 1 sd = {steps[element]:.2g} steps of the grid" * bool(steps[element] > 0)
        for element in elements
    ]


def _elements(run: Run, elements: Sequence[int] | Literal["all"]) -> list[int]:
    """The indexes of elements; of ``"all"`` those that are not dead."""
    if isinstance(elements, str):
        if elements != "all":
            raise argument_error("elements", repr(elements), "give a list, as [0, 3], or 'all'")
        return np.flatnonzero(~run.statistics.dead).tolist()
    return list(elements)


def draw_interpolation(
    run: Run, images: ImageSet, index: tuple[int, int], *, steps: int = 9, spherical: bool = False,
    command: str = "",
) -> Strip:  # fmt: skip
    """Decode codes on the line, or the great circle, between the codes of two images."""
    first, second = images.rows(index)
    start, end = run.encode(images[[first, second]])
    codes, fractions = run.interpolate(start, end, steps, spherical)
    pictures, form = run.decode(codes)[None], "spherical" if spherical else "linear"
    figure = partial(
        strip, pictures, [f"{fraction:.0%}" for fraction in fractions], names=[""],
        title=f"image {first} to image {second}, {form}", marked=(0, steps - 1), command=command,
    )  # fmt: skip
    return Strip(pictures, figure)


def draw_samples(
    run: Run, count: int, *, sampler: str | None = None, seed: int = 0, command: str = ""
) -> NotebookFigure:
    """Decode ``count`` random codes on one sheet; see `Run.sample` for the other arguments."""
    return sheet(run.decode(run.sample(count, seed, sampler)), command=command)
