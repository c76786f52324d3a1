"""Directions that change a property of the decoded pictures, without labels."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError, argument_error
from zatlas.latents.directions.metric import covariance_root, orthogonal, restored

Array = NDArray[Any]
Changes = Callable[[Array, Array], Array]
"""Indexes of images (B,) and codes (B, D) to how much each property changes where the code of each
image becomes this one, (B, K)."""

FEWEST_DRAWS = 512
_AT_ONCE = 128  # codes that are decoded together


def slopes(
    changes: Changes,
    z_ND: Array,
    covariance_DD: Array,
    *,
    draws: int | None = None,
    step: float = 0.5,
    seed: int = 0,
    count_per_image: int = 1,
) -> Array:
    """The mean slope (D, K) of K properties of the pictures along every element of the code.

    Codes of images are moved by draws from N(0, step^2 S), to both sides. Half the difference of
    the two changes is fitted to the draws by least squares: so the curvature of a property does not
    matter, and the slope is a mean over the images and over the range of the draws (Stein 1981,
    "Estimation of the mean of a multivariate normal distribution"). For a property c'x of a linear
    decoder x = W z it is W'c.

    Parameters
    ----------
    changes : how properties of images change where their codes do. It is called with rows of
        ``z_ND`` and with codes, 128 at a time.
    z_ND : codes of images.
    covariance_DD : S, of the codes; see :mod:`zatlas.latents.directions.metric`.
    draws : by default 512, or 4 for each live element; at least 2 for each. Two pictures are
        decoded for a draw.
    step : the length of a draw, in sd of the codes.
    seed : of the draws, and of the order of the images.
    count_per_image : draws for an image before the next one has its turn.

    Returns
    -------
    In units of each property per unit of each element, 0 for a dead element; NaN where a property
    of a drawn picture is not finite.

    Raises
    ------
    InputError
        There are no codes, ``step`` or ``count_per_image`` is not above 0, or the covariance does
        not fit.

    Examples
    --------
    >>> z = np.zeros((4, 2))
    >>> found = slopes(lambda rows, moved: (moved - z[rows]) @ [[3.0], [-1.0]], z, np.eye(2))
    >>> found.round(6).tolist()
    [[3.0], [-1.0]]
    """
    live, root = covariance_root(covariance_DD)
    if z_ND.ndim != 2 or z_ND.shape[1] != len(live) or not len(z_ND):
        fault = f"codes of shape {z_ND.shape} for a covariance of {len(live)} elements"
        raise InputError(f"{fault}; give (images, elements), 1 image or more")
    if not step > 0:
        raise argument_error("step", step, "give a number above 0, as 0.5")
    if count_per_image < 1:
        raise argument_error("count_per_image", count_per_image, "give 1 or more")
    elements, rng = int(live.sum()), np.random.default_rng(seed)
    draws = max(2 * elements, max(FEWEST_DRAWS, 4 * elements) if draws is None else draws)
    order = rng.permutation(len(z_ND))[np.arange(draws) // count_per_image % len(z_ND)]
    squares, products = np.zeros((elements, elements)), np.zeros((elements, 0))
    for start in range(0, draws, _AT_ONCE):
        rows = order[start : start + _AT_ONCE]
        white = step * rng.standard_normal((len(rows), elements))
        moves, z = restored(white, live, root), z_ND[rows]
        half = (np.asarray(changes(rows, z + moves)) - changes(rows, z - moves)) / 2
        squares += white.T @ white
        products = white.T @ half + (products if start else 0.0)
    found = np.zeros((len(live), products.shape[1]))
    found[live] = np.linalg.solve(root.T, np.linalg.solve(squares, products))
    return found


def steepest(slope_D: Array, covariance_DD: Array) -> Array:
    """The direction (D,) of Mahalanobis length 1 that raises a property most: S g / sqrt(g' S g).

    It raises the property by sqrt(g' S g), to first order. The slope g itself is a filter: it is
    the steepest only where codes vary alike in all directions.

    Raises InputError where the slope is 0 or not finite, or does not fit the covariance.

    >>> steepest(np.array([1.0, 0.0]), np.array([[1.0, 0.9], [0.9, 1.0]])).tolist()
    [1.0, 0.9]
    """
    return steepest_holding(slope_D, np.zeros((len(slope_D), 0)), covariance_DD)


def steepest_holding(
    slope_D: Array, held_DK: Array, covariance_DD: Array, weight: float | None = None
) -> Array:
    """The direction (D,) that raises a property most and leaves others as they are.

    Of all directions of Mahalanobis length 1 that do not change the held properties, to first
    order, it is the one that raises the target most: S (g - H (H' S H)^+ H' S g), scaled. With a
    ``weight`` the held properties may change, at a cost: (S^-1 + weight H H')^-1 g, scaled.

    Parameters
    ----------
    slope_D : g, of the target; see :func:`slopes`.
    held_DK : H, the slopes of K held properties, in the columns.
    covariance_DD : S, of the codes; see :mod:`zatlas.latents.directions.metric`.
    weight : of the squared changes of the held properties, beside the squared Mahalanobis length.
        At 0 nothing is held; None holds them exactly.

    Raises
    ------
    InputError
        No direction is left: every one that raises the target changes a held property. Or the
        weight is below 0, or slopes are not finite or do not fit the covariance.

    Examples
    --------
    >>> slope, held = np.array([1.0, 1.0]), np.array([[0.0], [1.0]])
    >>> steepest_holding(slope, held, np.eye(2)).tolist()
    [1.0, 0.0]
    >>> steepest_holding(slope, held, np.eye(2), weight=1.0).round(3).tolist()
    [0.894, 0.447]
    """
    live, root = covariance_root(covariance_DD)
    slope, others = np.asarray(slope_D, np.float64), np.asarray(held_DK, np.float64)
    if slope.shape != live.shape or others.ndim != 2 or len(others) != len(live):
        fault = f"slopes of shapes {slope.shape} and {others.shape} for {len(live)} elements"
        raise InputError(f"{fault}; give (elements,) and (elements, held)")
    if not (np.isfinite(slope).all() and np.isfinite(others).all()):
        raise InputError("slopes: some are not finite; leave this property out")
    if weight is not None and not (np.isfinite(weight) and weight >= 0):
        raise argument_error("weight", weight, "give 0 or more, or None to hold exactly")
    target, white = slope[live] @ root, others[live].T @ root
    if np.linalg.norm(target) == 0:
        raise InputError("the target does not change with the code; choose another property")
    if weight is None:
        left = orthogonal(target, white)
    else:
        left = np.linalg.solve(np.eye(len(target)) + weight * white.T @ white, target)
    if left is None:
        fault = "every direction that raises the target changes what is held"
        raise InputError(f"{fault}; hold fewer properties")
    return np.asarray(restored(left[None] / np.linalg.norm(left), live, root)[0])
