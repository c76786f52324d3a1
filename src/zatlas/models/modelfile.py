"""The model file: YAML, data only, every key checked, every short form expanded."""

import os
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from zatlas.errors import InputError, nearest
from zatlas.files import parse_yaml, read_text
from zatlas.models.architecture import Architecture, check
from zatlas.models.layers import ACTIVATIONS, BOUNDS, LAYERS
from zatlas.models.mirror import mirrored
from zatlas.models.pasted import read_pasted
from zatlas.models.shortforms import SHORT_FORMS, expand
from zatlas.syntax import Call, format_call, parse_call

LONGEST = 1_000_000  # bytes of a model file
YAML, PASTED = (".yaml", ".yml"), (".py", ".txt")  # how files of either kind end


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Objective(_Strict):
    """What training makes small: a reconstruction term plus penalties, each named.

    ``mse`` is the mean over pixels and channels, ``sse`` their sum, ``mae`` the mean absolute
    error, ``bce`` the binary cross-entropy summed over pixels (for the range [0, 1]).
    """

    reconstruction: Literal["mse", "sse", "mae", "bce"] = "mse"
    kl: Literal["exact", "course", "course-m2"] | None = None
    kl_weight: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    kl_warmup_epochs: int = Field(default=0, ge=0)


class Recipe(_Strict):
    """What makes a family: the bottleneck and the objective, for any network."""

    title: str
    bottleneck: Literal["plain", "gaussian"]
    objective: Objective


class ModelFile(_Strict):
    """The keys of a model file; ``docs/model-file.md`` explains each."""

    title: str = ""
    image: tuple[PositiveInt, PositiveInt, PositiveInt] = (3, 64, 64)
    range: tuple[float, float] = (-1.0, 1.0)
    encoder: str | list[str] | None = None
    encoders: list[str | list[str]] | None = None
    decoder: str | list[str] = "mirrored"
    output: str | None = None
    bottleneck: Literal["plain", "gaussian"] = "plain"
    objective: Objective = Objective()

    def architecture(self) -> Architecture:
        """The checked network; raises InputError with the first fault."""
        encoders, decoder = self._layers()
        network = check(self.image, encoders, decoder, self.bottleneck, self.range)
        self._check_objective(decoder)
        return network

    def long_form(self) -> "ModelFile":
        """The same model with every short form and ``mirrored`` written out as layer lists."""
        encoders, decoder = self._layers()
        lists = [[format_call(call) for call in calls] for calls in encoders]
        one = len(lists) == 1
        return self.model_copy(
            update={
                "encoder": lists[0] if one else None,
                "encoders": None if one else lists,
                "decoder": [format_call(call) for call in decoder],
                "output": None,
            }
        )

    def to_yaml(self) -> str:
        """The file's text, keys in their order of declaration, defaults left out."""
        data = self.model_dump(mode="json", exclude_defaults=True)
        data.setdefault("image", list(self.image))
        return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)

    def _check_objective(self, decoder: list[Call]) -> None:
        """A term that the network gives nothing to measure by is refused, not left out."""
        term = self.objective
        if term.kl is not None and self.bottleneck != "gaussian":
            raise InputError(
                f"objective.kl {term.kl!r}: measures a Gaussian bottleneck, and this one is "
                f"{self.bottleneck}; write `bottleneck: gaussian`, or leave the term out"
            )
        if term.reconstruction == "bce" and BOUNDS.get(decoder[-1].name) != (0.0, 1.0):
            raise InputError(
                f"objective.reconstruction 'bce': takes pixels in [0, 1], and the decoder ends in "
                f"{format_call(decoder[-1])}; write `range: [0, 1]` and `output: Sigmoid()`"
            )

    def _layers(self) -> tuple[list[list[Call]], list[Call]]:
        if (self.encoder is None) == (self.encoders is None):
            raise InputError("model file: give either `encoder` or `encoders`, and not both")
        written = [self.encoder] if self.encoder is not None else list(self.encoders or [])
        if not written:
            raise InputError("encoders: the list is empty; give at least one encoder")
        encoders = [_read(layers, "encoder", self.image) for layers in written]
        output = parse_call(self.output, ACTIVATIONS, "output") if self.output else None
        if self.decoder == "mirrored":
            if output is None:
                output = Call("Tanh" if self.range == (-1.0, 1.0) else "Sigmoid")
            return encoders, mirrored(self.image, encoders, output)
        decoder = _read(self.decoder, "decoder", self.image)
        if isinstance(self.decoder, list) and output is not None:
            raise InputError(
                f"output: {self.output} goes only beside `decoder: mirrored` or a short form; "
                "write it as the last layer of the decoder"
            )
        return encoders, decoder + ([output] if output else [])


def _read(layers: str | list[str], part: str, image: tuple[int, int, int]) -> list[Call]:
    if isinstance(layers, str):
        return expand(parse_call(layers, SHORT_FORMS, f"{part} short form"), part, image)
    return [parse_call(text, LAYERS, f"{part} layer {i}") for i, text in enumerate(layers)]


def read_model(model: str | os.PathLike[str]) -> ModelFile:
    """A model by the name of a preset, or by the path of a model file or of pasted code.

    Raises InputError for an unknown name (naming the nearest preset), an unreadable file, an
    unknown key (naming the nearest key) and a value that does not fit.
    """
    path = Path(model)
    if path.suffix in (*YAML, *PASTED) or path.is_file():
        text = read_text(
            path, "no such model file; `zatlas models list` shows the presets", LONGEST
        )
        if path.suffix in YAML:
            return parse_model(text, str(path))
        return model_from(read_pasted(text, str(path), LAYERS).model, str(path))
    presets = zoo()
    if str(model) not in presets:
        raise InputError(
            f"model {str(model)!r}: no such preset or model file; {nearest(str(model), presets)}"
        )
    return presets[str(model)]


def assumed(model: str | os.PathLike[str]) -> tuple[str, ...]:
    """What had to be assumed to read pasted code, a line each; of other models nothing."""
    path = Path(model)
    if not path.is_file() or path.suffix in YAML:
        return ()
    return read_pasted(read_text(path, longest=LONGEST), str(path), LAYERS).assumptions


def parse_model(text: str, name: str) -> ModelFile:
    """The model in the text of a model file; ``name`` stands in the errors."""
    return model_from(parse_yaml(text, name), name)


def model_from(data: Any, name: str) -> ModelFile:
    """The model in the plain data of a model file; ``name`` stands in the errors."""
    if not isinstance(data, dict):
        found = "nothing" if data is None else f"a {type(data).__name__}"
        raise InputError(
            f"{name}: holds {found}; write the keys of a model file, as `encoder: mlp(64, 10)`"
        )
    try:
        return ModelFile.model_validate(data)
    except ValidationError as error:
        raise InputError(f"{name}: {_explain(error)}") from None


def _explain(error: ValidationError) -> str:
    """The first fault that pydantic found, in one line."""
    fault = error.errors()[0]
    where = [str(part) for part in fault["loc"] if not str(part).startswith(("list[", "str"))]
    key = where[-1] if where else "?"
    if fault["type"] == "extra_forbidden":
        known = Objective if where[0] == "objective" and len(where) > 1 else ModelFile
        return f"unknown key {'.'.join(where)!r}; {nearest(key, known.model_fields)}"
    return f"{'.'.join(where)}: {fault['msg']}, not {fault.get('input')!r}"


@cache
def zoo() -> dict[str, ModelFile]:
    """Every preset by name, read from the model files in ``models/zoo``."""
    return {name: parse_model(text, name) for name, text in _texts("zoo")}


@cache
def recipes() -> dict[str, Recipe]:
    """Every recipe by name, read from ``models/recipes``."""
    return {name: Recipe.model_validate(yaml.safe_load(text)) for name, text in _texts("recipes")}


def adapt(
    model: ModelFile, recipe: str | None = None, settings: Mapping[str, Any] | None = None
) -> ModelFile:
    """The model with a recipe's bottleneck and objective, then with single keys set.

    ``settings`` are keys of a model file, ``objective.kl_weight`` with a dot, and their values.
    Raises InputError for an unknown recipe or key.
    """
    data = model.model_dump()
    if recipe is not None:
        if recipe not in recipes():
            raise InputError(f"--recipe {recipe!r}: is unknown; {nearest(recipe, recipes())}")
        data |= recipes()[recipe].model_dump(exclude={"title"})
    for key, value in (settings or {}).items():
        *path, last = key.split(".")
        place = data
        for step in path:
            if not isinstance(place.get(step), dict):
                raise InputError(f"--set {key}: {step!r} holds no keys; write KEY or objective.KEY")
            place = place[step]
        place[last] = value
    return model_from(data, "--set" if settings else "--recipe")


def _texts(folder: str) -> list[tuple[str, str]]:
    entries = (resources.files("zatlas.models") / folder).iterdir()
    files = sorted((e for e in entries if e.name.endswith(".yaml")), key=lambda e: e.name)
    return [(file.name.removesuffix(".yaml"), file.read_text("utf-8")) for file in files]
