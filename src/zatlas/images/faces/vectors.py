"""Vectors over images: float32 arrays (3, h, w), or three plain floats for all pixels."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Triple = tuple[float, float, float]


def dot(a: Any, b: Any) -> Any:
    """Scalar product of two vectors, each of them constant or over pixels."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def unit(v: Array) -> Array:
    """``v`` (3, ...) divided by its length."""
    return np.asarray(v / np.sqrt(dot(v, v) + 1e-12))


def ramp(x: Any, low: float, high: float) -> Any:
    """A smooth step from 0 at ``low`` to 1 at ``high``; either may be the larger."""
    t = np.clip((x - low) * (1 / (high - low)), 0, 1)
    return t * t * (3 - 2 * t)


def bump(*distances: Any) -> Any:
    """A Gaussian: exp(-sum of squared ``distances``), each in units of its width."""
    return np.exp(-np.minimum(sum(d * d for d in distances), 30))  # subnormal floats are slow


@lru_cache(maxsize=64)  # the rotations of the parts are the same in every image
def rotation(yaw: float, pitch: float) -> Array:
    """A (3, 3) rotation, in degrees: +pitch rotates z to +y, and then +yaw rotates z to +x."""
    (sy, sp), (cy, cp) = np.sin(np.radians([yaw, pitch])), np.cos(np.radians([yaw, pitch]))
    nod = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    return np.asarray(np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]]) @ nod)
