"""Which element or direction does what some words say? From what was measured."""

from collections.abc import Iterator, Mapping

from zatlas.errors import InputError
from zatlas.evidence.account.claim_reading import Meant, read_claim
from zatlas.evidence.account.claim_words import words_of
from zatlas.evidence.account.naming import size_sd, stated_part
from zatlas.evidence.account.number_words import spaced, with_minus
from zatlas.evidence.account.sentences import briefly, label
from zatlas.evidence.records import MoveEffect, PropertyEffect
from zatlas.run.directions import kept_directions
from zatlas.run.evidence import kept_atlas
from zatlas.run.run import Run
from zatlas.schema import Number, OptionalNumber, Record

_SHOWN = 10
_FORMS = ("element 0 {}", "element 0 changes {}", "element 0 makes {}")


class Answer(Record):
    """One element or direction: the ``edit`` that does it, and its effect in ``words``.

    ``size`` is the effect in sd. ``spill`` is the mean absolute effect on the properties of other
    families for 1 sd of it, as the record has them, None where there are none.
    """

    edit: str
    words: str
    size: Number
    spill: OptionalNumber


class Found(Record):
    """The answers to ``words``, the largest effect over spill first; a ``reason`` for none."""

    words: str
    stands_for: str
    answers: tuple[Answer, ...]
    reason: str = ""


def find(run: Run, words: str) -> Found:
    """Find the elements and directions whose named effects are what the words say.

    Parameters
    ----------
    run : with an atlas, or directions.
    words : such as "turns the head" or "lighter".

    Raises
    ------
    InputError
        The run has neither, or the words stand for nothing that was measured.
    """
    known = [*_known(run)]
    if not known:
        hint = f"`zatlas atlas {run.path}` measures its elements"
        raise InputError(f"{run.path}: nothing was measured; {hint}")
    properties = {name: None for _, effect in known for name in effect.effects}
    meant, stands_for = _read(words, [*properties])
    answers = [
        answer for name, effect in known for answer in _answers(name, effect, meant)
    ]  # fmt: skip
    answers.sort(key=lambda one: -one.size / (one.spill or 1e-6))
    reason = (
        f"no element and no direction of {run.path} surely does; `zatlas directions` learns "
        "directions from labels, from pixels or from two groups of images"
    )
    return Found(words=words, stands_for=stands_for, answers=tuple(answers[:_SHOWN]),
                 reason="" if answers else reason)  # fmt: skip


def _known(run: Run) -> Iterator[tuple[str, MoveEffect]]:
    """Every element and direction that was measured, and how an edit calls it."""
    for direction in kept_directions(run):
        yield f'z["{direction.name}"]', direction.effect
    if run.paths.atlas.exists():
        for element in kept_atlas(run).elements:
            yield label(element).partition(" ")[0], element


def _read(words: str, names: list[str]) -> tuple[tuple[Meant, ...], str]:
    """The properties that the words mean, and how they were read."""
    vocabulary = {name: words_of(name) for name in names}
    readings = [read_claim(form.format(words), vocabulary) for form in _FORMS]
    for reading in readings:
        if reading.properties and not reading.negated:
            return reading.properties, reading.stands_for
    reason = readings[0].refused or "it says what does not change"
    raise InputError(f"{words!r}: {reason}", arguments=("words",))


def _answers(name: str, effect: MoveEffect, meant: tuple[Meant, ...]) -> Iterator[Answer]:
    """The largest effect of a move that is meant, where it may be named."""
    found = [
        (effect.effects[one.name], one.direction) for one in meant
        if one.name in effect.effects and effect.effects[one.name].named
    ]  # fmt: skip
    if not found:
        return
    best, asked = max(found, key=lambda pair: size_sd(pair[0]))
    rises = stated_part(best).value > 0
    turn = "-=" if _turned(asked, rises) and best.finding == "directed" else "+="
    words = briefly(best) + (f" for {name} += 1*sd" if turn == "-=" else "")
    yield Answer(edit=f"{name} {turn} 1*sd", words=with_minus(spaced(words)), size=size_sd(best),
                 spill=_spill(best, effect.effects))  # fmt: skip


def _turned(asked: str, rises: bool) -> bool:
    """Whether the step down is the one that does what was asked."""
    return asked not in ("", "either") and (asked == "up") != rises


def _spill(own: PropertyEffect, effects: Mapping[str, PropertyEffect]) -> float | None:
    """Mean absolute effect on other families of its kind for 1 sd of the effect."""
    family = own.family or own.name
    kinds = ("factor",) if own.kind == "factor" else ("attribute",)
    others = [
        abs(one.mean_sd) for one in effects.values()
        if one.kind in kinds and (one.family or one.name) != family and one.mean_sd is not None
    ]  # fmt: skip
    size = size_sd(own)
    return sum(others) / len(others) / size if others and size else None
