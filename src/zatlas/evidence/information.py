"""How much each latent element tells about each factor: binned mutual information.

Elements and continuous factors are put into 20 bins of equal frequency (equal values share a bin);
a level is its own bin. Counting information in bins finds some where there is none: about
(bins - 1)^2 / 2N nats, a fifth of what could be found with 512 images. What chance finds is
measured, by shuffling the images of the factors against those of the codes, and taken off, so that
0 is chance and 1 is all there is to know (Vinh, Epps & Bailey 2010 do so for clusterings).
Neighbour-based estimates are avoided: with ties they can exceed the entropy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zatlas.evidence.factors import Factor
from zatlas.evidence.measure import Array, batches

BINS = 20
SHUFFLES = 100


@dataclass(frozen=True)
class Information:
    """Tables of D elements and K factors.

    ``plain`` (D, K): mutual information as counted, nats; ``chance`` (D, K): its mean over the
    shuffles; ``entropy`` (K,) of each binned factor, nats; ``share`` (D, K): (plain - chance) /
    (entropy - chance), not below 0; ``found`` (D, K): whether it is more than any element had
    about this factor in any of the shuffles (p = 0.01 a factor, over all elements).
    """

    plain: Array
    chance: Array
    entropy: Array
    share: Array
    found: NDArray[np.bool_]


def information(
    z_ND: Array, factors: Sequence[Factor], seed: int = 0, bins: int = BINS
) -> Information:
    """Mutual information between every element of codes (N, D) and every factor of N images."""
    columns = [_one_factor(z_ND[f.known], f, seed, bins) for f in factors]
    plain, chance, most = (
        np.stack(table, axis=1) for table in list(zip(*columns, strict=True))[:3]
    )
    entropy = np.array([column[3] for column in columns])
    room = entropy - chance
    share = np.divide(plain - chance, room, out=np.zeros_like(plain), where=room > 0)
    found = np.asarray(plain > most.max(0))
    return Information(plain, chance, entropy, np.maximum(share, 0.0), found)


def _one_factor(
    z_ND: Array, factor: Factor, seed: int, bins: int
) -> tuple[Array, Array, Array, float]:
    """Information (D,) as counted, its mean and its largest over the shuffles; the entropy."""
    known = factor.values[factor.known]
    level = _one_hot(equal_bins(known, bins) if factor.kind == "continuous" else known)
    rng = np.random.default_rng(seed)
    orders = [np.arange(len(level)), *(rng.permutation(len(level)) for _ in range(SHUFFLES))]
    elements = np.stack([equal_bins(z, bins) for z in z_ND.T], axis=1)
    told = np.concatenate(
        [
            np.hstack(
                [
                    _mutual(elements[:, part], np.stack([level[order] for order in orders[some]]))
                    for some in batches(len(orders), 25)
                ]
            )
            for part in batches(z_ND.shape[1], 64)
        ]
    )
    return told[:, 0], told[:, 1:].mean(1), told[:, 1:].max(1), _entropy(level.sum(0))


def gaps(table_DK: Array) -> Array:
    """How far the best element of each factor is ahead of the second, (K,)."""
    ordered = np.sort(np.vstack([table_DK, np.zeros_like(table_DK[:1])]), axis=0)
    return np.asarray(ordered[-1] - ordered[-2])


def mig(found: Information) -> Array:
    """Mutual information gap of each factor (Chen et al. 2018), chance taken off, (K,) in 0..1.

    The lead of the best element over the second, as a share of the factor's entropy.
    """
    return gaps(found.share)


def mig_as_published(found: Information) -> Array:
    """The same from the counted information, (K,): what other papers report from bins."""
    entropy = found.entropy
    return np.divide(gaps(found.plain), entropy, out=np.zeros_like(entropy), where=entropy > 0)


def modularity(table_DK: Array) -> Array:
    """Modularity of each element (Ridgeway & Mozer 2018), (D,): 1 if it tells of one factor alone.

    1 - sum over the other factors of I^2 / (I_best^2 (K - 1)); 0 for an element that tells of
    none. NaN where there is one factor only.
    """
    squares = table_DK**2
    best = squares.max(1)
    if squares.shape[1] < 2:
        return np.full(len(best), np.nan)
    others = (squares.sum(1) - best) / (squares.shape[1] - 1)
    return np.where(best > 0, 1 - others / np.where(best > 0, best, 1), 0.0)


def equal_bins(values: Array, bins: int = BINS) -> Array:
    """The bin of each value, 0 to ``bins`` - 1, of equal frequency; equal values share one."""
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
