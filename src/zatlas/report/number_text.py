"""Numbers as the text of a report shows them."""

METRICS = {"mse": "MSE", "psnr": "PSNR", "ssim": "SSIM", "sharpness": "relative sharpness"}
"""How the metrics of a reconstruction are written."""


_SETTINGS = {
    "lr": "learning rate", "name": "number format", "matmul": "precision of matrix products",
    "why": "reason for the format", "compiled": "compiled (torch.compile)",
    "threads": "processor threads", "patience": "epochs without progress before stopping",
}  # fmt: skip


def setting_name(key: str) -> str:
    """The name of a setting in plain words.

    >>> setting_name("lr"), setting_name("batch_size")
    ('learning rate', 'batch size')
    """
    return _SETTINGS.get(key, key.replace("_", " "))


def lead(summary: str) -> str:
    """A summary as a sentence.

    >>> lead("darker by 0.35 sd")
    'Darker by 0.35 sd.'
    """
    return f"{summary[:1].upper()}{summary[1:]}."


def percent(fraction: float | None, digits: int = 0) -> str:
    """A fraction in percent, None as a dash.

    >>> percent(0.041, 1), percent(-0.004), percent(None)
    ('4.1 %', '0 %', '–')
    """
    if fraction is None:
        return "–"
    return f"{round(100 * fraction, digits) + 0.0:.{digits}f} %".replace("-", "−")


def number(value: float | None, digits: int = 4) -> str:
    """A measured number: an integer with commas, a float with some digits, None as a dash.

    >>> number(25_739_146), number(0.052), number(None)
    ('25,739,146', '0.05200', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, int):
        text = f"{value:,}"
    elif value and not 1e-4 <= abs(value) < 10**digits:
        text = f"{value:,.0f}" if 1 <= abs(value) < 1e9 else f"{value:.{digits - 1}e}"
    else:
        text = f"{value:#.{digits}g}".removesuffix(".")
    return text.replace("-", "−")


def setting(value: str | float | None) -> str:
    """A setting, in the shortest form.

    >>> setting(1e-3), setting(None)
    ('0.001', '–')
    """
    if isinstance(value, float):
        return f"{value:g}"
    return "–" if value is None else str(value)


def duration(seconds: float) -> str:
    """A time in the units that people use.

    >>> duration(48), duration(192), duration(7500)
    ('48 s', '3 min 12 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
