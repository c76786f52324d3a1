"""The volume that codes fill."""

from typing import ClassVar

from pydantic.dataclasses import dataclass
from torch import Tensor

from zatlas.recipes.part_text import STRICT, Weight
from zatlas.recipes.parts import Term
from zatlas.recipes.step import Step


@dataclass(frozen=True, config=STRICT)
class LeastVolume(Term):
    """The geometric mean of sd_j + η over the elements (Chen & Fuge 2024).

    sd_j is the standard deviation of element j over the batch; ``eta`` is η. Elements that are not
    needed lose their spread, where the decoder is constrained: ``constraint: spectral_norm``.
    """

    weight: Weight = 1.0
    eta: Weight = 1.0
    name: ClassVar[str] = "least_volume"
    formula: ClassVar[str] = "exp(mean_j log(sd_j + η))"

    def __call__(self, step: Step) -> Tensor:
        """The values (B,), all the same."""
        z = step.output.z_BD
        sd = z.std(0, correction=min(1, len(z) - 1))  # of one image it is 0
        return step.each((sd + self.eta).log().mean().exp())
