"""The words by which a claim may speak of a measured property."""

from dataclasses import dataclass
from typing import Literal

Direction = Literal["up", "down", "either"]


@dataclass(frozen=True)
class Words:
    """What a claim may call one property, beside the property's own name.

    Attributes
    ----------
    up, down
        Words for a rise and for a fall: "light" and "dark". Their inflected forms are understood:
        "darker", "darkens".
    neutral
        Words for the property itself: "brightness".
    context
        Where it is given, the other words count only in a clause that holds one of these: "left"
        is a place behind "moves" and a pose behind "turns". Alone, a context word is neutral.
    """

    up: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    neutral: tuple[str, ...] = ()
    context: tuple[str, ...] = ()


LIGHT, DARK = ("light", "bright"), ("dark", "dim", "darkness")
RED, GREEN = ("red", "pink", "redness"), ("green",)
YELLOW, BLUE = ("yellow", "warm", "warmth"), ("blue", "cold", "cool")
HUE = ("colour", "hue")
MOVE = ("move", "shift", "slide", "push", "position", "place")
TURN = ("turn", "rotate", "rotation", "pose", "profile", "yaw", "head direction")
BACKGROUND = ("background", "backdrop", "border")
CENTRE = ("centre", "center", "middle")


def side_light(side: str, other: str) -> tuple[str, ...]:
    """Phrases for more light on ``side`` of the picture than on the ``other``."""
    lit, where = ("light", "bright", "lit"), ("from", "to", "on", "at")
    phrases = [f"{word} {place} {side}" for word in lit for place in where]
    phrases.append(f"light from {other} to {side}")
    return (*phrases, f"{side} side light", f"{other} side dark")


LIGHTNESS = Words(
    LIGHT, DARK, ("brightness", "lightness", "lighting", "illumination", "exposure", "luminance")
)
LEFT_RIGHT_LIGHT = Words(
    side_light("right", "left"), side_light("left", "right"),
    ("left-right light", "light direction", "direction of light", "side light"),
)  # fmt: skip
TOP_BOTTOM_LIGHT = Words(
    (*side_light("top", "bottom"), "light from above", "lit from above"),
    (*side_light("bottom", "top"), "light from below", "lit from below"),
    ("top-bottom light", "light direction", "direction of light"),
)
CONTRAST = Words(down=("washed out",), neutral=("contrast",))
RED_GREEN = Words(RED, GREEN, (*HUE, "red-green"))
YELLOW_BLUE = Words(YELLOW, BLUE, (*HUE, "yellow-blue", "colour temperature"))
CHROMA = Words(
    ("colourful", "saturate", "vivid", "more colour", "add colour"),
    ("grey", "desaturate", "faded", "muted", "less colour", "remove colour"),
    ("colour", "saturation", "chroma"),
)
SHARPNESS = Words(
    ("sharp", "crisp"), ("blur", "blurry", "soft", "fuzzy"), ("detail", "focus", "sharpness")
)
SIZE = Words(("large", "big", "zoom in"), ("small", "zoom out"), ("size", "zoom", "scale"))
HORIZONTAL_PLACE = Words(("right",), ("left",), context=(*MOVE, "horizontal position"))
VERTICAL_PLACE = Words(
    ("up", "upward", "higher"), ("down", "downward", "lower"), context=(*MOVE, "vertical position")
)
BORDER_LIGHTNESS = Words(LIGHT, DARK, ("brightness", "lightness"), BACKGROUND)
BORDER_RED_GREEN = Words(RED, GREEN, HUE, BACKGROUND)
BORDER_YELLOW_BLUE = Words(YELLOW, BLUE, HUE, BACKGROUND)
