"""Elements matched between runs whose relation is known."""

import numpy as np
import pytest

from zatlas.errors import InputError
from zatlas.evidence.codes.stability import match_elements, measure_stability, udr, udr_pair

N, D = 800, 6
A = np.random.default_rng(0).normal(size=(N, D))
OTHER = np.random.default_rng(1).normal(size=(N, D))
ORDER = np.array([3, 0, 5, 1, 2, 4])  # element j of B is element ORDER[j] of A
B = -2 * A[:, ORDER] + 1


def test_another_order_sign_and_scale_is_the_same_code() -> None:
    found = match_elements(A, B)
    assert [int(ORDER[e]) for e in found.partner] == list(range(D))
    np.testing.assert_allclose(found.correlation, -1)
    assert found.median == pytest.approx(1)
    assert found.same_index_median < 0.1
    assert found.chance < 0.1


def test_correlation_with_the_partner_is_signed_and_measured() -> None:
    noisy = A[:, ORDER] + 0.75 * OTHER  # r = 1 / sqrt(1 + 0.75^2) = 0.8
    found = match_elements(A, noisy)
    assert [int(ORDER[e]) for e in found.partner] == list(range(D))
    np.testing.assert_allclose(found.correlation, 0.8, atol=0.04)
    assert found.correlation[0] == pytest.approx(
        np.corrcoef(A[:, 0], noisy[:, found.partner[0]])[0, 1]
    )


def test_matching_is_one_to_one_and_of_the_largest_sum() -> None:
    pair = np.c_[A[:, 0] + 0.1 * A[:, 1], A[:, 0] + 0.5 * A[:, 2] + A[:, 1]]
    found = match_elements(A[:, :2], pair)  # both resemble element 0; one must take element 1
    assert found.partner == (0, 1)


def test_independent_runs_match_no_better_than_chance() -> None:
    found = match_elements(A, OTHER)
    assert found.median < 0.12
    assert found.median == pytest.approx(found.chance, abs=0.04)


def test_dead_elements_and_other_sizes() -> None:
    dead = A.copy()
    dead[:, 2] = 0.1
    found = match_elements(dead, B[:, :4])
    assert found.partner[2] is None
    assert found.correlation[2] == 0
    assert sum(e is not None for e in found.partner) == 4
    assert found.same_index[4:] == (None, None)
    wider = match_elements(A[:, :3], B)
    assert len(wider.partner) == len(wider.same_index) == 3
    assert wider.median == pytest.approx(1)


def test_udr_of_a_perfect_and_of_a_rotated_pair() -> None:
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(D, D)))[0]
    assert udr_pair(A, B) == pytest.approx(0.9, abs=0.01)  # the penalty takes a tenth
    assert udr_pair(A, A @ turn) < 0.4
    assert udr_pair(A, OTHER) < 0.05


def test_udr_by_hand() -> None:
    half = np.linalg.qr(A - A.mean(0))[0][:, :2]  # uncorrelated
    pair = half @ np.array([[1, 1], [1, -1]])
    # every similarity is s = sqrt(1/2) - 0.1, so every row and column gives s^2 / 2s
    assert udr_pair(half, pair) == pytest.approx((np.sqrt(0.5) - 0.1) / 2, abs=1e-3)


def test_spearman_noise_grows_with_elements() -> None:
    perfect = udr_pair(A[:, :2], A[:, :2], "spearman")
    r = abs(np.corrcoef(*np.argsort(np.argsort(A[:, :2], axis=0), axis=0).T)[0, 1])
    assert perfect == pytest.approx(1 / (1 + r))
    wide = np.random.default_rng(3).normal(size=(200, 40))
    assert udr_pair(wide, wide, "spearman") < 0.4


def test_udr_is_the_median_over_the_others() -> None:
    runs = [A, B, OTHER]
    scores = udr(runs)
    pairs = [udr_pair(B, A), udr_pair(OTHER, A)]
    assert scores[0] == pytest.approx(np.median(pairs))
    assert scores[2] < 0.05


def test_stability_of_a_run_among_others() -> None:
    noisy = A + 0.75 * OTHER
    found = measure_stability([A, B, noisy])
    np.testing.assert_allclose(found.best, 0.9, atol=0.03)  # median of 1 and 0.8
    assert len(found.matches) == 2
    assert found.udr_chance < 0.05 < 0.5 < found.udr[0]
    masked = measure_stability([A, B], informative=[np.arange(D) < 3, np.isin(ORDER, [0, 1, 2])])
    assert masked.udr[0] == pytest.approx(0.9, abs=0.01)
    assert found == measure_stability([A, B, noisy])


def test_without_any_element_there_is_no_similarity() -> None:
    assert udr_pair(A[:, :0], B) == 0


def test_faults() -> None:
    with pytest.raises(InputError, match="at least one other"):
        measure_stability([A])
    with pytest.raises(InputError, match=r"\[800, 799\]"):
        match_elements(A, B[1:])
