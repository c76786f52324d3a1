"""The rules of sentences: when a property may be named, when it is the main one, what is small.

``may_be_named`` is called once, when a record is built; everybody else reads ``effect.named``.
Every threshold of these rules stands here.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from zatlas.evidence.arrays import PropertyKind
from zatlas.evidence.effects.flags import Flags
from zatlas.evidence.properties.probes import Probe

if TYPE_CHECKING:
    from zatlas.evidence.records import MoveEffect, PropertyEffect

SMALLEST_EFFECT_SD = 0.2  # in sd over real images (Cohen 1988: a small effect)
LARGEST_Q = 0.05  # false discovery rate (Benjamini & Hochberg 1995)
SMALLEST_PEAK_GREY_LEVELS = 0.5  # a smaller change is lost when a picture is rounded
MAIN_RATIO = 2.0  # of the main effect to the second, in sd, at least
SMALL_EFFECT_ERROR_RATE = 0.001  # family-wise, for one move, of the small effects mentioned
MOTION_FRACTION = 0.5  # of a change that a warp explains: from here on it is motion
SHADE_FRACTION = 0.25  # up to here it is shade
OUT_OF_RANGE_FRACTION = 0.05  # of images in range, at most, where a move leaves the data
FOUND_CORRELATION = 0.7  # with its partner in another run, at least, of an element found there
LARGEST_OWN_CORRELATION = 0.2  # of codes: from here on a move is measured with the others too


def may_be_named(
    *,
    low: float,
    high: float,
    q: float,
    mean_sd: float,
    peak: float,
    kind: PropertyKind = "attribute",
    explained_sd: float = 0.0,
    probe: Probe | None = None,
    drawn: bool | None = None,
) -> bool:
    """Whether a sentence may name a property.

    All of these must hold: the interval ``low`` to ``high`` is off zero; ``q`` is at most 0.05;
    the effect is at least 0.2 sd beyond ``explained_sd``, which cross-talk explains; the pixel that
    changes most changes by at least 0.5 grey levels (``peak``); a factor's probe beats chance; and
    the property is not one that the network surely does not draw (``drawn`` False).
    A number that is not defined is NaN, and then no property is named.
    """
    off_zero = low > 0 or high < 0
    large = abs(mean_sd) - explained_sd >= SMALLEST_EFFECT_SD
    visible = peak >= SMALLEST_PEAK_GREY_LEVELS
    trusted = drawn is not False and _trusted(kind, probe)
    return bool(off_zero and q <= LARGEST_Q and large and visible and trusted)


def named_effects(effect: "MoveEffect", kind: PropertyKind | None = None) -> "list[PropertyEffect]":
    """The effects that may be named, of one kind or of both, the largest first."""
    found = [e for e in effect.effects.values() if e.named and kind in (None, e.kind)]
    return sorted(found, key=_size_sd, reverse=True)


def is_main(effects: "Sequence[PropertyEffect]") -> bool:
    """Whether the first effect is the only one, or at least twice the second."""
    sizes = [_size_sd(effect) for effect in effects[:2]]
    return len(sizes) == 1 or (len(sizes) == 2 and sizes[0] >= MAIN_RATIO * sizes[1])


def largest_small_effect(effect: "MoveEffect") -> "PropertyEffect | None":
    """The largest effect that is surely there, though it may be too small to be named.

    Bonferroni over the properties of one move: q runs over a table in which most effects are real,
    so it would let one dead element of two through by chance.
    """
    largest_p = SMALL_EFFECT_ERROR_RATE / max(len(effect.effects), 1)
    sure = [
        e for e in effect.effects.values()
        if e.low_sd is not None and e.high_sd is not None and (e.low_sd > 0 or e.high_sd < 0)
        and e.p <= largest_p and e.drawn is not False and _trusted(e.kind, e.probe)
    ]  # fmt: skip
    return max(sure, key=_size_sd, default=None)


def is_visible(effect: "MoveEffect") -> bool:
    """Whether one pixel or more changes by a grey level once pictures are rounded."""
    return effect.peak >= SMALLEST_PEAK_GREY_LEVELS


def motion_or_shade(effect: "MoveEffect") -> str | None:
    """ "motion", "shade" or "motion and shade"; None where nothing visible changed."""
    if effect.motion is None or not is_visible(effect):
        return None
    if effect.motion >= MOTION_FRACTION:
        return "motion"
    return "shade" if effect.motion <= SHADE_FRACTION else "motion and shade"


def leaves_data(flags: Flags) -> bool:
    """Whether nearly every image leaves the range of the run's codes."""
    return flags.in_range <= OUT_OF_RANGE_FRACTION


def _trusted(kind: PropertyKind, probe: Probe | None) -> bool:
    """A factor is named only beside a probe that beats chance on held-out images."""
    return kind == "attribute" or (probe is not None and probe.passed)


def _size_sd(effect: "PropertyEffect") -> float:
    return abs(effect.mean_sd or 0.0)
