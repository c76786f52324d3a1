"""Decoders whose truth is known: even, one-sided and opposite effects of an element and an edit."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from zatlas.evidence.account.claims import answer_claim
from zatlas.evidence.account.sentences import summary
from zatlas.evidence.arrays import Array
from zatlas.evidence.measurements import Subject, edit_effects, element_atlas
from zatlas.evidence.properties.property_set import pixel_properties
from zatlas.evidence.records import EditEffect, ElementEffect
from zatlas.latents.code_statistics import gather
from zatlas.latents.moves import edit_move

N = 96
HALF = np.where(np.arange(N) % 2, 1.0, -1.0)  # the images of one sign and of the other
FEWER = np.where(np.arange(N) % 5 < 3, 1.0, -1.0)  # 60 in 100


Y, X = np.mgrid[-1:1:16j, -1:1:16j]
PATTERNS = np.stack(
    [np.ones((16, 16)), X, Y, np.exp(-4 * (X**2 + Y**2)), (np.indices((16, 16)).sum(0) % 2) - 0.5]
)  # light, light from a side and from above, a bright centre, texture


def effects(light: Callable[[Array, Array], Array]) -> tuple[ElementEffect, EditEffect]:
    """Element 0 and the edit by its sd, where ``light`` gives the light of a code and its side."""
    rng = np.random.default_rng(0)
    others = rng.standard_normal((N, 5))
    codes = np.column_stack([np.zeros(N), HALF, FEWER, others]).astype(np.float32)
    sd = np.array([1.0] + 7 * [0], np.float32)  # the others are dead

    def decode(z: Array) -> Array:
        picture = -0.2 + 0.12 * np.tensordot(z[:, 3:], PATTERNS, 1)
        picture += 0.15 * light(z[:, 0], z)[:, None, None]
        return np.asarray(picture[..., None], np.float32)

    reference = codes.copy()
    reference[:, 0] = rng.standard_normal(N)  # the codes of the run: + 1 sd stays in their range
    statistics = replace(gather(reference), sd=sd)
    subject = Subject(lambda x: np.zeros((len(x), 8), np.float32), decode, statistics, codes)
    images = np.clip(np.round(127.5 * (decode(codes) + 1)), 0, 255).astype(np.uint8)
    properties = pixel_properties(images)
    found = next(e for e in element_atlas(subject, properties).elements if e.element == 0)
    moved = codes.copy()
    moved[:, 0] += 1
    (edit,) = edit_effects(subject, properties, [edit_move("z[0] += sd", codes, moved)])
    return found, edit


def light_of(effect: ElementEffect | EditEffect) -> str:
    return effect.effects["luminance"].finding


def test_an_element_that_brightens_both_ways() -> None:
    element, edit = effects(lambda z, _: np.abs(z))
    assert light_of(element) == "either way"
    assert "either way: lighter" in element.sentence
    assert "no measurable effect" not in element.sentence
    assert light_of(edit) == "directed"
    even, forward = element.effects["luminance"].even, element.effects["luminance"].forward
    assert even is not None
    assert forward is not None
    assert even.value_sd == pytest.approx(edit.effects["luminance"].mean_sd, rel=1e-4)
    assert forward.plain() == pytest.approx(edit.effects["luminance"].mean_part.plain(), rel=1e-4)
    assert answer_claim("element 0 makes it lighter", element).word == "supported"
    assert answer_claim("element 0 makes it darker", element).word == "refuted"


def test_an_element_that_brightens_upwards_only() -> None:
    element, edit = effects(lambda z, _: np.maximum(z, 0))
    assert light_of(element) == "one way"
    assert "upwards only: lighter" in element.sentence
    size = edit.effects["luminance"].mean_sd
    assert size is not None
    assert summary(element).startswith("mainly lighter")
    assert "upwards only" in summary(element)
    forward = element.effects["luminance"].forward
    assert forward is not None
    assert forward.value_sd == pytest.approx(size, rel=1e-4)
    answer = answer_claim("element 0 makes it lighter", element)
    assert answer.word == "supported"
    assert "in one direction of the element only" in answer.reason


@pytest.mark.parametrize(("side", "share"), [(1, "50 %"), (2, "60 %")])
def test_opposite_effects_are_told(side: int, share: str) -> None:
    element, edit = effects(lambda z, codes: z * codes[:, side])
    assert light_of(element) == light_of(edit) == "opposite"
    for effect in (element, edit):
        assert "changes " in effect.sentence
        assert f"up in {share} of images" in effect.sentence
        assert "no measurable effect" not in effect.sentence
        assert "mainly" not in effect.sentence
    assert answer_claim("element 0 does not change the light", element).word == "refuted"


def test_overlapping_properties_have_one_name() -> None:
    element, edit = effects(lambda z, _: z)
    for effect in (element, edit):
        assert "mainly lighter" in effect.sentence
        assert effect.sentence.count("lighter") == 1
        assert sum(one.named for one in effect.effects.values()) > 1  # luminance, border ...
    assert answer_claim("element 0 is mainly the light", element).word == "supported"
