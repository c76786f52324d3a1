"""The batches of an epoch: the order of the images, and images as floats on the device."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zatlas.models.pixels import fill
from zatlas.seeding import Draw, generator


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


def gather(
    buffer_BCHW: Tensor, pixel_range: tuple[float, float],
    images_NHWC: NDArray[np.uint8] | Tensor, rows: NDArray[np.int64],
) -> Tensor:  # fmt: skip
    """The images of these rows as float32 (B, C, H, W), a part of the buffer."""
    if isinstance(images_NHWC, Tensor):
        batch = images_NHWC[torch.from_numpy(rows).to(images_NHWC.device)]
    else:
        batch = torch.from_numpy(images_NHWC[rows])
    return fill(buffer_BCHW[: len(rows)], batch, pixel_range)
