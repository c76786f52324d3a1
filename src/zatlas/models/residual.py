"""The residual block, the one layer of a model file that ``torch.nn`` does not have."""

import math
from typing import Literal

from torch import Tensor, nn

Normalisation = Literal["batch", "group", "none"]
Activation = Literal[
    "ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "SELU", "CELU", "GELU", "SiLU", "Mish",
    "Softplus", "Tanh", "Sigmoid", "Hardtanh", "Hardsigmoid", "Identity",
]  # fmt: skip
MOST_GROUPS = 8


def groups(channels: int) -> int:
    """The groups of a group normalization (Wu & He 2018): 8, or 4, 2 or 1 where 8 do not divide.

    >>> groups(64), groups(12)
    (8, 4)
    """
    return math.gcd(MOST_GROUPS, channels)


class Residual(nn.Module):
    """y = x + c(a(n(c(a(n(x)))))), a residual block with full pre-activation (He et al. 2016).

    c is a convolution of kernel 3 that keeps channels and size, n a normalisation (``batch``,
    ``group`` or ``none``), a an activation of ``torch.nn`` with its default arguments.
    """

    def __init__(
        self, channels: int, norm: Normalisation = "batch", activation: Activation = "ReLU"
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(2):
            if norm == "batch":
                layers.append(nn.BatchNorm2d(channels))
            elif norm == "group":
                layers.append(nn.GroupNorm(groups(channels), channels))
            layers += [getattr(nn, activation)(), nn.Conv2d(channels, channels, 3, padding=1)]
        self.branch = nn.Sequential(*layers)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Activations (B, C, H, W) to activations of the same shape."""
        branch: Tensor = self.branch(x_BCHW)
        return x_BCHW + branch
