import numpy as np
import pytest
from scipy import stats

from trials.bootstrap_t import Yardstick, estimate
from trials.main_effect import main_of
from trials.paired_effects import holm, paired_effects
from zatlas.errors import InputError
from zatlas.evidence.statistics.intervals import _counts

N = 256


def yardstick(n=N, k=3, seed=0):
    return np.random.default_rng(seed).normal(50, 10, (n, k))


def spread(mean, sd, seed, n=N, k=3):
    """Effects (n, 1, k) whose mean and sd are exact, in the unit of a yardstick of sd 10."""
    drawn = stats.zscore(np.random.default_rng(seed).standard_normal((n, 1, k)))
    return 10 * (np.asarray(mean) + sd * drawn)


def kind(up, down):
    return paired_effects(up, down, yardstick(len(up), up.shape[2]), seed=0).kind.ravel().tolist()


@pytest.mark.parametrize("root", [False, True])
def test_the_interval_in_sd_is_the_bootstrap_t_by_hand(root):
    n, resamples = 40, 199
    rng = np.random.default_rng(1)
    x, r = rng.exponential(size=n) + 0.2, 3 + 2 * rng.exponential(size=n)
    found = estimate(x[:, None, None], Yardstick(r[:, None], 5, resamples), root=root)

    def value_and_error(rows, real):
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
    for counts in _counts(n, resamples, 5):
        rows = np.repeat(np.arange(n), counts)
        again = value_and_error(x[rows], r[rows])
        t.append((again[0] - value) / max(again[1], 0.1 * error))
    low, high = np.sort(t)[[194, 4]]
    assert found.value_sd[0, 0] == pytest.approx(value)
    assert found.error_sd[0, 0] == pytest.approx(error)
    assert found.low_sd[0, 0] == pytest.approx(value - low * error)
    assert found.high_sd[0, 0] == pytest.approx(value - high * error)


def test_intervals_in_sd_cover_the_true_effect_in_sd():
    """The sd of the images is an estimate too; taken as exact, about 35 % of these cover."""
    rng = np.random.default_rng(2)
    moves, k, draws, n = 3, 20, 30, 128
    covered = np.zeros((2, moves))
    for draw in range(draws):
        real = rng.gamma(4, 1, (n, k))  # sd 2, skewed
        g, off = rng.standard_normal((2, n, k))
        effects = np.stack([np.ones((n, k)), 1 + g / 2, np.sign(off)], axis=1)
        true = np.array([0.5, 0.5, 0.0]), np.array([0.5, np.sqrt(5) / 4, 0.5])
        for at, root in enumerate((False, True)):
            found = estimate(effects, Yardstick(real, draw, 499), root=root)
            inside = (found.low_sd <= true[at][:, None]) & (true[at][:, None] <= found.high_sd)
            covered[at] += inside.mean(1) / draws
    assert covered.min() > 0.92
    assert covered.max() < 0.98


def test_an_effect_that_is_the_same_both_ways_is_kept():
    both = spread([0.3, 0.3, 0], 0.1, 3)
    table = paired_effects(both, spread([0.3, 0.3, 0], 0.1, 4), yardstick(), seed=0)
    assert table.effect.value_sd[0, 0] == pytest.approx(0, abs=0.01)
    assert table.even.value_sd[0, 0] == pytest.approx(0.3, abs=0.03)
    assert table.kind.tolist() == [["either way", "either way", "small"]]
    assert table.q_even[0, 0] < 1e-6


def test_an_effect_of_one_step_alone_is_named():
    for size in (0.3, 0.6):  # of 0.6, the odd and the even part are 0.3 sd each
        assert kind(spread(size, 0.1, 5), spread(0, 0.02, 6)) == ["one way"] * 3
        assert kind(spread(0, 0.02, 6), spread(-size, 0.1, 5)) == ["one way"] * 3


def test_opposite_effects_are_not_none():
    sign = np.where(np.arange(N) % 2, 1, -1)[:, None, None]
    up = spread(1, 0.2, 7) * sign
    table = paired_effects(up, -up, yardstick(), seed=0)
    assert table.kind.tolist() == [["opposite"] * 3]
    assert not table.named.any()
    assert table.rms.value_sd == pytest.approx(np.full((1, 3), 1.02), abs=0.1)
    assert (table.rms.low_sd > 0.8).all()
    assert table.rises == pytest.approx(np.full((1, 3), 0.5))
    assert kind(up, up) == ["opposite"] * 3  # each image the same both ways: the odd part is 0
    assert paired_effects(up, up, yardstick(), seed=0).rms.value.max() == 0


def test_few_images_that_change_much_are_uneven():
    few = (np.arange(N) % 20 == 0)[:, None, None]
    up = 10 * 1.5 * few + spread(0, 0.05, 16)  # the others go up and down by little
    assert kind(up, -up) == ["uneven"] * 3


def test_small_only_where_the_interval_says_so_else_not_settled():
    wide = spread(0.21, 1.75, 8)  # 0.21 [-0.01, 0.43]
    table = paired_effects(wide, -wide, yardstick(), seed=0)
    assert table.kind.tolist() == [["not settled"] * 3]
    assert table.effect.low_sd.max() < 0.05
    assert table.effect.high_sd.min() > 0.35
    assert kind(spread(0.05, 0.05, 9), -spread(0.05, 0.05, 9)) == ["small"] * 3
    for mean, sd in ((0.19, 0.1), (0.15, 0.14)):  # the mean, and the root mean square, span 0.2
        assert kind(spread(mean, sd, 9), -spread(mean, sd, 9)) == ["not settled"] * 3


def test_an_edit_and_the_step_up_of_its_element_have_the_same_numbers():
    up, down = spread(0.4, 0.3, 10), spread(-0.1, 0.3, 11)
    element = paired_effects(up, down, yardstick(), seed=4)
    edit = paired_effects(up, None, yardstick(), seed=4)
    for one, other in ((element.up, edit.effect), (element.rms_up, edit.rms)):
        for name, values in vars(one).items():
            assert np.array_equal(values, getattr(other, name))
    assert (edit.even, edit.down, edit.rms_down, edit.p_even, edit.q_even) == (None,) * 5
    assert edit.kind.tolist() == [["directed"] * 3]


def test_a_null_among_live_elements_is_not_named():
    """Benjamini-Hochberg over a table that is mostly live named it in 40 % of such draws."""
    rng = np.random.default_rng(12)
    named = np.zeros(2)
    for draw in range(20):
        up = 0.8 + 1.5 * rng.standard_normal((64, 10, 6))
        up[:, 9] -= 0.8
        table = paired_effects(up, -up, rng.standard_normal((64, 6)), draw, resamples=499)
        named += [table.named[:9].mean(), table.named[9].any()]
    assert named[1] <= 1
    assert named[0] / 20 > 0.5


def test_the_table_by_hand():
    odd = np.array([[1.0, 0, 1], [3, 0, 1], [2, 0, 1], [-2, 0, 1]])[:, None]
    real = np.array([[0.0, 0, 7], [4, 2, 7], [0, 0, 7], [4, 2, 7]])
    table = paired_effects(odd + 1, 1 - odd, real, seed=0)
    assert table.n == 4
    assert table.effect.value.tolist() == [[1, 0, 1]]
    assert table.effect.value_sd[0, :2].tolist() == [0.5, 0]
    assert np.isnan(table.effect.value_sd[0, 2])  # the property does not vary over real images
    assert table.even.value.tolist() == [[1, 1, 1]]
    assert table.up.value.tolist() == [[2, 1, 2]]
    assert table.down.value.tolist() == [[0, 1, 0]]
    assert table.rms.value[0] == pytest.approx([np.sqrt(18 / 4), 0, 1])
    assert table.rms_up.value[0] == pytest.approx([np.sqrt(30 / 4), 1, 2])
    assert table.rises.tolist() == [[0.75, 1, 1]]
    assert table.falls.tolist() == [[0.25, 0, 0]]
    assert table.agree.tolist() == [[0.75, 0, 1]]
    assert table.p[0, 1] == 1
    assert table.kind[0, 2] == "not settled"


def test_intervals_without_spread_and_of_one_image():
    same = estimate(np.full((9, 1, 1), 0.3), Yardstick(yardstick(9, 1), 0))
    assert (same.low[0, 0], same.high[0, 0]) == pytest.approx((0.3, 0.3))
    assert same.low_sd[0, 0] < same.value_sd[0, 0] < same.high_sd[0, 0]
    none = estimate(np.zeros((9, 1, 1)), Yardstick(yardstick(9, 1), 0), root=True)
    assert (none.low_sd[0, 0], none.high_sd[0, 0]) == (0, 0)
    for root in (False, True):
        one = estimate(np.ones((1, 1, 1)), Yardstick(yardstick(1, 1), 0), root=root)
        assert one.value[0, 0] == 1
        assert np.isnan([one.low[0, 0], one.high[0, 0], one.low_sd[0, 0]]).all()


def test_a_few_spikes_leave_a_finite_interval():
    spikes = np.zeros((128, 1, 1))
    spikes[:3] = 5
    found = estimate(spikes, Yardstick(yardstick(128, 1), 0))
    assert np.isfinite([found.low_sd, found.high_sd]).all()
    assert found.high[0, 0] > 0.3  # three times the mean


def test_benjamini_hochberg_runs_over_both_parts():
    up, down = np.random.default_rng(6).normal(0.15, 1, (2, 100, 5, 4))
    table = paired_effects(up, down, yardstick(100, 4), seed=0, resamples=199)
    p = np.concatenate([table.p.ravel(), table.p_even.ravel()])
    q = np.concatenate([table.q.ravel(), table.q_even.ravel()])
    assert q == pytest.approx(stats.false_discovery_control(p))


def test_holm_by_hand():
    assert holm(np.array([[0.01, 0.04, 0.03], [0.5, 0.5, 0.02]])).tolist() == [
        pytest.approx([0.03, 0.06, 0.06]),
        pytest.approx([1, 1, 0.06]),
    ]


def test_same_seed_same_numbers():
    up, real = spread(0.2, 1, 13), yardstick()
    one, other = (paired_effects(up, None, real, seed=5) for _ in range(2))
    assert np.array_equal(one.effect.low_sd, other.effect.low_sd)
    assert not np.array_equal(
        one.effect.low_sd, paired_effects(up, None, real, seed=6).effect.low_sd
    )


def test_shapes_that_do_not_fit_are_refused():
    up = np.zeros((9, 2, 3))
    with pytest.raises(InputError, match="real_NK"):
        paired_effects(up, None, np.ones((9, 2)), seed=0)
    with pytest.raises(InputError, match="down_NMK"):
        paired_effects(up, up[:, :1], yardstick(9), seed=0)
    with pytest.raises(InputError, match="families"):
        main_of(up, yardstick(9), ["light"], seed=0)


# Mainly


def main(means, families, n=N, spread_sd=0.1):
    effects = spread(means, spread_sd, 14, n, len(means))
    return main_of(effects, yardstick(n, len(means)), families, seed=0)


def test_mainly_compares_with_every_other_family_named_or_not():
    near = main([0.346, 0.184, 0], "abc")  # the second is under 0.2 sd and has no name
    assert near.first.tolist() == [0]
    assert near.second.tolist() == [1]
    assert near.low[0] < near.ratio[0] < near.high[0]
    assert not near.mainly[0]
    assert main([0.346, 0.05, 0], "abc").mainly[0]


def test_mainly_takes_the_largest_member_of_a_family():
    assert not main([-0.8, 0.7, 0.1], "abc").mainly[0]
    family = main([-0.8, 0.7, 0.1], "aab")
    assert family.mainly[0]
    assert family.second.tolist() == [2]
    assert family.ratio[0] == pytest.approx(8, rel=0.2)


def test_mainly_of_one_family_and_of_no_effect():
    alone = main([0.5, 0.4], "aa")
    assert (alone.second[0], alone.low[0], alone.mainly[0]) == (-1, np.inf, True)
    nothing = main_of(np.zeros((9, 1, 2)), yardstick(9, 2), "ab", seed=0)
    assert np.isnan(nothing.ratio[0])
    assert not nothing.mainly[0]


def test_mainly_is_seldom_said_of_effects_that_are_less_than_twice_as_large():
    rng = np.random.default_rng(15)
    true = np.tile([0.5, 0.26, 0.2, 0, 0], (40, 1))
    effects = true + (0.5 * true + 0.1) * rng.standard_normal((128, 40, 5))
    said = main_of(effects, rng.standard_normal((128, 5)), "abcde", seed=0, resamples=999)
    assert said.mainly.mean() <= 0.05
