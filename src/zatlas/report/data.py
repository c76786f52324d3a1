"""A report before it is written: runs, their sections, and the numbers of each section."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zatlas.schema import Record


@dataclass(frozen=True)
class GivenPicture:
    """A user's own picture: its file's bytes, suffix and type, and (width, height) in pixels.

    ``size`` is None for an SVG.
    """

    content: bytes
    suffix: str
    mime: str
    size: tuple[int, int] | None


Drawing = Figure | NDArray[np.uint8] | str | GivenPicture
"""A figure, the pixels uint8 (H, W, C) of an image, the text of an SVG, or a user's picture."""


def command(*words: object) -> str:
    """The words of a zatlas command, quoted for a shell.

    >>> command("edit", "runs/a", "z[0] *= 2")
    "zatlas edit runs/a 'z[0] *= 2'"
    """
    return shlex.join(["zatlas", *map(str, words)])


class Fact(Record):
    """A number at the head of a run, with its interval and unit where it has them.

    With ``of`` it is one of so many, as in "3 of 10".
    """

    label: str
    value: int | float | str | None
    of: int | None = None
    interval: tuple[float, float] | None = None
    unit: str = ""


@dataclass(frozen=True)
class RowLink:
    """A row of a drawing, ``top`` and ``height`` in fractions of its height, and where it leads.

    ``target`` is an anchor of the same run, such as "z-3".
    """

    top: float
    height: float
    target: str
    words: str


@dataclass(frozen=True)
class Section:
    """One section; ``templates/sections/KIND.j2`` writes it, in HTML and in Markdown.

    Attributes
    ----------
    kind : the name of the template.
    heading : the text above the section.
    record : every number of the section; ``report.json`` holds it.
    drawings : the pictures of the section, by the names that the template uses.
    facts : the numbers that are also shown at the head of the run.
    links : areas of a drawing that lead to another place of the page, by the drawing's name.
    """

    kind: str
    heading: str
    record: Record
    drawings: Mapping[str, Drawing] = field(default_factory=dict)
    facts: Sequence[Fact] = ()
    links: Mapping[str, Sequence[RowLink]] = field(default_factory=dict)


@dataclass(frozen=True)
class RunReport:
    """All sections about one run, in their order.

    ``about`` is a sentence below its name; ``warnings`` stand before everything else.
    """

    name: str
    sections: Sequence[Section]
    about: str = ""
    warnings: Sequence[str] = ()

    @property
    def facts(self) -> list[Fact]:
        """The facts of all sections."""
        return [fact for section in self.sections for fact in section.facts]


@dataclass(frozen=True)
class ReportData:
    """A report about one run or more; ``sections`` are about all runs together and come first."""

    title: str
    runs: Sequence[RunReport]
    sections: Sequence[Section] = ()

    def anchored(self) -> Iterator[tuple[str, Section]]:
        """Every section, with its anchor on the page."""
        for place, run in enumerate(self.runs):
            yield from ((f"run-{place}-{section.kind}", section) for section in run.sections)
        yield from ((f"all-{section.kind}", section) for section in self.sections)
