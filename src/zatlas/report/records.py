"""What a report is made of: sections of plain data, each with the pictures that it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

# a figure, an image set's picture uint8 (H, W, C) that is shown as pixels, or the text of an SVG
Picture: TypeAlias = Figure | NDArray[np.uint8] | str


@dataclass(frozen=True)
class Section:
    """One section: ``kind`` names its two templates, ``templates/sections/KIND.{html,md}.j2``.

    ``record`` is plain JSON and holds every number that the text shows; its ``facts`` (label,
    value and, where there are, interval and unit) stand at the head of the run as well.
    ``pictures`` are called by their names in the templates.
    """

    kind: str
    heading: str
    record: Mapping[str, Any]
    pictures: Mapping[str, Picture] = field(default_factory=dict)


@dataclass(frozen=True)
class RunReport:
    """All sections about one run, in their order; ``about`` is a sentence under its name."""

    name: str
    sections: Sequence[Section]
    about: str = ""


@dataclass(frozen=True)
class ReportData:
    """A report about one run or more; ``sections`` are those about all runs together."""

    title: str
    runs: Sequence[RunReport]
    sections: Sequence[Section] = ()
