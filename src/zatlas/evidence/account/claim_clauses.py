"""The clauses of a claim: which properties they speak of, in which direction.

A clause is what stands between commas and "and". One without a verb of its own takes the verb, the
denial and the context of the one before: "does not change the light and the colour".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from zatlas.evidence.account import claim_words as words
from zatlas.evidence.properties.words import Direction, Words

OPPOSITE: dict[Direction, Direction] = {"up": "down", "down": "up", "either": "either"}


class Refused(Exception):  # noqa: N818
    """The claim cannot be read; the message says why."""


@dataclass(frozen=True)
class Phrase:
    """Words of a claim, and the direction that they give each property; None: a context word.

    ``placed`` are the properties that count only beside a context word of theirs; ``rises`` holds
    the words for a rise of each property.
    """

    text: str
    means: Mapping[str, Direction | None]
    placed: frozenset[str]
    rises: Mapping[str, tuple[str, ...]]
    base: bool  # as it stands in the vocabulary: "dark", not "darker"


@dataclass(frozen=True)
class Found:
    """A phrase with the direction of each property it may mean; several are alternatives.

    ``senses`` counts the different things among them: luminance and lightness are one.
    """

    text: str
    directions: Mapping[str, Direction]
    senses: int = 1


@dataclass(frozen=True)
class Clause:
    """A part of a claim between commas and "and". Without a verb it takes over the former's."""

    negated: bool = False
    changes: bool = False  # its verb names what is changed, and no direction
    modifier: str = ""  # "increases" or "less"
    context: tuple[Phrase, ...] = ()
    found: tuple[Found, ...] = ()


def marked(text: str, vocabulary: Mapping[str, Words]) -> tuple[str, list[Phrase]]:
    """The text with a mark, <0>, <1>, …, for each phrase of the vocabulary, the longest first."""
    rises = {name: entry.up for name, entry in vocabulary.items()}
    placed = frozenset(name for name, entry in vocabulary.items() if entry.context)
    means: dict[str, dict[str, Direction | None]] = {}
    for name, entry in vocabulary.items():
        own = name.replace(" = ", " ").replace("_", " ").lower()
        groups: tuple[tuple[tuple[str, ...], Direction | None], ...] = (
            ((own,), None if entry.context else "either"),
            (entry.context, None),
            (entry.neutral, "either"),
            (entry.up, "up"),
            (entry.down, "down"),
        )
        for group, direction in groups:
            for phrase in group:
                means.setdefault(phrase, {})[name] = direction
    found: list[Phrase] = []
    for phrase in sorted(means, key=lambda phrase: (-len(phrase), phrase)):
        pattern = re.compile(words.inflected(phrase))
        while match := next(
            # "blur" is no form of "blue"
            (m for m in pattern.finditer(text) if m[0] == phrase or m[0] not in means),
            None,
        ):
            text = f"{text[: match.start()]} <{len(found)}> {text[match.end() :]}"
            found.append(Phrase(match[0], means[phrase], placed, rises, match[0] == phrase))
    return re.sub("[-/]", " or ", text), found


def is_one_of(token: str, *groups: Sequence[str]) -> bool:
    """Whether a word is a form of one of these words."""
    return any(re.fullmatch(words.inflected(word), token) for group in groups for word in group)


def _any_of(texts: Iterable[str], *groups: Sequence[str]) -> bool:
    return any(is_one_of(text, *groups) for text in texts)


def check_words(text: str) -> None:
    """Refuse a claim with a word that is not understood."""
    tokens = re.sub(words.CLAUSES, " ", text).split()
    unknown = [t for t in tokens if not t.startswith("<") and not is_one_of(t, *words.UNDERSTOOD)]
    if unknown:
        raise Refused(f"nothing that is measured stands for {', '.join(map(repr, unknown))}")


def read_clause(part: str, phrases: Sequence[Phrase], before: Clause) -> Clause:
    """Read one clause with its marks; ``before`` is the clause in front of it."""
    items = [phrases[int(t[1:-1])] if t.startswith("<") else t for t in part.split()]
    texts = [item if isinstance(item, str) else item.text for item in items]
    here = [item for item in items if isinstance(item, Phrase)]
    verb = _any_of(texts, *words.VERBS) or any(
        phrase.text.endswith("s") and "either" not in phrase.means.values() for phrase in here
    )
    taken = Clause() if verb else before
    denials = texts.count("not")
    if denials > 1:
        raise Refused("it is a double negation")
    if denials and _any_of(texts[: texts.index("not")], words.CAUSE):
        raise Refused("'not' stands behind its verb; say what changes, or what does not")
    clause = replace(
        taken,
        negated=bool(denials) or taken.negated,
        changes=taken.changes or _any_of(texts, words.CHANGE, words.EITHER),
        context=tuple(phrase for phrase in here if None in phrase.means.values()) or taken.context,
    )
    found, modifier = _found(clause, items, texts)
    found = _settled(found, texts, clause.negated)
    if not found and clause.context and here:
        if modifier:
            raise Refused(f"it is not clear what {modifier!r} means for {here[0].text!r}")
        phrase = clause.context[0]
        found = [Found(phrase.text, dict.fromkeys(phrase.means, "either"))]
    if denials and not found:
        raise Refused("it does not say what stays the same")
    _check_context(found, clause.context)
    return replace(clause, modifier=modifier, found=tuple(found))


def _check_context(found: Sequence[Found], context: Sequence[Phrase]) -> None:
    """Refuse what is said of the background and measured on the whole picture alone."""
    for phrase in context:
        other = [each for each in found if not phrase.means.keys() & each.directions.keys()]
        if other and not is_one_of(phrase.text, words.CAUSE, words.MOTION):
            raise Refused(f"{other[0].text!r} of {phrase.text!r} is not measured")


def _found(
    clause: Clause, items: Sequence[Phrase | str], texts: Sequence[str]
) -> tuple[list[Found], str]:
    """What the phrases of a clause say, and the modifier ("less") that was used last."""
    found: list[Found] = []
    waiting, used = "", clause.modifier
    last: Found | None = None  # what a modifier behind it belongs to
    for previous, item, text in zip(["", *texts], items, texts, strict=False):
        phrase = item if isinstance(item, Phrase) else None
        if phrase and (directions := _directions(phrase, clause.context)):
            each = Found(text, directions, len({phrase.rises[name] for name in directions}))
            placed = phrase.placed & directions.keys()
            last = each if (phrase.base and not placed) or _is_neutral(each) else None
            if waiting or (used and _is_neutral(each) and not found):
                used, waiting, last = waiting or used, "", None
                each = _modified(each, used)
            elif phrase.base and not is_one_of(previous, words.TARGET):
                each = _as_noun(each, clause, texts)
            found.append(each)
        elif is_one_of(text, *words.MODIFIERS):
            if waiting:
                raise Refused(f"{waiting!r} and {text!r} stand together")
            waiting = text
        elif waiting and text in words.EFFECT:
            raise Refused(f"{waiting!r} is said of an effect; say what changes")
        elif phrase and None not in phrase.means.values():
            raise Refused(f"it is not clear what {text!r} belongs to")
    if waiting:  # "the contrast rises", "turns the light down"
        if last is None:
            raise Refused(f"it is not clear what {waiting!r} belongs to")
        found[-1], used = _modified(last, waiting), waiting
    return found, used


def _directions(phrase: Phrase, context: Sequence[Phrase]) -> dict[str, Direction]:
    """What a phrase says here, by property. Properties whose context is here come first."""
    near = {name for each in context for name, role in each.means.items() if role is None}
    said = {name: role for name, role in phrase.means.items() if role is not None}
    asked = {name: role for name, role in said.items() if name in near}
    return asked or {name: role for name, role in said.items() if name not in phrase.placed}


def _is_neutral(found: Found) -> bool:
    return "either" in found.directions.values()


def _modified(found: Found, modifier: str) -> Found:
    """The phrase behind "more" or "less": "less dark" is a rise, "less contrast" a fall."""
    text, fall = f"{modifier} {found.text}", is_one_of(modifier, words.LESS, words.FALL)
    if not _is_neutral(found):
        return Found(text, turned(found.directions) if fall else found.directions)
    if found.senses > 1:
        raise Refused(f"{text!r} can mean {listed(found.directions)}; name one")
    return Found(text, dict.fromkeys(found.directions, "down" if fall else "up"))


def _as_noun(found: Found, clause: Clause, texts: Sequence[str]) -> Found:
    """The phrase without a direction where it is a thing: "changes the light" can be a fall."""
    if clause.changes or _is_neutral(found):
        return Found(found.text, dict.fromkeys(found.directions, "either"))
    place = {name for each in clause.context for name in each.means}
    if (
        _any_of(texts, words.MOTION)
        and " " not in found.text
        and not place & found.directions.keys()
    ):
        raise Refused(f"it is not clear what moving {found.text!r} is")
    return found


def turned(directions: Mapping[str, Direction]) -> dict[str, Direction]:
    """The same with up and down exchanged."""
    return {name: OPPOSITE[direction] for name, direction in directions.items()}


def _settled(found: Sequence[Found], texts: Sequence[str], negated: bool) -> list[Found]:
    """The phrases of one clause, those on the same property as one."""
    kept = merged(found, either="or" in texts, to="from" in texts)
    if len(kept) > 1 and not (negated and "or" in texts):
        raise Refused(f"{kept[0].text!r} and {kept[1].text!r} are in one clause; write two claims")
    return kept


def merged(found: Iterable[Found], either: bool = False, to: bool = False) -> list[Found]:
    """The phrases, those on the same property as one; refused where two contradict each other.

    ``either``: two directions are joined by "or"; ``to``: the second is where a change ends.
    """
    kept: list[Found] = []
    for each in found:
        same = next((k for k in kept if k.directions.keys() & each.directions.keys()), None)
        if same:
            kept[kept.index(same)] = _pair(same, each, either, to)
        else:
            kept.append(each)
    return kept


def _pair(one: Found, two: Found, either: bool, to: bool) -> Found:
    if _is_neutral(one) or _is_neutral(two):
        return two if _is_neutral(one) else one
    if one.directions == two.directions:
        return one
    text = f"{one.text} … {two.text}"
    if either:
        return Found(text, dict.fromkeys(one.directions, "either"))
    if to:  # "from light to dark"
        return Found(text, two.directions)
    raise Refused(f"it says both {one.text!r} and {two.text!r}")


def listed(names: Iterable[str]) -> str:
    """ "a, b or c"."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
