"""Which properties a network draws: does a property of the original come back when it is decoded?

An autoencoder loses detail. A property that depends on it can be measured on every decoded picture
and still say nothing about the original: over images, original and reconstruction hardly correlate.
The effect of an element on such a property is not a change of what the property stands for.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from zatlas.errors import InputError
from zatlas.evidence.arrays import Array
from zatlas.evidence.statistics.intervals import LEVEL
from zatlas.schema import OptionalNumber, Record

SMALLEST_CORRELATION = 0.5
"""Correlation of original and reconstruction from which a property counts as drawn."""
FEWEST_IMAGES = 4  # Fisher's interval divides by the root of n - 3
_RELATIVE_ROUNDING = 1e-6  # a spread below this part of the values is rounding


class DrawnProperty(Record):
    """How well one property comes back over ``n`` images.

    ``correlation`` is Pearson's, of original and reconstruction over images, with its 95 % interval
    ``low`` to ``high`` (Fisher's z): None where the original does not vary, 0 where only the
    reconstruction does not. ``slope`` is the rise of the reconstruction's value where the
    original's rises by 1: below 1 the network draws too little of it, even where the correlation is
    high. ``spread`` is the sd over reconstructions divided by the sd over originals. ``drawn`` is
    True where the whole interval is at least 0.5, False where it is below, None where it is
    neither.
    """

    name: str
    n: int
    correlation: OptionalNumber
    low: OptionalNumber
    high: OptionalNumber
    slope: OptionalNumber
    spread: OptionalNumber
    drawn: bool | None


def drawn_by_network(
    names: Sequence[str], original_NK: Array, reconstruction_NK: Array
) -> tuple[DrawnProperty, ...]:
    """How well each property of images comes back in their reconstructions.

    Parameters
    ----------
    names : of the K properties.
    original_NK, reconstruction_NK : every property, measured on the same images before and after
        the network. Of a factor, its probe's estimate stands for the original. NaN where unknown.

    Raises
    ------
    InputError
        The two differ in shape, or a property is known for fewer than 4 images.

    References
    ----------
    Fisher 1915, "Frequency distribution of the values of the correlation coefficient in samples
    from an indefinitely large population".
    """
    if original_NK.shape != reconstruction_NK.shape or original_NK.ndim != 2:
        raise InputError(
            f"original_NK has shape {original_NK.shape} and reconstruction_NK "
            f"{reconstruction_NK.shape}; both need one row for each image and one column for each "
            "property"
        )
    known = np.isfinite(original_NK) & np.isfinite(reconstruction_NK)
    n = known.sum(0)
    if n.min(initial=FEWEST_IMAGES) < FEWEST_IMAGES:
        raise InputError(f"a property is known for {n.min()} images; {FEWEST_IMAGES} are needed")
    x, x_sd = _centred(original_NK, known)
    y, y_sd = _centred(reconstruction_NK, known)
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = (x * y).sum(0) / n
        r = np.where(y_sd > 0, covariance / (x_sd * y_sd), 0.0)
        r = np.where(x_sd > 0, np.clip(r, -1, 1), np.nan)
        half = stats.norm.ppf((1 + LEVEL) / 2) / np.sqrt(n - 3)
        low, high = np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)
        slope, spread = covariance / x_sd**2, y_sd / x_sd
    return tuple(
        DrawnProperty(
            name=name, n=int(n[k]), correlation=r[k], low=low[k], high=high[k], slope=slope[k],
            spread=spread[k], drawn=_verdict(low[k], high[k]),
        )
        for k, name in enumerate(names)
    )  # fmt: skip


def _verdict(low: float, high: float) -> bool | None:
    if low >= SMALLEST_CORRELATION:
        return True
    return False if high < SMALLEST_CORRELATION else None


def _centred(values_NK: Array, known_NK: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Values minus their mean, 0 where unknown, (N, K); their sd, 0 where it is rounding, (K,)."""
    values = np.where(known_NK, values_NK, 0.0).astype(np.float64)
    count = known_NK.sum(0)
    centred = np.where(known_NK, values - values.sum(0) / count, 0.0)
    sd = np.sqrt((centred**2).sum(0) / count)
    varies = sd > _RELATIVE_ROUNDING * np.abs(values).max(0, initial=0)
    return np.where(varies, centred, 0.0), np.where(varies, sd, 0.0)
