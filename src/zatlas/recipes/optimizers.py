"""Optimizers of the objective."""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import nn

from zatlas.recipes.part_text import STRICT, Weight
from zatlas.recipes.parts import OptimizerPart

Fraction = Annotated[float, Field(ge=0, lt=1)]
Named = tuple[str, nn.Parameter]


@dataclass(frozen=True, config=STRICT)
class Adam(OptimizerPart):
    """Adam (Kingma & Ba 2014)."""

    beta1: Fraction = 0.9
    name: ClassVar[str] = "adam"

    def make(self, parameters: Iterable[Named], lr: float) -> torch.optim.Optimizer:
        """The optimizer of these parameters, which have their names in the network."""
        values = [parameter for _, parameter in parameters]
        return torch.optim.Adam(values, lr=lr, betas=(self.beta1, 0.999), fused=True)


@dataclass(frozen=True, config=STRICT)
class AdamW(OptimizerPart):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019).

    Weights of layers decay. Biases, norms and what other parts of the recipe own do not.
    """

    weight_decay: Weight = 0.1
    name: ClassVar[str] = "adamw"

    def make(self, parameters: Iterable[Named], lr: float) -> torch.optim.Optimizer:
        """The optimizer of these parameters, which have their names in the network."""
        decayed: list[nn.Parameter] = []
        others: list[nn.Parameter] = []
        for name, parameter in parameters:
            weight = parameter.ndim > 1 and not name.startswith("parts.")
            (decayed if weight else others).append(parameter)
        groups = [
            {"params": decayed, "weight_decay": self.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=lr, fused=True)


OPTIMIZERS: Mapping[str, type[OptimizerPart]] = {part.name: part for part in (Adam, AdamW)}
