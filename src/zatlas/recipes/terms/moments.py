"""Penalties on the codes of a batch as a sample: their covariance, and distances to the prior."""

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional

from zatlas.recipes.part_text import STRICT, Count, Epochs, Weight
from zatlas.recipes.parts import Requirement, Term
from zatlas.recipes.step import Step

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # of the kernels (Tolstikhin et al. 2018)


@dataclass(frozen=True, config=STRICT)
class DIP(Term):
    """Distance of the covariance of the codes from the identity (Kumar et al. 2018, DIP-VAE).

    Σ_{i≠j} Cov_ij^2 + diagonal Σ_i (Cov_ii - 1)^2, with the covariance over the batch, divided by
    B. ``kind`` I takes the covariance of the means m; II adds the mean of the variances, which is
    the covariance of the drawn codes. The paper has ``diagonal`` 10 for I and 1 for II.
    """

    weight: Weight = 10.0
    diagonal: Weight = 10.0
    kind: Literal["I", "II"] = "I"
    warmup_epochs: Epochs = 0
    name: ClassVar[str] = "dip"
    formula: ClassVar[str] = "Σ_{i≠j} Cov_ij² + diagonal·Σ_i (Cov_ii − 1)²"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.SPREAD,)

    def __call__(self, step: Step) -> Tensor:
        """The value of the batch, (B,)."""
        mean, log_sd, _ = step.output.gaussian
        covariance_DD = mean.T.cov(correction=0).view(mean.shape[1], -1)
        if self.kind == "II":
            covariance_DD = covariance_DD + (2 * log_sd).exp().mean(0).diag()
        variances = covariance_DD.diagonal()
        between = covariance_DD.square().sum() - variances.square().sum()
        return step.each(between + self.diagonal * (variances - 1).square().sum())


def inverse_multiquadratic(squared: Tensor, c: float) -> Tensor:
    """c / (c + d^2)."""
    return c / (c + squared)


def radial_basis(squared: Tensor, c: float) -> Tensor:
    """exp(-d^2 / c)."""
    return torch.exp(-squared / c)


KERNELS = {"imq": inverse_multiquadratic, "rbf": radial_basis}


def squared_distances(a_ND: Tensor, b_MD: Tensor) -> Tensor:
    """Squared distances (N, M) of the rows of two matrices, never negative."""
    both = a_ND.square().sum(1)[:, None] + b_MD.square().sum(1)
    return (both - 2 * a_ND @ b_MD.T).clamp(min=0)


def mmd(a_ND: Tensor, b_ND: Tensor, kernel: str, scales: tuple[float, ...] = SCALES) -> Tensor:
    """The squared maximum mean discrepancy of two samples, the sum over the scales, a scalar.

    mean k(a, a') + mean k(b, b') - 2 mean k(a, b), with c = 2 D times a scale. It is the biased
    estimate (V-statistic): the diagonal counts. So it is at least 0, and 0 for equal samples.
    """
    pairs = [squared_distances(*pair) for pair in ((a_ND, a_ND), (b_ND, b_ND), (a_ND, b_ND))]
    total = a_ND.new_zeros(())
    for scale in scales:
        aa, bb, ab = (KERNELS[kernel](pair, 2 * a_ND.shape[1] * scale).mean() for pair in pairs)
        total = total + aa + bb - 2 * ab
    return total


@dataclass(frozen=True, config=STRICT)
class MaximumMeanDiscrepancy(Term):
    """Squared maximum mean discrepancy of the codes and draws from the prior N(0, 1).

    It is the biased estimate of :func:`mmd`, with the inverse multiquadratic kernel c / (c + d^2)
    (``imq``, Tolstikhin et al. 2018, WAE) or exp(-d^2 / c) (``rbf``, Zhao et al. 2019, InfoVAE).
    """

    weight: Weight = 100.0
    kernel: Literal["imq", "rbf"] = "imq"
    warmup_epochs: Epochs = 0
    name: ClassVar[str] = "mmd"
    formula: ClassVar[str] = "mean k(z, z′) + mean k(p, p′) − 2 mean k(z, p), p ~ N(0, 1)"

    def __call__(self, step: Step) -> Tensor:
        """The value of the batch, (B,)."""
        z = step.output.z_BD
        return step.each(mmd(z, step.normal(*z.shape), self.kernel))


def sliced_wasserstein(a_ND: Tensor, b_ND: Tensor, directions_DK: Tensor) -> Tensor:
    """The mean over directions of the mean squared difference of the sorted projections."""
    a_NK, b_NK = ((sample @ directions_DK).sort(0).values for sample in (a_ND, b_ND))
    return (a_NK - b_NK).square().mean()


@dataclass(frozen=True, config=STRICT)
class SlicedWasserstein(Term):
    """Sliced Wasserstein distance of the codes from draws from the prior N(0, 1), squared.

    mean over random unit vectors θ of mean (sort zθ - sort pθ)^2 (Kolouri et al. 2018, SWAE).
    """

    weight: Weight = 100.0
    directions: Annotated[Count, Field(le=10_000)] = 50
    warmup_epochs: Epochs = 0
    name: ClassVar[str] = "sliced_wasserstein"
    formula: ClassVar[str] = "mean over θ of mean (sort zθ − sort pθ)², p ~ N(0, 1), ‖θ‖ = 1"

    def __call__(self, step: Step) -> Tensor:
        """The value of the batch, (B,)."""
        z = step.output.z_BD
        prior = step.normal(*z.shape)
        directions_DK = functional.normalize(step.normal(z.shape[1], self.directions), dim=0)
        return step.each(sliced_wasserstein(z, prior, directions_DK))
