"""A bottleneck of Gaussian elements and one category, as JointVAE has it."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from zatlas.errors import InputError
from zatlas.recipes.bottlenecks.gaussian import Gaussian, drawn
from zatlas.recipes.part_text import STRICT
from zatlas.recipes.parts import Bottleneck, Grid, Head, Requirement
from zatlas.recipes.step import Code, Shapes


@dataclass(frozen=True, config=STRICT)
class Gumbel(Bottleneck):
    """Gaussian elements, then a category (Dupont 2018; Jang et al. 2017; Maddison et al. 2017).

    The last ``categories`` elements are 1 for the category and 0 for the others. Training decodes
    softmax((l + g)/t) in their place, with the logits l, Gumbel noise g and ``temperature`` t.
    """

    categories: Annotated[int, Field(ge=2)] = 10
    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.67
    name: ClassVar[str] = "gumbel"
    formula: ClassVar[str] = "z = (m + exp(s)·ε, softmax((l + g)/t)), g = −log(−log u), u ~ U(0, 1)"
    heads: ClassVar[tuple[Head, ...]] = Gaussian.heads
    needs_noise: ClassVar[bool] = True
    gives: ClassVar[frozenset[Requirement]] = frozenset(
        {Requirement.SPREAD, Requirement.CATEGORICAL}
    )

    def build(self, shapes: Shapes) -> None:
        """Nothing; InputError where no element is left for the Gaussian part."""
        latent = int(np.prod(shapes.code))
        if self.categories >= latent:
            fault = f"gumbel has {self.categories} categories, but a code has {latent} elements"
            raise InputError(f"bottleneck: {fault}; give fewer categories or a larger latent")

    def __call__(
        self, ends: Sequence[Tensor], noise_BD: Tensor | None = None, part: nn.Module | None = None
    ) -> Code:
        """The mean and the likeliest category; the logits stand in the encoder's output."""
        count = ends[0].shape[1] - self.categories
        mean, logits = ends[0][:, :count], ends[0][:, count:]
        log_sd = ends[1][:, :count]
        code = torch.cat([mean, _one_hot(logits)], 1)
        if noise_BD is None:
            return Code(code, log_sd, code, ends[0])
        gumbel = -(-torch.special.log_ndtr(noise_BD[:, count:])).log()  # of normal noise
        soft = ((logits + gumbel) / self.temperature).softmax(1)
        z = torch.cat([drawn(mean, log_sd, noise_BD[:, :count]), soft], 1)
        return Code(code, log_sd, z, ends[0])

    def project(self, z_BD: Tensor, part: nn.Module | None = None) -> Tensor:
        """The same Gaussian elements, and the category of the largest element."""
        count = z_BD.shape[1] - self.categories
        return torch.cat([z_BD[:, :count], _one_hot(z_BD[:, count:])], 1)

    def grid(self, latent: int, part: nn.Module | None = None) -> Grid:
        """0 and 1 for the elements of the category."""
        free = latent - self.categories
        return (None,) * free + (np.array([0, 1], np.float32),) * self.categories

    def sample(self, count: int, latent: int, seed: int) -> NDArray[np.float32]:
        """Standard normal elements, and a category of the uniform distribution."""
        codes, free = Gaussian().sample(count, latent, seed), latent - self.categories
        category = codes[:, free:].argmax(1)  # of independent numbers, each is equally likely
        codes[:, free:] = np.eye(self.categories, dtype=np.float32)[category]
        return codes


def _one_hot(values_BK: Tensor) -> Tensor:
    """1 for the largest value of each row, 0 for the others."""
    return functional.one_hot(values_BK.argmax(1), values_BK.shape[1]).to(values_BK.dtype)
