"""Intervals of means and fractions, and a paired test, over many columns at once.

The rows are images. Every draw is seeded, so the same values give the same numbers.
"""

import numpy as np
from scipy import stats

from zatlas.evidence.arrays import Array
from zatlas.evidence.statistics.resamples import resample_counts, resampled_sums

LEVEL = 0.95
"""Confidence level of every interval."""
RESAMPLES = 4999
_NUMBERS_PER_BLOCK = 1 << 22


def bca(
    values: Array, seed: int, resamples: int = RESAMPLES, weights: Array | None = None
) -> tuple[Array, Array]:
    """Bias-corrected and accelerated bootstrap interval (95 %) of column means (Efron 1987).

    The numbers are those of ``scipy.stats.bootstrap(method="BCa")`` with the same seed. SciPy
    takes one column at a time and holds N x resamples numbers for it; this takes all of them.

    Parameters
    ----------
    values : (N, C); rows are resampled.
    seed, resamples : of the bootstrap.
    weights : (N, C); with them the interval is that of sum(values) / sum(weights).

    Returns
    -------
    low, high : (C,). A column without spread has an interval of no width. One image has none
        (NaN). The interval is too narrow below about 20 images.
    """
    n, cells = values.shape
    low, high = np.full(cells, np.nan), np.full(cells, np.nan)
    if n < 2:
        return low, high
    counts = resample_counts(n, resamples, seed)
    for start in range(0, cells, max(1, _NUMBERS_PER_BLOCK // resamples)):
        part = slice(start, start + max(1, _NUMBERS_PER_BLOCK // resamples))
        top = values[:, part].astype(np.float64)
        bottom = np.ones_like(top) if weights is None else weights[:, part].astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = top.sum(0) / bottom.sum(0)
            left_out = (top.sum(0) - top) / (bottom.sum(0) - bottom)
            drawn = resampled_sums(counts, top)
            drawn /= n if weights is None else resampled_sums(counts, bottom)
            low[part], high[part] = _bca_ends(drawn, middle, left_out)
    return low, high


def _bca_ends(drawn: Array, middle: Array, left_out: Array) -> tuple[Array, Array]:
    """Ends of the interval from resampled (R, C), observed (C,) and jackknifed (N, C) values."""
    drawn = np.sort(drawn, axis=0)
    # a mean is a sum in another order here than there: equal up to rounding counts as equal
    close = 1e-12 * np.maximum(np.abs(drawn[-1]), np.abs(drawn[0]))
    below = ((drawn < middle - close).mean(0) + (drawn <= middle + close).mean(0)) / 2
    bias = stats.norm.ppf(below)
    pull = left_out.mean(0) - left_out
    acceleration = (pull**3).sum(0) / (6 * (pull**2).sum(0) ** 1.5)
    ends = []
    for tail in ((1 - LEVEL) / 2, (1 + LEVEL) / 2):
        z = bias + stats.norm.ppf(tail)
        at = stats.norm.cdf(bias + z / (1 - acceleration * z)) * (len(drawn) - 1)
        at = np.nan_to_num(at, nan=0.0)
        lower = np.floor(at).astype(int)
        upper = np.minimum(lower + 1, len(drawn) - 1)
        cell = np.arange(drawn.shape[1])
        below_it, above_it = drawn[lower, cell], drawn[upper, cell]
        ends.append(below_it + (at - lower) * (above_it - below_it))
    flat = drawn[-1] - drawn[0] <= 2 * close  # no spread: nothing to resample
    return np.where(flat, middle, ends[0]), np.where(flat, middle, ends[1])


def wilson(successes: Array, n: int) -> tuple[Array, Array]:
    """Wilson score interval (95 %) of fractions ``successes / n`` (Wilson 1927).

    The numbers are those of ``scipy.stats.binomtest(k, n).proportion_ci(method="wilson")``, which
    takes one fraction at a time: for the 960 of an atlas, seconds instead of a millisecond.
    """
    z2 = stats.norm.ppf((1 + LEVEL) / 2) ** 2
    fraction = successes / n
    centre = (fraction + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (fraction * (1 - fraction) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def wilcoxon(cells: Array) -> Array:
    """p of the Wilcoxon signed-rank test for each column of (N, C); 1 where all values are 0.

    The normal approximation with its correction for ties; images without any change are dropped
    (Wilcoxon 1945). It tests that the differences are symmetric about zero, so a skewed cell may
    reject with a mean near zero; a name needs an interval off zero as well.
    """
    p = np.ones(cells.shape[1])
    alive = np.any(cells != 0, axis=0)
    width = max(1, _NUMBERS_PER_BLOCK // len(cells))
    for part in np.array_split(np.flatnonzero(alive), -(-alive.sum() // width) or 1):
        if len(part):
            p[part] = stats.wilcoxon(cells[:, part], axis=0, method="asymptotic").pvalue
    return np.nan_to_num(p, nan=1.0)
