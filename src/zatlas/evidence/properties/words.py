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


def side_light(side: str, other: str) -> tuple[str, ...]:
    """Phrases for more light on ``side`` of the picture than on the ``other``."""
    lit, where = ("light", "bright", "lit"), ("from", "to", "on", "at")
    phrases = [f"{word} {place} {side}" for word in lit for place in where]
    phrases.append(f"light from {other} to {side}")
    return (*phrases, f"{side} side light", f"{other} side dark")
