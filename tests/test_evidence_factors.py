"""Kinds of factors, and scores on held-out images."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from zatlas.errors import InputError
from zatlas.evidence.properties.factors import tell_apart
from zatlas.evidence.statistics import scores

RNG = np.random.default_rng(0)
N = 200


def one(values: Any, **kinds: Any) -> Any:
    factors, left_out = tell_apart({"it": values}, kinds)
    return factors[0] if factors else left_out["it"]


@pytest.mark.parametrize(
    ("values", "kind", "levels"),
    [
        (RNG.normal(size=N), "continuous", ()),
        (RNG.integers(0, 11, N), "continuous", ()),  # eleven numbers are measured
        (RNG.integers(0, 10, N), "categorical", tuple("0123456789")),
        (RNG.choice([0.5, 1.0, 1.5], N), "continuous", ()),
        (RNG.choice([1.0, 2.0, 3.0], N), "categorical", ("1", "2", "3")),
        (RNG.choice([-1, 1], N), "binary", ("-1", "1")),
        (RNG.random(N) < 0.5, "binary", ("False", "True")),
        (RNG.choice(["Male", "Female"], N), "binary", ("Female", "Male")),
        (RNG.choice(["red", "green", "blue"], N), "categorical", ("blue", "green", "red")),
        (RNG.choice(["20-29", "30-39", "more than 70"], N), "continuous", ()),
    ],
)
def test_kinds(values: Any, kind: Any, levels: Any) -> None:
    factor = one(values)
    assert (factor.kind, factor.levels) == (kind, levels)
    assert factor.known.all()


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.arange(N), "counts the rows"),
        (np.sort(RNG.choice(10**6, N, replace=False)), "counts the rows"),
        (np.array([f"{i}.jpg" for i in range(N)]), "text with 200 levels in 200 rows"),
        (np.full(N, 3.0), "the same in every row"),
        (np.full(N, np.nan), "no value is known"),
        (np.full(N, ""), "no value is known"),
    ],
)
def test_what_is_no_factor(values: Any, why: Any) -> None:
    assert one(values) == why


@pytest.mark.parametrize("unknown", ["", "NA", "n/a", "NaN"])
def test_numbers_with_words_for_unknown_are_numbers(unknown: Any) -> None:
    ages = one(np.array([*(f"{20.5 + i % 60}" for i in range(N - 1)), unknown]))
    assert (ages.kind, int(ages.known.sum())) == ("continuous", N - 1)
    assert ages.values[0] == 20.5
    names = one(np.array([*(f"{i % 4:03d}" for i in range(N - 1)), unknown]))
    assert (names.kind, names.levels) == ("categorical", ("000", "001", "002", "003"))


def test_names_of_rows_are_no_factors_and_order_is_kept() -> None:
    columns = {"index": np.arange(N) % 7, "b": RNG.normal(size=N), "source": np.full(N, "x.zip")}
    columns["a"] = np.arange(N) % 2
    factors, left_out = tell_apart(columns)
    assert [factor.name for factor in factors] == ["b", "a"]
    assert left_out == {"index": "names the rows", "source": "names the rows"}


def test_values_levels_and_labels() -> None:
    gender = one(np.array(["Male", "Female", "", "Male"]))
    assert gender.label == "it = Male"
    np.testing.assert_array_equal(gender.values, [1, 0, np.nan, 1])
    assert one(np.array([-1, 1, 1, -1])).label == "it"
    age = one(np.array(["20-29", "more than 70", "NA", "30-39"]))
    np.testing.assert_array_equal(age.values, [24.5, 70, np.nan, 34.5])
    assert "middle" in age.note
    floats = one(np.array([3.0, np.nan, 1.0, 2.0, 1.0]))
    np.testing.assert_array_equal(floats.values, [2, np.nan, 0, 1, 0])
    np.testing.assert_array_equal(floats.rows(slice(2, 4)).values, [0, 1])


def test_a_kind_can_be_asked_for() -> None:
    levels = RNG.integers(0, 4, N)
    assert one(levels, it="continuous").values.tolist() == levels.tolist()
    assert one(RNG.choice(["20-29", "30-39"], N), it="categorical").levels == ("20-29", "30-39")
    assert one(np.arange(N), it="continuous").kind == "continuous"


@pytest.mark.parametrize(
    ("columns", "kinds", "message"),
    [
        ({"a": np.zeros(3), "b": np.zeros(4)}, {}, "'b' has shape"),
        ({"a": np.zeros((3, 2))}, {}, "one value an image"),
        ({"a": np.array([1.0, np.inf])}, {}, "infinite"),
        ({"glasses": np.arange(3)}, {"glases": "binary"}, "did you mean 'glasses'"),
        ({"a": np.arange(3)}, {"a": "binery"}, "did you mean 'binary'"),
        ({"a": np.arange(3)}, {"a": "binary"}, "3 values; a binary one needs 2"),
        ({"a": np.array(["x", "y", "z"])}, {"a": "continuous"}, "is text"),
    ],
)
def test_faults_name_the_factor(columns: Any, kinds: Any, message: Any) -> None:
    with pytest.raises(InputError, match=message):
        tell_apart(columns, kinds)


def test_auc_is_the_share_of_pairs_in_order() -> None:
    truth = RNG.integers(0, 2, 60)
    guess = np.round(RNG.normal(size=60) + truth, 1)  # with ties
    u = stats.mannwhitneyu(guess[truth == 1], guess[truth == 0]).statistic
    found = scores.auc(truth, guess, 0)
    assert found.score == pytest.approx(u / ((truth == 1).sum() * (truth == 0).sum()))
    assert found.score is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.score < found.high
    assert scores.auc(truth, -guess, 0).score == pytest.approx(1 - found.score)
    assert scores.auc(np.array([0, 0, 1, 1]), np.array([1, 2, 3, 4]), 0).score == 1


def test_r_squared_and_balanced_accuracy_by_hand() -> None:
    truth = np.array([0.0, 1, 2, 3])
    assert scores.r_squared(truth, truth, 0).score == 1
    assert scores.r_squared(truth, np.full(4, 1.5), 0).score == 0
    assert scores.r_squared(truth, truth[::-1], 0).score == pytest.approx(1 - 20 / 5)
    found = scores.balanced_accuracy(np.array([0] * 8 + [1] * 2), np.zeros(10), 0)
    assert (found.score, found.chance) == (0.5, 0.5)
    scaled = scores.balanced_accuracy(truth, truth, 0, above_chance=True)
    assert (scaled.score, scaled.chance) == (1, 0)


def test_chance_is_not_beaten_by_chance() -> None:
    beaten = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        truth, guess = rng.integers(0, 2, 150), rng.normal(size=150)
        beaten += scores.auc(truth, guess, seed).beats_chance
        beaten += scores.r_squared(rng.normal(size=150), guess / 9, seed).beats_chance
    assert beaten <= 12  # 2.5 % of 200 by design


def test_scores_are_seeded() -> None:
    truth, guess = RNG.normal(size=(2, 80))
    assert scores.r_squared(truth, guess, 3) == scores.r_squared(truth, guess, 3)
    assert scores.r_squared(truth, guess, 3) != scores.r_squared(truth, guess, 4)
