"""Edits of some images: apply them, measure them over many images, draw them."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zatlas.errors import as_list
from zatlas.evidence.edit_records import edit_record
from zatlas.evidence.records import EditEffect, PlateRecord
from zatlas.figures.plate import edits_plate
from zatlas.figures.style import NotebookFigure, png, save
from zatlas.images import ImageSet
from zatlas.latents.edit_results import EditResults, apply_edits
from zatlas.run.run import Run
from zatlas.workflows.atlas import IMAGES_MEASURED, measure_edits


@dataclass(frozen=True)
class Plate:
    """Originals, reconstructions and edits: the record, the decoded pictures, the figure."""

    record: PlateRecord
    results: EditResults
    figure: NotebookFigure

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the figure as PNG, SVG or PDF, by the suffix."""
        save(self.figure, path, overwrite=overwrite)

    def _repr_png_(self) -> bytes:
        return png(self.figure)


def draw_plate(
    run: Run,
    texts: Sequence[str],
    images: ImageSet,
    index: Sequence[int],
    *,
    note: str = "",
    count: int = IMAGES_MEASURED,
    measured: Sequence[EditEffect] | None = None,
    project: bool = False,
    command: str = "",
    out: str = "",
    notify: Callable[[str], None] | None = None,
) -> Plate:
    """Apply edits to some images, measure what each does to many, and draw the plate.

    Parameters
    ----------
    run : the trained model.
    texts : the edits as typed, such as ``"z[0] *= 2"``.
    images : the image set.
    index : the rows of ``images`` to draw; negative ones count from the end.
    note : the user's own words about the edits, for the record and the report.
    count : the number of images to measure on; nothing is measured with 0.
    measured : the effect of each edit, where it has been measured already.
    project : decode the nearest codes that the bottleneck can give.
    command : the command that is written under the plate.
    out : the file that the plate is saved to, for its record.
    notify : called with a line before the edits are measured, which takes a while.

    Returns
    -------
    Plate
        With the record that ``zatlas edit --json`` writes.

    Raises
    ------
    InputError
        An edit cannot be read, or a row is not in ``images``.
    """
    texts, rows = as_list("texts", texts), images.rows(index)
    results = apply_edits(run.model, run.space, images[rows], texts, project)
    if measured is None and (n := min(count, len(images))) >= 2:
        if notify:
            several = len(set(texts))
            notify(f"measuring {several} edit{'s' * (several > 1)} on {n} images")
        measured = measure_edits(run, texts, images, count=count, project=project)
    record = PlateRecord(
        images=str(images.path or ""),
        fingerprint=images.fingerprint(),
        weights=run.fingerprint,
        index=tuple(rows),
        command=command,
        out=out,
        edits=tuple(
            edit_record(result, None if measured is None else measured[k])
            for k, result in enumerate(results.edits)
        ),
        note=note,
        project=project,
    )
    return Plate(record, results, edits_plate(results, rows, command, measured or ()))
