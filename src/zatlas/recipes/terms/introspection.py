"""What the encoder of a Soft-IntroVAE does against its decoder."""

import math
from typing import ClassVar

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from zatlas.recipes.part_text import STRICT, Weight
from zatlas.recipes.parts import Place, Requirement, Term
from zatlas.recipes.step import Step
from zatlas.recipes.terms.divergence import exact_kl


@dataclass(frozen=True, config=STRICT)
class Introspection(Term):
    """The encoder gives decoded pictures codes far from the prior (Daniel & Tamar 2021).

    It is P/4 · Σ_y exp(-2/P · (‖y - D(E(y))‖² + w KL(E(y)))) over the pictures y = D(z) and D(p),
    p ~ N(0, 1), without gradients to y. P is the number of values of a picture, and w is
    ``kl_weight``. It is the paper's term with s = 1/P, times P, so that ``sse`` and ``kl`` keep the
    weights of a VAE. The critic ``introspective_decoder`` trains the decoder.
    """

    weight: Weight = 1.0
    kl_weight: Weight = 256.0
    name: ClassVar[str] = "introspection"
    acts_on: ClassVar[Place] = "encoder"
    formula: ClassVar[str] = "P/4·Σ_y exp(−2/P·(Σ (y − D(E(y)))² + w·KL(E(y)))), y = D(z), D(p)"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.SPREAD, Requirement.INTROSPECTION)

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        z = step.output.z_BD
        with torch.no_grad():
            sampled = step.model.decode(step.normal(*z.shape))
        decoded = step.output.output_BCHW.detach()
        return 0.25 * (self._exponential(step, decoded) + self._exponential(step, sampled))

    def _exponential(self, step: Step, y_BCHW: Tensor) -> Tensor:
        """P · exp(…) of decoded pictures, (B,)."""
        size, latent = math.prod(y_BCHW.shape[1:]), step.output.z_BD.shape[1]
        mean, log_sd, z, _ = step.model.code(y_BCHW, step.normal(len(y_BCHW), latent))
        assert log_sd is not None  # `requires` has been checked
        error = (step.model.decode(z) - y_BCHW).square().flatten(1).sum(1)
        kl = exact_kl(mean, log_sd).sum(1)
        return size * torch.exp(-2 / size * (error + self.kl_weight * kl))
