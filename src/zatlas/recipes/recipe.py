"""Recipes: the parts of a family for any network, as data."""

from collections.abc import Mapping
from functools import cache, partial
from importlib import resources
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator

from zatlas.errors import argument_error, nearest
from zatlas.recipes.bottlenecks import BOTTLENECKS
from zatlas.recipes.bottlenecks.gaussian import Plain
from zatlas.recipes.closings import CLOSINGS, Mean
from zatlas.recipes.constraints import CONSTRAINTS, Unconstrained
from zatlas.recipes.corruptions import CORRUPTIONS, Unchanged
from zatlas.recipes.critics import CRITICS, NoCritic
from zatlas.recipes.objective import Objective
from zatlas.recipes.objective_text import read_objective, written
from zatlas.recipes.optimizers import OPTIMIZERS, Adam
from zatlas.recipes.part_text import read_part, write_part
from zatlas.recipes.parts import (
    Bottleneck,
    Closing,
    Constraint,
    Corruption,
    Critic,
    OptimizerPart,
    Part,
)

# the parts that a key of a recipe may name
PARTS: Mapping[str, Mapping[str, type[Part]]] = {
    "corruption": CORRUPTIONS, "bottleneck": BOTTLENECKS, "closing": CLOSINGS,
    "critic": CRITICS, "optimizer": OPTIMIZERS, "constraint": CONSTRAINTS,
}  # fmt: skip
RENAMED = {"plain": "ae"}  # recipes of zatlas 0.1.0
P = TypeVar("P", bound=Part)
ObjectiveData = Annotated[
    Objective, PlainValidator(read_objective), PlainSerializer(written, return_type=list[str])
]


def _reader(key: str) -> PlainValidator:
    return PlainValidator(partial(read_part, known=PARTS[key], key=key))


_writer = PlainSerializer(write_part, return_type=str)


class Parts(BaseModel):
    """The keys of a model file that are the same for any network: what makes a family."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    corruption: Annotated[Corruption, _reader("corruption"), _writer] = Unchanged()
    bottleneck: Annotated[Bottleneck, _reader("bottleneck"), _writer] = Plain()
    objective: ObjectiveData = Objective()
    closing: Annotated[Closing, _reader("closing"), _writer] = Mean()
    critic: Annotated[Critic, _reader("critic"), _writer] = NoCritic()
    optimizer: Annotated[OptimizerPart, _reader("optimizer"), _writer] = Adam()
    constraint: Annotated[Constraint, _reader("constraint"), _writer] = Unconstrained()

    @property
    def owners(self) -> list[Part]:
        """The parts that may own parameters."""
        return [self.bottleneck, *self.objective.terms, self.closing, self.critic]


class Recipe(Parts):
    """A family.

    ``parameters`` are its own names of parameters, with the keys of the model file that they mean,
    as ``{"beta": "objective.kl.weight"}``.
    """

    title: str
    paper: str = ""
    advantage: str = ""
    disadvantage: str = ""
    parameters: dict[str, str] = {}

    def keys(self) -> dict[str, Any]:
        """The keys of a model file that it sets."""
        return {name: getattr(self, name) for name in Parts.model_fields}


@cache
def recipes() -> dict[str, Recipe]:
    """Every recipe by name, read from ``recipes/presets``."""
    texts = preset_texts("zatlas.recipes")
    return {name: Recipe.model_validate(yaml.safe_load(text)) for name, text in texts}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name; InputError names the nearest one."""
    if name in RENAMED:
        raise argument_error("recipe", repr(name), f"its name is now {RENAMED[name]!r}")
    if name not in recipes():
        raise argument_error(
            "recipe", repr(name), f"is unknown; {nearest(name, recipes(), most=3)}"
        )
    return recipes()[name]


def preset_texts(package: str) -> list[tuple[str, str]]:
    """The name and the text of every YAML file in the folder ``presets`` of a package."""
    entries = (resources.files(package) / "presets").iterdir()
    files = sorted((e for e in entries if e.name.endswith(".yaml")), key=lambda e: e.name)
    return [(file.name.removesuffix(".yaml"), file.read_text("utf-8")) for file in files]
