"""Cross-talk of probes: what a probe of one factor reads when another factor moves.

A probe may score above chance by something else: glasses darken the eyes, so a weak probe of closed
eyes also detects glasses. Where the factors of held-out images are known, the estimates of each
probe on their reconstructions are regressed on all factors at once; the slopes on the other factors
are its cross-talk. A sentence names a factor only where the effect on it exceeds what cross-talk
explains.
"""

from collections.abc import Sequence

import numpy as np

from zatlas.evidence.arrays import Array

ERRORS_ANEW = 2.0
"""Two of the images that a probe learned from would give sqrt(2). A moved picture may lie beyond
them, where a probe errs more (known effects, development seeds)."""
_SMALLEST_SLOPE = 0.1  # a probe that follows its own factor less tells nothing of it


def responses(estimates_NK: Array, known_NK: Array, factors: Sequence[str] = ()) -> Array:
    """Slopes (K, K) of the probes' estimates on the known factors, in sd.

    Row k, column l is how far probe k moves, in sd of factor k, when factor l moves by one of its
    sd and the others stay. A perfect probe has 1 on the diagonal and 0 elsewhere; a probe at chance
    has a row of zeros. By least squares, so that correlated factors are told apart; a factor that
    is a sum of others shares its slope with them. It does not see effects that are far from linear,
    nor factors that have no labels.

    Parameters
    ----------
    estimates_NK, known_NK : what K probes estimate of N reconstructions, and what is known of
        the held-out images.
    factors : the name of the factor of each column. Levels of one factor exclude each other, which
        is not cross-talk, so they are left out of each other's regression.
    """
    estimates, known = (_in_sd(values, known_NK) for values in (estimates_NK, known_NK))
    columns = np.array(factors if len(factors) else range(known.shape[1]))
    slopes = np.zeros((known.shape[1], known.shape[1]))
    for k, factor in enumerate(columns):
        at = np.flatnonzero((columns != factor) | (np.arange(len(columns)) == k))
        slopes[k, at] = np.linalg.lstsq(known[:, at], estimates[:, k])[0]
    return slopes


def own_part(estimates_NK: Array, known_NK: Array, factors: Sequence[str] = ()) -> Array:
    """What the probes estimate, (N, K) in sd, less what the other factors add to it.

    The parameters are those of :func:`responses`.
    """
    slopes = responses(estimates_NK, known_NK, factors)
    others = _in_sd(known_NK, known_NK) @ (slopes * (1 - np.eye(len(slopes)))).T
    return np.asarray(_in_sd(estimates_NK, known_NK) - others)


def _in_sd(values_NK: Array, known_NK: Array) -> Array:
    """Values less their mean, in sd of what is known; undivided where that does not vary."""
    sd = known_NK.std(0)
    return np.asarray((values_NK - values_NK.mean(0)) / np.where(sd > 0, sd, 1.0))


def explained(effects_K: Array, slopes_KK: Array) -> Array:
    """How much of each effect (K,), in sd, the effects on other factors explain at most, (K,).

    What the factors truly move, t, solves S t = effects, where S are the slopes; a probe that
    hedges reads less than t. The sum of abs(S[k, l]) * abs(t[l]) over all l but k is a bound, not
    an estimate, because effects of opposite sign do not cancel.
    """
    true = np.linalg.lstsq(slopes_KK, np.nan_to_num(effects_K))[0]
    others = np.abs(slopes_KK) * (1 - np.eye(len(slopes_KK)))
    return np.asarray(others @ np.abs(true))


def explained_rms(rms_K: Array, slopes_KK: Array, errors_K: Array) -> Array:
    """How much of each root mean square over images (K,), in sd, is explained at most, (K,).

    A probe errs by ``errors_K`` (sd) from picture to picture, and errs anew, by up to
    ``ERRORS_ANEW`` times as much, in a picture that has changed; the caller gives smaller errors
    where pictures change less than one image differs from another. Added to it (as variances) is
    the bound of what the other factors explain.
    """
    true = np.nan_to_num(rms_K) / np.maximum(np.abs(np.diag(slopes_KK)), _SMALLEST_SLOPE)
    others = np.abs(slopes_KK) * (1 - np.eye(len(slopes_KK)))
    return np.asarray(np.sqrt((others @ true) ** 2 + (ERRORS_ANEW * errors_K) ** 2))
