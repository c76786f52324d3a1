"""Pixel ranges: uint8 pictures, the floats of a network, and the floats of ``evidence`` (-1..1)."""

from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Floats = TypeVar("Floats", Tensor, NDArray[np.float32])
SIGNED = (-1.0, 1.0)  # the range of everything that is measured


def to_floats(
    images_BHWC: Tensor, pixel_range: tuple[float, float],
    memory_format: torch.memory_format = torch.contiguous_format,
) -> Tensor:  # fmt: skip
    """uint8 (B, H, W, C), 0..255, to float32 (B, C, H, W) in ``pixel_range``."""
    count, height, width, channels = images_BHWC.shape
    floats = torch.empty(count, channels, height, width, memory_format=memory_format)
    return fill(floats, images_BHWC, pixel_range)


def fill(x_BCHW: Tensor, images_BHWC: Tensor, pixel_range: tuple[float, float]) -> Tensor:
    """Like ``to_floats``, into a tensor that is there already; returns it."""
    low, high = pixel_range
    return x_BCHW.copy_(images_BHWC.permute(0, 3, 1, 2)).mul_((high - low) / 255).add_(low)


def to_pixels(x_BCHW: Tensor, pixel_range: tuple[float, float]) -> NDArray[np.uint8]:
    """Floats (B, C, H, W) to uint8 (B, H, W, C): rounded, and clipped at the range's ends."""
    low, high = pixel_range
    levels = (x_BCHW.float() - low) * (255 / (high - low))
    pixels = levels.round_().clamp_(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
    return np.ascontiguousarray(pixels.cpu().numpy())


def to_signed(x: Floats, pixel_range: tuple[float, float]) -> Floats:
    """Floats in ``pixel_range`` to floats in [-1, 1]; nothing is clipped."""
    return x if pixel_range == SIGNED else (x - pixel_range[0]) * signed_scale(pixel_range) - 1


def from_signed(x: Floats, pixel_range: tuple[float, float]) -> Floats:
    """Floats in [-1, 1] to floats in ``pixel_range``; nothing is clipped."""
    return x if pixel_range == SIGNED else (x + 1) / signed_scale(pixel_range) + pixel_range[0]


def signed_scale(pixel_range: tuple[float, float]) -> float:
    """How many units of [-1, 1] one unit of ``pixel_range`` is."""
    low, high = pixel_range
    return 2 / (high - low)
