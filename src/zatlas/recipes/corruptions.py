"""What is done to a picture before it is encoded in training; it is compared with the clean one."""

from collections.abc import Callable, Mapping

from torch import Generator, Tensor

# pictures (B, C, H, W) to a new tensor; whatever is random is drawn from the generator
Corruption = Callable[[Tensor, Generator], Tensor]
CORRUPTIONS: Mapping[str, Corruption | None] = {"none": None}  # None leaves pictures as they are
