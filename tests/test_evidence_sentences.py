import copy

import pytest

from zatlas.evidence.sentences import how, is_main, named, sentence


def cell(name, effect_sd, kind="attribute", is_named=True, **more):
    return {
        "name": name,
        "unit": "L*",
        "up": f"more {name}",
        "down": f"less {name}",
        "kind": kind,
        "effect": 10 * effect_sd,
        "effect_sd": effect_sd,
        "low_sd": effect_sd - 0.05,
        "high_sd": effect_sd + 0.05,
        "agree": 0.97,
        "named": is_named,
        **more,
    }


def record(*cells, **more):
    return {
        "element": 2,
        "sd": 1.63,
        "n": 512,
        "size": 6.1,
        "peak": 20.0,
        "motion": 0.08,
        "motion_n": 16,
        "cells": list(cells),
        **more,
    }


PROBE = {"metric": "R2", "score": 0.93, "n": 500, "passed": True}


def test_a_whole_sentence():
    text = sentence(
        record(
            cell("light", 0.84),
            cell("contrast", -0.31),
            flags={"moved": 1, "in_range": 0.98, "kept": 0.41},
            match=0.88,
        )
    )
    assert text == (
        "z[2] + 1 sd (+1.63 in this run): mainly more light (light +0.84 sd [0.79, 0.89], "
        "+8.4 L*, same sign in 97 %), also less contrast (contrast -0.31 sd [-0.36, -0.26], "
        "-3.1 L*, same sign in 97 %); over 512 images. It is shade: a warp explains 8 % of the "
        "change (16 images). In range in 98 % of images; 41 % of it survives re-encoding. "
        "Other seeds: best match r = 0.88."
    )


def test_mainly_needs_twice_the_second():
    assert "mainly" in sentence(record(cell("a", 0.8), cell("b", -0.4)))
    assert "mainly" not in sentence(record(cell("a", 0.79), cell("b", -0.4)))
    assert "mainly" in sentence(record(cell("a", 0.3)))
    assert not is_main([])


def test_only_named_cells_and_the_largest_first():
    r = record(cell("a", 0.3), cell("b", -0.9), cell("c", 5.0, is_named=False))
    assert [c["name"] for c in named(r, "attribute")] == ["b", "a"]
    text = sentence(r)
    assert text.index("less b") < text.index("more a")
    assert " c " not in text


def test_no_measurable_effect():
    none = cell("a", 0.0, is_named=False)
    assert "no measurable effect over 512 images." in sentence(record(none, peak=0.4))
    text = sentence(record(none, size=0.1, peak=9.0))  # a smile: few pixels, much
    assert "no measurable effect on any property measured" in text
    assert "pixels change by 0.1 grey levels, 9 where they change most" in text
    text = sentence(record(none, sd=0, size=0, peak=0, motion=None))
    assert text.startswith("z[2]: no measurable effect; it is dead")


def test_a_factor_speaks_only_beside_a_probe_that_passed():
    assert "more gender" in sentence(record(cell("gender", 0.5, "factor", probe=PROBE)))
    assert "probe: R2 0.93 on 500 held-out images" in sentence(
        record(cell("gender", 0.5, "factor", probe=PROBE))
    )
    for probe in ({**PROBE, "passed": False}, None):
        text = sentence(record(cell("gender", 0.5, "factor", probe=probe)))
        assert "gender" not in text
        assert "no measurable effect" in text
    assert "gender" not in sentence(record(cell("gender", 0.5, "factor")))


def test_factors_and_attributes_are_ranked_among_themselves():
    r = record(cell("yaw", 0.9, "factor", probe=PROBE), cell("light", 0.85), cell("red", 0.3))
    text = sentence(r)
    assert "mainly more yaw" in text
    assert "; mainly more light" in text
    assert text.index("yaw") < text.index("light")
    r["cells"][0]["effect_sd"] = 0.25  # a small factor does not lead before a large attribute
    text = sentence(r)
    assert text.index("more light") < text.index("more yaw")


@pytest.mark.parametrize(
    ("share", "answer"),
    [(0.5, "motion"), (0.25, "shade"), (0.4, "motion and shade"), (None, None)],
)
def test_motion_or_shade(share, answer):
    assert how(record(cell("a", 0.3), motion=share)) == answer


def test_nothing_visible_is_neither_motion_nor_shade():
    assert how(record(peak=0.1, motion=0.9)) is None


def test_a_users_name_is_shown_as_the_users():
    text = sentence(record(cell("a", 0.3), name="turns the head"))
    assert '"turns the head" is its user\'s name for it' in text


def test_an_edit_as_typed_beside_a_random_direction():
    text = sentence(
        {
            "edit": "z[0] *= 2",
            "n": 512,
            "size": 6.1,
            "peak": 20.0,
            "motion": 0.7,
            "motion_n": 16,
            "cells": [cell("a", 0.3)],
            "random": {"size": 4.3},
            "flags": {"moved": 1, "in_range": 0.0, "kept": 0.04},
        }
    )
    assert text.startswith("z[0] *= 2: mainly more a")
    assert "It is motion" in text
    assert "It leaves the data: in range in 0 % of images; 4 % of it survives re-enc" in text
    assert "by 6.1 grey levels, a random direction of the same length by 4.3." in text


def test_a_small_effect_is_told_with_its_size_and_chance_is_not():
    sure = {"is_named": False, "p": 0.00001}
    text = sentence(record(cell("light", 0.12, **sure), cell("contrast", -0.15, **sure)))
    assert "small, under 0.2 sd of every property: at most less contrast" in text
    assert "pixels change by 6.1 grey levels" in text
    unsure = cell("light", 0.12, is_named=False, p=0.03)
    assert "no measurable effect on any property measured" in sentence(record(unsure))


def test_a_sentence_leaves_its_record_alone():
    r = record(cell("a", 0.3), cell("b", 0.9))
    kept = copy.deepcopy(r)
    sentence(r)
    assert r == kept
