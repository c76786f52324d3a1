import json
from typing import Any

import numpy as np
import pytest

from zatlas.errors import InputError
from zatlas.evidence.account.move_effects import move_effects
from zatlas.evidence.account.naming import named_effects
from zatlas.evidence.effects.difference import (
    EDIT_STEPS,
    centre_of_mass,
    locality,
    measure_centre,
    measure_change,
    measure_changes,
)
from zatlas.evidence.effects.sensitivity import interactions, sensitivity
from zatlas.evidence.properties import attributes, causes
from zatlas.evidence.properties.property_set import PropertySet
from zatlas.latents.moves import Move, direction_move, edit_move, element_move, random_move

SIZE = 32
SD = np.array([1.0, 2.0, 0.0, 1.0, 1.0, 1.0])
X, Y = np.meshgrid(np.arange(SIZE) - 15.5, np.arange(SIZE) - 15.5)


def toy(z_BD: Any) -> Any:
    """0 brightens, 1 moves a blob right, 2 is dead, 3 lights the right, 4 and 5 multiply."""
    z = np.asarray(z_BD, np.float64)[:, :, None, None]
    blob = 0.6 * np.exp(-(((X - z[:, 1]) / 6) ** 2 + (Y / 8) ** 2))
    light = -0.5 + blob + 0.05 * z[:, 0] + 0.05 * z[:, 3] * X / 16
    light[:, :4] += 0.05 * z[:, 4] * z[:, 5]
    return np.repeat(light[..., None], 3, axis=3).astype(np.float32)


def codes(n: Any = 24, seed: int = 0) -> Any:
    return (np.random.default_rng(seed).standard_normal((n, 6)) * SD).astype(np.float32)


def moves(z: Any, *elements: Any) -> Any:
    return [element_move(z, element, SD) for element in elements]


def moved(element: Any, z: Any = None, decode: Any = toy, **options: Any) -> Any:
    z = codes() if z is None else z
    base = measure_centre(decode, attributes.measure, z)
    return measure_change(decode, attributes.measure, base, element_move(z, element, SD), **options)


def test_brightness_by_hand() -> None:
    c = moved(0)
    assert c.sizes == pytest.approx(np.full(24, 0.05 * 127.5), rel=1e-4)
    assert c.map == pytest.approx(np.full((SIZE, SIZE), 0.05 * 127.5), rel=1e-4)
    assert c.signed[..., 0] == pytest.approx(c.map, rel=1e-4)
    assert c.agreement == pytest.approx(1, abs=1e-4)
    assert c.linearity == pytest.approx(1, abs=1e-4)
    assert locality(c.map) == pytest.approx(0.1, abs=0.002)  # 102 of 1024 pixels
    assert centre_of_mass(c.map) == pytest.approx((0, 0), abs=1e-3)
    assert c.steps == (-2, -1, 0, 1, 2)
    luminance = [a.column.name for a in attributes.ATTRIBUTES].index("luminance")
    assert (np.diff(c.curve[:, luminance]) > 0).all()
    assert c.lines.shape == (5, 5, len(attributes.ATTRIBUTES))
    assert c.lines.mean(0)[2] == pytest.approx(attributes.measure(toy(codes()[:5])).mean(0))


def test_a_dead_element_changes_nothing_and_is_not_decoded() -> None:
    calls = []

    def counted(z: Any) -> Any:
        calls.append(len(z))
        return toy(z)

    c = moved(2, decode=counted)
    assert sum(calls) == 24  # the centre alone
    assert c.size == 0
    assert not c.odd.any()
    assert c.linearity is c.motion is c.agreement is None
    assert locality(c.map) is None
    assert centre_of_mass(c.map) is None


def test_a_shading_lies_where_it_acts_and_agrees() -> None:
    c = moved(3)
    assert c.agreement == pytest.approx(1, abs=1e-4)
    assert np.sign(c.signed[0, 0, 0]) == -1
    assert np.sign(c.signed[0, -1, 0]) == 1
    assert c.map[0, 0] == pytest.approx(0.05 * 15.5 / 16 * 127.5, rel=1e-3)


def test_agreement_is_low_where_the_direction_hangs_on_the_image() -> None:
    z = codes()
    z[:, 5] = np.resize([1, -1], len(z))  # element 4 brightens one half and darkens the other
    c = moved(4, z)
    assert c.agreement == pytest.approx(0, abs=1e-3)
    assert c.agreement_map[0, 0] == pytest.approx(0, abs=1e-3)
    assert c.agreement_map[-1, -1] == 0  # nothing changes there at all
    assert locality(c.map) == pytest.approx(102 / 128, rel=1e-3)  # 128 pixels change alike
    assert centre_of_mass(c.map) == pytest.approx((0, 14 / 32 * 100), abs=0.1)


def test_linearity_by_hand() -> None:
    """v_t = t b + t^2 c, |b| = |c|, at right angles: sum t^2 = 10 on the line, sum t^4 = 34 off."""

    def curved(z_BD: Any) -> Any:
        x = np.zeros((len(z_BD), 2, 2, 1), np.float32)
        x[:, 0, 0, 0] = 0.01 * z_BD[:, 0]
        x[:, 1, 1, 0] = 0.01 * z_BD[:, 0] ** 2
        return x

    z = np.zeros((3, 6), np.float32)
    measure = lambda x: x.reshape(len(x), -1)[:, :1]  # noqa: E731
    c = measure_change(curved, measure, measure_centre(curved, measure, z), element_move(z, 0, SD))
    assert c.linearity == pytest.approx(10 / (10 + 34), rel=1e-4)


def test_the_same_code_measures_an_edit_as_typed() -> None:
    z = codes()
    base = measure_centre(toy, attributes.measure, z)

    def edit(codes: Any) -> Any:
        answer = codes.copy()
        answer[:, 0] += 3
        return answer

    c = measure_change(
        toy, attributes.measure, base, edit_move("z[0] += 3", z, edit(z)), EDIT_STEPS
    )
    assert c.size == pytest.approx(3 * 0.05 * 127.5, rel=1e-4)
    assert c.steps == (0, 0.5, 1)
    assert c.linearity == pytest.approx(1, abs=1e-4)
    expected = attributes.measure(toy(edit(z))) - attributes.measure(toy(z))
    np.testing.assert_allclose(c.forward, expected, atol=1e-3)


def test_both_steps_are_kept() -> None:
    """A decoder that brightens both ways, and one that brightens only upwards (finding 2)."""

    def bright(amount: Any) -> Any:
        return lambda z: (
            np.full((len(z), SIZE, SIZE, 3), -0.5, np.float32)
            + amount(z[:, :1, None, None]).astype(np.float32)
        )

    luminance = [a.name for a in attributes.ATTRIBUTES].index("luminance")
    both: Any = moved(0, 0 * codes(), bright(lambda z: 0.1 * np.abs(z)))
    assert both.odd[:, luminance] == pytest.approx(0, abs=1e-3)
    assert both.forward[:, luminance] == pytest.approx(both.backward[:, luminance], abs=1e-3)
    assert (both.forward[:, luminance] > 3).all()
    upward = moved(0, 0 * codes(), bright(lambda z: 0.1 * np.maximum(z, 0)))
    assert upward.backward is not None
    assert upward.backward[:, luminance] == pytest.approx(0, abs=1e-3)
    assert upward.odd[:, luminance] == pytest.approx(upward.forward[:, luminance] / 2, abs=1e-3)
    one_sided = moved(0, steps=(1.0,))
    assert one_sided.backward is None
    np.testing.assert_array_equal(one_sided.odd, one_sided.forward)


def test_causes_compare_every_step_with_the_centre() -> None:
    z = codes(40)
    base = measure_centre(toy, attributes.measure, z, causes.compare)
    names = [c.name for c in (*causes.columns(3), *attributes.columns(3))]
    place = names.index("horizontal shift")
    assert base.values.shape == (40, len(names))
    assert base.values[:, : len(causes.columns(3))] == pytest.approx(0, abs=1e-3)
    found: Any = measure_change(
        toy, attributes.measure, base, element_move(z, 0, SD), sweep_n=7, batch=5
    )
    lightness, luminance = names.index("lightness"), names.index("luminance")
    assert found.forward[:, lightness] == pytest.approx(found.forward[:, luminance], rel=0.2)
    assert (found.backward[:, lightness] < 0).all()
    assert found.curve[found.steps.index(0), lightness] == pytest.approx(0, abs=1e-4)
    assert (np.diff(found.curve[:, lightness]) > 0).all()
    shifted = measure_change(toy, attributes.measure, base, element_move(z, 1, SD / 2))
    middle = np.abs(z[:, 1]) < 2
    assert np.median(shifted.forward[middle, place]) == pytest.approx(100 / SIZE, rel=0.3)
    expected = causes.causes(toy(z[:3]), toy(z[:3] + [0, 1, 0, 0, 0, 0]))
    np.testing.assert_allclose(shifted.forward[:3, : expected.shape[1]], expected, atol=1e-2)


def test_effects_are_against_the_reconstruction_not_the_original() -> None:
    """A decoder that gives one picture, far from any original: nothing it does is an effect."""
    c = moved(0, decode=lambda z: toy(0 * z))
    assert c.size == 0
    assert not c.odd.any()


def test_effects_do_not_accumulate_and_do_not_hang_on_their_order() -> None:
    z = codes()
    kept = z.copy()
    base = measure_centre(toy, attributes.measure, z)
    ones, others = (
        [measure_change(toy, attributes.measure, base, element_move(z, j, SD)).size for j in order]
        for order in ((0, 1, 3), (3, 1, 0))
    )
    assert ones == others[::-1]
    np.testing.assert_array_equal(z, kept)
    np.testing.assert_array_equal(base.pictures, toy(kept))


def test_batches_do_not_change_the_numbers() -> None:
    one, other = moved(1, batch=64), moved(1, batch=5)
    assert one.sizes == pytest.approx(other.sizes, rel=1e-5)
    assert one.map == pytest.approx(other.map, rel=1e-5)
    assert one.linearity == pytest.approx(other.linearity, rel=1e-5)
    assert one.motion.warp.value == pytest.approx(other.motion.warp.value, rel=1e-3)
    np.testing.assert_allclose(one.odd, other.odd, atol=1e-6)


def test_the_outer_steps_are_taken_by_the_first_images() -> None:
    z = codes()
    calls = []

    def counted(z: Any) -> Any:
        calls.append(len(z))
        return toy(z)

    base = measure_centre(counted, attributes.measure, z)
    calls.clear()
    c = measure_change(
        counted, attributes.measure, base, element_move(z, 1, SD), sweep_n=7, batch=5
    )
    assert calls == [20, 8, 10, 10, 10, 4]
    assert (c.sweep_n, len(c.sizes)) == (7, 24)
    np.testing.assert_allclose(c.curve[2], base.values[:7].mean(0))
    full, few = moved(1, z), moved(1, z[:7])
    np.testing.assert_allclose(c.odd, full.odd, atol=1e-6)
    np.testing.assert_allclose(c.curve, few.curve, atol=1e-6)
    assert c.linearity == pytest.approx(few.linearity, rel=1e-5)
    assert c.size == pytest.approx(full.size, rel=1e-5)


def test_motion_and_shade() -> None:
    z = 0 * codes()
    assert moved(1, z).motion.verdict == "motion"
    assert moved(0, z).motion.verdict == "shade"
    assert moved(3, z).motion.verdict == "shade"
    assert moved(1, z).motion.n == 24
    assert moved(1, z, motion_n=7, batch=5).motion.n == 7
    assert moved(1, z, motion_n=0).motion is None


def test_interactions_by_hand() -> None:
    z = 0 * codes()
    base = measure_centre(toy, attributes.measure, z)
    answer = interactions(toy, base, moves(z, 0, 3, 4, 5))
    assert answer[0, 1] == pytest.approx(0, abs=1e-4)  # light and brightness add up
    z[:, 4:] = 1  # each alone changes the band by 0.05, both together by 0.05 more than their sum
    answer = interactions(toy, measure_centre(toy, attributes.measure, z), moves(z, 4, 5, 0))
    assert answer[0, 1] == answer[1, 0] == pytest.approx(1, rel=1e-4)
    assert answer[0, 2] == pytest.approx(0, abs=1e-4)
    assert (np.diag(answer) == 0).all()


def test_sensitivity_by_hand_and_by_jvp() -> None:
    z = codes()
    slopes = sensitivity(toy, z, moves(z, *range(6)))
    assert slopes[0] == pytest.approx(0.05 * 127.5, rel=1e-3)
    assert slopes[2] == 0

    def jvp(z_BD: Any, v_BD: Any) -> Any:
        """Of the brightness alone."""
        return np.full((len(z_BD), SIZE, SIZE, 3), 0.05, np.float32) * v_BD[:, :1, None, None]

    assert sensitivity(toy, z, moves(z, 0), jvp)[0] == pytest.approx(slopes[0], rel=1e-3)


def test_a_random_move_is_as_long_as_the_edit() -> None:
    z = codes()
    delta = np.zeros_like(z)
    delta[:, 1] = z[:, 1]  # z[1] *= 2: another length in each image
    delta[:, 2] = 5  # dead: no length in sd
    edit = Move("z[1] *= 2", delta)
    drawn = random_move(edit, SD, seed=0).delta
    live = SD > 0
    length = np.linalg.norm(drawn[:, live] / SD[live], axis=1)
    assert length == pytest.approx(np.abs(z[:, 1]) / 2, rel=1e-4)
    assert not drawn[:, 2].any()
    np.testing.assert_array_equal(drawn, random_move(edit, SD, seed=0).delta)
    assert (drawn != random_move(edit, SD, seed=1).delta)[:, live].all()


def test_moves_by_hand() -> None:
    z = codes()
    one = element_move(z, 1, SD)
    assert one.label == "z[1] += sd"
    np.testing.assert_array_equal(one.delta, np.outer(np.ones(24), [0, 2, 0, 0, 0, 0]))
    assert one.delta.dtype == z.dtype
    along = direction_move("both", z, np.array([1, 0.5, 9, 0, 0, 0]), SD)
    np.testing.assert_array_equal(along.delta[3], [1, 1, 0, 0, 0, 0])  # the dead one has no sd
    doubled = edit_move("z *= 2", z, 2 * z)
    np.testing.assert_array_equal(z + doubled.delta, 2 * z)
    with pytest.raises(InputError, match=r"vector of shape \(3,\)"):
        direction_move("short", z, np.ones(3), SD)
    with pytest.raises(InputError, match="edited codes"):
        edit_move("short", z, z[:3])


def test_a_move_of_another_shape_is_refused() -> None:
    z = codes()
    base = measure_centre(toy, attributes.measure, z)
    with pytest.raises(InputError, match="the same shape, and 1 among"):
        measure_change(toy, attributes.measure, base, element_move(z[:3], 0, SD))
    with pytest.raises(InputError, match="the same shape, and 1 among"):
        measure_change(toy, attributes.measure, base, element_move(z, 0, SD), (0.5,))


def effects(workers: Any = 1) -> Any:
    z = codes(64)
    base = measure_centre(toy, attributes.measure, z)
    changes = list(measure_changes(toy, attributes.measure, base, moves(z, *range(6)), workers))
    sd = np.maximum(base.values.std(0), 0.5)
    real = tuple(np.outer(sd, np.resize([-1, 1], len(z))))
    return move_effects(changes, PropertySet(attributes.measure, attributes.columns(3), real, {}))


def test_effects_name_what_the_toy_does() -> None:
    found = effects()
    first = [named[0].name if (named := named_effects(effect)) else None for effect in found]
    assert first[0] == "luminance"
    assert first[1] == "horizontal place"
    assert first[2] is None
    assert first[3] == "left-right light"
    assert "no measurable effect" in found[2].sentence
    assert sum(effect.share for effect in found) == pytest.approx(1, abs=1e-4)


def test_same_seed_same_json_byte_for_byte() -> None:
    one, other = (json.dumps([e.plain() for e in effects(workers)]) for workers in (1, 2))
    assert one == other
