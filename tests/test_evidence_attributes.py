from typing import Any

import numpy as np
import pytest
from skimage.color import rgb2lab

from zatlas.errors import InputError
from zatlas.evidence.properties.attributes import ATTRIBUTES, columns, joined, lab, measure


def named(x_BHWC: Any) -> Any:
    values = measure(x_BHWC)
    return {c.name: values[:, k] for k, c in enumerate(columns(x_BHWC.shape[-1]))}


def flat(colour: Any, size: Any = 64) -> Any:
    return np.tile(np.float32(colour), (1, size, size, 1))


def blob(x: Any, y: Any, radius: Any = 6, size: Any = 64) -> Any:
    """A bright square of side 2 * radius, its centre x pixels right of and y below the middle."""
    picture = flat([-1.0] * 3, size)
    row, column = size // 2 + y, size // 2 + x
    picture[:, row - radius : row + radius, column - radius : column + radius] = 1
    return picture


def test_lab_is_that_of_scikit_image() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (4, 16, 16, 3)).astype(np.float32)
    x[0, :, :, :] -= 0.9  # dark: the straight part of both curves
    reference = rgb2lab((np.clip(x, -1, 1) + 1) / 2)
    np.testing.assert_allclose(np.stack(lab(x), -1), reference, atol=2e-3)


def test_lab_of_known_colours() -> None:
    assert np.stack(lab(flat([1, 1, 1])))[:, 0, 0, 0] == pytest.approx([100, 0, 0], abs=0.02)
    assert np.stack(lab(flat([-1, -1, -1])))[:, 0, 0, 0] == pytest.approx([0, 0, 0], abs=0.02)
    assert np.stack(lab(flat([1, -1, -1])))[:, 0, 0, 0] == pytest.approx(
        [53.24, 80.09, 67.20], abs=0.05
    )


def test_grey_of_one_channel_has_the_lightness_of_grey_of_three() -> None:
    grey = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 1)).astype(np.float32)
    np.testing.assert_allclose(lab(grey)[0], lab(np.repeat(grey, 3, -1))[0], atol=1e-3)


def test_light_and_contrast_of_two_halves() -> None:
    right = flat([-1.0] * 3)
    right[:, :, 32:] = 1
    v = named(right)
    assert v["luminance"][0] == pytest.approx(50, abs=0.01)
    assert v["left-right light"][0] == pytest.approx(100, abs=0.01)
    assert v["top-bottom light"][0] == pytest.approx(0, abs=0.01)
    assert v["contrast"][0] == pytest.approx(50, abs=0.01)
    v = named(right.swapaxes(1, 2))  # now the lower half is white
    assert v["top-bottom light"][0] == pytest.approx(-100, abs=0.01)
    assert v["left-right light"][0] == pytest.approx(0, abs=0.01)


def test_the_middle_column_of_an_odd_width_belongs_to_neither_half() -> None:
    x = flat([-1.0] * 3, 5)
    x[:, :, 2] = 1
    assert named(x)["left-right light"][0] == pytest.approx(0, abs=1e-4)


def test_colour_of_red() -> None:
    v = named(flat([1, -1, -1]))
    assert v["red-green"][0] == pytest.approx(80.09, abs=0.05)
    assert v["yellow-blue"][0] == pytest.approx(67.20, abs=0.05)
    assert v["chroma"][0] == pytest.approx(np.hypot(80.09, 67.20), abs=0.05)


def test_sharpness_of_stripes() -> None:
    stripes = flat([-1.0] * 3)
    stripes[:, :, ::2] = 1  # Laplacian of L* is +200 and -200 by turns
    assert named(stripes)["sharpness"][0] == pytest.approx(np.log10(40000), abs=1e-3)
    assert named(flat([0.2] * 3))["sharpness"][0] == pytest.approx(-2)  # the floor


def test_place_moves_with_the_object_and_extent_does_not() -> None:
    middle, moved = named(blob(0, 0)), named(blob(4, -8))
    assert moved["horizontal place"] - middle["horizontal place"] == pytest.approx(
        4 / 64 * 100, abs=1e-3
    )
    assert moved["vertical place"] - middle["vertical place"] == pytest.approx(
        8 / 64 * 100, abs=1e-3
    )
    assert moved["edge extent"] == pytest.approx(middle["edge extent"], rel=1e-4)
    assert named(blob(0, 0, 12))["edge extent"] == pytest.approx(
        2 * middle["edge extent"], rel=0.02
    )


def turned(side: Any) -> Any:
    """An outline, with features in its middle (side 0) or to one side of it."""
    x = flat([-1.0] * 3)
    x[:, 12:52, 12:52] = 0
    for left in (24, 34):
        x[:, 24:30, left + 6 * side : left + 6 + 6 * side] = 1
    return x


def test_asymmetry_has_the_sign_of_the_turn_and_ignores_place() -> None:
    values = {side: named(turned(side))["asymmetry"][0] for side in (-1, 0, 1)}
    assert abs(values[0]) < 1e-3
    assert values[1] > 0.05
    assert values[-1] == pytest.approx(-values[1], abs=1e-4)
    assert named(np.roll(turned(1), 5, axis=2))["asymmetry"][0] == pytest.approx(
        values[1], abs=1e-3
    )


def test_a_mirrored_picture_swaps_left_and_right_alone() -> None:
    x = np.random.default_rng(1).uniform(-1, 1, (3, 64, 64, 3)).astype(np.float32)
    one, other = named(x), named(x[:, :, ::-1])
    for name, values in one.items():
        sign = -1 if name in ("left-right light", "horizontal place", "asymmetry") else 1
        np.testing.assert_allclose(other[name], sign * values, atol=2e-4, err_msg=name)


def test_border_is_the_frame_alone() -> None:
    x = flat([1, -1, -1])
    x[:, 4:-4, 4:-4] = -1
    v = named(x)
    assert v["border lightness"][0] == pytest.approx(53.24, abs=0.05)
    assert v["border red-green"][0] == pytest.approx(80.09, abs=0.05)
    assert v["border yellow-blue"][0] == pytest.approx(67.20, abs=0.05)
    x[:, 4:-4, 4:-4] = 1
    assert named(x)["border lightness"][0] == pytest.approx(53.24, abs=0.05)


def test_a_flat_picture_has_no_place_and_no_nan() -> None:
    v = named(flat([0.0] * 3))
    assert all(np.isfinite(values).all() for values in v.values())
    assert v["horizontal place"][0] == v["asymmetry"][0] == v["edge extent"][0] == 0


def test_colour_is_absent_from_grey_pictures() -> None:
    names = [c.name for c in columns(1)]
    assert names == [a.column.name for a in ATTRIBUTES if not a.needs_colour]
    x = np.random.default_rng(2).uniform(-1, 1, (2, 28, 28, 1)).astype(np.float32)
    assert measure(x).shape == (2, len(names))
    with pytest.raises(InputError, match="2 channels"):
        measure(np.zeros((1, 8, 8, 2), np.float32))


def test_each_picture_is_measured_by_itself_and_left_alone() -> None:
    x = np.random.default_rng(3).uniform(-1.3, 1.3, (70, 16, 16, 3)).astype(np.float32)
    kept = x.copy()
    np.testing.assert_array_equal(measure(x)[:5], measure(x[:5]))
    np.testing.assert_array_equal(x, kept)
    np.testing.assert_array_equal(measure(x), measure(np.clip(x, -1, 1)))


def test_joined_measures_stand_side_by_side() -> None:
    x = flat([0.0] * 3)
    both = joined(measure, lambda pictures: np.full((len(pictures), 2), 7.0))
    np.testing.assert_array_equal(both(x), [[*measure(x)[0], 7, 7]])
