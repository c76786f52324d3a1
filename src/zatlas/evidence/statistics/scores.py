"""Scores of a guess on held-out images, with the interval and the level of chance.

Intervals are percentile bootstraps (Efron 1979) over the held-out images, 1,000 seeded resamples.
A resample is a row of counts, how often each image is in it, so that every score is a few matrix
products. Row 0 is the sample itself.
"""

from functools import lru_cache

import numpy as np

from zatlas.evidence.arrays import Array
from zatlas.evidence.statistics.intervals import LEVEL
from zatlas.schema import Number, OptionalNumber, Record

RESAMPLES = 1000


class Score(Record):
    """A score on ``n`` held-out images, its 95 % interval, and the score of chance.

    None where it is not defined, as an AUC without images of both classes.
    """

    metric: str
    score: OptionalNumber
    low: OptionalNumber
    high: OptionalNumber
    chance: Number
    n: int

    @property
    def beats_chance(self) -> bool:
        """Whether the whole interval lies above chance."""
        return self.low is not None and self.low > self.chance


def r_squared(truth: Array, guess: Array, seed: int) -> Score:
    """R squared, 1 - sum (truth - guess)^2 / sum (truth - mean truth)^2; 1 is perfect, 0 chance.

    Negative where the guess is worse than the mean.
    """
    counts = _counts(len(truth), seed)
    error = counts @ (truth - guess) ** 2
    centred = truth - truth.mean()
    spread = counts @ centred**2 - (counts @ centred) ** 2 / len(truth)
    return _score("R2", 1 - error / np.maximum(spread, 1e-300), 0.0, len(truth))


def auc(truth: Array, guess: Array, seed: int) -> Score:
    """Area under the ROC curve of one class, ``truth`` 0 or 1: 1 is perfect, 0.5 chance.

    The fraction of pairs, one of each class, in which the 1 has the larger guess; ties count half.
    """
    return _score("AUC", _aucs(_counts(len(truth), seed), truth, guess), 0.5, len(truth))


def mean_auc_above_chance(truth: Array, guess_NK: Array, seed: int) -> Score:
    """The mean over K classes of the area of each against the rest, as (AUC - 0.5) / 0.5.

    ``truth`` holds the class 0 to K-1 of each image. 1 is perfect, 0 is chance.
    """
    counts = _counts(len(truth), seed)
    each = [_aucs(counts, truth == k, guess_NK[:, k]) for k in np.unique(truth).astype(int)]
    return _score("AUC", np.nanmean(each, axis=0), 0.5, len(truth), above_chance=True)


def balanced_accuracy(
    truth: Array, guess: Array, seed: int, *, above_chance: bool = False
) -> Score:
    """The mean over the classes in ``truth`` of the fraction of images guessed right.

    Chance is 1 / classes; with ``above_chance`` the scale is changed so that chance is 0 and
    perfect is 1.
    """
    counts = _counts(len(truth), seed)
    classes = np.unique(truth)
    member = (truth[:, None] == classes).astype(np.float64)
    right = member * (truth == guess)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        each = (counts @ right) / (counts @ member)
    values = np.nanmean(each, axis=1)
    return _score("balanced accuracy", values, 1 / len(classes), len(truth), above_chance)


def split(n: int, seed: int, fraction: float = 0.3) -> tuple[Array, Array]:
    """Rows to learn from and ``fraction`` of rows to hold out, at random, each in rising order."""
    order = np.random.default_rng(seed).permutation(n)
    held_out = round(fraction * n)
    return np.sort(order[held_out:]), np.sort(order[:held_out])


@lru_cache(maxsize=2)  # factors of the same images are judged by the same resamples
def _counts(n: int, seed: int) -> Array:
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), RESAMPLES)
    counts = np.vstack([np.ones(n), drawn])
    counts.setflags(write=False)
    return counts


def _aucs(counts: Array, truth: Array, guess: Array) -> Array:
    order = np.argsort(guess, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(guess[order]) > 0])  # of each group of ties
    ones = counts[:, order] * (truth[order] == 1)
    zeros = counts[:, order] - ones
    ones, zeros = np.add.reduceat(ones, starts, axis=1), np.add.reduceat(zeros, starts, axis=1)
    wins = (ones * (np.cumsum(zeros, axis=1) - zeros / 2)).sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(wins / (ones.sum(1) * zeros.sum(1)))  # NaN where a class is missing


def _score(metric: str, values: Array, chance: float, n: int, above_chance: bool = False) -> Score:
    if above_chance:
        metric, values, chance = f"{metric} above chance", (values - chance) / (1 - chance), 0.0
    drawn = values[1:][np.isfinite(values[1:])]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail]) if len(drawn) else (np.nan, np.nan)
    return Score(metric=metric, score=values[0], low=low, high=high, chance=chance, n=n)
