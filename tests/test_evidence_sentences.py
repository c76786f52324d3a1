"""Sentences from records made by hand, and the rule of what they may name."""

from typing import Any

import pytest

from zatlas.evidence.account.naming import (
    is_main,
    may_be_named,
    motion_or_shade,
    named_effects,
)
from zatlas.evidence.account.sentences import label, sentence, summary
from zatlas.evidence.effects.flags import Flags
from zatlas.evidence.properties.probes import Probe
from zatlas.evidence.records import EditEffect, ElementEffect, PropertyEffect, RandomDirection

PROBE = Probe(
    name="gender", factor="gender", kind="binary", level="1", trained_on=900, base=0.5,
    metric="R2", score=0.93, low=0.9, high=0.95, chance=0.0, n=500, balanced=None, slope=0.9,
    sd=0.3, passed=True,
)  # fmt: skip
BAD_PROBE = Probe(**{**dict(PROBE), "passed": False})


def on(
    name: Any,
    mean_sd: Any,
    kind: Any = "attribute",
    named: Any = True,
    p: Any = 0.5,
    probe: Any = None,
) -> Any:
    """The effect on one property, 10 of its unit for one sd."""
    return PropertyEffect(
        name=name, unit="L*", up=f"more {name}", down=f"less {name}", kind=kind,
        mean=10 * mean_sd, low=None, high=None, mean_sd=mean_sd, low_sd=mean_sd - 0.05,
        high_sd=mean_sd + 0.05, d_z=None, agree=0.97, agree_low=0.9, agree_high=1.0, p=p, q=p,
        named=named, probe=probe,
    )  # fmt: skip


def fields(effects: Any, **more: Any) -> Any:
    return {
        "n": 512, "size": 6.1, "size_low": 6.0, "size_high": 6.2, "peak": 20.0, "share": 0.5,
        "agreement": None, "linearity": None, "locality": None, "centre": None, "motion": 0.08,
        "motion_n": 16, "sweep_n": 128, "steps": (0.0, 1.0), "curve": (), "lines": (),
        "effects": {effect.name: effect for effect in effects}, **more,
    }  # fmt: skip


def element(*effects: Any, **more: Any) -> Any:
    return ElementEffect(
        **fields(effects, **{"element": 2, "sd": 1.63, "sensitivity": 1.0, **more})
    )


def flagged(**more: Any) -> Any:
    return Flags(**{
        "n": 64, "moved": 1, "dead_moved": 0, "elements": (), "length": 1.0, "in_range": 0.98,
        "neighbour_before": 1.0, "neighbour_after": 1.0, "kept": 0.41, "kept_low": None,
        "kept_high": None, "spill": None, "cycle_before": 0.0, "cycle_after": 0.0,
        "saturated_before": 0.0, "saturated_after": 0.0, **more,
    })  # fmt: skip


def test_a_whole_sentence() -> None:
    effect = element(on("light", 0.84), on("contrast", -0.31), flags=flagged(), match=0.88)
    assert effect.sentence == sentence(effect)
    assert effect.sentence == (
        "z[2] + 1 sd (+1.63 in this run): mainly more light (light +0.84 sd [0.79, 0.89], "
        "+8.4 L*, same sign in 97 %), also less contrast (contrast -0.31 sd [-0.36, -0.26], "
        "-3.1 L*, same sign in 97 %); over 512 images. It is shade: a warp explains 8 % of the "
        "change (16 images). In range in 98 % of images; 41 % of it survives re-encoding "
        "(64 images). Other seeds: best match r = 0.88."
    )
    assert summary(effect) == "more light +0.84 sd, less contrast -0.31 sd"


def test_mainly_needs_twice_the_second() -> None:
    assert "mainly" in element(on("a", 0.8), on("b", -0.4)).sentence
    assert "mainly" not in element(on("a", 0.79), on("b", -0.4)).sentence
    assert "mainly" in element(on("a", 0.3)).sentence
    assert not is_main([])


def test_only_named_effects_and_the_largest_first() -> None:
    effect = element(on("a", 0.3), on("b", -0.9), on("c", 5.0, named=False))
    assert [one.name for one in named_effects(effect, "attribute")] == ["b", "a"]
    assert effect.sentence.index("less b") < effect.sentence.index("more a")
    assert " c " not in effect.sentence


def test_no_measurable_effect() -> None:
    none = on("a", 0.0, named=False)
    assert "no measurable effect over 512 images." in element(none, peak=0.4).sentence
    text = element(none, size=0.1, peak=9.0).sentence  # a smile: few pixels, much
    assert "no measurable effect on any property measured" in text
    assert "pixels change by 0.1 grey levels, 9 where they change most" in text
    dead = element(none, sd=0, size=0, peak=0, motion=None)
    assert dead.sentence.startswith("z[2]: no measurable effect; it is dead")
    assert summary(dead) == "dead"


def test_a_factor_is_shown_beside_its_probe() -> None:
    text = element(on("gender", 0.5, "factor", probe=PROBE)).sentence
    assert "more gender" in text
    assert "probe: R2 0.93 on 500 held-out images" in text


def test_factors_and_attributes_are_ranked_among_themselves() -> None:
    light, red = on("light", 0.85), on("red", 0.3)
    text = element(on("yaw", 0.9, "factor", probe=PROBE), light, red).sentence
    assert "mainly more yaw" in text
    assert "; mainly more light" in text
    assert text.index("yaw") < text.index("light")
    text = element(on("yaw", 0.25, "factor", probe=PROBE), light, red).sentence
    assert text.index("more light") < text.index("more yaw")


@pytest.mark.parametrize(
    ("fraction", "words"),
    [(0.5, "motion"), (0.25, "shade"), (0.4, "motion and shade"), (None, None)],
)
def test_motion_or_shade(fraction: Any, words: Any) -> None:
    assert motion_or_shade(element(on("a", 0.3), motion=fraction)) == words


def test_nothing_visible_is_neither_motion_nor_shade() -> None:
    assert motion_or_shade(element(peak=0.1, motion=0.9)) is None


def test_a_users_name_is_shown_as_the_users() -> None:
    effect = element(on("a", 0.3), name="turns the head")
    assert '"turns the head" is its user\'s name for it' in effect.sentence
    assert label(effect) == 'z[2] "turns the head"'


def test_an_edit_as_typed_beside_a_random_direction() -> None:
    random = RandomDirection(size=4.3, in_range=0.9, neighbour_after=1.0, kept=0.1)
    flags = flagged(in_range=0.0, kept=0.04)
    text = EditEffect(
        **fields([on("a", 0.3)], motion=0.7, flags=flags), edit="z[0] *= 2", random=random
    ).sentence
    assert text.startswith("z[0] *= 2: mainly more a")
    assert "It is motion" in text
    assert "It leaves the data: in range in 0 % of images; 4 % of it survives re-enc" in text
    assert "by 6.1 grey levels, a random direction of the same length by 4.3." in text


def test_a_small_effect_is_reported_with_its_size_and_chance_is_not() -> None:
    small = [on("light", 0.12, named=False, p=1e-5), on("contrast", -0.15, named=False, p=1e-5)]
    text = element(*small).sentence
    assert "small, under 0.2 sd of every property: at most less contrast" in text
    assert "pixels change by 6.1 grey levels" in text
    assert summary(element(*small)) == "small: less contrast -0.15 sd"
    for effect in (
        on("light", 0.12, named=False, p=0.03),
        on("yaw", 0.12, "factor", named=False, p=1e-5),  # no probe
    ):
        assert "no measurable effect on any property measured" in element(effect).sentence


CLEAR = {"low": 1.0, "high": 2.0, "q": 0.01, "mean_sd": 0.5, "peak": 9.0}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({}, True),
        ({"low": -2.0, "high": -1.0, "mean_sd": -0.5}, True),
        ({"low": -1.0}, False),
        ({"low": float("nan"), "high": float("nan")}, False),
        ({"q": 0.06}, False),
        ({"mean_sd": 0.19}, False),
        ({"mean_sd": float("nan")}, False),
        ({"peak": 0.49}, False),
        ({"drawn": True}, True),
        ({"drawn": False}, False),
        ({"kind": "factor", "probe": PROBE}, True),
        ({"kind": "factor", "probe": BAD_PROBE}, False),
        ({"kind": "factor"}, False),
        ({"kind": "factor", "probe": PROBE, "explained_sd": 0.29}, True),
        ({"kind": "factor", "probe": PROBE, "explained_sd": 0.31}, False),
    ],
)
def test_what_may_be_named(changed: Any, named: Any) -> None:
    assert may_be_named(**{**CLEAR, **changed}) is named
