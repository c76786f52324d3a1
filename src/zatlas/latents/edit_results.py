"""Edits applied to some images: the decoded pictures and the size of each edit."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zatlas.latents import coding, edits
from zatlas.latents.coding import Pictures
from zatlas.latents.edits import EditSize, Space
from zatlas.models.network import Autoencoder


class EditResult(NamedTuple):
    """One edit of B images: decoded pictures (B, H, W, C), and the size of the change in z."""

    text: str
    pictures: Pictures
    size: EditSize
    assumptions: list[str]

    @property
    def notes(self) -> list[str]:
        """The lines below the edit in a plate: the change in sd and percentiles, assumptions."""
        return [*_moves(self.size), *self.assumptions]


class EditResults(NamedTuple):
    """Images, their reconstructions, and every edit that was applied to them."""

    originals: Pictures
    reconstructions: Pictures
    edits: list[EditResult]


def apply_edits(
    model: Autoencoder, space: Space, images: Pictures, texts: list[str]
) -> EditResults:
    """Encode images uint8 (B, H, W, C), apply each edit to these codes, decode.

    Raises InputError, with the column of the fault, before anything is decoded.
    """
    codes, tried = coding.encode(model, images), []
    for text, after in [(text, edits.apply(text, codes, space)) for text in texts]:
        size, notes = edits.size(codes, after, space), edits.assumptions(text, space)
        tried.append(EditResult(text, coding.decode(model, after), size, notes))
    return EditResults(images, coding.decode(model, codes), tried)


def _moves(size: EditSize) -> list[str]:
    """A line for each element that changed; one line for all where more than three did."""
    if not len(size.elements):
        return ["nothing moved"]
    if len(size.elements) > 3:
        steps = np.abs(size.sds[np.isfinite(size.sds)])
        spread = f", {steps.min():.2g} to {steps.max():.2g} sd each" if len(steps) else ""
        return [f"{len(size.elements)} elements moved{spread}"]
    return [_move(element, size, k) for k, element in enumerate(size.elements)]


def _move(element: int, size: EditSize, k: int) -> str:
    if not np.isfinite(size.sds[:, k]).all():
        return f"z[{element}] is dead in the run's images: no size in sd"
    before = _span(size.percentile_before[:, k], ".0f")
    after = _span(size.percentile_after[:, k], ".0f")
    step = _span(size.sds[:, k], "+.2g")
    return f"z[{element}] {step} sd; percentile {before} before, {after} after"


def _span(values: NDArray[np.floating], form: str) -> str:
    """One number, or the smallest and the largest where their texts differ."""
    least, most = format(values.min(), form), format(values.max(), form)
    return least if least == most else f"{least} to {most}"
