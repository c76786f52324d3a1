"""What is written to the terminal. No text from a file can control it."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.segment import Segment

from zatlas.errors import printable

NARROWEST = 20  # columns; a terminal that says it has fewer has some other fault


class PlainConsole(Console):
    """A console that replaces the control characters in every text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, soft_wrap=True, **options)
        if self.width < NARROWEST:
            self.width = 80

    def render(self, *arguments: Any, **options: Any) -> Iterable[Segment]:
        """The segments of what is printed, their texts without control characters."""
        for segment in super().render(*arguments, **options):
            text = segment.text if segment.control else printable(segment.text)
            yield segment if text == segment.text else Segment(text, segment.style)
