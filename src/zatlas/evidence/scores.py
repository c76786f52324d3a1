"""How well a guess does on held-out images, with its interval and its chance level.

Intervals are percentile bootstraps (Efron 1979) over the held-out images, 1,000 seeded resamples.
A resample is a row of counts, how often each image is in it, so that every score is a few products
of arrays. Row 0 is the sample itself.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from zatlas.errors import InputError
from zatlas.evidence.intervals import LEVEL
from zatlas.evidence.measure import Array

RESAMPLES = 1000


@dataclass(frozen=True)
class Score:
    """A score on ``n`` held-out images, its 95 % interval, and what guessing blindly would get."""

    metric: str
    score: float
    low: float
    high: float
    chance: float
    n: int

    @property
    def beats_chance(self) -> bool:
        """Whether the whole interval lies above chance."""
        return self.low > self.chance


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

    The share of pairs, one of each class, in which the 1 has the larger guess; ties count half.
    """
    return _score("AUC", _aucs(_counts(len(truth), seed), truth, guess), 0.5, len(truth))


def mean_auc(truth: Array, guess_NK: Array, seed: int) -> Score:
    """Mean over the K classes of the area of each against the rest; ``truth`` holds 0 … K-1."""
    counts = _counts(len(truth), seed)
    each = [_aucs(counts, truth == k, guess_NK[:, k]) for k in np.unique(truth).astype(int)]
    return _score("AUC", np.nanmean(each, axis=0), 0.5, len(truth))


def balanced_accuracy(truth: Array, guess: Array, seed: int) -> Score:
    """Mean over the classes in ``truth`` of the share that is guessed right; chance 1 / classes."""
    counts = _counts(len(truth), seed)
    classes = np.unique(truth)
    member = (truth[:, None] == classes).astype(np.float64)
    right = member * (truth == guess)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        each = (counts @ right) / (counts @ member)
    return _score("balanced accuracy", np.nanmean(each, axis=1), 1 / len(classes), len(truth))


def above_chance(score: Score) -> Score:
    """The same score on a scale where chance is 0 and perfect is 1."""

    def scaled(value: float) -> float:
        return (value - score.chance) / (1 - score.chance)

    return Score(
        f"{score.metric} above chance",
        scaled(score.score),
        scaled(score.low),
        scaled(score.high),
        0.0,
        score.n,
    )


def needs_sklearn() -> None:
    """Raise InputError with the mend where scikit-learn is not installed."""
    try:
        import sklearn  # noqa: F401
    except ImportError:
        raise InputError(
            "factors need scikit-learn, which is not installed: pip install zatlas[factors]"
        ) from None


def split(n: int, seed: int, share: float = 0.3) -> tuple[Array, Array]:
    """Rows to learn from and ``share`` of rows to judge on, at random, each in rising order."""
    order = np.random.default_rng(seed).permutation(n)
    held_out = round(share * n)
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


def _score(metric: str, values: Array, chance: float, n: int) -> Score:
    drawn = values[1:][np.isfinite(values[1:])]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail]) if len(drawn) else (np.nan, np.nan)
    return Score(metric, float(values[0]), float(low), float(high), chance, n)
