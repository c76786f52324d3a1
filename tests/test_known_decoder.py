"""Evidence against the truth, small: the face renderer is the decoder, an element is a factor.

benchmarks/known_decoder.py is the large form, with rotated pairs and hundreds of draws.
"""

import numpy as np
import pytest

from zatlas.evidence.account.move_effects import move_effects
from zatlas.evidence.account.naming import named_effects
from zatlas.evidence.arrays import Array, floats
from zatlas.evidence.effects import difference
from zatlas.evidence.properties.factors import tell_apart
from zatlas.evidence.properties.property_set import Labelled, add_factors, pixel_properties
from zatlas.images.faces import FACTORS, draw_factors, render
from zatlas.latents.moves import element_move

ELEMENTS = ("background_lightness", "light_azimuth", "skin_tone", "background_lightness", None)
"""What each element moves: one twice, the last is dead to the decoder."""


def moved(values: dict[str, Array], codes: Array) -> dict[str, Array]:
    """Factors of the faces after a move: one unit is 0.2 of a factor's range."""
    answer = dict(values)
    for element, name in enumerate(ELEMENTS):
        if name is not None:
            factor = next(factor for factor in FACTORS if factor.name == name)
            step = 0.2 * (factor.high - factor.low) * codes[:, element]
            answer[name] = np.clip(answer[name] + step, factor.low, factor.high)
    return answer


@pytest.mark.long
def test_the_right_factor_is_named_first_and_a_dead_element_has_no_effect() -> None:
    drawn = draw_factors(1200, seed=0)
    images = render(drawn)
    factors, _ = tell_apart(drawn)
    held_out = np.arange(1200) % 3 == 0
    properties, _ = add_factors(
        pixel_properties(images[held_out]), Labelled(images, factors, held_out)
    )

    seen = draw_factors(40, seed=1)
    codes = np.zeros((40, len(ELEMENTS)), np.float32)

    def decode(z: Array) -> Array:
        rows = np.arange(len(z)) % 40  # every move decodes whole blocks of the same faces
        return floats(render(moved({k: v[rows] for k, v in seen.items()}, z)))

    base = difference.measure_centre(decode, properties.measure, codes, properties.compare)
    sd = np.ones(len(ELEMENTS), np.float32)
    moves = [element_move(codes, element, sd) for element in range(len(ELEMENTS))]
    changes = difference.measure_changes(
        decode, properties.measure, base, moves, steps=(-1.0, 1.0), sweep_n=40, motion_n=0
    )
    found = move_effects(list(changes), properties)
    for effect, truth in zip(found, ELEMENTS, strict=True):
        named = named_effects(effect, "factor")
        if truth is None:
            assert "no measurable effect" in effect.sentence
            assert not named
        else:
            assert named[0].name == truth, effect.sentence
    assert found[0].size == found[3].size
