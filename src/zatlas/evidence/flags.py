"""Flags of an edit: how far it leaves the codes of the run's images, and how much of it survives.

Lengths are in sd of each element over the run's images. An element of sd 0 is dead: it has no size
in sd, and is left out of every sum here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from zatlas.evidence.intervals import bca
from zatlas.evidence.measure import Array, Decode, Encode, in_batches

RANGE = (0.5, 99.5)
"""Percentiles of an element over the run's images between which it counts as in range."""
NEIGHBOUR = 10
_SINGULAR = 1e10
_QUERIES = 1024  # codes over which the typical neighbour distance is taken
_AT_AN_END = 1 - 1 / 255  # rounds to 0 or 255 grey levels


class Statistics(Protocol):
    """What a run knows of its codes (``zatlas.latents.statistics.CodeStatistics``)."""

    @property
    def sd(self) -> Array:
        """Standard deviation of each element, (D,); 0 is dead."""

    @property
    def codes(self) -> Array:
        """Real codes, (M, D)."""

    @property
    def covariance(self) -> Array | None:
        """Covariance, shrunk, (D, D); None where it is too large."""

    def percentile(self, z_BD: Array, elements: Array, /) -> Array:
        """Where values (B, D) of elements (L,) lie among the run's codes, 0 to 100, (B, L)."""


@dataclass(frozen=True)
class Known:
    """What the flags need of the run's codes, computed once.

    ``sd`` (D,); ``scaled`` (M, L) known codes over the L live elements, in sd; ``typical`` the
    median distance of a known code to its tenth nearest other one; ``conditional_sd`` (D,) the sd
    of an element where all others are fixed, NaN where unknown; ``percentile`` as the statistics
    have it.
    """

    sd: Array
    scaled: Array
    typical: float
    conditional_sd: Array
    percentile: Callable[[Array, Array], Array]


def known(statistics: Statistics) -> Known:
    """Prepare the flags from the statistics of a run's codes.

    The conditional sd is 1 / sqrt of the diagonal of the inverse covariance of the live elements:
    the sd that is left to an element where all the others are fixed, if codes were normal.
    """
    sd, codes, covariance = statistics.sd, statistics.codes, statistics.covariance
    sd = np.asarray(sd, np.float64)
    live = sd > 0
    scaled = codes[:, live] / sd[live]
    conditional = np.full(len(sd), np.nan)
    if covariance is not None and live.any():
        own = covariance[np.ix_(live, live)] / np.outer(sd[live], sd[live])
        if np.linalg.cond(own) < _SINGULAR:  # a handful of images fixes no covariance
            conditional[live] = sd[live] / np.sqrt(np.diag(np.linalg.inv(own)))
    some = np.linspace(0, len(scaled) - 1, min(len(scaled), _QUERIES)).astype(int)
    typical = float(np.median(_to_neighbour(scaled[some], scaled, itself=True)))
    return Known(sd, scaled, typical, conditional, statistics.percentile)


def _to_neighbour(queries: Array, scaled: Array, itself: bool = False) -> Array:
    """Distance (B,) to the tenth nearest of ``scaled``, not counting the query itself there."""
    k = min(NEIGHBOUR, len(scaled) - 1) - (0 if itself else 1)
    lengths = (scaled**2).sum(1)

    def block(part: Array) -> Array:
        squares = (part**2).sum(1)[:, None] + lengths - 2 * part @ scaled.T
        return np.sqrt(np.maximum(np.partition(squares, k, axis=1)[:, k], 0))

    return in_batches(block, queries, 256)


@dataclass(frozen=True)
class Standing:
    """Codes as they stand: ``in_sd`` (N, L) over the L live elements; ``found`` (N, L), the codes
    of their pictures; ``cycle``, the mean distance of the two; ``saturated``, the share of pixel
    values at an end of the range; ``neighbour``, the ratio.
    """

    in_sd: Array
    found: Array
    cycle: float
    saturated: float
    neighbour: float


def standing(
    encode: Encode, decode: Decode, codes: Array, known: Known, *, batch: int = 128
) -> Standing:
    """Where codes (N, D) lie among the known ones, and what is found again of them."""
    live = known.sd > 0
    saturated: list[Array] = []

    def there_and_back(part: Array) -> Array:
        pictures = decode(part)
        saturated.append((np.abs(pictures) >= _AT_AN_END).mean((1, 2, 3)))
        return encode(pictures)

    found = in_batches(there_and_back, codes, batch)[:, live].astype(np.float64) / known.sd[live]
    in_sd = codes[:, live].astype(np.float64) / known.sd[live]
    distance = float(np.median(_to_neighbour(in_sd, known.scaled)))
    return Standing(
        in_sd=in_sd,
        found=found,
        cycle=float(np.abs(found - in_sd).mean()) if found.size else 0.0,
        saturated=float(np.concatenate(saturated).mean()),
        neighbour=distance / known.typical if known.typical else float("nan"),
    )


@dataclass(frozen=True)
class Moved:
    """One element of an edit, over the images: the change in sd (mean, least, most), the median
    percentile before and after, and the mean change in its conditional sd (None where unknown).
    """

    element: int
    size: float
    least: float
    most: float
    percentile_before: float
    percentile_after: float
    conditional_size: float | None


@dataclass(frozen=True)
class Flags:
    """Flags of an edit over ``n`` images; docs/evidence.md says when each misleads.

    ``moved``: how many live elements it moves, ``dead_moved``: how many dead ones; ``elements``:
    the largest of them; ``length``: mean length of the edit in sd, sqrt of the sum of squares over
    elements; ``in_range``: share of images in which every moved element lies between the 0.5th
    and the 99.5th percentile afterwards; ``neighbour_before``, ``neighbour_after``: median
    distance to the tenth nearest known code, 1 being typical of known codes (Sun et al. 2022 use
    the distance itself); ``kept``: the share of the edit that is found again when its picture is
    encoded, with its BCa interval (1: all of it, 0: none; None for an edit without length);
    ``spill``: root mean square change, in sd, of the elements that were not moved, in the same
    encoding (None where all were); ``cycle_before``, ``cycle_after``: mean absolute distance, in
    sd of an element, between a code and its picture's code; ``saturated_before``,
    ``saturated_after``: share of pixel values at an end of the range.
    """

    n: int
    moved: int
    dead_moved: int
    elements: tuple[Moved, ...]
    length: float
    in_range: float
    neighbour_before: float
    neighbour_after: float
    kept: float | None
    kept_low: float | None
    kept_high: float | None
    spill: float | None
    cycle_before: float
    cycle_after: float
    saturated_before: float
    saturated_after: float


def flags(
    encode: Encode,
    decode: Decode,
    z_ND: Array,
    edited_ND: Array,
    known: Known,
    *,
    before: Standing | None = None,
    seed: int = 0,
    listed: int = 8,
    batch: int = 128,
) -> Flags:
    """Flags of the edit that turned codes ``z_ND`` into ``edited_ND``.

    ``before`` is :func:`standing` of ``z_ND``, where several edits start from the same codes.

    Kept share: with delta = z' - z and the answer r(z') - r(z), r = encode after decode, both in
    sd: sum of answer * delta / sum of delta * delta, over images and elements. For one element it
    is the mean answer of that element for a unit moved. Leeb et al. 2022 study such responses.
    """
    live = known.sd > 0
    before = before or standing(encode, decode, z_ND, known, batch=batch)
    after = standing(encode, decode, edited_ND, known, batch=batch)
    delta = after.in_sd - before.in_sd
    touched = np.any(delta != 0, axis=0)
    answer = after.found - before.found
    kept = low = high = None
    if touched.any():
        found, sent = (answer * delta).sum(1)[:, None], (delta * delta).sum(1)[:, None]
        kept = float(found.sum() / sent.sum())
        low, high = (float(end[0]) for end in bca(found, seed, weights=sent))
    at = np.flatnonzero(live)[touched]
    percentiles = known.percentile(z_ND, at), known.percentile(edited_ND, at)
    inside = (percentiles[1] >= RANGE[0]) & (percentiles[1] <= RANGE[1])
    return Flags(
        n=len(z_ND),
        moved=int(touched.sum()),
        dead_moved=int(np.any(edited_ND[:, ~live] != z_ND[:, ~live], axis=0).sum()),
        elements=_largest(delta[:, touched], at, percentiles, known, listed),
        length=float(np.linalg.norm(delta, axis=1).mean()),
        in_range=float(inside.all(1).mean()),
        neighbour_before=before.neighbour,
        neighbour_after=after.neighbour,
        kept=kept,
        kept_low=low,
        kept_high=high,
        spill=None if touched.all() else float(np.sqrt((answer[:, ~touched] ** 2).mean())),
        cycle_before=before.cycle,
        cycle_after=after.cycle,
        saturated_before=before.saturated,
        saturated_after=after.saturated,
    )


def _largest(
    delta: Array, at: Array, percentiles: tuple[Array, Array], known: Known, listed: int
) -> tuple[Moved, ...]:
    order = np.argsort(-np.abs(delta).mean(0), kind="stable")[:listed]
    factor = known.sd / known.conditional_sd
    return tuple(
        Moved(
            element=int(at[i]),
            size=float(delta[:, i].mean()),
            least=float(delta[:, i].min()),
            most=float(delta[:, i].max()),
            percentile_before=float(np.median(percentiles[0][:, i])),
            percentile_after=float(np.median(percentiles[1][:, i])),
            conditional_size=None
            if np.isnan(factor[at[i]])
            else float(delta[:, i].mean() * factor[at[i]]),
        )
        for i in order
    )
