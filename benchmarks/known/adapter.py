"""What is judged: the atlas. Another way of measuring is judged by writing another adapter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from known.truth import Array
from zatlas.evidence.account.move_effects import move_effects
from zatlas.evidence.account.naming import is_trusted
from zatlas.evidence.arrays import Decode, Encode, Measure, floats, in_batches
from zatlas.evidence.effects import difference
from zatlas.evidence.properties import attributes
from zatlas.evidence.properties.property_set import (
    Labelled,
    PropertySet,
    add_factors,
    measure_drawn,
    pixel_properties,
)
from zatlas.evidence.records import MoveEffect, PropertyEffect
from zatlas.latents.moves import element_move

nan = float("nan")


@dataclass(frozen=True)
class Answer:
    """What is said of one element and one property.

    ``mean`` with its interval in natural units, and the same in sd. ``says`` is what sentences tell
    of it: "directed" or "one way" (named, with a sign), "either way" (named; the same change in
    both directions), "opposite" (other images, other signs), "uneven" (some images much more than
    others), "small", "not settled", or "" where they pass it over. ``main``: said to be what the
    element mainly does.
    """

    element: int
    kind: str
    name: str
    mean: float = nan
    low: float = nan
    high: float = nan
    mean_sd: float = nan
    low_sd: float = nan
    high_sd: float = nan
    says: str = ""
    main: bool = False


class Ask(Protocol):
    """The answers on every element whose sd is not 0."""

    def __call__(
        self,
        decode: Decode,
        encode: Encode,
        codes: Array,
        sd: Array,
        images: Array,
        labelled: Labelled,
        seed: int,
    ) -> list[Answer]:
        """Measured with this seed of the bootstrap."""
        ...


@dataclass(frozen=True)
class Judged:
    """Who is judged. ``attributes`` are the names of what ``measure`` tells of pictures (B, H, W,
    C) in [-1, 1]: (B, K). ``answer`` gives the answers on one decoder. ``families``: properties
    that overlap have one; "mainly" compares families.
    """

    attributes: Sequence[str]
    measure: Measure
    answer: Ask
    families: Mapping[str, str] = field(default_factory=dict)


class Atlas:
    """The atlas of elements of one decoder; what does not depend on the seed is measured once."""

    def __init__(self) -> None:
        self._factors: PropertySet | None = None
        self._measure: Measure = attributes.measure

    def __call__(
        self,
        decode: Decode,
        encode: Encode,
        codes: Array,
        sd: Array,
        images: Array,
        labelled: Labelled,
        seed: int,
    ) -> list[Answer]:
        """The answers on every element whose sd is not 0."""
        if self._factors is None:
            few = pixel_properties(labelled.images[:16])
            self._factors, _ = add_factors(few, labelled, encode, decode)
            self._measure = remembered(self._factors.measure)
        properties = measure_drawn(self._properties(images), images, codes, decode)
        base = difference.measure_centre(decode, properties.measure, codes, properties.compare)
        elements = np.flatnonzero(sd > 0).tolist()
        moves = [element_move(codes, element, sd) for element in elements]
        changes = difference.measure_changes(
            decode, properties.measure, base, moves, steps=(-1.0, 1.0), motion_n=0
        )
        found = move_effects(list(changes), properties, seed=seed)
        return [
            _answer(element, effect, one)
            for element, effect in zip(elements, found, strict=True)
            for one in effect.effects.values()
        ]

    def _properties(self, images: Array) -> PropertySet:
        """The attributes and causes in units of these images, and the factors."""
        own, known = pixel_properties(images), self._factors
        assert known is not None
        first = len(own.columns)
        return replace(
            own, measure=self._measure, columns=known.columns, probes=known.probes,
            real=(*own.real, *known.real[first:]), crosstalk=known.crosstalk,
            drawn_factors=known.drawn_factors,
        )  # fmt: skip


def _answer(element: int, effect: MoveEffect, one: PropertyEffect) -> Answer:
    numbers = (one.mean, one.low, one.high, one.mean_sd, one.low_sd, one.high_sd)
    tells = one.named or (is_trusted(one) and one.finding in _NAMED_BY_FINDING)
    return Answer(
        element, one.kind, one.name, *(nan if number is None else number for number in numbers),
        says=one.finding if tells else "",
        main=any(main.mainly and main.first == one.name for main in effect.main),
    )  # fmt: skip


_NAMED_BY_FINDING = ("opposite", "uneven", "small", "not settled")
"""Findings that need no name of their own: sentences tell them of every property they trust."""


def remembered(measure: Measure) -> Measure:
    """The same measure; a picture that it has seen is not measured again."""
    known: dict[int, Array] = {}

    def values(x_BHWC: Array) -> Array:
        keys = [hash(picture.tobytes()) for picture in x_BHWC]
        new = {key: row for row, key in enumerate(keys) if key not in known}
        if new:
            known.update(zip(new, measure(x_BHWC[list(new.values())]), strict=True))
        return np.stack([known[key] for key in keys])

    return values


def today() -> Judged:
    """Today's atlas."""
    columns = pixel_properties(np.zeros((4, 16, 16, 3), np.uint8)).columns
    return Judged(
        attributes=[column.name for column in attributes.columns(3)],
        measure=lambda x: in_batches(attributes.measure, floats(x)),
        answer=Atlas(),
        families={column.name: column.family or column.name for column in columns},
    )
