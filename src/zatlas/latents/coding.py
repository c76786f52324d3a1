"""Encode and decode arrays in batches, and check what is given."""

import copy
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.images import ImageSet, open_images
from zatlas.images.given import given_array
from zatlas.models.network import Autoencoder
from zatlas.models.pixels import to_floats, to_pixels, to_signed
from zatlas.models.precision import multiplies_bfloat16
from zatlas.recipes.parts import Requirement

Pictures = NDArray[np.uint8]
Codes = NDArray[np.float32]
BATCH = 128  # images; in larger batches the activations of a convolution do not fit the cache


def encode(model: Autoencoder, images_NHWC: Pictures) -> Codes:
    """Encode pictures uint8 (N, H, W, C) to codes float32 (N, D).

    A Gaussian bottleneck gives its mean. Raises InputError where the pictures have another size.
    """
    return posterior(model, images_NHWC)[0]


@torch.inference_mode()
def posterior(model: Autoencoder, images_NHWC: Pictures) -> tuple[Codes, Codes | None]:
    """Codes (N, D) and, where all elements are Gaussian, their sd (N, D); both are float32."""
    _check_pictures(images_NHWC, model.architecture.image, "images")
    codes = np.empty((len(images_NHWC), model.latent), np.float32)
    gives = model.bottleneck.gives
    gaussian = Requirement.SPREAD in gives and Requirement.CATEGORICAL not in gives
    sds = np.empty_like(codes) if gaussian else None
    device = _device(model)
    for rows in _batches(len(images_NHWC)):
        pixels = torch.from_numpy(np.array(images_NHWC[rows]))
        floats = to_floats(pixels, model.pixel_range, model.memory_format)
        mean, log_sd = model.posterior(floats.to(device))
        codes[rows] = mean.cpu().numpy()
        if sds is not None and log_sd is not None:
            sds[rows] = log_sd.exp().cpu().numpy()
    return codes, sds


def decode(model: Autoencoder, z_ND: Codes) -> Pictures:
    """Decode codes (..., D) to pictures uint8 (..., H, W, C)."""
    return _decoded(model, z_ND, np.uint8, lambda x: to_pixels(x, model.pixel_range))


def decode_floats(model: Autoencoder, z_ND: Codes) -> NDArray[np.float32]:
    """Decode codes (..., D) to float32 (..., H, W, C) in [-1, 1], neither rounded nor clipped."""
    pictures = _decoded(model, z_ND, np.float32, lambda x: x.permute(0, 2, 3, 1).cpu().numpy())
    return to_signed(pictures, model.pixel_range)


def image_array(images: object) -> Pictures:
    """The array of images. Raises InputError for anything but an image set or a NumPy array."""
    return images.array if isinstance(images, ImageSet) else given_array(images)


def checked_codes(codes: object, latent: int, name: str = "codes") -> Codes:
    """Codes as float32, of the shape that they have: (D,), (N, D) or (..., D).

    Raises InputError, which names the argument, for anything but an array of numbers of this shape.
    """
    wanted = f"({latent},) or (N, {latent})"
    if not isinstance(codes, np.ndarray) or codes.dtype.kind not in "fiu":
        found = codes.dtype if isinstance(codes, np.ndarray) else type(codes).__name__
        hint = f"give a NumPy array of floats {wanted}{_as_numpy(codes)}"
        raise InputError(f"{name}: {found}; {hint}")
    if codes.ndim < 1 or codes.shape[-1] != latent:
        raise InputError(f"{name}: shape {codes.shape}, but the model's are {wanted}")
    return codes.astype(np.float32, copy=False)


def open_fitting(
    source: str | os.PathLike[str] | Pictures | ImageSet, image: tuple[int, int, int]
) -> ImageSet:
    """Open images for a model that takes ``image`` (C, H, W).

    Raises InputError, with a hint, where the pictures have another size or other channels.
    """
    if not isinstance(source, str | os.PathLike):
        array = image_array(source)
        grey = array.ndim == 3 and array.shape[1:] == image[1:]
        _check_pictures(array[..., None] if grey else array, image, "images")
    images = open_images(source, size=image[1:])
    _check_pictures(images.array, image, str(images.path or "images"))
    return images


def _check_pictures(images_NHWC: NDArray[Any], image: tuple[int, int, int], name: str) -> None:
    channels, height, width = image
    if images_NHWC.dtype == np.uint8 and images_NHWC.shape[1:] == (height, width, channels):
        return
    wanted = f"uint8 (N, {height}, {width}, {channels})"
    given = f"{images_NHWC.dtype} {images_NHWC.shape}"
    hint = _conversion(images_NHWC, image, name)
    fault = f"{name}: {given}, but the model takes {wanted}; {hint}"
    raise InputError(fault, arguments=("to", "gray"))


def _conversion(images: NDArray[Any], image: tuple[int, int, int], name: str) -> str:
    """How to make images fit a model that takes ``image`` (C, H, W)."""
    channels, height, width = image
    prepare = 'zatlas.prepare_images(images, "images.npy"' if name == "images" else ""
    if images.ndim == 4 and images.shape[1:] == image:
        pixels = "" if images.dtype == np.uint8 else ", as uint8 from 0 to 255"
        return f"the channels come last: give images.transpose(0, 2, 3, 1){pixels}"
    if images.ndim == 3 and images.shape in (image, (height, width, channels)):
        return "this is one picture: give a set of one, images[None]"
    if images.dtype != np.uint8:
        return f"{prepare}) converts them" if prepare else "convert them: images prepare"
    if images.ndim == 4 and images.shape[1:3] == (height, width):
        hint = f"write `image: {[images.shape[3], height, width]}` in the model file"
        return hint + ", or make them grey: images prepare, gray=True" * (channels == 1)
    side = height if height == width else f"{height},{width}"
    return f"resize them: {prepare or 'images prepare'}, to={side}" + ")" * bool(prepare)


def preview_model(model: Autoencoder) -> Autoencoder:
    """A copy of the model in bfloat16 for small batches, which are bound by reading weights.

    It is the model itself where the hardware does not multiply in bfloat16. Its pictures differ
    from those of the model by one or two grey levels.
    """
    return copy.deepcopy(model).bfloat16() if multiplies_bfloat16(_device(model)) else model


def _decoded(
    model: Autoencoder, z_ND: Codes, kind: type, convert: Callable[[torch.Tensor], NDArray[Any]]
) -> NDArray[Any]:
    given, device = checked_codes(z_ND, model.latent), _device(model)
    codes = given.reshape(-1, model.latent)
    channels, height, width = model.architecture.image
    pictures: NDArray[Any] = np.empty((len(codes), height, width, channels), kind)
    for rows in _batches(len(codes)):
        z = torch.from_numpy(np.ascontiguousarray(codes[rows]))
        with torch.inference_mode():
            output = model.decode(z.to(device, next(model.parameters()).dtype))
        pictures[rows] = convert(output)
    return pictures.reshape(*given.shape[:-1], height, width, channels)


def _as_numpy(codes: object) -> str:
    """The end of an error about a tensor or a list of codes: how to convert it."""
    if type(codes).__name__ == "Tensor":
        return ": codes.numpy()"
    return ": numpy.array(codes)" if isinstance(codes, list | tuple) else ""


def _device(model: Autoencoder) -> torch.device:
    return next(model.parameters()).device


def _batches(count: int) -> Iterator[slice]:
    return (slice(start, min(start + BATCH, count)) for start in range(0, count, BATCH))
