"""Whether a move does mainly one thing: its largest effect against all others, in sd."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from trials.bootstrap_t import RESAMPLES, Yardstick
from zatlas.errors import InputError
from zatlas.evidence.arrays import Array
from zatlas.evidence.statistics.intervals import LEVEL

MAINLY_RATIO = 2.0
"""A move does mainly one thing where its effect is surely this many times any other, in sd."""


@dataclass(frozen=True)
class MainEffect:
    """The largest effect of each of M moves beside the next family; every field is (M,).

    ``first``: the property (its column) with the largest effect in sd. ``second``: the property of
    another family that comes next; -1 where there is none. ``ratio`` of the two sizes, with its
    95 % interval ``low`` to ``high``; infinite where no other family has an effect, NaN where there
    is no effect at all. ``mainly``: whether ``low`` is at least 2.
    """

    first: Array
    second: Array
    ratio: Array
    low: Array
    high: Array
    mainly: Array


def main_of(
    effects_NMK: Array,
    real_NK: Array,
    families: Sequence[Hashable],
    seed: int,
    resamples: int = RESAMPLES,
) -> MainEffect:
    """Compare the family of the largest effect with all other families, named or not.

    The value of a family is the largest |mean effect| / sd of its members. In each resample of the
    images all means, sds and maxima are computed anew; the interval is the percentile interval of
    the ratio (Efron 1979). The maximum over many others is biased upward, so the interval lies low
    rather than high.

    Parameters
    ----------
    effects_NMK : array (N, M, K)
        One part of the effects per image: the odd part, the even part, or that of an edit.
    real_NK : array (N, K)
        The properties of the same N real images. A property that does not vary there is left out.
    families : sequence of K
        The family of each property. Members of one family are not compared with each other.
    seed : int
        Of the resamples.

    Raises
    ------
    InputError
        If ``families`` is not as long as the properties.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> real = rng.normal(size=(256, 3))
    >>> effects = np.array([0.9, 0.8, 0.1]) + 0.1 * rng.normal(size=(256, 1, 3))
    >>> main_of(effects, real, ["light", "light", "colour"], seed=0).mainly.tolist()
    [True]
    >>> main_of(effects, real, ["light", "border", "colour"], seed=0).mainly.tolist()
    [False]
    """
    if len(families) != real_NK.shape[1]:
        raise InputError(f"families has {len(families)} entries for {real_NK.shape[1]} properties")
    yardstick = Yardstick(real_NK, seed, resamples)
    number = {family: at for at, family in enumerate(dict.fromkeys(families))}
    member = np.array([number[family] for family in families])
    moves = [_of_move(effects_NMK[:, m], yardstick, member) for m in range(effects_NMK.shape[1])]
    first, second, ratio, low, high = (np.array(field) for field in zip(*moves, strict=True))
    return MainEffect(first, second, ratio, low, high, low >= MAINLY_RATIO)


def _of_move(
    effects_NK: Array, yardstick: Yardstick, family: Array
) -> tuple[int, int, float, float, float]:
    """First and second property, ratio, low, high."""
    scale = yardstick.scale * yardstick.sd[:, None]
    sizes = np.nan_to_num(np.abs(yardstick.resampled(effects_NK.astype(np.float64))) / scale)
    first = int(np.argmax(sizes[:, 0]))
    others = np.flatnonzero(family != family[first])
    own = sizes[family == family[first]].max(0)
    if not len(others):
        return first, -1, np.inf, np.inf, np.inf
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = own / sizes[others].max(0)
    tails = np.array([1 - LEVEL, 1 + LEVEL]) / 2
    low, high = np.quantile(ratio[1:], tails, method="inverted_cdf")
    return first, int(others[np.argmax(sizes[others, 0])]), float(ratio[0]), float(low), float(high)
