"""A contact sheet: many images in one."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from zatlas.errors import InputError

_GAP = 2  # pixels between images and around them
_LIGHT, _DARK = 235, 40  # grey levels of the background and of the labels
_LETTERS, _LINE = 11, 14  # pixels: the size of a label's letters, and the line that it takes


def contact_sheet(
    images: NDArray[np.uint8], columns: int | None = None, scale: int = 1,
    labels: Sequence[str] = (),
) -> NDArray[np.uint8]:  # fmt: skip
    """Arrange images in rows on a light background.

    Parameters
    ----------
    images : uint8 (N,H,W,C), C 1 or 3.
    columns : images in a row; None for a sheet that is about square, with full rows where possible.
    scale : the side of an image's pixel, in pixels of the sheet.
    labels : the text below each image, such as its index; none where it is empty.

    Returns
    -------
    array
        uint8 (height, width, 3).

    Raises
    ------
    InputError
        There are no images, or an argument is out of range.

    Examples
    --------
    >>> contact_sheet(np.zeros((6, 8, 8, 1), np.uint8), columns=3).shape
    (22, 32, 3)
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise InputError(f"contact sheet: {images.dtype} {images.shape}; give uint8 (N,H,W,C)")
    count, height, width = len(images), images.shape[1] * scale, images.shape[2] * scale
    if not count or scale < 1 or (columns is not None and columns < 1):
        given = f"{count} pictures, {columns} columns, scale {scale}"
        raise InputError(f"contact sheet: {given}: each must be 1 or more")
    if labels and len(labels) != count:
        raise InputError(f"contact sheet: {len(labels)} labels for {count} pictures")
    tall = height + _LINE * bool(labels)
    row, column = tall + _GAP, width + _GAP
    columns = min(columns or _columns(count, math.ceil(math.sqrt(count * tall / width))), count)
    size = -(-count // columns) * row + _GAP, columns * column + _GAP, 3
    sheet = np.full(size, _LIGHT, np.uint8)
    places = [(_GAP + n // columns * row, _GAP + n % columns * column) for n in range(count)]
    for picture, (top, left) in zip(images, places, strict=True):
        sheet[top : top + height, left : left + width] = picture.repeat(scale, 0).repeat(scale, 1)
    return _labelled(sheet, labels, [(left, top + height) for top, left in places])


def _columns(count: int, most: int) -> int:
    """The largest number of columns, ``most`` to three quarters of it, that fills all rows.

    It is ``most`` where none does.

    >>> _columns(64, 9), _columns(13, 4)
    (8, 4)
    """
    fewest = math.ceil(0.75 * most)
    return next((c for c in range(most, fewest - 1, -1) if count % c == 0), most)


def _labelled(
    sheet: NDArray[np.uint8], labels: Sequence[str], places: Sequence[tuple[int, int]]
) -> NDArray[np.uint8]:
    """The sheet with a text at each place (left, top)."""
    if not labels:
        return sheet
    image = Image.fromarray(sheet)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(_LETTERS)
    for label, place in zip(labels, places, strict=True):
        draw.text(place, label, fill=(_DARK,) * 3, font=font)
    return np.asarray(image)
