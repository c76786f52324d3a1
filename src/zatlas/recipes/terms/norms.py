"""Penalties on the size of codes and of the decoder's weights."""

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from zatlas.recipes.part_text import STRICT, Weight
from zatlas.recipes.parts import Place, Term
from zatlas.recipes.step import Step


@dataclass(frozen=True, config=STRICT)
class CodeL1(Term):
    """The sum of abs(z) over the elements of a code: sparse codes (Olshausen & Field 1996)."""

    weight: Weight = 1.0
    name: ClassVar[str] = "code_l1"
    formula: ClassVar[str] = "Σ_j |z_j|"

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        return step.output.z_BD.abs().sum(1)


@dataclass(frozen=True, config=STRICT)
class KLSparsity(Term):
    """Σ_j KL(ρ ‖ ρ_j): elements that are active for a fraction ρ of the images (Ng 2011).

    ρ_j is the mean of the sigmoid of element j over the batch, ρ is ``target``, in (0, 1), and
    KL(ρ ‖ r) = ρ log(ρ / r) + (1 - ρ) log((1 - ρ) / (1 - r)), in nats.
    """

    weight: Weight = 1.0
    target: Annotated[float, Field(gt=0, lt=1)] = 0.05
    name: ClassVar[str] = "kl_sparsity"
    formula: ClassVar[str] = "Σ_j KL(ρ ‖ mean over images σ(z_j))"

    def __call__(self, step: Step) -> Tensor:
        """The values (B,), all the same."""
        active = step.output.z_BD.sigmoid().mean(0).clamp(1e-6, 1 - 1e-6)
        on = self.target * (self.target / active).log()
        off = (1 - self.target) * ((1 - self.target) / (1 - active)).log()
        return step.each((on + off).sum())


@dataclass(frozen=True, config=STRICT)
class CodeL2(Term):
    """½ ‖z‖², which keeps codes near 0 (regularised autoencoder; Ghosh et al. 2020)."""

    weight: Weight = 1.0
    name: ClassVar[str] = "code_l2"
    formula: ClassVar[str] = "½ Σ_j z_j²"

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        return 0.5 * step.output.z_BD.square().sum(1)


@dataclass(frozen=True, config=STRICT)
class DecoderL2(Term):
    """The sum of the squares of all weights θ of the decoder (RAE-L2; Ghosh et al. 2020)."""

    weight: Weight = 1.0
    name: ClassVar[str] = "decoder_l2"
    acts_on: ClassVar[Place] = "decoder"
    formula: ClassVar[str] = "Σ θ² over the decoder's weights"

    def __call__(self, step: Step) -> Tensor:
        """The values (B,), all the same."""
        weights = step.model.decoder.parameters()
        return step.each(torch.stack([p.square().sum() for p in weights]).sum())
