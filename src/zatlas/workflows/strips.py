"""Strips of decoded pictures: traversals, interpolations and samples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from zatlas.errors import InputError
from zatlas.figures.strip import animation, sheet, strip
from zatlas.figures.style import NotebookFigure, png, save
from zatlas.images import ImageSet
from zatlas.latents.interpolation import offset_labels
from zatlas.run.run import PathLike, Pictures, Run
from zatlas.workflows.edits import checked_rows


@dataclass(frozen=True)
class Strip:
    """Decoded pictures, uint8 (N, T, H, W, C): N rows of T steps. ``figure()`` draws them."""

    pictures: Pictures
    figure: Callable[[], NotebookFigure]

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write a figure (.png, .svg, .pdf) or, of one row, an animation (.gif)."""
        if Path(path).suffix != ".gif":
            save(self.figure(), path, overwrite=overwrite)
        elif len(self.pictures) > 1:
            raise InputError(f"{path}: a .gif shows one element; give one, or a .png")
        else:
            animation(self.pictures[0], path, overwrite=overwrite)

    def _repr_png_(self) -> bytes:
        return png(self.figure())


def draw_traversals(
    run: Run, images: ImageSet, index: int, elements: Sequence[int], *, span: float = 3.0,
    steps: int = 9, command: str = "",
) -> Strip:  # fmt: skip
    """Sweep single elements of the code of one image, a row for each element.

    Parameters
    ----------
    run : the trained model.
    images : the image set.
    index : the row of the image.
    elements : the indexes of the elements.
    span : the largest offset to each side, in sd of the element.
    steps : the number of pictures in a row; it is odd.
    command : the command that is written under the figure.

    Raises
    ------
    InputError
        There is no such image or element.
    """
    if not elements:
        raise InputError("elements: there are none; give one or more", arguments=("elements",))
    (row,) = checked_rows([index], images)
    code = run.encode(images[[row]])[0]
    swept = [run.traverse(code, element, span, steps) for element in elements]
    pictures = np.stack([run.decode(codes) for codes, _ in swept])
    names = [f"z[{element}]" for element in elements]
    figure = partial(
        strip, pictures, offset_labels(swept[0][1]), names=names,
        title=f"image {row}", marked=(steps // 2,), command=command,
    )  # fmt: skip
    return Strip(pictures, figure)


def draw_interpolation(
    run: Run, images: ImageSet, index: tuple[int, int], *, steps: int = 9, spherical: bool = False,
    command: str = "",
) -> Strip:  # fmt: skip
    """Decode codes on the line, or the great circle, between the codes of two images."""
    first, second = checked_rows(index, images)
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
