"""How directions are learned: each method on codes and decoders whose answer is known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from zatlas.errors import InputError
from zatlas.latents.directions import (
    METHODS,
    READERS,
    cosine,
    cosines,
    held,
    mahalanobis,
    mean_difference,
    normal,
    pattern,
    projected,
    random_directions,
    slopes,
    steepest,
    steepest_holding,
    unit,
)

RNG = np.random.default_rng(0)
PAIR = np.array([[1.0, 0.9], [0.9, 1.0]])
_MIX = RNG.standard_normal((5, 5))
COVARIANCE = np.zeros((6, 6))  # element 3 is dead
LIVE = [0, 1, 2, 4, 5]
COVARIANCE[np.ix_(LIVE, LIVE)] = _MIX @ _MIX.T
CELLS = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [3, 1, 1, 3], axis=0).astype(float)


def codes(n: int = 300) -> Any:
    z = np.zeros((n, 6))
    z[:, LIVE] = np.random.default_rng(1).standard_normal((n, 5)) @ _MIX.T
    z[:, 3] = 0.1  # 0.1 has no exact mean
    return z


def direction(seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(6) * (COVARIANCE.diagonal() > 0)


# Lengths and angles


def test_against_the_correlation_a_filter_is_longer_than_a_pattern() -> None:
    """Both raise z[0] by 1."""
    assert mahalanobis(np.array([1.0, 0.9]), PAIR) == pytest.approx(1)
    assert mahalanobis(np.array([1.0, 0.0]), PAIR) == pytest.approx(2.29, abs=0.005)
    assert mahalanobis(np.zeros(2), PAIR) == 0


def test_lengths_and_angles_are_those_of_the_inverse_covariance() -> None:
    a, b = direction(1), direction(2)
    inverse = np.linalg.pinv(COVARIANCE)
    assert mahalanobis(a, COVARIANCE) == pytest.approx(np.sqrt(a @ inverse @ a))
    assert mahalanobis(unit(a, COVARIANCE), COVARIANCE) == pytest.approx(1)
    expected = a @ inverse @ b / np.sqrt((a @ inverse @ a) * (b @ inverse @ b))
    assert cosine(a, b, COVARIANCE) == pytest.approx(expected)
    assert cosine(a, -3 * a, COVARIANCE) == pytest.approx(-1)
    found = cosines(np.stack([a, b]), COVARIANCE)
    assert found == pytest.approx(np.array([[1, expected], [expected, 1]]))


def test_lengths_do_not_depend_on_the_units_of_elements() -> None:
    a, scale = direction(), np.array([1.0, 1e6, 1e-6, 1.0, 1e3, 0.1])
    assert mahalanobis(a * scale, COVARIANCE * np.outer(scale, scale)) == pytest.approx(
        mahalanobis(a, COVARIANCE)
    )


def test_held_directions_are_orthogonal_in_the_inverse_covariance() -> None:
    a, others = direction(), np.stack([direction(1), direction(2), 2 * direction(1)])
    left = held(a, others, COVARIANCE)
    inverse = np.linalg.pinv(COVARIANCE)
    assert others @ inverse @ left == pytest.approx(np.zeros(3), abs=1e-9)
    assert np.linalg.matrix_rank(np.stack([a - left, *others[:2]]), tol=1e-9) == 2
    assert left[3] == 0
    assert abs(others[0] @ left) > 0.1  # and not in the Euclidean product
    assert held(a, np.zeros((0, 6)), COVARIANCE) == pytest.approx(a)
    # over codes, what is held does not correlate with the amount along the rest
    assert held(np.array([1.0, 0.9]), np.array([[0.0, 1.0]]), PAIR) == pytest.approx([1, 0.9])


def test_random_directions_have_length_1_and_spread_like_codes() -> None:
    drawn = random_directions(4000, COVARIANCE, seed=3)
    lengths = [mahalanobis(one, COVARIANCE) for one in drawn[:20]]
    assert lengths == pytest.approx([1] * 20)
    assert drawn.T @ drawn / 4000 * 5 == pytest.approx(COVARIANCE, abs=0.1 * COVARIANCE.max())
    assert (drawn[:, 3] == 0).all()
    assert (drawn == random_directions(4000, COVARIANCE, seed=3)).all()
    assert (drawn != random_directions(4000, COVARIANCE, seed=4)).any()


@pytest.mark.parametrize(
    ("fault", "call"),
    [
        (r"moves z\[3\]", lambda: mahalanobis(np.ones(6), COVARIANCE)),
        ("shape .5,. for a code of 6", lambda: mahalanobis(np.ones(5), COVARIANCE)),
        ("not finite", lambda: mahalanobis(direction() * np.nan, COVARIANCE)),
        (r"covariance of shape \(2, 3\)", lambda: mahalanobis(np.ones(2), np.ones((2, 3)))),
        ("no inverse", lambda: mahalanobis(np.ones(2), -np.ones((2, 2)) + 2 * np.eye(2) * 0.75)),
        ("no element", lambda: random_directions(1, np.zeros((2, 2)), 0)),
        ("length 0", lambda: unit(np.zeros(6), COVARIANCE)),
        ("direction 1 of length 0", lambda: cosine(direction(), np.zeros(6), COVARIANCE)),
        ("hold at most 4", lambda: held(direction(), np.eye(6)[LIVE], COVARIANCE)),
        ("nothing is left", lambda: held(direction(), direction()[None], COVARIANCE)),
    ],
)
def test_bad_lengths(fault: str, call: Callable[[], object]) -> None:
    with pytest.raises(InputError, match=fault):
        call()


# From labels


def test_balancing_by_hand() -> None:
    """White's cells: the second factor goes with the first one, and is no part of it."""
    naive = pattern(CELLS, CELLS, 0, balanced=False)
    assert naive == pytest.approx([1, 0.5])
    assert pattern(CELLS, CELLS, 0) / CELLS[:, 0].std() == pytest.approx([1, 0])
    assert pattern(CELLS, CELLS, 1) / CELLS[:, 1].std() == pytest.approx([0, 1])
    assert METHODS["pattern"](CELLS, CELLS, 0) == pytest.approx([0.5, 0])
    assert METHODS["mean"](CELLS, CELLS, 0) == pytest.approx(naive)


def test_of_two_groups_the_simple_pattern_is_the_difference_of_means() -> None:
    z, positive = codes(), np.arange(300) % 3 == 0
    expected = z[positive].mean(0) - z[~positive].mean(0)
    found = mean_difference(z, positive)
    assert found == pytest.approx(expected)
    assert found[3] == 0
    simple = pattern(z, positive[:, None], 0, balanced=False)
    assert simple == pytest.approx(found)
    covariance = np.cov(z.T, positive, bias=True)[:-1, -1]
    assert covariance / positive.var() == pytest.approx(found)


def test_the_pattern_of_an_element_is_its_regression() -> None:
    """It stays among the codes; the weights of a reader do not."""
    z = np.random.default_rng(0).multivariate_normal([0, 0], PAIR, 4000)
    target = z[:, [0]]
    found = pattern(z, target, 0)
    assert found == pytest.approx([1, 0.9], abs=0.03)
    assert mahalanobis(found, PAIR) == pytest.approx(1, abs=0.03)
    weights = normal(z, target[:, 0], "ridge")
    assert weights == pytest.approx([1, 0], abs=1e-3)
    assert mahalanobis(weights, PAIR) == pytest.approx(2.29, abs=0.01)


def test_balanced_patterns_recover_the_columns_of_a_linear_code() -> None:
    rng = np.random.default_rng(2)
    factors = rng.standard_normal((2000, 4)) @ (np.eye(4) + 0.4)  # correlated factors
    columns = rng.standard_normal((4, 8))
    z = factors @ columns + 0.3 * rng.standard_normal((2000, 8))
    euclidean = np.eye(8)
    for k in range(4):
        assert cosine(pattern(z, factors, k), columns[k], euclidean) >= 0.99
    naive = [pattern(z, factors, k, balanced=False) for k in range(4)]
    assert min(cosine(naive[k], columns[k], euclidean) for k in range(4)) < 0.9


def test_shuffled_labels_give_no_common_direction() -> None:
    rng, z = np.random.default_rng(5), codes(1000)
    true = pattern(z, z[:, [0]], 0)
    found = [
        cosine(pattern(z, rng.permutation(z[:, [0]]), 0), true, COVARIANCE) for _ in range(100)
    ]
    assert abs(np.mean(found)) < 0.15


def test_images_with_unknown_factors_are_left_out() -> None:
    z, factors = codes(), RNG.standard_normal((300, 2))
    some = factors.copy()
    some[:100, 1] = np.nan
    assert pattern(z, some, 0) == pytest.approx(pattern(z[100:], factors[100:], 0))
    alone = pattern(z, some, 0, balanced=False)
    assert alone == pytest.approx(pattern(z, factors, 0, balanced=False))
    for method in READERS:
        known = normal(z[100:], factors[100:, 1], method)
        assert normal(z, some[:, 1], method) == pytest.approx(known)


def test_the_levels_of_a_category_may_determine_one_another() -> None:
    z, levels = codes(), np.eye(2)[np.arange(300) % 2]
    found, alone = pattern(z, levels, 0), pattern(z, levels, 0, balanced=False)
    assert cosine(found, alone, COVARIANCE) == pytest.approx(1)
    constant = np.c_[levels[:, :1], np.ones(300)]
    assert pattern(z, constant, 0) == pytest.approx(alone / 2)


@pytest.mark.parametrize("method", READERS)
def test_readers_score_in_units_of_the_code(method: str) -> None:
    z = codes(2000)
    score = 2 * z[:, 0] - 1 * z[:, 4]
    weights = normal(z, score, method)
    assert weights[3] == 0
    assert np.corrcoef(z @ weights, score)[0, 1] > 0.999
    assert (weights == normal(z, score, method)).all()
    assert METHODS[method](z, np.c_[z[:, 0], score], 1) == pytest.approx(weights)
    if method != "ridge":
        split = normal(z, (score > np.median(score)).astype(float), method)
        assert split == pytest.approx(weights)
        rare = (score > np.quantile(score, 0.98)).astype(float)
        mostly = normal(z, 1 - rare, method)  # the median is the largest value
        assert np.corrcoef(z @ mostly, score)[0, 1] < -0.9
    scale = np.array([1.0, 10.0, 0.1, 1.0, 1.0, 100.0])
    assert normal(z * scale, score, method) * scale == pytest.approx(weights, rel=1e-3, abs=1e-6)


def test_conditional_projection_by_hand() -> None:
    """InterFaceGAN: what is left does not change the scores of the others."""
    weights, others = RNG.standard_normal(6), RNG.standard_normal((2, 6))
    left = projected(weights, others)
    assert others @ left == pytest.approx([0, 0], abs=1e-9)
    assert left == pytest.approx(weights - np.linalg.pinv(others) @ others @ weights)


@pytest.mark.parametrize(
    ("fault", "call"),
    [
        ("for codes of shape", lambda: pattern(codes(), np.ones((3, 1)), 0)),
        ("k=2: there are 2", lambda: pattern(CELLS, CELLS, 2)),
        ("the same in all 8", lambda: pattern(CELLS, np.ones((8, 1)), 0)),
        ("factor 0: 2 images", lambda: pattern(CELLS[[0, 7]], CELLS[[0, 7]], 0)),
        ("0 images", lambda: pattern(CELLS, CELLS * np.nan, 0)),
        ("values", lambda: mean_difference(CELLS, np.zeros(8))),
        ("values", lambda: mean_difference(CELLS, np.arange(8))),
        ("did you mean 'ridge'", lambda: normal(CELLS, CELLS[:, 0], "rigde")),
        ("target of shape", lambda: normal(CELLS, CELLS, "ridge")),
        ("target: is the same", lambda: normal(CELLS, np.ones(8), "ridge")),
        ("others of shape", lambda: projected(np.ones(3), np.ones((1, 2)))),
        ("nothing is left", lambda: projected(np.ones(3), np.ones((1, 3)))),
    ],
)  # fmt: skip
def test_bad_labels(fault: str, call: Callable[[], object]) -> None:
    with pytest.raises(InputError, match=fault):
        call()


# From pictures

WEIGHT = RNG.standard_normal((40, 6))  # a linear decoder: pixels of codes
WEIGHT[:, 3] = 0
PROPERTIES = RNG.standard_normal((40, 3))


def linear_changes(z: Any) -> Any:
    def changes(rows: Any, moved: Any) -> Any:
        return (moved - z[rows]) @ WEIGHT.T @ PROPERTIES

    return changes


def test_slopes_of_a_linear_decoder_are_exact() -> None:
    z = codes()
    found = slopes(linear_changes(z), z, COVARIANCE, draws=20, seed=0)
    assert found == pytest.approx(WEIGHT.T @ PROPERTIES, abs=1e-6)
    assert found.shape == (6, 3)


def test_slopes_are_means_over_images_and_curvature_does_not_matter() -> None:
    z = np.linspace(-1, 3, 200)[:, None] * [1.0, 0.0] + RNG.standard_normal((200, 2)) * [0, 1]

    def changes(rows: Any, moved: Any) -> Any:
        def value(z: Any) -> Any:
            return z[:, [0]] ** 2 + np.cos(z[:, [1]])

        return value(moved) - value(z[rows])

    found = slopes(changes, z, np.eye(2), draws=8000, seed=0)
    assert found[0] == pytest.approx(2 * z[:, 0].mean(), abs=0.15)
    slope = -(np.sin(z[:, 1]) * np.exp(-0.125)).mean()  # the mean over draws of sd .5
    assert found[1] == pytest.approx(slope, abs=0.1)


def test_slopes_draw_for_images_in_turn() -> None:
    z, seen = codes(30), []

    def changes(rows: Any, moved: Any) -> Any:
        seen.append((rows, moved - z[rows]))
        return np.stack([moved[:, 0], np.full(len(rows), np.nan)], axis=1)

    found = slopes(changes, z, COVARIANCE, draws=1, seed=7)  # raised to 10, for 5 live elements
    (rows, up), (again, down) = seen
    assert len(rows) == len(set(rows)) == 10
    assert (rows == again).all()
    assert up == pytest.approx(-down, abs=1e-12)
    assert (up[:, 3] == 0).all()
    assert found[:, 0] == pytest.approx([1, 0, 0, 0, 0, 0], abs=1e-9)
    assert np.isnan(found[LIVE, 1]).all()
    seen.clear()
    slopes(changes, z, COVARIANCE, count_per_image=5, seed=7)
    used = np.concatenate([rows for rows, _ in seen[::2]])
    assert len(used) == 512
    assert (used[:5] == used[0]).all()
    assert len(set(used[:150])) == 30
    drawn = np.concatenate([delta for _, delta in seen[::2]])
    assert np.sqrt(drawn[:, 0].var() / COVARIANCE[0, 0]) == pytest.approx(0.5, rel=0.15)


def test_the_steepest_direction_raises_the_target_most() -> None:
    slope = WEIGHT.T @ PROPERTIES[:, 0]
    best = steepest(slope, COVARIANCE)
    assert mahalanobis(best, COVARIANCE) == pytest.approx(1)
    assert slope @ best == pytest.approx(np.sqrt(slope @ COVARIANCE @ slope))
    assert (random_directions(500, COVARIANCE, 0) @ slope < slope @ best).all()
    assert steepest(np.array([1.0, 0.0]), PAIR) == pytest.approx([1, 0.9])


def test_held_properties_do_not_change_and_no_other_direction_is_better() -> None:
    slope, others = WEIGHT.T @ PROPERTIES[:, 0], WEIGHT.T @ PROPERTIES[:, 1:]
    best = steepest_holding(slope, others, COVARIANCE)
    assert others.T @ best == pytest.approx([0, 0], abs=1e-9)
    assert mahalanobis(best, COVARIANCE) == pytest.approx(1)
    middle = COVARIANCE @ others
    formula = COVARIANCE @ slope - middle @ np.linalg.pinv(others.T @ middle) @ middle.T @ slope
    assert best == pytest.approx(unit(formula, COVARIANCE))
    rivals = random_directions(500, COVARIANCE, 0)
    rivals = rivals - rivals @ others @ np.linalg.pinv(others.T @ middle) @ middle.T
    assert max(unit(one, COVARIANCE) @ slope for one in rivals) < best @ slope
    twice = np.c_[others, others]  # held twice, in other units
    assert steepest_holding(slope, twice * [1, 1, 1e6, 1e-6], COVARIANCE) == pytest.approx(best)


def test_a_weight_holds_softly() -> None:
    slope, others = WEIGHT.T @ PROPERTIES[:, 0], WEIGHT.T @ PROPERTIES[:, 1:]
    soft = steepest_holding(slope, others, COVARIANCE, weight=0.1)
    inverse = np.linalg.pinv(COVARIANCE)
    formula = np.zeros(6)
    inner = (inverse + 0.1 * others @ others.T)[np.ix_(LIVE, LIVE)]
    formula[LIVE] = np.linalg.solve(inner, slope[LIVE])
    assert soft == pytest.approx(unit(formula, COVARIANCE))
    free, hard = steepest(slope, COVARIANCE), steepest_holding(slope, others, COVARIANCE)
    assert steepest_holding(slope, others, COVARIANCE, weight=0.0) == pytest.approx(free)
    close = steepest_holding(slope, others, COVARIANCE, weight=1e8)
    assert close == pytest.approx(hard, abs=1e-4)
    spilt = [np.linalg.norm(others.T @ one) for one in (free, soft, hard)]
    assert spilt == sorted(spilt, reverse=True)


@pytest.mark.parametrize(
    ("fault", "call"),
    [
        ("does not change with the code", lambda: steepest(np.eye(6)[3], COVARIANCE)),
        ("not finite", lambda: steepest(np.full(6, np.nan), COVARIANCE)),
        ("slopes of shapes", lambda: steepest(np.ones(4), COVARIANCE)),
        ("hold fewer", lambda: steepest_holding(direction(), np.eye(6), COVARIANCE)),
        ("weight=-1", lambda: steepest_holding(np.ones(6), np.eye(6), COVARIANCE, weight=-1)),
        ("step=0", lambda: slopes(linear_changes(codes()), codes(), COVARIANCE, step=0)),
        ("count_per_image=0", lambda: slopes(linear_changes(codes()), codes(), COVARIANCE,
                                             count_per_image=0)),
        ("codes of shape", lambda: slopes(linear_changes(codes()), codes()[:0], COVARIANCE)),
    ],
)  # fmt: skip
def test_bad_slopes(fault: str, call: Callable[[], object]) -> None:
    with pytest.raises(InputError, match=fault):
        call()
