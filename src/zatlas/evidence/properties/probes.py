"""Probes: models that learned a factor from labels.

A probe learns one factor from what the network draws of real images, and is scored on what it draws
of held-out ones. To each picture that it learns from, the network's error on another image is
added: decoded pictures have no noise, and a probe would find a factor in changes far too small to
be seen. It then estimates the factor of any decoded picture, so that a factor is measured like an
attribute. A probe that does not beat chance there, or that hardly follows its own factor where the
others stay, is not used. A second probe, which learns from the images themselves, tells whether the
factor is lost in the network or cannot be read in the images either.

It reads the features of a picture (``features.py``) by ridge regression for a continuous factor,
by logistic regression for a binary or a categorical one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zatlas.errors import InputError, nearest
from zatlas.evidence.arrays import Array, Property, floats, in_batches
from zatlas.evidence.properties.crosstalk import responses
from zatlas.evidence.properties.factors import Factor
from zatlas.evidence.properties.features import areas, learn_features
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
SMALLEST_SLOPE = 0.4
"""Of a probe that is used. A probe of slope 0.29 read a hue that had not moved (known effects,
development seeds)."""
_CROSSTALK_IMAGES_PER_FACTOR = 10


class Probe(Record):
    """Scores of one probe on ``n`` held-out images, or on their reconstructions.

    ``name`` is the factor, or "factor = level" where the estimate is the probability of a level.
    ``base`` is the fraction of that level in the ``trained_on`` images (of a continuous factor, its
    mean). ``metric`` is "R2" (chance 0) or "AUC" (chance 0.5), with its interval ``low`` to
    ``high``. ``balanced`` is the balanced accuracy with the threshold at ``base`` (chance 0.5).
    ``slope`` is how far the estimate rises, in sd of the factor, where the factor is higher by one
    of its sd: a probe that is not perfect hedges, and reports an effect of 1 as ``slope``. ``sd``
    is that of the estimate over the held-out images, ``error`` that of its distance from the line
    of this slope, in sd of the factor (None in older records). ``passed`` says whether the interval
    beats chance; on reconstructions, ``slope`` is that where the other factors stay, wherever
    enough images have all their labels, and must be at least 0.4.
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
    error: OptionalNumber = None
    passed: bool

    @property
    def column(self) -> Property:
        """The property that this probe estimates."""
        words = ("higher", "lower") if self.level is None else ("more like", "less like")
        up, down = (f"{word} {self.name}" for word in words)
        unit = "" if self.level is None else "probability"
        return Property(name=self.name, unit=unit, up=up, down=down, kind="factor",
                        family=self.factor)  # fmt: skip


@dataclass(frozen=True)
class Readings:
    """The values of M held-out images, a column for each of K probes; NaN where unknown.

    ``known`` is the factor itself, or 1 for a level and 0 for the others; ``originals`` is what a
    probe of images estimates, ``reconstructions`` what a probe of reconstructions does.
    ``factors`` are the names of the probes' factors.
    """

    factors: tuple[str, ...]
    known: Array
    originals: Array
    reconstructions: Array

    def of(self, probes: Sequence[int]) -> "Readings | None":
        """Those of some probes, where all are known; None where that leaves too few images."""
        rows = ~np.isnan(self.known[:, probes]).any(1)
        if not len(probes) or rows.sum() < _CROSSTALK_IMAGES_PER_FACTOR * len(probes):
            return None
        values = (
            part[rows][:, probes] for part in (self.known, self.originals, self.reconstructions)
        )
        return Readings(tuple(self.factors[k] for k in probes), *values)


@dataclass(frozen=True)
class Probes:
    """Probes that read the same features of pictures.

    ``judged`` holds the probes of images, scored on held-out images; ``in_reconstructions`` those
    of reconstructions, scored on the reconstructions of these, in the same order; ``read`` what
    they read there; ``untrained`` why a factor or a level has none. ``columns``, ``by_name`` and
    ``measure`` are of the probes of reconstructions that passed (``used``). ``crosstalk`` (K, K)
    are their slopes on the factors (``crosstalk.py``), None where too few images have all labels.
    """

    judged: tuple[Probe, ...]
    in_reconstructions: tuple[Probe, ...]
    read: Readings
    untrained: dict[str, str]
    crosstalk: Array | None
    _read: Callable[[Array], Array] = field(repr=False, compare=False)

    @property
    def used(self) -> tuple[Probe, ...]:
        """The probes of reconstructions that passed."""
        return tuple(probe for probe in self.in_reconstructions if probe.passed)

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
        return self._read(areas(x_BHWC))[:, [probe.passed for probe in self.in_reconstructions]]

    def estimate(self, name: str, x_BHWC: Array) -> Array:
        """The estimate (B,) of one probe, passed or not: in factor units, or a probability."""
        names = [probe.name for probe in self.in_reconstructions]
        if name not in names:
            raise InputError(f"no probe of {name!r}; {nearest(name, names)}")
        return self._read(areas(x_BHWC))[:, names.index(name)]


def train_probes(
    x_NHWC: Array,
    factors: Sequence[Factor],
    redrawn: Callable[[Array], Array],
    *,
    held_out: Array | None = None,
    fraction: float = 0.3,
    seed: int = 0,
) -> Probes:
    """Learn every factor from images and their reconstructions, and score the probes.

    A factor or a level of fewer than 10 images in either part (a continuous factor: 30) has no
    probe.

    Parameters
    ----------
    x_NHWC : uint8, or floats in [-1, 1]. At most 8,000 are learned from, 4,000 held out.
    factors : of the same N images.
    redrawn : pictures (B, H, W, C) in [-1, 1] to what the network draws of them.
    held_out : (N,), True for the held-out images; without it ``fraction`` of them are drawn.
    seed : of that draw, of the features and of the bootstrap.

    Raises
    ------
    InputError
        Factors and images differ in number, or there are too few images.
    """
    train, test = _split_rows(len(x_NHWC), factors, held_out, fraction, seed)
    untrained: dict[str, str] = {}
    targets = [
        (factor, level) for factor in factors
        for level in _levels(factor.rows(train), factor.rows(test), untrained)
    ]  # fmt: skip
    seen, unseen = (areas(x_NHWC[rows]) for rows in (train, test))
    if not seen.std(0).any():
        raise InputError(f"{len(seen)} images that are all the same; probes cannot learn from them")
    seen_drawn, unseen_drawn = (
        in_batches(lambda part: areas(redrawn(floats(part))), x_NHWC[rows])
        for rows in (train, test)
    )
    errors = np.random.default_rng(seed).permutation(seen - seen_drawn)
    read = _learn(seen_drawn + errors, targets, train, seed)
    known = _side_by_side([truth_of(f.rows(test), level) for f, level in targets], len(test))
    guesses = _learn(seen, targets, train, seed)(unseen), read(unseen_drawn)
    judged, drawn = (
        [
            _judged(factor.rows(train), level, known[:, k], guess[:, k], seed)
            for k, (factor, level) in enumerate(targets)
        ]
        for guess in guesses
    )
    readings = Readings(tuple(factor.name for factor, _ in targets), known, *guesses)
    crosstalk = _keep_sensitive(drawn, readings)
    return Probes(tuple(judged), tuple(drawn), readings, untrained, crosstalk, read)


def _learn(
    areas_NF: Array, targets: Sequence[tuple[Factor, str | None]], rows: Array, seed: int
) -> Callable[[Array], Array]:
    """From area means of pictures (B, F) to estimates (B, K) of factors and levels.

    ``areas_NF`` are of the images ``rows``, which are learned from.
    """
    features = learn_features(areas_NF, seed)
    seen = features(areas_NF)
    learned = {factor.name: factor for factor, _ in targets}
    models = {name: _fit(factor.rows(rows), seen) for name, factor in learned.items()}
    estimators = [
        _estimator(models[factor.name], None if level is None else factor.levels.index(level))
        for factor, level in targets
    ]

    def read(x_BF: Array) -> Array:
        values = features(x_BF)
        return _side_by_side([estimate(values) for estimate in estimators], len(x_BF))

    return read


def _side_by_side(columns: Sequence[Array], rows: int) -> Array:
    """Columns as an array (rows, K), also where there are none."""
    return np.stack(columns, axis=1) if columns else np.zeros((rows, 0))


def _keep_sensitive(probes: list[Probe], read: Readings) -> Array | None:
    """Fail the probes that do not follow their own factor; the cross-talk of those that do.

    A probe may beat chance by another factor that goes together with its own.
    """
    able = [k for k, probe in enumerate(probes) if probe.passed]
    known = read.of(able)
    slopes = None
    if known is not None:
        slopes = responses(known.reconstructions, known.known, known.factors)
    for at, k in enumerate(able):
        slope = probes[k].slope if slopes is None else float(slopes[at, at])
        passed = slope is not None and slope >= SMALLEST_SLOPE
        probes[k] = Probe(**{**dict(probes[k]), "slope": slope, "passed": passed})
    kept = [at for at, k in enumerate(able) if probes[k].passed]
    return None if slopes is None else slopes[np.ix_(kept, kept)]


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


def _judged(examples: Factor, level: str | None, truth: Array, guess: Array, seed: int) -> Probe:
    """The probe that learned from ``examples``, scored where ``truth`` is known."""
    known = ~np.isnan(truth)
    truth, guess = truth[known], guess[known]
    base = float(np.nanmean(truth_of(examples, level)))
    score = r_squared(truth, guess, seed) if level is None else auc(truth, guess, seed)
    slope = np.cov(truth, guess)[0, 1] / np.var(truth, ddof=1)
    return Probe(
        name=_name(examples, level), factor=examples.name, kind=examples.kind, level=level,
        trained_on=int(examples.known.sum()), base=base, **dict(score),
        balanced=None if level is None else balanced_accuracy(truth, guess > base, seed).score,
        slope=slope, sd=guess.std(), error=(guess - slope * truth).std() / truth.std(),
        passed=score.beats_chance,
    )  # fmt: skip
