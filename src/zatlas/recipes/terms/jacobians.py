"""Penalties on the Jacobians of encoder and decoder.

Both are the squared Frobenius norm ‖J‖² of a Jacobian, the sum of its squared entries. It is
estimated by the mean of ‖vᵀJ‖² over random v whose elements are -1 or 1, which is unbiased
(Hutchinson 1989) and takes one backward pass for each v.
"""

from collections.abc import Callable
from typing import ClassVar

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from zatlas.recipes.part_text import STRICT, Count, Weight
from zatlas.recipes.parts import Place, Term
from zatlas.recipes.step import Step


def squared_jacobian(
    function: Callable[[Tensor], Tensor], at: Tensor, step: Step, draws: int
) -> Tensor:
    """The estimate (B,) of ‖J‖² of a function of a batch, image by image, with ``draws`` of v."""
    training = torch.is_grad_enabled()
    with torch.enable_grad():
        at = at if at.requires_grad else at.detach().requires_grad_()
        value = function(at)
        total = torch.zeros(len(at), device=at.device)
        for _ in range(draws):
            signs = step.normal(*value.shape).sign()
            (slope,) = torch.autograd.grad(
                value, at, signs, create_graph=training, retain_graph=True
            )
            total = total + slope.square().flatten(1).sum(1)
    return total / draws


@dataclass(frozen=True, config=STRICT)
class Contraction(Term):
    """‖∂z/∂x‖² of the encoder, at the pictures that were encoded (Rifai et al. 2011).

    ``draws`` is the number of random vectors of the estimate.
    """

    weight: Weight = 1.0
    draws: Count = 1
    name: ClassVar[str] = "contraction"
    acts_on: ClassVar[Place] = "encoder"
    formula: ClassVar[str] = "Σ_jp (∂z_j/∂x_p)²"

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        model = step.model
        return squared_jacobian(lambda x: model.code(x).z_BD, step.corrupted_BCHW, step, self.draws)


@dataclass(frozen=True, config=STRICT)
class DecoderGradient(Term):
    """‖∂x̂/∂z‖² of the decoder, at the codes of the batch (RAE-GP; Ghosh et al. 2020).

    ``draws`` is the number of random vectors of the estimate.
    """

    weight: Weight = 1.0
    draws: Count = 1
    name: ClassVar[str] = "decoder_gradient"
    acts_on: ClassVar[Place] = "decoder"
    formula: ClassVar[str] = "Σ_pj (∂x̂_p/∂z_j)²"

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        return squared_jacobian(step.model.decode, step.output.z_BD, step, self.draws)
