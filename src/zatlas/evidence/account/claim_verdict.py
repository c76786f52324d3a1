"""What the measured effects of an element say to a claim about it, by rule."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from zatlas.evidence.account.claim_reading import Meant, Reading
from zatlas.evidence.account.naming import (
    OUT_OF_RANGE_FRACTION,
    SMALLEST_EFFECT_SD,
    WITH_A_SIGN,
    is_main,
    is_unsure,
    stated_part,
    upwards_only,
)
from zatlas.evidence.account.number_words import sd
from zatlas.evidence.properties.words import Direction
from zatlas.evidence.records import ClaimWord, MoveEffect, PropertyEffect
from zatlas.evidence.statistics.paired_effects import EffectKind


@dataclass(frozen=True)
class Effect:
    """The measured effect of one element on one property, in sd of the property.

    ``mean_sd`` with its interval ``low_sd`` to ``high_sd`` is that of +1 sd of the element. Of an
    effect "either way" it is what both steps share; of one "one way", the step that acts, as a
    change for a rise of the element. ``kind`` is what is settled about it. ``main``: it is the main
    effect of the element, or of that family. ``drawn`` is False where the network does not draw the
    property. ``unsure``: it was measured, and is not settled, whether the network draws it.
    """

    name: str
    mean_sd: float
    low_sd: float
    high_sd: float
    kind: EffectKind
    main: bool = False
    drawn: bool | None = None
    unsure: bool = False


def effects_of(move: MoveEffect) -> list[Effect]:
    """The effects of a move that have a size in sd."""
    found = []
    for e in move.effects.values():
        part = stated_part(e) if e.finding in WITH_A_SIGN else e.mean_part
        if part.value_sd is None or part.low_sd is None or part.high_sd is None:
            continue
        numbers = (part.value_sd, part.low_sd, part.high_sd)
        if e.finding == "one way" and not upwards_only(e):
            numbers = (-part.value_sd, -part.high_sd, -part.low_sd)
        main = e.named and is_main(move, e)
        unsure = is_unsure(move, e)
        kind = "not settled" if unsure else _kind(e)
        found.append(Effect(e.name, *numbers, kind, main, e.drawn, unsure))
    return found


def _kind(effect: PropertyEffect) -> EffectKind:
    """What is settled about an effect.

    Nothing is, where the network does not draw the property: it cannot show a change, nor none.
    Nor is it where cross-talk may explain the effect.
    """
    unnamed = effect.finding in WITH_A_SIGN and not effect.named
    return "not settled" if unnamed or effect.drawn is False else effect.finding


_WITHOUT_A_SIGN = {
    "opposite": "it changes in different directions in different images",
    "uneven": "it changes in some images much more than in others",
}


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
    reasons = [answer.reason for answer in answers if answer.word == word]
    if word != "supported":
        held = [answer.reason for answer in answers if answer.word == "supported"]
        reasons += [f"another part of the claim holds: {reason}" for reason in held]
    return Verdict(word, "; ".join(reasons))


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
        if not _agrees(effect, direction):
            return _Answer("refuted", f"a small effect in the other direction: {text}")
        return _Answer("refuted", f"a small effect: {text}; {SMALLEST_EFFECT_SD} sd is needed")
    if effect.kind in _WITHOUT_A_SIGN:
        text = f"{_WITHOUT_A_SIGN[effect.kind]}: {text} on average"
        if direction == "either":
            return _Answer("supported", text)
        return _Answer("refuted" if high < SMALLEST_EFFECT_SD else "inconclusive", text)
    if direction != "either" and _agrees(effect, direction) is False:
        return _Answer("refuted", f"the effect goes in the other direction: {text}", True)
    if effect.kind == "either way":
        text += ", whichever way the element moves"
    if effect.kind == "one way":
        text += ", in one direction of the element only"
    return _Answer("supported", text)


def _denied(effect: Effect, direction: Direction) -> _Answer:
    """The answer to "it does not change so"."""
    low, high, text = *_towards(effect, direction), _numbers(effect)
    if effect.kind in _WITHOUT_A_SIGN:
        return _Answer("refuted", f"{_WITHOUT_A_SIGN[effect.kind]}: {text}")
    within = high < SMALLEST_EFFECT_SD and effect.drawn is not False and not effect.unsure
    if within and (direction != "either" or low > -SMALLEST_EFFECT_SD):
        return _Answer("supported", f"less than {SMALLEST_EFFECT_SD} sd: {text}")
    if effect.kind in WITH_A_SIGN and _agrees(effect, direction):
        return _Answer("refuted", f"it does change: {text}")
    return _Answer("inconclusive", f"{_unsettled(effect)}: {text}")


def _unsettled(effect: Effect) -> str:
    """Why an effect may be too uncertain for a verdict."""
    if effect.drawn is False:
        return "the network does not draw this property"
    if effect.unsure:
        return "not settled whether this network draws the property"
    if max(-effect.low_sd, effect.high_sd) < SMALLEST_EFFECT_SD:
        return (
            "small on average; in single images, or for one of the two steps, it may be "
            f"{SMALLEST_EFFECT_SD} sd or more"
        )
    nearest = max(effect.low_sd, -effect.high_sd)
    return "not settled" if nearest < SMALLEST_EFFECT_SD else "it may have another cause"


def _beside(
    said: list[Effect], effects: Sequence[Effect], answer: _Answer, mainly: bool
) -> _Answer:
    """A supported claim with its place among the other effects."""
    main = [each for each in effects if each.main]
    if any(each in said for each in main):
        return replace(answer, reason=f"the main effect: {answer.reason}")
    if main:
        reason = f"not the main effect, which is {_numbers(main[0])}: {answer.reason}"
        return _Answer("refuted" if mainly else "supported", reason)
    reason = f"one of its effects; none is surely twice as large as the others: {answer.reason}"
    return _Answer("inconclusive" if mainly else "supported", reason)


def _towards(effect: Effect, direction: Direction) -> tuple[float, float]:
    """The interval, with the direction asked for as positive."""
    low, high = effect.low_sd, effect.high_sd
    return (-high, -low) if direction == "down" else (low, high)


def _agrees(effect: Effect, direction: Direction) -> bool:
    return direction == "either" or (direction == "up") == (effect.mean_sd > 0)


def _numbers(effect: Effect) -> str:
    mean, low, high = (
        sd(v, "+", small=effect.kind == "small")
        for v in (effect.mean_sd, effect.low_sd, effect.high_sd)
    )
    return f"{effect.name} {mean} sd [{low}, {high}]"
