"""A bottleneck of codes on the unit sphere."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from zatlas.recipes.bottlenecks.gaussian import Gaussian
from zatlas.recipes.part_text import STRICT
from zatlas.recipes.parts import Bottleneck
from zatlas.recipes.step import Code


@dataclass(frozen=True, config=STRICT)
class Sphere(Bottleneck):
    """Codes of length 1 (Zhao et al. 2019, "Latent variables on spheres")."""

    name: ClassVar[str] = "sphere"
    formula: ClassVar[str] = "z = a/‖a‖, a = E(x)"

    def __call__(
        self, ends: Sequence[Tensor], noise_BD: Tensor | None = None, part: nn.Module | None = None
    ) -> Code:
        """The encoder's output, divided by its length."""
        code = self.project(ends[0])
        return Code(code, None, code, ends[0])

    def project(self, z_BD: Tensor, part: nn.Module | None = None) -> Tensor:
        """The code in the same direction."""
        return functional.normalize(z_BD.float())

    def sample(self, count: int, latent: int, seed: int) -> NDArray[np.float32]:
        """Codes from the uniform distribution on the sphere."""
        drawn = Gaussian().sample(count, latent, seed)
        return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)
