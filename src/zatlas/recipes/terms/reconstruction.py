"""Reconstruction terms: how far decoded pictures are from the given ones."""

from typing import ClassVar

from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional

from zatlas.recipes.part_text import STRICT, Weight
from zatlas.recipes.parts import Requirement, Term
from zatlas.recipes.step import Step


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
