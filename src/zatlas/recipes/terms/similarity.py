"""Reconstruction by structural similarity: how alike two pictures are in a moving window."""

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional

from zatlas.errors import InputError
from zatlas.recipes.part_text import STRICT, Weight
from zatlas.recipes.parts import Term
from zatlas.recipes.step import Shapes, Step

WINDOW_PIXELS, WINDOW_SD_PIXELS = 11, 1.5  # as in the paper


@dataclass(frozen=True, config=STRICT)
class StructuralDissimilarity(Term):
    """1 - SSIM, the mean over the places of a window that lie in the image, and over channels.

    SSIM compares the mean, the contrast and the pattern of two pictures in a Gaussian window of
    11 pixels and sd 1.5 (Wang et al. 2004). ``data_range`` is white minus black: 2 for [-1, 1].
    ``scales`` is the number of sizes that it is the mean over, each half of the one before.
    """

    weight: Weight = 1.0
    data_range: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0
    scales: Annotated[int, Field(ge=1)] = 1
    name: ClassVar[str] = "ssim"
    formula: ClassVar[str] = "1 − SSIM(x̂, x)"

    def build(self, shapes: Shapes) -> None:
        """The window must fit into the smallest size."""
        side, needed = min(shapes.image[1:]), WINDOW_PIXELS << (self.scales - 1)
        if side < needed:
            fault = f"ssim needs images of {needed} pixels a side; these have {side}"
            raise InputError(f"objective: {fault}")

    def __call__(self, step: Step) -> Tensor:
        """The values (B,), from 0 for equal pictures to 2."""
        x, y = step.x_BCHW, step.output.output_BCHW
        values = [similarity(x, y, self.data_range)]
        for _ in range(self.scales - 1):
            x, y = functional.avg_pool2d(x, 2), functional.avg_pool2d(y, 2)
            values.append(similarity(x, y, self.data_range))
        return 1 - torch.stack(values).mean(0)


def similarity(x_BCHW: Tensor, y_BCHW: Tensor, data_range: float) -> Tensor:
    """The mean SSIM (B,) of two batches of pictures; see ``StructuralDissimilarity``."""
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    rows, columns = (_windows(side, x_BCHW) for side in x_BCHW.shape[2:])

    def windowed(image_BCHW: Tensor) -> Tensor:
        return rows @ image_BCHW @ columns.T  # at 64 pixels faster than a convolution

    x, y = windowed(x_BCHW), windowed(y_BCHW)
    product, squares = x * y, x.square() + y.square()
    covariance = windowed(x_BCHW * y_BCHW) - product
    variances = windowed(x_BCHW.square() + y_BCHW.square()) - squares
    means = (2 * product + c1) / (squares + c1)
    return (means * (2 * covariance + c2) / (variances + c2)).flatten(1).mean(1)


def _windows(side: int, like: Tensor) -> Tensor:
    """The window's weights at each of its places in ``side`` pixels, (places, side)."""
    half = WINDOW_PIXELS // 2
    pixels = torch.arange(side, dtype=like.dtype, device=like.device)
    apart = pixels - pixels[half : side - half, None]
    weights = torch.exp(-0.5 * (apart / WINDOW_SD_PIXELS).square()) * (apart.abs() <= half)
    return weights / weights.sum(1, keepdim=True)
