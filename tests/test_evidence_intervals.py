from typing import Any

import numpy as np
import pytest
from scipy import stats

from zatlas.evidence.account.naming import may_be_named
from zatlas.evidence.statistics.intervals import bca, paired, wilcoxon, wilson


def test_bca_is_that_of_scipy_with_the_same_seed() -> None:
    values = np.random.default_rng(1).exponential(size=(40, 3)) - [0, 0.5, 1]
    low, high = bca(values, seed=7, resamples=999)
    for k in range(3):
        reference = stats.bootstrap(
            (values[:, k],), np.mean, n_resamples=999, method="BCa", rng=np.random.default_rng(7)
        ).confidence_interval
        assert (low[k], high[k]) == pytest.approx((reference.low, reference.high), abs=1e-12)


def test_bca_of_a_ratio_is_that_of_scipy() -> None:
    rng = np.random.default_rng(2)
    top, bottom = rng.normal(2, 1, 50), rng.uniform(1, 2, 50)
    low, high = bca(top[:, None], 3, 999, weights=bottom[:, None])
    reference = stats.bootstrap(
        (top, bottom),
        lambda a, b, axis: a.mean(axis) / b.mean(axis),
        paired=True,
        n_resamples=999,
        method="BCa",
        rng=np.random.default_rng(3),
    ).confidence_interval
    assert (low[0], high[0]) == pytest.approx((reference.low, reference.high), abs=1e-9)


@pytest.mark.parametrize("draw", ["normal", "exponential"])
def test_bca_covers_the_truth(draw: Any) -> None:
    rng = np.random.default_rng(4)
    truth = {"normal": 0.0, "exponential": 1.0}[draw]
    low, high = bca(getattr(rng, draw)(size=(128, 1500)), seed=0, resamples=1999)
    assert np.mean((low <= truth) & (truth <= high)) == pytest.approx(0.95, abs=0.02)


def test_bca_without_spread_or_with_one_image() -> None:
    assert all(bound == pytest.approx(0.3) for bound in bca(np.full((9, 1), 0.3), 0))
    assert all(bound == 0 for bound in bca(np.zeros((9, 1)), 0))
    assert np.isnan(bca(np.ones((1, 1)), 0)).all()


def test_wilson_is_that_of_scipy() -> None:
    low, high = wilson(np.arange(13), 12)
    for k in range(13):
        ci = stats.binomtest(k, 12).proportion_ci(method="wilson")
        assert (low[k], high[k]) == pytest.approx((ci.low, ci.high), abs=1e-12)


def test_wilcoxon_is_that_of_scipy_and_one_where_nothing_changed() -> None:
    cells = np.random.default_rng(5).normal(0.2, 1, (60, 4))
    cells[:, 1] = 0
    cells[:20, 2] = 0
    p = wilcoxon(cells)
    assert p[1] == 1
    for k in (0, 2, 3):
        assert p[k] == pytest.approx(stats.wilcoxon(cells[:, k], method="asymptotic").pvalue)


def test_a_table_by_hand() -> None:
    differences = np.array([[1.0, 0, 0.1], [3, 0, 0.1], [2, 0, 0.1], [-2, 0, 0.1]])
    table = paired(differences, np.array([2.0, 1, 0]), seed=0)
    assert table.n == 4
    assert table.mean == pytest.approx([1, 0, 0.1])
    assert table.mean_sd[:2] == pytest.approx([0.5, 0])
    assert np.isnan(table.mean_sd[2])  # the property does not vary over real images
    assert table.d_z[0] == pytest.approx(1 / np.std([1, 3, 2, -2], ddof=1))
    assert np.isnan(table.d_z[1:]).all()
    assert table.agree == pytest.approx([0.75, 0, 1])
    assert table.p[1] == 1


def test_benjamini_hochberg_runs_over_the_whole_table() -> None:
    differences = np.random.default_rng(6).normal(0.15, 1, (100, 5, 4))
    table = paired(differences, np.ones(4), seed=0)
    order = np.sort(table.p.ravel())
    ranked = order * 20 / np.arange(1, 21)
    by_hand = np.minimum.accumulate(ranked[::-1])[::-1]
    assert np.sort(table.q.ravel()) == pytest.approx(np.minimum(by_hand, 1))
    assert table.q.shape == (5, 4)


def named(table: Any) -> Any:
    cells = zip(table.low.flat, table.high.flat, table.q.flat, table.mean_sd.flat, strict=True)
    return [may_be_named(low=a, high=b, q=q, mean_sd=sd, peak=9.0) for a, b, q, sd in cells]


def test_a_name_needs_size_and_certainty() -> None:
    rng = np.random.default_rng(7)
    n = 256
    differences = np.stack(
        [
            0.5 + 0.1 * rng.standard_normal(n),  # large and sure
            0.15 + 0.1 * rng.standard_normal(n),  # sure but small
            0.5 + 8 * rng.standard_normal(n),  # large but anything
            np.zeros(n),
            np.full(n, 0.5),  # the same in every image
        ],
        axis=1,
    )
    assert named(paired(differences, np.ones(5), seed=0)) == [True, False, False, False, True]
    assert not any(named(paired(differences[:1], np.ones(5), seed=0)))  # one image says nothing


def test_noise_is_hardly_ever_named() -> None:
    differences = np.random.default_rng(8).standard_normal((128, 40, 15))
    assert np.mean(named(paired(differences, np.ones(15), seed=0))) < 0.005


def test_same_seed_same_numbers_byte_for_byte() -> None:
    differences = np.random.default_rng(9).standard_normal((64, 3, 2))
    one, other = (repr(paired(differences, np.ones(2), seed=5)) for _ in range(2))
    assert one == other
    assert one != repr(paired(differences, np.ones(2), seed=6))
