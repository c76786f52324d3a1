"""Claims about an element in a user's own words, beside what was measured.

A claim is read (``claim_reading.py``) and judged (``claim_verdict.py``) by fixed rules. One that
cannot be read is not judged; the measured sentence answers it.
"""

from zatlas.errors import InputError
from zatlas.evidence.account.claim_clauses import Refused
from zatlas.evidence.account.claim_reading import find_element, read_claim
from zatlas.evidence.account.claim_verdict import effects_of, judge
from zatlas.evidence.account.claim_words import words_of
from zatlas.evidence.records import ClaimAnswer, MoveEffect


def element_of(claim: str, latent: int) -> int:
    """The element that a claim is about, 0 to ``latent`` - 1.

    Raises InputError where the claim names no element, more than one, or one not in the code.

    >>> element_of("element 1 turns the head", 4), element_of("z[-1] is the light", 4)
    (1, 3)
    """
    try:
        _, element = find_element(claim)
    except Refused as fault:
        raise InputError(f"says={claim!r}: {fault}", arguments=("says",)) from None
    if not -latent <= element < latent:
        raise InputError(
            f"says={claim!r}: the code has {latent} elements, 0 to {latent - 1}",
            arguments=("says",),
        )
    return element % latent


def answer_claim(claim: str, effect: MoveEffect) -> ClaimAnswer:
    """A claim beside its measurement.

    Parameters
    ----------
    claim : as its author wrote it.
    effect : the effect of the element that the claim is about.
    """
    reading = read_claim(claim, {name: words_of(name) for name in effect.effects})
    in_range = None if effect.flags is None else effect.flags.in_range
    verdict = judge(reading, effects_of(effect), in_range)
    return ClaimAnswer(
        claim=claim, word=verdict.word, reason=verdict.reason, stands_for=reading.stands_for,
        meant=tuple(meant.name for meant in reading.properties), sentence=effect.sentence,
    )  # fmt: skip


def not_judged(answer: ClaimAnswer, reason: str) -> ClaimAnswer:
    """The answer without its verdict, for ``reason``; what was measured stays.

    One that could not be judged anyway keeps its own reason.
    """
    if answer.word == "cannot be judged":
        return answer
    return answer.model_copy(update={"word": "cannot be judged", "reason": reason})
