"""The three parts of the KL divergence, mean over the images (Chen et al. 2018, beta-TCVAE).

With q(z|x) the normal distribution of an image, q(z) their mean over the training images, and
q(z_j) that of one element, KL = mutual information + total correlation + KL of each element.
"""

import math
from typing import ClassVar, Literal, NamedTuple

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from zatlas.recipes.part_text import STRICT, Epochs, Weight
from zatlas.recipes.parts import Requirement, Term
from zatlas.recipes.step import Step

# How q(z) is estimated from a batch. `weighted`: the mean over the batch. This is minibatch
# weighted sampling without its constant log N, which has no gradient and would shift the reported
# values. `stratified`: of N training images the own one weighs 1/N, the others share the rest.
Sampling = Literal["weighted", "stratified"]


class Densities(NamedTuple):
    """Logarithms of densities at the drawn codes of a batch, in nats."""

    given_image_B: Tensor  # log q(z|x)
    joint_B: Tensor  # log q(z)
    marginal_BD: Tensor  # log q(z_j)
    prior_B: Tensor  # log p(z), standard normal


def log_normal(z: Tensor, m: Tensor, s: Tensor) -> Tensor:
    """The logarithm of the density of N(m, exp(s)^2) at z."""
    return -0.5 * (math.log(2 * math.pi) + ((z - m) / s.exp()).square()) - s


def log_weights(batch: int, images: int, sampling: Sampling) -> Tensor:
    """The logarithm of the weight of image j in q(z) at the code of image i, (batch, batch)."""
    if sampling == "weighted" or batch == 1:
        return torch.full((batch, batch), -math.log(batch))
    others = (images - 1) / images / (batch - 1)
    return torch.full((batch, batch), others).fill_diagonal_(1 / images).log()


def log_densities(step: Step, sampling: Sampling) -> Densities:
    """The densities at the drawn codes; the weights are counted once, in the sum over images."""
    m, s, z = step.output.gaussian
    log_q_BBD = log_normal(z[:, None], m, s)  # of code i under the distribution of image j
    weights_BB = log_weights(len(z), step.context.images, sampling).to(z)
    joint_B = (log_q_BBD.sum(2) + weights_BB).logsumexp(1)
    marginal_BD = (log_q_BBD + weights_BB[..., None]).logsumexp(1)
    zero = torch.zeros_like(z)
    given, prior = log_normal(z, m, s).sum(1), log_normal(z, zero, zero).sum(1)
    return Densities(given, joint_B, marginal_BD, prior)


@dataclass(frozen=True, config=STRICT)
class MutualInformation(Term):
    """Mutual information of images and codes in nats, log q(z|x) - log q(z)."""

    weight: Weight = 1.0
    sampling: Sampling = "weighted"
    warmup_epochs: Epochs = 0
    name: ClassVar[str] = "mutual_information"
    formula: ClassVar[str] = "log q(z|x) − log q(z)"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.SPREAD,)

    def __call__(self, step: Step) -> Tensor:
        """The values (B,) in nats."""
        found = log_densities(step, self.sampling)
        return found.given_image_B - found.joint_B


@dataclass(frozen=True, config=STRICT)
class TotalCorrelation(Term):
    """Total correlation of the elements in nats, log q(z) - Σ_j log q(z_j); 0 if independent."""

    weight: Weight = 1.0
    sampling: Sampling = "weighted"
    warmup_epochs: Epochs = 0
    name: ClassVar[str] = "tc"
    formula: ClassVar[str] = "log q(z) − Σ_j log q(z_j)"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.SPREAD,)

    def __call__(self, step: Step) -> Tensor:
        """The values (B,) in nats."""
        found = log_densities(step, self.sampling)
        return found.joint_B - found.marginal_BD.sum(1)


@dataclass(frozen=True, config=STRICT)
class ElementwiseKL(Term):
    """KL divergence of each element from the prior in nats, Σ_j log q(z_j) - log p(z)."""

    weight: Weight = 1.0
    sampling: Sampling = "weighted"
    warmup_epochs: Epochs = 0
    name: ClassVar[str] = "elementwise_kl"
    formula: ClassVar[str] = "Σ_j log q(z_j) − log p(z)"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.SPREAD,)

    def __call__(self, step: Step) -> Tensor:
        """The values (B,) in nats."""
        found = log_densities(step, self.sampling)
        return found.marginal_BD.sum(1) - found.prior_B
