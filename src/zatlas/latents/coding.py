"""Encode and decode in batches, on arrays."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.models.network import Autoencoder
from zatlas.models.pixels import to_floats, to_pixels

BATCH = 128  # beyond this the activations of a convolution leave the cache


def encode(model: Autoencoder, images_NHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 pictures (N, H, W, C) to codes float32 (N, D); of a Gaussian bottleneck the mean.

    Raises InputError where the pictures are not of the model's size.
    """
    return posterior(model, images_NHWC)[0]


@torch.inference_mode()
def posterior(
    model: Autoencoder, images_NHWC: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Codes (N, D) and, of a Gaussian bottleneck, their sd (N, D), both float32."""
    check_pictures(model, images_NHWC)
    codes = np.empty((len(images_NHWC), model.latent), np.float32)
    sds = np.empty_like(codes) if len(model.log_sds) else None
    for rows in _batches(len(images_NHWC)):
        floats = to_floats(torch.from_numpy(np.array(images_NHWC[rows])), model.pixel_range)
        mean, log_sd = model.posterior(floats)
        codes[rows] = mean.numpy()
        if sds is not None and log_sd is not None:
            sds[rows] = log_sd.exp().numpy()
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
        pictures[rows] = output.permute(0, 2, 3, 1).numpy()
    return pictures if (low, high) == (-1.0, 1.0) else (pictures - low) * (2 / (high - low)) - 1


def check_pictures(model: Autoencoder, images_NHWC: NDArray[np.uint8]) -> None:
    """Raises InputError unless the pictures are uint8 (N, H, W, C) of the model's size."""
    channels, height, width = model.architecture.image
    if images_NHWC.dtype != np.uint8 or images_NHWC.shape[1:] != (height, width, channels):
        raise InputError(
            f"images: {images_NHWC.dtype} {images_NHWC.shape}, but the model takes uint8 (N, "
            f"{height}, {width}, {channels}); make them fit with `zatlas images prepare SOURCE "
            f"OUT.npy --to {height}`"
        )


@torch.inference_mode()
def _decoded(model: Autoencoder, z_ND: NDArray[np.float32]) -> Iterator[tuple[slice, torch.Tensor]]:
    if z_ND.ndim != 2 or z_ND.shape[1] != model.latent:
        raise InputError(f"codes: shape {z_ND.shape}, but the model's are (N, {model.latent})")
    for rows in _batches(len(z_ND)):
        yield rows, model.decode(torch.from_numpy(np.ascontiguousarray(z_ND[rows], np.float32)))


def _batches(count: int) -> Iterator[slice]:
    return (slice(start, min(start + BATCH, count)) for start in range(0, count, BATCH))
