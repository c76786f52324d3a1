from typing import Any

import numpy as np
import pytest

from zatlas.evidence.properties.crosstalk import explained, own_part, responses


def drawn(n: Any = 4000) -> Any:
    return np.random.default_rng(0).standard_normal((n, 3)) * [1, 5, 0.1]


def test_a_perfect_probe_responds_to_its_own_factor_alone() -> None:
    known = drawn()
    assert responses(known, known) == pytest.approx(np.eye(3), abs=1e-9)
    assert responses(0 * known, known) == pytest.approx(np.zeros((3, 3)))


def test_slopes_by_hand() -> None:
    known = drawn()
    read = known.copy()
    read[:, 0] = 0.1 * known[:, 0] + 0.06 * known[:, 1]  # 0.3 sd of factor 0 for an sd of factor 1
    noise = np.random.default_rng(1).standard_normal(len(read))
    answer = responses(read + 0.02 * noise[:, None], known)
    sd = known.std(0)
    assert answer[0] == pytest.approx([0.1, 0.06 * sd[1] / sd[0], 0], abs=0.01)


def test_factors_that_go_together_do_not_pass_for_each_other() -> None:
    known = drawn()
    known[:, 1] = 5 * (0.9 * known[:, 0] + np.sqrt(1 - 0.81) * known[:, 1] / 5)
    read = known.copy()
    read[:, 1] = 5 * known[:, 0]  # a probe of factor 1 that looks at factor 0
    assert np.corrcoef(read[:, 1], known[:, 1])[0, 1] > 0.85
    assert responses(read, known)[1] == pytest.approx([1, 0, 0], abs=0.03)


def test_a_factor_that_never_varies_has_no_slope() -> None:
    known = drawn()
    known[:, 2] = 1
    answer = responses(known, known)
    assert np.isfinite(answer).all()
    assert (answer[:, 2] == 0).all()


def test_what_the_others_explain() -> None:
    slopes = np.array([[0.5, -0.3, 0.0], [0.0, 1.0, 0.2], [0.0, 0.0, 1.0]])
    assert explained(np.array([0.25, -0.8, np.nan]), slopes) == pytest.approx([0.24, 0.0, 0.0])


@pytest.mark.parametrize("slope", [1.0, 0.6, 0.22])
def test_a_probe_that_hedges_does_not_hide_what_it_explains(slope: float) -> None:
    """A alone moves by 1.5 sd; the probe of B reads a quarter of it, whatever A's own slope is."""
    slopes = np.array([[slope, 0.0], [0.25, 0.5]])
    read = slopes @ np.array([1.5, 0.0])
    assert explained(read, slopes) == pytest.approx([0.0, 0.375])


def test_own_part_takes_off_what_other_factors_add() -> None:
    known = drawn()
    read = known.copy()
    read[:, 0] = 0.5 * known[:, 0] + 0.06 * known[:, 1]
    own = own_part(read, known)
    in_sd = (known - known.mean(0)) / known.std(0)
    assert own[:, 0] == pytest.approx(0.5 * in_sd[:, 0], abs=1e-9)
    assert own[:, 1] == pytest.approx(in_sd[:, 1], abs=1e-9)


def test_levels_of_one_factor_are_no_cross_talk() -> None:
    level = np.random.default_rng(0).integers(0, 3, 900)
    known = np.stack([level == k for k in range(3)], axis=1).astype(float)
    answer = responses(known, known, ["hair", "hair", "hair"])
    assert answer == pytest.approx(np.eye(3), abs=1e-9)
    assert explained(np.array([0.3, -0.2, 0.1]), answer) == pytest.approx(np.zeros(3), abs=1e-9)
