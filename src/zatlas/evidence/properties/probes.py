"""Probes: models that learned a factor from labels.

A probe learns one factor from real images and is scored on held-out ones. It then estimates the
factor of any picture, decoded ones included, so that a factor is measured like an attribute. A
probe whose interval does not beat chance is not used.

It reads the features of a picture (``features.py``) by ridge regression for a continuous factor,
by logistic regression for a binary or a categorical one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zatlas.errors import InputError, nearest
from zatlas.evidence.arrays import Array, Property
from zatlas.evidence.properties.factors import Factor
from zatlas.evidence.properties.features import learn_features
from zatlas.evidence.statistics.scores import (
    auc,
    balanced_accuracy,
    r_squared,
    split,
)
from zatlas.schema import Number, OptionalNumber, Record

_RIDGE = np.logspace(-2, 5, 15)  # chosen among by leave-one-out
_LOGISTIC = 0.01  # C of the logistic regression
MOST_TRAINING_IMAGES = 8000
MOST_HELD_OUT_IMAGES = 4000
FEWEST_IMAGES_PER_CLASS = 10
"""In either part; a continuous factor needs three times as many."""


class Probe(Record):
    """Scores of one probe on ``n`` held-out images.

    ``name`` is the factor, or "factor = level" where the estimate is the probability of a level.
    ``base`` is the fraction of that level in the ``trained_on`` images (of a continuous factor, its
    mean). ``metric`` is "R2" (chance 0) or "AUC" (chance 0.5), with its interval ``low`` to
    ``high``. ``balanced`` is the balanced accuracy with the threshold at ``base`` (chance 0.5).
    ``slope`` is how much the estimate rises where the label rises by 1: a probe that is not perfect
    hedges, and reports an effect of 1 as ``slope``. ``sd`` is that of the estimate over the
    held-out images. ``passed`` says whether the interval beats chance, and so whether it is used.
    """

    name: str
    factor: str
    kind: str
    level: str | None
    trained_on: int
    base: Number
    metric: str
    score: OptionalNumber
    low: OptionalNumber
    high: OptionalNumber
    chance: Number
    n: int
    balanced: OptionalNumber
    slope: OptionalNumber
    sd: Number
    passed: bool

    @property
    def column(self) -> Property:
        """The property that this probe estimates."""
        words = ("higher", "lower") if self.level is None else ("more like", "less like")
        up, down = (f"{word} {self.name}" for word in words)
        unit = "" if self.level is None else "probability"
        return Property(name=self.name, unit=unit, up=up, down=down, kind="factor")


@dataclass(frozen=True)
class Probes:
    """Probes that read the same features of pictures.

    ``judged`` holds every probe, ``untrained`` why a factor or a level has none. ``columns``,
    ``by_name`` and ``measure`` are of the probes that passed (``used``).
    """

    judged: tuple[Probe, ...]
    untrained: dict[str, str]
    _features: Callable[[Array], Array] = field(repr=False, compare=False)
    _models: dict[str, Callable[[Array], Array]] = field(repr=False, compare=False)

    @property
    def used(self) -> tuple[Probe, ...]:
        """The probes that beat chance."""
        return tuple(probe for probe in self.judged if probe.passed)

    @property
    def columns(self) -> list[Property]:
        """The properties in the columns of :meth:`measure`."""
        return [probe.column for probe in self.used]

    @property
    def by_name(self) -> Mapping[str, Probe]:
        """The probe of each column, by its name."""
        return {probe.name: probe for probe in self.used}

    def measure(self, x_BHWC: Array) -> Array:
        """Estimates for pictures in [-1, 1]: (B, K) float64, a column for each used probe."""
        features = self._features(x_BHWC)
        estimates = [self._models[probe.name](features) for probe in self.used]
        return np.stack(estimates, axis=1) if estimates else np.zeros((len(x_BHWC), 0))

    def estimate(self, name: str, x_BHWC: Array) -> Array:
        """The estimate (B,) of one probe, passed or not: in factor units, or a probability."""
        if name not in self._models:
            raise InputError(f"no probe of {name!r}; {nearest(name, self._models)}")
        return self._models[name](self._features(x_BHWC))

    def judge(self, x_NHWC: Array, factors: Sequence[Factor], seed: int = 0) -> tuple[Probe, ...]:
        """The same probes scored on other pictures of known factors.

        On reconstructions of held-out images: does a probe still see its factor in what the decoder
        draws? A probe whose factor is not given, or does not vary, is left out.
        """
        features, found = self._features(x_NHWC), []
        given = {factor.name: factor for factor in factors}
        for probe in self.judged:
            if probe.factor in given:
                truth = truth_of(given[probe.factor], probe.level)
                known = ~np.isnan(truth)
                if len(np.unique(truth[known])) > 1:
                    guess = self._models[probe.name](features[known])
                    scores = _scores(probe.level, probe.base, truth[known], guess, seed)
                    found.append(Probe(**{**dict(probe), **scores}))
        return tuple(found)


def train_probes(
    x_NHWC: Array,
    factors: Sequence[Factor],
    *,
    held_out: Array | None = None,
    fraction: float = 0.3,
    seed: int = 0,
) -> Probes:
    """Learn every factor from real images, and score the probes on held-out ones.

    A factor or a level of fewer than 10 images in either part (a continuous factor: 30) has no
    probe.

    Parameters
    ----------
    x_NHWC : uint8, or floats in [-1, 1]. At most 8,000 are learned from, 4,000 held out.
    factors : of the same N images.
    held_out : (N,), True for the held-out images; without it ``fraction`` of them are drawn.
    seed : of that draw, of the features and of the bootstrap.

    Raises
    ------
    InputError
        Factors and images differ in number, or there are too few images.
    """
    train, test = _split_rows(len(x_NHWC), factors, held_out, fraction, seed)
    features = learn_features(x_NHWC[train], seed)
    seen, unseen = features(x_NHWC[train]), features(x_NHWC[test])
    judged: list[Probe] = []
    untrained: dict[str, str] = {}
    models: dict[str, Callable[[Array], Array]] = {}
    for factor in factors:
        examples, others = factor.rows(train), factor.rows(test)
        levels = _levels(examples, others, untrained)
        model = _fit(examples, seen) if levels else None
        for level in levels:
            name = _name(factor, level)
            models[name] = _estimator(model, None if level is None else factor.levels.index(level))
            base = float(np.nanmean(truth_of(examples, level)))
            truth, guess = truth_of(others, level)[others.known], models[name](unseen[others.known])
            scores = _scores(level, base, truth, guess, seed)
            judged.append(
                Probe(name=name, factor=factor.name, kind=factor.kind, level=level,
                      trained_on=int(examples.known.sum()), base=base, **scores)
            )  # fmt: skip
    return Probes(tuple(judged), untrained, features, models)


def _split_rows(
    n: int, factors: Sequence[Factor], held_out: Array | None, fraction: float, seed: int
) -> tuple[Array, Array]:
    """Rows to learn from and rows to hold out, not too many of either."""
    for factor in factors:
        if len(factor.values) != n:
            raise InputError(
                f"factor {factor.name!r} has {len(factor.values)} values for {n} images"
            )
    train, test = (
        split(n, seed, fraction) if held_out is None
        else (np.flatnonzero(~held_out), np.flatnonzero(held_out))
    )  # fmt: skip
    if min(len(train), len(test)) < FEWEST_IMAGES_PER_CLASS:
        raise InputError(
            f"{len(train)} images to train probes on, {len(test)} held out; "
            f"give at least {FEWEST_IMAGES_PER_CLASS} of each"
        )
    steps = -(-len(train) // MOST_TRAINING_IMAGES), -(-len(test) // MOST_HELD_OUT_IMAGES)
    return train[:: steps[0]], test[:: steps[1]]


def _name(factor: Factor, level: str | None) -> str:
    return factor.label if factor.kind != "categorical" else f"{factor.name} = {level}"


def truth_of(factor: Factor, level: str | None) -> Array:
    """The factor's values, or 1 for a level and 0 for the others; NaN where unknown."""
    if level is None:
        return factor.values
    if level not in factor.levels:
        return np.where(factor.known, 0.0, np.nan)
    return np.where(factor.known, factor.values == factor.levels.index(level), np.nan)


def _levels(examples: Factor, others: Factor, untrained: dict[str, str]) -> list[str | None]:
    """What to learn of a factor: itself (None), or those of its levels with enough images."""
    if examples.kind == "continuous":
        fewest = min(int(part.known.sum()) for part in (examples, others))
        if fewest >= 3 * FEWEST_IMAGES_PER_CLASS and all(
            np.nanstd(p.values) > 0 for p in (examples, others)
        ):
            return [None]
        untrained[examples.name] = f"too few images with different values ({fewest})"
        return []
    if len(np.unique(examples.values[examples.known])) < 2:
        untrained[_name(examples, None)] = "one level alone in the images to learn from"
        return []
    counts = [
        min(int((part.values == k).sum()) for part in (examples, others))
        for k in range(len(examples.levels))
    ]
    if examples.kind == "binary":
        if min(counts) >= FEWEST_IMAGES_PER_CLASS:
            return [examples.levels[1]]
        untrained[_name(examples, None)] = f"a class of only {min(counts)} images in one part"
        return []
    enough = [
        level
        for level, n in zip(examples.levels, counts, strict=True)
        if n >= FEWEST_IMAGES_PER_CLASS
    ]
    for level, n in zip(examples.levels, counts, strict=True):
        if n < FEWEST_IMAGES_PER_CLASS:
            untrained[_name(examples, level)] = f"only {n} images in one part"
    return [*enough]


def _fit(factor: Factor, seen: Array) -> Any:
    from sklearn.linear_model import LogisticRegression, RidgeCV

    continuous = factor.kind == "continuous"
    model = RidgeCV(_RIDGE) if continuous else LogisticRegression(C=_LOGISTIC, max_iter=1000)
    return model.fit(seen[factor.known], factor.values[factor.known])


def _estimator(model: Any, level: int | None) -> Callable[[Array], Array]:
    """From features (B, F) to the estimate (B,)."""
    if level is None:
        return lambda seen: np.asarray(model.predict(seen), np.float64)
    column = int(np.searchsorted(model.classes_, level))
    return lambda seen: np.asarray(model.predict_proba(seen)[:, column], np.float64)


def _scores(
    level: str | None, base: float, truth: Array, guess: Array, seed: int
) -> Mapping[str, float | str | bool | None]:
    """The fields of a probe that are measured on pictures of known factors."""
    score = r_squared(truth, guess, seed) if level is None else auc(truth, guess, seed)
    balanced = None if level is None else balanced_accuracy(truth, guess > base, seed).score
    return {
        **dict(score),
        "balanced": balanced,
        "slope": np.cov(truth, guess)[0, 1] / np.var(truth, ddof=1),
        "sd": guess.std(),
        "passed": score.beats_chance,
    }
