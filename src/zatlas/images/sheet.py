"""A contact sheet: many images in one."""

import math

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError

_GAP = 2  # pixels between images and around them
_LIGHT = 235  # grey level of the background


def contact_sheet(
    images: NDArray[np.uint8], columns: int | None = None, scale: int = 1
) -> NDArray[np.uint8]:
    """Arrange images in rows on a light background.

    Parameters
    ----------
    images : uint8 (N,H,W,C), C 1 or 3.
    columns : images in a row; None for a sheet that is about square.
    scale : the side of an image's pixel, in pixels of the sheet.

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
    columns = min(columns or math.ceil(math.sqrt(count * height / width)), count)
    size = -(-count // columns) * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3
    sheet = np.full(size, _LIGHT, np.uint8)
    for number, picture in enumerate(images):
        top = _GAP + number // columns * (height + _GAP)
        left = _GAP + number % columns * (width + _GAP)
        sheet[top : top + height, left : left + width] = picture.repeat(scale, 0).repeat(scale, 1)
    return sheet
