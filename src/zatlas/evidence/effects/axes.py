"""Directions of the code that are not its elements: where codes spread, what the decoder amplifies.

The code of a plain autoencoder can be rotated freely (Locatello et al. 2019), so a single element
has no reason to mean anything. These directions are the fair comparison.
"""

from dataclasses import dataclass

import numpy as np

from zatlas.errors import InputError
from zatlas.evidence.arrays import Array


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


def _eigen(matrix: Array) -> tuple[Array, Array]:
    """Eigenvalues of a symmetric matrix, the largest first, not below 0; eigenvectors as rows."""
    values, vectors = np.linalg.eigh(matrix)
    rows = vectors.T[::-1]
    largest = rows[np.arange(len(rows)), np.abs(rows).argmax(1)]
    return np.maximum(values[::-1], 0.0), rows * np.where(largest < 0, -1.0, 1.0)[:, None]
