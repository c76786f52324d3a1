"""The two penalties of Tripod (Hsu et al. 2024)."""

import math
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from zatlas.recipes.part_text import STRICT, Weight
from zatlas.recipes.parts import Place, Term
from zatlas.recipes.step import Step


@dataclass(frozen=True, config=STRICT)
class MultiInformation(Term):
    """log q(z) - Σ_j log q_j(z_j): the total correlation of the codes, in nats (Hsu et al. 2024).

    q and q_j are kernel densities of the other codes of the batch, of N in all. The bandwidth of
    element j is sd_j N^(-1/(D+4)), the same in both: so the mean is near 0 for a few independent
    elements. For many elements it is lower by a number that hardly depends on the codes.
    """

    weight: Weight = 1.0
    name: ClassVar[str] = "multi_information"
    formula: ClassVar[str] = "log q(z) − Σ_j log q_j(z_j)"

    def __call__(self, step: Step) -> Tensor:
        """The values (B,); their mean over the batch is the estimate."""
        z = step.output.z_BD
        count, latent = z.shape
        if count < 2:  # there are no other codes
            return step.each(z.new_zeros(()))
        bandwidths = z.std(0, correction=0).clamp_min(1e-6) * count ** (-1 / (latent + 4))
        scaled = z / bandwidths
        exponents_BBD = -0.5 * (scaled[:, None] - scaled).square()
        itself = torch.eye(count, dtype=torch.bool, device=z.device)[..., None]
        exponents_BBD = exponents_BBD.masked_fill(itself, -math.inf)
        joint: Tensor = exponents_BBD.sum(2).logsumexp(1)
        marginals: Tensor = exponents_BBD.logsumexp(1).sum(1)
        return joint - marginals + (latent - 1) * math.log(count - 1)


def second_differences(step: Step, directions_BD: Tensor) -> Tensor:
    """D(z + v) + D(z - v) (B, C, H, W): the second difference along v, but for -2 D(z)."""
    z = step.output.z_BD
    decode = step.model.decode
    return decode(z + directions_BD) + decode(z - directions_BD)


@dataclass(frozen=True, config=STRICT)
class Hessian(Term):
    """How far the decoder's elements act together: from 0, where each acts by itself, to 1.

    It is the variance of second differences of a picture along random signs, divided by that along
    normal directions (Peebles et al. 2020, normalised by Hsu et al. 2024); both are summed over
    pixels and images. With the Hessian H of a pixel they are 2 Σ_{i≠j} H_ij² and 2 Σ_ij H_ij².
    Directions are ``size`` times the sd of each element over the batch. Of each kind two are drawn
    for an image, so that a step decodes eight times more.
    """

    weight: Weight = 1.0
    size: Annotated[float, Field(gt=0)] = 0.1
    name: ClassVar[str] = "hessian"
    acts_on: ClassVar[Place] = "decoder"
    formula: ClassVar[str] = "Var_signs(vᵀHv) / Var_normal(vᵀHv)"

    def __call__(self, step: Step) -> Tensor:
        """The values (B,), all the same."""
        normal = [step.normal(*step.output.z_BD.shape) for _ in range(4)]
        along_signs = self.variance(step, [each.sign() for each in normal[:2]])
        along_normal = self.variance(step, normal[2:])
        return step.each(along_signs.sum() / along_normal.sum().clamp_min(1e-12))

    def variance(self, step: Step, directions: list[Tensor]) -> Tensor:
        """The variance (B,) of second derivatives along two directions, summed over pixels."""
        z = step.output.z_BD
        scale = self.size * z.detach().std(0, correction=0)
        one, other = (second_differences(step, scale * d) for d in directions)
        return 0.5 * (one - other).square().flatten(1).sum(1) / self.size**4
