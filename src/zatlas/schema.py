"""The base of all typed records: rounded numbers, schema numbers, reading from a file."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from zatlas.errors import InputError
from zatlas.files import read_json

DIGITS = 6  # significant digits of a stored number


def rounded(value: Any) -> Any:
    """A value with numbers of six significant digits, arrays as lists, NaN and infinity as None.

    The last bits of a sum differ between machines; six digits do not. JSON has no NaN.

    Examples
    --------
    >>> rounded(np.array([0.123456789, np.nan]))
    [0.123457, None]
    """
    if isinstance(value, np.ndarray | np.generic):
        return rounded(value.tolist())
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") + 0.0 if math.isfinite(value) else None  # no -0.0
    return value


Number = Annotated[float, BeforeValidator(rounded)]
"""A finite number, stored with six significant digits."""
OptionalNumber = Annotated[float | None, BeforeValidator(rounded)]
"""A finite number, or None where it is not defined."""
Numbers = Annotated[tuple[float, ...], BeforeValidator(rounded)]
OptionalNumbers = Annotated[tuple[float | None, ...], BeforeValidator(rounded)]
Matrix = Annotated[tuple[tuple[float, ...], ...], BeforeValidator(rounded)]


class Record(BaseModel):
    """An immutable result. Every field is validated, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False,
                              populate_by_name=True)  # fmt: skip

    def plain(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return self.model_dump(mode="json", by_alias=True)


class VersionedRecord(Record):
    """A record with its own file. ``SCHEMA`` is compared when the file is read."""

    SCHEMA: ClassVar[int] = 3
    schema_number: int = Field(default=3, alias="schema")

    @classmethod
    def upgraded(cls, data: Any, schema: int) -> Any:  # noqa: ARG003  # for records that need it
        """Data of an older ``schema`` as data of this one; the default changes nothing."""
        return data


R = TypeVar("R", bound=VersionedRecord)


def read_record(path: Path, kind: type[R], hint: str) -> R:
    """Read a record from its file.

    Parameters
    ----------
    path : the JSON file.
    kind : the class of the record.
    hint : how to make the file again; every error ends with it.

    Raises
    ------
    InputError
        The file is missing, is not JSON or is from a newer zatlas, or a field is wrong.
    """
    data = read_json(path, f"missing; {hint}", hint)
    schema = data.get("schema", 1) if isinstance(data, Mapping) else 1
    if type(schema) is not int or schema < 1:
        raise InputError(f"{path}: schema: {schema!r} is no number of a format; {hint}")
    if schema > kind.SCHEMA:
        raise InputError(f"{path}: schema {schema} is from a newer zatlas; upgrade to read it")
    try:
        if schema < kind.SCHEMA:
            data = {**kind.upgraded(data, schema), "schema": kind.SCHEMA}
        return kind.model_validate(data)
    except ValidationError as error:
        fault = error.errors()[0]
        field = "".join(f"{part}: " for part in [".".join(map(str, fault["loc"]))] if part)
        reason = fault["msg"].removeprefix("Value error, ")
        raise InputError(f"{path}: {field}{reason}; {hint}") from None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise InputError(f"{path}: was not written by zatlas; {hint}") from None
