"""Critics: what is trained beside the objective, as a discriminator.

A class in one of these files, and a line in ``CRITICS``. Each batch first takes a step of the
objective, with the critic's parameters as they are; then a step of the critic, with the network as
it is. The critic sees what the network gave before its step.
"""

from collections.abc import Mapping
from typing import ClassVar

from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from zatlas.recipes.critics.codes import PermutedCodes, PriorCodes
from zatlas.recipes.critics.decoder import IntrospectiveDecoder
from zatlas.recipes.critics.pictures import Pictures
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


_CRITICS = (NoCritic, PermutedCodes, PriorCodes, Pictures, IntrospectiveDecoder)
CRITICS: Mapping[str, type[Critic]] = {part.name: part for part in _CRITICS}
