"""Numbers as sentences write them."""


def percent(fraction: float) -> str:
    """A fraction in percent.

    >>> percent(0.974), percent(-0.001)
    ('97 %', '0 %')
    """
    return f"{round(100 * fraction)} %"


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
