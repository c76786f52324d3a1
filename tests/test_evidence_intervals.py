from typing import Any

import numpy as np
import pytest
from scipy import stats

from zatlas.evidence.statistics.intervals import bca, wilcoxon, wilson


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
