"""Encode and decode in batches, on arrays."""

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.images import ImageSet, open_images
from zatlas.models.network import Autoencoder
from zatlas.models.pixels import to_floats, to_pixels
from zatlas.models.precision import multiplies_bfloat16, pick

BATCH = 128  # beyond this the activations of a convolution leave the cache


def encode(model: Autoencoder, images_NHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 pictures (N, H, W, C) to codes float32 (N, D); of a Gaussian bottleneck the mean.

    Raises InputError where the pictures are not of the model's size.
    """
    return posterior(model, images_NHWC)[0]


def posterior(
    model: Autoencoder, images_NHWC: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Codes (N, D) and, of a Gaussian bottleneck, their sd (N, D), both float32."""
    _check_pictures(images_NHWC, model.architecture.image, "images")
    codes = np.empty((len(images_NHWC), model.latent), np.float32)
    sds = np.empty_like(codes) if len(model.log_sds) else None
    with _computing(model) as device:
        for rows in _batches(len(images_NHWC)):
            pixels = torch.from_numpy(np.array(images_NHWC[rows]))
            floats = to_floats(pixels, model.pixel_range, model.memory_format)
            mean, log_sd = model.posterior(floats.to(device))
            codes[rows] = mean.cpu().numpy()
            if sds is not None and log_sd is not None:
                sds[rows] = log_sd.exp().cpu().numpy()
    return codes, sds


def decode(model: Autoencoder, z_ND: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Codes (N, D) to uint8 pictures (N, H, W, C)."""
    channels, height, width = model.architecture.image
    pictures = np.empty((len(z_ND), height, width, channels), np.uint8)
    for rows, output in _decoded(model, z_ND):
        pictures[rows] = to_pixels(output, model.pixel_range)
    return pictures


def decode_floats(model: Autoencoder, z_ND: NDArray[np.float32]) -> NDArray[np.float32]:
    """Codes (N, D) to float32 pictures (N, H, W, C) in [-1, 1], neither rounded nor clipped."""
    channels, height, width = model.architecture.image
    low, high = model.pixel_range
    pictures = np.empty((len(z_ND), height, width, channels), np.float32)
    for rows, output in _decoded(model, z_ND):
        pictures[rows] = output.permute(0, 2, 3, 1).cpu().numpy()
    return pictures if (low, high) == (-1.0, 1.0) else (pictures - low) * (2 / (high - low)) - 1


def open_fitting(
    source: str | os.PathLike[str] | NDArray[np.uint8] | ImageSet, image: tuple[int, int, int]
) -> ImageSet:
    """The image set that a source holds, for a model that takes ``image`` (C, H, W).

    Raises InputError, with the mend, where its pictures are of another size or other channels.
    """
    images = open_images(source, size=image[1:])
    _check_pictures(images.array, image, str(images.path or "images"))
    return images


def _check_pictures(images_NHWC: NDArray[np.uint8], image: tuple[int, int, int], name: str) -> None:
    channels, height, width = image
    if images_NHWC.dtype == np.uint8 and images_NHWC.shape[1:] == (height, width, channels):
        return
    mend = f"make them fit with `zatlas images prepare SOURCE OUT.npy --to {height},{width}`"
    if images_NHWC.shape[1:3] == (height, width) and images_NHWC.ndim == 4:
        mend = f"write `image: {[images_NHWC.shape[3], height, width]}` in the model file"
        mend += ", or prepare them with --gray" * (channels == 1)
    raise InputError(
        f"{name}: {images_NHWC.dtype} {images_NHWC.shape}, but the model takes uint8 (N, "
        f"{height}, {width}, {channels}); {mend}"
    )


def quick(model: Autoencoder) -> Autoencoder:
    """The model for decoding a code or two at once, which reading its weights takes longest of.

    With the weights in bfloat16 where the hardware multiplies in it, else the model itself. Read
    the pictures as ``decode`` gives them: rounded to grey levels.
    """
    device = next(model.parameters()).device
    return copy.deepcopy(model).bfloat16() if multiplies_bfloat16(device) else model


def _decoded(model: Autoencoder, z_ND: NDArray[np.float32]) -> Iterator[tuple[slice, torch.Tensor]]:
    if z_ND.ndim != 2 or z_ND.shape[1] != model.latent:
        raise InputError(f"codes: shape {z_ND.shape}, but the model's are (N, {model.latent})")
    dtype = next(model.parameters()).dtype
    for rows in _batches(len(z_ND)):
        z = torch.from_numpy(np.ascontiguousarray(z_ND[rows], np.float32))
        with _computing(model) as device:
            output = model.decode(z.to(device, dtype))
        yield rows, output


@contextmanager
def _computing(model: Autoencoder) -> Iterator[torch.device]:
    """No gradients, and exact float32 products by the fastest kernel; yields the model's device."""
    device = next(model.parameters()).device
    with torch.inference_mode(), pick("fp32", device).setting():
        yield device


def _batches(count: int) -> Iterator[slice]:
    return (slice(start, min(start + BATCH, count)) for start in range(0, count, BATCH))
