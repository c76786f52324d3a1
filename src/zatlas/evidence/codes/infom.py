"""InfoM: does each element tell of one factor alone? From information on held-out images.

Information is counted by prediction. One half of the images gives the bins and the frequencies of
a factor's levels in each bin of an element; the other half is predicted from them, and both halves
change places. An element that knows nothing predicts no better than the factor's own frequencies,
so that chance is 0 and not what counting in bins finds.

References
----------
Hsu, Dorrell, Whittington, Wu & Finn 2023, "Disentanglement via latent quantization" (InfoM).
Xu et al. 2020, "A theory of usable information under computational constraints".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from zatlas.evidence.arrays import Array
from zatlas.evidence.codes.readable import FEWEST_FACTORS
from zatlas.evidence.properties.factors import Factor
from zatlas.evidence.statistics.scores import split

ACTIVE_RANGE = 1 / 20
"""Of the largest range of any element; an element that varies less is not active (Hsu 2023)."""
FALSE_FOUND = 0.01
"""Probability that chance finds information in any cell of the table."""
_FEWEST_BINS = 3
_PRIOR = 1.0  # images that each bin is given beforehand, spread as the factor's own frequencies


@dataclass(frozen=True)
class HeldOutInformation:
    """Information of D elements about K factors, on images that it was not learned from.

    ``share`` (D, K): the fraction of the factor's entropy that the element explains; 1 is all of
    it, 0 chance, and below 0 the element misleads. ``found`` (D, K): whether it is more than
    chance finds in any cell of the table (p = 0.01).
    """

    share: Array
    found: NDArray[np.bool_]


@dataclass(frozen=True)
class InfoM:
    """Modularity by information, 0 for mixed and 1 for separate.

    Attributes
    ----------
    score
        Mean over the active elements that tell of a factor; None below two factors that any
        element tells of.
    score_active
        The same over all active elements; one that tells of no factor counts as 0.
    elements
        (D,) one for each element; NaN for one that is not active or tells of no factor.
    active
        (D,) whether the element's range is over 1/20 of the largest.
    factors
        (K,) whether any active element tells of the factor.
    """

    score: float | None
    score_active: float | None
    elements: Array
    active: NDArray[np.bool_]
    factors: NDArray[np.bool_]


def measure_infom(z_ND: Array, found: HeldOutInformation) -> InfoM:
    """InfoM over the factors that some active element tells of beyond chance.

    (mean over elements of max_k I_k / sum_k I_k - 1 / K) / (1 - 1 / K), where I_k is the fraction
    of factor k's entropy that the element explains on held-out images and K the number of factors.
    """
    spread = np.ptp(z_ND, axis=0)
    active = np.asarray(spread > ACTIVE_RANGE * spread.max())
    surely = found.found & active[:, None]
    telling, factors = np.asarray(surely.any(1)), np.asarray(surely.any(0))
    told = np.maximum(found.share, 0.0) * factors
    count, total = int(factors.sum()), told.sum(1)
    elements = np.full(len(told), np.nan)
    if count < FEWEST_FACTORS:
        return InfoM(None, None, elements, active, factors)
    elements[telling] = (told[telling].max(1) / total[telling] - 1 / count) / (1 - 1 / count)
    over_active = np.nan_to_num(elements[active]).mean()
    return InfoM(float(elements[telling].mean()), float(over_active), elements, active, factors)


def held_out_information(
    z_ND: Array, factors: Sequence[Factor], seed: int = 0
) -> HeldOutInformation:
    """Information of every element of codes (N, D) about every factor of the N images.

    Bins are of equal frequency, as many as the fourth root of the images in one half: 5 for 1,000
    images, 7 for 5,000. More bins cost more weak information than they find.
    """
    cells = [_about_factor(z_ND[factor.known], factor, seed) for factor in factors]
    share, error = (np.stack(table, axis=1) for table in zip(*cells, strict=True))
    limit = stats.norm.isf(FALSE_FOUND / share.size)
    return HeldOutInformation(share, np.asarray((share > limit * error) & (share > 0)))


def _about_factor(z_ND: Array, factor: Factor, seed: int) -> tuple[Array, Array]:
    """The share of the factor's entropy that each element explains, (D,), and its error."""
    values = factor.values[factor.known]
    halves = split(len(values), seed, 0.5)
    gains, plain = [], []
    for learn, judge in (halves, halves[::-1]):
        bins = max(_FEWEST_BINS, round(len(learn) ** 0.25))
        levels = _levels(values, learn, bins, factor.kind == "continuous")
        frequency = np.bincount(levels[learn], minlength=levels.max() + 1) + 0.5
        frequency = frequency / frequency.sum()
        surprise = -np.log(frequency[levels[judge]])
        plain.append(surprise)
        gains.append(
            [
                surprise + np.log(_predicted(z, levels, learn, judge, bins, frequency))
                for z in z_ND.T
            ]
        )
    gain = np.concatenate(gains, axis=1)  # (D, N), nats
    entropy = np.concatenate(plain).mean()
    error = gain.std(1, ddof=1) / np.sqrt(gain.shape[1])
    return np.asarray(gain.mean(1) / entropy), np.asarray(error / entropy)


def _predicted(
    z: Array, levels: Array, learn: Array, judge: Array, bins: int, frequency: Array
) -> Array:
    """Probability of each judged image's level, given the bin of its element."""
    where, width = _levels(z, learn, bins, True), len(frequency)
    cells = np.bincount(where[learn] * width + levels[learn], minlength=bins * width)
    counts = cells.reshape(-1, width) + _PRIOR * frequency
    return np.asarray((counts / counts.sum(1, keepdims=True))[where[judge], levels[judge]])


def _levels(values: Array, learn: Array, bins: int, continuous: bool) -> NDArray[np.intp]:
    """Each value's bin, with edges from the images to learn from; a level is its own bin."""
    if not continuous:
        return np.asarray(np.unique(values, return_inverse=True)[1])
    edges = np.unique(np.quantile(values[learn], np.linspace(0, 1, bins + 1)[1:-1]))
    return np.asarray(np.searchsorted(edges, values, side="right"))
