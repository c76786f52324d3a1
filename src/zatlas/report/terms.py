"""The terms of a page, each explained where it stands."""

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

TERMS: Mapping[str, str] = {
    "sd": "standard deviation: a usual difference between two images of the run.",
    "same sign": "the fraction of images in which the change goes the same way as the mean. A "
    "direction is that of the mean: it is named where other images change little.",
    "up in": "the fraction of images in which the step up raises the property. Surely a tenth of "
    "them rises by 0.2 sd or more and a tenth falls, so it has no direction of its own.",
    "up in some images, down in others": "surely a tenth of the images rises by 0.2 sd or more and "
    "a tenth falls, so the mean has no direction of its own.",
    "does not draw": "over images, this property of an original and of its reconstruction "
    "correlate by less than 0.5. The table of properties has the numbers.",
    "either way": "the step up and the step down change the property in the same direction.",
    "upwards only": "the step up changes the property, and the step down hardly does.",
    "downwards only": "the step down changes the property, and the step up hardly does.",
    "not settled": "the interval does not say whether the effect reaches 0.2 sd; "
    "more images may settle it.",
    "a warp explains": "a warp moves pixels and changes none. Near 100 % parts of the picture "
    "move; near 0 % they change their shade or colour where they are.",
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
    "background": "the border of the picture: a sixteenth of it on each side.",
}
PROPERTIES: Mapping[str, str] = {
    "luminance": "the mean lightness of the picture, L*.",
    "lightness": "how much lighter all pixels become alike, L*, beside the other changes.",
    "left-right light": "the mean L* of the right half minus that of the left half.",
    "left-right gradient": "how much lighter the right half becomes than the left half.",
    "top-bottom light": "the mean L* of the upper half minus that of the lower half.",
    "top-bottom gradient": "how much lighter the upper half becomes than the lower half.",
    "centre against rest": "how much lighter the middle becomes than the rest.",
    "border against rest": "how much lighter the border becomes than the rest.",
    "border lightness": "the mean L* of the border.",
    "contrast": "the sd of L* over the pixels of a picture.",
    "contrast gain": "by how much light pixels get lighter and dark ones darker, in %.",
    "dark details": "spots and lines that are darker than what is around them, such as eyes, brows "
    "and the mouth: by how much darker they become, in %.",
    "detail gain": "how much more fine detail there is: edges and texture, without noise.",
    "noise": "grain: how much neighbouring pixels differ at random, L*.",
    "sharpness": "how much pixels differ from their neighbours; noise raises it too.",
    "chroma": "how colourful the picture is, C*; 0 is grey.",
    "chroma gain": "by how much the colours become stronger, in %.",
    "hue rotation": "how far all hues turn, in degrees, from red towards yellow.",
    "red-green": "the mean a* of the picture: higher is redder, lower is greener.",
    "red-green offset": "how much redder all pixels become alike, a*.",
    "yellow-blue": "the mean b* of the picture: higher is yellower, lower is bluer.",
    "yellow-blue offset": "how much yellower all pixels become alike, b*.",
    "border red-green": "the mean a* of the border.",
    "border red-green offset": "how much redder the border becomes than the rest, a*.",
    "border yellow-blue": "the mean b* of the border.",
    "border yellow-blue offset": "how much yellower the border becomes than the rest, b*.",
    "horizontal place": "the centre of the edges, from left to right, in % of the width.",
    "horizontal shift": "how far the picture moves to the right, in % of its width.",
    "vertical place": "the centre of the edges, from bottom to top, in % of the width.",
    "vertical shift": "how far the picture moves up, in % of its width.",
    "edge extent": "how far the edges lie from their centre: larger or wider things.",
    "zoom": "by how much the picture is enlarged, in %.",
    "tilt": "how far the picture turns anticlockwise, in degrees.",
    "asymmetry": "whether edges crowd to one side; a turned head changes it.",
}
"""What each property of pixels is; labels have the meaning that their table gives them."""
_MEANINGS = {**TERMS, **PROPERTIES}
_PATTERN = re.compile(
    "|".join(
        rf"(?<![\w-]){re.escape(term)}(?![\w-])"
        for term in sorted(_MEANINGS, key=len, reverse=True) if term != "sd"
    ),
    re.IGNORECASE,
)  # fmt: skip


def explained(text: str) -> Markup:
    """A text for a page, in which each term shows its meaning, the first time that it occurs.

    >>> print(explained("<1 grey level"))
    &lt;1 <abbr title="the unit of a pixel: 0 is black, 255 is white.">grey level</abbr>
    """
    parts, end, told = [], 0, set()
    for found in _PATTERN.finditer(text):
        term = next(key for key in _MEANINGS if key.lower() == found[0].lower())
        if term in told:
            continue
        told.add(term)
        shown = Markup('<abbr title="{}">{}</abbr>').format(_MEANINGS[term], found[0])
        parts += [escape(text[end : found.start()]), shown]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])
