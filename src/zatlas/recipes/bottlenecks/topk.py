"""A bottleneck that keeps the largest elements alone."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from zatlas.errors import InputError
from zatlas.recipes.part_text import STRICT, Count
from zatlas.recipes.parts import Bottleneck
from zatlas.recipes.step import Code, Shapes

_DECAY = 0.99  # of the mean of the threshold over batches


class Threshold(nn.Module):
    """The mean of the smallest kept value over the batches; -inf before the first."""

    value: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("value", torch.tensor(-torch.inf))

    @torch.no_grad()
    def update(self, smallest: Tensor) -> None:
        """Take the smallest kept value of a batch into the mean, where anything was kept."""
        first = torch.isinf(self.value)
        mean = torch.where(first, smallest, _DECAY * self.value + (1 - _DECAY) * smallest)
        self.value.copy_(torch.where(torch.isinf(smallest), self.value, mean))


@dataclass(frozen=True, config=STRICT)
class TopK(Bottleneck):
    """The k largest elements; the others are 0 (Makhzani & Frey 2013).

    With ``batch`` (BatchTopK, Bussmann et al. 2024) training keeps the k B largest positive
    elements of a batch of B images, so that an image may take more or fewer than k. The mean of the
    smallest kept value is the threshold, above which elements are kept when images are encoded: a
    code does not depend on the other images.
    """

    k: Count = 8
    batch: bool = False
    name: ClassVar[str] = "topk"
    formula: ClassVar[str] = "z_j = a_j where it is among the k largest, otherwise 0; a = E(x)"

    def build(self, shapes: Shapes) -> nn.Module | None:
        """The threshold of BatchTopK."""
        latent = int(np.prod(shapes.code))
        if self.k > latent:
            raise InputError(f"bottleneck: topk keeps k={self.k} of {latent}; give a smaller k")
        return Threshold() if self.batch else None

    def __call__(
        self, ends: Sequence[Tensor], noise_BD: Tensor | None = None, part: nn.Module | None = None
    ) -> Code:
        """The encoder's output, with 0 for what is not kept."""
        if isinstance(part, Threshold):
            code = self._of_batch(ends[0].relu(), part)
        else:
            least = ends[0].topk(self.k, dim=1).values[:, -1:]
            code = ends[0] * (ends[0] >= least)
        return Code(code, None, code, ends[0])

    def _of_batch(self, a_BD: Tensor, threshold: Threshold) -> Tensor:
        if not threshold.training:
            return a_BD * (a_BD > threshold.value)
        least = a_BD.flatten().topk(self.k * len(a_BD)).values[-1]
        kept = (a_BD >= least) & (a_BD > 0)
        threshold.update(a_BD.detach().where(kept, torch.inf).min().float())
        return a_BD * kept

    def project(self, z_BD: Tensor, part: nn.Module | None = None) -> Tensor:
        """The k elements of the largest magnitude; of BatchTopK 0 or the threshold or more."""
        if isinstance(part, Threshold):
            least = part.value.clamp(min=0)
            return torch.where(z_BD > least / 2, z_BD.clamp(min=least), 0.0)
        kept = z_BD.abs().topk(self.k, dim=1).indices
        return torch.zeros_like(z_BD).scatter(1, kept, z_BD.gather(1, kept))
