"""Reconstruction terms: how far decoded pictures are from the given ones."""

import math
from typing import ClassVar, Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from zatlas.recipes.part_text import STRICT, Positive, Weight
from zatlas.recipes.parts import Requirement, Term
from zatlas.recipes.step import Shapes, Step

MIN_LOG_SD = -6.0  # of the pixels, so that equal pictures have a likelihood


@dataclass(frozen=True, config=STRICT)
class MeanSquaredError(Term):
    """Mean of (y - x)^2 over the pixels and channels of an image."""

    weight: Weight = 1.0
    name: ClassVar[str] = "mse"
    formula: ClassVar[str] = "mean (x̂ − x)²"

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        x, y = step.x_BCHW, step.output.output_BCHW
        return functional.mse_loss(y, x, reduction="none").flatten(1).mean(1)


@dataclass(frozen=True, config=STRICT)
class SumOfSquaredErrors(Term):
    """Sum of (y - x)^2: minus twice the log likelihood of a normal with sd 1, up to a constant."""

    weight: Weight = 1.0
    name: ClassVar[str] = "sse"
    formula: ClassVar[str] = "Σ (x̂ − x)²"

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        x, y = step.x_BCHW, step.output.output_BCHW
        return functional.mse_loss(y, x, reduction="none").flatten(1).sum(1)


@dataclass(frozen=True, config=STRICT)
class MeanAbsoluteError(Term):
    """Mean of abs(y - x) over the pixels and channels of an image."""

    weight: Weight = 1.0
    name: ClassVar[str] = "mae"
    formula: ClassVar[str] = "mean |x̂ − x|"

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        x, y = step.x_BCHW, step.output.output_BCHW
        return functional.l1_loss(y, x, reduction="none").flatten(1).mean(1)


@dataclass(frozen=True, config=STRICT)
class BinaryCrossEntropy(Term):
    """Sum of -x log y - (1 - x) log(1 - y): minus the log likelihood of Bernoulli pixels.

    Pixels between 0 and 1 are taken too (Kingma & Welling 2013, appendix C.1).
    """

    weight: Weight = 1.0
    name: ClassVar[str] = "bce"
    formula: ClassVar[str] = "−Σ x log x̂ + (1 − x) log(1 − x̂)"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.UNIT_RANGE,)

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        x, y = step.x_BCHW, step.output.output_BCHW
        return functional.binary_cross_entropy(y, x, reduction="none").flatten(1).sum(1)


class _LogSd(nn.Module):
    """The logarithm of one standard deviation, to be learned."""

    def __init__(self) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.zeros(()))


@dataclass(frozen=True, config=STRICT)
class GaussianLikelihood(Term):
    """Minus the log likelihood of normal pixels, Σ (y - x)^2 / (2 σ^2) + log σ + log(2π) / 2.

    σ is one number, in units of the pixel values: ``optimal``, the root of the mean squared error
    of the batch (Rybkin et al. 2021, sigma-VAE), or ``learned``, a parameter. It makes a weight of
    the KL divergence needless. The value can be negative, as it is that of a density.
    """

    weight: Weight = 1.0
    sd: Literal["optimal", "learned"] = "optimal"
    name: ClassVar[str] = "gaussian_nll"
    formula: ClassVar[str] = "Σ ((x̂ − x)²/(2σ²) + log σ + ½ log 2π)"

    def build(self, shapes: Shapes) -> nn.Module | None:
        """The logarithm of a learned σ."""
        return _LogSd() if self.sd == "learned" else None

    def __call__(self, step: Step) -> Tensor:
        """The values (B,) in nats."""
        squared_BP = (step.output.output_BCHW - step.x_BCHW).square().flatten(1)
        if self.sd == "learned":
            log_sd = step.model.parts[self.name].get_parameter("value").clamp(min=MIN_LOG_SD)
        else:
            log_sd = 0.5 * squared_BP.mean().clamp(min=math.exp(2 * MIN_LOG_SD)).log()
        return (0.5 * squared_BP / (2 * log_sd).exp() + log_sd + 0.5 * math.log(2 * math.pi)).sum(1)


@dataclass(frozen=True, config=STRICT)
class LogCosh(Term):
    """Sum of log cosh(a (y - x)) / a, with a the ``sharpness`` (Chen et al. 2019).

    Near 0 it is a (y - x)^2 / 2, far from 0 abs(y - x).
    """

    weight: Weight = 1.0
    sharpness: Positive = 10.0
    name: ClassVar[str] = "log_cosh"
    formula: ClassVar[str] = "Σ log cosh(a (x̂ − x)) / a"

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        scaled = self.sharpness * (step.output.output_BCHW - step.x_BCHW).abs()
        log_cosh = scaled + functional.softplus(-2 * scaled) - math.log(2)  # without an overflow
        return log_cosh.flatten(1).sum(1) / self.sharpness


@dataclass(frozen=True, config=STRICT)
class MaskedSquaredError(Term):
    """Mean of (y - x)^2 over what the corruption changed (He et al. 2022, masked autoencoders).

    Where it changed nothing, as in held-out images, it is the mean over the whole image.
    """

    weight: Weight = 1.0
    name: ClassVar[str] = "masked_mse"
    formula: ClassVar[str] = "mean (x̂ − x)², over what the corruption changed"

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        changed_BP = (step.corrupted_BCHW != step.x_BCHW).flatten(1)
        counted_BP = changed_BP | ~changed_BP.any(1, keepdim=True)
        squared_BP = (step.output.output_BCHW - step.x_BCHW).square().flatten(1)
        return (squared_BP * counted_BP).sum(1) / counted_BP.sum(1)
