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
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Epochs = Annotated[int, Field(ge=0)]
Scales = Annotated[int, Field(ge=1)]
WINDOW_PIXELS, WINDOW_SD_PIXELS = 11, 1.5  # of SSIM, as in its paper


@dataclass(frozen=True, config=STRICT)
class _Reconstruction:
    """How far decoded pictures are from the given ones: a loss over pixels and channels."""

    weight: Weight = 1.0
    requires: ClassVar[tuple[Requirement, ...]] = ()
    warmup_epochs: ClassVar[int] = 0
    smallest_side: ClassVar[int] = 1
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


@dataclass(frozen=True, config=STRICT)
class StructuralDissimilarity:
    """1 - SSIM, the mean over the pixels whose window lies in the image, and over channels.

    SSIM compares the mean, the contrast and the pattern of two pictures in a Gaussian window of
    11 pixels and sd 1.5 (Wang et al. 2004). ``data_range`` is white minus black: 2 for [-1, 1].
    ``scales`` is the number of sizes that it is the mean over, each half of the one before.
    """

    weight: Weight = 1.0
    data_range: Positive = 2.0
    scales: Scales = 1
    name: ClassVar[str] = "ssim"
    requires: ClassVar[tuple[Requirement, ...]] = ()
    warmup_epochs: ClassVar[int] = 0

    @property
    def smallest_side(self) -> int:
        """The window fits into the smallest size."""
        return WINDOW_PIXELS << (self.scales - 1)

    def __call__(self, x_BCHW: Tensor, output: ForwardOutput, context: Context) -> Tensor:
        """The values (B,), from 0 for equal pictures to 2."""
        x, y = x_BCHW, output.output_BCHW
        total = 1 - structural_similarity(x, y, self.data_range)
        for _ in range(self.scales - 1):
            x, y = functional.avg_pool2d(x, 2), functional.avg_pool2d(y, 2)
            total = total + 1 - structural_similarity(x, y, self.data_range)
        return total / self.scales


def structural_similarity(x_BCHW: Tensor, y_BCHW: Tensor, data_range: float) -> Tensor:
    """The mean SSIM (B,) of two batches of pictures; see ``StructuralDissimilarity``."""
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    rows, columns = (_windows(side, x_BCHW) for side in x_BCHW.shape[2:])

    def windowed(image_BCHW: Tensor) -> Tensor:
        return rows @ image_BCHW @ columns.T

    x, y = windowed(x_BCHW), windowed(y_BCHW)
    product, squares = x * y, x.square() + y.square()
    covariance = windowed(x_BCHW * y_BCHW) - product
    variances = windowed(x_BCHW.square() + y_BCHW.square()) - squares
    means = (2 * product + c1) / (squares + c1)
    return (means * (2 * covariance + c2) / (variances + c2)).flatten(1).mean(1)


def _windows(side: int, like: Tensor) -> Tensor:
    """The window's weights at each of its places in ``side`` pixels, (places, side)."""
    places = side - WINDOW_PIXELS + 1
    centres = torch.arange(places, dtype=like.dtype, device=like.device) + WINDOW_PIXELS // 2
    apart = torch.arange(side, dtype=like.dtype, device=like.device) - centres[:, None]
    weights = torch.exp(-0.5 * (apart / WINDOW_SD_PIXELS).square())
    weights = weights * (apart.abs() <= WINDOW_PIXELS // 2)
    return weights / weights.sum(1, keepdim=True)


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
    smallest_side: ClassVar[int] = 1

    def __call__(self, x_BCHW: Tensor, output: ForwardOutput, context: Context) -> Tensor:
        """The values (B,) in nats."""
        assert output.log_sd_BD is not None  # `requires` has been checked
        return CONVENTIONS[self.convention](output.mean_BD, output.log_sd_BD).sum(1)


_RECONSTRUCTIONS = (
    MeanSquaredError, SumOfSquaredErrors, MeanAbsoluteError, BinaryCrossEntropy,
    StructuralDissimilarity,
)  # fmt: skip
RECONSTRUCTION_TERMS: Mapping[str, type[Term]] = {term.name: term for term in _RECONSTRUCTIONS}
PENALTIES: Mapping[str, type[Term]] = {term.name: term for term in (KLDivergence,)}
TERMS: Mapping[str, type[Term]] = {**RECONSTRUCTION_TERMS, **PENALTIES}
