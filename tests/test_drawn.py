"""Which properties a network draws, against SciPy and against networks that are known."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from zatlas.errors import InputError
from zatlas.evidence.arrays import Array, floats
from zatlas.evidence.properties import attributes
from zatlas.evidence.properties.drawn import SMALLEST_CORRELATION, drawn_by_network

RNG = np.random.default_rng(0)
N = 200


def measured(x: Array, y: Array) -> Any:
    """Every field as an array over the properties; ``drawn`` as a list."""
    found = drawn_by_network([str(k) for k in range(x.shape[1])], x, y)
    fields = ("n", "correlation", "low", "high", "slope", "spread")
    table = {name: np.array([getattr(one, name) for one in found], float) for name in fields}
    return SimpleNamespace(**table, drawn=[one.drawn for one in found])


def pair(correlation: float, n: int = N, rng: np.random.Generator = RNG) -> tuple[Array, Array]:
    """Two columns of a normal population with this correlation."""
    x = rng.normal(size=n)
    return x, correlation * x + np.sqrt(1 - correlation**2) * rng.normal(size=n)


def test_it_agrees_with_scipy() -> None:
    columns = [pair(r) for r in (0.0, 0.3, 0.7, -0.5)]
    x, y = (np.stack(side, axis=1) for side in zip(*columns, strict=True))
    y = 40 + 3 * y
    found = measured(x, y)
    for k in range(4):
        by_scipy = stats.pearsonr(x[:, k], y[:, k])
        assert found.correlation[k] == pytest.approx(by_scipy.statistic, rel=1e-5)
        interval = by_scipy.confidence_interval(0.95)
        assert (found.low[k], found.high[k]) == pytest.approx(
            (interval.low, interval.high), rel=1e-5
        )
        assert found.slope[k] == pytest.approx(stats.linregress(x[:, k], y[:, k]).slope)
        assert found.spread[k] == pytest.approx(y[:, k].std() / x[:, k].std())
    assert found.n.tolist() == [N] * 4
    assert found.drawn == [False, False, True, False]


def test_the_interval_covers_the_true_correlation() -> None:
    rng = np.random.default_rng(1)
    truth = np.repeat([0.0, 0.5, 0.9], 400)
    columns = [pair(r, 100, rng) for r in truth]
    x, y = (np.stack(side, axis=1) for side in zip(*columns, strict=True))
    found = measured(x, y)
    covered = (found.low <= truth) & (truth <= found.high)
    assert 0.93 <= covered.mean() <= 0.97
    at = {r: [d for d, t in zip(found.drawn, truth, strict=True) if t == r] for r in truth}
    assert at[0.5].count(True) < 0.05 * 400 > at[0.5].count(False)
    assert at[0.9] == [True] * 400


def test_what_comes_back_by_half_is_drawn_with_its_slope() -> None:
    x = RNG.normal(size=(N, 1))
    found = measured(x, 5 + 0.5 * x)
    assert (found.correlation[0], found.slope[0], found.spread[0]) == pytest.approx((1, 0.5, 0.5))
    assert (found.low[0], found.high[0]) == pytest.approx((1, 1))
    assert found.drawn == [True]


def test_what_does_not_vary_is_not_drawn() -> None:
    x, y = RNG.normal(size=(N, 3)), RNG.normal(size=(N, 3))
    x[:, 0] = 0.1  # the property is the same in every original
    y[:, 1] = 0.1  # and here in every reconstruction: the network draws one value
    found = measured(x, y)
    assert np.isnan([found.correlation[0], found.slope[0], found.low[0]]).all()
    assert (found.correlation[1], found.slope[1], found.spread[1]) == (0, 0, 0)
    assert found.drawn[:2] == [None, False]


def test_unknown_values_are_left_out() -> None:
    x, y = RNG.normal(size=(N, 2)), RNG.normal(size=(N, 2))
    x[::3, 0] = np.nan
    found = measured(x, y)
    kept = np.isfinite(x[:, 0])
    assert found.correlation[0] == pytest.approx(np.corrcoef(x[kept, 0], y[kept, 0])[0, 1])
    assert found.n[0] == kept.sum()


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(InputError, match=r"original_NK has shape \(5, 2\)"):
        measured(np.zeros((5, 2)), np.zeros((5, 3)))
    with pytest.raises(InputError, match="known for 3 images"):
        measured(np.zeros((3, 2)), np.zeros((3, 2)))


def test_a_network_that_blurs_draws_the_light_and_not_the_detail() -> None:
    texture = RNG.integers(-60, 60, (128, 32, 32, 1)) * RNG.uniform(0, 1, (128, 1, 1, 1))
    light = RNG.uniform(80, 170, (128, 1, 1, 1))
    images = np.clip(light + texture, 0, 255).astype(np.uint8)
    blurred = np.broadcast_to(images.mean((1, 2), keepdims=True), images.shape)
    speckle = RNG.normal(0, 5, images.shape)  # the decoder's own texture, the same everywhere
    originals, drawn = (
        attributes.measure(floats(x.astype(np.uint8))) for x in (images, blurred + speckle)
    )
    found = measured(originals, drawn)
    names = [column.name for column in attributes.columns(1)]
    assert found.drawn[names.index("luminance")]
    assert found.slope[names.index("luminance")] == pytest.approx(1, abs=0.05)
    assert found.high[names.index("contrast")] < SMALLEST_CORRELATION
