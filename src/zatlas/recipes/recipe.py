"""Recipes: a bottleneck and an objective for any network, as data."""

from collections.abc import Collection
from functools import cache, partial
from importlib import resources
from typing import Annotated

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer, PlainValidator

from zatlas.errors import InputError, argument_error, nearest
from zatlas.recipes.bottlenecks import BOTTLENECKS
from zatlas.recipes.corruptions import CORRUPTIONS
from zatlas.recipes.objective import Objective
from zatlas.recipes.objective_text import read_objective, written


def _known(key: str, names: Collection[str], name: str) -> str:
    if name not in names:
        raise InputError(f"{key}: {name!r} is unknown; {nearest(name, names)}")
    return name


CorruptionName = Annotated[str, AfterValidator(partial(_known, "corruption", CORRUPTIONS))]
BottleneckName = Annotated[str, AfterValidator(partial(_known, "bottleneck", BOTTLENECKS))]
ObjectiveData = Annotated[
    Objective, PlainValidator(read_objective), PlainSerializer(written, return_type=list[str])
]


class Recipe(BaseModel):
    """What makes a family: the keys of a model file that are the same for any network."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    corruption: CorruptionName = "none"
    bottleneck: BottleneckName = "plain"
    objective: ObjectiveData = Objective()


@cache
def recipes() -> dict[str, Recipe]:
    """Every recipe by name, read from ``recipes/presets``."""
    texts = preset_texts("zatlas.recipes")
    return {name: Recipe.model_validate(yaml.safe_load(text)) for name, text in texts}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name; InputError names the nearest one."""
    if name not in recipes():
        raise argument_error("recipe", repr(name), f"is unknown; {nearest(name, recipes())}")
    return recipes()[name]


def preset_texts(package: str) -> list[tuple[str, str]]:
    """The name and the text of every YAML file in the folder ``presets`` of a package."""
    entries = (resources.files(package) / "presets").iterdir()
    files = sorted((e for e in entries if e.name.endswith(".yaml")), key=lambda e: e.name)
    return [(file.name.removesuffix(".yaml"), file.read_text("utf-8")) for file in files]
