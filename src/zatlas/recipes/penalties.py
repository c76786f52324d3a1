"""Penalties: what is added to the reconstruction term. A new one is a class here."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from zatlas.recipes.step import (
    STRICT,
    Context,
    Epochs,
    ForwardOutput,
    Requirement,
    Term,
    Weight,
)


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


PENALTIES: Mapping[str, type[Term]] = {term.name: term for term in (KLDivergence,)}
