"""What is judged: the atlas. Another way of measuring is judged by writing another adapter.

Causes compare two pictures and have no truth here: ``known_edits.py`` judges them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from known.truth import Array
from zatlas.evidence.account.move_effects import move_effects
from zatlas.evidence.account.naming import is_told, is_trusted
from zatlas.evidence.arrays import Decode, Encode, Measure, floats, in_batches
from zatlas.evidence.effects import difference
from zatlas.evidence.properties import attributes
from zatlas.evidence.properties.property_set import (
    Labelled,
    PropertySet,
    add_factors,
    measure_drawn,
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
        self._probes: PropertySet | None = None
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
        if self._probes is None:
            nothing = PropertySet(attributes.measure, attributes.columns(3), (), {})
            self._probes, _ = add_factors(nothing, labelled, encode, decode)
            self._measure = remembered(self._probes.measure)
        properties = measure_drawn(self._properties(images), images, codes, decode)
        base = difference.measure_centre(decode, properties.measure, codes)
        elements = np.flatnonzero(sd > 0).tolist()
        moves = [element_move(codes, element, sd) for element in elements]
        changes = difference.measure_changes(
            decode,
            properties.measure,
            base,
            moves,
            steps=(-1.0, 1.0),
            sweep_n=1,
            motion_n=0,
        )
        found = move_effects(list(changes), properties, seed=seed)
        return [
            _answer(element, effect, one)
            for element, effect in zip(elements, found, strict=True)
            for one in effect.effects.values()
        ]

    def _properties(self, images: Array) -> PropertySet:
        """The attributes in units of these images, and the factors in units of the labels."""
        known = self._probes
        assert known is not None
        own = in_batches(lambda part: self._measure(floats(part)), images)
        own = own[:, : len(known.columns) - len(known.probes)].T
        return replace(known, measure=self._measure, real=(*own, *known.real))


def _answer(element: int, effect: MoveEffect, one: PropertyEffect) -> Answer:
    numbers = (one.mean, one.low, one.high, one.mean_sd, one.low_sd, one.high_sd)
    nothing_large = one.finding in ("small", "not settled")
    tells = one.named or is_told(one) or (nothing_large and is_trusted(one))
    return Answer(
        element, one.kind, one.name, *(nan if number is None else number for number in numbers),
        says=one.finding if tells else "",
        main=one.named and any(main.mainly and main.first == one.name for main in effect.main),
    )  # fmt: skip


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
    columns = attributes.columns(3)
    return Judged(
        attributes=[column.name for column in columns],
        measure=lambda x: in_batches(attributes.measure, floats(x)),
        answer=Atlas(),
        families={column.name: column.family or column.name for column in columns},
    )
