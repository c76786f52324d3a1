"""Disentanglement scores, pinned by codes whose answer is known by hand."""

import json
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from zatlas.errors import InputError
from zatlas.evidence.codes.disentanglement import measure_disentanglement
from zatlas.evidence.codes.information import equal_bins, gaps, mig, modularity, mutual_information
from zatlas.evidence.codes.predictors import concentration, explicitness, importances, sap_table
from zatlas.evidence.properties.factors import tell_apart

N = 600
RNG = np.random.default_rng(0)
COLUMNS = {
    "yaw": RNG.uniform(-30, 30, N),
    "light": RNG.uniform(-1, 1, N),
    "glasses": RNG.integers(0, 2, N),
    "hair": RNG.choice(["bald", "long", "short", "hat"], N),
}
FACTORS, _ = tell_apart(COLUMNS)
TRUE = np.stack([factor.values for factor in FACTORS], axis=1)
UNIT = (TRUE - TRUE.mean(0)) / TRUE.std(0)
NOISE = np.random.default_rng(1).normal(size=(N, 8))


def turned(codes: Any) -> Any:
    """The first two elements, and the next two, each pair turned by 45 degrees."""
    pair = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    return codes @ np.kron(np.eye(2), pair)


@pytest.fixture(scope="module")
def score() -> Any:
    found = {}

    def of(name: Any, codes: Any) -> Any:
        if name not in found:
            found[name] = measure_disentanglement(codes, FACTORS)
        return found[name]

    return of


def test_identity_is_perfect(score: Any) -> None:
    found = score("identity", TRUE)
    assert found.mig > 0.98
    assert found.sap > 0.95
    for name in ("disentanglement", "completeness", "informativeness", "modularity"):
        assert getattr(found, name) > 0.99, name
    assert found.explicitness > 0.99
    assert found.infom > 0.98
    assert all(row.readable for row in found.factors)
    assert [row.factor for row in found.elements] == list(COLUMNS)
    assert [row.element for row in found.factors] == [0, 1, 2, 3]
    assert found.found == 4


def test_order_and_sign_of_elements_do_not_matter(score: Any) -> None:
    order = [2, 0, 3, 1]
    found, straight = score("permuted", -3 * UNIT[:, order]), score("identity", TRUE)
    assert [row.element for row in found.factors] == [1, 3, 0, 2]
    for name in ("mig", "sap", "disentanglement", "completeness", "modularity", "explicitness"):
        assert getattr(found, name) == pytest.approx(getattr(straight, name), abs=0.01), name


def test_order_of_factors_does_not_matter(score: Any) -> None:
    found = score("identity", TRUE)
    other = measure_disentanglement(TRUE, FACTORS[::-1])
    assert {row.name: row for row in other.factors} == {row.name: row for row in found.factors}
    for name in ("mig", "sap", "disentanglement", "completeness", "modularity", "explicitness"):
        assert getattr(other, name) == pytest.approx(getattr(found, name)), name


def test_rotated_by_45_degrees(score: Any) -> None:
    found = score("rotated", turned(UNIT))
    assert found.mig < 0.05
    assert found.sap < 0.1
    # each element serves two of four factors alike: 1 - log 2 / log 4, and 1 - 1 / (4 - 1)
    assert found.disentanglement == pytest.approx(0.5, abs=0.03)
    assert found.completeness == pytest.approx(0.5, abs=0.03)
    assert found.modularity == pytest.approx(2 / 3, abs=0.06)
    assert found.explicitness > 0.98
    assert found.informativeness > 0.95


def test_factors_that_cannot_be_read_do_not_raise_a_score() -> None:
    columns = {name: RNG.normal(size=N) for name in "abc"}
    unreadable, _ = tell_apart(columns)
    mixed = turned(np.c_[UNIT[:, :2], UNIT[:, :2]])[:, :2]
    found: Any = measure_disentanglement(mixed, [*FACTORS[:2], *unreadable])
    assert [row.readable for row in found.factors] == [True, True, False, False, False]
    assert found.disentanglement == pytest.approx(0, abs=0.03)
    assert found.completeness == pytest.approx(0, abs=0.03)
    assert found.modularity is not None
    assert found.infom is not None
    assert max(found.modularity, found.infom) < 0.15
    alone = measure_disentanglement(mixed, [FACTORS[0], *unreadable])
    assert (alone.disentanglement, alone.modularity, alone.infom) == (None, None, None)


def test_duplicated(score: Any) -> None:
    found = score("duplicated", np.hstack([TRUE, TRUE]))
    assert found.mig == pytest.approx(0, abs=0.005)
    assert found.sap == 0
    assert found.disentanglement > 0.99  # each copy serves one factor alone
    assert found.completeness == pytest.approx(1 - np.log(2) / np.log(8), abs=0.06)
    assert found.modularity > 0.99
    assert found.explicitness > 0.99
    assert [row.element for row in found.factors] == [0, 1, 2, 3]
    assert [row.second for row in found.factors] == [4, 5, 6, 7]


def test_dead_elements_change_nothing_but_the_count(score: Any) -> None:
    found = score("dead", np.hstack([np.zeros((N, 3)), TRUE, np.full((N, 1), 0.1)]))
    assert found.mig > 0.98
    assert found.disentanglement > 0.99
    assert found.completeness > 0.99
    assert found.modularity == pytest.approx(4 / 8, abs=0.01)
    assert found.modularity_found > 0.99
    assert found.found == 4
    for row in (*found.elements[:3], found.elements[7]):
        assert (row.found, row.factor, row.disentanglement, row.weight) == (False, None, None, 0)
        assert row.modularity is None
        assert set(row.information.values()) == {0.0}


def test_independent_noise_scores_nothing(score: Any) -> None:
    found = score("noise", NOISE)
    assert found.found == 0
    assert found.mig < 0.02
    assert found.sap < 0.05
    assert (found.disentanglement, found.completeness, found.modularity) == (None, None, None)
    assert found.infom is None
    for row in found.factors:
        assert row.element is None
        assert row.completeness is None
        assert row.informativeness.low <= 0 or row.informativeness.score < 0.1
        assert row.explicitness.low <= 0
    assert found.explicitness < 0.05


def test_noise_beside_the_truth_is_told_from_it(score: Any) -> None:
    found = score("beside", np.hstack([NOISE[:, :4], TRUE]))
    assert [row.found for row in found.elements] == [False] * 4 + [True] * 4
    assert [row.element for row in found.factors] == [4, 5, 6, 7]
    assert found.disentanglement > 0.98
    assert found.mig > 0.95


def test_rows_are_images_and_columns_elements() -> None:
    """A reshape in place of a transpose leaves information near 0 (a published fault)."""
    codes = NOISE.copy()
    codes[:, 5] = TRUE[:, 0]
    found = mutual_information(codes, FACTORS)
    assert found.fraction.shape == (8, 4)
    assert tuple(map(int, np.unravel_index(found.fraction.argmax(), (8, 4)))) == (5, 0)
    assert found.fraction[5, 0] == pytest.approx(1)
    assert found.found.sum() == found.found[5, 0] == 1
    with pytest.raises(InputError, match="not 8"):
        measure_disentanglement(codes.T, FACTORS)


def test_information_is_that_of_the_bins() -> None:
    codes = np.hstack([TRUE[:, :2] + 10 * NOISE[:, :2], TRUE[:, 2:]])
    found = mutual_information(codes, FACTORS)
    for j in range(4):
        for k, factor in enumerate(FACTORS):
            levels = equal_bins(factor.values) if factor.kind == "continuous" else factor.values
            by_hand = mutual_info_score(equal_bins(codes[:, j]), levels)
            assert found.counted[j, k] == pytest.approx(by_hand, abs=1e-9)
    assert found.entropy[0] == pytest.approx(np.log(20))


def test_what_chance_counts_is_taken_off() -> None:
    found = mutual_information(NOISE, FACTORS)
    assert found.counted[:, 0].mean() / np.log(20) > 0.05  # bins alone find a lot
    assert found.fraction.mean() < 0.01
    np.testing.assert_allclose(found.counted, found.chance, atol=0.06)


def test_bins_are_of_equal_frequency_and_ties_stay_together() -> None:
    assert np.bincount(equal_bins(RNG.normal(size=400))).tolist() == [20] * 20
    half = np.r_[np.zeros(300), np.linspace(1, 2, 100)]  # a ReLU: mostly 0
    bins = equal_bins(half)
    assert len(set(bins[:300])) == 1
    assert bins.max() == 5
    assert set(equal_bins(np.ones(9))) == {0}
    assert equal_bins(np.array([0, 1, 1, 0])).tolist() == [0, 1, 1, 0]


def test_unknown_values_are_left_out() -> None:
    yaw = TRUE[:, 0].copy()
    yaw[::3] = np.nan
    (some,), _ = tell_apart({"yaw": yaw})
    known = ~np.isnan(yaw)
    (all_known,), _ = tell_apart({"yaw": yaw[known]})
    codes = np.hstack([TRUE[:, :2], NOISE])
    with_gaps = mutual_information(codes, [some])
    np.testing.assert_allclose(
        with_gaps.entropy, mutual_information(codes[known], [all_known]).entropy
    )
    assert with_gaps.fraction[0, 0] > 0.95
    assert not with_gaps.found[1:].any()
    np.testing.assert_allclose(sap_table(codes, [some], 0), sap_table(codes[known], [all_known], 0))


def test_gaps_modularity_and_concentration_by_hand() -> None:
    table = np.array([[0.9, 0.0], [0.3, 0.5], [0.0, 0.0]])
    np.testing.assert_allclose(gaps(table), [0.6, 0.5])
    np.testing.assert_allclose(modularity(table), [1, 1 - 0.09 / 0.25, 0])
    assert np.isnan(modularity(table[:, :1])).all()
    np.testing.assert_allclose(gaps(table[:1]), [0.9, 0.0])  # one element leads by all it has
    weights = np.array([[1, 0, 0], [1, 1, 1], [2, 2, 0], [0, 0, 0]], float)
    np.testing.assert_allclose(
        concentration(weights), [1, 0, 1 - np.log(2) / np.log(3), np.nan], atol=1e-12
    )


def test_sap_table_by_hand() -> None:
    codes = np.stack([UNIT[:, 0], UNIT[:, 0] + UNIT[:, 1], TRUE[:, 3], NOISE[:, 0]], axis=1)
    table = sap_table(codes, FACTORS, 0)
    assert table[0, 0] == pytest.approx(1)
    assert table[1, 0] == pytest.approx(0.5, abs=0.06)
    assert table[1, 0] == pytest.approx(np.corrcoef(codes[:, 1], TRUE[:, 0])[0, 1] ** 2)
    assert table[2, 3] == 1  # four levels in a line: the nearest mean names each
    assert table[3].max() < 0.1


def test_explicitness_is_linear() -> None:
    bent = TRUE[:, :1] ** 2  # |yaw| is told, its side is not
    linear, even = (explicitness(codes, FACTORS[0], 0).score for codes in (TRUE, bent))
    assert linear is not None
    assert linear > 0.99
    assert even is not None
    assert even < 0.05
    (weights, scores) = importances(bent, FACTORS[:1], 0)
    assert scores[0].score is not None
    assert scores[0].score < 0.1
    assert weights.sum() == 0 or scores[0].beats_chance


def test_few_images_rare_levels_and_faults() -> None:
    rare = np.where(np.arange(N) < 5, 2, np.arange(N) % 2)
    columns = {"rare": rare, "seldom": np.where(np.arange(N) < 40, RNG.normal(size=N), np.nan)}
    factors, _ = tell_apart(columns)
    found = measure_disentanglement(np.c_[rare % 2, NOISE], factors)
    assert [row.name for row in found.factors] == ["rare"]
    assert found.factors[0].n == N - 5
    assert "too few images" in found.left_out["seldom"]
    assert found.disentanglement is None  # of one factor it cannot be said
    with pytest.raises(InputError, match="no factor is known"):
        measure_disentanglement(NOISE, factors[1:])
    with pytest.raises(InputError, match="no factor is known"):
        measure_disentanglement(NOISE, [])


def test_same_seed_same_json(score: Any) -> None:
    codes = turned(UNIT)
    text = json.dumps(score("rotated", codes).plain(), allow_nan=False)
    assert text == json.dumps(measure_disentanglement(codes, FACTORS).plain(), allow_nan=False)
    assert mig(mutual_information(codes, FACTORS, seed=1)) == pytest.approx(
        mig(mutual_information(codes, FACTORS, seed=2)), abs=0.02
    )
