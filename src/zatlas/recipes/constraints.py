"""Constraints on the decoder."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic.dataclasses import dataclass
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from zatlas.recipes.part_text import STRICT
from zatlas.recipes.parts import Constraint


@dataclass(frozen=True, config=STRICT)
class Unconstrained(Constraint):
    """The decoder as it is."""

    name: ClassVar[str] = "none"

    def __call__(self, layer: nn.Module) -> None:
        """Nothing."""


@dataclass(frozen=True, config=STRICT)
class SpectralNorm(Constraint):
    """The largest singular value of each weight matrix is 1 (Miyato et al. 2018)."""

    name: ClassVar[str] = "spectral_norm"

    def __call__(self, layer: nn.Module) -> None:
        """Constrain one layer in place, where it has a weight matrix."""
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            spectral_norm(layer)


CONSTRAINTS: Mapping[str, type[Constraint]] = {
    part.name: part for part in (Unconstrained, SpectralNorm)
}
