"""Closings: how the losses of the images of a batch become the one number that is minimised."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic.dataclasses import dataclass
from torch import Tensor

from zatlas.recipes.part_text import STRICT
from zatlas.recipes.parts import Closing


@dataclass(frozen=True, config=STRICT)
class Mean(Closing):
    """The mean over the batch."""

    name: ClassVar[str] = "mean"
    formula: ClassVar[str] = "mean over images"

    def __call__(self, losses_VB: Tensor) -> Tensor:
        """The mean of the one view."""
        return losses_VB[0].mean()


MEAN = Mean()
CLOSINGS: Mapping[str, type[Closing]] = {part.name: part for part in (Mean,)}
