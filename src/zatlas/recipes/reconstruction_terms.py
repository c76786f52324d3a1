"""Reconstruction terms: how far decoded pictures are from the pictures that were encoded."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional

from zatlas.recipes.step import STRICT, Context, ForwardOutput, Requirement, Term, Weight


@dataclass(frozen=True, config=STRICT)
class _Reconstruction:
    weight: Weight = 1.0
    requires: ClassVar[tuple[Requirement, ...]] = ()
    warmup_epochs: ClassVar[int] = 0


class MeanSquaredError(_Reconstruction):
    """Mean of (y - x)^2 over the pixels and channels of an image."""

    name: ClassVar[str] = "mse"

    def __call__(self, x_BCHW: Tensor, output: ForwardOutput, context: Context) -> Tensor:
        """The values (B,)."""
        return functional.mse_loss(output.output_BCHW, x_BCHW, reduction="none").flatten(1).mean(1)


class SumOfSquaredErrors(_Reconstruction):
    """Sum of (y - x)^2: minus twice the log likelihood of a normal with sd 1, up to a constant."""

    name: ClassVar[str] = "sse"

    def __call__(self, x_BCHW: Tensor, output: ForwardOutput, context: Context) -> Tensor:
        """The values (B,)."""
        return functional.mse_loss(output.output_BCHW, x_BCHW, reduction="none").flatten(1).sum(1)


class MeanAbsoluteError(_Reconstruction):
    """Mean of abs(y - x) over the pixels and channels of an image."""

    name: ClassVar[str] = "mae"

    def __call__(self, x_BCHW: Tensor, output: ForwardOutput, context: Context) -> Tensor:
        """The values (B,)."""
        return functional.l1_loss(output.output_BCHW, x_BCHW, reduction="none").flatten(1).mean(1)


class BinaryCrossEntropy(_Reconstruction):
    """Sum of -x log y - (1 - x) log(1 - y): minus the log likelihood of Bernoulli pixels.

    Pixels between 0 and 1 are taken too (Kingma & Welling 2013, appendix C.1).
    """

    name: ClassVar[str] = "bce"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.UNIT_RANGE,)

    def __call__(self, x_BCHW: Tensor, output: ForwardOutput, context: Context) -> Tensor:
        """The values (B,)."""
        losses = functional.binary_cross_entropy(output.output_BCHW, x_BCHW, reduction="none")
        return losses.flatten(1).sum(1)


RECONSTRUCTION_TERMS: Mapping[str, type[Term]] = {
    term.name: term
    for term in (MeanSquaredError, SumOfSquaredErrors, MeanAbsoluteError, BinaryCrossEntropy)
}
