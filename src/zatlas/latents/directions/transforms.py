"""Transformations of images, and what each does to the code: directions that need no labels."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError, argument_error, nearest

Array = NDArray[Any]
Images = NDArray[np.uint8]

_AT_ONCE = 256  # images that are transformed and encoded together


class Transform(NamedTuple):
    """A transformation of images (N, H, W, C), uint8, by an amount.

    ``amount`` is what is used where none is given, in ``unit``; ``effect`` says what a positive
    amount does. Negative amounts do the opposite, but a blur has none. Edges are replicated.
    """

    apply: Callable[[Images, float], Images]
    amount: float
    unit: str
    effect: str


def brighten(images_NHWC: Images, amount: float) -> Images:
    """The images with ``amount`` grey levels (0 to 255) added to every value, within 0 to 255.

    >>> brighten(np.full((1, 1, 1, 3), 250, np.uint8), 3).ravel().tolist()
    [253, 253, 253]
    """
    return _as_images(images_NHWC.astype(np.float32) + amount)


def shift(images_NHWC: Images, amount: float) -> Images:
    """The images moved to the right by ``amount`` pixels.

    >>> shift(np.arange(3, dtype=np.uint8).reshape(1, 1, 3, 1), 1).ravel().tolist()
    [0, 0, 1]
    """
    return _resampled(images_NHWC, np.eye(2), np.array([0.0, amount]))


def rotate(images_NHWC: Images, amount: float) -> Images:
    """The images turned anticlockwise by ``amount`` degrees about their centre.

    >>> rotate(np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1), 90)[0, :, :, 0].tolist()
    [[1, 3], [0, 2]]
    """
    angle = np.deg2rad(amount)
    turned = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return _resampled(images_NHWC, turned)


def zoom(images_NHWC: Images, amount: float) -> Images:
    """The images enlarged by ``amount`` percent about their centre; their size stays.

    Raises InputError where nothing would be left, at -100 or below.

    >>> zoom(np.full((1, 2, 2, 1), 7, np.uint8), 10).ravel().tolist()
    [7, 7, 7, 7]
    """
    if not amount > -100:
        raise argument_error("amount", amount, "a zoom makes smaller by less than 100 percent")
    return _resampled(images_NHWC, np.eye(2) / (1 + amount / 100))


def blur(images_NHWC: Images, amount: float) -> Images:
    """The images smoothed with a Gaussian of sd ``amount`` pixels.

    Raises InputError where the amount is below 0.

    >>> blur(np.full((1, 2, 2, 1), 7, np.uint8), 1).ravel().tolist()
    [7, 7, 7, 7]
    """
    from scipy.ndimage import gaussian_filter

    if not amount >= 0:
        raise argument_error("amount", amount, "a blur has an sd in pixels; give 0 or more")
    smooth = gaussian_filter(images_NHWC.astype(np.float32), (0, amount, amount, 0), mode="nearest")
    return _as_images(smooth)


TRANSFORMS: Mapping[str, Transform] = {
    "brighten": Transform(brighten, 16.0, "grey levels", "lighter"),
    "shift": Transform(shift, 2.0, "pixels", "to the right"),
    "rotate": Transform(rotate, 10.0, "degrees", "anticlockwise"),
    "zoom": Transform(zoom, 10.0, "percent", "larger"),
    "blur": Transform(blur, 1.0, "pixels", "less sharp"),
}


def encode_difference(
    encode: Callable[[Images], Array], images_NHWC: Images, name: str, amount: float | None = None
) -> Array:
    """The mean change (D,) of the code where images are transformed, per default amount.

    It is E[E(T x) - E(x)] of an encoder E. Jahanian et al. search for a direction that a generator
    draws as the transformation; an encoder replaces the search. It is worth what the encoder sees.

    Parameters
    ----------
    encode : images (B, H, W, C), uint8, to codes (B, D).
    images_NHWC : uint8.
    name : "brighten", "shift", "rotate", "zoom" or "blur".
    amount : by default that of :data:`TRANSFORMS`. The change for another amount is divided by it,
        in default amounts.

    Raises
    ------
    InputError
        An unknown name, an amount of 0, or images that are not uint8 (N, H, W, C).

    References
    ----------
    Jahanian, Chai & Isola 2020, "On the steerability of generative adversarial networks".

    Examples
    --------
    >>> grey = np.full((4, 2, 2, 1), 100, np.uint8)
    >>> encode_difference(lambda x: x.mean((1, 2)), grey, "brighten").tolist()  # of 16 grey levels
    [16.0]
    """
    return np.asarray(encoded_differences(encode, images_NHWC, name, amount).mean(0))


def encoded_differences(
    encode: Callable[[Images], Array], images_NHWC: Images, name: str, amount: float | None = None
) -> Array:
    """The change of the code of each image, (N, D); :func:`encode_difference` is their mean.

    Raises InputError as it does.

    >>> grey = np.zeros((2, 2, 2, 1), np.uint8)
    >>> encoded_differences(lambda x: x.mean((1, 2)), grey, "brighten", 32).tolist()
    [[16.0], [16.0]]
    """
    if name not in TRANSFORMS:
        raise argument_error("transform", repr(name), nearest(name, TRANSFORMS))
    if images_NHWC.ndim != 4 or images_NHWC.dtype != np.uint8 or not len(images_NHWC):
        given = f"{images_NHWC.dtype} {images_NHWC.shape}"
        raise InputError(f"images: {given}; give uint8 (images, height, width, channels)")
    usual = TRANSFORMS[name].amount
    amount = usual if amount is None else float(amount)
    if not (np.isfinite(amount) and amount):
        raise argument_error("amount", amount, f"transforms nothing; give {usual:g}")
    found = []
    for start in range(0, len(images_NHWC), _AT_ONCE):
        images = images_NHWC[start : start + _AT_ONCE]
        after = np.asarray(encode(TRANSFORMS[name].apply(images, amount)), np.float64)
        found.append(after - encode(images))
    return np.concatenate(found) * (usual / amount)


def _resampled(images_NHWC: Images, matrix_22: Array, moved_2: Array | float = 0.0) -> Images:
    """The images whose pixel at p is that at matrix (p - centre - moved) + centre of the given.

    Cubic splines keep the sharpness; with linear interpolation a rotation would blur as well.
    """
    from scipy.ndimage import affine_transform

    centre = (np.array(images_NHWC.shape[1:3]) - 1) / 2
    offset = centre - matrix_22 @ (centre + moved_2)
    made = np.empty(images_NHWC.shape, np.float32)
    for image, place in zip(images_NHWC, made, strict=True):
        for channel in range(image.shape[2]):
            plane = image[..., channel].astype(np.float64)
            place[..., channel] = affine_transform(plane, matrix_22, offset, mode="nearest")
    return _as_images(made)


def _as_images(values_NHWC: Array) -> Images:
    """Values as uint8, rounded, within 0 to 255."""
    return np.clip(np.rint(values_NHWC), 0, 255).astype(np.uint8)
