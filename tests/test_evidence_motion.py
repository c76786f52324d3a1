from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from zatlas.errors import InputError
from zatlas.evidence.effects.motion import Explained, explained, motion, spline_basis
from zatlas.images.faces import render
from zatlas.images.faces.factors import draw_factors


@pytest.fixture(scope="module")
def faces() -> Any:
    pixels = render(draw_factors(64, 1))
    return np.asarray(pixels, np.float32) / np.float32(127.5) * np.float32(0.8) - np.float32(0.8)


def told(before: Any, after: Any) -> Any:
    return motion(explained(before, np.asarray(after, np.float32)))


def spot(row: float, column: float, size: float) -> Any:
    rows, columns = np.indices((64, 64))
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 2 / size**2)[..., None]


@pytest.mark.parametrize("pixels", [1, 2, 4])
def test_a_shift_is_motion(faces: Any, pixels: Any) -> None:
    found = told(faces, np.roll(faces, pixels, 2))
    assert found.verdict == "motion"
    assert found.warp.low <= found.warp.value <= found.warp.high
    assert found.n == 64


def test_a_turn_is_motion(faces: Any) -> None:
    assert told(faces, ndimage.rotate(faces, 5, (1, 2), reshape=False, mode="nearest")).verdict == (
        "motion"
    )


def test_light_is_shade(faces: Any) -> None:
    across = np.linspace(-0.1, 0.1, 64)[:, None]
    for after in (faces + 0.1, faces * 1.2, faces + across, faces + 0.15 * spot(30, 20, 12)):
        found = told(faces, after)
        assert found.verdict == "shade"
        assert found.warp.high < 0.25


def test_what_neither_explains_is_no_motion(faces: Any) -> None:
    noise = np.random.default_rng(0).normal(0, 0.06, faces.shape)
    eyes = -0.3 * (spot(24, 22, 2) + spot(24, 41, 2))
    for after in (faces + noise, faces + eyes, ndimage.gaussian_filter(faces, (0, 1, 1, 0))):
        assert told(faces, after).verdict in ("neither", "shade", "not settled")


def test_a_shift_with_light_is_both(faces: Any) -> None:
    found = told(faces, np.roll(faces, 1, 2) + 0.1)
    assert found.verdict in ("motion and shade", "shade")
    assert found.beyond.low > 0.5


def test_few_images_that_disagree_are_not_settled() -> None:
    ones = np.ones(6)
    mixed = np.array([0.05, 0.9, 0.1, 0.9, 0.1, 0.9])
    found = motion(Explained(ones, mixed, 0.9 * ones, mixed))
    assert found
    assert found.verdict == "not settled"


def test_no_change_has_no_motion(faces: Any) -> None:
    assert told(faces, faces) is None


@pytest.mark.parametrize("shape", [(2, 5, 5, 3), (2, 28, 28, 1), (2, 20, 48, 3), (1, 96, 96, 3)])
def test_any_size(shape: Any) -> None:
    x = np.random.default_rng(0).uniform(-0.5, 0.5, shape).astype(np.float32)
    parts = explained(x, x + np.float32(0.1))
    assert np.isfinite([parts.total, parts.warp, parts.shade, parts.both]).all()
    assert parts.total.shape == (shape[0],)


def test_splines_add_up_to_one() -> None:
    np.testing.assert_allclose(spline_basis(16, 24).sum(0), 1, atol=1e-6)


def test_shapes_that_differ_are_refused(faces: Any) -> None:
    with pytest.raises(InputError, match="before is"):
        explained(faces, faces[:, :32])
