"""What is judged: today's atlas. Another way of measuring is judged by writing another adapter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zatlas.evidence.account.naming import is_main, named_effects
from zatlas.evidence.arrays import PropertyKind, floats, in_batches
from zatlas.evidence.measurements import Subject, element_atlas
from zatlas.evidence.properties import attributes
from zatlas.evidence.properties.property_set import (
    Labelled,
    PropertySet,
    add_factors,
    pixel_properties,
)
from zatlas.latents.code_statistics import gather

Array = NDArray[Any]
nan = float("nan")
KINDS: tuple[PropertyKind, ...] = ("attribute", "factor")


@dataclass(frozen=True)
class Answer:
    """What is said of one element and one property.

    ``mean`` with its interval in natural units, and the same in sd. ``says``: "directed" (a
    sentence names it, with a sign), "either way" (the same change in both directions), "opposite"
    (other images, other signs), "small" (said to have no or a small effect), "not settled", or ""
    where sentences pass it over. ``main``: said to be what the element mainly does.
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


@dataclass(frozen=True)
class Judged:
    """Who is judged. ``attributes`` are the names of what ``measure`` tells of pictures (B, H, W,
    C) in [-1, 1]: (B, K). ``answer(decode, encode, codes, sd, images, labelled, seed)`` gives the
    answers. ``families``: properties that overlap have one; "mainly" compares families.
    """

    attributes: Sequence[str]
    measure: Callable[[Array], Array]
    answer: Callable[..., list[Answer]]
    families: Mapping[str, str] = field(default_factory=dict)


def judged(
    decode: Callable[[Array], Array],
    encode: Callable[[Array], Array],
    codes: Array,
    sd: Array,
    images: Array,
    labelled: Labelled,
    seed: int = 0,
) -> list[Answer]:
    """Today's atlas of a decoder, read as answers. An element of ``sd`` 0 is not asked about."""
    statistics = replace(gather(codes), sd=sd)
    record = element_atlas(
        Subject(encode, decode, statistics, codes), _properties(images, labelled), seed=seed
    )
    answers = []
    for element in record.elements:
        main = [named[0].name for kind in KINDS
                if is_main(named := named_effects(element, kind))]  # fmt: skip
        denies = any(word in element.sentence for word in ("no measurable effect", "small, un"))
        for e in element.effects.values():
            answers.append(Answer(
                element.element, e.kind, e.name,
                *(nan if number is None else number for number in
                  (e.mean, e.low, e.high, e.mean_sd, e.low_sd, e.high_sd)),
                says="directed" if e.named else "small" if denies else "",
                main=e.name in main,
            ))  # fmt: skip
    return answers


def _properties(images: Array, labelled: Labelled) -> PropertySet:
    """Attributes of the images, and probes, which are trained once for the same labelled images."""
    if not _PROBED or _PROBED[0][0] is not labelled.images:
        known, _ = add_factors(pixel_properties(labelled.images[:64]), labelled)
        _PROBED[:] = [(labelled.images, known)]
    own, known = pixel_properties(images), _PROBED[0][1]
    return replace(known, real_sd=np.r_[own.real_sd, known.real_sd[len(own.columns) :]])


_PROBED: list[tuple[Array, PropertySet]] = []  # the labelled images and their probes; one pair


def today() -> Judged:
    """Today's atlas."""
    names = [column.name for column in attributes.columns(3)]
    return Judged(names, lambda x: in_batches(attributes.measure, floats(x)), judged)
