"""Critics: networks beside the autoencoder that are trained with it, as in an adversarial one.

No recipe has one yet. This is what the training loop will ask of one.
"""

from typing import ClassVar, Protocol

from torch import Tensor, nn

from zatlas.recipes.step import Context, ForwardOutput


class Critic(Protocol):
    """A network with parameters, an optimizer and a loss of its own."""

    name: ClassVar[str]  # of its optimizer and of the loss's column in the history
    steps_before: ClassVar[int]  # of its optimizer before each step of the autoencoder's
    steps_after: ClassVar[int]

    def build(self, latent: int) -> nn.Module:
        """The network, with fresh weights."""

    def loss(
        self, network: nn.Module, x_BCHW: Tensor, output: ForwardOutput, context: Context
    ) -> Tensor:
        """The critic's own loss (B,); ``output`` is detached from the autoencoder's graph."""
