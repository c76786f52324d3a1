"""Sentences from records made by hand, and the rule of what they may name."""

from typing import Any

import pytest

from zatlas.evidence.account.claims import answer_claim
from zatlas.evidence.account.naming import (
    WITH_A_SIGN,
    is_main,
    may_be_named,
    named_effects,
)
from zatlas.evidence.account.number_words import with_minus
from zatlas.evidence.account.sentences import label, sentence, summary
from zatlas.evidence.effects.flags import Flags
from zatlas.evidence.effects.motion import Fraction, Motion
from zatlas.evidence.properties.probes import Probe
from zatlas.evidence.records import (
    EditEffect,
    ElementEffect,
    Estimate,
    MainEffect,
    PropertyEffect,
    RandomDirection,
)

PROBE = Probe(
    name="gender", factor="gender", kind="binary", level="1", trained_on=900, base=0.5,
    metric="R2", score=0.93, low=0.9, high=0.95, chance=0.0, n=500, balanced=None, slope=0.9,
    sd=0.3, passed=True,
)  # fmt: skip
BAD_PROBE = Probe(**{**dict(PROBE), "passed": False})


def part(mean_sd: float, half: float = 0.05) -> Estimate:
    """An estimate, 10 of its unit for one sd."""
    return Estimate(
        value=10 * mean_sd, low=None, high=None, value_sd=mean_sd, low_sd=mean_sd - half,
        high_sd=mean_sd + half,
    )  # fmt: skip


def on(
    name: str, mean_sd: float, finding: str = "directed", half: float = 0.05, **more: Any
) -> Any:
    """The effect on one property, 10 of its unit for one sd; a finding with a sign is named."""
    return PropertyEffect(**{
        "name": name, "unit": "L*", "up": f"more {name}", "down": f"less {name}",
        "finding": finding, "mean": 10 * mean_sd, "low": None, "high": None, "mean_sd": mean_sd,
        "low_sd": mean_sd - half, "high_sd": mean_sd + half, "d_z": None, "agree": 0.97,
        "agree_low": 0.9, "agree_high": 1.0, "p": 0.5, "q": 0.5,
        "named": finding in WITH_A_SIGN, **more,
    })  # fmt: skip


def mainly(name: str, kind: str = "attribute") -> Any:
    return MainEffect(
        kind=kind, first=name, second=None, ratio=None, low=None, high=None, mainly=True
    )


def fields(effects: Any, **more: Any) -> Any:
    return {
        "n": 512, "size": 6.1, "size_low": 6.0, "size_high": 6.2, "peak": 20.0, "share": 0.5,
        "agreement": None, "linearity": None, "locality": None, "centre": None, "motion": None,
        "sweep_n": 128, "steps": (0.0, 1.0), "curve": (), "lines": (),
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
    effect = element(on("light", 0.84), on("contrast", -0.31), main=(mainly("light"),))
    assert effect.sentence == sentence(effect)
    assert effect.sentence.startswith(
        "z[2] + 1 sd (+1.63 in this run): mainly more light (light +0.84 sd [0.79, 0.89], "
        "+8.4 L*, same sign in 97 %), also less contrast (contrast -0.31 sd [-0.36, -0.26], "
        "-3.1 L*, same sign in 97 %); over 512 images."
    )
    assert summary(effect) == (
        "mainly more light by 0.84 sd, in 97 % of images; also less contrast by 0.31 sd"
    )
    assert effect.summary == summary(effect)


def test_mainly_is_read_from_the_record() -> None:
    a, b = on("a", 0.8), on("b", -0.1, "small")
    assert "mainly" not in element(a, b).sentence
    assert "mainly more a" in element(a, b, main=(mainly("a"),)).sentence
    member = on("a", 0.8, family="light"), on("b", 0.9, family="light")
    shown = element(*member, main=(mainly("a"),))
    assert is_main(shown, shown.effects["b"])
    assert "mainly more b" in shown.sentence
    lost = on("a", 0.8, family="light", named=False), on("b", 0.4, family="light")
    assert "mainly" not in element(*lost, main=(mainly("a"),)).sentence
    unnamed = on("a", 0.8, named=False), on("b", 0.3)  # it is not drawn, or cross-talk
    assert "mainly" not in element(*unnamed, main=(mainly("a"),)).sentence


def test_one_name_for_each_family() -> None:
    light = [on("luminance", 0.85, family="light"), on("border", 0.7, family="light")]
    effect = element(*light, on("red", 0.3, family="colour"))
    assert [one.name for one in named_effects(effect)] == ["luminance", "red"]
    assert "border" not in effect.sentence
    cause = on("brightening", 0.5, family="light", kind="cause")
    effect = element(*light, cause)
    assert [one.name for one in named_effects(effect)] == ["brightening"]
    yaw = on("light", 0.4, family="light", kind="factor", probe=PROBE)
    assert len(named_effects(element(*light, yaw))) == 2  # a factor has a family of its own


def test_an_effect_that_is_the_same_both_ways() -> None:
    both = on("sharpness", 0.01, "either way", even=part(0.3))
    text = element(both).sentence
    assert "either way: more sharpness (sharpness +0.30 sd [0.25, 0.35], +3 L*)" in text
    assert "same sign" not in text  # that is of the odd part
    assert summary(element(both)) == "more sharpness by 0.30 sd (either way)"
    text = element(both, on("light", 0.2), main=(mainly("sharpness"),)).sentence
    assert "mainly, either way: more sharpness" in text
    assert text.index("either way") < text.index("more light")


def test_an_effect_of_one_step_alone() -> None:
    up = on("light", 0.2, "one way", forward=part(0.4), backward=part(0.0))
    assert "upwards only: more light (light +0.40 sd [0.35, 0.45], +4 L*)" in element(up).sentence
    down = on("light", 0.2, "one way", forward=part(0.0), backward=part(-0.4))
    assert "downwards only: less light (light -0.40 sd" in element(down).sentence
    assert summary(element(down)) == "less light by 0.40 sd (downwards only)"


def test_a_sentence_states_what_its_summary_states_and_begins_alike() -> None:
    directed = [on(name, size) for name, size in (("a", 0.5), ("b", 0.4), ("c", 0.3))]
    opposite = [on(name, 0.0, "opposite", rms=part(size), rises=0.5) for name, size in
                (("d", 0.6), ("e", 0.45))]  # fmt: skip
    found = element(*directed, *opposite)
    assert summary(found).startswith("changes d by 0.60 sd")
    assert "also more a by 0.50 sd, changes e by 0.45 sd" in summary(found)
    told = found.sentence.partition(": ")[2]
    assert told.startswith("changes d by 0.60 sd")
    assert "more a (a +0.50 sd" in told
    assert "changes e by 0.45 sd" in told


def test_opposite_and_uneven_effects_are_told() -> None:
    opposite = on("luminance", 0.02, "opposite", rms=part(0.8), rises=0.5, falls=0.5)
    text = element(opposite).sentence
    assert "changes luminance by 0.80 sd [0.75, 0.85], up in 50 % of images" in text
    assert "+0.80" not in text
    assert summary(element(opposite)) == (
        "changes luminance by 0.80 sd (up in some images, down in others)"
    )
    uneven = on("luminance", 0.02, "uneven", rms=part(0.5), rises=0.1, falls=0.1)
    text = element(uneven).sentence
    assert "changes luminance by 0.50 sd [0.45, 0.55], in some images much more than in o" in text
    assert summary(element(uneven)) == "changes luminance by 0.50 sd (in some images much more)"
    member = opposite.model_copy(update={"family": "l"})
    beside = element(on("light", 0.9, family="l"), member)
    assert "changes luminance" not in beside.sentence  # one name for each family
    beside = element(on("light", 0.3, family="l"), member)  # the name is of a smaller effect
    assert "; changes luminance by 0.80 sd" in beside.sentence.replace(": changes", "; changes")
    assert summary(beside).startswith("changes luminance by 0.80 sd")
    assert summary(beside).endswith("; also more light by 0.30 sd")


def test_a_fourth_directed_effect_is_left_out() -> None:
    """It is not told as an effect without a sign."""
    many = [on(name, size) for name, size in (("a", 0.9), ("b", -0.7), ("c", 0.5), ("d", -0.3))]
    text = element(*many, on("e", 0.0, "opposite", rms=part(0.6), rises=0.5)).sentence
    assert "changes d" not in text
    assert "; changes e by 0.60 sd [0.55, 0.65], up in 50 % of images" in text


def test_what_is_not_settled_is_not_small() -> None:
    open_question = on("luminance", 0.21, "not settled", half=0.22)
    text = element(open_question, on("contrast", 0.02, "small")).sentence
    assert "not settled: luminance +0.21 sd [-0.01, 0.43]; pixels change by 6.1 grey" in text
    assert "no measurable effect" not in text
    assert "small" not in text
    assert summary(element(open_question)) == "not settled: luminance may change by 0.2 sd or more"
    other = on("contrast", 0.18, "not settled", half=0.1)
    assert summary(element(open_question, other)) == (
        "not settled: luminance and contrast may change by 0.2 sd or more"
    )
    third = on("chroma", 0.17, "not settled", half=0.1)  # none of three stands out
    assert summary(element(open_question, other, third)) == (
        "not settled: 3 properties may change by 0.2 sd or more"
    )
    even = on("sharpness", 0.01, "not settled", even=part(0.19, 0.1))
    assert "not settled: sharpness +0.19 sd [0.09, 0.29] either way;" in element(even).sentence
    single = on("contrast", -0.12, "not settled", rms=part(0.19))  # the mean is surely small
    text = element(single).sentence
    assert "not settled: contrast up or down by 0.19 sd [0.14, 0.24] in single images;" in text


def test_cross_talk_is_said_to_explain() -> None:
    explained = on(
        "gender", 0.62, kind="factor", named=False, probe=PROBE, explained_sd=0.5, unit=""
    )
    text = element(explained, on("light", 0.05, "small")).sentence
    assert "gender +0.62 sd [0.57, 0.67] is not named: up to 0.50 sd of it is explained by" in text
    assert "small" not in text
    assert "no measurable effect" not in text
    assert summary(element(explained)) == (
        "not settled: gender may change, or other factors explain it"
    )


def test_only_named_effects_and_the_largest_first() -> None:
    effect = element(on("a", 0.3), on("b", -0.9), on("c", 5.0, drawn=False, named=False))
    assert [one.name for one in named_effects(effect, "attribute")] == ["b", "a"]
    assert effect.sentence.index("less b") < effect.sentence.index("more a")
    assert " c " not in effect.sentence


def test_no_measurable_effect() -> None:
    none = on("a", 0.0, "small")
    text = element(none, peak=0.4).sentence
    assert "no measurable effect: no pixel changes by half a grey level; over 512 images." in text
    text = element(none, size=0.1, peak=9.0).sentence  # a smile: few pixels, much
    assert "small, under 0.2 sd of every property; " in text
    assert "pixels change by 0.1 grey levels, 9 where they change most" in text
    dead = element(none, sd=0, size=0, peak=0, motion=None)
    assert dead.sentence.startswith("z[2]: no measurable effect; it is dead")
    assert summary(dead) == "dead"


def test_what_may_not_be_drawn_is_said_where_it_is_named() -> None:
    unsure, drawn = on("a", 0.5), on("b", 0.3, drawn=True)
    assert "Not settled whether this network draws a." in element(unsure, drawn).sentence
    assert "Not settled" not in element(unsure, on("b", 0.3)).sentence  # it was not measured
    assert "Not settled" not in element(drawn, on("c", 0.01, "small")).sentence


def test_what_may_not_be_drawn_comes_last_and_is_never_the_main_effect() -> None:
    """With 60 images, sentences began with noise, which the network may not draw."""
    noise = on("noise", 0.9), on("gain", -0.8, "opposite")
    drawn = on("light", 0.5, drawn=True), on("shift", 0.3, "either way", drawn=True)
    one = element(*noise, *drawn, main=(mainly("noise"),))
    assert summary(one) == (
        "more light by 0.50 sd, in 97 % of images; also more shift by 0.30 sd (either way), "
        "more noise by 0.90 sd"
    )
    words = ("more light", "either way: more shift", "more noise", "changes gain by 0.80 sd")
    places = [one.sentence.index(text) for text in words]
    assert places == sorted(places)
    assert "mainly" not in one.sentence
    assert "Not settled whether this network draws noise, gain." in one.sentence
    factor = on("age", 0.4, kind="factor", probe=PROBE, drawn=True)
    assert "this run): more age (" in element(*noise, factor).sentence
    unmeasured = element(noise[0], on("light", 0.3), main=(mainly("noise"),))
    assert summary(unmeasured).startswith("mainly more noise")


def test_a_claim_on_what_may_not_be_drawn_is_inconclusive() -> None:
    """A claim was supported whose own sentence said "not settled whether this network draws"."""
    noise, light = on("noise", 0.9), on("luminance", 0.5, drawn=True)
    reason = "not settled whether this network draws the property: noise +0.90 sd"
    one = element(noise, light, main=(mainly("noise"),))
    for claim in ("element 2 adds noise", "element 2 reduces the noise", "z[2] adds no noise"):
        answer = answer_claim(claim, one)
        assert answer.word == "inconclusive", claim
        assert answer.reason.startswith(reason)
    assert answer_claim("element 2 makes it lighter", one).word == "supported"
    small = element(on("noise", 0.01, "small"), light)
    assert answer_claim("element 2 adds no noise", small).word == "inconclusive"
    unmeasured = element(noise, on("luminance", 0.5))
    assert answer_claim("element 2 adds noise", unmeasured).word == "supported"


def test_one_word_is_not_named_and_left_out_in_one_sentence() -> None:
    gain = on("detail gain", 0.3, up="sharper", drawn=True)
    sharpness = on("sharpness", 0.9, up="sharper", drawn=False, named=False)
    assert "sharpness" not in element(gain, sharpness).sentence
    assert "does not draw it: sharpness" in element(on("b", 0.3), sharpness).sentence


def test_what_the_network_does_not_draw_is_left_out_and_said_to_be() -> None:
    """A large effect without a name is said to be left out, with the reason."""
    undrawn = on("sharpness", 0.9, drawn=False, named=False)
    text = element(undrawn, on("a", 0.01, "small")).sentence
    assert "small, under 0.2 sd of every property that the network draws" in text
    assert "the network draws none of the properties measured" in element(undrawn).sentence
    for effect in (element(undrawn), element(undrawn, on("a", 0.3, "not settled"))):
        assert "no measurable effect" not in summary(effect)
        assert "small" not in summary(effect)
        assert effect.sentence.count("sharpness") == 1
        assert "Large, but not named, because this network does not draw it: s" in effect.sentence
    text = element(undrawn, on("a", 0.01, "small"))
    assert summary(text) == "small, under 0.2 sd of what the network draws"
    beside = element(on("a", 0.3), undrawn, on("yaw", 0.4, drawn=False, named=False))
    assert (
        "Also large, but not named, because this network does not draw them: sharpness, yaw."
        in (beside.sentence)
    )
    assert "sharpness" not in summary(beside)
    for covered in (
        element(on("a", 0.9, family="f"), on("b", 0.5, family="f", drawn=False, named=False)),
        element(on("a", 0.3), on("b", 0.1, "small", drawn=False)),
    ):
        assert "not named" not in covered.sentence
    many = [on(name, 0.5, drawn=False, named=False) for name in "bcdef"]
    assert "does not draw them: b, c, d and 2 more." in element(on("a", 0.3), *many).sentence


def test_few_images_are_said_to_be_few() -> None:
    """A name over 32 images was refuted by the same measurement over 317."""
    few = element(on("a", 0.5), n=32)
    assert "; over only 32 images." in few.sentence
    assert summary(few) == "more a by 0.50 sd, in 97 % of images; over only 32 images"
    assert "only" not in element(on("a", 0.5), n=100).sentence


def test_a_factor_is_shown_beside_its_probe() -> None:
    text = element(on("gender", 0.5, kind="factor", probe=PROBE)).sentence
    assert "more gender" in text
    assert "probe: R2 0.93 on 500 reconstructions" in text
    assert "slope" not in text
    weak = Probe(**{**dict(PROBE), "slope": 0.45})
    text = element(on("gender", 0.5, kind="factor", probe=weak)).sentence
    assert "read by a probe with slope 0.45" in text


def test_factors_and_attributes_are_ranked_among_themselves() -> None:
    light, red = on("light", 0.85), on("red", 0.3)
    main = (mainly("light"), mainly("yaw", "factor"))
    text = element(on("yaw", 0.9, kind="factor", probe=PROBE), light, red, main=main).sentence
    assert "mainly more yaw" in text
    assert "; mainly more light" in text
    assert text.index("yaw") < text.index("light")
    text = element(on("yaw", 0.25, kind="factor", probe=PROBE), light, red).sentence
    assert text.index("more light") < text.index("more yaw")


def test_a_users_name_is_shown_as_the_users() -> None:
    effect = element(on("a", 0.3), name="turns the head")
    assert '"turns the head" is its user\'s name for it' in effect.sentence
    assert label(effect) == 'z[2] "turns the head"'


def test_an_edit_as_typed_beside_a_random_direction() -> None:
    random = RandomDirection(size=4.3, in_range=0.9, neighbour_after=1.0, kept=0.1)
    flags = flagged(in_range=0.0, kept=0.04)
    text = EditEffect(
        **fields([on("a", 0.3)], flags=flags), edit="z[0] *= 2", random=random
    ).sentence
    assert text.startswith("z[0] *= 2: more a")
    assert "It leaves the data: in range in 0 % of images; 4 % of it survives re-enc" in text
    assert "by 6.1 grey levels, a random direction of the same length by 4.3." in text


def test_a_small_effect_is_reported_with_its_size_and_chance_is_not() -> None:
    small = [on("light", 0.12, "small", p=1e-5), on("contrast", -0.15, "small", p=1e-5)]
    text = element(*small).sentence
    assert "small, under 0.2 sd of every property: at most less contrast" in text
    assert "pixels change by 6.1 grey levels" in text
    assert summary(element(*small)) == "small, under 0.2 sd: at most less contrast by 0.15 sd"
    for effect in (
        on("light", 0.12, "small", p=0.03),
        on("yaw", 0.12, "small", kind="factor", p=1e-5),  # no probe
    ):
        text = element(effect, on("contrast", 0.0, "small")).sentence
        assert "under 0.2 sd of every property" in text
        assert "at most" not in text


CLEAR = {"finding": "directed", "size_sd": 0.5, "peak": 9.0}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({}, True),
        ({"finding": "either way"}, True),
        ({"finding": "one way"}, True),
        ({"finding": "opposite"}, False),
        ({"finding": "not settled"}, False),
        ({"size_sd": 0.19}, False),
        ({"size_sd": float("nan")}, False),
        ({"peak": 0.49}, False),
        ({"drawn": True}, True),
        ({"drawn": False}, False),
        ({"kind": "cause"}, True),
        ({"kind": "factor", "probe": PROBE}, True),
        ({"kind": "factor", "probe": BAD_PROBE}, False),
        ({"kind": "factor"}, False),
        ({"kind": "factor", "probe": PROBE, "explained_sd": 0.29}, True),
        ({"kind": "factor", "probe": PROBE, "explained_sd": 0.31}, False),
    ],
)
def test_what_may_be_named(changed: Any, named: Any) -> None:
    assert may_be_named(**{**CLEAR, **changed}) is named


def test_what_is_under_the_bound_never_reads_as_the_bound() -> None:
    """Usage A12: "under 0.2 sd ... +0.20 sd [0.20, 0.20]" and "-0 %"."""
    part = Estimate(value=2.0, low=1.9, high=2.0, value_sd=0.198, low_sd=0.1961, high_sd=0.1996)
    small = on("light", 0.198, "small", p=1e-9).model_copy(
        update={"low_sd": part.low_sd, "high_sd": part.high_sd}
    )
    assert "light +0.198 sd [0.196, 0.1996]" in element(small).sentence
    assert summary(element(small)).endswith("more light by 0.198 sd")
    text = element(on("a", 0.3), flags=flagged(kept=-0.003)).sentence
    assert "; none of it survives" in text
    below = Fraction(value=-0.23, low=-0.5, high=0.04)
    motion = Motion(warp=below, shade=below, both=below, beyond=below, part=below, verdict="shade",
                    n=64)  # fmt: skip
    text = element(on("a", 0.3), motion=motion).sentence
    assert "Pixels change where they are: a warp explains none of the change [0 %, 4 %]" in text


def test_no_direction_is_said_twice() -> None:
    """Usage C: "darker -0.35 sd" reads as a double negative; "light to the right" as a lamp."""
    dark = on("luminance", -0.35, up="lighter", down="darker", agree=1.0)
    assert summary(element(dark)) == "darker by 0.35 sd, in every image"
    side = on("g", 0.5, up="light to the right", down="light to the left", agree=0.999)
    assert summary(element(side)) == "lighter towards the right by 0.50 sd, in nearly every image"
    assert "lighter towards the right (g +0.50 sd" in element(side).sentence
    frame = on("border lightness", 0.5, up="lighter border", down="darker border")
    assert "lighter background (border lightness +0.50 sd" in element(frame).sentence
    factor = on("border", 0.5, up="more border", down="less border", kind="factor", probe=PROBE)
    assert "more border" in element(factor).sentence  # a user's own word


def test_a_motion_that_is_not_settled_is_not_told() -> None:
    """Usage C: a coin toss told as a finding."""
    half = Fraction(value=0.26, low=0.1, high=0.6)
    for verdict, words in (
        ("not settled", ""),
        ("motion and shade", "Parts of the picture move, and pixels change where they are"),
    ):
        motion = Motion(warp=half, shade=half, both=half, beyond=half, part=half, verdict=verdict,
                        n=64)  # fmt: skip
        text = element(on("a", 0.3), motion=motion).sentence
        assert ("a warp explains" in text) == bool(words)
        assert words in text


def test_names_of_labels_are_written_with_spaces() -> None:
    """Issue G, raw names: a sentence said "more light_elevation". A user's own name stays."""
    one = element(on("light_elevation", 0.84), name="my_light")
    assert "more light elevation (light elevation +0.84 sd" in sentence(one)
    assert summary(one).startswith("more light elevation by 0.84 sd")
    assert '"my_light"' in sentence(one)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("luminance -0.28 sd [-0.31, -0.25]", "luminance −0.28 sd [−0.31, −0.25]"),
        ("z[-1] += 20; z[3] -= 1", "z[-1] += 20; z[3] -= 1"),
        ("fcn-10, images 100-163, z[0:-1] and a-1", "fcn-10, images 100-163, z[0:-1] and a-1"),
    ],
)
def test_negative_numbers_have_a_minus_sign_where_people_read_them(typed: str, shown: str) -> None:
    """Issue G: figures and pages wrote -0.28 with a hyphen."""
    assert with_minus(typed) == shown
