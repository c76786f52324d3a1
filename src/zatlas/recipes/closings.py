"""Closings: how the losses of the images of a batch become the one number that is minimised."""

from typing import Protocol

from torch import Tensor


class Closing(Protocol):
    """Losses (B,) to a scalar."""

    def __call__(self, losses_B: Tensor) -> Tensor:
        """The scalar that is minimised."""


def mean(losses_B: Tensor) -> Tensor:
    """The mean over the batch."""
    return losses_B.mean()
