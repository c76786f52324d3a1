"""Claims about an element in a user's own words, held against what was measured.

The words of a claim are looked up in a short list for each attribute, and in the names of factors
and their levels. What is not in there is not judged: the measured sentence answers alone.
"""

import re
from collections.abc import Sequence
from typing import Any

from zatlas.errors import InputError
from zatlas.evidence.sentences import is_main, named, on_one

Record = dict[str, Any]

WORDS = {  # stems that a claim may use for an attribute of zatlas.evidence.attributes
    "luminance": ("light", "dark", "bright", "luminance", "skin tone"),
    "left-right light": ("light from the left", "light from the right", "lit from", "side light"),
    "top-bottom light": ("light from above", "light from below"),
    "contrast": ("contrast",),
    "red-green": ("red", "green", "pink"),
    "yellow-blue": ("yellow", "blue", "warm", "cold"),
    "chroma": ("colour", "color", "saturat", "grey", "gray"),
    "sharpness": ("sharp", "blur", "detail"),
    "edge extent": ("size", "zoom", "scale", "larger", "smaller", "hair"),
    "horizontal place": ("left", "right", "shift", "place", "position"),
    "vertical place": ("up", "down", "shift", "place", "position"),
    "asymmetry": ("turn", "rotat", "yaw", "pose", "head direction", "profile"),
    "border lightness": ("background", "border"),
    "border red-green": ("background", "border"),
    "border yellow-blue": ("background", "border"),
}
_ENDINGS = (
    "s|es|ed|er|en|ens|ened|ing|ening|ish|ness|y|m?th|ful|less|"  # darker, darkens, warmth
    "red|rier|ion|ions|ated|ates|ating|der|dish|ment"  # blurred, saturation, redder
)
_ELEMENT = re.compile(
    r"(?:element|dimension|latent|unit)\s*(-?\d{1,9})|z\[\s*(-?\d{1,9})\s*\]", re.I
)


def element_of(claim: str, latent: int) -> int:
    """The element (0 to latent - 1) that a claim is about, as "element 1" or "z[1]" names it.

    Raises InputError where it names none, or one beyond the code.
    """
    found = _ELEMENT.search(claim)
    if not found:
        raise InputError(
            f'--says {claim!r}: names no element; write "element 1 ..." or "z[1] ...", from 0'
        )
    element = int(found[1] or found[2])
    if not -latent <= element < latent:
        raise InputError(f"--says {claim!r}: the code has {latent} elements, 0 to {latent - 1}")
    return element % latent


def meant(claim: str, cells: Sequence[Record]) -> list[Record]:
    """The cells of a record whose property the claim speaks of.

    The longest phrase is looked up first, and what it took is not read again: "light from the
    left" speaks of the light, and of neither a place nor how light the picture is.
    """
    text, found = _ELEMENT.sub(" ", claim).lower(), set()
    phrases: dict[str, list[str]] = {}
    for cell in cells:
        for phrase in (*_own_words(cell["name"]), *WORDS.get(cell["name"], ())):
            phrases.setdefault(phrase, []).append(cell["name"])
    for phrase in sorted(phrases, key=lambda phrase: (-len(phrase), phrase)):
        stem = re.escape(phrase.removesuffix("e")) + "e?"
        text, times = re.subn(rf"\b{stem}(?:{_ENDINGS})?\b", " ", text)
        if times:
            found.update(phrases[phrase])
    return [cell for cell in cells if cell["name"] in found]


def _own_words(name: str) -> list[str]:
    """What a property is called: its whole name, and of a factor the words in it that say much."""
    whole = re.sub(r" = |_", " ", name).lower()
    parts = whole.split() if re.search(" = |_", name) else []
    return [whole, *(part for part in parts if len(part) > 2 and not part.isdigit())]


def judged(claim: str, record: Record) -> Record:
    """A claim beside its measurement: ``claim``, ``verdict`` in words, ``meant`` (the properties
    it was taken to speak of), and the measured ``sentence``.
    """
    cells = meant(claim, record["cells"])
    return {
        "claim": claim,
        "verdict": _verdict(cells, record),
        "meant": [cell["name"] for cell in cells],
        "sentence": record["sentence"],
    }


def _verdict(cells: list[Record], record: Record) -> str:
    if not cells:
        return "cannot be judged: it speaks of nothing that was measured"
    sayable = named(record)
    said = [cell for cell in sayable if cell in cells]
    if not said:
        largest = max(cells, key=lambda cell: abs(cell["effect_sd"] or 0.0))
        return f"not borne out: {on_one(largest)}"
    if said[0] is sayable[0]:
        mainly = "mainly that" if is_main(sayable) else "that, and other properties nearly as much"
        return f"borne out, {mainly}: {on_one(said[0])}"
    return f"borne out, but not the main effect, which is {on_one(sayable[0])}: {on_one(said[0])}"
