"""`Atlas`: the measured elements of a run as a sequence, with a table and figures."""

import os
from collections.abc import Iterator
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.evidence.account.sentences import summary
from zatlas.evidence.records import AtlasRecord, ElementEffect
from zatlas.figures.overview import overview
from zatlas.figures.style import NotebookFigure
from zatlas.images import ImageSet
from zatlas.report.atlas_sections import element_figure
from zatlas.run.evidence import kept_atlas
from zatlas.run.run import Run
from zatlas.workflows.atlas import measure_atlas
from zatlas.workflows.progress import default_progress

PathLike = str | os.PathLike[str]


class Atlas:
    """The effect of every latent element of a run.

    ``atlas[3]`` is element 3, ``len(atlas)`` the number of elements. The order is that of the
    index.

    Attributes
    ----------
    run : the run that was measured.
    record : the content of ``evidence/atlas.json``; its elements are sorted by effect.

    Examples
    --------
    ::

        atlas = run.atlas(images)
        atlas[3].sentence
        atlas[3].effects["luminance"].mean
        pandas.DataFrame(atlas.table())
    """

    def __init__(self, run: Run, record: AtlasRecord) -> None:
        self.run, self.record = run, record
        self._elements = {effect.element: effect for effect in record.elements}

    def __len__(self) -> int:
        return len(self._elements)

    def __getitem__(self, element: int) -> ElementEffect:
        count = len(self)
        if isinstance(element, bool) or not isinstance(element, int | np.integer):
            raise InputError(f"element {element!r}: give a whole number, 0 to {count - 1}")
        if not -count <= element < count:
            raise IndexError(f"element {element}: the code has {count} elements, 0 to {count - 1}")
        return self._elements[int(element) % count]

    def __iter__(self) -> Iterator[ElementEffect]:
        return (self[element] for element in range(len(self)))

    def __repr__(self) -> str:
        return f"<Atlas of {self.record.run}: {len(self)} elements over {self.record.n} images>"

    def table(self) -> list[dict[str, Any]]:
        """One plain row for each element and property, ready for ``pandas.DataFrame``.

        The columns are ``element``, ``name``, ``size`` (grey levels), ``property``, ``unit``,
        ``family``, ``finding``, ``mean``, ``low``, ``high`` (in the unit), ``mean_sd``, ``low_sd``,
        ``high_sd`` (in sd over real images), ``even_sd`` and ``rms_sd`` (the same; None where they
        were not measured), ``agree`` (fraction of images), ``q`` and ``named``.
        """
        columns = ("family", "finding", "mean", "low", "high", "mean_sd", "low_sd", "high_sd",
                   "agree", "q", "named")  # fmt: skip
        return [
            {
                "element": element.element, "name": element.name, "size": element.size,
                "property": effect.name, "unit": effect.unit,
                "even_sd": effect.even and effect.even.value_sd,
                "rms_sd": effect.rms and effect.rms.value_sd,
                **{column: getattr(effect, column) for column in columns},
            }
            for element in self
            for effect in element.effects.values()
        ]  # fmt: skip

    def figure(self, element: int | None = None) -> NotebookFigure:
        """The figure of one element; by default one of all elements."""
        if element is None:
            return overview(self.record)
        return element_figure(self.run, self.record, self[element])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>z[{e.element}]</td><td>{escape(e.name or '')}</td><td>{e.size:.3g}</td>"
            f"<td style='text-align:left'>{escape(summary(e))}</td></tr>"
            for e in self.record.elements
        )
        head = "<tr><th>element</th><th>name</th><th>grey levels</th><th>effect of 1 sd</th></tr>"
        return f"<table><caption>{escape(repr(self))}</caption>{head}{rows}</table>"


def measured_atlas(
    run: Run, images: PathLike | NDArray[np.uint8] | ImageSet | None = None, **options: Any
) -> Atlas:
    """Measure every latent element. ``options`` are arguments of ``measure_atlas``."""
    options["progress"] = options.get("progress") or default_progress("elements")
    return Atlas(run, measure_atlas(run, images=images, **options))


def open_atlas(run: Run) -> Atlas:
    """The atlas that was measured before. Raises InputError where there is none."""
    return Atlas(run, kept_atlas(run))
