"""Discriminators of codes: of FactorVAE, and of the adversarial autoencoder."""

import math
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn.functional import softplus

from zatlas.recipes import discriminators
from zatlas.recipes.bottlenecks.gaussian import Gaussian
from zatlas.recipes.part_text import STRICT, Count, Weight
from zatlas.recipes.parts import Critic, Requirement
from zatlas.recipes.step import Network, Shapes, Step


def told_apart(real: Tensor, fake: Tensor) -> Tensor:
    """The cross entropy of a discriminator that gives the logits T: -log σ(T) - log(1 - σ(T))."""
    return softplus(-real) + softplus(fake)


def permuted(z_BD: Tensor, generator: torch.Generator) -> Tensor:
    """The codes with each element permuted over the batch by itself."""
    order = torch.rand(z_BD.shape, generator=generator).argsort(0).to(z_BD.device)
    return z_BD.gather(0, order)


@dataclass(frozen=True, config=STRICT)
class PermutedCodes(Critic):
    """The discriminator T of FactorVAE: codes against codes with permuted elements.

    Its loss is -log σ(T(z)) - log(1 - σ(T(z'))), where each element of z' is permuted over the
    batch, so that elements are independent (Kim & Mnih 2018). The codes of one batch serve for
    both; the paper takes a second batch for z'. It is trained after the objective's step.
    """

    width: Count = 512
    hidden: Count = 5
    rate: Weight = 0.1
    name: ClassVar[str] = discriminators.PERMUTED_CODES
    formula: ClassVar[str] = "−log σ(T(z)) − log(1 − σ(T(permuted z)))"
    gives: ClassVar[frozenset[Requirement]] = frozenset({Requirement.PERMUTED_CODES})

    def build(self, shapes: Shapes) -> nn.Module:
        """The discriminator."""
        return discriminators.of_codes(math.prod(shapes.code), self.width, self.hidden)

    def loss(self, step: Step) -> Tensor:
        """The values (B,)."""
        discriminator, z = step.model.parts[self.name], step.output.z_BD
        return told_apart(discriminator(z), discriminator(permuted(z, step.generator)))


@dataclass(frozen=True, config=STRICT)
class PriorCodes(Critic):
    """The discriminator T of an adversarial autoencoder: draws from N(0, 1) against codes.

    Its loss is -log σ(T(p)) - log(1 - σ(T(z))) (Makhzani et al. 2015). It is trained after the
    objective's step.
    """

    width: Count = 512
    hidden: Count = 2
    rate: Weight = 0.2
    name: ClassVar[str] = discriminators.PRIOR_CODES
    formula: ClassVar[str] = "−log σ(T(p)) − log(1 − σ(T(z))), p ~ N(0, 1)"
    gives: ClassVar[frozenset[Requirement]] = frozenset({Requirement.PRIOR_CODES})

    def build(self, shapes: Shapes) -> nn.Module:
        """The discriminator."""
        return discriminators.of_codes(math.prod(shapes.code), self.width, self.hidden)

    def loss(self, step: Step) -> Tensor:
        """The values (B,)."""
        discriminator, z = step.model.parts[self.name], step.output.z_BD
        return told_apart(discriminator(step.normal(*z.shape)), discriminator(z))

    def sample_prior(self, model: Network, count: int, seed: int) -> NDArray[np.float32]:
        """Codes from the standard normal distribution."""
        return Gaussian().sample(count, model.latent, seed)
