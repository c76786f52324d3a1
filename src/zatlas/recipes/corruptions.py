"""What is done to a picture before it is encoded in training; it is compared with the clean one."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from zatlas.recipes.part_text import STRICT, Count, Weight
from zatlas.recipes.parts import Corruption

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, config=STRICT)
class Unchanged(Corruption):
    """Pictures stay as they are."""

    name: ClassVar[str] = "none"
    formula: ClassVar[str] = "x"

    def __call__(self, x_BCHW: Tensor, generator: torch.Generator) -> Tensor:
        """The same pictures."""
        return x_BCHW


@dataclass(frozen=True, config=STRICT)
class GaussianNoise(Corruption):
    """Normal noise is added to each value (Vincent et al. 2010).

    ``sd`` is in units of the pixel values: with the range [-1, 1], 0.2 is a tenth of the range. The
    sum is not clipped to the range.
    """

    sd: Weight = 0.2
    name: ClassVar[str] = "gaussian"
    formula: ClassVar[str] = "x + sd·ε, ε ~ N(0, 1)"

    def __call__(self, x_BCHW: Tensor, generator: torch.Generator) -> Tensor:
        """The changed pictures, a new tensor."""
        return x_BCHW + self.sd * torch.randn(x_BCHW.shape, generator=generator).to(x_BCHW.device)


@dataclass(frozen=True, config=STRICT)
class Masking(Corruption):
    """A share of the pixels, drawn for each image, becomes 0 (Vincent et al. 2010).

    0 is the middle grey of the range [-1, 1], and the black of [0, 1].
    """

    fraction: Share = 0.25
    name: ClassVar[str] = "masking"
    formula: ClassVar[str] = "x·k, k ~ Bernoulli(1 − fraction) for each pixel"

    def __call__(self, x_BCHW: Tensor, generator: torch.Generator) -> Tensor:
        """The changed pictures, a new tensor."""
        return x_BCHW.masked_fill(_uniform_pixels(x_BCHW, generator) < self.fraction, 0)


@dataclass(frozen=True, config=STRICT)
class SaltAndPepper(Corruption):
    """A share of the pixels becomes black or white, each with probability ½ (Vincent et al. 2010).

    Black and white are the smallest and the largest value in the batch.
    """

    fraction: Share = 0.1
    name: ClassVar[str] = "salt_and_pepper"
    formula: ClassVar[str] = "x, but min x or max x in a fraction of the pixels"

    def __call__(self, x_BCHW: Tensor, generator: torch.Generator) -> Tensor:
        """The changed pictures, a new tensor."""
        u_B1HW = _uniform_pixels(x_BCHW, generator)
        peppered = torch.where(u_B1HW < self.fraction / 2, x_BCHW.min(), x_BCHW)
        return torch.where(u_B1HW > 1 - self.fraction / 2, x_BCHW.max(), peppered)


@dataclass(frozen=True, config=STRICT)
class Patch(Corruption):
    """A share of the square patches of each image becomes 0 (He et al. 2022, masked autoencoders).

    The grid of patches of ``size`` x ``size`` pixels starts at the upper left corner. The number of
    masked patches is the same in every image: the fraction, rounded. The term ``masked_mse``
    compares pictures there alone.
    """

    size: Count = 8
    fraction: Share = 0.5
    name: ClassVar[str] = "patch"
    formula: ClassVar[str] = "x, but 0 in a fraction of the patches of size × size pixels"

    def __call__(self, x_BCHW: Tensor, generator: torch.Generator) -> Tensor:
        """The changed pictures, a new tensor."""
        count, (height, width) = len(x_BCHW), x_BCHW.shape[2:]
        rows, columns = -(-height // self.size), -(-width // self.size)
        ranks = torch.rand(count, rows * columns, generator=generator).argsort(1).argsort(1)
        mask = (ranks < round(self.fraction * rows * columns)).view(count, 1, rows, columns)
        mask = mask.repeat_interleave(self.size, 2).repeat_interleave(self.size, 3)
        return x_BCHW.masked_fill(mask[:, :, :height, :width].to(x_BCHW.device), 0)


def _uniform_pixels(x_BCHW: Tensor, generator: torch.Generator) -> Tensor:
    """A number in [0, 1) for each pixel, the same for all its channels."""
    return torch.rand(x_BCHW[:, :1].shape, generator=generator).to(x_BCHW.device)


CORRUPTIONS: Mapping[str, type[Corruption]] = {
    part.name: part for part in (Unchanged, GaussianNoise, Masking, SaltAndPepper, Patch)
}
