"""Bootstrap resamples as counts: how often each row is in each resample."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_NUMBERS_PER_BLOCK = 1 << 22


@lru_cache(maxsize=2)  # the same for every element and edit over as many images
def resample_counts(n: int, resamples: int, seed: int) -> NDArray[np.uint16]:
    """How often each of ``n`` rows is in each resample, (resamples, n)."""
    counts = np.empty((resamples, n), np.uint16)
    rng = np.random.default_rng(seed)
    rows = max(1, _NUMBERS_PER_BLOCK // n)
    for start in range(0, resamples, rows):
        drawn = rng.integers(0, n, (min(rows, resamples - start), n))
        drawn += n * np.arange(len(drawn))[:, None]
        tally = np.bincount(drawn.ravel(), minlength=n * len(drawn))
        counts[start : start + rows] = tally.reshape(-1, n)
    counts.setflags(write=False)
    return counts


def resampled_sums(
    counts: NDArray[np.uint16], values_NC: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Sums (resamples, C) of the resampled rows of ``values_NC``."""
    rows = max(1, _NUMBERS_PER_BLOCK // counts.shape[1])
    blocks = [
        counts[at : at + rows].astype(np.float64) @ values_NC for at in range(0, len(counts), rows)
    ]
    return np.concatenate(blocks)
