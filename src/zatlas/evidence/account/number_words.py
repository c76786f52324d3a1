"""Numbers as sentences write them."""


def percent(fraction: float) -> str:
    """A fraction in percent: "97 %"."""
    return f"{100 * fraction:.0f} %"


def number(value: float) -> str:
    """A number of two digits, without decimals from 100 on."""
    return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"
