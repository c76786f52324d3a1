"""Parts as a model file writes them: a name with parameters, such as ``kl(weight=4)``."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from zatlas.errors import InputError, nearest
from zatlas.recipes.parts import Part
from zatlas.syntax import Call, format_call, parse_call

STRICT = ConfigDict(extra="forbid")  # an unknown parameter is a fault
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Epochs = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
P = TypeVar("P", bound=Part)


def read_part(value: object, known: Mapping[str, type[P]], key: str) -> P:
    """The part that a key of a model file names.

    Parameters
    ----------
    value : its text, with or without brackets, as ``gaussian`` or ``topk(k=8)``; or the part.
    known : the parts of this key by name.
    key : the key, for the errors.

    Raises
    ------
    InputError
        Where the part or a parameter is unknown or has a value that does not fit.
    """
    if not isinstance(value, str):
        if type(value) in known.values():
            return value  # type: ignore[return-value]  # it is one of them
        raise InputError(f"{key}: {value!r} is no text; known are: {', '.join(sorted(known))}")
    if "(" in value:
        return made(parse_call(value, known, key, kind="part"), known, key)
    if value not in known:
        raise InputError(f"{key}: {value!r} is unknown; {nearest(value, known)}")
    return known[value]()


def write_part(part: Part) -> str:
    """The text of a part; without brackets where every parameter has its default value.

    >>> from zatlas.recipes.bottlenecks import BOTTLENECKS
    >>> write_part(BOTTLENECKS["gaussian"]())
    'gaussian'
    """
    call = call_of(part)
    return format_call(call) if call.kwargs else call.name


def made(call: Call, known: Mapping[str, type[P]], key: str) -> P:
    """The part of a call. Raises InputError where a parameter is unknown or does not fit."""
    names = parameters(known[call.name])
    for name in call.kwargs:
        if name not in names:
            hint = nearest(name, names) if names else f"{call.name} has no parameters"
            raise InputError(f"unknown key '{key}.{call.name}.{name}'; {hint}")
    try:
        return known[call.name](*call.args, **call.kwargs)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, (call.name, *fault["loc"])))
        raise InputError(f"{key}.{where}: {fault['msg']}, not {fault['input']!r}") from None


def call_of(part: Part) -> Call:
    """A part as a call, without parameters that have their default value."""
    defaults = type(part)()
    given = {name: getattr(part, name) for name in parameters(type(part))}
    changed = {name: v for name, v in given.items() if v != getattr(defaults, name)}
    whole = {name: int(v) for name, v in changed.items() if isinstance(v, float) and v.is_integer()}
    return Call(part.name, (), {**changed, **whole})


def parameters(part: type[Part]) -> list[str]:
    """The names of a part's parameters."""
    return [field.name for field in fields(part)]  # type: ignore[arg-type]  # every part is one
