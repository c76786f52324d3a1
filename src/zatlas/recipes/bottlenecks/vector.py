"""A bottleneck that quantises vectors of elements by a codebook."""

from collections.abc import Sequence
from typing import ClassVar, Literal, cast

import numpy as np
import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from zatlas.errors import InputError
from zatlas.recipes.bottlenecks.codebooks import CODEBOOKS, Codebook, nearest
from zatlas.recipes.bottlenecks.scalar import straight_through
from zatlas.recipes.part_text import STRICT, Count
from zatlas.recipes.parts import Bottleneck, Grid, Requirement
from zatlas.recipes.step import Code, Shapes


class Quantiser(nn.Module):
    """The codebooks, and how a code is split into vectors.

    Of a stack of maps (C, h, w) each place is a vector of C; of a flat code each run of ``dim``.
    """

    def __init__(self, code: tuple[int, ...], part: "VQ") -> None:
        super().__init__()
        self.stack = len(code) == 3
        self.dim = code[0] if self.stack else part.dim
        made = (CODEBOOKS[part.codebook](part.size, self.dim) for _ in range(part.depth))
        self.codebooks = nn.ModuleList(made)

    def split(self, z_BD: Tensor) -> Tensor:
        """Codes (B, D) to vectors (B P, dim)."""
        parts: Tensor = z_BD.unflatten(1, (self.dim, -1) if self.stack else (-1, self.dim))
        return (parts.mT if self.stack else parts).flatten(0, 1)

    def join(self, vectors: Tensor, batch: int) -> Tensor:
        """Vectors (B P, dim) to codes (B, D)."""
        parts: Tensor = vectors.unflatten(0, (batch, -1))
        return (parts.mT if self.stack else parts).flatten(1)

    def quantised(self, vectors: Tensor, learn: bool = False) -> Tensor:
        """The sum of the nearest vectors, of each codebook to what those before it left.

        Its gradient goes to the codebooks alone.
        """
        rest, total = vectors.detach(), torch.zeros_like(vectors)
        for book in cast("Sequence[Codebook]", self.codebooks):
            if learn:
                book.learn(rest)
            known = book.vectors()
            found = known[nearest(rest, known)]
            rest, total = rest - found.detach(), total + found
        return total


def rotated(raw: Tensor, quantised: Tensor) -> Tensor:
    """The quantised vectors, with the gradient through the rotation and scaling that gives them.

    The rotation takes raw to quantised in their plane and is held constant (Fifty et al. 2024).
    """
    e, q = raw.detach(), quantised.detach()
    e_unit, q_unit = (nn.functional.normalize(v) for v in (e, q))
    middle = nn.functional.normalize(e_unit + q_unit)
    reflected = raw - 2 * middle * (middle * raw).sum(1, keepdim=True)
    turned = reflected + 2 * q_unit * (e_unit * raw).sum(1, keepdim=True)
    scale: Tensor = q.norm(dim=1, keepdim=True) / e.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return turned * scale


@dataclass(frozen=True, config=STRICT)
class VQ(Bottleneck):
    """Vector quantisation: the nearest of ``size`` vectors (van den Oord et al. 2017).

    Of a stack of maps each place is a vector of all its channels; of a flat code each run of
    ``dim`` elements. ``depth`` codebooks follow each other, each for what is left (residual VQ,
    Zeghidour et al. 2021). ``codebook`` is learned as running means (``"averaged"``), by the term
    ``codebook`` (``"learned"``), or as fixed vectors times a matrix (``"sim"``, SimVQ, Zhu et al.
    2024). ``rotation``: the gradient goes through a rotation (Fifty et al. 2024).
    """

    size: Count = 512
    dim: Count = 8
    depth: Count = 1
    codebook: Literal["averaged", "learned", "sim"] = "averaged"
    rotation: bool = False
    name: ClassVar[str] = "vq"
    formula: ClassVar[str] = "z = Σ_i e_i, e_i = the nearest vector of codebook i to a − Σ_{<i} e"

    @property
    def gives(self) -> frozenset[Requirement]:
        """A codebook with gradients, unless it is averaged."""
        learned = frozenset({Requirement.CODEBOOK} if self.codebook != "averaged" else ())
        return learned | {Requirement.QUANTISED}

    def build(self, shapes: Shapes) -> nn.Module:
        """The codebooks. Raises InputError where vectors do not divide the code."""
        latent = int(np.prod(shapes.code))
        if len(shapes.code) != 3 and latent % self.dim:
            fault = f"vq has vectors of dim={self.dim}, but a code has {latent} elements"
            raise InputError(f"bottleneck: {fault}; give a dim that divides {latent}")
        return Quantiser(shapes.code, self)

    def __call__(
        self, ends: Sequence[Tensor], noise_BD: Tensor | None = None, part: nn.Module | None = None
    ) -> Code:
        """The quantised vectors, with the gradient of the encoder's output."""
        assert isinstance(part, Quantiser)
        with torch.autocast(ends[0].device.type, enabled=False):  # distances need float32
            raw = part.split(ends[0].float())
            code = part.quantised(raw, learn=part.training)
            z = (rotated if self.rotation else straight_through)(raw, code)
        count = len(ends[0])
        return Code(part.join(code, count), None, part.join(z, count), ends[0])

    def project(self, z_BD: Tensor, part: nn.Module | None = None) -> Tensor:
        """The nearest vectors, one codebook after the other."""
        assert isinstance(part, Quantiser)
        return part.join(part.quantised(part.split(z_BD)), len(z_BD))

    def grid(self, latent: int, part: nn.Module | None = None) -> Grid:
        """The values of a codebook of single elements; None where vectors are longer."""
        assert isinstance(part, Quantiser)
        if part.dim > 1 or self.depth > 1:
            return None
        book = cast("Codebook", part.codebooks[0])
        return (book.vectors().detach().flatten().sort().values.cpu().numpy(),) * latent
