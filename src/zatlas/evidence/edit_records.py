"""The record of an edit as typed, and the plate of a record again."""

import numpy as np

from zatlas.evidence.records import EditEffect, EditRecord, MovedElement, PlateRecord
from zatlas.evidence.target_records import TargetRecord
from zatlas.latents.coding import Codes, Pictures, encode
from zatlas.latents.edit_results import EditResult, EditResults, Solved, apply_edits
from zatlas.latents.edits import Space
from zatlas.models.network import Autoencoder


def edit_record(
    result: EditResult, measured: EditEffect | None = None, target: TargetRecord | None = None
) -> EditRecord:
    """What one edit moved on the images of a plate, beside what it does over many images."""
    size = result.size
    return EditRecord(
        edit=result.text,
        assumptions=tuple(result.assumptions),
        elements=tuple(
            MovedElement(
                element=int(element),
                before=size.before[:, k],
                after=size.after[:, k],
                sd=size.sds[:, k],
                percentile_before=size.percentile_before[:, k],
                percentile_after=size.percentile_after[:, k],
            )
            for k, element in enumerate(size.elements)
        ),
        measured=measured,
        target=target,
    )


def repeated(model: Autoencoder, space: Space, images: Pictures, plate: PlateRecord) -> EditResults:
    """Apply the edits of a plate again to its images uint8 (B, H, W, C).

    An edit with a target is not solved again: its record holds the edited codes, so neither labels
    nor time are needed.
    """
    codes = encode(model, images)
    solved = {
        edit.edit: Solved(_edited(codes, edit), edit.target.lines)
        for edit in plate.edits if edit.target is not None
    }  # fmt: skip
    texts = [edit.edit for edit in plate.edits]
    return apply_edits(model, space, images, texts, plate.project, solved)


def _edited(codes_BD: Codes, edit: EditRecord) -> Codes:
    """The edited codes that a record holds."""
    edited = codes_BD.copy()
    for moved in edit.elements:
        edited[:, moved.element] = np.array(moved.after, np.float32)
    return edited
