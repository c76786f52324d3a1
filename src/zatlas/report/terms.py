"""The terms of a page, each explained where it stands."""

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

TERMS: Mapping[str, str] = {
    "sd": "standard deviation: a usual difference between two images of the run.",
    "same sign": "the fraction of images in which the change goes the same way as the mean.",
    "either way": "the step up and the step down change the property in the same direction.",
    "upwards only": "the step up changes the property, and the step down hardly does.",
    "downwards only": "the step down changes the property, and the step up hardly does.",
    "not settled": "the interval does not say whether the effect reaches 0.2 sd; "
    "more images may settle it.",
    "a warp explains": "a warp moves pixels and changes none. Near 100 % parts of the picture "
    "move; near 0 % or below they change their shade or colour.",
    "in range": "the fraction of images whose moved element stays between the 0.5th and the "
    "99.5th percentile of the run’s images.",
    "survives re-encoding": "the part of the step that the encoder finds again in the decoded "
    "picture. If it finds little, the picture is not of the kind that it knows.",
    "answers most": "the element that changes most when the decoded picture is encoded again.",
    "goes with others": "the element correlates with other elements over the images.",
    "conditional sd": "the spread of the element that is left where all others are known. Far "
    "above 1, no image makes this step.",
    "posterior sd": "the noise of a Gaussian code. A step of few posterior sd is within it.",
    "random direction": "all elements moved at random, by a step of the same length.",
    "grey level": "the unit of a pixel: 0 is black, 255 is white.",
    "L*": "lightness as the eye sees it, from 0 (black) to 100 (white); a* is from green to red, "
    "b* from blue to yellow, C* how colourful.",
    "asymmetry": "whether features lie to the left or to the right; a turned head changes it.",
    "background": "the border of the picture: a sixteenth of it on each side.",
}
_PATTERN = re.compile(
    "|".join(rf"(?<!\w){re.escape(term)}(?!\w)" for term in TERMS if term != "sd"), re.IGNORECASE
)


def explained(text: str) -> Markup:
    """A text for a page, in which each term shows its meaning, the first time that it occurs.

    >>> print(explained("<1 grey level"))
    &lt;1 <abbr title="the unit of a pixel: 0 is black, 255 is white.">grey level</abbr>
    """
    parts, end, told = [], 0, set()
    for found in _PATTERN.finditer(text):
        term = next(key for key in TERMS if key.lower() == found[0].lower())
        if term in told:
            continue
        told.add(term)
        parts += [escape(text[end : found.start()]),
                  Markup('<abbr title="{}">{}</abbr>').format(TERMS[term], found[0])]  # fmt: skip
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])
