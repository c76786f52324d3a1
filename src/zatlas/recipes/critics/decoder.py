"""The decoder of a Soft-IntroVAE, trained against the encoder."""

from typing import ClassVar

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from zatlas.recipes.part_text import STRICT, Weight
from zatlas.recipes.parts import Critic, Place, Requirement
from zatlas.recipes.step import Network, Step
from zatlas.recipes.terms.divergence import exact_kl


@dataclass(frozen=True, config=STRICT)
class IntrospectiveDecoder(Critic):
    """The decoder of a Soft-IntroVAE, whose critic is the encoder (Daniel & Tamar 2021).

    Its loss is ‖D(z) - x‖² + ½ w KL(E(D(z))) + ½ w KL(E(D(p))), p ~ N(0, 1), w = ``kl_weight``,
    where KL(E(x)) is the divergence of the code of x from the prior. The objective trains the
    encoder alone; then this loss trains the decoder alone.
    """

    kl_weight: Weight = 1.0
    rate: Weight = 1.0
    name: ClassVar[str] = "introspective_decoder"
    acts_on: ClassVar[Place] = "decoder"
    formula: ClassVar[str] = "Σ (D(z) − x)² + ½w·KL(E(D(z))) + ½w·KL(E(D(p)))"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.SPREAD,)
    gives: ClassVar[frozenset[Requirement]] = frozenset({Requirement.INTROSPECTION})

    def trained(self, model: Network) -> list[nn.Parameter]:
        """The parameters of the decoder."""
        return list(model.decoder.parameters())

    def loss(self, step: Step) -> Tensor:
        """The values (B,)."""
        model, z = step.model, step.output.z_BD
        decoded, sampled = model.decode(z), model.decode(step.normal(*z.shape))
        kl = divergence_of(model, decoded) + divergence_of(model, sampled)
        error = (decoded - step.x_BCHW).square().flatten(1).sum(1)
        return error + 0.5 * self.kl_weight * kl

    def make_optimizer(self, parameters: list[nn.Parameter], lr: float) -> torch.optim.Optimizer:
        """Adam, as for the encoder."""
        return torch.optim.Adam(parameters, lr=lr * self.rate, fused=True)


def divergence_of(model: Network, x_BCHW: Tensor) -> Tensor:
    """The KL divergence (B,) of the codes of pictures from the standard normal prior."""
    mean, log_sd = model.code(x_BCHW)[:2]
    assert log_sd is not None  # `requires` has been checked
    return exact_kl(mean, log_sd).sum(1)
