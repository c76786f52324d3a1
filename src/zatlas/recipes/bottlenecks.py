"""What stands between encoder and decoder.

Each bottleneck is a value in ``BOTTLENECKS``. It has no parameters of its own: the network builds
its heads.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from zatlas.recipes.step import Code


class Head(NamedTuple):
    """One copy of the encoder's last layer with weights, without the activation behind it.

    ``letter`` is its name in tables and diagrams, ``modules`` in the network and its weights file.
    """

    letter: str
    modules: str


class Bottleneck(Protocol):
    """What makes codes of the encoder's output. By default every code is valid, and none drawn."""

    name: ClassVar[str]
    heads: ClassVar[tuple[Head, ...]] = ()  # none: the code is the encoder's output itself
    needs_noise: ClassVar[bool] = False  # in training: standard normal, (B, D)
    gives_spread: ClassVar[bool] = False  # a standard deviation for each element of a code

    def __call__(self, ends: Sequence[Tensor], noise_BD: Tensor | None = None) -> Code:
        """The code of ``ends``: a tensor (B, D) from each head, or the encoder's output alone."""

    def project(self, z_BD: Tensor) -> Tensor:
        """The nearest codes that the bottleneck can give."""
        return z_BD

    def sample(self, count: int, latent: int, seed: int) -> NDArray[np.float32] | None:
        """Codes (count, latent) from the prior; None where the bottleneck has none."""
        return None


class Plain(Bottleneck):
    """The encoder's output is the code (Hinton & Salakhutdinov 2006)."""

    name = "plain"

    def __call__(self, ends: Sequence[Tensor], noise_BD: Tensor | None = None) -> Code:
        """The encoder's output."""
        return ends[0], None, ends[0]


class Gaussian(Bottleneck):
    """A normal distribution for each element, z = m + exp(s) e (Kingma & Welling 2013)."""

    name = "gaussian"
    heads = (Head("m", "means"), Head("s", "log_sds"))
    needs_noise = gives_spread = True

    def __call__(self, ends: Sequence[Tensor], noise_BD: Tensor | None = None) -> Code:
        """The mean m, the log standard deviation s, and z drawn by the noise e; without it m."""
        mean, log_sd = ends
        return mean, log_sd, mean if noise_BD is None else mean + log_sd.exp() * noise_BD

    def sample(self, count: int, latent: int, seed: int) -> NDArray[np.float32]:
        """Codes from the standard normal distribution."""
        drawn = np.random.default_rng(seed).standard_normal((count, latent))
        return drawn.astype(np.float32)


BOTTLENECKS: Mapping[str, Bottleneck] = {part.name: part for part in (Plain(), Gaussian())}
