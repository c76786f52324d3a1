"""The section on the directions of a run: a table of all, then a figure of each of the best."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zatlas.evidence.account.number_words import spaced
from zatlas.evidence.account.target_words import reach_words, target_brief
from zatlas.evidence.directions.records import DirectionEffect
from zatlas.figures.elements import element_page
from zatlas.figures.style import NotebookFigure
from zatlas.report.data import Fact, Section, command
from zatlas.run.directions import Direction
from zatlas.run.run import Run
from zatlas.schema import Number, OptionalNumber, Record

DIRECTION_FIGURES = 8  # directions with a figure of their own, the best
_IMAGES_SWEPT = 4  # in such a figure


class DirectionRow(Record):
    """A row of the table of directions. ``size``, ``spill`` and ``ratio`` are of the target, None
    without one. ``element`` is the best single element in words; ``real``: whether the effect is
    more than chance; ``figure``: whether it has a figure of its own.
    """

    name: str
    method: str
    of: str
    held: str
    target: str
    size: OptionalNumber
    low: OptionalNumber
    high: OptionalNumber
    spill: OptionalNumber
    ratio: OptionalNumber
    reach: str
    element: str
    element_ratio: OptionalNumber
    identity: OptionalNumber
    mahalanobis: OptionalNumber
    real: bool | None
    summary: str
    sentence: str
    figure: bool
    command: str


class DirectionsRecord(Record):
    """The directions of a run, the largest effect over spill first, measured over ``n`` images."""

    run: str
    n: int
    rows: tuple[DirectionRow, ...]
    command: str
    kept: Number


def direction_section(
    run: Run, directions: Sequence[Direction], figures: int = DIRECTION_FIGURES
) -> Section:
    """The section on directions.

    Parameters
    ----------
    run : the run.
    directions : of the run, at least one, in their order.
    figures : how many have a figure of their own, the first.

    Raises
    ------
    InputError
        The held-out images of the run are missing or have changed.
    """
    part = run.held_out()
    codes, shown = run.encode(part.pictures(_IMAGES_SWEPT)), part.rows[:_IMAGES_SWEPT].tolist()
    drawings = {
        f"direction-{place}": direction_figure(run, one, codes, shown)
        for place, one in enumerate(directions[:figures])
    }
    rows = [_row(one, place < figures) for place, one in enumerate(directions)]
    record = DirectionsRecord(
        run=str(run.path), n=directions[0].effect.n, rows=tuple(rows), kept=len(rows),
        command=command("directions", run.path),
    )  # fmt: skip
    facts = [Fact(label="directions", value=len(rows))]
    return Section("directions", "Directions", record, drawings, facts)


def direction_figure(
    run: Run, direction: Direction, codes_FD: NDArray[np.float32], rows: Sequence[int]
) -> NotebookFigure:
    """Draw one direction: a sweep of some images' codes, where pixels change, curves, effects.

    ``rows`` are those of the images in their file.
    """
    effect = direction.effect
    steps = np.asarray(effect.steps, np.float32)[None, :, None]
    moved = codes_FD[:, None] + steps * direction.vector.astype(np.float32)
    decoded = run.decode(moved.reshape(-1, codes_FD.shape[1]))
    return element_page(
        effect, decoded.reshape(*moved.shape[:2], *decoded.shape[1:]),
        direction.maps.absolute[0], direction.maps.signed[0],
        faces=[f"image {row}" for row in rows], words=False,
    )  # fmt: skip


def _row(one: Direction, figure: bool) -> DirectionRow:
    effect, target = one.effect, one.effect.target
    beside = effect.element
    return DirectionRow(
        name=one.name, method=one.record.method, of=one.record.of,
        held=", ".join(one.record.held),
        target="" if target is None else spaced(target.property),
        size=target and target.size, low=target and target.low, high=target and target.high,
        spill=target and target.spill, ratio=effect.ratio,
        reach="" if target is None else reach_words(target),
        element="" if beside is None else f"z[{beside.element}]: {target_brief(beside.target)}",
        element_ratio=_ratio_beside(effect),
        identity=effect.identity and effect.identity.kept, mahalanobis=effect.mahalanobis,
        real=None if target is None else effect.is_real, summary=effect.summary,
        sentence=effect.sentence, figure=figure, command=one.record.command,
    )  # fmt: skip


def _ratio_beside(effect: DirectionEffect) -> float | None:
    """How many times the effect over spill of the best single element that of the direction is."""
    if effect.element is None or effect.ratio is None:
        return None
    theirs = effect.element.target
    return effect.ratio * theirs.spill / abs(theirs.size) if theirs.spill and theirs.size else None
