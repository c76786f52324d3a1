"""What the measured effects of an element say to a claim about it, by rule."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from zatlas.evidence.account.claim_reading import Meant, Reading
from zatlas.evidence.account.naming import (
    OUT_OF_RANGE_FRACTION,
    SMALLEST_EFFECT_SD,
    is_main,
    named_effects,
)
from zatlas.evidence.properties.words import Direction
from zatlas.evidence.records import ClaimWord, MoveEffect, PropertyEffect

EffectKind = Literal["directed", "either way", "opposite", "small", "not settled"]


@dataclass(frozen=True)
class Effect:
    """The measured effect of one element on one property, in sd of the property.

    ``mean_sd`` with its interval ``low_sd`` to ``high_sd`` is that of +1 sd of the element; of an
    effect "either way", what both steps share. ``kind`` is what is settled about it; "opposite" is
    up in some images and down in others. ``main``: it is the main effect of the element. ``drawn``
    is False where the network does not draw the property.
    """

    name: str
    mean_sd: float
    low_sd: float
    high_sd: float
    kind: EffectKind
    main: bool = False
    drawn: bool | None = None


def effects_of(move: MoveEffect) -> list[Effect]:
    """The effects of a move that have a size in sd."""
    named = named_effects(move)
    main = named[0] if named and is_main(named) else None
    return [
        Effect(
            e.name, e.mean_sd, e.low_sd, e.high_sd,
            _kind(e, max(abs(e.low_sd), abs(e.high_sd))), e is main, e.drawn,
        )
        for e in move.effects.values()
        if e.mean_sd is not None and e.low_sd is not None and e.high_sd is not None
    ]  # fmt: skip


def _kind(effect: PropertyEffect, farthest_sd: float) -> EffectKind:
    """What is settled about an effect; its interval reaches ``farthest_sd`` from 0.

    Nothing is, where the network does not draw the property: it cannot show a change, nor none.
    """
    if effect.named:
        return "directed"
    settled = effect.drawn is not False and farthest_sd < SMALLEST_EFFECT_SD
    return "small" if settled else "not settled"


@dataclass(frozen=True)
class Verdict:
    """``word`` is the verdict, ``reason`` the rest of the sentence with the numbers."""

    word: ClaimWord
    reason: str


@dataclass(frozen=True)
class _Answer(Verdict):
    against: bool = False  # the effect is there and goes the other way


def judge(reading: Reading, effects: Sequence[Effect], in_range: float | None = None) -> Verdict:
    """Judge a claim by the effects of its element.

    Every phrase of the claim must hold; of the properties that one phrase may mean, one is enough.
    A denial needs all of them to be small. A property is changed from 0.2 sd on.

    Parameters
    ----------
    reading : the claim, from :func:`~zatlas.evidence.account.claim_reading.read_claim`.
    effects : every effect of the element that was measured.
    in_range : fraction of images that the move leaves in the range of the run's codes; up to 0.05
        nothing is decided.
    """
    if reading.refused:
        return Verdict("cannot be judged", reading.refused)
    answers = [
        _of_phrase(list(group), effects, reading)
        for _, group in groupby(reading.properties, lambda meant: meant.phrase)
    ]
    ranked: tuple[ClaimWord, ...] = ("cannot be judged", "refuted", "inconclusive", "supported")
    word = min((answer.word for answer in answers), key=ranked.index)
    decided = word in ("supported", "refuted")
    if decided and in_range is not None and in_range <= OUT_OF_RANGE_FRACTION:
        share = f"{100 * in_range:.0f} % in range"
        return Verdict("inconclusive", f"the move leaves the data: {share}")
    return Verdict(word, "; ".join(answer.reason for answer in answers if answer.word == word))


def _of_phrase(meant: list[Meant], effects: Sequence[Effect], reading: Reading) -> Verdict:
    """The verdict on one phrase, which may mean one property or another."""
    measured = {e.name: e for e in effects}
    known = [each for each in meant if each.name in measured]
    if not known:
        names = " or ".join(each.name for each in meant)
        return Verdict("cannot be judged", f"{names} was not measured in sd")
    answer = _denied if reading.negated else _asserted
    answers = [answer(measured[each.name], each.direction) for each in known]
    words = [each.word for each in answers]
    if not reading.negated and "supported" in words and any(each.against for each in answers):
        return Verdict("inconclusive", "; ".join(each.reason for each in answers))
    order: tuple[ClaimWord, ...] = ("supported", "inconclusive", "refuted")
    if reading.negated:
        order = ("refuted", "inconclusive", "supported")
    word = min(words, key=order.index)
    best = [
        (measured[meant.name], each)
        for meant, each in zip(known, answers, strict=True)
        if each.word == word
    ]
    _, chosen = max(best, key=lambda pair: abs(pair[0].mean_sd))
    if word == "supported" and not reading.negated:
        chosen = _beside([e for e, _ in best], effects, chosen, reading.main)
    return Verdict(chosen.word, chosen.reason)


def _asserted(effect: Effect, direction: Direction) -> _Answer:
    """The answer to "it changes so"."""
    low, high, text = *_towards(effect, direction), _numbers(effect)
    if effect.kind == "not settled":
        return _Answer("inconclusive", f"{_unsettled(effect)}: {text}")
    if effect.kind == "small":
        if low <= 0 <= high:
            return _Answer("refuted", f"no effect that differs from 0: {text}")
        return _Answer("refuted", f"real but too small: {text}; {SMALLEST_EFFECT_SD} sd needed")
    if effect.kind == "opposite":
        text = f"it changes in different directions in different images: {text} on average"
        if direction == "either":
            return _Answer("supported", text)
        return _Answer("refuted" if high < SMALLEST_EFFECT_SD else "inconclusive", text)
    if direction != "either" and _agrees(effect, direction) is False:
        return _Answer("refuted", f"the effect goes in the other direction: {text}", True)
    if effect.kind == "either way":
        text += ", whichever way the element moves"
    return _Answer("supported", text)


def _denied(effect: Effect, direction: Direction) -> _Answer:
    """The answer to "it does not change so"."""
    low, high, text = *_towards(effect, direction), _numbers(effect)
    if effect.kind == "opposite":
        return _Answer("refuted", f"it changes in different directions in different images: {text}")
    within = high < SMALLEST_EFFECT_SD and effect.drawn is not False
    if within and (direction != "either" or low > -SMALLEST_EFFECT_SD):
        return _Answer("supported", f"less than {SMALLEST_EFFECT_SD} sd: {text}")
    if effect.kind in ("directed", "either way") and _agrees(effect, direction):
        return _Answer("refuted", f"it does change: {text}")
    return _Answer("inconclusive", f"{_unsettled(effect)}: {text}")


def _unsettled(effect: Effect) -> str:
    """Why an effect may be too uncertain for a verdict."""
    if effect.drawn is False:
        return "the network does not draw this property"
    nearest = max(effect.low_sd, -effect.high_sd)
    return "not settled" if nearest < SMALLEST_EFFECT_SD else "it may have another cause"


def _beside(
    said: list[Effect], effects: Sequence[Effect], answer: _Answer, mainly: bool
) -> _Answer:
    """A supported claim with its place among the other effects."""
    main = next((each for each in effects if each.main), None)
    if main in said:
        return replace(answer, reason=f"the main effect: {answer.reason}")
    if main:
        reason = f"not the main effect, which is {_numbers(main)}: {answer.reason}"
        return _Answer("refuted" if mainly else "supported", reason)
    reason = f"no effect is clearly the main one: {answer.reason}"
    return _Answer("inconclusive" if mainly else "supported", reason)


def _towards(effect: Effect, direction: Direction) -> tuple[float, float]:
    """The interval, with the direction asked for as positive."""
    low, high = effect.low_sd, effect.high_sd
    return (-high, -low) if direction == "down" else (low, high)


def _agrees(effect: Effect, direction: Direction) -> bool:
    return direction == "either" or (direction == "up") == (effect.mean_sd > 0)


def _numbers(effect: Effect) -> str:
    return f"{effect.name} {effect.mean_sd:+.2f} sd [{effect.low_sd:+.2f}, {effect.high_sd:+.2f}]"
