"""The order of the images and every drawn number, as functions of seed, epoch and step alone.

Nothing is drawn from a generator that lives on between steps, so a resumed run draws what the
uninterrupted one drew.
"""

from enum import IntEnum

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zatlas.models.pixels import fill


class Draw(IntEnum):
    """What a number is drawn for; each has a stream of its own."""

    ORDER = 0
    NOISE = 1
    LAYERS = 2  # dropout and the like, which draw from torch's global generator
    VALIDATION = 3
    SPLIT = 4


def seed_of(draw: Draw, seed: int, epoch: int = 0, step: int = 0) -> int:
    """A 63-bit seed, independent for every combination (NumPy's SeedSequence)."""
    mixed = np.random.SeedSequence((seed, int(draw), epoch, step)).generate_state(1, np.uint64)
    return int(mixed[0] >> np.uint64(1))


def generator(draw: Draw, seed: int, epoch: int = 0, step: int = 0) -> torch.Generator:
    """A CPU generator at the start of that stream."""
    return torch.Generator().manual_seed(seed_of(draw, seed, epoch, step))


def order(count: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order of ``count`` images in an epoch, (count,)."""
    shuffled = torch.randperm(count, generator=generator(Draw.ORDER, seed, epoch))
    return np.asarray(shuffled.numpy())


def bounds(count: int, batch_size: int) -> list[tuple[int, int]]:
    """First and last+1 of every batch; a last batch of one image joins the one before.

    One image has no batch statistics, and its gradient would weigh as much as a whole batch's.
    """
    starts = list(range(0, count, batch_size))
    if len(starts) > 1 and count - starts[-1] == 1:
        starts.pop()
    return list(zip(starts, [*starts[1:], count], strict=True))


def resident(images_NHWC: NDArray[np.uint8], device: torch.device) -> NDArray[np.uint8] | Tensor:
    """The images as a uint8 tensor on a GPU that has room for them twice, else the array itself."""
    if device.type != "cuda" or 2 * images_NHWC.nbytes > torch.cuda.mem_get_info(device)[0]:
        return images_NHWC
    held = torch.empty(images_NHWC.shape, dtype=torch.uint8, device=device)
    for start in range(0, len(held), 4096):  # a part at a time: the host need not hold them all
        part = images_NHWC[start : start + 4096]
        held[start : start + len(part)] = torch.from_numpy(np.array(part))
    return held


class Gather:
    """Batches of images as floats, in one buffer that every batch reuses."""

    def __init__(
        self, image: tuple[int, int, int], largest: int, pixel_range: tuple[float, float],
        device: torch.device, memory_format: torch.memory_format,
    ) -> None:  # fmt: skip
        self.pixel_range = pixel_range
        self.buffer = torch.empty(largest, *image, device=device, memory_format=memory_format)

    def __call__(self, images_NHWC: NDArray[np.uint8] | Tensor, rows: NDArray[np.int64]) -> Tensor:
        """The images of these rows, float32 (B, C, H, W); valid until the next call."""
        if isinstance(images_NHWC, Tensor):
            batch = images_NHWC[torch.from_numpy(rows).to(images_NHWC.device)]
        else:
            batch = torch.from_numpy(images_NHWC[rows])
        return fill(self.buffer[: len(rows)], batch, self.pixel_range)
