"""Cross-talk of probes: what a probe of one factor reads when another factor moves.

A probe that scores above chance may score by something else: glasses darken the eyes, and a weak
probe of closed eyes is a fair detector of glasses. Where the factors of held-out images are known,
what each probe reads is regressed on all of them at once; the slope on its own factor is its
response, the slopes on the others are its cross-talk. A sentence may name a factor only where the
effect on it exceeds what cross-talk from the others explains.
"""

from collections.abc import Sequence

import numpy as np

from zatlas.evidence.measure import Array


def responses(read_NK: Array, known_NK: Array, factors: Sequence[str] = ()) -> Array:
    """What each probe reads (N, K) against what is known (N, K): slopes (K, K), in sd.

    Row k, column l: how far probe k moves, in sd of factor k over the images, when factor l moves
    by one of its sd and the others stay. 1 on the diagonal and 0 beside it are a perfect probe; a
    probe that knows nothing has a row of zeros. By least squares on held-out images, so that
    factors that go together in the images do not pass for each other; a factor that follows from
    the others altogether shares its slope with them. ``factors`` (K,) are the names of what the
    columns are levels of: levels of one factor exclude each other, which is not cross-talk, so
    they are left out of each other's regression. Effects that are far from linear, and factors
    that nobody labelled, escape it.
    """
    sd = known_NK.std(0)
    scale = np.where(sd > 0, sd, 1.0)
    known = (known_NK - known_NK.mean(0)) / scale
    read = (read_NK - read_NK.mean(0)) / scale
    named = np.array(factors if len(factors) else range(known.shape[1]))
    slopes = np.zeros((known.shape[1], known.shape[1]))
    for k, factor in enumerate(named):
        at = np.flatnonzero((named != factor) | (np.arange(len(named)) == k))
        slopes[k, at] = np.linalg.lstsq(known[:, at], read[:, k])[0]
    return slopes


def explained(effects_K: Array, slopes_KK: Array) -> Array:
    """How much of each effect (K,), in sd, the others explain at most, (K,).

    The sum of abs(slope of probe k on l) * abs(effect on l) over all l but k. Both directions
    add up, so it is a bound and not an estimate.
    """
    others = np.abs(slopes_KK) * (1 - np.eye(len(slopes_KK)))
    return np.asarray(others @ np.nan_to_num(np.abs(effects_K)))
