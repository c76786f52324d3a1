"""What moves do to properties, over a table of moves and properties, and what may be said of it.

Each image is compared with itself, before and after a step of +1 and, where it was taken, of -1.
With D+ and D- the two differences of an image, the odd part (D+ - D-) / 2 has opposite signs in
the two directions; the even part (D+ + D-) / 2 has the same. The root mean square over images
also keeps effects that have opposite signs in different images.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from trials.bootstrap_t import RESAMPLES, Estimate, Yardstick, estimate
from zatlas.errors import InputError
from zatlas.evidence.arrays import Array
from zatlas.evidence.statistics.intervals import LEVEL, wilcoxon, wilson

SMALLEST_EFFECT_SD = 0.2
"""Sd over real images: the size from which an effect is stated (Cohen 1988: a small effect)."""
MOVED_SD = 0.1
"""Sd over real images: a stated effect is surely larger than this."""
OPPOSITE_FRACTION = 0.1
"""Fraction of images that surely go each way where effects are said to be opposite."""
SURE = (1 - LEVEL) / 2
"""Largest family-wise error, per move, of the statements on all its properties (one-sided)."""

DIRECTED, EITHER_WAY, ONE_WAY = "directed", "either way", "one way"
OPPOSITE, UNEVEN, SMALL, NOT_SETTLED = "opposite", "uneven", "small", "not settled"
KINDS = (DIRECTED, EITHER_WAY, ONE_WAY, OPPOSITE, UNEVEN, SMALL, NOT_SETTLED)


@dataclass(frozen=True)
class PairedEffects:
    """Effects of M moves on K properties over ``n`` images; every array has the shape (M, K).

    Attributes
    ----------
    effect, even : Estimate
        Means of the odd and of the even part. ``effect`` is the mean of D+ where only the step +1
        was taken; ``even`` is None there.
    up, down : Estimate
        Means of D+ and D-. ``down`` is None where only the step +1 was taken.
    rms, rms_up, rms_down : Estimate
        Root mean squares over images of the odd part, of D+ and of D- (None as ``down``).
    rises, falls : array
        Fractions of images in which the step +1 raises, or lowers, the property.
    agree, agree_low, agree_high : array
        Fraction of images whose odd part has the sign of its mean; Wilson interval.
    p, q, p_even, q_even : array
        Wilcoxon signed-rank test of the odd and the even part; q after Benjamini-Hochberg over all
        tests of the table.
    kind : array of str
        See :func:`kinds`.
    """

    n: int
    effect: Estimate
    even: Estimate | None
    up: Estimate
    down: Estimate | None
    rms: Estimate
    rms_up: Estimate
    rms_down: Estimate | None
    rises: Array
    falls: Array
    agree: Array
    agree_low: Array
    agree_high: Array
    p: Array
    q: Array
    p_even: Array | None
    q_even: Array | None
    kind: Array

    @property
    def named(self) -> Array:
        """Cells whose property a sentence may name with a direction."""
        return np.asarray(np.isin(self.kind, KINDS[:3]))


def paired_effects(
    up_NMK: Array,
    down_NMK: Array | None,
    real_NK: Array,
    seed: int,
    resamples: int = RESAMPLES,
) -> PairedEffects:
    """Statistics of one table of moves.

    Parameters
    ----------
    up_NMK : array (N, M, K)
        Property after the step +1 minus before, in the property's unit.
    down_NMK : array (N, M, K) or None
        The same for the step -1; None for a move in one direction, such as an edit as typed.
    real_NK : array (N, K)
        The properties of the same N real images. Their sd is the yardstick.
    seed : int
        Of the resamples: the same arrays and seed give the same numbers.

    Raises
    ------
    InputError
        If the shapes do not fit each other.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> real = rng.normal(50, 10, (256, 2))
    >>> up = np.stack([rng.normal(5, 2, 256), np.zeros(256)], axis=1)[:, None]
    >>> paired_effects(up, -up, real, seed=0).kind.tolist()
    [['directed', 'small']]
    """
    _check_shapes(up_NMK, down_NMK, real_NK)
    yardstick = Yardstick(real_NK, seed, resamples)
    up, rms_up = estimate(up_NMK, yardstick), estimate(up_NMK, yardstick, root=True)
    odd, effect, rms, even, down, rms_down = up_NMK, up, rms_up, None, None, None
    tests, means, sizes = [_wilcoxon(up_NMK)], [up], [rms_up]
    if down_NMK is not None:
        odd, same = (up_NMK - down_NMK) / 2, (up_NMK + down_NMK) / 2
        effect, rms = estimate(odd, yardstick), estimate(odd, yardstick, root=True)
        even, down = estimate(same, yardstick), estimate(down_NMK, yardstick)
        rms_down = estimate(down_NMK, yardstick, root=True)
        tests = [_wilcoxon(odd), _wilcoxon(same)]
        means, sizes = [effect, even, up, down], [rms_up, rms_down]
    p = np.stack(tests)
    q = stats.false_discovery_control(p, axis=None).reshape(p.shape)
    agreeing = ((np.sign(odd) == np.sign(effect.value)) & (effect.value != 0)).sum(0)
    kind = kinds(len(odd), means, sizes, _minority(up_NMK, SMALLEST_EFFECT_SD * yardstick.sd))
    parts = effect, even, up, down, rms, rms_up, rms_down
    signs = (up_NMK > 0).mean(0), (up_NMK < 0).mean(0), agreeing / len(odd)
    p_even, q_even = (p[1], q[1]) if len(p) > 1 else (None, None)
    agree_ends = wilson(agreeing, len(odd))
    return PairedEffects(len(odd), *parts, *signs, *agree_ends, p[0], q[0], p_even, q_even, kind)


def kinds(n: int, means: Sequence[Estimate], sizes: Sequence[Estimate], minority: Array) -> Array:
    """What may be said of each cell (M, K), one word by the first rule that holds.

    An effect is stated where it is at least 0.2 sd, its 95 % interval lies beyond 0.1 sd, and the
    test of "at most 0.1 sd" rejects at 0.025 after Holm (1979) over all that could be stated of
    the move: every part of every property.

    1. "one way": the mean of one step is stated; the other is under 0.1 sd, surely under 0.2.
    2. "either way": the even part is stated and larger than the odd part, if that is stated too.
    3. "directed": the odd part is stated.
    4. "not settled": the odd or the even part is at least 0.2 sd but is not stated.
    5. "opposite": the root mean square of a step is surely at least 0.2 sd, and surely a tenth of
       the images goes up by 0.2 sd or more, and a tenth down.
    6. "uneven": the root mean square of a step is surely at least 0.2 sd, and the means are surely
       under 0.2 sd: some images change much more than others.
    7. "small": the root mean squares of the steps are surely under 0.2 sd.
    8. "not settled": all else.

    Parameters
    ----------
    means : sequence of Estimate
        [mean of D+] or [odd part, even part, mean of D+, mean of D-].
    sizes : sequence of Estimate
        Root mean squares of D+ and, where it was taken, of D-.
    minority : array (M, K)
        Fraction of images with D+ of at least 0.2 sd, of the rarer sign.
    """
    p = np.stack([part.p_beyond(MOVED_SD, n) for part in (*means, *sizes)], axis=1)  # (M, P, K)
    sure = (holm(p.reshape(len(p), -1)).reshape(p.shape) <= SURE).swapaxes(0, 1)
    value = np.stack([np.abs(part.value_sd) for part in (*means, *sizes)])
    least = np.stack([part.least_sd for part in (*means, *sizes)])
    stated = sure & (value >= SMALLEST_EFFECT_SD) & (least >= MOVED_SD)
    large = (stated & (least >= SMALLEST_EFFECT_SD))[len(means) :].any(0)
    under = [np.all([e.most_sd < SMALLEST_EFFECT_SD for e in part], 0) for part in (means, sizes)]
    unmoved = np.all([part.value == 0 for part in sizes], 0)  # also where the yardstick is 0
    unsettled = value[0] >= SMALLEST_EFFECT_SD
    either = one = np.zeros_like(large)
    if len(means) > 1:
        unsettled |= value[1] >= SMALLEST_EFFECT_SD
        either = stated[1] & ~(stated[0] & (value[0] >= value[1]))
        still = [(e.most_sd < SMALLEST_EFFECT_SD) & (np.abs(e.value_sd) < MOVED_SD) for e in means]
        one = (stated[2] & still[3]) | (stated[3] & still[2])
    rules = {
        ONE_WAY: one,
        EITHER_WAY: either,
        DIRECTED: stated[0],
        NOT_SETTLED: unsettled,
        OPPOSITE: large & (wilson(minority * n, n)[0] >= OPPOSITE_FRACTION),
        UNEVEN: large & under[0],
        SMALL: under[1] | unmoved,
    }
    return np.select(list(rules.values()), list(rules), NOT_SETTLED)


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


def _minority(up_NMK: Array, visible_K: Array) -> Array:
    """Fraction of images with a change of at least ``visible``, of the rarer sign, (M, K)."""
    return np.asarray(np.minimum((up_NMK >= visible_K).mean(0), (up_NMK <= -visible_K).mean(0)))


def _check_shapes(up_NMK: Array, down_NMK: Array | None, real_NK: Array) -> None:
    if up_NMK.ndim != 3 or up_NMK[:, 0].shape != real_NK.shape:
        raise InputError(f"up_NMK {up_NMK.shape} and real_NK {real_NK.shape} differ in N or K")
    if down_NMK is not None and down_NMK.shape != up_NMK.shape:
        raise InputError(f"down_NMK {down_NMK.shape} must have the shape of up_NMK {up_NMK.shape}")
