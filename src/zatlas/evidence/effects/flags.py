"""Flags of an edit: how far it leaves the codes of the run's images, and how much of it is kept.

Lengths are in sd of each element over the run's images. An element of sd 0 is dead: it has no size
in sd, and no sum here counts it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from zatlas.errors import InputError
from zatlas.evidence.arrays import Array, Decode, Encode, batches
from zatlas.evidence.statistics.intervals import bca
from zatlas.schema import Number, OptionalNumber, Record

RANGE_PERCENTILES = (0.5, 99.5)
"""An element between these percentiles of the run's images is in range."""
NEIGHBOUR = 10
"""Distances are to the tenth nearest code."""
_LARGEST_CONDITION = 1e10  # of a covariance that is inverted
_TYPICAL_CODES = 1024  # over which the typical neighbour distance is taken
_SMALLEST_ANSWER = 0.1  # of the length of an edit; a smaller response answers nothing
_SATURATED = 1 - 1 / 255  # of [-1, 1]: rounds to 0 or 255 grey levels


CanGive = Callable[[Array, Array], Array]
"""Whether a bottleneck, which gave codes (B, D), can give each of the edited ones: (B,)."""


class Statistics(Protocol):
    """The statistics of a run's codes (``zatlas.latents.code_statistics.CodeStatistics``)."""

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
        """Percentiles (B, L), 0 to 100, of elements (L,) of codes (B, D) in the run's codes."""


@dataclass(frozen=True)
class CodeReference:
    """What the flags read from the run's codes, computed once.

    ``sd`` is (D,). ``scaled`` (M, L) holds the run's codes over the L live elements, in sd;
    ``typical`` is the median distance of one of them to its tenth nearest other one.
    ``conditional_sd`` (D,) is the sd of an element where all others are fixed, NaN where unknown.
    ``can_give`` and ``grid_step`` (D,) are those of a bottleneck that cannot give every code.
    """

    sd: Array
    scaled: Array
    typical: float
    conditional_sd: Array
    percentile: Callable[[Array, Array], Array]
    can_give: CanGive | None = None
    grid_step: Array | None = None


def code_reference(
    statistics: Statistics, can_give: CanGive | None = None, grid_step: Array | None = None
) -> CodeReference:
    """What the flags need, from the statistics of a run's codes.

    The conditional sd is 1 / sqrt of the diagonal of the inverse covariance of the live elements:
    the sd of an element where all the others are fixed, if codes were normal.
    """
    sd, codes, covariance = statistics.sd, statistics.codes, statistics.covariance
    sd = np.asarray(sd, np.float64)
    live = sd > 0
    scaled = codes[:, live] / sd[live]
    conditional = np.full(len(sd), np.nan)
    if covariance is not None and live.any():
        own = covariance[np.ix_(live, live)] / np.outer(sd[live], sd[live])
        if np.linalg.cond(own) < _LARGEST_CONDITION:  # a handful of images fixes no covariance
            conditional[live] = sd[live] / np.sqrt(np.diag(np.linalg.inv(own)))
    rows = np.linspace(0, len(scaled) - 1, min(len(scaled), _TYPICAL_CODES)).astype(int)
    typical = float(np.median(_to_neighbour(scaled[rows], scaled, itself=True)))
    percentile = statistics.percentile
    return CodeReference(sd, scaled, typical, conditional, percentile, can_give, grid_step)


def _to_neighbour(queries: Array, scaled: Array, itself: bool = False) -> Array:
    """Distance (B,) to the tenth nearest of ``scaled``, not counting the query itself there."""
    from sklearn.neighbors import NearestNeighbors  # it takes a second to import

    if not scaled.shape[1]:  # every element is dead
        return np.zeros(len(queries))
    count = min(NEIGHBOUR, len(scaled) - 1) + int(itself)
    known = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(scaled)
    return np.asarray(known.kneighbors(queries)[0][:, -1])


@dataclass(frozen=True)
class RoundTrip:
    """Codes that were decoded and encoded again.

    ``in_sd`` (N, L) holds the codes over the L live elements, ``found`` (N, L) the codes of their
    pictures, and ``cycle`` is the mean distance of the two. ``saturated`` is the fraction of pixel
    values at an end of the range. ``neighbour`` is the median distance to the tenth nearest code of
    the run, divided by the typical one.
    """

    in_sd: Array
    found: Array
    cycle: float
    saturated: float
    neighbour: float


def round_trip(
    encode: Encode, decode: Decode, codes: Array, reference: CodeReference, *, batch: int = 128
) -> RoundTrip:
    """Decode codes (N, D) and encode the pictures again, ``batch`` at a time."""
    again = Reencoding(encode, codes.shape)
    for rows in batches(len(codes), batch):
        again.add(rows, {1.0: decode(codes[rows])})
    return again.round_trip(codes, 1.0, reference)


class Reencoding:
    """Encodes the pictures of a move at its whole steps, 1 and -1, as they are decoded."""

    def __init__(self, encode: Encode, shape: tuple[int, ...]) -> None:
        self.encode, self.shape = encode, shape
        self.found: dict[float, Array] = {}
        self.saturated: dict[float, Array] = {}

    def add(self, rows: slice, pictures: Mapping[float, Array]) -> None:
        """Encode a batch; it is a ``Visit`` of ``effects/difference.py``."""
        steps = [step for step in (1.0, -1.0) if step in pictures]
        codes = self.encode(np.concatenate([pictures[step] for step in steps]))
        for step, part in zip(steps, np.split(codes, len(steps)), strict=True):
            self.found.setdefault(step, np.empty(self.shape))[rows] = part
            saturated = self.saturated.setdefault(step, np.empty(self.shape[0]))
            saturated[rows] = (np.abs(pictures[step]) >= _SATURATED).mean((1, 2, 3))

    def round_trip(self, codes: Array, step: float, reference: CodeReference) -> RoundTrip:
        """The round trip of ``codes`` (N, D), whose pictures were those of ``step``."""
        live = reference.sd > 0
        found = self.found[step][:, live] / reference.sd[live]
        in_sd = codes[:, live].astype(np.float64) / reference.sd[live]
        distance = float(np.median(_to_neighbour(in_sd, reference.scaled)))
        return RoundTrip(
            in_sd=in_sd,
            found=found,
            cycle=float(np.abs(found - in_sd).mean()) if found.size else 0.0,
            saturated=float(self.saturated[step].mean()),
            neighbour=distance / reference.typical if reference.typical else float("nan"),
        )


class Moved(Record):
    """One element that an edit moves, over the images.

    ``size`` is the mean change in sd, between ``least`` and ``most``; ``percentile_before`` and
    ``percentile_after`` are medians; ``conditional_size`` is the mean change in its conditional sd
    (None where unknown), ``grid_steps`` in steps of the grid of a quantised element.
    """

    element: int
    size: Number
    least: Number
    most: Number
    percentile_before: Number
    percentile_after: Number
    conditional_size: OptionalNumber
    grid_steps: OptionalNumber = None


class Flags(Record):
    """Flags of an edit over ``n`` images; docs/evidence.md says when each misleads.

    ``moved`` live elements and ``dead_moved`` dead ones change; ``elements`` holds the largest
    changes. ``length`` is the mean length of the edit in sd, sqrt of the sum of squares over
    elements. ``in_range`` is the fraction of images in which every moved element lies between the
    0.5th and the 99.5th percentile afterwards. ``neighbour_before`` and ``neighbour_after`` are the
    median distance to the tenth nearest code of the run, 1 being typical (Sun et al. 2022 use the
    distance itself). ``kept`` is the fraction of the edit that is found again when its picture is
    encoded, with its BCa interval: 1 is all of it, 0 none; None for an edit without length.
    ``spill`` is the root mean square change, in sd, of the elements that were not moved, in the
    same encoding (None where all were). ``cycle_before`` and ``cycle_after`` are the mean absolute
    distance, in sd, between a code and its picture's code; ``saturated_before`` and
    ``saturated_after`` the fraction of pixel values at an end of the range. ``answers_most`` is the
    element that changes most in that encoding (root mean square, in sd), where the edit did not
    move it and the change is a tenth of the edit's length or more; otherwise None. ``can_give`` is
    the fraction of images whose edited code the bottleneck can give; None where it can give any,
    or where the codes were projected.
    """

    n: int
    moved: int
    dead_moved: int
    elements: tuple[Moved, ...]
    length: Number
    in_range: Number
    neighbour_before: OptionalNumber
    neighbour_after: OptionalNumber
    kept: OptionalNumber
    kept_low: OptionalNumber
    kept_high: OptionalNumber
    spill: OptionalNumber
    cycle_before: Number
    cycle_after: Number
    saturated_before: Number
    saturated_after: Number
    answers_most: int | None = None
    can_give: OptionalNumber = None


def measure_flags(
    encode: Encode,
    decode: Decode,
    z_ND: Array,
    edited_ND: Array,
    reference: CodeReference,
    *,
    before: RoundTrip | None = None,
    after: RoundTrip | None = None,
    seed: int = 0,
    listed: int = 8,
    batch: int = 128,
) -> Flags:
    """Flags of the edit that turned codes ``z_ND`` into ``edited_ND``.

    The fraction kept is sum of response * delta / sum of delta * delta, over images and elements,
    with delta = z' - z and response = r(z') - r(z) in sd, where r encodes the decoded picture (Leeb
    et al. 2022).

    Parameters
    ----------
    z_ND, edited_ND : the codes before and after the edit.
    reference : from the statistics of the run's codes.
    before : :func:`round_trip` of ``z_ND``, where several edits start from the same codes.
    after : the same of ``edited_ND``, where its pictures have been encoded already.
    listed : the number of elements in ``elements``.

    Raises
    ------
    InputError
        The codes differ in shape, or in their elements from the reference.
    """
    if z_ND.shape != edited_ND.shape or z_ND.shape[1:] != reference.sd.shape:
        raise InputError(
            f"codes of shape {z_ND.shape}, edited of shape {edited_ND.shape}; give both the same, "
            f"with {len(reference.sd)} elements"
        )
    live = reference.sd > 0
    before = before or round_trip(encode, decode, z_ND, reference, batch=batch)
    after = after or round_trip(encode, decode, edited_ND, reference, batch=batch)
    delta = after.in_sd - before.in_sd
    touched = np.any(delta != 0, axis=0)
    response = after.found - before.found
    kept, low, high = _kept(response, delta, seed) if touched.any() else (None, None, None)
    at = np.flatnonzero(live)[touched]
    percentiles = reference.percentile(z_ND, at), reference.percentile(edited_ND, at)
    inside = (percentiles[1] >= RANGE_PERCENTILES[0]) & (percentiles[1] <= RANGE_PERCENTILES[1])
    return Flags(
        n=len(z_ND),
        moved=int(touched.sum()),
        dead_moved=int(np.any(edited_ND[:, ~live] != z_ND[:, ~live], axis=0).sum()),
        elements=_largest(delta[:, touched], at, percentiles, reference, listed),
        length=np.linalg.norm(delta, axis=1).mean(),
        in_range=inside.all(1).mean(),
        neighbour_before=before.neighbour, neighbour_after=after.neighbour,
        kept=kept, kept_low=low, kept_high=high,
        spill=None if touched.all() else np.sqrt((response[:, ~touched] ** 2).mean()),
        cycle_before=before.cycle, cycle_after=after.cycle,
        saturated_before=before.saturated, saturated_after=after.saturated,
        answers_most=_answers_most(response, delta, live),
        can_give=None if reference.can_give is None else reference.can_give(z_ND, edited_ND).mean(),
    )  # fmt: skip


def _answers_most(response: Array, delta: Array, live: Array) -> int | None:
    """The element of the largest response, where it was not moved itself."""
    if not delta.any():
        return None
    answers = np.square(response).mean(0)
    most = int(answers.argmax())
    too_small = answers[most] < _SMALLEST_ANSWER**2 * np.square(delta).sum(1).mean()
    return None if too_small or delta[:, most].any() else int(np.flatnonzero(live)[most])


def _kept(response: Array, delta: Array, seed: int) -> tuple[float, float, float]:
    """The fraction of a move that is found again, and its interval."""
    found, sent = (response * delta).sum(1)[:, None], (delta * delta).sum(1)[:, None]
    low, high = bca(found, seed, weights=sent)
    return found.sum() / sent.sum(), low[0], high[0]


def _largest(
    delta: Array, at: Array, percentiles: tuple[Array, Array], reference: CodeReference, listed: int
) -> tuple[Moved, ...]:
    order = np.argsort(-np.abs(delta).mean(0), kind="stable")[:listed]
    in_conditional_sd = reference.sd / reference.conditional_sd
    step = reference.grid_step
    in_steps = None if step is None else reference.sd / step
    return tuple(
        Moved(
            element=int(at[i]),
            size=delta[:, i].mean(),
            least=delta[:, i].min(),
            most=delta[:, i].max(),
            percentile_before=np.median(percentiles[0][:, i]),
            percentile_after=np.median(percentiles[1][:, i]),
            conditional_size=delta[:, i].mean() * in_conditional_sd[at[i]],
            grid_steps=None if in_steps is None else delta[:, i].mean() * in_steps[at[i]],
        )
        for i in order
    )
