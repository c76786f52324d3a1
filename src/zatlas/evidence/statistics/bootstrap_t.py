"""Bootstrap-t intervals of paired effects, in their own unit and in sd of a yardstick.

An effect in sd is a ratio: the mean over images, or the root mean square, over the sd that the
property has in real images. Numerator and sd are both estimated, so both are resampled, with the
same rows where they are of the same images. Each resampled value is divided by its own standard
error (bootstrap-t, Efron 1982; Hall 1988); the error is that of the delta method. A percentile or
BCa interval is too narrow here, because the sd of a heavy-tailed property is itself uncertain.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from zatlas.errors import InputError
from zatlas.evidence.arrays import Array
from zatlas.evidence.statistics.intervals import LEVEL
from zatlas.evidence.statistics.resamples import resample_counts, resampled_sums

RESAMPLES = 1999
_SMALLEST_ERROR = 0.1  # least standard error of a resample, as a fraction of the sample's


@dataclass(frozen=True)
class Estimates:
    """Effects with their 95 % intervals; every field is an array with the shape of the cells.

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
    """The real values of K properties, resampled: what the intervals of every move share.

    ``weights`` (N, 1 + resamples): how often each measured image is in each resample, divided by
    N; column 0 is the sample itself. ``sd`` (K,) of each property over real images. ``values``
    (N, K): the properties of the measured images with mean 0 and sd 1; 0 where the real values are
    of other images. Resampled, (K, 1 + resamples): ``mean``, ``scale`` (the sd), and ``spread``,
    the variance of the squared deviations from the mean.

    Parameters
    ----------
    n
        Number of measured images.
    real
        For each of K properties its values over real images.
    own
        For each property whether its real values are of the N measured images, in their order.
        The others, such as labels, are resampled independently of the measured images.
    seed, resamples
        Of the bootstrap.

    Raises
    ------
    InputError
        If a property of the measured images does not have N values.
    """

    def __init__(
        self, n: int, real: Sequence[Array], own: Sequence[bool], seed: int,
        resamples: int = RESAMPLES,
    ) -> None:  # fmt: skip
        wrong = [len(r) for r, mine in zip(real, own, strict=True) if mine and len(r) != n]
        if wrong:
            raise InputError(f"real has {wrong[0]} values of a property; {n} images were measured")
        k = len(real)
        self.n, self.own = n, np.array(own, bool)
        self.weights = _weights(n, resamples, seed)
        self.sd, self.values = np.full(k, np.nan), np.zeros((n, k))
        self.mean = np.zeros((k, 1 + resamples))
        self.scale, self.spread = np.ones_like(self.mean), np.zeros_like(self.mean)
        for length, mine in sorted({(len(r), bool(o)) for r, o in zip(real, own, strict=True)}):
            at = [j for j in range(k) if (len(real[j]), bool(own[j])) == (length, mine)]
            self._add(at, np.stack([real[j] for j in at], axis=1), mine, seed, resamples)

    def _add(self, at: list[int], real_MC: Array, own: bool, seed: int, resamples: int) -> None:
        """Columns whose real values are of the same ``M`` images."""
        sd = real_MC.std(0, dtype=np.float64)
        flat = sd <= 1e-12 * np.abs(real_MC).max(0)
        values = (real_MC - real_MC.mean(0, dtype=np.float64)) / np.where(flat, 1.0, sd)
        powers = np.concatenate([values**power for power in (1, 2, 3, 4)], axis=1)
        if own:
            moments = self.resampled(powers)
            self.values[:, at] = values
        else:
            counts = resample_counts(len(values), resamples, seed + 1)
            drawn = resampled_sums(counts, powers) / len(values)
            moments = np.vstack([powers.mean(0), drawn]).T
        first, second, third, fourth = np.split(moments, 4)
        variance = np.maximum(second - first**2, 1e-12)
        fourth += first * (first * (6 * second - 3 * first**2) - 4 * third)
        self.sd[at] = np.where(flat, np.nan, sd)
        self.mean[at], self.scale[at] = first, np.sqrt(variance)
        images = (self.n - 1) / max(len(values) - 1, 1)  # errors are divided by n - 1
        self.spread[at] = (fourth - variance**2) * images

    def resampled(self, values_NC: Array) -> Array:
        """Means (C, 1 + resamples) of columns over the rows of each resample."""
        return np.asarray(values_NC.T @ self.weights)


def _weights(n: int, resamples: int, seed: int) -> Array:
    counts = np.vstack([np.ones((1, n), np.uint16), resample_counts(n, resamples, seed)])
    return np.asarray(counts.T / n)


@dataclass(frozen=True)
class _Moments:
    """Of values x (N, K): their mean (K,), and resampled means (K, 1 + resamples).

    With c = x - ``mean`` and r the yardstick: ``off`` of c, ``square`` of c^2, ``along`` of c r and
    ``bent`` of c r^2.
    """

    mean: Array
    off: Array
    square: Array
    along: Array
    bent: Array


def move_estimates(up_NK: Array, down_NK: Array | None, yardstick: Yardstick) -> dict[str, Array]:
    """Estimates of one move: "up", "rms" and, where ``down_NK`` is given, "down", "odd", "even".

    Each is an array (8, K) with rows value, low, high and error, then the same in sd.

    References
    ----------
    Efron, The jackknife, the bootstrap and other resampling plans, 1982, section 10.10.
    Hall, Theoretical comparison of bootstrap confidence intervals, Annals of Statistics 1988.
    """
    steps = [each.astype(np.float64) for each in (up_NK, down_NK) if each is not None]
    size = sum((step**2 for step in steps), start=np.zeros_like(steps[0])) / len(steps)
    means = [values.mean(0) for values in (*steps, size)]
    centred = [values - mean for values, mean in zip((*steps, size), means, strict=True)]
    r = yardstick.values
    columns = [part for c in centred for part in (c, c**2, c * r, c * r**2)]
    if len(steps) == 2:
        columns.append(centred[0] * centred[1])
    drawn = np.split(yardstick.resampled(np.concatenate(columns, axis=1)), len(columns))
    moments = [_Moments(mean, *drawn[4 * k : 4 * k + 4]) for k, mean in enumerate(means)]
    found = {"up": _estimate(moments[0], yardstick)}
    if len(steps) == 2:
        up, down, both = moments[0], moments[1], drawn[-1]
        found["down"] = _estimate(down, yardstick)
        found["odd"] = _estimate(_combined(up, down, both, -1), yardstick)
        found["even"] = _estimate(_combined(up, down, both, 1), yardstick)
    return {**found, "rms": _estimate(moments[-1], yardstick, root=True)}


def _combined(up: _Moments, down: _Moments, both: Array, sign: int) -> _Moments:
    """Moments of (up + sign * down) / 2; ``both`` is the resampled mean of the product."""
    return _Moments(
        (up.mean + sign * down.mean) / 2,
        (up.off + sign * down.off) / 2,
        (up.square + 2 * sign * both + down.square) / 4,
        (up.along + sign * down.along) / 2,
        (up.bent + sign * down.bent) / 2,
    )


def _estimate(x: _Moments, yardstick: Yardstick, root: bool = False) -> Array:
    """Rows (8, K): value, low, high and error, then the same in sd.

    With m the mean of x, v its variance, s the sd of the yardstick r, q = (r - mean r)^2 and c
    the covariance of x and q (0 where r is of other images), the delta method gives the variance of
    m / s as V / (N s^2), V = v - 2 w c + w^2 var(q), w = m / (2 s^2). For sqrt(m) / s it is
    V / (4 N m s^2) with w = m / s^2. Without the yardstick, s = 1 and w = 0.
    """
    scale, at = yardstick.scale, yardstick.mean
    mean, variance = x.mean[:, None] + x.off, x.square - x.off**2
    shared = (x.bent - 2 * at * x.along + x.off * (at**2 - scale**2)) * yardstick.own[:, None]
    weight = mean / scale**2 * (1.0 if root else 0.5)
    in_sd = variance + weight * (weight * yardstick.spread - 2 * shared)
    alone = _ends(mean, variance, 1.0, yardstick.n, root)
    return np.concatenate([alone, _ends(mean, in_sd, scale, yardstick.n, root) / yardstick.sd])


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
