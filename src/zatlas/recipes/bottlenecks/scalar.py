"""Bottlenecks that quantise each element by itself, to a few values."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from zatlas.recipes.part_text import STRICT
from zatlas.recipes.parts import Bottleneck, Grid, Requirement
from zatlas.recipes.step import Code, Shapes

Levels = Annotated[int, Field(ge=2, le=4096)]


def straight_through(raw: Tensor, quantised: Tensor) -> Tensor:
    """The quantised values, with the gradient of the raw ones (Bengio et al. 2013)."""
    return raw + (quantised - raw).detach()


@dataclass(frozen=True, config=STRICT)
class FSQ(Bottleneck):
    """Finite scalar quantisation: even steps from -1 to 1 (Mentzer et al. 2023).

    An element a becomes the nearest of ``levels`` values to tanh a. All elements have the same
    values, which are not learned.
    """

    levels: Levels = 8
    name: ClassVar[str] = "fsq"
    formula: ClassVar[str] = "z = 2·round((tanh a + 1)/2·(L − 1))/(L − 1) − 1, a = E(x)"
    gives: ClassVar[frozenset[Requirement]] = frozenset({Requirement.QUANTISED})

    def __call__(
        self, ends: Sequence[Tensor], noise_BD: Tensor | None = None, part: nn.Module | None = None
    ) -> Code:
        """The quantised values, with the gradient of tanh."""
        bounded = ends[0].float().tanh()
        code = self.project(bounded)
        return Code(code, None, straight_through(bounded, code), ends[0])

    def project(self, z_BD: Tensor, part: nn.Module | None = None) -> Tensor:
        """The nearest values."""
        steps = self.levels - 1
        return ((z_BD.clamp(-1, 1) + 1) / 2 * steps).round() * 2 / steps - 1

    def grid(self, latent: int, part: nn.Module | None = None) -> Grid:
        """The even steps, for each element."""
        return (np.linspace(-1, 1, self.levels, dtype=np.float32),) * latent


@dataclass(frozen=True, config=STRICT)
class LFQ(Bottleneck):
    """Lookup-free quantisation: the sign of each element (Yu et al. 2023, MAGVIT-v2).

    The terms ``entropy`` and ``commitment`` belong to it.
    """

    name: ClassVar[str] = "lfq"
    formula: ClassVar[str] = "z = sign a, a = E(x)"
    gives: ClassVar[frozenset[Requirement]] = frozenset({Requirement.QUANTISED, Requirement.BINARY})

    def __call__(
        self, ends: Sequence[Tensor], noise_BD: Tensor | None = None, part: nn.Module | None = None
    ) -> Code:
        """The signs, with the gradient of the encoder's output."""
        code = self.project(ends[0].float())
        return Code(code, None, straight_through(ends[0].float(), code), ends[0])

    def project(self, z_BD: Tensor, part: nn.Module | None = None) -> Tensor:
        """1 from 0 on, otherwise -1."""
        return torch.where(z_BD >= 0, 1.0, -1.0)

    def grid(self, latent: int, part: nn.Module | None = None) -> Grid:
        """-1 and 1, for each element."""
        return (np.array([-1, 1], np.float32),) * latent


class ElementValues(nn.Module):
    """The values that each of D elements can take: (D, L), learned."""

    def __init__(self, latent: int, levels: int) -> None:
        super().__init__()
        even = np.tile(np.linspace(-0.5, 0.5, levels, dtype=np.float32), (latent, 1))
        self.values = nn.Parameter(torch.from_numpy(even))  # torch's own imports sympy to check

    def forward(self, z_BD: Tensor) -> Tensor:
        """The nearest value of each element, with a gradient to the values alone."""
        with torch.no_grad():
            nearest = (z_BD[..., None] - self.values).abs().argmin(-1)
        return self.values.expand(len(z_BD), -1, -1).gather(2, nearest[..., None])[..., 0]


@dataclass(frozen=True, config=STRICT)
class QLAE(Bottleneck):
    """Latent quantisation: each element has learned values of its own (Hsu et al. 2023).

    They begin as even steps from -0.5 to 0.5. The terms ``commitment`` and ``codebook`` and weight
    decay belong to it.
    """

    levels: Levels = 10
    name: ClassVar[str] = "qlae"
    formula: ClassVar[str] = "z_j = the nearest of the L values of element j to a_j, a = E(x)"
    gives: ClassVar[frozenset[Requirement]] = frozenset(
        {Requirement.QUANTISED, Requirement.CODEBOOK}
    )

    def build(self, shapes: Shapes) -> nn.Module:
        """The values."""
        return ElementValues(int(np.prod(shapes.code)), self.levels)

    def __call__(
        self, ends: Sequence[Tensor], noise_BD: Tensor | None = None, part: nn.Module | None = None
    ) -> Code:
        """The nearest values, with the gradient of the encoder's output."""
        code = self.project(ends[0].float(), part)
        return Code(code, None, straight_through(ends[0].float(), code), ends[0])

    def project(self, z_BD: Tensor, part: nn.Module | None = None) -> Tensor:
        """The nearest values."""
        assert isinstance(part, ElementValues)
        nearest: Tensor = part(z_BD)
        return nearest

    def grid(self, latent: int, part: nn.Module | None = None) -> Grid:
        """The values of each element, in rising order."""
        assert isinstance(part, ElementValues)
        return tuple(part.values.detach().sort(1).values.cpu().numpy())
