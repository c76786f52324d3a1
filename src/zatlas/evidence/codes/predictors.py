"""Predictors of factors from codes: a random forest, a linear model, one element alone.

Scores are of images that were held out from learning, and every draw is seeded.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zatlas.evidence.arrays import Array
from zatlas.evidence.properties.factors import Factor
from zatlas.evidence.statistics.scores import (
    Score,
    balanced_accuracy,
    mean_auc_above_chance,
    r_squared,
    split,
)

TREES, SMALLEST_LEAF_IMAGES = 50, 5


def importances(z_ND: Array, factors: Sequence[Factor], seed: int) -> tuple[Array, list[Score]]:
    """How much a random forest uses each element to predict each factor, and its scores.

    (D, K), each column summing to 1: the mean decrease of impurity, of 50 trees with leaves of 5
    images or more that see every element at every split. A factor that is not predicted better
    than chance on held-out images has zeros: importances for noise say nothing. The score is R2
    (continuous) or balanced accuracy above chance.
    """
    weights = np.zeros((z_ND.shape[1], len(factors)))
    scores = []
    for k, factor in enumerate(factors):
        learn, judge, values = _parts(factor, seed)
        forest = _forest(factor, seed).fit(z_ND[learn], values[learn])
        guess = forest.predict(z_ND[judge])
        if factor.kind == "continuous":
            score = r_squared(values[judge], guess, seed)
        else:
            score = balanced_accuracy(values[judge], guess, seed, above_chance=True)
        scores.append(score)
        if score.beats_chance:
            weights[:, k] = forest.feature_importances_
    return weights, scores


def concentration(weights: Array) -> Array:
    """How far each row of weights (R, M) rests on one of its M places, (R,): 1 one, 0 all alike.

    1 - H(row / sum) / log M: DCI's disentanglement where rows are elements, its completeness where
    rows are factors (Eastwood & Williams 2018). NaN for a row of zeros, or with one place only.
    """
    total = weights.sum(1, keepdims=True)
    if weights.shape[1] < 2:
        return np.full(len(weights), np.nan)
    fraction = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    entropy = -(fraction * np.log(np.where(fraction > 0, fraction, 1))).sum(1)
    return np.where(total[:, 0] > 0, 1 - entropy / np.log(weights.shape[1]), np.nan)


def sap_table(z_ND: Array, factors: Sequence[Factor], seed: int) -> Array:
    """How well one element alone predicts each factor by a linear rule, (D, K) in 0..1.

    SAP (Kumar et al. 2018) is the lead of the best element over the second. Continuous: squared
    correlation. Levels: balanced accuracy above chance of the nearest class mean (the linear
    discriminant of one variable, all classes alike), each half judged by the means of the other.
    """
    table = np.zeros((z_ND.shape[1], len(factors)))
    for k, factor in enumerate(factors):
        z, values = z_ND[factor.known], factor.values[factor.known]
        if factor.kind == "continuous":
            z, values = z - z.mean(0), values - values.mean()
            scale = (z**2).sum(0) * (values**2).sum()
            table[:, k] = np.divide((values @ z) ** 2, scale, out=table[:, k], where=scale > 0)
        else:
            halves = split(len(z), seed, 0.5)
            both = [_nearest_mean(z, values, a, b) for a, b in (halves, halves[::-1])]
            table[:, k] = np.maximum(np.mean(both, axis=0), 0)
    return table


def _nearest_mean(z_ND: Array, values: Array, learn: Array, judge: Array) -> Array:
    """Balanced accuracy above chance (D,) of the class whose mean is nearest, for each element.

    ``sklearn.neighbors.NearestCentroid`` would be fitted once for each element.
    """
    z, truth = z_ND[judge], values[judge]
    nearest = np.full(z.shape, np.inf)
    guess = np.full(z.shape, -1.0)
    for level in np.unique(values[learn]):
        distance = np.abs(z - z_ND[learn][values[learn] == level].mean(0))
        guess[distance < nearest] = level
        nearest = np.minimum(nearest, distance)
    classes = np.unique(truth)
    accuracy = np.mean([(guess[truth == c] == c).mean(0) for c in classes], axis=0)
    return np.asarray((accuracy - 1 / len(classes)) / (1 - 1 / len(classes)))


def explicitness(z_ND: Array, factor: Factor, seed: int) -> Score:
    """How well a linear model predicts the factor from the whole code (Ridgeway & Mozer 2018).

    Levels: logistic regression, the mean area under the ROC curve of each level against the rest,
    scaled to 0 for chance and 1 for perfect. Continuous, which the paper leaves out: R2 of a ridge
    regression. On held-out images.
    """
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.preprocessing import StandardScaler

    learn, judge, values = _parts(factor, seed)
    scale = StandardScaler().fit(z_ND[learn])
    seen, unseen = scale.transform(z_ND[learn]), scale.transform(z_ND[judge])
    if factor.kind == "continuous":
        ridge = RidgeCV(np.logspace(-3, 5, 9)).fit(seen, values[learn])
        return r_squared(values[judge], ridge.predict(unseen), seed)
    model = LogisticRegression(max_iter=1000).fit(seen, values[learn])
    guess = np.zeros((len(judge), len(factor.levels)))
    guess[:, model.classes_.astype(int)] = model.predict_proba(unseen)
    return mean_auc_above_chance(values[judge], guess, seed)


def _parts(factor: Factor, seed: int) -> tuple[Array, Array, Array]:
    """Rows to learn from, rows to judge on (those whose factor is known), and its values."""
    known = np.flatnonzero(factor.known)
    learn, judge = split(len(known), seed)
    return known[learn], known[judge], factor.values


def _forest(factor: Factor, seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    same = {"min_samples_leaf": SMALLEST_LEAF_IMAGES, "random_state": seed, "n_jobs": 1}
    if factor.kind == "continuous":
        return RandomForestRegressor(TREES, max_features=1.0, **same)
    return RandomForestClassifier(TREES, max_features=None, class_weight="balanced", **same)
