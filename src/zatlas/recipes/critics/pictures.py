"""The discriminator of pictures of a VAE-GAN."""

from typing import ClassVar

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn.functional import softplus

from zatlas.recipes import discriminators
from zatlas.recipes.part_text import STRICT, Count, Weight
from zatlas.recipes.parts import Critic, Place, Requirement
from zatlas.recipes.step import Shapes, Step


@dataclass(frozen=True, config=STRICT)
class Pictures(Critic):
    """The discriminator T of a VAE-GAN: pictures against reconstructions and decoded samples.

    Its loss is -log σ(T(x)) - ½ log(1 - σ(T(x̂))) - ½ log(1 - σ(T(D(p)))), p ~ N(0, 1) (Larsen et
    al. 2016). Its layers have a spectral norm of 1 (Miyato et al. 2018). It is trained after the
    objective's step. ``width`` is the number of channels of its first layer.
    """

    width: Count = 16
    rate: Weight = 0.2
    name: ClassVar[str] = discriminators.PICTURES
    acts_on: ClassVar[Place] = "pictures"
    formula: ClassVar[str] = "−log σ(T(x)) − ½ log(1 − σ(T(x̂))) − ½ log(1 − σ(T(D(p))))"
    gives: ClassVar[frozenset[Requirement]] = frozenset({Requirement.PICTURES})

    def build(self, shapes: Shapes) -> nn.Module:
        """The discriminator: its features, then its head."""
        return discriminators.of_pictures(shapes.image, self.width)

    def loss(self, step: Step) -> Tensor:
        """The values (B,)."""
        output = step.output
        with torch.no_grad():
            drawn = step.model.decode(step.normal(*output.z_BD.shape))
        real, decoded, sampled = (
            discriminators.picture_logits(step.model, x)
            for x in (step.x_BCHW, output.output_BCHW, drawn)
        )
        return softplus(-real) + 0.5 * (softplus(decoded) + softplus(sampled))
