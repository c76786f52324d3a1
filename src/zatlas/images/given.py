"""Images given as an object in Python: the array of them, or how to make one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError


def given_array(images: object, name: str = "images") -> NDArray[Any]:
    """The NumPy array itself. Raises InputError for any other object, with its conversion."""
    if isinstance(images, np.ndarray):
        return images
    kind, shape = type(images).__name__, tuple(getattr(images, "shape", ()))
    hint = "give a file, an image set (zatlas.open_images) or a uint8 array (N, H, W, C)"
    if kind == "Tensor":
        moved = ".permute(0, 2, 3, 1)" * (len(shape) == 4 and shape[1] in (1, 3))
        kind, hint = f"Tensor {shape}", f"give {name}{moved}.numpy(), uint8 (N, H, W, C)"
    elif isinstance(images, list | tuple):
        hint = f"give one array: numpy.stack({name}), uint8 (N, H, W, C)"
    raise InputError(f"{name}: {kind}; {hint}")
