"""Sentences about a direction: its target, what it spills, and whether it is more than chance."""

from zatlas.evidence.account.number_words import number, percent, sd, spaced, with_minus
from zatlas.evidence.directions.records import (
    LARGEST_NULL_P,
    DirectionEffect,
    NullEffects,
    TargetEffect,
    effect_over_spill,
)

_STEPS = 3  # that the target was followed for
_SPILT_SHOWN = 3


def direction_remarks(effect: DirectionEffect) -> list[str]:
    """The sentences about a direction, after those that every move has."""
    found = [_length(effect)]
    if effect.target is not None:
        found = [_target(effect.target), _null(effect), _element(effect), *found]
    return [spaced(text) for text in [*found, _identity(effect), _stability(effect)] if text]


def target_brief(target: TargetEffect) -> str:
    """An effect with its spill: "yaw +0.45 sd, spill 0.05"."""
    spill = "–" if target.spill is None else f"{target.spill:.2f}"
    return with_minus(spaced(f"{target.property} {sd(target.size, '+')} sd, spill {spill}"))


def reach_words(target: TargetEffect) -> str:
    """The number of steps for a rise of 1 sd: "2.1 steps", or that 3 do not reach it."""
    if target.reach is None:
        return f"not within {_STEPS} steps"
    return f"{target.reach:.1f} step{'s' * (target.reach != 1)}"


def _target(target: TargetEffect) -> str:
    interval = (
        "" if target.low is None or target.high is None
        else f" [{sd(target.low)}, {sd(target.high)}]"
    )  # fmt: skip
    text = f"Its target {target.property} changes by {sd(target.size, '+')} sd{interval} a step"
    text += f" and by 1 sd in {reach_words(target)}" if target.reach else (
        f"; {_STEPS} steps do not reach 1 sd"
    )  # fmt: skip
    text += f"; it changes the same way at each step in {percent(target.monotone)} of images."
    if target.spill is None:
        return text
    most = sorted(target.spilt.items(), key=lambda one: -abs(one[1]))[:_SPILT_SHOWN]
    listed = ", ".join(f"{name} {sd(size, '+')} sd" for name, size in most)
    return (
        f"{text} Spill: for 1 sd of the target, the others change by {target.spill:.2f} sd as a "
        f"mean (most in one step: {listed})."
    )


def _null(effect: DirectionEffect) -> str:
    texts = [
        text for text in (_null_words(effect.random, "random directions of the same length"),
                          _null_words(effect.permuted, "directions learned from permuted labels"))
        if text
    ]  # fmt: skip
    if not texts:
        return ""
    verdict = "more than chance" if effect.is_real else "not more than chance"
    return f"Its effect on the target is {verdict}: {'; '.join(texts)}."


def _null_words(null: NullEffects | None, kind: str) -> str:
    if null is None:
        return ""
    return (
        f"{null.draws} {kind} have {null.high:.2f} sd at most in 95 % "
        f"(p = {null.p:.2g}; {LARGEST_NULL_P:g} or less counts)"
    )


def _element(effect: DirectionEffect) -> str:
    """The best single element beside the direction."""
    beside, target = effect.element, effect.target
    if beside is None or target is None:
        return ""
    text = f"The best single element is z[{beside.element}]: {target_brief(beside.target)}"
    own, theirs = effect_over_spill(target), effect_over_spill(beside.target)
    if own is None or not theirs:
        return f"{text}."
    times = own / theirs
    if times < 1:
        return f"{text}, whose effect over spill is {number(1 / times)} times as large."
    return f"{text}; effect over spill of the direction is {number(times)} times as large."


def _length(effect: DirectionEffect) -> str:
    if effect.mahalanobis is None:
        return ""
    return f"A step is {number(effect.mahalanobis)} Mahalanobis sd of the codes long."


def _identity(effect: DirectionEffect) -> str:
    one = effect.identity
    if one is None:
        return ""
    return (
        f"After a step, {percent(one.kept)} of {one.n} pictures are still nearest to themselves "
        f"(reconstructions: {percent(one.unedited)}; random direction: {percent(one.random)})."
    )


def _stability(effect: DirectionEffect) -> str:
    one = effect.stability
    if one is None:
        return ""
    return (
        f"Learned from two halves of the images, it has a cosine of {one.halves:.2f}; from other "
        f"samples {one.median:.2f}, and 5 % below {one.low:.2f}."
    )
