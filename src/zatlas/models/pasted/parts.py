"""What both forms of pasted code are read into."""

import re
from dataclasses import dataclass, field

from zatlas.syntax import Call, Value

MAX_CHARACTERS = 200_000  # characters of a pasted file
HINT = "paste a class with nn.Sequentials named encoder and decoder, or what print(model) shows"


@dataclass
class Network:
    """The encoders and decoders by their names, in the order written; ``where`` opens errors."""

    title: str
    where: str
    parts: dict[str, list[Call]] = field(default_factory=dict)
    defaults: dict[str, Value] = field(default_factory=dict)  # of the arguments of __init__
    concatenates: bool = False  # its source does so somewhere

    def of(self, kind: str) -> dict[str, list[Call]]:
        """The encoders (``enc``) or the decoders (``dec``)."""
        return {name: calls for name, calls in self.parts.items() if kind_of(name) == kind}


def kind_of(name: str) -> str:
    """``enc`` for ``encoder``, ``encoder_1``, ``enc2``; ``dec`` likewise; else nothing."""
    found = re.match(r"_*(enc|dec)", name.lower())
    return found[1] if found else ""
