"""Whether a move does mainly one thing: its largest effect against all others, in sd."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from zatlas.errors import InputError
from zatlas.evidence.arrays import Array
from zatlas.evidence.statistics.bootstrap_t import Yardstick
from zatlas.evidence.statistics.intervals import LEVEL

MAINLY_RATIO = 2.0
"""A move does mainly one thing where its effect is surely this many times any other, in sd."""


@dataclass(frozen=True)
class Largest:
    """The largest effect of a move beside that of the next family.

    ``first``: the column of the largest effect in sd. ``second``: the column of another family
    that comes next; -1 where there is none. ``ratio`` of the two sizes, with its 95 % interval
    ``low`` to ``high``; infinite where no other family has an effect, NaN where there is no effect
    at all. ``mainly``: ``low`` is at least 2.
    """

    first: int
    second: int
    ratio: float
    low: float
    high: float

    @property
    def mainly(self) -> bool:
        """Whether the move surely does mainly the first."""
        return bool(self.low >= MAINLY_RATIO)


def largest_effect(
    up_NK: Array,
    down_NK: Array | None,
    yardstick: Yardstick,
    families: Sequence[Hashable],
    columns: Sequence[int],
) -> Largest:
    """Compare the family of the largest effect with all other families, named or not.

    The size of an effect is the larger |mean| / sd of its steps, that of a family the largest of
    its members. In each resample of the images all means, sds and maxima are computed anew; the
    interval is the percentile interval of the ratio (Efron 1979). The maximum over many others is
    biased upward, so the interval lies low rather than high.

    Parameters
    ----------
    up_NK, down_NK : array (N, K)
        Changes of K properties by the steps +1 and -1 of one move; None where -1 was not taken.
    yardstick : Yardstick
        The real values of the K properties. A property that does not vary there is left out.
    families : sequence of K
        The family of each property. Members of one family are not compared with each other.
    columns : sequence of int
        The properties that are compared, at least one.

    Raises
    ------
    InputError
        If ``families`` is not as long as the properties.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> yardstick = Yardstick(256, rng.normal(size=(3, 256)), [True] * 3, seed=0)
    >>> up = np.array([0.9, 0.8, 0.1]) + 0.1 * rng.normal(size=(256, 3))
    >>> largest_effect(up, -up, yardstick, ["light", "light", "colour"], range(3)).mainly
    True
    >>> largest_effect(up, -up, yardstick, ["light", "border", "colour"], range(3)).mainly
    False
    """
    if len(families) != len(yardstick.sd):
        raise InputError(f"families has {len(families)} entries for {len(yardstick.sd)} properties")
    at = np.array(columns)
    scale = yardstick.scale[at] * yardstick.sd[at, None]
    steps = [step[:, at] for step in (up_NK, down_NK) if step is not None]
    means = [np.abs(yardstick.resampled(step.astype(np.float64))) for step in steps]
    sizes = np.nan_to_num(np.max(means, axis=0) / scale)
    first = int(np.argmax(sizes[:, 0]))
    same = np.array([families[k] == families[at[first]] for k in at])
    if same.all():
        return Largest(int(at[first]), -1, np.inf, np.inf, np.inf)
    others = np.flatnonzero(~same)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = sizes[same].max(0) / sizes[others].max(0)
    tails = np.array([1 - LEVEL, 1 + LEVEL]) / 2
    low, high = np.quantile(ratio[1:], tails, method="inverted_cdf")
    second = others[np.argmax(sizes[others, 0])]
    return Largest(int(at[first]), int(at[second]), float(ratio[0]), float(low), float(high))
