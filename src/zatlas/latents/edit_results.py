"""Edits applied to some images: the decoded pictures and the size of each edit."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zatlas.latents import coding, edits, quantised
from zatlas.latents.coding import Codes, Pictures
from zatlas.latents.edits import EditSize, Space
from zatlas.models.network import Autoencoder


class Solved(NamedTuple):
    """An edit with a target: the edited codes (B, D), and lines that say how far it came."""

    codes: Codes
    lines: Sequence[str]


class EditResult(NamedTuple):
    """One edit of B images: decoded pictures (B, H, W, C), and the size of the change in z.

    ``lines`` are those of an edit with a target.
    """

    text: str
    pictures: Pictures
    size: EditSize
    assumptions: list[str]
    lines: Sequence[str] = ()

    @property
    def notes(self) -> list[str]:
        """The lines below the edit in a plate: the change in sd and percentiles, assumptions."""
        return [*self.lines, *_moves(self.size), *self.assumptions]


class EditResults(NamedTuple):
    """Images, their reconstructions, and every edit that was applied to them."""

    originals: Pictures
    reconstructions: Pictures
    edits: list[EditResult]


def apply_edits(
    model: Autoencoder, space: Space, images: Pictures, texts: list[str], project: bool = False,
    solved: Mapping[str, Solved] | None = None,
) -> EditResults:  # fmt: skip
    """Encode images uint8 (B, H, W, C), apply each edit to these codes, decode.

    ``project``: take the nearest codes that the bottleneck can give. ``solved`` holds the edits
    with a target, by their text. Raises InputError, with the column of the fault, before anything
    is decoded.
    """
    codes, tried, found = coding.encode(model, images), [], solved or {}
    after_each = [found[t].codes if t in found else edits.apply(t, codes, space) for t in texts]
    for text, after in zip(texts, after_each, strict=True):
        notes = [] if text in found else edits.assumptions(text, space)
        possible = quantised.can_give(model, codes, after)
        if project:
            after = quantised.project_codes(model, after)
        notes += _left_bottleneck(possible, project)
        size = edits.size(codes, after, space)
        lines = found[text].lines if text in found else ()
        tried.append(EditResult(text, coding.decode(model, after), size, notes, lines))
    return EditResults(images, coding.decode(model, codes), tried)


def _left_bottleneck(possible: NDArray[np.bool_], project: bool) -> list[str]:
    """The note on edited codes that the bottleneck cannot give."""
    if possible.all():
        return []
    where = "" if not possible.any() else f" in {(~possible).sum()} of {len(possible)} images"
    end = "the nearest one is decoded" if project else "`project` takes the nearest one"
    return [f"the code is not one that the bottleneck can give{where}; {end}"]


def _moves(size: EditSize) -> list[str]:
    """A line for each element that changed; one line for all where more than three did."""
    if not len(size.elements):
        return ["nothing moved"]
    if len(size.elements) > 3:
        sds = np.abs(size.sds[np.isfinite(size.sds)])
        spread = f", {sds.min():.2g} to {sds.max():.2g} sd each" if len(sds) else ""
        return [f"{len(size.elements)} elements moved{spread}"]
    return [_move(element, size, k) for k, element in enumerate(size.elements)]


def _move(element: int, size: EditSize, k: int) -> str:
    if not np.isfinite(size.sds[:, k]).all():
        return f"z[{element}] is dead in the run's images: no size in sd"
    before = _span(size.percentile_before[:, k], ".0f")
    after = _span(size.percentile_after[:, k], ".0f")
    step = f"{_span(size.sds[:, k], '+.2g')} sd"
    if size.grid_steps is not None and np.isfinite(size.grid_steps[:, k]).all():
        step += f", {_span(size.grid_steps[:, k], '+.2g')} steps of the grid"
    return f"z[{element}] {step}; percentile {before} before, {after} after"


def _span(values: NDArray[np.floating], form: str) -> str:
    """One number, or the smallest and the largest where their texts differ."""
    least, most = format(values.min(), form), format(values.max(), form)
    return least if least == most else f"{least} to {most}"
