"""What is done to a picture before it is encoded in training; it is compared with the clean one."""

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor


class Corruption(Protocol):
    """A random change of pictures (B, C, H, W)."""

    def __call__(self, x_BCHW: Tensor, generator: torch.Generator) -> Tensor:
        """The changed pictures, a new tensor; whatever is random is drawn from ``generator``."""


CORRUPTIONS: Mapping[str, Corruption | None] = {"none": None}  # None leaves pictures as they are
