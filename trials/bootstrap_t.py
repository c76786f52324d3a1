"""Bootstrap-t intervals of paired effects, in their own unit and in sd of a yardstick.

An effect in sd is a ratio: the mean over images, or the root mean square, over the sd that the
property has in real images. Numerator and sd are both estimated, so both are resampled, with the
same rows. Each resampled value is divided by its own standard error (bootstrap-t, Efron 1982;
Hall 1988); the error is that of the delta method. A percentile or BCa interval is too narrow
here, because the sd of a heavy-tailed property is itself uncertain
(``trials/effect_statistics.py``).
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from zatlas.evidence.arrays import Array
from zatlas.evidence.statistics.intervals import LEVEL, _counts

RESAMPLES = 4999
_SMALLEST_ERROR = 0.1  # least standard error of a resample, as a fraction of the sample's


@dataclass(frozen=True)
class Estimate:
    """An effect with its 95 % interval; every field is an array with the shape of the cells.

    ``value``, ``low``, ``high`` in the property's unit; ``value_sd``, ``low_sd``, ``high_sd`` in
    sd of the property over real images, and ``error_sd`` the standard error of ``value_sd``. The
    four in sd are NaN where that sd is 0. The ends are NaN for a single image.
    """

    value: Array
    low: Array
    high: Array
    value_sd: Array
    low_sd: Array
    high_sd: Array
    error_sd: Array

    @property
    def least_sd(self) -> Array:
        """Smallest size, in sd, that the interval holds; 0 where it holds 0."""
        return np.asarray(np.maximum(np.maximum(self.low_sd, -self.high_sd), 0))

    @property
    def most_sd(self) -> Array:
        """Largest size, in sd, that the interval holds."""
        return np.asarray(np.maximum(-self.low_sd, self.high_sd))

    def p_beyond(self, bound_sd: float, n: int) -> Array:
        """One-sided p of "the size is at most ``bound_sd``", by Student's t of ``n`` images."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (np.abs(self.value_sd) - bound_sd) / self.error_sd
        return np.asarray(np.nan_to_num(stats.t.sf(t, max(n - 1, 1)), nan=1.0))


class Yardstick:
    """Real images (N, K), resampled: what the intervals of every move over them share.

    ``weights`` (N, 1 + resamples): how often each image is in each resample, divided by N; column
    0 is the sample itself. ``sd`` (K,) of each property. ``values`` (N, K): the properties with
    mean 0 and sd 1. Resampled, (K, 1 + resamples): ``mean``, ``scale`` (the sd), and ``spread``,
    the variance of the squared deviations from the mean.
    """

    def __init__(self, real: Array, seed: int, resamples: int = RESAMPLES) -> None:
        n = len(real)
        counts = np.vstack([np.ones((1, n), np.uint16), _counts(n, resamples, seed)])
        self.weights = counts.T / n
        self.sd = real.std(0, dtype=np.float64)
        flat = self.sd <= 1e-12 * np.abs(real).max(0)
        self.sd[flat] = np.nan
        self.values = (real - real.mean(0, dtype=np.float64)) / np.where(flat, 1.0, self.sd)
        first, second, third, fourth = (self.resampled(self.values**k) for k in (1, 2, 3, 4))
        variance = np.maximum(second - first**2, 1e-12)
        fourth += first * (first * (6 * second - 3 * first**2) - 4 * third)
        self.mean, self.scale, self.spread = first, np.sqrt(variance), fourth - variance**2

    def resampled(self, values_NC: Array) -> Array:
        """Means (C, 1 + resamples) of columns over the rows of each resample."""
        return np.asarray(values_NC.T @ self.weights)


def estimate(values_NMK: Array, yardstick: Yardstick, *, root: bool = False) -> Estimate:
    """Mean of ``values`` over N images and its bootstrap-t interval, alone and in sd.

    Parameters
    ----------
    values_NMK : array (N, M, K)
        The effect of M moves on K properties in N images. The images are those of ``yardstick``.
    yardstick : Yardstick
        The same properties in the same N real images.
    root : bool
        Square the values and take the root of their mean: the root mean square.

    Returns
    -------
    Estimate
        Arrays (M, K).

    References
    ----------
    Efron, The jackknife, the bootstrap and other resampling plans, 1982, section 10.10.
    Hall, Theoretical comparison of bootstrap confidence intervals, Annals of Statistics 1988.
    """
    moves = [_of_move(values_NMK[:, move], yardstick, root) for move in range(values_NMK.shape[1])]
    value, low, high, _, value_sd, low_sd, high_sd, error_sd = np.stack(moves, axis=1)
    return Estimate(value, low, high, value_sd, low_sd, high_sd, error_sd)


def _of_move(values_NK: Array, yardstick: Yardstick, root: bool) -> Array:
    """Rows (8, K): value, low, high and error, then the same in sd.

    With m the mean of x, v its variance, s the sd of the yardstick r, q = (r - mean r)^2 and c
    the covariance of x and q, the delta method gives the variance of m / s as V / (N s^2),
    V = v - 2 w c + w^2 var(q), w = m / (2 s^2). For sqrt(m) / s it is V / (4 N m s^2) with
    w = m / s^2. Without the yardstick, s = 1 and w = 0.
    """
    x = values_NK.astype(np.float64)
    x = x**2 if root else x
    middle, r = x.mean(0), yardstick.values
    x = x - middle
    columns = np.concatenate([x, x**2, x * r, x * r**2], axis=1)
    off, square, along, bent = np.split(yardstick.resampled(columns), 4)
    mean, variance = middle[:, None] + off, square - off**2
    scale, at = yardstick.scale, yardstick.mean
    shared = bent - 2 * at * along + off * (at**2 - scale**2)
    weight = mean / scale**2 * (1.0 if root else 0.5)
    in_sd = variance + weight * (weight * yardstick.spread - 2 * shared)
    alone = _ends(mean, variance, 1.0, len(x), root)
    return np.concatenate([alone, _ends(mean, in_sd, scale, len(x), root) / yardstick.sd])


def _ends(mean: Array, variance: Array, scale: Array | float, n: int, root: bool) -> Array:
    """Rows (4, K): value, low, high, error; from (K, 1 + resamples), the sample in column 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (np.sqrt(np.maximum(mean, 0)) if root else mean) / scale
        error = np.sqrt(np.maximum(variance, 0) / (n - 1)) / scale
        if root:
            error = error / (2 * scale * np.where(value > 0, value, np.inf))
        least = _SMALLEST_ERROR * error[:, :1]
        t = (value[:, 1:] - value[:, :1]) / np.maximum(error[:, 1:], least)
    value, error = value[:, 0], error[:, 0]
    tail = max(round((1 - LEVEL) / 2 * (t.shape[1] + 1)), 1) - 1
    ordered = np.partition(np.nan_to_num(t), [tail, -1 - tail], axis=1)
    low, high = value - ordered[:, -1 - tail] * error, value - ordered[:, tail] * error
    return np.stack([value, np.maximum(low, 0) if root else low, high, error])
