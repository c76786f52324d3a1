"""Bottlenecks of real numbers: the encoder's output itself, and a normal distribution."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from zatlas.recipes.part_text import STRICT
from zatlas.recipes.parts import Bottleneck, Head, Requirement
from zatlas.recipes.step import Code


@dataclass(frozen=True, config=STRICT)
class Plain(Bottleneck):
    """The encoder's output is the code (Hinton & Salakhutdinov 2006)."""

    name: ClassVar[str] = "plain"
    formula: ClassVar[str] = "z = E(x)"

    def __call__(
        self, ends: Sequence[Tensor], noise_BD: Tensor | None = None, part: nn.Module | None = None
    ) -> Code:
        """The encoder's output."""
        return Code(ends[0], None, ends[0])


def drawn(mean_BD: Tensor, log_sd_BD: Tensor, noise_BD: Tensor) -> Tensor:
    """A code drawn from a normal distribution by standard normal noise, z = m + exp(s) e."""
    return mean_BD + log_sd_BD.exp() * noise_BD


@dataclass(frozen=True, config=STRICT)
class Gaussian(Bottleneck):
    """A normal distribution for each element, z = m + exp(s) e (Kingma & Welling 2013)."""

    name: ClassVar[str] = "gaussian"
    formula: ClassVar[str] = "z = μ + σ·ε, ε ~ N(0, 1)"
    heads: ClassVar[tuple[Head, ...]] = (Head("m", "means"), Head("s", "log_sds"))
    needs_noise: ClassVar[bool] = True
    gives: ClassVar[frozenset[Requirement]] = frozenset({Requirement.SPREAD})

    def __call__(
        self, ends: Sequence[Tensor], noise_BD: Tensor | None = None, part: nn.Module | None = None
    ) -> Code:
        """The mean m, the log standard deviation s, and z drawn by the noise e; without it m."""
        mean, log_sd = ends
        return Code(mean, log_sd, mean if noise_BD is None else drawn(mean, log_sd, noise_BD))

    def sample(self, count: int, latent: int, seed: int) -> NDArray[np.float32]:
        """Codes from the standard normal distribution."""
        rng = np.random.default_rng(seed)
        return rng.standard_normal((count, latent)).astype(np.float32)
