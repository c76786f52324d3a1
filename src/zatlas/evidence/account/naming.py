"""The rules of sentences: when a property may be named, what is mentioned, what is small.

``may_be_named`` is called once, when a record is built; everybody else reads ``effect.named``.
Every threshold of these rules stands here or is imported here; what may be said of the numbers of
one effect, its finding, is decided in ``statistics/paired_effects.py``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from zatlas.evidence.arrays import PropertyKind
from zatlas.evidence.effects.flags import Flags
from zatlas.evidence.properties.probes import Probe
from zatlas.evidence.statistics.paired_effects import (
    SMALLEST_EFFECT_SD as SMALLEST_EFFECT_SD,  # others import it from here
)
from zatlas.evidence.statistics.paired_effects import EffectKind

if TYPE_CHECKING:
    from zatlas.evidence.records import Estimate, MainEffect, MoveEffect, PropertyEffect

SMALLEST_PEAK_GREY_LEVELS = 0.5  # a smaller change is lost when a picture is rounded
SMALL_EFFECT_ERROR_RATE = 0.001  # family-wise, for one move, of the small effects mentioned
SLOPE_READ_IN_FULL = 0.9  # of a probe: from here on its slope is not mentioned
OUT_OF_RANGE_FRACTION = 0.05  # of images in range, at most, where a move leaves the data
WITH_A_SIGN: tuple[EffectKind, ...] = ("directed", "one way", "either way")
WITHOUT_A_SIGN: tuple[EffectKind, ...] = ("opposite", "uneven")
"""Findings of effects that are large and have no sign of their own."""
FEW_IMAGES = 100  # below, a sentence says that it is over only so many images
FOUND_CORRELATION = 0.7  # with its partner in another run, at least, of an element found there
LARGEST_OWN_CORRELATION = 0.2  # of codes: from here on a move is measured with the others too


def may_be_named(
    *,
    finding: EffectKind,
    size_sd: float,
    peak: float,
    kind: PropertyKind = "attribute",
    explained_sd: float = 0.0,
    probe: Probe | None = None,
    drawn: bool | None = None,
) -> bool:
    """Whether a sentence may name a property with a direction.

    All of these must hold: the finding has a sign; the size of the effect, ``size_sd``, is at least
    0.2 sd beyond ``explained_sd``, which cross-talk explains; the pixel that changes most changes
    by at least 0.5 grey levels (``peak``); a factor's probe beats chance; and the property is not
    one that the network surely does not draw (``drawn`` False).
    """
    large = size_sd - explained_sd >= SMALLEST_EFFECT_SD
    visible = peak >= SMALLEST_PEAK_GREY_LEVELS
    trusted = drawn is not False and _has_probe(kind, probe)
    return bool(finding in WITH_A_SIGN and large and visible and trusted)


def stated_field(effect: "PropertyEffect") -> str:
    """The field of an effect that its finding speaks of.

    "either way": the even part. "one way": the larger step. "opposite", "uneven": the root mean
    square. Else, and in older records, the mean.
    """
    field = "mean_part"
    if effect.finding == "either way":
        field = "even"
    elif effect.finding == "one way":
        field = "forward" if upwards_only(effect) else "backward"
    elif effect.finding in WITHOUT_A_SIGN:
        field = "rms"
    return field if getattr(effect, field) is not None else "mean_part"


def stated_part(effect: "PropertyEffect") -> "Estimate":
    """The estimate that the finding of an effect speaks of: :func:`stated_field`."""
    part: Estimate = getattr(effect, stated_field(effect))
    return part


def upwards_only(effect: "PropertyEffect") -> bool:
    """Of an effect that is one way: whether it is that of the step +1."""
    forward, backward = effect.forward, effect.backward
    return not (forward and backward and abs(backward.value) > abs(forward.value))


def reaches_stated_size(part: "Estimate") -> bool:
    """Whether the interval of an estimate reaches 0.2 sd; it does where there is no interval."""
    ends = (part.low_sd, part.high_sd)
    return any(end is None or abs(end) >= SMALLEST_EFFECT_SD for end in ends)


def size_sd(effect: "PropertyEffect") -> float:
    """Size in sd of the part that the finding speaks of; 0 where it has none."""
    return abs(stated_part(effect).value_sd or 0.0)


def is_trusted(effect: "PropertyEffect") -> bool:
    """Whether a sentence may speak of a property at all.

    The network draws it, or may draw it, and a factor has a probe that beats chance.
    """
    return effect.drawn is not False and _has_probe(effect.kind, effect.probe)


def named_effects(effect: "MoveEffect", kind: PropertyKind | None = None) -> "list[PropertyEffect]":
    """The effects that may be named, of one kind or of all: one for each family, largest first.

    In a family a cause comes before an attribute.
    """
    found = [e for e in effect.effects.values() if e.named and kind in (None, e.kind)]
    return _one_of_each_family(found)


def is_told(effect: "PropertyEffect") -> bool:
    """Whether an effect has no sign, and is 0.2 sd or more beyond what cross-talk explains."""
    beyond = size_sd(effect) - (effect.explained_sd or 0.0)
    return effect.finding in WITHOUT_A_SIGN and is_trusted(effect) and beyond >= SMALLEST_EFFECT_SD


def unsigned_effects(effect: "MoveEffect") -> "list[PropertyEffect]":
    """Large effects without a sign, opposite or uneven, that no name of their family covers.

    A name covers them where it is at least as large.
    """
    named = {_family(e): size_sd(e) for e in named_effects(effect)}
    found = [
        e for e in effect.effects.values()
        if is_told(e) and size_sd(e) > named.get(_family(e), 0.0)
    ]  # fmt: skip
    return _one_of_each_family(found) if is_visible(effect) else []


def undrawn_effects(effect: "MoveEffect") -> "list[PropertyEffect]":
    """Large effects on properties that the network does not draw, which no sentence may name.

    A name of their family that is at least as large covers them, and so does a name in the same
    words: "sharper" by detail gain where sharpness, which noise raises too, is not drawn.
    """
    names = named_effects(effect)
    named, words = {_family(e): size_sd(e) for e in names}, {e.up for e in names}
    found = [
        e for e in effect.effects.values()
        if e.drawn is False and e.finding in (*WITH_A_SIGN, *WITHOUT_A_SIGN) and e.up not in words
        and size_sd(e) >= max(SMALLEST_EFFECT_SD, named.get(_family(e), 0.0))
    ]  # fmt: skip
    return _one_of_each_family(found) if is_visible(effect) else []


def explained_effects(effect: "MoveEffect") -> "list[PropertyEffect]":
    """Effects on factors that cross-talk may explain, largest first."""
    found = [
        e for e in effect.effects.values()
        if e.finding in (*WITH_A_SIGN, *WITHOUT_A_SIGN) and not e.named and not is_told(e)
        and is_trusted(e) and e.explained_sd
    ]  # fmt: skip
    return _one_of_each_family(found) if is_visible(effect) else []


def unsettled_effects(effect: "MoveEffect") -> "list[PropertyEffect]":
    """Effects that may be 0.2 sd or more, and may not; the one that may be largest comes first."""
    found = [e for e in effect.effects.values() if e.finding == "not settled" and is_trusted(e)]
    found = [e for e in found if e.mean_sd is not None]
    return sorted(found, key=size_sd, reverse=True)


def main_effect(effect: "MoveEffect", kind: PropertyKind) -> "MainEffect | None":
    """What the move mainly changes among the properties compared with ``kind``, if anything."""
    factor = kind == "factor"
    return next((m for m in effect.main if m.mainly and (m.kind == "factor") == factor), None)


def is_main(effect: "MoveEffect", one: "PropertyEffect") -> bool:
    """Whether the move mainly changes this property, or another one of its family.

    A property that may not be named, since the network does not draw it, is not the main one. Nor
    is one of which it is not settled.
    """
    main = main_effect(effect, one.kind)
    if main is None:
        return False
    first = effect.effects[main.first]
    settled = not (is_unsure(effect, first) or is_unsure(effect, one))
    return first.named and settled and _family(first) == _family(one)


def is_unsure(effect: "MoveEffect", one: "PropertyEffect") -> bool:
    """Whether it was measured, and is not settled, that the network draws a property.

    It was measured where other properties of the record are said to be drawn or not.
    """
    return one.drawn is None and any(e.drawn is not None for e in effect.effects.values())


def in_order(effect: "MoveEffect", some: "Sequence[PropertyEffect]") -> "list[PropertyEffect]":
    """The order in which effects are told: what the network surely draws first, then by size."""
    return sorted(some, key=lambda one: (is_unsure(effect, one), -size_sd(one)))


def largest_small_effect(effect: "MoveEffect") -> "PropertyEffect | None":
    """The largest small effect that is surely there.

    Bonferroni over the properties of one move: q runs over a table in which most effects are real,
    so it would let one dead element of two through by chance.
    """
    largest_p = SMALL_EFFECT_ERROR_RATE / max(len(effect.effects), 1)
    sure = [
        e for e in effect.effects.values()
        if e.low_sd is not None and e.high_sd is not None and (e.low_sd > 0 or e.high_sd < 0)
        and e.finding == "small" and e.p <= largest_p and is_trusted(e)
    ]  # fmt: skip
    return max(sure, key=size_sd, default=None)


def _one_of_each_family(effects: "Sequence[PropertyEffect]") -> "list[PropertyEffect]":
    chosen: dict[tuple[str, bool], PropertyEffect] = {}
    for one in sorted(effects, key=lambda e: (e.kind != "cause", -size_sd(e))):
        chosen.setdefault(_family(one), one)
    return sorted(chosen.values(), key=size_sd, reverse=True)


def _family(effect: "PropertyEffect") -> tuple[str, bool]:
    """The family of a property; factors have families of their own."""
    return effect.family or effect.name, effect.kind == "factor"


def is_visible(effect: "MoveEffect") -> bool:
    """Whether one pixel or more changes by a grey level once pictures are rounded."""
    return effect.peak >= SMALLEST_PEAK_GREY_LEVELS


def motion_or_shade(effect: "MoveEffect") -> str | None:
    """ "motion", "shade" or "motion and shade" where that is settled; else None."""
    if effect.motion is None or not is_visible(effect):
        return None
    verdict = effect.motion.verdict
    return None if verdict in ("neither", "not settled") else verdict


def leaves_data(flags: Flags) -> bool:
    """Whether nearly every image leaves the range of the run's codes."""
    return flags.in_range <= OUT_OF_RANGE_FRACTION


def _has_probe(kind: PropertyKind, probe: Probe | None) -> bool:
    """A factor is named only beside a probe that beats chance on held-out images."""
    return kind != "factor" or (probe is not None and probe.passed)
