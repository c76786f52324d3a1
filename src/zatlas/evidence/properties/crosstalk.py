"""Cross-talk of probes: what a probe of one factor reads when another factor moves.

A probe may score above chance by something else: glasses darken the eyes, so a weak probe of closed
eyes also detects glasses. Where the factors of held-out images are known, the estimates of each
probe are regressed on all factors at once; the slopes on the other factors are its cross-talk. A
sentence names a factor only where the effect on it exceeds what cross-talk explains.
"""

from collections.abc import Sequence

import numpy as np

from zatlas.evidence.arrays import Array


def responses(estimates_NK: Array, known_NK: Array, factors: Sequence[str] = ()) -> Array:
    """Slopes (K, K) of the probes' estimates on the known factors, in sd.

    Row k, column l is how far probe k moves, in sd of factor k, when factor l moves by one of its
    sd and the others stay. A perfect probe has 1 on the diagonal and 0 elsewhere; a probe at chance
    has a row of zeros. By least squares, so that correlated factors are told apart; a factor that
    is a sum of others shares its slope with them. It does not see effects that are far from linear,
    nor factors that have no labels.

    Parameters
    ----------
    estimates_NK, known_NK : what K probes estimate of N held-out images, and what is known.
    factors : the name of the factor of each column. Levels of one factor exclude each other, which
        is not cross-talk, so they are left out of each other's regression.
    """
    sd = known_NK.std(0)
    scale = np.where(sd > 0, sd, 1.0)
    known = (known_NK - known_NK.mean(0)) / scale
    estimates = (estimates_NK - estimates_NK.mean(0)) / scale
    columns = np.array(factors if len(factors) else range(known.shape[1]))
    slopes = np.zeros((known.shape[1], known.shape[1]))
    for k, factor in enumerate(columns):
        at = np.flatnonzero((columns != factor) | (np.arange(len(columns)) == k))
        slopes[k, at] = np.linalg.lstsq(known[:, at], estimates[:, k])[0]
    return slopes


def explained(effects_K: Array, slopes_KK: Array) -> Array:
    """How much of each effect (K,), in sd, the effects on other factors explain at most, (K,).

    The sum of abs(slope of probe k on l) * abs(effect on l) over all l but k: a bound, not an
    estimate, because effects of opposite sign do not cancel.
    """
    others = np.abs(slopes_KK) * (1 - np.eye(len(slopes_KK)))
    return np.asarray(others @ np.nan_to_num(np.abs(effects_K)))
