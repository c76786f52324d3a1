"""Edits of some images: apply them, measure them over many images, draw them."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import as_list
from zatlas.evidence.edit_records import edit_record
from zatlas.evidence.edit_targets import target_effects
from zatlas.evidence.measurements import edit_effects
from zatlas.evidence.properties.property_set import (
    Labelled,
    add_factors,
    measure_drawn,
    pixel_properties,
)
from zatlas.evidence.records import EditEffect, PlateRecord
from zatlas.evidence.slopes import property_changes
from zatlas.evidence.target_records import TargetRecord
from zatlas.figures.plate import edits_plate
from zatlas.figures.style import NotebookFigure, png, save
from zatlas.images import ImageSet
from zatlas.latents import edits
from zatlas.latents.edit_results import EditResults, Solved, apply_edits
from zatlas.latents.moves import edit_move
from zatlas.run.run import Codes, PathLike, Run
from zatlas.run.split import whole_set
from zatlas.syntax import is_target
from zatlas.workflows.atlas import (
    IMAGES_MEASURED,
    check_count,
    drawn,
    labelled_images,
    subject_of,
)
from zatlas.workflows.targeted import TargetStudy, halves, target_study


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


def measure_edits(
    run: Run,
    texts: Sequence[str],
    images: PathLike | NDArray[np.uint8] | ImageSet,
    *,
    count: int = IMAGES_MEASURED,
    seed: int = 0,
    factors: PathLike | None = None,
    hold: Sequence[str] = (),
    project: bool = False,
) -> list[EditEffect]:
    """Measure what edits do over many images, and compare them with random directions.

    Parameters
    ----------
    run : the trained model.
    texts : the edits as typed, such as ``"z[0] *= 2"``, or with a target, ``"luminance = +10"``.
    images : uint8 (N, H, W, C), an image set, or its file.
    count : the number of images, drawn by ``seed``.
    seed : of that draw, of random directions and of every bootstrap.
    factors : as in :func:`zatlas.workflows.atlas.measure_atlas`.
    hold : properties that edits with a target do not change.
    project : measure the nearest codes that the bottleneck can give.

    Returns
    -------
    list of EditEffect
        One for each of ``texts``, in their order.

    Raises
    ------
    InputError
        An edit cannot be read, or the images do not fit.
    """
    check_count(count)
    texts = as_list("texts", texts)
    return _read_edits(run, texts, images, count, seed, factors, hold, project).effects(texts)


def draw_plate(
    run: Run,
    texts: Sequence[str],
    images: ImageSet,
    index: Sequence[int],
    *,
    note: str = "",
    count: int = IMAGES_MEASURED,
    factors: PathLike | None = None,
    hold: Sequence[str] = (),
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
    texts : the edits as typed, such as ``"z[0] *= 2"``, or with a target, ``"luminance = +10"``.
    images : the image set.
    index : the rows of ``images`` to draw; negative ones count from the end.
    note : the user's own words about the edits, for the record and the report.
    count : the number of images to measure on; nothing is measured with 0.
    factors : a table of labels, for targets that are factors; see :func:`measure_edits`.
    hold : properties that edits with a target do not change.
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
    ready = _read_edits(run, texts, images, count or IMAGES_MEASURED, 0, factors, hold, project)
    targets = ready.solved(images[rows], texts)
    solved = {text: Solved(codes, record.lines) for text, (codes, record) in targets.items()}
    results = apply_edits(run.model, run.space, images[rows], texts, project, solved)
    if measured is None and (n := min(count, len(images))) >= 2:
        if notify:
            several = len(set(texts))
            notify(f"measuring {several} edit{'s' * (several > 1)} on {n} images")
        measured = ready.effects(texts)
    record = PlateRecord(
        images=str(images.path or ""),
        fingerprint=images.fingerprint(),
        weights=run.fingerprint,
        index=tuple(rows),
        command=command,
        out=out,
        edits=tuple(
            edit_record(
                result,
                None if measured is None else measured[k],
                targets[result.text][1] if result.text in targets else None,
            )
            for k, result in enumerate(results.edits)
        ),
        note=note,
        project=project,
    )
    return Plate(record, results, edits_plate(results, rows, command, measured or ()))


@dataclass(frozen=True)
class _EditStudy:
    """Images to measure edits on, labels to learn probes from, and what targets are solved with."""

    run: Run
    images: NDArray[np.uint8]
    labelled: Labelled | None
    study: TargetStudy | None
    project: bool
    seed: int

    def solved(
        self, images: NDArray[np.uint8], texts: Sequence[str]
    ) -> dict[str, tuple[Codes, TargetRecord]]:
        """The edits with a target, by their text: the edited codes of images, and their record."""
        if self.study is None:
            return {}
        codes = self.run.encode(images)
        return {text: self.study.solve(text, codes) for text in texts if text in self.study.targets}

    def effects(self, texts: Sequence[str]) -> list[EditEffect]:
        """The effect of each edit over the images."""
        subject, properties = subject_of(self.run, self.images), pixel_properties(self.images)
        if self.project:
            subject = replace(subject, can_give=None)  # it can by definition
        if self.labelled is not None:
            properties, _ = add_factors(
                properties, self.labelled, subject.encode, subject.decode, self.seed
            )
        codes = subject.codes
        properties = measure_drawn(properties, self.images, codes, subject.decode)
        targets = self.solved(self.images, texts)
        moves = [
            edit_move(
                text, codes,
                targets[text][0] if text in targets else self.run.edit(codes, text, self.project),
            )
            for text in dict.fromkeys(texts)
        ]  # fmt: skip
        found = {one.edit: one for one in edit_effects(subject, properties, moves, seed=self.seed)}
        for text, (edited, record) in targets.items():
            changes = property_changes(subject.decode, properties, codes)
            target = target_effects(record, changes(np.arange(len(codes)), edited), properties)
            found[text] = found[text].model_copy(update={"target": target})
        return [found[text] for text in texts]


def _read_edits(
    run: Run, texts: Sequence[str], images: PathLike | NDArray[np.uint8] | ImageSet, count: int,
    seed: int, factors: PathLike | None, hold: Sequence[str], project: bool,
) -> _EditStudy:  # fmt: skip
    """Read the edits and the labels. Raises InputError before anything is measured."""
    for text in texts:
        if not is_target(text):
            edits.check(text, run.model.architecture.code_shape, run.names)
    array = run.fitting(images).array
    chosen = array[drawn(whole_set(array), count, seed)]
    solving = measuring = None
    if factors is not None:
        solving = measuring = labelled_images(run, Path(factors), seed)
        if any(is_target(text) for text in texts):
            solving, measuring = halves(solving, seed)
    study = target_study(
        run, texts, chosen, hold=as_list("hold", hold), labelled=solving,
        factors=str(factors or ""), project=project, seed=seed,
    )  # fmt: skip
    return _EditStudy(run, chosen, measuring, study, project, seed)
