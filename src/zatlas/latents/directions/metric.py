"""Lengths and angles of directions, measured by how much codes vary.

The length of a vector v is its Mahalanobis length, the square root of v' S^-1 v for the covariance
S of the codes. A vector of length 1 leads as far from the mean as 1 sd along it does in normally
distributed codes of independent elements; against the correlations of the codes it is longer. All
functions take directions (D,) in units of the code, and S (D, D) as
``zatlas.latents.code_statistics.gather`` computes it. Where a code has too many elements for a
covariance, give ``np.diag(sd**2)``. An element without variance is dead: no direction moves it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError

Array = NDArray[Any]

NOTHING = 1e-6  # the fraction of a vector's length below which nothing is left of it


def mahalanobis(vector_D: Array, covariance_DD: Array) -> float:
    """The Mahalanobis length of a direction (Mahalanobis 1936).

    Parameters
    ----------
    vector_D : in units of the code.
    covariance_DD : of the codes.

    Raises
    ------
    InputError
        The vector moves a dead element, is not finite, or does not fit the covariance; or no
        inverse of the covariance exists.

    Examples
    --------
    >>> covariance = np.array([[1.0, 0.9], [0.9, 1.0]])
    >>> round(mahalanobis(np.array([1.0, 0.9]), covariance), 6)  # with the correlation
    1.0
    >>> round(mahalanobis(np.array([1.0, 0.0]), covariance), 2)  # against it
    2.29
    """
    return float(np.linalg.norm(whitened(np.asarray(vector_D)[None], covariance_DD)[0]))


def unit(vector_D: Array, covariance_DD: Array) -> Array:
    """The direction (D,), scaled to Mahalanobis length 1.

    Raises InputError where its length is 0, and as :func:`mahalanobis` does.

    >>> unit(np.array([5.0, 0.0]), np.diag([4.0, 1.0])).tolist()
    [2.0, 0.0]
    """
    length = mahalanobis(vector_D, covariance_DD)
    if length == 0:
        raise InputError("direction of length 0: it leads nowhere; give one that is not 0")
    return np.asarray(vector_D, np.float64) / length


def cosine(a_D: Array, b_D: Array, covariance_DD: Array) -> float:
    """The cosine of the angle between two directions, in the inner product a' S^-1 b.

    Raises InputError as :func:`unit` does.

    >>> cosine(np.array([1.0, 0.0]), np.array([3.0, 3.0]), np.diag([1.0, 3.0])).__round__(6)
    0.866025
    """
    return float(cosines(np.stack([a_D, b_D]), covariance_DD)[0, 1])


def cosines(vectors_KD: Array, covariance_DD: Array) -> Array:
    """The cosines (K, K) of all pairs of directions (K, D); see :func:`cosine`.

    >>> cosines(np.array([[1.0, 0.0], [0.0, 2.0]]), np.eye(2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    white = whitened(vectors_KD, covariance_DD)
    lengths = np.linalg.norm(white, axis=1)
    if (lengths == 0).any():
        fault = f"direction {int(lengths.argmin())} of length 0: it has no angle"
        raise InputError(f"{fault}; give one that is not 0")
    white /= lengths[:, None]
    return np.asarray(np.clip(white @ white.T, -1.0, 1.0))


def held(vector_D: Array, others_KD: Array, covariance_DD: Array) -> Array:
    """The direction without its part along the others: orthogonal to each, in the product of S^-1.

    Two directions with a cosine of 0 in this product are not correlated over the codes: those that
    are far along one are not far along the other.

    Parameters
    ----------
    vector_D : in units of the code.
    others_KD : the directions along which the result does not lead.
    covariance_DD : of the codes.

    Raises
    ------
    InputError
        There are as many others as live elements, or more; or nothing is left of the vector. And
        as :func:`mahalanobis` does.

    Examples
    --------
    >>> held(np.array([1.0, 1.0]), np.array([[0.0, 1.0]]), np.eye(2)).tolist()
    [1.0, 0.0]
    """
    live, root = covariance_root(covariance_DD)
    others = np.asarray(others_KD, np.float64).reshape(-1, len(live))
    if len(others) >= live.sum():
        fault = f"{len(others)} directions held in a code of {live.sum()} live elements"
        raise InputError(f"{fault}: no other is free; hold at most {live.sum() - 1}")
    white = _in_sd(np.vstack([vector_D, others]), live, root)
    left = orthogonal(white[0], white[1:])
    if left is None:
        fault = "the direction lies within those that are held: nothing is left of it"
        raise InputError(f"{fault}; hold fewer")
    return np.asarray(restored(left[None], live, root)[0])


def random_directions(count: int, covariance_DD: Array, seed: int) -> Array:
    """Directions (count, D) drawn like codes, from N(0, S), each scaled to Mahalanobis length 1.

    Raises InputError where no element is live, or the covariance has no inverse.

    >>> random_directions(3, np.diag([4.0, 0.0]), seed=0).tolist()
    [[2.0, 0.0], [-2.0, 0.0], [2.0, 0.0]]
    """
    live, root = covariance_root(covariance_DD)
    drawn = np.random.default_rng(seed).standard_normal((count, int(live.sum())))
    return restored(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), live, root)


def covariance_root(covariance_DD: Array) -> tuple[NDArray[np.bool_], Array]:
    """Which elements (D,) are live, and the Cholesky factor (L, L) of the covariance of these.

    Raises InputError where the covariance is not square, has no inverse over the live elements, or
    no element is live.
    """
    covariance = np.asarray(covariance_DD, np.float64)
    if covariance.ndim != 2 or covariance.shape[0] != covariance.shape[1]:
        raise InputError(f"covariance of shape {covariance.shape}: give (elements, elements)")
    live = np.diagonal(covariance) > 0
    if not live.any():
        raise InputError("covariance: no element of the code varies; train the run for longer")
    inner = covariance[np.ix_(live, live)]
    variances = np.diagonal(inner)
    if np.count_nonzero(inner) == len(variances):  # no correlations
        return live, np.diag(np.sqrt(variances))
    try:
        return live, np.linalg.cholesky(inner)
    except np.linalg.LinAlgError:
        hint = "shrink its correlations, as zatlas.latents.code_statistics.gather does"
        raise InputError(f"covariance: has no inverse; {hint}") from None


def whitened(vectors_KD: Array, covariance_DD: Array) -> Array:
    """Directions (K, D) in coordinates (K, L) of the live elements whose lengths are Mahalanobis'.

    Raises InputError as :func:`mahalanobis` does.
    """
    return _in_sd(vectors_KD, *covariance_root(covariance_DD))


def restored(white_KL: Array, live_D: Array, root_LL: Array) -> Array:
    """Directions (K, D) in units of the code, from whitened ones (K, L)."""
    vectors = np.zeros((len(white_KL), len(live_D)))
    vectors[:, live_D] = white_KL @ root_LL.T
    return vectors


def orthogonal(vector_L: Array, others_KL: Array) -> Array | None:
    """The vector (L,) without its part in the span of the others; None where nothing is left."""
    lengths = np.linalg.norm(others_KL, axis=1)
    span = others_KL[lengths > 0] / lengths[lengths > 0, None]
    weights = np.linalg.lstsq(span.T, vector_L, rcond=1e-10)[0]
    left = vector_L - weights @ span
    return None if np.linalg.norm(left) <= NOTHING * np.linalg.norm(vector_L) else left


def _in_sd(vectors_KD: Array, live_D: Array, root_LL: Array) -> Array:
    """Whitened directions (K, L). Raises InputError where one has no finite length."""
    from scipy.linalg import solve_triangular

    vectors = np.asarray(vectors_KD, np.float64)
    if vectors.ndim != 2 or vectors.shape[1] != len(live_D):
        fault = f"direction of shape {vectors.shape[1:]} for a code of {len(live_D)} elements"
        raise InputError(f"{fault}; give one number for each element")
    if not np.isfinite(vectors).all():
        raise InputError("direction: some of its numbers are not finite; learn it again")
    if (moved := np.flatnonzero(vectors[:, ~live_D].any(0))).size:
        element = int(np.flatnonzero(~live_D)[moved[0]])
        fault = f"direction: moves z[{element}], which is the same in every image"
        raise InputError(f"{fault}; give 0 for this element")
    return np.asarray(solve_triangular(root_LL, vectors[:, live_D].T, lower=True).T)
