"""Edits tried on some pictures: what they look like, and how large they were."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zatlas.latents import coding, edits
from zatlas.latents.edits import Size, Space
from zatlas.models.network import Autoencoder
from zatlas.syntax import parse_edit

Pictures = NDArray[np.uint8]


@dataclass(frozen=True)
class Tried:
    """One edit of B pictures: the decoded pictures (B, H, W, C), the size of the move in z."""

    text: str
    pictures: Pictures
    size: Size
    assumptions: list[str]

    @property
    def notes(self) -> list[str]:
        """What stands under the plate: the move in sd and percentiles, and what was assumed."""
        return [*_moves(self.size), *self.assumptions]

    def record(self) -> dict[str, Any]:
        """The same as plain JSON, every number of it."""
        elements = [
            {
                "element": int(element),
                "before": _rounded(self.size.before[:, k]),
                "after": _rounded(self.size.after[:, k]),
                "sd": _rounded(self.size.sds[:, k]),
                "percentile_before": _rounded(self.size.percentile_before[:, k]),
                "percentile_after": _rounded(self.size.percentile_after[:, k]),
            }
            for k, element in enumerate(self.size.elements)
        ]
        return {"edit": self.text, "assumptions": self.assumptions, "elements": elements}


@dataclass(frozen=True)
class Trial:
    """Pictures, their reconstructions, and every edit that was tried on them."""

    originals: Pictures
    reconstructions: Pictures
    edits: list[Tried]

    def record(
        self, images: str, fingerprint: str, index: list[int], command: str,
        measured: Sequence[dict[str, Any]] = (),
    ) -> dict[str, Any]:  # fmt: skip
        """As plain JSON: of which images (a file and rows of it), by which command, each edit.

        ``fingerprint`` is that of the image set in the file. ``measured`` are the records of what
        each edit does over many images, where it was measured.
        """
        tried = [edit.record() for edit in self.edits]
        for edit, found in zip(tried if measured else [], measured, strict=True):
            edit |= {"sentence": found["sentence"], "measured": found}
        return {
            "images": images, "fingerprint": fingerprint, "index": index, "command": command,
            "edits": tried,
        }  # fmt: skip


def try_edits(model: Autoencoder, space: Space, images: Pictures, texts: list[str]) -> Trial:
    """Encode uint8 pictures (B, H, W, C), apply each edit to the codes as they were, decode.

    All edits are read before the first is applied; InputError points at a fault's column.
    """
    parsed = [parse_edit(text) for text in texts]
    codes = coding.encode(model, images)
    changed = [edits.apply(edit, codes, space) for edit in parsed]
    tried = [
        Tried(
            edit.text, coding.decode(model, after), edits.size(codes, after, space),
            edits.assumptions(edit, space),
        )
        for edit, after in zip(parsed, changed, strict=True)
    ]  # fmt: skip
    return Trial(images, coding.decode(model, codes), tried)


def _moves(size: Size) -> list[str]:
    """A line for each of up to three elements that moved, else one line for all of them."""
    if not len(size.elements):
        return ["nothing moved"]
    if len(size.elements) > 3:
        steps = np.abs(size.sds[np.isfinite(size.sds)])
        spread = f", {steps.min():.2g} to {steps.max():.2g} sd each" if len(steps) else ""
        return [f"{len(size.elements)} elements moved{spread}"]
    return [_move(element, size, k) for k, element in enumerate(size.elements)]


def _move(element: int, size: Size, k: int) -> str:
    if not np.isfinite(size.sds[:, k]).all():
        return f"z[{element}] is dead in the run's images: no size in sd"
    before, after = (
        _span(ranks[:, k], ".0f") for ranks in (size.percentile_before, size.percentile_after)
    )
    return f"z[{element}] {_span(size.sds[:, k], '+.2g')} sd, percentile {before} → {after}"


def _span(values: NDArray[np.floating], form: str) -> str:
    """One number, or the least and the greatest where they print differently."""
    least, most = format(values.min(), form), format(values.max(), form)
    return least if least == most else f"{least} to {most}"


def _rounded(values: NDArray[np.floating]) -> list[float | None]:
    """Six digits, as JSON has them; None for what is not a number."""
    return [float(f"{v:.6g}") if np.isfinite(v) else None for v in values]
