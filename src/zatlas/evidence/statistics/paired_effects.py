"""What moves do to properties, over a table of moves and properties, and what may be said of it.

Each image is compared with itself, before and after a step of +1 and, where it was taken, of -1.
With D+ and D- the two differences of an image, the odd part (D+ - D-) / 2 has opposite signs in
the two directions; the even part (D+ + D-) / 2 has the same. The root mean square over images
also keeps effects that have opposite signs in different images.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from zatlas.errors import InputError
from zatlas.evidence.arrays import Array
from zatlas.evidence.statistics.bootstrap_t import Estimates, Yardstick, move_estimates
from zatlas.evidence.statistics.intervals import LEVEL, wilcoxon, wilson

SMALLEST_EFFECT_SD = 0.2
"""Sd over real images: the size from which an effect is stated (Cohen 1988: a small effect)."""
MOVED_SD = 0.1
"""Sd over real images: a stated effect is surely larger than this."""
OPPOSITE_FRACTION = 0.1
"""Fraction of images that surely go each way where effects are said to be opposite."""
SURE = (1 - LEVEL) / 2
"""Largest family-wise error, per move, of the statements on all its properties (one-sided)."""

EffectKind = Literal[
    "directed", "one way", "either way", "opposite", "uneven", "small", "not settled"
]
"""What may be said of an effect; the rules are those of :func:`findings`."""


@dataclass(frozen=True)
class PairedEffects:
    """Effects of M moves on K properties over ``n`` images; every array has the shape (M, K).

    Attributes
    ----------
    up, down : Estimates
        Means of D+ and D-. ``down`` is None where only the step +1 was taken.
    odd, even : Estimates
        Means of the odd and of the even part. Where only the step +1 was taken, ``odd`` is ``up``
        and ``even`` None.
    rms : Estimates
        Root mean square over images of D+ and D- together, or of D+ alone.
    rises, falls : array
        Fractions of images in which the step +1 raises, or lowers, the property.
    agree, agree_low, agree_high : array
        Fraction of images whose odd part has the sign of its mean; Wilson interval.
    d_z : array
        Cohen's d_z of the odd part: its mean over its sd. NaN where it has no spread.
    p, q, p_even : array
        Wilcoxon signed-rank test of the odd and the even part; q of the odd part after
        Benjamini-Hochberg over all tests of the table.
    finding : array of str
        An :data:`EffectKind` for each cell; see :func:`findings`.
    """

    n: int
    up: Estimates
    down: Estimates | None
    odd: Estimates
    even: Estimates | None
    rms: Estimates
    rises: Array
    falls: Array
    agree: Array
    agree_low: Array
    agree_high: Array
    d_z: Array
    p: Array
    q: Array
    p_even: Array | None
    finding: Array


def paired_effects(up_NMK: Array, down_NMK: Array | None, yardstick: Yardstick) -> PairedEffects:
    """Statistics of one table of moves.

    Parameters
    ----------
    up_NMK : array (N, M, K)
        Property after the step +1 minus before, in the property's unit.
    down_NMK : array (N, M, K) or None
        The same for the step -1; None for a move in one direction, such as an edit as typed.
    yardstick : Yardstick
        The real values of the K properties, resampled with the N images.

    Raises
    ------
    InputError
        If the shapes do not fit each other.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> real = rng.normal(50, 10, (2, 256))
    >>> up = np.stack([rng.normal(5, 2, 256), np.zeros(256)], axis=1)[:, None]
    >>> yardstick = Yardstick(256, real, [True, True], seed=0)
    >>> paired_effects(up, -up, yardstick).finding.tolist()
    [['directed', 'small']]
    """
    n, k = len(yardstick.values), len(yardstick.sd)
    if up_NMK.ndim != 3 or (len(up_NMK), up_NMK.shape[2]) != (n, k):
        raise InputError(f"up_NMK has shape {up_NMK.shape}; give ({n}, moves, {k})")
    if down_NMK is not None and down_NMK.shape != up_NMK.shape:
        raise InputError(
            f"down_NMK has shape {down_NMK.shape}; give that of up_NMK, {up_NMK.shape}"
        )
    part = _estimates(up_NMK, down_NMK, yardstick)
    odd_NMK = up_NMK if down_NMK is None else (up_NMK - down_NMK) / 2
    tests = [_wilcoxon(odd_NMK)]
    means = [part["up"]]
    if down_NMK is not None:
        tests.append(_wilcoxon((up_NMK + down_NMK) / 2))
        means = [part[name] for name in ("odd", "even", "up", "down")]
    p = np.stack(tests)
    q = stats.false_discovery_control(p, axis=None).reshape(p.shape)
    odd = means[0]
    agreeing = ((np.sign(odd_NMK) == np.sign(odd.value)) & (odd.value != 0)).sum(0)
    agree_low, agree_high = wilson(agreeing, n)
    return PairedEffects(
        n, part["up"], part.get("down"), odd, part.get("even"), part["rms"],
        rises=(up_NMK > 0).mean(0), falls=(up_NMK < 0).mean(0), agree=agreeing / n,
        agree_low=agree_low, agree_high=agree_high, d_z=_d_z(odd_NMK), p=p[0], q=q[0],
        p_even=None if down_NMK is None else p[1],
        finding=findings(n, means, part["rms"], _minority(up_NMK, yardstick.sd)),
    )  # fmt: skip


def _estimates(up_NMK: Array, down_NMK: Array | None, yardstick: Yardstick) -> dict[str, Estimates]:
    """The estimates of ``move_estimates``, each (M, K)."""
    moves = [
        move_estimates(up_NMK[:, m], None if down_NMK is None else down_NMK[:, m], yardstick)
        for m in range(up_NMK.shape[1])
    ]
    found = {}
    for name in moves[0]:
        value, low, high, _, *in_sd = np.stack([move[name] for move in moves], axis=1)
        found[name] = Estimates(value, low, high, *in_sd)
    return found


def _d_z(odd_NMK: Array) -> Array:
    mean = odd_NMK.mean(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = odd_NMK.std(0, ddof=1) if len(odd_NMK) > 1 else np.full(mean.shape, np.nan)
        # a spread that is rounding alone (the same change in every image) has no d_z
        return np.where(spread > 1e-9 * np.abs(mean), mean / spread, np.nan)


def findings(n: int, means: Sequence[Estimates], rms: Estimates, minority: Array) -> Array:
    """What may be said of each cell (M, K), by the first rule that holds.

    An effect is stated where it is at least 0.2 sd, its 95 % interval lies beyond 0.1 sd, and the
    test of "at most 0.1 sd" rejects at 0.025 after Holm (1979) over all that could be stated of
    the move: every part of every property.

    1. "one way": the mean of one step is stated; the other is under 0.1 sd, surely under 0.2.
    2. "either way": the even part is stated and larger than the odd part, if that is stated too.
    3. "directed": the odd part is stated.
    4. "opposite": the root mean square is surely at least 0.2 sd, and surely a tenth of the images
       goes up by 0.2 sd or more, and a tenth down.
    5. "not settled": the odd or the even part is at least 0.2 sd but is not stated.
    6. "uneven": the root mean square is surely at least 0.2 sd, and the means are surely under
       0.2 sd: some images change much more than others.
    7. "small": the root mean square and the means are surely under 0.2 sd.
    8. "not settled": all else.

    Parameters
    ----------
    n : int
        Number of images.
    means : sequence of Estimates
        [mean of D+] or [odd part, even part, mean of D+, mean of D-].
    rms : Estimates
        Root mean square of the steps.
    minority : array (M, K)
        Fraction of images with D+ of at least 0.2 sd, of the rarer sign.
    """
    parts = (*means, rms)
    p = np.stack([part.p_beyond(MOVED_SD, n) for part in parts], axis=1)  # (M, P, K)
    sure = (holm(p.reshape(len(p), -1)).reshape(p.shape) <= SURE).swapaxes(0, 1)
    value = np.stack([np.abs(part.value_sd) for part in parts])
    least = np.stack([part.least_sd for part in parts])
    stated = sure & (value >= SMALLEST_EFFECT_SD) & (least >= MOVED_SD)
    large = stated[-1] & (least[-1] >= SMALLEST_EFFECT_SD)
    under = np.all([part.most_sd < SMALLEST_EFFECT_SD for part in means], 0)
    unmoved = rms.value == 0  # also where the yardstick is 0
    unsettled = value[0] >= SMALLEST_EFFECT_SD
    either = one = np.zeros_like(large)
    if len(means) > 1:
        unsettled |= value[1] >= SMALLEST_EFFECT_SD
        either = stated[1] & ~(stated[0] & (value[0] >= value[1]))
        still = [(e.most_sd < SMALLEST_EFFECT_SD) & (np.abs(e.value_sd) < MOVED_SD) for e in means]
        one = (stated[2] & still[3]) | (stated[3] & still[2])
    rules: dict[EffectKind, Array] = {
        "one way": one,
        "either way": either,
        "directed": stated[0],
        "opposite": large & (wilson(minority * n, n)[0] >= OPPOSITE_FRACTION),
        "not settled": unsettled,
        "uneven": large & under,
        "small": (under & (rms.most_sd < SMALLEST_EFFECT_SD)) | unmoved,
    }
    return np.select(list(rules.values()), list(rules), "not settled")


def holm(p_MC: Array) -> Array:
    """p after Holm's step-down correction over each row (Holm 1979), (M, C).

    >>> holm(np.array([[0.01, 0.04, 0.03]])).tolist()
    [[0.03, 0.06, 0.06]]
    """
    order = np.argsort(p_MC, axis=1)
    steps = np.take_along_axis(p_MC, order, 1) * np.arange(p_MC.shape[1], 0, -1)
    corrected = np.empty_like(p_MC)
    np.put_along_axis(corrected, order, np.minimum(np.maximum.accumulate(steps, 1), 1), 1)
    return corrected


def _wilcoxon(values_NMK: Array) -> Array:
    n, moves, properties = values_NMK.shape
    return wilcoxon(values_NMK.reshape(n, -1)).reshape(moves, properties)


def _minority(up_NMK: Array, sd_K: Array) -> Array:
    """Fraction of images with a change of at least 0.2 sd, of the rarer sign, (M, K)."""
    visible = SMALLEST_EFFECT_SD * sd_K
    return np.asarray(np.minimum((up_NMK >= visible).mean(0), (up_NMK <= -visible).mean(0)))
