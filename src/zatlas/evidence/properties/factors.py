"""Factors: known properties of images, and the kind of each.

The rule for each column: row numbers, file names and columns that are the same in every row are no
factors. Two different values make a binary factor (the larger, or the later in the alphabet, is 1).
Text is categorical; but where every level is a range of numbers ("20-29", "more than 70"), it is
continuous, with the middle of each range. Whole numbers with at most 10 different values are
categorical, all other numbers continuous. ``kinds`` replaces the rule for single columns.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from zatlas.errors import InputError, nearest
from zatlas.evidence.arrays import Array

Kind = Literal["continuous", "binary", "categorical"]

MOST_CLASSES = 10  # whole numbers with more different values are continuous
_FEWEST_ROWS_PER_LEVEL = 5  # on average; text with fewer names the rows
_ROW_NAMES = {"index", "source", "source_file", "source_index", "file", "filename", "path", "id"}
_UNKNOWN = {"", "na", "n/a", "nan"}
_DECIMAL = re.compile(r"[+-]?(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?\d+)?")
_RANGE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:-|–|to)\s*(\d+(?:\.\d+)?)")
_OPEN = re.compile(r"(?:more than|over|under|less than|[<>]=?)?\s*(\d+(?:\.\d+)?)\s*\+?")
_YES = {("0", "1"), ("-1", "1"), ("False", "True"), ("false", "true"), ("no", "yes")}


@dataclass(frozen=True)
class Factor:
    """One factor of N images.

    ``values`` (N,) float64, NaN where unknown: the number itself, 0 or 1 of a binary factor, or
    the position of the level in ``levels`` (empty for a continuous one). ``note`` says what
    was assumed.
    """

    name: str
    kind: Kind
    values: Array
    levels: tuple[str, ...] = ()
    note: str = ""

    @property
    def known(self) -> Array:
        """True for each image (N,) whose value is known."""
        return np.asarray(~np.isnan(self.values))

    @property
    def label(self) -> str:
        """What 1 means for a binary factor: "smiling" of no and yes, "gender = Male" of others."""
        yes_or_no = self.kind != "binary" or self.levels in _YES
        return self.name if yes_or_no else f"{self.name} = {self.levels[1]}"

    def rows(self, rows: Any) -> "Factor":
        """The same factor for some of the images."""
        return Factor(self.name, self.kind, self.values[rows], self.levels, self.note)


def tell_apart(
    columns: Mapping[str, Any], kinds: Mapping[str, Kind] | None = None
) -> tuple[tuple[Factor, ...], dict[str, str]]:
    """The factors among ``columns`` (name to N values), in order, and why others were left out.

    Unknown values are NaN, an empty text, "NA" or "nan". Raises InputError where columns differ in
    length, hold infinities or more than one axis, or where ``kinds`` names no column or cannot be.
    """
    kinds = kinds or {}
    for name, kind in kinds.items():
        if name not in columns:
            raise InputError(f"factor {name!r} is not in the table; {nearest(name, columns)}")
        if kind not in get_args(Kind):
            raise InputError(f"kind {kind!r} of factor {name!r}; {nearest(kind, get_args(Kind))}")
    factors: list[Factor] = []
    left_out: dict[str, str] = {}
    rows: int | None = None
    for name, column in columns.items():
        values = np.asarray(column)
        if values.ndim != 1 or len(values) != (len(values) if rows is None else rows):
            raise InputError(
                f"factor {name!r} has shape {values.shape}; every factor needs one value an image"
                + (f", {rows} of them" if rows is not None else "")
            )
        rows = len(values)
        found = _factor(name, values, kinds.get(name))
        if isinstance(found, Factor):
            factors.append(found)
        else:
            left_out[name] = found
    return tuple(factors), left_out


def _with_gaps(values: Array) -> Array:
    """Text as numbers, NaN for words that mean unknown, where all other words are numbers."""
    if values.dtype.kind in "fiub":
        return values
    text = [str(value).strip() for value in values.tolist()]
    given = [word for word in text if word.lower() not in _UNKNOWN]
    if len(given) == len(text) or not all(map(_DECIMAL.fullmatch, given)):
        return values
    return np.array([np.nan if word.lower() in _UNKNOWN else float(word) for word in text])


def _factor(name: str, values: Array, asked: Kind | None) -> Factor | str:
    """The factor of one column, or why it is none."""
    values = _with_gaps(values)
    numeric = values.dtype.kind in "fiub"
    if numeric:
        numbers = values.astype(np.float64)
        if np.isinf(numbers).any():
            raise InputError(f"factor {name!r} holds infinite values; leave those cells empty")
        known = ~np.isnan(numbers)
    else:
        text = np.array([str(value).strip() for value in values.tolist()], dtype=np.str_)
        known = np.array([value.lower() not in _UNKNOWN for value in text], dtype=bool)
        numbers = np.full(len(text), np.nan)
    kept = numbers[known] if numeric else text[known]
    distinct = np.unique(kept)
    ranges = None if numeric or asked in ("binary", "categorical") else _middles(distinct)
    if asked is None:
        if name.lower() in _ROW_NAMES:
            return "names the rows"
        if numeric and _counts_rows(kept):
            return "counts the rows"
        if (
            ranges is None
            and not numeric
            and 2 < len(distinct) > len(kept) / _FEWEST_ROWS_PER_LEVEL
        ):
            return f"text with {len(distinct)} levels in {len(kept)} rows"
    if len(distinct) < 2:
        return "the same in every row" if len(distinct) else "no value is known"
    note = ""
    if ranges is not None:
        numbers[known] = [ranges[value] for value in kept]
        note = "ranges, each read as its middle; open ends as their one number"
    kind = asked or _kind(distinct, numeric, ranges is not None)
    if kind == "continuous":
        if not numeric and ranges is None:
            raise InputError(f"factor {name!r} is text, not numbers; it cannot be continuous")
        return Factor(name, kind, numbers, note=note)
    if kind == "binary" and len(distinct) != 2:
        raise InputError(f"factor {name!r} has {len(distinct)} values; a binary one needs 2")
    codes = np.full(len(values), np.nan)
    codes[known] = np.searchsorted(distinct, kept)
    if values.dtype.kind == "b":
        return Factor(name, kind, codes, ("False", "True"))
    return Factor(name, kind, codes, tuple(_word(level) for level in distinct.tolist()))


def _counts_rows(values: Array) -> bool:
    whole = bool(np.all(values == np.floor(values)))
    return whole and len(values) > MOST_CLASSES and bool(np.all(np.diff(values) > 0))


def _kind(distinct: Array, numeric: bool, ranges: bool) -> Kind:
    if ranges:
        return "continuous"
    if len(distinct) == 2:
        return "binary"
    if numeric and (len(distinct) > MOST_CLASSES or np.any(distinct != np.floor(distinct))):
        return "continuous"
    return "categorical"


def _middles(levels: Iterable[str]) -> dict[str, float] | None:
    """The middle of each level where all levels are ranges and one has two ends; else None."""
    middles, closed = {}, 0
    for level in levels:
        if both := _RANGE.fullmatch(level):
            middles[level] = (float(both[1]) + float(both[2])) / 2
            closed += 1
        elif one := _OPEN.fullmatch(level):
            middles[level] = float(one[1])
        else:
            return None
    return middles if closed else None


def _word(level: Any) -> str:
    """A level as a word: 3.0 is "3"."""
    return f"{level:g}" if isinstance(level, float) else str(level)
