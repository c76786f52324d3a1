"""Mutual information between each latent element and each factor, counted in bins.

Elements and continuous factors are put into 20 bins of equal frequency (equal values share a bin);
a level is its own bin. Counting in bins finds information where there is none: about (bins - 1)^2 /
2N nats, a fifth of the possible information with 512 images. What chance finds is measured by
shuffling the images, and subtracted, so that 0 is chance and 1 is all the information about the
factor (Vinh, Epps & Bailey 2010 do so for clusterings). Estimates from neighbours are not used:
with ties they can exceed the entropy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zatlas.evidence.arrays import Array, batches
from zatlas.evidence.properties.factors import Factor

BINS = 20
SHUFFLES = 100
_SHUFFLES_PER_BATCH, _ELEMENTS_PER_BATCH = 25, 64


@dataclass(frozen=True)
class Information:
    """Tables of D elements and K factors.

    ``counted`` (D, K) is the mutual information in the bins, in nats; ``chance`` (D, K) its mean
    over the shuffles; ``entropy`` (K,) that of each binned factor, in nats. ``fraction`` (D, K) is
    (counted - chance) / (entropy - chance), not below 0. ``found`` (D, K) says whether ``counted``
    is more than any element had about this factor in any of the shuffles (p = 0.01 for a factor,
    over all elements).
    """

    counted: Array
    chance: Array
    entropy: Array
    fraction: Array
    found: NDArray[np.bool_]


def mutual_information(
    z_ND: Array, factors: Sequence[Factor], seed: int = 0, bins: int = BINS
) -> Information:
    """Mutual information between every element of codes (N, D) and every factor of N images."""
    columns = [_one_factor(z_ND[f.known], f, seed, bins) for f in factors]
    counted, chance, most = (
        np.stack(table, axis=1) for table in list(zip(*columns, strict=True))[:3]
    )
    entropy = np.array([column[3] for column in columns])
    above = entropy - chance
    fraction = np.divide(counted - chance, above, out=np.zeros_like(counted), where=above > 0)
    found = np.asarray(counted > most.max(0))
    return Information(counted, chance, entropy, np.maximum(fraction, 0.0), found)


def _one_factor(
    z_ND: Array, factor: Factor, seed: int, bins: int
) -> tuple[Array, Array, Array, float]:
    """Information (D,) as counted, its mean and its largest over the shuffles; the entropy."""
    known = factor.values[factor.known]
    level = _one_hot(equal_bins(known, bins) if factor.kind == "continuous" else known)
    rng = np.random.default_rng(seed)
    orders = [np.arange(len(level)), *(rng.permutation(len(level)) for _ in range(SHUFFLES))]
    elements = np.stack([equal_bins(z, bins) for z in z_ND.T], axis=1)
    counted = np.concatenate(
        [
            np.hstack(
                [
                    _mutual(elements[:, part], np.stack([level[order] for order in orders[few]]))
                    for few in batches(len(orders), _SHUFFLES_PER_BATCH)
                ]
            )
            for part in batches(z_ND.shape[1], _ELEMENTS_PER_BATCH)
        ]
    )
    return counted[:, 0], counted[:, 1:].mean(1), counted[:, 1:].max(1), _entropy(level.sum(0))


def gaps(table_DK: Array) -> Array:
    """How far the best element of each factor is ahead of the second, (K,)."""
    ordered = np.sort(np.vstack([table_DK, np.zeros_like(table_DK[:1])]), axis=0)
    return np.asarray(ordered[-1] - ordered[-2])


def mig(found: Information) -> Array:
    """Mutual information gap of each factor (Chen et al. 2018), chance subtracted, (K,), 0 to 1.

    The lead of the best element over the second, as a fraction of the factor's entropy.
    """
    return gaps(found.fraction)


def mig_as_published(found: Information) -> Array:
    """The same from the counted information, (K,): what other papers report from bins."""
    entropy = found.entropy
    return np.divide(gaps(found.counted), entropy, out=np.zeros_like(entropy), where=entropy > 0)


def modularity(table_DK: Array) -> Array:
    """Modularity of each element (Ridgeway & Mozer 2018), (D,): 1 if it informs about one factor.

    1 - sum over the other factors of I^2 / (I_best^2 (K - 1)); 0 for an element without
    information. NaN where there is one factor only.
    """
    squares = table_DK**2
    best = squares.max(1)
    if squares.shape[1] < 2:
        return np.full(len(best), np.nan)
    others = (squares.sum(1) - best) / (squares.shape[1] - 1)
    return np.where(best > 0, 1 - others / np.where(best > 0, best, 1), 0.0)


def equal_bins(values: Array, bins: int = BINS) -> Array:
    """The bin of each value, 0 to ``bins`` - 1, of equal frequency; equal values share one.

    ``sklearn.preprocessing.KBinsDiscretizer`` keeps empty numbers for bins that ties leave empty,
    and drops bins that are narrower than 1e-8, in whatever unit a code is.
    """
    inner = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.unique(np.searchsorted(inner, values, side="right"), return_inverse=True)[1]


def _one_hot(places: Array) -> Array:
    """1 in the bin of each value, (..., bins) float32."""
    return np.asarray((places[..., None] == np.arange(places.max() + 1)).astype(np.float32))


def _mutual(elements_ND: Array, levels_SNB: Array) -> Array:
    """Mutual information (D, S) in nats of binned elements with S orders of a binned factor."""
    s, n, b = levels_SNB.shape
    hot = _one_hot(elements_ND)
    d, w = hot.shape[1:]
    counts = hot.reshape(n, -1).T @ levels_SNB.swapaxes(0, 1).reshape(n, -1)  # exact in float32
    x_log_x = _terms(np.arange(n + 1.0))[counts.astype(np.int32).reshape(d, w, s, b)]
    rows, columns = _terms(hot.sum(0)).sum(1), _terms(levels_SNB[0].sum(0)).sum()
    return np.asarray((x_log_x.sum((1, 3)) - rows[:, None] - columns) / n + np.log(n))


def _terms(counts: Array) -> Array:
    """x log x, 0 for 0."""
    return np.asarray(counts * np.log(np.maximum(counts, 1), dtype=np.float64))


def _entropy(counts: Array) -> float:
    n = counts.sum(dtype=np.float64)
    return float(np.log(n) - _terms(counts).sum() / n)
