"""Directions for factors that are known for each image: what changes in the code with a factor.

A *pattern* is how the code changes where the factor changes; a *filter*, or normal, is how a linear
reader weights the code to read the factor. Where elements are correlated they differ. A pattern is
for writing: it stays among the codes of images. A filter is for reading (Haufe et al. 2014, "On the
interpretation of weight vectors of linear models in multivariate neuroimaging").
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError, argument_error, nearest
from zatlas.latents.directions.metric import orthogonal

Array = NDArray[Any]

READERS = ("ridge", "logistic", "svm")
_DEPENDENT = 1e-10  # singular values below this fraction of the largest one count as 0


def pattern(z_ND: Array, factors_NK: Array, k: int, *, balanced: bool = True) -> Array:
    """How the code (D,) changes with factor ``k``.

    Balanced: the change for 1 sd of the factor where all other factors stay the same, row k of
    (S'S)^-1 S'Z of the standardised factors S. So what occurs together with the factor, such as
    glasses with age, does not become a part of its direction. Otherwise: the change for 1 unit of
    the factor, Cov(z, s) / Var(s), whatever else changes with it; of a factor of 0 and 1 it is the
    difference of the two means (Larsen et al. 2016).

    Parameters
    ----------
    z_ND : codes.
    factors_NK : numbers, NaN where unknown. Balanced, only images whose factors are all known are
        used; otherwise, those with a known factor ``k``.
    k : the column of the factor.
    balanced : hold the other factors. Where factors determine one another, as the levels of one
        category do, the result is the shortest of all solutions.

    Raises
    ------
    InputError
        Shapes do not fit, the factor is the same in all images, or there are too few images.

    References
    ----------
    White 2016, "Sampling generative networks" (balancing). Haufe et al. 2014.

    Examples
    --------
    >>> s = np.array([[1, 1], [1, 1], [1, 0], [0, 1], [0, 0], [0, 0]])
    >>> pattern(s, s, 0, balanced=False).round(3).tolist()  # the second factor goes with it
    [1.0, 0.333]
    >>> pattern(s, s, 0).round(3).tolist()
    [0.5, 0.0]
    """
    z, factors = np.asarray(z_ND, np.float64), np.asarray(factors_NK, np.float64)
    if z.ndim != 2 or factors.ndim != 2 or len(z) != len(factors):
        fault = f"factors of shape {factors.shape} for codes of shape {z.shape}"
        raise InputError(f"{fault}; give (images, factors) for (images, elements)")
    if not 0 <= k < factors.shape[1]:
        raise argument_error("k", k, f"there are {factors.shape[1]} factors; the first one is 0")
    used, at = (factors, k) if balanced else (factors[:, [k]], 0)
    known = np.isfinite(used).all(1)
    z, used = z[known], used[known]
    varies = np.ptp(used, axis=0) > 0 if len(used) else np.zeros(used.shape[1], bool)
    if len(z) <= varies.sum() or len(z) < 2:
        fault = f"factor {k}: {len(z)} images have known factors, of {varies.sum()} that vary"
        raise InputError(f"{fault}; give more images, or fewer factors")
    if not varies[at]:
        raise InputError(f"factor {k}: is the same in all {len(z)} images; give one that varies")
    live, used = np.ptp(z, axis=0) > 0, used - used.mean(0)
    z = (z - z.mean(0)) * live
    if not balanced:
        return np.asarray(used[:, 0] @ z / (used[:, 0] @ used[:, 0]))
    standard = np.divide(used, used.std(0), out=np.zeros_like(used), where=varies)
    return np.asarray(np.linalg.pinv(standard, rcond=_DEPENDENT)[at] @ z)


def mean_difference(z_ND: Array, positive_N: Array) -> Array:
    """Mean code (D,) of the positive images minus that of the others (Larsen et al. 2016).

    Parameters
    ----------
    z_ND : codes.
    positive_N : True or 1 of a positive image, False or 0 of another, NaN of one to leave out.

    Raises
    ------
    InputError
        There are other values, one of the groups is empty, or the shapes do not fit.

    References
    ----------
    Larsen et al. 2016, "Autoencoding beyond pixels using a learned similarity metric".

    Examples
    --------
    >>> mean_difference(np.array([[0.0, 1.0], [2.0, 1.0]]), np.array([False, True])).tolist()
    [2.0, 0.0]
    """
    positive = np.asarray(positive_N, np.float64)
    values = set(np.unique(positive[np.isfinite(positive)]).tolist())
    if values != {0.0, 1.0}:
        fault = f"positive: holds the values {sorted(values)[:5]}"
        raise InputError(f"{fault}; give True for some images and False for others")
    return pattern(z_ND, positive[:, None], 0, balanced=False)


def normal(z_ND: Array, target_N: Array, method: str) -> Array:
    """Weights w (D,) of a linear reader of a target: w'z is its score, up to a constant.

    It is a filter, in units of the target per unit of the code. Inside, each element is divided by
    its sd, so that the units of the elements do not matter. Images without a target (NaN) are left
    out.

    Parameters
    ----------
    z_ND : codes.
    target_N : numbers.
    method : "ridge", the penalty chosen by leave-one-out error; "logistic" or "svm", with C = 1 and
        equal weights of both classes. These two read whether the target is 1 of 0 and 1; any
        other target is split at its median.

    Raises
    ------
    InputError
        An unknown method, shapes that do not fit, or a target that is the same in all images.

    References
    ----------
    Shen et al. 2020, "Interpreting the latent space of GANs for semantic face editing" (svm).

    Examples
    --------
    >>> z = np.random.default_rng(0).standard_normal((200, 2))
    >>> normal(z, 3 * z[:, 0] - z[:, 1], "ridge").round(3).tolist()
    [3.0, -1.0]
    """
    if method not in READERS:
        raise argument_error("method", repr(method), nearest(method, READERS))
    z, target = np.asarray(z_ND, np.float64), np.asarray(target_N, np.float64)
    if z.ndim != 2 or target.shape != z.shape[:1]:
        fault = f"target of shape {target.shape} for codes of shape {z.shape}"
        raise InputError(f"{fault}; give one number for each image")
    known = np.isfinite(target)
    z, target = z[known], target[known]
    if len(z) < 2 or np.ptp(target) == 0:
        fault = f"target: is the same in all {len(z)} images that have one"
        raise InputError(f"{fault}; give one that varies")
    live = np.ptp(z, axis=0) > 0
    weights = np.zeros(z.shape[1])
    if live.any():
        sd = z[:, live].std(0)
        weights[live] = _reader((z[:, live] - z[:, live].mean(0)) / sd, target, method) / sd
    return weights


def projected(normal_D: Array, others_KD: Array) -> Array:
    """A normal n less its part along the other normals A, n - A^+ A n, in the Euclidean product.

    To move along the result does not change the scores of the other readers. This is the
    conditional editing of InterFaceGAN.

    Parameters
    ----------
    normal_D : of the reader of the target.
    others_KD : the normals of the readers whose scores stay.

    Raises
    ------
    InputError
        The shapes do not fit, or nothing is left.

    References
    ----------
    Shen et al. 2020, "Interpreting the latent space of GANs for semantic face editing".

    Examples
    --------
    >>> projected(np.array([1.0, 1.0]), np.array([[0.0, 2.0]])).round(6).tolist()
    [1.0, 0.0]
    """
    vector, others = np.asarray(normal_D, np.float64), np.asarray(others_KD, np.float64)
    if vector.ndim != 1 or others.ndim != 2 or others.shape[1] != len(vector):
        fault = f"others of shape {others.shape} for a normal of shape {vector.shape}"
        raise InputError(f"{fault}; give (others, elements)")
    left = orthogonal(vector, others)
    if left is None:
        raise InputError("the normal lies within the others: nothing is left of it; hold fewer")
    return left


def _reader(white_ND: Array, target_N: Array, method: str) -> Array:
    """The weights (D,) of a reader of standardised codes."""
    from sklearn.linear_model import LogisticRegression, RidgeCV  # they take a second to import
    from sklearn.svm import LinearSVC

    if method == "ridge":
        fitted = RidgeCV(len(white_ND) * np.logspace(-6, 1, 15)).fit(white_ND, target_N)
        return np.asarray(fitted.coef_, np.float64)
    middle = np.median(target_N)
    positive = target_N > middle
    if not positive.any():  # half of the images or more have the largest value
        positive = target_N >= middle
    if method == "logistic":
        reader = LogisticRegression(class_weight="balanced", max_iter=1000)
    else:
        reader = LinearSVC(class_weight="balanced", dual=False, max_iter=1000)
    return np.asarray(reader.fit(white_ND, positive).coef_[0], np.float64)


def _read(z_ND: Array, factors_NK: Array, k: int, method: str) -> Array:
    """:func:`normal` of factor ``k``; the other factors do not matter."""
    return normal(z_ND, np.asarray(factors_NK)[:, k], method)


METHODS: Mapping[str, Callable[[Array, Array, int], Array]] = {
    "pattern": pattern,
    "mean": partial(pattern, balanced=False),
    **{name: partial(_read, method=name) for name in READERS},
}
"""From codes (N, D), factors (N, K) and the column of a factor to its direction (D,).

"pattern" is balanced over all factors; "mean" is the difference of means, or Cov(z, s) / Var(s);
the others are the weights of a reader. "logistic" and "svm" split a factor at its median.
"""
