"""A contact sheet: many pictures on one."""

import math

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError

_GAP = 2  # pixels between pictures and around them
_LIGHT = 235


def contact_sheet(
    images: NDArray[np.uint8], columns: int | None = None, scale: int = 1
) -> NDArray[np.uint8]:
    """Lay pictures (N,H,W,C), C 1 or 3, in rows on a light ground, each pixel ``scale`` wide.

    Returns uint8 (height, width, 3). Without ``columns`` the sheet is about square. Raises
    InputError where there is nothing to show.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise InputError(f"contact sheet: {images.dtype} {images.shape}; give uint8 (N,H,W,C)")
    if not len(images) or scale < 1 or (columns is not None and columns < 1):
        raise InputError(
            f"contact sheet: {len(images)} pictures, {columns} columns, scale {scale}: "
            "each must be 1 or more"
        )
    count, height, width = len(images), images.shape[1] * scale, images.shape[2] * scale
    columns = min(columns or math.ceil(math.sqrt(count * height / width)), count)
    rows = math.ceil(count / columns)
    sheet = np.full(
        (rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3), _LIGHT, np.uint8
    )
    for number, picture in enumerate(images):
        top = _GAP + number // columns * (height + _GAP)
        left = _GAP + number % columns * (width + _GAP)
        sheet[top : top + height, left : left + width] = picture.repeat(scale, 0).repeat(scale, 1)
    return sheet
