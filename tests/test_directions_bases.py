"""Directions from transformations of images, and bases of the code, where the answer is known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from zatlas.errors import InputError
from zatlas.latents.directions import (
    TRANSFORMS,
    encode_difference,
    encoded_differences,
    ica,
    jacobian,
    pca,
    sefa_directions,
)

RNG = np.random.default_rng(0)
LIVE = [0, 1, 2, 4, 5]  # element 3 is dead
MIX = RNG.standard_normal((5, 5))
SD = np.zeros(6)
SD[LIVE] = np.linalg.norm(MIX, axis=1)
WEIGHT = RNG.standard_normal((40, 6))  # a linear decoder: pixels of codes


def codes(n: int = 300) -> Any:
    z = np.full((n, 6), 0.1)  # 0.1 has no exact mean
    z[:, LIVE] = np.random.default_rng(1).standard_normal((n, 5)) @ MIX.T
    return z


# From transformations


def transformed(images: Any, name: str, amount: float | None = None) -> Any:
    chosen = TRANSFORMS[name]
    return chosen.apply(images, chosen.amount if amount is None else amount)


def smooth(size: int = 33) -> Any:
    """A light blob, a third as wide as the image, on grey; a little lighter to the right."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    light = 60 + 120 * np.exp(-(x**2 + 2 * y**2) / (size / 6) ** 2) + x
    return np.rint(np.repeat(light[None, :, :, None], 3, axis=3)).astype(np.uint8)


def dot(size: int = 9, at: tuple[int, int] = (4, 4)) -> Any:
    image = np.zeros((1, size, size, 1), np.uint8)
    image[0, *at, 0] = 200
    return image


def test_brighten_adds_its_amount() -> None:
    images = smooth()
    assert transformed(images, "brighten").mean() == pytest.approx(images.mean() + 16)
    assert transformed(images, "brighten", -7).mean() == pytest.approx(images.mean() - 7)
    assert transformed(images, "brighten", 500).min() == 255


def test_shift_moves_whole_pixels_to_the_right_and_replicates_the_edge() -> None:
    assert (transformed(dot(), "shift", 3) == dot(at=(4, 7))).all()
    assert (transformed(dot(), "shift", -2) == dot(at=(4, 2))).all()
    images = RNG.integers(0, 256, (2, 7, 5, 3), np.uint8)
    found = transformed(images, "shift", 2)
    assert (found[:, :, 2:] == images[:, :, :-2]).all()
    assert (found[:, :, :2] == images[:, :, :1]).all()


@pytest.mark.parametrize("size", [8, 9])
def test_a_quarter_turn_is_exact_and_anticlockwise(size: int) -> None:
    images = RNG.integers(0, 256, (2, size, size, 3), np.uint8)
    assert (transformed(images, "rotate", 90) == np.rot90(images, 1, axes=(1, 2))).all()
    assert (transformed(images, "rotate", -180) == images[:, ::-1, ::-1]).all()
    assert (transformed(images, "rotate", 0) == images).all()


def test_a_turn_and_back_keeps_the_picture_sharp() -> None:
    images = smooth()
    back = transformed(transformed(images, "rotate"), "rotate", -10)
    inside = np.abs(back.astype(float) - images)[:, 6:-6, 6:-6]
    assert inside.max() <= 2


def width(image: Any) -> float:
    light = np.maximum(image[0, :, :, 0] - 100.0, 0)
    x = np.arange(light.shape[1]) - (light.shape[1] - 1) / 2
    return float(np.sqrt((light * x**2).sum() / light.sum()))


def test_zoom_enlarges_about_the_centre() -> None:
    images = smooth(65)
    assert width(transformed(images, "zoom")) == pytest.approx(1.1 * width(images), rel=0.01)
    assert width(transformed(images, "zoom", -20)) == pytest.approx(0.8 * width(images), rel=0.02)
    assert (transformed(images, "zoom", 0) == images).all()
    assert transformed(images, "zoom")[0, 32, 32, 0] == images[0, 32, 32, 0]
    flat = np.full((1, 6, 4, 3), 90, np.uint8)
    assert (transformed(flat, "zoom", -50) == 90).all()  # the edge, replicated


def test_blur_keeps_the_mean_and_lowers_the_contrast() -> None:
    images = RNG.integers(0, 256, (2, 32, 32, 3), np.uint8)
    found = transformed(images, "blur")
    assert found.mean((1, 2)) == pytest.approx(images.mean((1, 2)), rel=0.02)
    assert found.std() < 0.5 * images.std()
    assert (transformed(images, "blur", 0) == images).all()
    gaussian = transformed(dot(15, (7, 7)), "blur")[0, :, :, 0]
    assert gaussian[7, 7] == pytest.approx(200 / (2 * np.pi), abs=1.5)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_transformation_keeps_shape_and_type_and_its_input(name: str) -> None:
    images = RNG.integers(0, 256, (3, 12, 10, 3), np.uint8)
    before = images.copy()
    found = transformed(images, name)
    assert found.shape == images.shape
    assert found.dtype == np.uint8
    assert (images == before).all()
    assert (found != images).any()
    assert (found == np.concatenate([transformed(one[None], name) for one in images])).all()


def test_the_difference_in_the_code_is_a_mean_per_default_amount() -> None:
    images = RNG.integers(60, 120, (600, 4, 5, 3), np.uint8)  # more than at once

    def encode(x: Any) -> Any:
        assert x.dtype == np.uint8
        return np.stack([x.mean((1, 2, 3)), x[:, 0, 0, 0]], axis=1).astype(np.float32)

    assert encode_difference(encode, images, "brighten") == pytest.approx([16, 16], rel=1e-5)
    assert encode_difference(encode, images, "brighten", -40) == pytest.approx([16, 16], rel=1e-5)
    each = encoded_differences(encode, images, "shift")
    assert each.shape == (600, 2)
    assert each.mean(0) == pytest.approx(encode_difference(encode, images, "shift"))
    assert each[:, 1] == pytest.approx(0)  # the edge is replicated


@pytest.mark.parametrize(
    ("fault", "call"),
    [
        ("did you mean 'shift'", lambda: encode_difference(np.asarray, smooth(), "shft")),
        ("amount=0.0", lambda: encode_difference(np.asarray, smooth(), "shift", 0)),
        ("images: float64", lambda: encode_difference(np.asarray, smooth() / 2, "shift")),
        ("amount=-100", lambda: transformed(smooth(), "zoom", -100)),
        ("amount=-1", lambda: transformed(smooth(), "blur", -1)),
    ],
)
def test_bad_transformations(fault: str, call: Callable[[], object]) -> None:
    with pytest.raises(InputError, match=fault):
        call()


# Bases


def check_basis(vectors: Any, count: int) -> None:
    assert vectors.shape == (count, 6)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(count))
    assert (vectors[:, 3] == 0).all()
    in_sd = vectors[:, LIVE] / SD[LIVE]
    assert all(row[np.abs(row).argmax()] > 0 for row in in_sd)


def test_pca_gives_the_eigenvectors_of_the_covariance() -> None:
    z = codes(2000)
    found = pca(z.astype(np.float32), 3)
    check_basis(found, 3)
    expected = np.linalg.eigh(np.cov(z.T))[1].T[::-1][:3]
    assert np.abs((found * expected).sum(1)) == pytest.approx(np.ones(3), abs=1e-4)
    assert pca(z, 3) == pytest.approx(found, abs=1e-3)


def test_ica_finds_the_columns_of_independent_amounts() -> None:
    rng = np.random.default_rng(3)
    amounts = np.c_[rng.uniform(-1, 1, 5000), rng.laplace(size=5000), rng.uniform(-1, 1, 5000)]
    columns = np.array([[3.0, 1, 0, 0, 1, 0], [0, 1, 2, 0, 0, 1], [1, 0, 0, 0, -2, 1]])
    z = amounts @ columns
    found = ica(z, 3, seed=0)
    assert found.shape == (3, 6)
    assert (found[:, 3] == 0).all()
    unit_columns = columns / np.linalg.norm(columns, axis=1, keepdims=True)
    match = np.abs(found @ unit_columns.T)
    assert match.max(1) == pytest.approx(np.ones(3), abs=0.01)
    assert sorted(match.argmax(1)) == [0, 1, 2]
    assert (found == ica(z, 3, seed=0)).all()
    explained = [
        np.linalg.norm(columns[k, :][z.std(0) > 0] / z.std(0)[z.std(0) > 0]) * amounts[:, k].std()
        for k in match.argmax(1)
    ]
    assert explained == sorted(explained, reverse=True)
    check_basis(ica(codes(), 2, seed=1), 2)


def test_sefa_directions_are_in_units_of_the_code() -> None:
    found = sefa_directions(WEIGHT, SD, 5)
    check_basis(found, 5)
    gains = np.linalg.norm(found @ WEIGHT.T, axis=1) / np.linalg.norm(
        found[:, LIVE] / SD[LIVE], axis=1
    )
    assert (np.diff(gains) < 0).all()
    assert gains[0] == pytest.approx(np.linalg.norm(WEIGHT * SD, 2))


def test_of_a_linear_decoder_the_jacobian_gives_what_sefa_gives() -> None:
    calls = []

    def push(z: Any, along: Any) -> Any:
        calls.append(len(z))
        return np.tile(along @ WEIGHT.T, (len(z), 1)).astype(np.float32)

    found = jacobian(push, codes(), SD, 5, seed=0)
    check_basis(found, 5)
    assert found == pytest.approx(sefa_directions(WEIGHT, SD, 5), abs=1e-4)
    assert sum(calls) == 1 + 5 * 64  # each live element in each of 64 images


def test_the_jacobian_is_averaged_over_images_and_uses_fewer_for_long_codes() -> None:
    z = np.random.default_rng(0).standard_normal((2000, 2))
    images = []

    def push(codes: Any, along: Any) -> Any:  # pixels z0 * z1 and 0.1 * z1
        images.append(len(codes))
        slope = codes[:, 1] * along[0] + codes[:, 0] * along[1]
        return np.stack([slope, np.full(len(codes), 0.1 * along[1])], axis=1)

    found = jacobian(push, z, np.array([1.0, 1.0]), 2, seed=0)
    used = z[np.random.default_rng(0).permutation(2000)[:64]]
    mean = np.mean([np.outer([b, a], [b, a]) for a, b in used], axis=0) + np.diag([0, 0.01])
    expected = np.linalg.eigh(mean)[1].T[::-1]
    assert np.abs((found * expected).sum(1)) == pytest.approx([1, 1])
    images.clear()
    jacobian(lambda c, d: images.append(len(c)) or np.tile(d, (len(c), 1)),  # type: ignore[func-returns-value]
             np.ones((90, 1024)), np.ones(1024), 3)  # fmt: skip
    assert sum(images) == 1 + 8 * 1024


@pytest.mark.parametrize(
    ("fault", "call"),
    [
        ("count=6: there are 5", lambda: pca(codes(), 6)),
        ("count=6: there are 5", lambda: ica(codes(), 6, 0)),
        ("count=6: there are 5", lambda: sefa_directions(WEIGHT, SD, 6)),
        ("count=6: there are 5", lambda: jacobian(lambda z, d: z, codes(), SD, 6)),
        ("count=0", lambda: pca(codes(), 0)),
        ("no direction", lambda: pca(np.ones((5, 2)), 1)),
        ("no direction", lambda: ica(np.ones((5, 2)), 1, 0)),
        ("no direction", lambda: jacobian(lambda z, d: 0 * z, codes(), SD, 1)),
        ("codes of shape", lambda: pca(np.ones(3), 1)),
        ("sd of shape", lambda: jacobian(lambda z, d: z, codes(), SD[:2], 1)),
        ("first layer of shape", lambda: sefa_directions(WEIGHT, SD[:2], 1)),
    ],
)
def test_bad_bases(fault: str, call: Callable[[], object]) -> None:
    with pytest.raises(InputError, match=fault):
        call()
