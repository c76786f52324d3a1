"""Claims about an element in a user's own words, compared with what was measured.

The words of a claim are looked up in the words of each attribute (``properties/attributes.py``)
and in the names of factors and their levels. A claim without any of these words is not judged; the
measured sentence answers it.
"""

import re
from collections.abc import Iterable

from zatlas.errors import InputError
from zatlas.evidence.account.naming import is_main, named_effects
from zatlas.evidence.account.sentences import size_in_sd
from zatlas.evidence.properties.attributes import ATTRIBUTES
from zatlas.evidence.records import ClaimAnswer, MoveEffect, PropertyEffect

_WORDS = {attribute.name: attribute.words.split(", ") for attribute in ATTRIBUTES}
_ENDINGS = (
    "s|es|ed|er|en|ens|ened|ing|ening|ish|ness|y|m?th|ful|less|"  # darker, darkens, warmth
    "red|rier|ion|ions|ated|ates|ating|der|dish|ment"  # blurred, saturation, redder
)
_ELEMENT = re.compile(
    r"(?:element|dimension|latent|unit)\s*(-?\d{1,9})|z\[\s*(-?\d{1,9})\s*\]", re.I
)


def element_of(claim: str, latent: int) -> int:
    """The element that a claim is about, 0 to ``latent`` - 1.

    Raises InputError where the claim names no element, or one that is not in the code.

    >>> element_of("element 1 turns the head", 4), element_of("z[-1] is the light", 4)
    (1, 3)
    """
    found = _ELEMENT.search(claim)
    if not found:
        raise InputError(
            f'says={claim!r}: names no element; write "element 1 ..." or "z[1] ...", from 0',
            arguments=("says",),
        )
    element = int(found[1] or found[2])
    if not -latent <= element < latent:
        raise InputError(
            f"says={claim!r}: the code has {latent} elements, 0 to {latent - 1}",
            arguments=("says",),
        )
    return element % latent


def meant(claim: str, names: Iterable[str]) -> list[str]:
    """The properties, of those in ``names``, that a claim speaks of.

    The longest phrase is looked up first, and its words are not read again: "light from the left"
    speaks of the light, and of neither a place nor how light the picture is.
    """
    text, found = _ELEMENT.sub(" ", claim).lower(), set()
    phrases: dict[str, list[str]] = {}
    names = list(names)
    for name in names:
        for phrase in (*_words_of_name(name), *_WORDS.get(name, ())):
            phrases.setdefault(phrase, []).append(name)
    for phrase in sorted(phrases, key=lambda phrase: (-len(phrase), phrase)):
        stem = re.escape(phrase.removesuffix("e")) + "e?"
        text, times = re.subn(rf"\b{stem}(?:{_ENDINGS})?\b", " ", text)
        if times:
            found.update(phrases[phrase])
    return [name for name in names if name in found]


def _words_of_name(name: str) -> list[str]:
    """The words for a property in its own name: the whole name, and a factor's longer parts."""
    whole = re.sub(r" = |_", " ", name).lower()
    parts = whole.split() if re.search(" = |_", name) else []
    return [whole, *(part for part in parts if len(part) > 2 and not part.isdigit())]


def answer_claim(claim: str, effect: MoveEffect) -> ClaimAnswer:
    """A claim beside its measurement.

    Parameters
    ----------
    claim : as its author wrote it.
    effect : the effect of the element that the claim is about.
    """
    names = meant(claim, effect.effects)
    return ClaimAnswer(
        claim=claim,
        verdict=_verdict([effect.effects[name] for name in names], effect),
        meant=tuple(names),
        sentence=effect.sentence,
    )


def _verdict(claimed: list[PropertyEffect], effect: MoveEffect) -> str:
    if not claimed:
        return "cannot be judged: it speaks of nothing that was measured"
    named = named_effects(effect)
    found = [one for one in named if one in claimed]
    if not found:
        largest = max(claimed, key=lambda one: abs(one.mean_sd or 0.0))
        return f"not borne out: {size_in_sd(largest)}"
    if found[0] is named[0]:
        mainly = "mainly that" if is_main(named) else "that, and other properties nearly as much"
        return f"borne out, {mainly}: {size_in_sd(found[0])}"
    main, claimed_size = size_in_sd(named[0]), size_in_sd(found[0])
    return f"borne out, but not the main effect, which is {main}: {claimed_size}"
