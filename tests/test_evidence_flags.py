from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from zatlas.errors import InputError
from zatlas.evidence.effects.flags import code_reference, measure_flags


@dataclass(frozen=True)
class Codes:
    """As ``CodeStatistics``, of codes drawn here."""

    codes: np.ndarray
    covariance: np.ndarray | None

    @property
    def sd(self) -> Any:
        return self.codes.std(0)

    def percentile(self, z_BD: Any, elements: Any) -> Any:
        return 100 * (self.codes[None] <= z_BD[:, None]).mean(1)[:, elements]


def drawn(sd: Any = (1.0, 2.0, 0.0), count: Any = 2000, covariance: Any = None) -> Any:
    rng = np.random.default_rng(0)
    codes = (rng.standard_normal((count, len(sd))) * sd).astype(np.float32)
    return Codes(codes, np.diag(np.square(sd)) if covariance is None else covariance)


def decode(z_BD: Any) -> Any:
    """Each element is one pixel."""
    return (0.02 * z_BD).astype(np.float32).reshape(len(z_BD), 1, -1, 1)


def encode(x_BHWC: Any) -> Any:
    """Finds half of element 0 and all of element 1, and takes a quarter of 0 for 1."""
    z = x_BHWC.reshape(len(x_BHWC), -1) / 0.02
    return np.stack([0.5 * z[:, 0], z[:, 1] + 0.25 * z[:, 0], z[:, 2]], axis=1)


def edited(z: Any, **moves: Any) -> Any:
    answer = z.copy()
    for element, move in moves.items():
        answer[:, int(element[1:])] += move
    return answer


def test_an_edit_of_one_element_by_hand() -> None:
    statistics = drawn()
    z = statistics.codes[:300]
    f = measure_flags(
        encode, decode, z, edited(z, e0=2 * statistics.sd[0]), code_reference(statistics)
    )
    assert (f.n, f.moved, f.dead_moved) == (300, 1, 0)
    assert f.length == pytest.approx(2, rel=1e-5)
    assert f.kept == pytest.approx(0.5, rel=1e-4)
    assert f.kept_low == pytest.approx(f.kept_high, abs=1e-4)  # the same in every image
    # 0.25 of 2 sd of element 0 are found in element 1, whose sd is twice as long
    assert f.spill == pytest.approx(0.25 * 2 * statistics.sd[0] / statistics.sd[1], rel=1e-4)
    (moved,) = f.elements
    assert moved.element == 0
    assert (moved.size, moved.least, moved.most) == pytest.approx((2, 2, 2), rel=1e-4)
    assert moved.percentile_before == pytest.approx(50, abs=5)
    assert moved.percentile_after == pytest.approx(97.7, abs=1)
    assert moved.conditional_size == pytest.approx(2 * statistics.sd[0], rel=1e-4)  # independent


def test_conditional_sd_by_hand() -> None:
    r = 0.8
    covariance = np.array([[1, r, 0], [r, 1, 0], [0, 0, 1.0]])
    answer = code_reference(drawn((1.0, 1.0, 1.0), covariance=covariance)).conditional_sd
    assert answer == pytest.approx([np.sqrt(1 - r * r), np.sqrt(1 - r * r), 1])
    covariance[2] = covariance[:, 2] = 0  # a dead element does not spoil the inverse
    answer = code_reference(drawn((1.0, 1.0, 0.0), covariance=covariance)).conditional_sd
    assert answer[:2] == pytest.approx([np.sqrt(1 - r * r)] * 2)
    assert np.isnan(answer[2])


def test_kept_share_of_a_multiplication_does_not_hang_on_codes_near_zero() -> None:
    statistics = drawn()
    z = statistics.codes[:300].copy()
    z[0, 0] = 1e-6
    twice = z.copy()
    twice[:, 0] *= 2
    f = measure_flags(encode, decode, z, twice, code_reference(statistics))
    assert f.kept == pytest.approx(0.5, rel=1e-4)
    assert f.elements[0].least < 0 < f.elements[0].most


def test_an_edit_that_leaves_the_data_is_seen_to() -> None:
    statistics = drawn()
    z = statistics.codes[:300]
    near = measure_flags(encode, decode, z, edited(z, e0=0.1), code_reference(statistics))
    far = measure_flags(encode, decode, z, edited(z, e0=20), code_reference(statistics))
    assert near.in_range > 0.95
    assert far.in_range == 0
    assert near.neighbour_after is not None
    assert far.neighbour_after is not None
    assert far.neighbour_after > 20 * near.neighbour_after
    assert near.neighbour_before == pytest.approx(1, abs=0.1)
    assert far.elements[0].percentile_after == 100


def test_neighbour_distance_by_hand() -> None:
    line = np.arange(101, dtype=np.float32)[:, None]  # the tenth nearest other: 5 away inside
    statistics = Codes(line, None)
    k = code_reference(statistics)
    sd = statistics.sd[0]
    assert k.typical == pytest.approx(5 / sd, rel=1e-6)
    f = measure_flags(
        lambda x: x[:, 0, 0], lambda z: z[:, None, None, :], line[:1], line[:1] + 200, k
    )
    assert f.neighbour_after == pytest.approx((200 - 91) / 5, rel=1e-6)
    assert f.elements[0].conditional_size is None
    assert f.spill is None  # no element was left alone


def test_cycle_and_saturation_by_hand() -> None:
    statistics = drawn((1.0, 1.0, 0.0))
    z = np.zeros((4, 3), np.float32)
    f = measure_flags(encode, decode, z, edited(z, e0=50.0), code_reference(statistics))
    assert f.cycle_before == 0
    off = np.array([0.5 * 50, 0.25 * 50]) / statistics.sd[:2]
    assert f.cycle_after == pytest.approx(off.mean(), rel=1e-5)
    assert f.saturated_before == 0
    assert f.saturated_after == pytest.approx(1 / 3)  # 0.02 * 50 is 1: one pixel of three


def test_a_dead_element_has_no_size() -> None:
    statistics = drawn()
    z = statistics.codes[:10]
    f = measure_flags(encode, decode, z, edited(z, e2=3.0), code_reference(statistics))
    assert (f.moved, f.dead_moved, f.elements, f.length) == (0, 1, (), 0)
    assert f.kept is None
    assert f.in_range == 1


def test_one_image_has_no_interval() -> None:
    statistics = drawn()
    z = statistics.codes[:1]
    f = measure_flags(encode, decode, z, edited(z, e0=1.0), code_reference(statistics))
    assert f.kept == pytest.approx(0.5, rel=1e-4)
    assert f.kept_low is None


def test_codes_are_left_as_they_were() -> None:
    statistics = drawn()
    z = statistics.codes[:10].copy()
    after = edited(z, e0=1.0)
    kept = z.copy(), after.copy()
    measure_flags(encode, decode, z, after, code_reference(statistics))
    np.testing.assert_array_equal(z, kept[0])
    np.testing.assert_array_equal(after, kept[1])


def test_codes_of_two_images_fix_no_conditional_sd() -> None:
    codes = np.array([[0, 1], [2, 5]], np.float32)
    answer = code_reference(Codes(codes, np.cov(codes.T, bias=True)))
    assert np.isnan(answer.conditional_sd).all()


def test_codes_of_another_shape_are_refused() -> None:
    statistics = drawn()
    z = statistics.codes[:10]
    with pytest.raises(InputError, match="give both the same, with 3 elements"):
        measure_flags(encode, decode, z, z[:5], code_reference(statistics))
