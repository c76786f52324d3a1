"""The record of an edit as typed, from the codes before and after it."""

from zatlas.evidence.records import EditEffect, EditRecord, MovedElement
from zatlas.latents.edit_results import EditResult


def edit_record(result: EditResult, measured: EditEffect | None = None) -> EditRecord:
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
    )
