"""DCI and modularity over the factors that can be read from the code, and over no others.

A factor that cannot be read has no information in any element. Counted among the K factors, it
makes every element look devoted to few of them: two factors that are mixed completely score 0, and
0.7 with eight unreadable factors beside them. So K is here the number of readable factors, in the
logarithm of DCI too, and below two of them there is no score: one factor cannot be mixed up with
another.

References
----------
Eastwood & Williams 2018, "A framework for the quantitative evaluation of disentangled
representations". Ridgeway & Mozer 2018, "Learning deep disentangled embeddings with the
F-statistic loss". Holm 1979, "A simple sequentially rejective multiple test procedure".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from zatlas.evidence.arrays import Array
from zatlas.evidence.codes.information import modularity
from zatlas.evidence.codes.predictors import concentration
from zatlas.evidence.statistics.intervals import LEVEL
from zatlas.evidence.statistics.scores import Score

FEWEST_FACTORS = 2
"""Readable factors from which disentanglement, completeness and modularity are defined."""


@dataclass(frozen=True)
class ReadableScores:
    """Scores over readable factors, 0 for mixed and 1 for separate.

    Attributes
    ----------
    readable
        (K,) True for each factor that was read from the code.
    disentanglement, completeness, modularity
        The means, or None below two readable factors. Disentanglement weights an element by its
        importance. Modularity counts the elements that tell of a readable factor.
    element_disentanglement, element_modularity
        (D,) one for each element; NaN for one that serves no readable factor.
    element_weight
        (D,) fraction of all importance; sums to 1.
    factor_completeness
        (K,) one for each factor; NaN where it is not readable.
    """

    readable: NDArray[np.bool_]
    disentanglement: float | None
    completeness: float | None
    modularity: float | None
    element_disentanglement: Array
    element_modularity: Array
    element_weight: Array
    factor_completeness: Array


def readable_factors(scores: Sequence[Score]) -> NDArray[np.bool_]:
    """Which factors are read better than chance, (K,); at most 5 % to err on any of them.

    One-sided tests, normal with the standard error of the score's interval, by Holm's procedure
    over the factors.
    """
    z = stats.norm.ppf((1 + LEVEL) / 2)
    table = [(s.score, s.low, s.high, s.chance) for s in scores]
    score, low, high, chance = np.array(table, float).reshape(-1, 4).T  # NaN: not defined
    error = np.maximum((high - low) / (2 * z), 1e-12)
    p = np.where(score > chance, stats.norm.sf((score - chance) / error), 1.0)
    order = np.argsort(p, kind="stable")
    limits = (1 - LEVEL) / np.arange(len(p), 0, -1)
    passed = np.logical_and.accumulate(p[order] <= limits)
    readable = np.zeros(len(p), bool)
    readable[order] = passed
    return readable


def readable_scores(
    weights_DK: Array, information_DK: Array, readable_K: NDArray[np.bool_]
) -> ReadableScores:
    """DCI disentanglement and completeness, and modularity, over readable factors.

    Parameters
    ----------
    weights_DK
        Importance of each element for reading each factor, not negative
        (:func:`~zatlas.evidence.codes.predictors.importances`).
    information_DK
        Information of each element about each factor, 0 where it is not beyond chance.
    readable_K
        The factors to count (:func:`readable_factors`).
    """
    weights, told = weights_DK[:, readable_K], information_DK[:, readable_K]
    serves = concentration(weights)
    served = np.full(len(readable_K), np.nan)
    served[readable_K] = concentration(weights.T)
    weight = weights.sum(1) / max(float(weights.sum()), 1e-300)
    modular = np.full(len(weights), np.nan)
    if weights.shape[1]:
        modular = np.where(told.any(1), modularity(told), np.nan)
    enough = weights.shape[1] >= FEWEST_FACTORS
    return ReadableScores(
        readable=readable_K,
        disentanglement=_mean(serves, weight) if enough else None,
        completeness=_mean(served, np.ones(len(served))) if enough else None,
        modularity=_mean(modular, np.ones(len(modular))) if enough else None,
        element_disentanglement=serves,
        element_modularity=modular,
        element_weight=weight,
        factor_completeness=served,
    )


def _mean(values: Array, weights: Array) -> float | None:
    known = np.isfinite(values) & (weights > 0)
    return float(np.average(values[known], weights=weights[known])) if known.any() else None
