"""Critics: what is trained beside the objective, as a discriminator.

A class here, and a line in ``CRITICS``.
"""

from collections.abc import Mapping
from typing import ClassVar

from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from zatlas.recipes.part_text import STRICT
from zatlas.recipes.parts import Critic
from zatlas.recipes.step import Network, Step


@dataclass(frozen=True, config=STRICT)
class NoCritic(Critic):
    """The objective alone."""

    name: ClassVar[str] = "none"
    formula: ClassVar[str] = ""

    def trained(self, model: Network) -> list[nn.Parameter]:
        """No parameters."""
        return []

    def loss(self, step: Step) -> Tensor:
        """No loss."""
        raise NotImplementedError


CRITICS: Mapping[str, type[Critic]] = {part.name: part for part in (NoCritic,)}
