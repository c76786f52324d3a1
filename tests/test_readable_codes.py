"""Scores of codes over readable factors, pinned by codes whose answer is known."""

from typing import Any

import numpy as np
import pytest

from zatlas.evidence.arrays import Array
from zatlas.evidence.codes.infom import HeldOutInformation, held_out_information, measure_infom
from zatlas.evidence.codes.information import mutual_information
from zatlas.evidence.codes.predictors import importances
from zatlas.evidence.codes.readable import readable_factors, readable_scores
from zatlas.evidence.properties.factors import Factor
from zatlas.evidence.statistics.scores import Score

N = 600
RNG = np.random.default_rng(0)
TRUE = RNG.uniform(-1, 1, (N, 10))
NOISE = RNG.normal(size=(N, 10))
TURNED = np.stack([TRUE[:, 0] + TRUE[:, 1], TRUE[:, 0] - TRUE[:, 1]], axis=1)
HADAMARD = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])


def factors(count: int) -> list[Factor]:
    return [Factor(f"f{k}", "continuous", TRUE[:, k]) for k in range(count)]


def scores(codes: Array, count: int) -> Any:
    weights, read = importances(codes, factors(count), 0)
    told = mutual_information(codes, factors(count))
    return readable_scores(weights, told.fraction * told.found, readable_factors(read))


def score(codes: Array, count: int) -> Any:
    return measure_infom(codes, held_out_information(codes, factors(count)))


@pytest.mark.parametrize("unreadable", [0, 1, 3, 8])
def test_mixed_factors_score_nothing_whatever_stands_beside_them(unreadable: int) -> None:
    found = scores(TURNED, 2 + unreadable)
    assert found.readable.tolist() == [True, True] + [False] * unreadable
    assert found.disentanglement == pytest.approx(0, abs=0.02)
    assert found.completeness == pytest.approx(0, abs=0.02)
    assert found.modularity < 0.15
    assert np.isnan(found.factor_completeness[2:]).all()
    by_information = score(TURNED, 2 + unreadable)
    assert by_information.score < 0.15
    assert by_information.factors.tolist() == found.readable.tolist()


def test_mixed_factors_score_nothing_beside_elements_of_noise() -> None:
    codes = np.hstack([TURNED, NOISE[:, :4]])
    found = scores(codes, 5)
    assert found.disentanglement == pytest.approx(0, abs=0.05)
    assert found.element_weight[:2].sum() > 0.9
    assert found.completeness == pytest.approx(1 - np.log(2) / np.log(6), abs=0.05)


def test_one_readable_factor_has_no_score() -> None:
    codes = TRUE[:, :1] + 0.5 * NOISE
    found = scores(codes, 4)
    assert found.readable.tolist() == [True, False, False, False]
    assert (found.disentanglement, found.completeness, found.modularity) == (None, None, None)
    assert found.factor_completeness[0] < 0.3
    assert score(codes, 4).score is None


def test_a_permuted_identity_is_perfect() -> None:
    codes = -3 * TRUE[:, [2, 0, 3, 1]]
    found = scores(codes, 4)
    assert found.disentanglement == pytest.approx(1, abs=0.01)
    assert found.completeness == pytest.approx(1, abs=0.01)
    assert found.modularity == pytest.approx(1, abs=0.01)
    assert found.element_weight.sum() == pytest.approx(1)
    assert score(codes, 4).score == pytest.approx(1, abs=0.02)


def test_noise_alone_has_no_score() -> None:
    found = scores(NOISE[:, :4], 4)
    assert not found.readable.any()
    assert found.disentanglement is found.completeness is found.modularity is None
    assert found.element_weight.tolist() == [0] * 4


def test_readable_factors_are_controlled_together() -> None:
    def read(value: float, half: float) -> Score:
        return Score(metric="R2", score=value, low=value - half, high=value + half, chance=0.0,
                     n=100)  # fmt: skip

    weak = read(0.05, 0.045)  # its interval beats chance, which is not enough among ten
    assert readable_factors([weak]).tolist() == [True]
    assert readable_factors([weak] + [read(-0.1, 0.1)] * 9).tolist() == [False] * 10
    assert readable_factors([read(0.5, 0.1), weak]).tolist() == [True, True]
    undefined = Score(metric="R2", score=None, low=None, high=None, chance=0.0, n=1)
    assert readable_factors([undefined, read(0.5, 0.1)]).tolist() == [False, True]
    assert readable_factors([]).tolist() == []


def test_infom_of_a_full_mixture_is_near_zero() -> None:
    codes = TRUE[:, :4] @ HADAMARD
    assert score(codes, 4).score < 0.2
    draw = np.random.default_rng(5).uniform(-1, 1, (4000, 4))
    many = [Factor(str(k), "continuous", draw[:, k]) for k in range(4)]
    mixed: Any = measure_infom(draw @ HADAMARD, held_out_information(draw @ HADAMARD, many))
    assert mixed.score < 0.06


def test_infom_leaves_out_elements_that_hardly_vary_and_counts_those_of_noise_as_zero() -> None:
    codes = np.hstack([TRUE[:, :2], NOISE[:, :2], 0.001 * TRUE[:, 2:3]])
    found = score(codes, 3)
    assert found.active.tolist() == [True] * 4 + [False]
    assert found.factors.tolist() == [True, True, False]
    assert found.score == pytest.approx(1, abs=0.02)
    assert found.score_active == pytest.approx(0.5, abs=0.02)
    assert np.isnan(found.elements[2:]).all()


def test_infom_by_hand() -> None:
    share = np.array([[0.6, 0.2, -0.1], [0.0, 0.5, 0.0], [0.0, 0.0, 0.0]])
    table = HeldOutInformation(share, share > 0.1)
    found = measure_infom(np.arange(6.0).reshape(2, 3), table)  # three elements of range 3
    np.testing.assert_allclose(found.elements[:2], [(0.75 - 0.5) / 0.5, 1.0])
    assert found.score == pytest.approx(0.75)
    assert found.score_active == pytest.approx(0.5)


def test_held_out_information_of_chance_is_not_above_zero() -> None:
    found = held_out_information(NOISE, factors(10))
    assert -0.05 < found.share.mean() <= 0
    assert not found.found.any()


def test_held_out_information_of_levels_and_of_gaps() -> None:
    group = RNG.integers(0, 3, N).astype(float)
    known = np.where(RNG.random(N) < 0.3, np.nan, group)
    factor = Factor("group", "categorical", known, ("a", "b", "c"))
    codes = np.stack([group + 0.05 * NOISE[:, 0], NOISE[:, 1]], axis=1)
    found = held_out_information(codes, [factor])
    assert found.share[0, 0] > 0.6
    assert found.found.ravel().tolist() == [True, False]
