"""What is done to a picture before it is encoded in training; it is compared with the clean one."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from zatlas.recipes.part_text import STRICT
from zatlas.recipes.parts import Corruption


@dataclass(frozen=True, config=STRICT)
class Unchanged(Corruption):
    """Pictures stay as they are."""

    name: ClassVar[str] = "none"
    formula: ClassVar[str] = "x"

    def __call__(self, x_BCHW: Tensor, generator: torch.Generator) -> Tensor:
        """The same pictures."""
        return x_BCHW


CORRUPTIONS: Mapping[str, type[Corruption]] = {part.name: part for part in (Unchanged,)}
