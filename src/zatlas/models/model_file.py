"""The model file: YAML, data only, every key checked, every short form expanded."""

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import yaml
from pydantic import PositiveInt, ValidationError

from zatlas.errors import InputError, nearest
from zatlas.files import read_text, similar_name
from zatlas.models.architecture import Architecture, check, owned
from zatlas.models.layers import ACTIVATIONS, LAYERS, OWN, bounds
from zatlas.models.pasted import read_pasted
from zatlas.models.shortforms import SHORT_FORMS, WORDS, expand, mirrored
from zatlas.plain_yaml import parse_yaml
from zatlas.recipes import recipe as recipes
from zatlas.recipes.objective_text import known_settings, with_settings
from zatlas.recipes.part_text import call_of, made, parameters
from zatlas.recipes.parts import Part, Requirement
from zatlas.recipes.step import Shapes
from zatlas.syntax import Call, parse_call

MAX_BYTES = 1_000_000  # of a model file
OF_A_RUN = "model.yaml"  # the model file in the folder of a run
MAX_NOTEBOOK_BYTES = 50_000_000  # of a notebook, which holds its pictures
PASTED_LAYERS = LAYERS - OWN.keys()
YAML_SUFFIXES, PASTED_SUFFIXES = (".yaml", ".yml"), (".py", ".txt", ".ipynb")


class ModelFile(recipes.Parts):
    """The keys of a model file; ``docs/model-file.md`` explains each."""

    title: str = ""
    image: tuple[PositiveInt, PositiveInt, PositiveInt] = (3, 64, 64)
    range: tuple[float, float] = (-1.0, 1.0)
    encoder: str | list[str] | None = None
    encoders: list[str | list[str]] | None = None
    decoder: str | list[str] = "mirrored"
    output: str | None = None

    def __hash__(self) -> int:  # its lists have none
        return hash(self.model_dump_json())

    def architecture(self) -> Architecture:
        """The checked network, traced once; raises InputError with the first fault."""
        return _traced(self)[2]

    def long_form(self) -> "ModelFile":
        """The same model with every short form and ``mirrored`` written out as layer lists."""
        return self.with_layers(*self.layers())

    def layers(self) -> tuple[list[list[Call]], list[Call]]:
        """The layers of every encoder and of the decoder, each short form written out."""
        return _traced(self)[:2]

    def with_layers(self, encoders: list[list[Call]], decoder: list[Call]) -> "ModelFile":
        """The same model with other layers."""
        lists = [list(map(str, calls)) for calls in encoders]
        one = len(lists) == 1
        parts = {"encoder": lists[0] if one else None, "encoders": None if one else lists}
        return self.model_copy(update={**parts, "decoder": list(map(str, decoder)), "output": None})

    def to_yaml(self) -> str:
        """The file's text, keys in their order of declaration, defaults left out."""
        data = self.model_dump(mode="json", exclude_defaults=True)
        order = sorted(ModelFile.model_fields, key=lambda key: key in recipes.Parts.model_fields)
        data = {key: data[key] for key in order if key in data}  # the keys of the recipe are last
        data.setdefault("image", list(self.image))
        return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)

    def _layers(self) -> tuple[list[list[Call]], list[Call]]:
        if (self.encoder is None) == (self.encoders is None):
            raise InputError("model file: give either `encoder` or `encoders`, and not both")
        written = [self.encoder] if self.encoder is not None else list(self.encoders or [])
        if not written:
            raise InputError("encoders: the list is empty; give at least one encoder")
        encoders = [_read(layers, "encoder", self.image) for layers in written]
        output = parse_call(self.output, ACTIVATIONS, "output") if self.output else None
        if self.decoder == "mirrored":
            usual = Call("Tanh" if self.range == (-1.0, 1.0) else "Sigmoid")
            return encoders, mirrored(self.image, encoders, output or usual)
        decoder = _read(self.decoder, "decoder", self.image)
        if isinstance(self.decoder, list) and output is not None:
            fault = "goes only beside `decoder: mirrored` or a short form"
            mend = "write it as the last layer of the decoder"
            raise InputError(f"output: {self.output} {fault}; {mend}")
        return encoders, decoder + ([output] if output else [])


@lru_cache(maxsize=64)
def _traced(model: ModelFile) -> tuple[list[list[Call]], list[Call], Architecture]:
    """The layers of a model and its checked network: shapes are traced once for equal models.

    Raises InputError where the objective requires what the model does not give.
    """
    encoders, decoder = model._layers()
    network = check(model.image, encoders, decoder, model.bottleneck, model.range)
    given = model.bottleneck.gives | model.critic.gives
    given = given.union(*(term.gives for term in model.objective.terms))
    if bounds(decoder) == (0.0, 1.0):
        given |= {Requirement.UNIT_RANGE}
    asking: list[tuple[str, Part]] = [("objective", term) for term in model.objective.terms]
    asking += [("closing", model.closing), ("critic", model.critic)]
    for key, part in asking:
        for missing in (each for each in part.requires if each not in given):
            raise InputError(f"{key}: {part.name} needs {missing.value}")
    rows = owned(model.owners, Shapes(network.image, network.code_shape))
    return encoders, decoder, network._replace(owned=rows)


def _read(layers: str | list[str], part: str, image: tuple[int, int, int]) -> list[Call]:
    if isinstance(layers, str):
        return expand(parse_call(layers, SHORT_FORMS, f"{part} short form", WORDS), part, image)
    known = (*LAYERS, *SHORT_FORMS)
    calls = [parse_call(text, known, f"{part} layer {i}", WORDS) for i, text in enumerate(layers)]
    written = [expand(c, part, image) if c.name in SHORT_FORMS else [c] for c in calls]
    return list(chain(*written))


def read_model(model: str | os.PathLike[str]) -> ModelFile:
    """A model by the name of a preset, or by the path of a model file, pasted code or a run.

    Raises InputError for an unknown name (naming the nearest preset), an unreadable file, an
    unknown key (naming the nearest key) and a value that does not fit.
    """
    path, known = Path(model), presets()
    if path.is_dir() and str(model) not in known:
        path = path / OF_A_RUN
        if not path.exists():
            known_forms = "give a run, a preset, a model file or pasted code"
            raise InputError(f"model {str(model)!r}: a directory without {OF_A_RUN}; {known_forms}")
    if path.suffix in (*YAML_SUFFIXES, *PASTED_SUFFIXES) or path.is_file():
        hint = "" if path.exists() else similar_name(path)
        missing = f"no such model file{hint or '; `zatlas models list` shows the presets'}"
        text = read_text(path, missing, _longest(path))
        if path.suffix in YAML_SUFFIXES:
            return parse_model(text, str(path))
        return model_from(read_pasted(text, str(path), PASTED_LAYERS).model, str(path))
    if str(model) not in known:
        runs = [str(file.parent) for file in path.parent.glob(f"*/{OF_A_RUN}")]
        hint = nearest(str(model), [*known, *runs])
        if str(model) in recipes.recipes():
            hint = f"it is a recipe for any network; give model=fcn-10 and recipe={model}"
            raise InputError(f"model {str(model)!r}: {hint}", arguments=("model", "recipe"))
        if not hint.startswith("did"):
            close = nearest(str(model), recipes.recipes(), most=3)
            hint = f"of the recipes, {close}" if close.startswith("did") else hint
        raise InputError(f"model {str(model)!r}: no such preset, model file or run; {hint}")
    return known[str(model)]


def assumed(model: str | os.PathLike[str]) -> tuple[str, ...]:
    """What had to be assumed to read pasted code, a line each; of other models nothing."""
    path = Path(model)
    if not path.is_file() or path.suffix in YAML_SUFFIXES:
        return ()
    text = read_text(path, longest=_longest(path))
    return read_pasted(text, str(path), PASTED_LAYERS).assumptions


def _longest(path: Path) -> int:
    return MAX_NOTEBOOK_BYTES if path.suffix == ".ipynb" else MAX_BYTES


def parse_model(text: str, name: str) -> ModelFile:
    """The model in the text of a model file; ``name`` stands in the errors."""
    return model_from(parse_yaml(text, name), name)


def _meant(key: str, aliases: Mapping[str, str]) -> str:
    """The end of an error about an unknown key that was to be set."""
    known = [f"objective.{setting}" for setting in known_settings()]
    of_a_term = [name for name in known if name.endswith((f".{key}", f".{key.replace('_', '.')}"))]
    if of_a_term:
        return f"write {of_a_term[0]}"
    return nearest(key, [*aliases, *ModelFile.model_fields])


def model_from(data: Any, name: str) -> ModelFile:
    """The model in the plain data of a model file; ``name`` stands in the errors."""
    if not isinstance(data, dict):
        found = "nothing" if data is None else f"a {type(data).__name__}"
        hint = "write the keys of a model file, as `encoder: mlp(64, 10)`"
        raise InputError(f"{name}: holds {found}; {hint}")
    try:
        return ModelFile.model_validate(data)
    except ValidationError as error:
        raise InputError(f"{name}: {_explain(error)}") from None


def _explain(error: ValidationError) -> str:
    """The first fault that pydantic found, in one line."""
    fault = error.errors()[0]
    cause = fault.get("ctx", {}).get("error")
    if isinstance(cause, InputError):  # of a validator in recipes/
        return str(cause)
    if fault["loc"] == ("image",):
        hint = "write [channels, height, width], as [3, 64, 64]"
        return f"image: {fault.get('input')!r}: {hint}"
    where = [str(part) for part in fault["loc"] if not str(part).startswith(("list[", "str"))]
    if fault["type"] == "extra_forbidden":
        return f"unknown key {'.'.join(where)!r}; {nearest(where[-1], ModelFile.model_fields)}"
    return f"{'.'.join(where)}: {fault['msg']}, not {fault.get('input')!r}"


@cache
def presets() -> dict[str, ModelFile]:
    """Every preset by name, read from the model files in ``models/presets``."""
    return {name: parse_model(text, name) for name, text in recipes.preset_texts("zatlas.models")}


def adapt(
    model: ModelFile, recipe: str | None = None, settings: Mapping[str, Any] | None = None
) -> ModelFile:
    """The model with the parts of a recipe, then with single keys set.

    Parameters
    ----------
    recipe
        The name of a recipe: its corruption, bottleneck and objective replace the model's.
    settings
        Values by key of a model file. A parameter of a term stands behind dots, as
        ``objective.kl.weight``.

    Raises
    ------
    InputError
        For an unknown recipe or key, and a value that does not fit.
    """
    if recipe is None and not settings:
        return model
    data: dict[str, Any] = {name: getattr(model, name) for name in ModelFile.model_fields}
    aliases: Mapping[str, str] = {}
    if recipe is not None:
        chosen = recipes.find_recipe(recipe)
        data |= chosen.keys()
        aliases = chosen.parameters
    settings = {aliases.get(key, key): value for key, value in (settings or {}).items()}
    for key in (key for key in settings if key in ModelFile.model_fields):
        data[key] = settings[key]
    whole = model_from(data, "changes of the model")
    terms: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    for key in (key for key in settings if key not in ModelFile.model_fields):
        first, dot, rest = key.partition(".")
        if dot and first == "objective":
            terms[rest] = settings[key]
        elif dot and first in recipes.PARTS:
            part = parts.get(first, getattr(whole, first))
            parts[first] = _with_parameter(part, key, settings[key])
        else:
            raise InputError(f"unknown key {key!r}; {_meant(key, aliases)}")
    if terms:
        parts["objective"] = with_settings(whole.objective, terms)
    return model_from({**data, **parts}, "changes of the model")


def _with_parameter(part: Part, key: str, value: object) -> Part:
    """The part with one parameter changed; ``key`` is as ``bottleneck.size``."""
    first, _, name = key.partition(".")
    if name not in parameters(type(part)):
        hint = nearest(name, parameters(type(part))) if parameters(type(part)) else "it has none"
        raise InputError(f"unknown key {key!r}: the {first} is {part.name}; {hint}")
    call = call_of(part)
    kwargs: dict[str, Any] = {**call.kwargs, name: value}  # `made` checks the value
    return made(replace(call, kwargs=kwargs), recipes.PARTS[first], first)
