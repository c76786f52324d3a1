"""The records of one step: what a forward pass gives, and where the training stands."""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn


class Shapes(NamedTuple):
    """The shapes that a part with parameters of its own is built for."""

    image: tuple[int, int, int]  # channels, height, width
    code: tuple[int, ...]  # (D,), or (C, h, w) where the code is a stack of maps


class Code(NamedTuple):
    """What a bottleneck makes of the encoder's output.

    ``mean_BD`` is the code, which is the same whenever an image is encoded: the mean of a Gaussian
    bottleneck, the quantised vector of a quantising one. ``log_sd_BD`` is the logarithm of its
    standard deviation, or None; where the last elements are a category, it is narrower and belongs
    to those before. ``z_BD`` is what is decoded: drawn where there is noise, and with a
    straight-through gradient where values are quantised. ``raw_BD`` is the encoder's output, where
    the code is another.
    """

    mean_BD: Tensor
    log_sd_BD: Tensor | None
    z_BD: Tensor
    raw_BD: Tensor | None = None


class ForwardOutput(NamedTuple):
    """What one forward pass of a batch gives: the fields of :class:`Code`, and decoded pictures."""

    mean_BD: Tensor
    log_sd_BD: Tensor | None
    z_BD: Tensor
    output_BCHW: Tensor
    raw_BD: Tensor | None = None

    @property
    def gaussian(self) -> tuple[Tensor, Tensor, Tensor]:
        """Mean, log standard deviation and drawn value of the Gaussian elements, the first ones."""
        assert self.log_sd_BD is not None  # the bottleneck gives Requirement.SPREAD
        count = self.log_sd_BD.shape[1]
        return self.mean_BD[:, :count], self.log_sd_BD, self.z_BD[:, :count]

    def float(self) -> "ForwardOutput":
        """The same values in float32, whatever the network computed in."""
        return ForwardOutput(*(None if v is None else v.float() for v in self))  # type: ignore[arg-type]  # None where it was

    def detach(self) -> "ForwardOutput":
        """The same values without gradients."""
        return ForwardOutput(*(None if v is None else v.detach() for v in self))  # type: ignore[arg-type]  # None where it was


class Context(NamedTuple):
    """Where the training stands.

    ``step`` counts the batches of the whole training from 0; ``images`` is the number of training
    images; ``training`` is False for held-out images, which are measured as after every warm-up.
    """

    step: int = 0
    steps_per_epoch: int = 1
    images: int = 1
    training: bool = True


class Network(Protocol):
    """The network, as the parts of a recipe see it."""

    parts: nn.ModuleDict
    encoders: nn.ModuleList
    decoder: nn.Sequential

    @property
    def latent(self) -> int:
        """The number of latent elements, D."""

    def code(self, x_BCHW: Tensor, noise_BD: Tensor | None = None) -> Code:
        """Pictures to what the bottleneck makes of them; exact without noise."""

    def decode(self, z_BD: Tensor) -> Tensor:
        """Codes (B, D) to pictures (B, C, H, W)."""


class Step(NamedTuple):
    """One step, as the terms of an objective see it.

    ``x_BCHW`` are the pictures, ``corrupted_BCHW`` what was encoded. All random numbers of terms
    come from ``generator``, which depends on the seed and the step alone.
    """

    x_BCHW: Tensor
    output: ForwardOutput
    context: Context
    model: Network
    corrupted_BCHW: Tensor
    generator: torch.Generator

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers on the device and in the type of the pictures."""
        return torch.randn(shape, generator=self.generator).to(self.x_BCHW)

    def each(self, value: Tensor) -> Tensor:
        """A number of the whole batch as a value (B,) for each image."""
        return value.expand(len(self.x_BCHW))
