"""Probes: what a model that learned from labels sees in a picture.

A probe learns one factor from real images, is judged on held-out ones, and then gives its estimate
for any picture, decoded ones included, so that a factor is measured like an attribute. One whose
interval does not beat chance is not used at all.

On the features of a picture (``zatlas.evidence.features``) stands a ridge regression for a
continuous factor, a logistic regression for a binary or a categorical one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from zatlas.errors import InputError, nearest
from zatlas.evidence.factors import Factor
from zatlas.evidence.features import learn_features
from zatlas.evidence.measure import Array, Column
from zatlas.evidence.scores import auc, balanced_accuracy, needs_sklearn, r_squared, split

_RIDGE = np.logspace(-2, 5, 15)  # chosen among by leave-one-out
_LOGISTIC = 0.01  # C of the logistic regression
_MOST = 8000  # images to learn from
_MOST_JUDGES = 4000  # images to judge on
_FEWEST = 10  # images of a class, in either part


@dataclass(frozen=True)
class Probe:
    """One estimate and what it is worth on ``n`` held-out images.

    ``name`` is the factor, or "factor = level" where the estimate is the probability of a level;
    ``base`` that level's share of the ``trained_on`` images (of a continuous factor, its mean).
    ``metric`` is "R2" (chance 0) or "AUC" (chance 0.5), with its interval ``low`` to ``high``;
    ``balanced``: balanced accuracy with the threshold at ``base`` (0.5 is chance); ``slope``: by
    how much the estimate rises where the label rises by 1 (a probe that is not perfect hedges, and
    reports an effect of 1 as ``slope``); ``sd`` of the estimate over the held-out images;
    ``passed``: whether the interval beats chance, and so whether the probe is used.
    """

    name: str
    factor: str
    kind: str
    level: str | None
    trained_on: int
    base: float
    metric: str
    score: float
    low: float
    high: float
    chance: float
    n: int
    balanced: float | None
    slope: float
    sd: float
    passed: bool

    @property
    def column(self) -> Column:
        """The column that this probe fills."""
        if self.level is None:
            return Column(self.name, "", f"higher {self.name}", f"lower {self.name}", "factor")
        up, down = f"more like {self.name}", f"less like {self.name}"
        return Column(self.name, "probability", up, down, "factor")


@dataclass(frozen=True)
class Probes:
    """Probes that look at pictures through the same eyes.

    ``judged`` holds every probe, ``untrained`` why a factor or a level has none. Only those that
    passed (``used``) have a place in ``columns``, ``worth`` and ``measure``.
    """

    judged: tuple[Probe, ...]
    untrained: dict[str, str]
    _look: Callable[[Array], Array] = field(repr=False, compare=False)
    _models: dict[str, Callable[[Array], Array]] = field(repr=False, compare=False)

    @property
    def used(self) -> tuple[Probe, ...]:
        """The probes that beat chance."""
        return tuple(probe for probe in self.judged if probe.passed)

    @property
    def columns(self) -> list[Column]:
        """The columns of :meth:`measure`."""
        return [probe.column for probe in self.used]

    @property
    def worth(self) -> Mapping[str, Probe]:
        """What the probe behind each column is worth, by its name."""
        return {probe.name: probe for probe in self.used}

    def measure(self, x_BHWC: Array) -> Array:
        """Estimates for pictures in [-1, 1]: (B, K) float64, a column for each used probe."""
        seen = self._look(x_BHWC)
        guesses = [self._models[probe.name](seen) for probe in self.used]
        return np.stack(guesses, axis=1) if guesses else np.zeros((len(x_BHWC), 0))

    def estimate(self, name: str, x_BHWC: Array) -> Array:
        """The estimate (B,) of one probe, passed or not: in factor units, or a probability."""
        if name not in self._models:
            raise InputError(f"no probe of {name!r}; {nearest(name, self._models)}")
        return self._models[name](self._look(x_BHWC))

    def judge(self, x_NHWC: Array, factors: Sequence[Factor], seed: int = 0) -> tuple[Probe, ...]:
        """The same probes judged on other pictures of known factors.

        Reconstructions of held-out images tell whether a probe still sees its factor in what a
        decoder draws. A probe whose factor is not given, or does not vary, is left out.
        """
        seen, found = self._look(x_NHWC), []
        given = {factor.name: factor for factor in factors}
        for probe in self.judged:
            if probe.factor in given:
                truth = truth_of(given[probe.factor], probe.level)
                known = ~np.isnan(truth)
                if len(np.unique(truth[known])) > 1:
                    guess = self._models[probe.name](seen[known])
                    found.append(
                        replace(probe, **_worth(probe.level, probe.base, truth[known], guess, seed))
                    )
        return tuple(found)


def train_probes(
    x_NHWC: Array,
    factors: Sequence[Factor],
    *,
    held_out: Array | None = None,
    share: float = 0.3,
    seed: int = 0,
) -> Probes:
    """Learn every factor from real images, uint8 or float in [-1, 1], and judge on held-out ones.

    ``held_out`` (N,) is True for the images to judge on; without it ``share`` of them, drawn by
    ``seed``. At most 8,000 images are learned from and 4,000 judged on. A factor or a level of
    fewer than 10 images in either part (a continuous factor: 30) gets no probe. Raises InputError
    where scikit-learn is missing, or where factors and images differ in number.
    """
    needs_sklearn()
    for factor in factors:
        if len(factor.values) != len(x_NHWC):
            raise InputError(
                f"factor {factor.name!r} has {len(factor.values)} values for {len(x_NHWC)} images"
            )
    if held_out is None:
        train, test = split(len(x_NHWC), seed, share)
    else:
        train, test = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    if min(len(train), len(test)) < _FEWEST:
        raise InputError(
            f"{len(train)} images to train probes on, {len(test)} held out; "
            f"give at least {_FEWEST} of each"
        )
    train, test = train[:: -(-len(train) // _MOST)], test[:: -(-len(test) // _MOST_JUDGES)]
    look = learn_features(x_NHWC[train], seed)
    seen, unseen = look(x_NHWC[train]), look(x_NHWC[test])
    judged: list[Probe] = []
    untrained: dict[str, str] = {}
    models: dict[str, Callable[[Array], Array]] = {}
    for factor in factors:
        examples, others = factor.rows(train), factor.rows(test)
        levels = _levels(examples, others, untrained)
        model = _fit(examples, seen) if levels else None
        for level in levels:
            name, place = (
                _name(factor, level),
                None if level is None else factor.levels.index(level),
            )
            models[name] = _reader(model, place)
            base = float(np.nanmean(truth_of(examples, level)))
            truth, guess = truth_of(others, level)[others.known], models[name](unseen[others.known])
            n = int(examples.known.sum())
            worth = _worth(level, base, truth, guess, seed)
            judged.append(Probe(name, factor.name, factor.kind, level, n, base, **worth))
    return Probes(tuple(judged), untrained, look, models)


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
        if fewest >= 3 * _FEWEST and all(np.nanstd(p.values) > 0 for p in (examples, others)):
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
        if min(counts) >= _FEWEST:
            return [examples.levels[1]]
        untrained[_name(examples, None)] = f"a class of only {min(counts)} images in one part"
        return []
    enough = [level for level, n in zip(examples.levels, counts, strict=True) if n >= _FEWEST]
    for level, n in zip(examples.levels, counts, strict=True):
        if n < _FEWEST:
            untrained[_name(examples, level)] = f"only {n} images in one part"
    return [*enough]


def _fit(factor: Factor, seen: Array) -> Any:
    from sklearn.linear_model import LogisticRegression, RidgeCV

    continuous = factor.kind == "continuous"
    model = RidgeCV(_RIDGE) if continuous else LogisticRegression(C=_LOGISTIC, max_iter=1000)
    return model.fit(seen[factor.known], factor.values[factor.known])


def _reader(model: Any, level: int | None) -> Callable[[Array], Array]:
    """From what is seen (B, F) to the estimate (B,)."""
    if level is None:
        return lambda seen: np.asarray(model.predict(seen), np.float64)
    column = int(np.searchsorted(model.classes_, level))
    return lambda seen: np.asarray(model.predict_proba(seen)[:, column], np.float64)


def _worth(level: str | None, base: float, truth: Array, guess: Array, seed: int) -> dict[str, Any]:
    """The fields of a probe that say what it is worth."""
    score = r_squared(truth, guess, seed) if level is None else auc(truth, guess, seed)
    balanced = None if level is None else balanced_accuracy(truth, guess > base, seed).score
    return {
        **vars(score),
        "balanced": balanced,
        "slope": float(np.cov(truth, guess)[0, 1] / np.var(truth, ddof=1)),
        "sd": float(guess.std()),
        "passed": score.beats_chance,
    }
