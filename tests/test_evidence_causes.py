from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from skimage.transform import rotate

from zatlas.errors import InputError
from zatlas.evidence.arrays import floats
from zatlas.evidence.properties.attributes import ATTRIBUTES, lab
from zatlas.evidence.properties.causes import Reference, causes, columns, compare
from zatlas.evidence.properties.property_set import measure_drawn, pixel_properties
from zatlas.images.faces import render
from zatlas.images.faces.factors import draw_factors


@pytest.fixture(scope="module")
def faces() -> Any:
    pixels = render(draw_factors(24, 0))
    return np.asarray(pixels, np.float32) / np.float32(127.5) - 1


def amounts(before: Any, after: Any) -> Any:
    names = [column.name for column in columns(before.shape[-1])]
    return dict(zip(names, causes(before, np.asarray(after, np.float32)).mean(0), strict=True))


def spread(pictures: Any) -> Any:
    """The sd of every property over uint8 images, by its name."""
    found = pixel_properties(np.round((pictures + 1) * 127.5).astype(np.uint8))
    return dict(zip([c.name for c in found.columns], found.real_sd, strict=True))


def test_nothing_changed_is_nothing(faces: Any) -> None:
    assert all(abs(value) < 1e-4 for value in amounts(faces, faces).values())


@pytest.mark.parametrize("pixels", [-4, -1, 1, 3])
def test_shift_is_told_in_percent_of_the_width(faces: Any, pixels: Any) -> None:
    found = amounts(faces, np.roll(faces, pixels, 2))
    assert found["horizontal shift"] == pytest.approx(pixels / 0.64, abs=0.4)
    assert abs(found["vertical shift"]) < 0.3
    found = amounts(faces, np.roll(faces, pixels, 1))
    assert found["vertical shift"] == pytest.approx(-pixels / 0.64, abs=0.8)  # a roll wraps


def test_shift_with_light_is_both(faces: Any) -> None:
    found = amounts(faces * 0.8, np.roll(faces * 0.8, 2, 2) + 0.1)
    assert found["horizontal shift"] == pytest.approx(3.1, abs=0.4)
    assert found["lightness"] > 2


def test_turn_and_zoom(faces: Any) -> None:
    turned = np.stack([rotate(x, 5, mode="edge", preserve_range=True) for x in faces])
    assert amounts(faces, turned)["tilt"] == pytest.approx(5, abs=0.5)
    zoomed = np.stack([ndimage.zoom(x, (1.25, 1.25, 1), order=1)[8:72, 8:72] for x in faces])
    assert amounts(faces, zoomed)["zoom"] == pytest.approx(25, abs=4)


def plane_edit(faces: Any, edit: Any) -> Any:
    """Amounts of an edit of the CIELAB planes, which pictures are not made from again."""
    before = lab(faces)
    after = edit([plane.copy() for plane in before])
    names = [column.name for column in columns(3)]
    return dict(zip(names, Reference(before).changes(after).mean(0), strict=True))


def named_alone(found: Any, name: str, value: float, tolerance: float) -> None:
    """The cause has this amount, and no other cause is more than a hundredth of its unit off."""
    assert found.pop(name) == pytest.approx(value, abs=tolerance)
    assert max(abs(rest) for rest in found.values()) < 0.1 * abs(value)


def test_light_and_its_directions_are_apart(faces: Any) -> None:
    across = np.linspace(-1, 1, 64, dtype=np.float32)
    found = plane_edit(faces, lambda p: [p[0] + 6, *p[1:]])
    named_alone(found, "lightness", 6, 0.1)
    found = plane_edit(faces, lambda p: [p[0] + 6 * across, *p[1:]])
    named_alone(found, "left-right gradient", 6, 0.2)
    found = plane_edit(faces, lambda p: [p[0] - 6 * across[:, None], *p[1:]])
    named_alone(found, "top-bottom gradient", 6, 0.2)


def test_border_is_told_apart_from_the_whole(faces: Any) -> None:
    frame = np.ones((64, 64), np.float32)
    frame[4:-4, 4:-4] = 0
    found = plane_edit(faces, lambda p: [p[0] + 8 * frame, *p[1:]])
    named_alone(found, "border against rest", 8, 0.2)


def test_colour_causes_are_apart(faces: Any) -> None:
    def turned(p: Any, factor: float, degrees: float) -> Any:
        q = (p[1] + 1j * p[2]) * factor * np.exp(1j * np.radians(degrees))
        return [p[0], np.float32(q.real), np.float32(q.imag)]

    named_alone(plane_edit(faces, lambda p: turned(p, 1, 40)), "hue rotation", 40, 2)
    named_alone(plane_edit(faces, lambda p: turned(p, 1.3, 0)), "chroma gain", 30, 2)
    named_alone(plane_edit(faces, lambda p: [p[0], p[1] - 7, p[2]]), "red-green offset", -7, 0.3)
    named_alone(plane_edit(faces, lambda p: [p[0], p[1], p[2] + 7]), "yellow-blue offset", 7, 0.3)


def test_contrast_is_no_sharpness_and_no_noise(faces: Any) -> None:
    found = plane_edit(faces, lambda p: [50 + 1.2 * (p[0] - 50), *p[1:]])
    assert found["contrast gain"] == pytest.approx(20, abs=1)
    assert abs(found["detail gain"]) < 0.01
    assert abs(found["noise"]) < 0.02


def test_noise_is_not_sharper_and_blur_is_not_cleaner(faces: Any) -> None:
    sd = spread(faces)
    noise = np.random.default_rng(0).normal(0, 8 / 127.5, faces.shape)
    found = amounts(faces, faces + noise)
    assert found["noise"] / sd["noise"] > 2 * abs(found["detail gain"]) / sd["detail gain"]
    found = amounts(faces, ndimage.gaussian_filter(faces, (0, 1.5, 1.5, 0)))
    assert found["detail gain"] < -0.1
    assert abs(found["noise"]) / sd["noise"] < -found["detail gain"] / sd["detail gain"]


def test_grey_pictures_have_no_colour(faces: Any) -> None:
    grey = faces.mean(-1, keepdims=True)
    found = amounts(grey, grey + 0.1)
    assert "hue rotation" not in found
    assert found["lightness"] > 3
    three = np.repeat(grey, 3, -1)
    sd = spread(three)
    assert sd["red-green offset"] == 0
    assert sd["lightness"] > 1


@pytest.mark.parametrize("shape", [(3, 5, 7, 1), (2, 28, 28, 1), (2, 40, 20, 3), (1, 128, 96, 3)])
def test_any_size_has_every_cause(shape: Any) -> None:
    x = np.random.default_rng(0).uniform(-0.5, 0.5, shape).astype(np.float32)
    found = causes(x, x + np.float32(0.1))
    assert found.shape == (shape[0], len(columns(shape[-1])))
    assert np.isfinite(found).all()
    assert causes(x[:0], x[:0]).shape == (0, found.shape[1])


def test_a_flat_picture_has_finite_causes() -> None:
    x = np.zeros((1, 32, 32, 3), np.float32)
    found = amounts(x, x + np.float32(0.2))
    assert np.isfinite(list(found.values())).all()
    assert found["lightness"] > 5


def test_the_same_picture_gives_the_same_amounts_in_any_batch(faces: Any) -> None:
    after = np.roll(faces, 1, 2)
    np.testing.assert_allclose(causes(faces, after)[3:5], causes(faces[3:5], after[3:5]), atol=1e-2)


def test_shapes_that_differ_are_refused(faces: Any) -> None:
    with pytest.raises(InputError, match="before is"):
        causes(faces, faces[:, :32])
    with pytest.raises(InputError, match="channels"):
        causes(faces[..., :2], faces[..., :2])


def test_every_property_has_a_family_and_its_own_name() -> None:
    properties = [*columns(3), *(attribute.column for attribute in ATTRIBUTES)]
    assert len({each.name for each in properties}) == len(properties)
    families = {each.family for each in properties}
    assert families == {"place", "lightness", "light direction", "detail", "colour"}


def test_real_values_have_a_row_for_each_image_and_their_sd_is_the_yardstick(faces: Any) -> None:
    images = np.round((faces + 1) * 127.5).astype(np.uint8)
    found = pixel_properties(images)
    values = dict(zip([c.name for c in found.columns], found.real, strict=True))
    assert {len(each) for each in values.values()} == {len(images)}
    assert list(found.real_sd) == [np.std(each) for each in found.real]
    assert values["lightness"].std() == pytest.approx(values["luminance"].std(), rel=0.3)
    pairs = causes(floats(images), floats(np.roll(images, -1, 0))) / np.sqrt(2)
    np.testing.assert_allclose(values["horizontal shift"], pairs[:, 0])
    assert values["noise"].min() >= 0  # of single images
    alone = pixel_properties(images, compare=False)
    assert {column.kind for column in alone.columns} == {"attribute"}
    assert alone.compare is None
    np.testing.assert_array_equal(alone.real_sd, found.real_sd[-len(alone.columns) :])


def test_a_cause_is_drawn_where_the_change_between_two_images_comes_back(faces: Any) -> None:
    images = np.round((faces + 1) * 127.5).astype(np.uint8)
    codes = np.arange(len(images), dtype=np.float32)[:, None]

    def drawn(decode: Any) -> Any:
        found = measure_drawn(pixel_properties(images), images, codes, decode)
        assert found.drawn is not None
        assert [one.name for one in found.drawn] == [c.name for c in found.columns]
        return {one.name: one.drawn for one in found.drawn}

    every = drawn(lambda z: floats(images[z[:, 0].astype(int)]))
    assert set(every.values()) == {True}

    def plain(z: Any) -> Any:
        """Pictures of one colour, as light as the image."""
        light = floats(images[z[:, 0].astype(int)]).mean((1, 2, 3), keepdims=True)
        return np.broadcast_to(light, (len(z), 64, 64, 3)).astype(np.float32)

    flat = drawn(plain)
    assert flat["lightness"] is not False
    assert flat["horizontal shift"] is flat["hue rotation"] is flat["detail gain"] is False


def test_a_part_of_the_references_compares_the_same(faces: Any) -> None:
    after = np.roll(faces, 1, 2)
    whole, part = compare(np.tile(faces, (3, 1, 1, 1))), slice(20, 70)
    expected = whole.measure(np.tile(after, (3, 1, 1, 1)))[part]
    found = whole.rows(part).measure(np.tile(after, (3, 1, 1, 1))[part])
    np.testing.assert_allclose(found, expected, atol=1e-3)
