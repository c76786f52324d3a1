"""The terms of objectives: reconstruction terms and penalties. A new one is a class here."""

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional

from zatlas.recipes.step import Context, ForwardOutput, Requirement, Term

STRICT = ConfigDict(extra="forbid")  # an unknown parameter is a fault
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Epochs = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, config=STRICT)
class _Reconstruction:
    """How far decoded pictures are from the given ones: a loss over pixels and channels."""

    weight: Weight = 1.0
    requires: ClassVar[tuple[Requirement, ...]] = ()
    warmup_epochs: ClassVar[int] = 0
    loss: ClassVar[Callable[..., Tensor]] = functional.mse_loss
    mean: ClassVar[bool] = False  # over pixels and channels; otherwise the sum

    def __call__(self, x_BCHW: Tensor, output: ForwardOutput, context: Context) -> Tensor:
        """The values (B,)."""
        losses = type(self).loss(output.output_BCHW, x_BCHW, reduction="none").flatten(1)
        return losses.mean(1) if self.mean else losses.sum(1)


class MeanSquaredError(_Reconstruction):
    """Mean of (y - x)^2 over the pixels and channels of an image."""

    name: ClassVar[str] = "mse"
    mean = True


class SumOfSquaredErrors(_Reconstruction):
    """Sum of (y - x)^2: minus twice the log likelihood of a normal with sd 1, up to a constant."""

    name: ClassVar[str] = "sse"


class MeanAbsoluteError(_Reconstruction):
    """Mean of abs(y - x) over the pixels and channels of an image."""

    name: ClassVar[str] = "mae"
    loss = functional.l1_loss
    mean = True


class BinaryCrossEntropy(_Reconstruction):
    """Sum of -x log y - (1 - x) log(1 - y): minus the log likelihood of Bernoulli pixels.

    Pixels between 0 and 1 are taken too (Kingma & Welling 2013, appendix C.1).
    """

    name: ClassVar[str] = "bce"
    loss = functional.binary_cross_entropy
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.UNIT_RANGE,)


def exact_kl(m: Tensor, s: Tensor) -> Tensor:
    """KL(N(m, exp(s)^2) || N(0, 1)) in nats, element by element.

    It is (exp(2 s) - 1 - 2 s + m^2) / 2, with s the logarithm of the standard deviation (Kingma &
    Welling 2013, appendix B).
    """
    return 0.5 * (torch.exp(2 * s) - 1 - 2 * s + m.square())


def course_kl(m: Tensor, s: Tensor) -> Tensor:  # noqa: ARG001  one signature for all conventions
    """exp(s) - 1 - s, as some courses print it. It does not pull m towards 0."""
    return torch.exp(s) - 1 - s


def course_m2_kl(m: Tensor, s: Tensor) -> Tensor:
    """exp(s) - 1 - s + m^2, as some courses print it."""
    return torch.exp(s) - 1 - s + m.square()


CONVENTIONS = {"exact": exact_kl, "course": course_kl, "course-m2": course_m2_kl}


@dataclass(frozen=True, config=STRICT)
class KLDivergence:
    """KL divergence from the standard normal prior, the sum over the elements of a code.

    With the weight 1 and ``sse`` or ``bce`` it makes a variational autoencoder (Kingma & Welling
    2013), with a larger one a beta-VAE (Higgins et al. 2017). ``convention`` is the formula.
    """

    weight: Weight = 1.0
    convention: Literal["exact", "course", "course-m2"] = "exact"
    warmup_epochs: Epochs = 0
    name: ClassVar[str] = "kl"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.SPREAD,)

    def __call__(self, x_BCHW: Tensor, output: ForwardOutput, context: Context) -> Tensor:
        """The values (B,) in nats."""
        assert output.log_sd_BD is not None  # `requires` has been checked
        return CONVENTIONS[self.convention](output.mean_BD, output.log_sd_BD).sum(1)


_RECONSTRUCTIONS = (MeanSquaredError, SumOfSquaredErrors, MeanAbsoluteError, BinaryCrossEntropy)
RECONSTRUCTION_TERMS: Mapping[str, type[Term]] = {term.name: term for term in _RECONSTRUCTIONS}
PENALTIES: Mapping[str, type[Term]] = {term.name: term for term in (KLDivergence,)}
TERMS: Mapping[str, type[Term]] = {**RECONSTRUCTION_TERMS, **PENALTIES}
