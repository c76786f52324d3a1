"""Numbers and names of properties as people read them."""

import re

_SIGN = re.compile(r"(?<![\w.:)\]-])(?<!\w\[)-(?=\.?\d)")  # not that of z[-1] or of 2-3


def spaced(name: str) -> str:
    """The name of a property as a sentence writes it; names in tables of labels have underscores.

    >>> spaced("light_elevation")
    'light elevation'
    """
    return name.replace("_", " ")


def with_minus(text: str) -> str:
    """A text with the sign − in front of negative numbers; indexes of edits stay as typed.

    >>> with_minus("z[-1] += 20: luminance -0.28 sd [-0.31, -0.25]")
    'z[-1] += 20: luminance −0.28 sd [−0.31, −0.25]'
    """
    return _SIGN.sub("−", text)


def percent(fraction: float) -> str:
    """A fraction in percent.

    >>> percent(0.974), percent(-0.001)
    ('97 %', '0 %')
    """
    return f"{round(100 * fraction)} %"


def part(fraction: float) -> str:
    """A part of a whole in percent; "none" below 0.

    >>> part(0.07), part(-0.23)
    ('7 %', 'none')
    """
    return "none" if fraction < 0 else percent(fraction)


def sd(value: float, sign: str = "", *, small: bool = False) -> str:
    """A size in sd with two digits, without "-0.00". A small one, under 0.2, never reads as 0.20.

    >>> sd(0.842, "+"), sd(0.1996), sd(0.1996, small=True), sd(-0.001, "+")
    ('+0.84', '0.20', '0.1996', '+0.00')
    """
    texts = (f"{round(value, digits) + 0.0:{sign}.{digits}f}" for digits in range(2, 7))
    fits = (text for text in texts if not small or abs(float(text)) < 0.2)
    return next(fits, f"{value:{sign}}")


def share_of_images(fraction: float) -> str:
    """In how many images: only a fraction of 1 is "every image".

    >>> share_of_images(1.0), share_of_images(0.998), share_of_images(0.74)
    ('every image', 'nearly every image', '74 % of images')
    """
    if fraction >= 0.995:
        return "every image" if fraction == 1 else "nearly every image"
    return f"{percent(fraction)} of images"


def number(value: float) -> str:
    """A number of two digits, without decimals from 100 on.

    >>> number(6.12), number(123.4)
    ('6.1', '123')
    """
    return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"


def grey_levels(value: float) -> str:
    """A number of grey levels.

    >>> grey_levels(1.02), grey_levels(2.5)
    ('1 grey level', '2.5 grey levels')
    """
    text = number(value)
    return f"{text} grey level{'s' * (text != '1')}"
