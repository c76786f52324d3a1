"""Directions of the code that are not its elements: where codes spread, what the decoder amplifies.

The code of a plain autoencoder can be rotated freely (Locatello et al. 2019), so a single element
has no reason to mean anything. These directions are the fair comparison. They need no labels.
:func:`pca`, :func:`ica`, :func:`sefa_directions` and :func:`jacobian` give unit vectors in units of
the code; the largest entry of each, in sd of its element, is positive.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError, argument_error

Array = NDArray[Any]

MOST_ITERATIONS = 1000  # of FastICA
MOST_PUSHES = 4096  # derivatives of a picture for the Jacobian, with 8 images or more
MOST_IMAGES, FEWEST_IMAGES = 64, 8
_HELD_VALUES = 2**25  # of derivatives, at a time
_WITHOUT_VARIANCE = 1e-12  # the fraction of the largest variance


@dataclass(frozen=True)
class PrincipalAxes:
    """Principal axes of codes (N, D), the widest first.

    ``fraction`` (D,) of the variance; ``directions`` (D, D), a unit vector a row, its largest entry
    positive; ``correlation`` (D, D): of each element (row) with the codes along each axis (column),
    0 for a dead element or an axis without variance.
    """

    fraction: Array
    directions: Array
    correlation: Array

    @property
    def effective(self) -> float:
        """Number of directions that codes spread over: (sum v)^2 / sum v^2 of the variances v.

        The participation ratio: D where all are alike, 1 where one holds everything, 0 where
        nothing varies.
        """
        squares = float((self.fraction**2).sum())
        return float(self.fraction.sum()) ** 2 / squares if squares else 0.0


def principal_axes(z_ND: Array) -> PrincipalAxes:
    """Principal axes of the codes as they are, elements in their own units (no scaling)."""
    centred = z_ND.astype(np.float64) - z_ND.mean(0, dtype=np.float64)
    covariance = centred.T @ centred / len(centred)
    variances, directions = _eigen(covariance)
    sd = np.sqrt(np.diag(covariance))[:, None]
    along = directions.T * np.sqrt(variances)
    total = variances.sum()
    return PrincipalAxes(
        fraction=variances / total if total else variances,
        directions=directions,
        correlation=np.divide(along, sd, out=np.zeros_like(along), where=sd > 0),
    )


@dataclass(frozen=True)
class Amplified:
    """What a decoder's first layer amplifies, the most first.

    ``gain`` (K,): length of the layer's change for a step of 1 sd along each of ``directions``
    (K, D), unit vectors in sd of each element, the largest entry positive; ``element_gain`` (D,):
    the same for each element. To move a code along direction k by t: z + t * directions[k] * sd.
    """

    gain: Array
    directions: Array
    element_gain: Array


def sefa(weight_OD: Array, sd_D: Array, *, equal_units: bool = False) -> Amplified:
    """Directions that the first layer of a decoder amplifies (SeFa, Shen & Zhou 2021).

    They are the eigenvectors of (W S)^T (W S), W the weight and S the sd of each element; without S
    they would depend on the elements' units. A dead element takes no part.

    Parameters
    ----------
    weight_OD : as ``torch.nn.Linear.weight``; of a ConvTranspose2d ``weight.reshape(D, -1).T``.
    sd_D : the sd of each element.
    equal_units : give every output the same weight, as the authors' code does and their paper does
        not.

    Raises
    ------
    InputError
        The shapes do not fit.
    """
    if weight_OD.ndim != 2 or weight_OD.shape[1] != len(sd_D):
        raise InputError(
            f"first layer of shape {weight_OD.shape} for a code of {len(sd_D)} elements; "
            "give (outputs, elements)"
        )
    weight = weight_OD.astype(np.float64)
    if equal_units:
        length = np.linalg.norm(weight, axis=1, keepdims=True)
        weight = np.divide(weight, length, out=np.zeros_like(weight), where=length > 0)
    weight = weight * sd_D
    squares, directions = _eigen(weight.T @ weight)
    return Amplified(np.sqrt(squares), directions, np.linalg.norm(weight, axis=0))


def pca(z_ND: Array, count: int) -> Array:
    """The ``count`` directions (count, D) along which codes vary most, the widest first.

    They are the :func:`principal_axes`: the units of the elements matter (Pearson 1901).

    Raises InputError where codes vary along fewer directions.

    >>> pca(np.array([[0.0, 0.0], [1.0, 5.0], [0.0, 10.0], [-1.0, 5.0]]), 1).tolist()
    [[0.0, 1.0]]
    """
    axes = principal_axes(_codes(z_ND))
    wide = int((axes.fraction > _WITHOUT_VARIANCE * max(axes.fraction.max(), 0.0)).sum())
    _check_count(count, wide)
    return _signed(axes.directions[:count], z_ND.std(0, dtype=np.float64))


def ica(z_ND: Array, count: int, seed: int) -> Array:
    """``count`` directions (count, D) whose amounts in the codes are as independent as possible.

    FastICA of the standardised codes, after their ``count`` widest principal axes. The directions
    are patterns, the columns of the mixing matrix, and not the filters that read the amounts. They
    are sorted by the variance of the standardised codes that each explains, the most first.

    Parameters
    ----------
    z_ND : codes.
    count : 1 to the number of directions that codes vary along.
    seed : of the start of the search, which ends after 1,000 iterations at most.

    Raises
    ------
    InputError
        Codes vary along fewer directions than ``count``.

    References
    ----------
    Hyvärinen & Oja 2000, "Independent component analysis: algorithms and applications".

    Examples
    --------
    >>> amounts = np.random.default_rng(0).uniform(-1, 1, (2000, 2))
    >>> found = ica(amounts @ [[0.6, 0.8], [1.0, 0.0]], 2, seed=0)
    >>> abs(found @ [0.8, -0.6]).round(1).tolist()  # the first one is (.6, .8), the other (1, 0)
    [0.0, 0.8]
    """
    from sklearn.decomposition import FastICA  # it takes a second to import
    from sklearn.exceptions import ConvergenceWarning

    z = _codes(z_ND)
    live, sd = np.ptp(z, axis=0) > 0, z.std(0)
    standard = (z[:, live] - z[:, live].mean(0)) / sd[live]
    _check_count(count, int(np.linalg.matrix_rank(standard)) if live.any() else 0)
    search = FastICA(
        count, whiten="unit-variance", whiten_solver="eigh", max_iter=MOST_ITERATIONS,
        random_state=seed,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # what is found is measured anyway
        columns = search.fit(standard).mixing_.T
    vectors = np.zeros((count, z.shape[1]))
    vectors[:, live] = columns[np.argsort(-np.linalg.norm(columns, axis=1))] * sd[live]
    return _signed(vectors, sd)


def sefa_directions(weight_OD: Array, sd_D: Array, count: int) -> Array:
    """The ``count`` directions (count, D) that a decoder's first layer amplifies most.

    :func:`sefa` (Shen & Zhou 2021, "Closed-form factorization of latent semantics in GANs") in
    units of the code.

    Raises InputError where there are fewer, or the shapes do not fit.

    >>> sefa_directions(np.array([[1.0, 0.0], [0.0, 3.0]]), np.array([2.0, 1.0]), 1).tolist()
    [[0.0, 1.0]]
    """
    found = sefa(weight_OD, sd_D)
    wide = found.gain > np.sqrt(_WITHOUT_VARIANCE) * max(found.gain.max(), 0.0)
    _check_count(count, int(wide.sum()))
    return _signed(found.directions[:count] * sd_D, sd_D)


def jacobian(
    pushforward: Callable[[Array, Array], Array], z_ND: Array, sd_D: Array, count: int,
    seed: int = 0,
) -> Array:  # fmt: skip
    """The ``count`` directions (count, D) that change the pixels most for the same length in sd.

    They are the eigenvectors of the mean of S J'J S over images, J the derivative of the picture
    by the code and S = diag(sd), with the largest eigenvalues. Every live element is pushed in
    every image that is used: 64 images for up to 64 elements, fewer for more, and at least 8.

    Parameters
    ----------
    pushforward : codes (B, D) and a direction (D,) to the derivatives of their pictures along it,
        (B, pixels).
    z_ND : codes of images.
    sd_D : the sd of each element.
    count : 1 to the number of live elements.
    seed : of which images are used.

    Raises
    ------
    InputError
        The pictures change along fewer directions than ``count``, or the shapes do not fit.

    References
    ----------
    Ramesh et al. 2019, "A spectral regularizer for unsupervised disentanglement".

    Examples
    --------
    >>> decoder = np.array([[1.0, 0.0, 0.0], [0.0, 3.0, 0.0]])  # (D, pixels)
    >>> push = lambda codes, direction: np.tile(direction @ decoder, (len(codes), 1))
    >>> jacobian(push, np.zeros((5, 2)), np.array([2.0, 1.0]), 1).tolist()
    [[0.0, 1.0]]
    """
    z, sd = _codes(z_ND), np.asarray(sd_D, np.float64)
    if sd.shape != z.shape[1:]:
        fault = f"sd of shape {sd.shape} for codes of shape {z.shape}"
        raise InputError(f"{fault}; give one number for each element")
    live = np.flatnonzero(sd > 0)
    _check_count(count, len(live))
    images = min(MOST_IMAGES, max(FEWEST_IMAGES, MOST_PUSHES // len(live)))
    used = z[np.random.default_rng(seed).permutation(len(z))[:images]]
    steps = np.diag(sd)[live]
    pixels = np.size(pushforward(used[:1], steps[0]))
    at_once = max(1, _HELD_VALUES // (pixels * len(live)))
    squares = np.zeros((len(live), len(live)))
    for start in range(0, len(used), at_once):
        codes = used[start : start + at_once]
        pushed = [np.ravel(pushforward(codes, step)) for step in steps]
        changes = np.stack(pushed, dtype=np.float64)
        squares += (changes @ changes.T) / len(used)
    values, directions = _eigen(squares)
    _check_count(count, int((values > _WITHOUT_VARIANCE * max(values.max(), 0.0)).sum()))
    vectors = np.zeros((count, len(sd)))
    vectors[:, live] = directions[:count] * sd[live]
    return _signed(vectors, sd)


def _codes(z_ND: Array) -> Array:
    """The codes in float64. Raises InputError where they are not codes of two images or more."""
    z = np.asarray(z_ND, np.float64)
    if z.ndim != 2 or len(z) < 2:
        raise InputError(f"codes of shape {z.shape}: give (images, elements), 2 images or more")
    return z


def _check_count(count: int, most: int) -> None:
    """Raise InputError where ``most`` directions are fewer than ``count``."""
    if not most:
        raise InputError("the code has no direction that changes anything; train the run longer")
    if not 1 <= count <= most:
        raise argument_error("count", count, f"there are {most} directions; give 1 to {most}")


def _signed(vectors_KD: Array, sd_D: Array) -> Array:
    """Unit vectors whose largest entry in sd is positive; 0 stays at a dead element."""
    in_sd = np.divide(vectors_KD, sd_D, out=np.zeros(vectors_KD.shape), where=sd_D > 0)
    largest = in_sd[np.arange(len(in_sd)), np.abs(in_sd).argmax(1)]
    vectors = np.where(sd_D > 0, vectors_KD, 0.0)
    signs = np.where(largest < 0, -1.0, 1.0)
    return np.asarray(vectors * (signs / np.linalg.norm(vectors, axis=1))[:, None]) + 0.0


def _eigen(matrix: Array) -> tuple[Array, Array]:
    """Eigenvalues of a symmetric matrix, the largest first, not below 0; eigenvectors as rows."""
    values, vectors = np.linalg.eigh(matrix)
    rows = vectors.T[::-1]
    largest = rows[np.arange(len(rows)), np.abs(rows).argmax(1)]
    return np.maximum(values[::-1], 0.0), rows * np.where(largest < 0, -1.0, 1.0)[:, None]
