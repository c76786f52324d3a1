"""Effects over images: their parts, their intervals, and what may be said of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats

from zatlas.errors import InputError
from zatlas.evidence.arrays import Array
from zatlas.evidence.statistics.bootstrap_t import Yardstick, move_estimates
from zatlas.evidence.statistics.main_effect import Largest, largest_effect
from zatlas.evidence.statistics.paired_effects import PairedEffects, holm, paired_effects
from zatlas.evidence.statistics.resamples import resample_counts

N = 256
VALUE, LOW, HIGH, ERROR, VALUE_SD, LOW_SD, HIGH_SD, ERROR_SD = range(8)


def real(n: int = N, k: int = 3, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(50, 10, (n, k))


def yardstick(values_NK: Array | None = None, seed: int = 0, resamples: int = 1999) -> Yardstick:
    values = real() if values_NK is None else values_NK
    return Yardstick(len(values), list(values.T), [True] * values.shape[1], seed, resamples)


def spread(mean: Any, sd: float, seed: int, n: int = N, k: int = 3) -> Array:
    """Effects (n, 1, k) whose mean and sd are exact, in the unit of a yardstick of sd 10."""
    drawn = stats.zscore(np.random.default_rng(seed).standard_normal((n, 1, k)))
    return np.asarray(10 * (np.asarray(mean) + sd * drawn))


def table(up: Array, down: Array | None) -> PairedEffects:
    return paired_effects(up, down, yardstick(real(len(up), up.shape[2])))


def finding(up: Array, down: Array | None) -> list[str]:
    words: list[str] = table(up, down).finding.ravel().tolist()
    return words


@pytest.mark.parametrize("root", [False, True])
def test_the_interval_in_sd_is_the_bootstrap_t_by_hand(root: bool) -> None:
    n, resamples = 40, 199
    rng = np.random.default_rng(1)
    x, r = rng.exponential(size=n) + 0.2, 3 + 2 * rng.exponential(size=n)
    found = move_estimates(x[:, None], None, yardstick(r[:, None], 5, resamples))
    row = found["rms" if root else "up"][:, 0]

    def value_and_error(rows: Array, real: Array) -> tuple[float, float]:
        m = np.mean(rows**2 if root else rows)
        s, off = real.std(), (real - real.mean()) ** 2
        if root:  # influence of one image on sqrt(m) / s, and on m / s
            influence = (rows**2 - m) / (2 * np.sqrt(m) * s)
            influence -= np.sqrt(m) * (off - s**2) / (2 * s**3)
            return np.sqrt(m) / s, influence.std() / np.sqrt(n - 1)
        influence = (rows - m) / s - m * (off - s**2) / (2 * s**3)
        return m / s, influence.std() / np.sqrt(n - 1)

    value, error = value_and_error(x, r)
    t = []
    for counts in resample_counts(n, resamples, 5):
        rows = np.repeat(np.arange(n), counts)
        again = value_and_error(x[rows], r[rows])
        t.append((again[0] - value) / max(again[1], 0.1 * error))
    low, high = np.sort(t)[[194, 4]]
    assert row[VALUE_SD] == pytest.approx(value)
    assert row[ERROR_SD] == pytest.approx(error)
    assert row[LOW_SD] == pytest.approx(value - low * error)
    assert row[HIGH_SD] == pytest.approx(value - high * error)


@pytest.mark.parametrize("own", [True, False])
def test_intervals_in_sd_cover_the_true_effect_in_sd(own: bool) -> None:
    """The sd of the images is an estimate too; taken as exact, about 35 % of these cover.

    Labels (``own`` False) are of other images: their sd is resampled on its own.
    """
    rng = np.random.default_rng(2)
    k, draws, n = 20, 40, 128
    covered = np.zeros((2, 3))
    for draw in range(draws):
        values = rng.gamma(4, 1, (k, n if own else 300))  # sd 2, skewed
        unit = Yardstick(n, list(values), [own] * k, draw, 499)
        g, off = rng.standard_normal((2, n, k))
        true = np.array([0.5, 0.5, 0.0]), np.array([0.5, np.sqrt(5) / 4, 0.5])
        for world, effects in enumerate((np.ones((n, k)), 1 + g / 2, np.sign(off))):
            found = move_estimates(effects, None, unit)
            for at, part in enumerate(("up", "rms")):
                low, high = found[part][[LOW_SD, HIGH_SD]]
                inside = (low <= true[at][world]) & (true[at][world] <= high)
                covered[at, world] += inside.mean() / draws
    assert covered.min() > 0.92
    assert covered.max() < 0.98


def test_labels_of_other_images_do_not_hang_on_the_images_measured() -> None:
    up, values = spread(0.5, 0.3, 20), list(real().T)
    mixed = Yardstick(N, values, [True, False, False], 0)
    one = paired_effects(up, None, mixed).odd
    other = paired_effects(up, None, yardstick()).odd
    assert one.value_sd == pytest.approx(other.value_sd)
    assert one.low == pytest.approx(other.low)
    assert one.low_sd[0, 0] == pytest.approx(other.low_sd[0, 0])
    assert one.low_sd[0, 1] != pytest.approx(other.low_sd[0, 1])
    shuffled = [values[0], *(np.random.default_rng(1).permutation(v) for v in values[1:])]
    again = paired_effects(up, None, Yardstick(N, shuffled, [True, False, False], 0)).odd
    assert again.error_sd == pytest.approx(one.error_sd)
    with pytest.raises(InputError, match="real has 255 values of a property; 256 images"):
        Yardstick(N, [values[0][1:]], [True], 0)


def test_an_effect_that_is_the_same_both_ways_is_kept() -> None:
    both = spread([0.3, 0.3, 0], 0.1, 3)
    found = table(both, spread([0.3, 0.3, 0], 0.1, 4))
    assert found.odd.value_sd[0, 0] == pytest.approx(0, abs=0.01)
    assert found.even is not None
    assert found.even.value_sd[0, 0] == pytest.approx(0.3, abs=0.03)
    assert found.finding.tolist() == [["either way", "either way", "small"]]
    assert found.p_even is not None
    assert found.p_even[0, 0] < 1e-6


def test_an_effect_of_one_step_alone_is_named() -> None:
    for size in (0.3, 0.6):  # of 0.6, the odd and the even part are 0.3 sd each
        assert finding(spread(size, 0.1, 5), spread(0, 0.02, 6)) == ["one way"] * 3
        assert finding(spread(0, 0.02, 6), spread(-size, 0.1, 5)) == ["one way"] * 3


@pytest.mark.parametrize("share", [0.5, 0.6])
@pytest.mark.parametrize("size", [0.4, 1.0])
def test_opposite_effects_are_not_none(size: float, share: float) -> None:
    sign = np.where(np.arange(N) < share * N, 1, -1)[:, None, None]
    up = spread(size, 0.1, 7) * sign
    found = table(up, -up)
    assert set(found.finding.ravel()) <= ({"opposite"} if size < 1 else {"opposite", "directed"})
    assert found.rms.value_sd == pytest.approx(np.full((1, 3), size), abs=0.1)
    assert (found.rms.low_sd > 0.8 * size).all()
    assert found.rises == pytest.approx(np.full((1, 3), share), abs=0.01)
    even = table(up, up)  # each image the same both ways: the odd part is 0
    assert set(even.finding.ravel()) <= {"opposite", "either way"}
    assert even.odd.value.max() == 0
    assert even.rms.value == pytest.approx(found.rms.value)


def test_few_images_that_change_much_are_uneven() -> None:
    few = (np.arange(N) % 20 == 0)[:, None, None]
    up = 10 * 1.5 * few + spread(0, 0.05, 16)  # the others go up and down by little
    assert finding(up, -up) == ["uneven"] * 3


def test_small_only_where_the_interval_says_so_else_not_settled() -> None:
    wide = spread(0.18, 0.9, 8, n=64)  # rms 0.9: many images surely go each way
    assert finding(wide, -wide) == ["opposite"] * 3
    few = 10 * np.where(np.arange(N) % 32 == 0, 6.7, 0)[:, None, None] + spread(0, 0.05, 16)
    found = table(few, -few)  # a mean of about 0.2, of which the interval is wide
    assert found.finding.tolist() == [["not settled"] * 3]
    assert found.odd.low_sd.max() < 0.1
    assert found.odd.high_sd.min() > 0.3
    assert finding(spread(0.05, 0.05, 9), -spread(0.05, 0.05, 9)) == ["small"] * 3
    for mean, sd in ((0.19, 0.1), (0.15, 0.14)):  # the mean, and the root mean square, span 0.2
        assert finding(spread(mean, sd, 9), -spread(mean, sd, 9)) == ["not settled"] * 3


def test_what_one_step_moves_is_not_small() -> None:
    """A mean of 0.23 of one step and -0.12 of the other: both parts and the size are under 0.2."""
    up, down = spread(0.23, 0.02, 21), spread(-0.12, 0.02, 22)
    found = table(up, down)
    assert found.rms.high_sd.max() < 0.2
    assert found.finding.tolist() == [["not settled"] * 3]
    assert finding(up, None) == ["directed"] * 3


def test_an_edit_and_the_step_up_of_its_element_have_the_same_numbers() -> None:
    up, down = spread(0.4, 0.3, 10), spread(-0.1, 0.3, 11)
    element, edit = table(up, down), table(up, None)
    for name, values in vars(element.up).items():
        assert values == pytest.approx(getattr(edit.odd, name), rel=1e-9)
        assert values == pytest.approx(getattr(edit.up, name), rel=1e-9)
    assert (edit.even, edit.down, edit.p_even) == (None,) * 3
    assert edit.finding.tolist() == [["directed"] * 3]


def test_a_null_among_live_elements_is_not_named() -> None:
    """Benjamini-Hochberg over a table that is mostly live named it in 40 % of such draws."""
    rng = np.random.default_rng(12)
    named = np.zeros(2)
    for draw in range(20):
        up = 0.8 + 1.5 * rng.standard_normal((64, 10, 6))
        up[:, 9] -= 0.8
        found = paired_effects(up, -up, yardstick(rng.standard_normal((64, 6)), draw, 499))
        said = found.finding == "directed"
        named += [said[:9].mean(), said[9].any()]
    assert named[1] <= 1
    assert named[0] / 20 > 0.5


def test_the_table_by_hand() -> None:
    odd = np.array([[1.0, 0, 1], [3, 0, 1], [2, 0, 1], [-2, 0, 1]])[:, None]
    values = np.array([[0.0, 0, 7], [4, 2, 7], [0, 0, 7], [4, 2, 7]])
    found = paired_effects(odd + 1, 1 - odd, yardstick(values))
    assert found.n == 4
    assert found.odd.value.tolist() == [[1, 0, 1]]
    assert found.odd.value_sd[0, :2].tolist() == [0.5, 0]
    assert np.isnan(found.odd.value_sd[0, 2])  # the property does not vary over real images
    assert found.even is not None
    assert found.even.value.tolist() == [[1, 1, 1]]
    assert found.up.value.tolist() == [[2, 1, 2]]
    assert found.down is not None
    assert found.down.value.tolist() == [[0, 1, 0]]
    assert found.rms.value[0] == pytest.approx([np.sqrt((30 + 14) / 8), 1, np.sqrt(2)])
    assert found.rises.tolist() == [[0.75, 1, 1]]
    assert found.falls.tolist() == [[0.25, 0, 0]]
    assert found.agree.tolist() == [[0.75, 0, 1]]
    assert found.d_z[0, 0] == pytest.approx(1 / np.std([1, 3, 2, -2], ddof=1))
    assert np.isnan(found.d_z[0, 1:]).all()
    assert found.p[0, 1] == 1
    assert found.finding[0, 2] == "not settled"


def test_intervals_without_spread_and_of_one_image() -> None:
    same = table(np.full((9, 1, 1), 0.3), None)
    assert (same.up.low[0, 0], same.up.high[0, 0]) == pytest.approx((0.3, 0.3))
    assert same.up.low_sd[0, 0] < same.up.value_sd[0, 0] < same.up.high_sd[0, 0]
    none = table(np.zeros((9, 1, 1)), None)
    assert (none.rms.low_sd[0, 0], none.rms.high_sd[0, 0]) == (0, 0)
    one = table(np.ones((1, 1, 1)), None)
    for part in (one.up, one.rms):
        assert part.value[0, 0] == 1
        assert np.isnan([part.low[0, 0], part.high[0, 0], part.low_sd[0, 0]]).all()
    assert one.finding.tolist() == [["not settled"]]


def test_a_few_spikes_leave_a_finite_interval() -> None:
    spikes = np.zeros((128, 1, 1))
    spikes[:3] = 5
    found = table(spikes, None).up
    assert np.isfinite([found.low_sd, found.high_sd]).all()
    assert found.high[0, 0] > 0.3  # three times the mean


def test_benjamini_hochberg_runs_over_both_parts() -> None:
    up, down = np.random.default_rng(6).normal(0.15, 1, (2, 100, 5, 4))
    found = paired_effects(up, down, yardstick(real(100, 4), 0, 199))
    assert found.p_even is not None
    p = np.concatenate([found.p.ravel(), found.p_even.ravel()])
    assert found.q.ravel() == pytest.approx(stats.false_discovery_control(p)[:20])


def test_holm_by_hand() -> None:
    assert holm(np.array([[0.01, 0.04, 0.03], [0.5, 0.5, 0.02]])).tolist() == [
        pytest.approx([0.03, 0.06, 0.06]),
        pytest.approx([1, 1, 0.06]),
    ]


def test_same_seed_same_numbers() -> None:
    up = spread(0.2, 1, 13)
    one, other, third = (
        paired_effects(up, None, yardstick(seed=seed)).odd.low_sd for seed in (5, 5, 6)
    )
    assert np.array_equal(one, other)
    assert not np.array_equal(one, third)


def test_shapes_that_do_not_fit_are_refused() -> None:
    up, unit = np.zeros((9, 2, 3)), yardstick(real(9))
    with pytest.raises(InputError, match="up_NMK"):
        paired_effects(up[..., :2], None, unit)
    with pytest.raises(InputError, match="down_NMK"):
        paired_effects(up, up[:, :1], unit)
    with pytest.raises(InputError, match="families"):
        largest_effect(up[:, 0], None, unit, ["light"], [0])


# Mainly


def largest(means: Sequence[float], families: str) -> Largest:
    k = len(means)
    effects = spread(means, 0.1, 14, k=k)[:, 0]
    return largest_effect(effects, -effects, yardstick(real(N, k)), families, range(k))


def test_mainly_compares_with_every_other_family_named_or_not() -> None:
    near = largest([0.346, 0.184, 0], "abc")  # the second is under 0.2 sd and has no name
    assert (near.first, near.second) == (0, 1)
    assert near.low < near.ratio < near.high
    assert not near.mainly
    assert largest([0.346, 0.05, 0], "abc").mainly


def test_mainly_takes_the_largest_member_of_a_family() -> None:
    assert not largest([-0.8, 0.7, 0.1], "abc").mainly
    family = largest([-0.8, 0.7, 0.1], "aab")
    assert family.mainly
    assert family.second == 2
    assert family.ratio == pytest.approx(8, rel=0.2)


def test_mainly_compares_the_larger_step() -> None:
    up, down = spread([0.8, 0.3, 0], 0.05, 17)[:, 0], spread([0, 0.3, 0], 0.05, 18)[:, 0]
    one = largest_effect(up, down, yardstick(), "abc", range(3))
    assert one.ratio == pytest.approx(0.8 / 0.3, rel=0.1)


def test_mainly_of_one_family_and_of_no_effect() -> None:
    alone = largest([0.5, 0.4], "aa")
    assert (alone.second, alone.low, alone.mainly) == (-1, np.inf, True)
    nothing = largest_effect(np.zeros((9, 2)), None, yardstick(real(9, 2)), "ab", range(2))
    assert np.isnan(nothing.ratio)
    assert not nothing.mainly


def test_mainly_is_seldom_said_of_effects_that_are_less_than_twice_as_large() -> None:
    rng = np.random.default_rng(15)
    true = np.array([0.5, 0.26, 0.2, 0, 0])
    unit, said = yardstick(rng.standard_normal((128, 5)), 0, 999), 0
    for _ in range(60):
        effects = true + (0.5 * true + 0.1) * rng.standard_normal((128, 5))
        said += largest_effect(effects, None, unit, "abcde", range(5)).mainly
    assert said <= 3
