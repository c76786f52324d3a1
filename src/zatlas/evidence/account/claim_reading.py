"""What a claim about one element says, in the terms of what is measured.

A claim is a sentence of a user: "element 1 makes it darker". It is read by fixed rules from tables
of words (``claim_words.py``). A claim is refused, with a reason, where one of its words is not
understood: a claim that was read by half can be called supported for what it did not say.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zatlas.evidence.account import claim_words as words
from zatlas.evidence.account.claim_clauses import (
    Clause,
    Found,
    Refused,
    check_words,
    is_one_of,
    listed,
    marked,
    merged,
    read_clause,
    turned,
)
from zatlas.evidence.properties.words import Direction, Words

_IN_WORDS: dict[Direction, str] = {"up": "a rise", "down": "a fall", "either": "either direction"}

_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
)  # fmt: skip
_NOUN = r"(?:element|dimension|latent|unit|variable|component)s?"
_ELEMENT = re.compile(
    rf"(?:{_NOUN} ?#?|z ?\[ ?|z_?)(-?\d{{1,9}})\b ?\]?"
    rf"|\b(?:the )?(last|{'|'.join(_ORDINALS)}|(\d+)(?:st|nd|rd|th)) {_NOUN}\b"
)


@dataclass(frozen=True)
class Meant:
    """One property that a claim speaks of: the direction asked for, and the phrase that says so.

    Properties with the same phrase are alternatives: "turns the head" can be asymmetry or yaw.
    """

    name: str
    direction: Direction
    phrase: str


@dataclass(frozen=True)
class Reading:
    """A claim as it was read.

    Attributes
    ----------
    element
        Index of the element as the claim counts it, -1 for the last; None where it names none.
    properties
        What the claim speaks of; empty where it was refused.
    negated
        Whether the claim says that the properties do not change so.
    main
        Whether it says that they are the main effect ("mainly darker").
    refused
        Why the claim cannot be read, else None.
    stands_for
        The same for a person: "'turns' is read as asymmetry or yaw, either direction".
    """

    claim: str
    element: int | None
    properties: tuple[Meant, ...] = ()
    negated: bool = False
    main: bool = False
    refused: str | None = None
    stands_for: str = ""


def read_claim(claim: str, vocabulary: Mapping[str, Words]) -> Reading:
    """Read a claim about one element.

    Parameters
    ----------
    claim
        One sentence. The element is named as "element 1", "z[1]", "dimension 1", "the second
        element" or "the last element".
    vocabulary
        The words of every property that was measured, by its name.

    Examples
    --------
    >>> from zatlas.evidence.account.claim_words import ATTRIBUTE_WORDS
    >>> read_claim("element 1 makes the picture darker", ATTRIBUTE_WORDS).stands_for
    "'darker' is read as luminance, a fall"
    >>> read_claim("z[2] makes the hair white", ATTRIBUTE_WORDS).refused
    "nothing that is measured stands for 'hair', 'white'"
    """
    element = None
    try:
        text, element = find_element(claim)
        text, lowered = _move(_rewritten(text))
        text, phrases = marked(text, vocabulary)
        check_words(text)
        clauses = [Clause()]
        for part in re.split(words.CLAUSES, text):
            clauses += [read_clause(part, phrases, clauses[-1])] if part.split() else []
        return _reading(claim, element, text, clauses, lowered)
    except Refused as reason:
        return Reading(claim, element, refused=str(reason))


def find_element(claim: str) -> tuple[str, int]:
    """The claim in small letters, "ELEMENT" where it names the element, and which that is."""
    text, named = " ".join(claim.lower().split()), set()
    for number, ordinal, nth in _ELEMENT.findall(text):
        if number:
            named.add(int(number))
        elif nth:
            named.add(int(nth) - 1)
        else:
            named.add(-1 if ordinal == "last" else _ORDINALS.index(ordinal))
    if len(named) != 1:
        how = (
            "more than one element" if named else 'no element; write "element 1" or "z[1]", from 0'
        )
        raise Refused(f"it names {how}")
    return _ELEMENT.sub(" ELEMENT ", text), named.pop()


def _rewritten(text: str) -> str:
    """The text with every negation as "not", without articles and quotation marks."""
    if text.rstrip().endswith("?") or re.match(rf"({words.QUESTION})\b", text):
        raise Refused("it is a question")
    if found := re.search(rf"\b({words.ONLY})\b", text):
        raise Refused(f"{found[0]!r} speaks of everything else as well; say what changes")
    if found := re.search(rf"\b({words.COMPARED})\b", text):
        raise Refused(
            f"{found[0]!r} compares elements; the page of the atlas ranks them for each property"
        )
    for pattern, simple in words.REWRITES:
        text = re.sub(pattern, simple, text)
    return " ".join(text.split())


def _move(text: str) -> tuple[str, bool]:
    """The text without what it says on how the element moves; whether the element is lowered."""
    lowered = any(re.search(pattern, text) for pattern in words.LOWERED)
    for pattern in (*words.LOWERED, *words.RAISED):
        text = re.sub(pattern, "ELEMENT", text)
    return text, lowered


def _reading(
    claim: str, element: int, text: str, clauses: Sequence[Clause], lowered: bool
) -> Reading:
    """The clauses as one reading; refused where they contradict or one alone is denied."""
    speaking = [clause for clause in clauses if clause.found]
    if not speaking:
        raise Refused("it names nothing that is measured")
    if len({clause.negated for clause in speaking}) > 1:
        raise Refused("it says what changes and what does not; write two claims")
    kept = merged(each for clause in speaking for each in clause.found)
    negated = speaking[0].negated
    main = any(is_one_of(token, words.MAIN) for token in text.split())
    if main and negated:
        raise Refused("it denies what is mainly changed; say what is")
    if lowered:
        kept = [Found(each.text, turned(each.directions)) for each in kept]
    said = [
        f"{each.text!r} is read as {listed(each.directions)}, "
        + " or ".join(dict.fromkeys(_IN_WORDS[d] for d in each.directions.values()))
        for each in kept
    ]
    said += [f"{t!r} is not judged" for t in text.split() if is_one_of(t, words.DEGREE)]
    said += ["for a rise of the element, since the claim lowers it"] if lowered else []
    return Reading(
        claim,
        element,
        tuple(Meant(name, way, f.text) for f in kept for name, way in f.directions.items()),
        negated,
        main,
        stands_for="; ".join(said),
    )
