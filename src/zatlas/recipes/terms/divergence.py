"""The KL divergence of a Gaussian bottleneck from its prior."""

from typing import ClassVar, Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from zatlas.recipes.part_text import STRICT, Epochs, Weight
from zatlas.recipes.parts import Requirement, Term
from zatlas.recipes.step import Step


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


FORMULAS = {
    "exact": "Σ_j KL(N(μ_j, σ_j²) ‖ N(0, 1))",
    "course": "Σ_j (exp s_j − 1 − s_j), s = log σ",
    "course-m2": "Σ_j (exp s_j − 1 − s_j + μ_j²), s = log σ",
}
CONVENTIONS = {"exact": exact_kl, "course": course_kl, "course-m2": course_m2_kl}


@dataclass(frozen=True, config=STRICT)
class KLDivergence(Term):
    """KL divergence from the standard normal prior, the sum over the elements of a code.

    With the weight 1 and ``sse`` or ``bce`` it makes a variational autoencoder (Kingma & Welling
    2013), with a larger one a beta-VAE (Higgins et al. 2017). ``convention`` is the formula.
    """

    weight: Weight = 1.0
    convention: Literal["exact", "course", "course-m2"] = "exact"
    warmup_epochs: Epochs = 0
    name: ClassVar[str] = "kl"
    formula: ClassVar[str] = FORMULAS["exact"]
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.SPREAD,)

    @property
    def formula_in_use(self) -> str:
        """The formula of the convention."""
        return FORMULAS[self.convention]

    def __call__(self, step: Step) -> Tensor:
        """The values (B,) in nats."""
        mean, log_sd = step.output[:2]
        assert log_sd is not None  # `requires` has been checked
        return CONVENTIONS[self.convention](mean, log_sd).sum(1)
