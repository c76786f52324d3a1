"""Which images are trained on and which are held out, without copying an image."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from zatlas.errors import argument_error
from zatlas.seeding import Draw, generator


@dataclass(frozen=True)
class Part:
    """Some rows of a uint8 array of images (N, H, W, C), which may be a memory map."""

    images: NDArray[np.uint8]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def pictures(self, limit: int | None = None) -> NDArray[np.uint8]:
        """The images themselves, copied; the first ``limit`` of them."""
        return self.images[self.rows[:limit]]


def whole_set(images: NDArray[np.uint8]) -> Part:
    """All images of an array."""
    return Part(images, np.arange(len(images)))


def hold_out(images: NDArray[np.uint8], fraction: float) -> tuple[Part, Part]:
    """Training and held-out part: a fraction of the images, drawn at random.

    The same ones whatever the training's seed, so that runs of several seeds can be compared.
    Raises InputError unless both parts have images.
    """
    count = round(fraction * len(images)) if 0 < fraction < 1 else 0
    if not 0 < count < len(images):
        hint = "give a fraction between 0 and 1 that leaves images on both sides, or a file"
        fault = f"holds out no part of {len(images)} images; {hint} of images"
        raise argument_error("valid", f"{fraction:g}", fault)
    drawn = torch.randperm(len(images), generator=generator(Draw.SPLIT, seed=0)).numpy()
    return Part(images, np.sort(drawn[count:])), Part(images, np.sort(drawn[:count]))
