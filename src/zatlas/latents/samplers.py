"""Codes drawn at random."""

import numpy as np

from zatlas.latents.code_statistics import CodeStatistics
from zatlas.latents.coding import Codes


def around_codes(count: int, statistics: CodeStatistics, seed: int) -> Codes:
    """Draw codes (count, D) from a normal distribution with the mean and covariance of the codes.

    Where ``statistics`` has no covariance, each element is drawn independently with its own sd.
    """
    rng = np.random.default_rng(seed)
    if statistics.covariance is None:
        drawn = rng.standard_normal((count, len(statistics.mean)))
        return np.asarray(statistics.mean + statistics.sd * drawn, np.float32)
    mean, covariance = statistics.mean, statistics.covariance
    drawn = rng.multivariate_normal(mean, covariance, count, check_valid="ignore", method="eigh")
    return drawn.astype(np.float32)
