"""The shortest edits of codes that change a property of the decoded pictures by an amount.

An edit is short where its Mahalanobis length is (:mod:`~zatlas.latents.directions.metric`). Of all
edits d that change a property of slope g by t, to first order g'd = t, the shortest one is
S g t / (g' S g), S the covariance of the codes: along the steepest direction. With held properties
it is the steepest direction that does not change them. All functions take arrays and callables.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.latents.directions.metric import covariance_root, restored, whitened
from zatlas.latents.directions.pictures import Changes, slopes, steepest_holding

Array = NDArray[Any]
Rise = Callable[[Array, Array], Array]
"""Indexes of images (B,) and the length of a step in each (B,) to the change of a property (B,)."""

LIMIT = 6.0  # Mahalanobis length of an edit, at most
REACHED = 0.05  # an edit that misses by at most this fraction of the asked change has reached it
_EXACT = 1e-3  # the search ends here
_WIDER = 1.6  # the factor of a step that was too short
_SCANNED = np.arange(0.5, LIMIT + 0.1, 0.5)
_MOST_TRIES = 24


def solve(
    changes: Changes, z_ND: Array, asked_N: Array, slopes_DK: Array, covariance_DD: Array, *,
    target: int, held: Sequence[int] = (), least: float = 0.0, seed: int = 0,
) -> Array:  # fmt: skip
    """The edit (N, D) of each code that changes a property by what is asked of it.

    The direction is the steepest one of the mean slopes that does not change the held properties.
    The step along it is found for each image on its own decoded pictures, by a bracketed secant
    search up to a Mahalanobis length of 6. Where an image misses by more than 5 % of what was
    asked, the slopes are measured again at the edited codes, once, for the direction of these
    images (a Gauss-Newton step). Of the two results the nearer one is taken. Where the property
    does not change so far, the edit is the one that comes nearest.

    Parameters
    ----------
    changes : how properties change where the codes of images do; see
        :data:`~zatlas.latents.directions.pictures.Changes`.
    z_ND : the codes.
    asked_N : the change of the property that is asked of each image.
    slopes_DK : the mean slopes of the properties; see
        :func:`~zatlas.latents.directions.pictures.slopes`.
    covariance_DD : S, of the codes.
    target, held : the places of the property, and of those that stay the same.
    least : the smallest difference of the property that counts.
    seed : of the second slopes.

    Raises
    ------
    InputError
        The property does not change with the code, or not without those that are held.

    Examples
    --------
    >>> decoder = np.array([[2.0, 0.0], [1.0, 1.0]])  # of two elements, for two properties
    >>> z, covariance = np.zeros((1, 2)), np.diag([1.0, 4.0])
    >>> def changes(rows, moved):
    ...     return (moved - z[rows]) @ decoder
    >>> solve(changes, z, np.array([2.0]), decoder, covariance, target=0).round(3).tolist()
    [[0.5, 1.0]]
    >>> solve(changes, z, np.array([2.0]), decoder, covariance, target=0, held=[1]).tolist()
    [[1.0, 0.0]]
    """
    columns = [target, *held]

    def of_edits(rows: Array, edits: Array) -> Array:
        """The changes of the target and of the held properties, 0 where they are not finite."""
        return np.asarray(np.nan_to_num(changes(rows, z_ND[rows] + edits)[:, columns]))

    slope = slopes_DK[:, target]
    direction = steepest_holding(slope, slopes_DK[:, list(held)], covariance_DD)
    along = np.broadcast_to(direction, z_ND.shape) * np.sign(asked_N)[:, None]
    first = np.abs(asked_N) / (slope @ direction)
    edits, missed = _along(of_edits, along, asked_N, first, least)
    again = np.flatnonzero(missed > np.maximum(REACHED * np.abs(asked_N), least))
    if not len(again):
        return edits

    def moved(rows: Array, codes: Array) -> Array:
        return np.asarray(changes(again[rows], codes))[:, columns]

    at = z_ND[again] + edits[again]
    try:
        found = slopes(moved, at, covariance_DD, seed=seed)
        along, first = _shortest(found, of_edits, edits, asked_N, again, covariance_DD)
    except (InputError, np.linalg.LinAlgError):  # nothing changes at the edited codes
        return edits
    second, missed_again = _along(
        lambda rows, each: of_edits(again[rows], each), along, asked_N[again], first, least
    )
    nearer = missed_again < missed[again]
    edits[again[nearer]] = second[nearer]
    return edits


def lengths(edits_ND: Array, covariance_DD: Array) -> Array:
    """The Mahalanobis length (N,) of each edit."""
    return np.asarray(np.linalg.norm(whitened(edits_ND, covariance_DD), axis=1))


def _shortest(
    slopes_DK: Array, of_edits: Callable[[Array, Array], Array], edits_ND: Array, asked_N: Array,
    rows: Array, covariance_DD: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """Directions (B, D) of length 1, and lengths (B,), of the shortest edits by these slopes.

    The slopes (D, 1 + held) are those at the edited codes: of all edits which, by them, reach what
    is asked and change no held property, each is the shortest.
    """
    live, root = covariance_root(covariance_DD)
    wanted = -of_edits(rows, edits_ND[rows]) + edits_ND[rows] @ slopes_DK
    wanted[:, 0] += asked_N[rows]
    white = wanted @ np.linalg.pinv(slopes_DK[live].T @ root).T
    length = np.linalg.norm(white, axis=1)
    if not np.isfinite(length).all() or not length.all():
        raise InputError("slopes: are 0 or not finite at the edited codes")
    return restored(white / length[:, None], live, root), length


def _along(
    of_edits: Callable[[Array, Array], Array], along_ND: Array, asked_N: Array, first_N: Array,
    least: float,
) -> tuple[Array, Array]:  # fmt: skip
    """The edits (N, D) along directions of length 1, and by how much each misses, (N,)."""

    def rise(rows: Array, steps: Array) -> Array:
        found = of_edits(rows, along_ND[rows] * steps[:, None])[:, 0]
        return np.asarray(found * np.sign(asked_N[rows]))

    steps, missed = _search(rise, np.abs(asked_N), first_N, least)
    return along_ND * steps[:, None], missed


def _search(rise: Rise, asked_N: Array, first_N: Array, least: float) -> tuple[Array, Array]:
    """The steps (N,), 0 to 6, at which a property rises by what is asked, and what is missing.

    From a first guess a step grows until the property has risen enough; then the secant method
    with a bracket (Illinois; Dowell & Jarratt 1971) finds the place. Where no step is enough, steps
    of 0.5 are tried.
    """
    best, missed = np.zeros(len(asked_N)), asked_N.astype(float)
    low, high = np.zeros((2, len(asked_N))), np.full((2, len(asked_N)), np.nan)  # step, rise

    def tried(rows: Array, steps: Array) -> Array:
        """Try a step in some images; those that rise enough by it."""
        found = rise(rows, steps)
        off = np.abs(found - asked_N[rows])
        better = off < missed[rows]
        best[rows[better]], missed[rows[better]] = steps[better], off[better]
        enough = found >= asked_N[rows]
        high[:, rows[enough]] = steps[enough], found[enough]
        low[:, rows[~enough]] = steps[~enough], found[~enough]
        return enough

    rows = np.flatnonzero(asked_N > 0)
    steps = np.clip(first_N[rows], _EXACT, LIMIT)
    while len(rows):
        left = ~tried(rows, steps) & (steps < LIMIT)
        rows, steps = rows[left], np.minimum(steps[left] * _WIDER, LIMIT)
    rows = np.flatnonzero((asked_N > 0) & np.isnan(high[0]))
    low[:, rows] = 0.0
    for step in _SCANNED:
        if len(rows):
            rows = rows[~tried(rows, np.full(len(rows), step))]
    exact = np.maximum(_EXACT * asked_N, least / 10)
    _secant(tried, asked_N, missed, exact, low, high)
    return best, missed


def _secant(
    tried: Callable[[Array, Array], Array], asked_N: Array, missed: Array, exact: Array,
    low: Array, high: Array,
) -> None:  # fmt: skip
    """Narrow the bracket of every image that has one, until its step is exact."""
    side = np.zeros(len(asked_N))
    for _ in range(_MOST_TRIES):
        rows = np.flatnonzero(~np.isnan(high[0]) & (missed > exact))
        if not len(rows):
            return
        below, above = low[1, rows] - asked_N[rows], high[1, rows] - asked_N[rows]
        below = np.where(below < 0, below, -np.abs(above))  # a half, where the bracket is odd
        width = high[0, rows] - low[0, rows]
        enough = tried(rows, low[0, rows] - width * below / np.maximum(above - below, 1e-30))
        now = np.where(enough, 1.0, -1.0)
        again = now == side[rows]  # the other end has not moved twice: count it for half
        high_stays, low_stays = rows[again & ~enough], rows[again & enough]
        high[1, high_stays] = (high[1, high_stays] + asked_N[high_stays]) / 2
        low[1, low_stays] = (low[1, low_stays] + asked_N[low_stays]) / 2
        side[rows] = now
