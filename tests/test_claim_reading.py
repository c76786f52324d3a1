"""Claims with known answers: what they are read as, and what the measured effects say to them."""

from dataclasses import replace

import pytest

from claims_held_out import HELD_OUT, SECOND
from zatlas.evidence.account.claim_reading import Reading, read_claim
from zatlas.evidence.account.claim_verdict import Effect, judge
from zatlas.evidence.account.claim_words import ATTRIBUTE_WORDS, CAUSE_WORDS, words_of

FACTORS = ("age", "gender = Male", "smiling", "yaw")
VOCABULARY = {**ATTRIBUTE_WORDS, **{name: words_of(name) for name in FACTORS}}
TURN = {"asymmetry": "either", "yaw": "either"}
PLACE = {"horizontal place": "either", "vertical place": "either"}
BORDER = {"border lightness": "either", "border red-green": "either",
          "border yellow-blue": "either"}  # fmt: skip
COLOUR = {"red-green": "either", "yellow-blue": "either", "chroma": "either"}


EFFECTS = [  # what one made-up element does
    Effect("luminance", -0.60, -0.65, -0.55, "directed", True),
    Effect("left-right light", 0.01, -0.02, 0.04, "small"),
    Effect("top-bottom light", 0.00, -0.03, 0.03, "small"),
    Effect("contrast", 0.05, 0.02, 0.08, "small"),
    Effect("red-green", 0.30, 0.24, 0.36, "directed"),
    Effect("yellow-blue", -0.28, -0.33, -0.23, "directed"),
    Effect("chroma", 0.22, 0.01, 0.44, "not settled"),
    Effect("sharpness", 0.30, 0.25, 0.35, "either way"),
    Effect("edge extent", 0.02, -0.01, 0.05, "small"),
    Effect("horizontal place", 0.02, -0.05, 0.09, "small"),
    Effect("vertical place", -0.39, -0.45, -0.33, "directed"),
    Effect("asymmetry", 0.04, -0.05, 0.13, "opposite"),
    Effect("border lightness", -0.26, -0.31, -0.21, "not settled"),
    Effect("border red-green", 0.03, -0.01, 0.07, "small"),
    Effect("border yellow-blue", 0.02, -0.02, 0.06, "small"),
    Effect("age", 0.31, 0.24, 0.38, "directed"),
    Effect("gender = Male", 0.04, -0.02, 0.10, "small"),
]
YES, NO, OPEN, UNKNOWN = "supported", "refuted", "inconclusive", "cannot be judged"

# The claim, the properties with the direction asked for, whether it denies, the verdict.
DEVELOPMENT: list[tuple[str, dict[str, str], bool, str]] = [
    ("element 1 makes it darker", {"luminance": "down"}, False, YES),
    ("element 1 makes it lighter", {"luminance": "up"}, False, NO),
    ("element 1 does not change the lightness", {"luminance": "either"}, True, NO),
    ("element 1 doesn't make it lighter", {"luminance": "up"}, True, YES),
    ("element 1 does not darken the picture", {"luminance": "down"}, True, NO),
    ("element 1 darkens the image slightly", {"luminance": "down"}, False, YES),
    ("increasing element 1 makes the picture darker", {"luminance": "down"}, False, YES),
    ("lowering element 1 makes the picture darker", {"luminance": "up"}, False, NO),
    ("z[1] -= 2 makes the picture lighter", {"luminance": "down"}, False, YES),
    ("z[1] is how dark it is", {"luminance": "either"}, False, YES),
    ("z[1] controls the light", {"luminance": "either"}, False, YES),
    ("dimension 1 is mainly brightness", {"luminance": "either"}, False, YES),
    ("dimension 1 mainly ages the face", {"age": "up"}, False, NO),
    ("the second element makes the picture less bright", {"luminance": "down"}, False, YES),
    ("the second element turns the brightness up", {"luminance": "up"}, False, NO),
    ("element 1 moves the face up", {"vertical place": "up"}, False, NO),
    ("element 1 moves the face down", {"vertical place": "down"}, False, YES),
    ("element 1 moves the face", PLACE, False, YES),
    ("element 1 moves it to the left", {"horizontal place": "down"}, False, NO),
    ("element 1 has no effect on the position", PLACE, True, NO),
    ("element 1 turns the head", TURN, False, YES),
    ("element 1 turns the head to the left", {"asymmetry": "down", "yaw": "down"}, False, NO),
    ("element 1 rotates the head left or right", TURN, False, YES),
    ("element 1 has nothing to do with the pose", TURN, True, NO),
    ("element 1 makes it redder", {"red-green": "up"}, False, YES),
    ("element 1 makes it greener", {"red-green": "down"}, False, NO),
    ("element 1 makes it more blue", {"yellow-blue": "down"}, False, YES),
    ("element 1 makes the colours warmer", {"yellow-blue": "up"}, False, NO),
    ("element 1 makes it redder and bluer",
     {"red-green": "up", "yellow-blue": "down"}, False, YES),
    ("element 1 makes it darker and greener",
     {"luminance": "down", "red-green": "down"}, False, NO),
    ("element 1 decreases blur", {"sharpness": "up"}, False, YES),
    ("element 1 makes the face less old", {"age": "down"}, False, NO),
    ("element 1 changes the colour", COLOUR, False, YES),
    ("element 1 makes it more colourful", {"chroma": "up"}, False, OPEN),
    ("element 1 leaves the saturation unchanged", {"chroma": "either"}, True, OPEN),
    ("element 1 increases the contrast", {"contrast": "up"}, False, NO),
    ("the contrast goes down with element 1", {"contrast": "down"}, False, NO),
    ("element 1 keeps the contrast the same", {"contrast": "either"}, True, YES),
    ("element 1 keeps the contrast and the size the same",
     {"contrast": "either", "edge extent": "either"}, True, YES),
    ("element 1 changes neither the contrast nor the light",
     {"contrast": "either", "luminance": "either"}, True, NO),
    ("element 1 blurs the picture", {"sharpness": "down"}, False, NO),
    ("element 1 makes the picture sharper", {"sharpness": "up"}, False, YES),
    ("element 1 makes the background darker", {"border lightness": "down"}, False, OPEN),
    ("element 1 has no effect on the background", BORDER, True, OPEN),
    ("element 1 makes the person older", {"age": "up"}, False, YES),
    ("element 1 makes the person younger", {"age": "down"}, False, NO),
    ("element 1 changes the age", {"age": "either"}, False, YES),
    ("element 1 makes the face more male", {"gender = Male": "up"}, False, NO),
    ("element 1 makes the face more feminine", {"gender = Male": "down"}, False, NO),
    ("element 1 has nothing to do with gender", {"gender = Male": "either"}, True, YES),
    ("element 1 makes them smile", {"smiling": "up"}, False, UNKNOWN),
    ("element 1 moves the light from the left to the right",
     {"left-right light": "up"}, False, NO),
    ("element 1 zooms in", {"edge extent": "up"}, False, NO),
    ("element 1 shifts the colour from yellow to blue", {"yellow-blue": "down"}, False, YES),
    ("the darkness increases with z[1]", {"luminance": "down"}, False, YES),
]  # fmt: skip

REFUSED = [  # claims, each with a part of the reason
    ("element 1 makes the hair white", "'hair', 'white'"),
    ("element 1 makes the hair darker", "'hair'"),
    ("element 1 opens the mouth", "'opens', 'mouth'"),
    ("does element 1 make it darker?", "question"),
    ("element 1 does not leave the light unchanged", "double negation"),
    ("element 1 makes it lighter and darker", "both"),
    ("element 1 makes it darker but does not change the colour", "two claims"),
    ("element 1 makes it darker without changing the contrast", "two claims"),
    ("element 1 does not change the colour and makes it darker", "two claims"),
    ("it makes the picture darker", "no element"),
    ("elements 1 and 2 make it darker", "'2'"),
    ("element 1 and element 2 make it darker", "more than one element"),
    ("the second to last element makes it darker", "'second'"),
    ("element 1 only changes the light", "everything else"),
    ("element 1 changes nothing but the light", "everything else"),
    ("element 1 makes it darker or redder", "one clause"),
    ("element 1 makes the background sharper", "is not measured"),
    ("element 1 turns the head up", "'up'"),
    ("element 1 makes the left side move", "'side'"),
    ("element 1 makes it not darker", "behind its verb"),
    ("element 1 sometimes makes it darker", "'sometimes'"),
    ("element 1 turns the head by 10 degrees", "'10'"),
    ("element 1 increases the colour temperature and the pose", "'increases'"),
    ("element 1 increases the hue", "name one"),
    ("element 1 moves the light", "moving"),
    ("element 1 makes women older", "'women'"),
    ("element 1 makes it the opposite of dark", "'opposite'"),
    ("element 1 does nothing", "what stays the same"),
    ("element 1 has less effect on age", "said of an effect"),
    ("element 1 reduces the effect of age", "said of an effect"),
    ("element 1 is not mainly age", "denies"),
    ("element 1", "names nothing"),
    ("", "no element"),
]


def meant(reading: Reading) -> dict[str, str]:
    return {each.name: each.direction for each in reading.properties}


@pytest.mark.parametrize(("claim", "properties", "negated", "verdict"), DEVELOPMENT)
def test_claims_with_known_answers(
    claim: str, properties: dict[str, str], negated: bool, verdict: str
) -> None:
    """Usage A1: directions and negations were not read."""
    reading = read_claim(claim, VOCABULARY)
    assert (reading.refused, reading.element) == (None, 1)
    assert (meant(reading), reading.negated) == (properties, negated)
    assert judge(reading, EFFECTS).word == verdict


@pytest.mark.parametrize(("claim", "reason"), REFUSED)
def test_what_cannot_be_read_is_refused_with_its_reason(claim: str, reason: str) -> None:
    reading = read_claim(claim, VOCABULARY)
    assert reason in (reading.refused or "")
    assert reading.properties == ()
    assert judge(reading, EFFECTS).word == UNKNOWN
    assert judge(reading, EFFECTS).reason == reading.refused


def test_a_claim_that_compares_elements_points_to_the_ranking() -> None:
    refused = read_claim("element 2 changes the light most", VOCABULARY).refused
    assert "ranks them" in (refused or "")


def test_held_out_claims() -> None:
    """At first sight 15 of the first list and all of the second were right; none was misread."""
    for claim, element, properties, negated in HELD_OUT + SECOND:
        reading = read_claim(claim, VOCABULARY)
        expected = (element, properties, negated, not properties)
        got = (reading.element, meant(reading), reading.negated, bool(reading.refused))
        assert got == expected, claim


def test_every_word_stands_for_its_own_property() -> None:
    for name, entry in VOCABULARY.items():
        context = f"{entry.context[0]} " if entry.context else ""
        for direction, group in (("up", entry.up), ("down", entry.down)):
            for word in group:
                reading = read_claim(f"element 1: {context}{word}", VOCABULARY)
                assert meant(reading)[name] == direction, word


def test_other_factors_are_known_by_their_names() -> None:
    vocabulary = {name: words_of(name) for name in ("hair = long", "beard")}
    assert meant(read_claim("element 1 adds a beard", vocabulary)) == {"beard": "up"}
    assert meant(read_claim("element 1 makes it more long", vocabulary)) == {"hair = long": "up"}
    assert meant(read_claim("element 1 changes the hair", vocabulary)) == {"hair = long": "either"}
    assert words_of("Age") == words_of("age")
    assert words_of("luminance (label)") == words_of("luminance")


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("element 1 makes it darker", "the main effect: luminance -0.60 sd [-0.65, -0.55]"),
        ("element 1 makes it redder", "not the main effect, which is luminance -0.60 sd"),
        ("element 1 makes it lighter", "the effect goes in the other direction: luminance -0.60"),
        ("element 1 increases the contrast", "a small effect: contrast +0.05 sd [+0.02, +0.08]"
         "; 0.2 sd is needed"),
        ("element 1 reduces the contrast", "a small effect in the other direction: contrast +0.05"),
        ("element 1 zooms in", "no effect that differs from 0: edge extent +0.02 sd"),
        ("element 1 makes it more colourful", "not settled: chroma +0.22 sd [+0.01, +0.44]"),
        ("element 1 makes it sharper", "sharpness +0.30 sd [+0.25, +0.35], whichever way"),
        ("element 1 turns the head", "in different directions in different images"),
        ("element 1 makes the background darker", "may have another cause"),
        ("element 1 does not change the contrast", "less than 0.2 sd: contrast +0.05 sd"),
        ("element 1 does not make it lighter", "less than 0.2 sd: luminance -0.60 sd"),
        ("element 1 does not change the light", "it does change: luminance -0.60 sd"),
        ("element 1 makes them smile", "smiling was not measured in sd"),
        ("element 1 mainly ages the face", "not the main effect"),
    ],
)  # fmt: skip
def test_a_verdict_gives_its_reason_with_numbers(claim: str, reason: str) -> None:
    assert reason in judge(read_claim(claim, VOCABULARY), EFFECTS).reason


def test_a_claim_of_two_properties_names_the_part_that_holds() -> None:
    for claim, word, reason in (
        ("element 1 makes it darker and redder", YES, "main effect: luminance -0.60 sd"),
        ("element 1 makes it darker and more colourful", OPEN, "not settled: chroma +0.22 sd"),
        ("element 1 makes it darker and zooms in", NO, "no effect that differs from 0: edge"),
    ):
        verdict = judge(read_claim(claim, VOCABULARY), EFFECTS)
        assert verdict.word == word, claim
        assert reason in verdict.reason
        held = "another part of the claim holds: the main effect: luminance -0.60 sd"
        assert (held in verdict.reason) == (word != YES)


def test_small_on_average_is_said_for_a_student() -> None:
    reason = "in single images, or for one of the two steps, it may be 0.2 sd or more: contrast"
    effects = [Effect("contrast", 0.05, 0.02, 0.08, "not settled")]
    assert reason in judge(read_claim("element 1 adds contrast", VOCABULARY), effects).reason


def test_a_claim_on_one_of_equal_effects_is_no_objection() -> None:
    """ "supported: no effect is clearly the main one" read like an objection."""
    effects = [replace(effect, main=False) for effect in EFFECTS]
    verdict = judge(read_claim("element 1 makes it darker", VOCABULARY), effects)
    assert verdict.word == YES
    assert verdict.reason.startswith(
        "one of its effects; none is surely twice as large as the others: luminance -0.60 sd"
    )


def test_the_reading_says_what_stands_for_the_words() -> None:
    said = read_claim("lowering element 1 turns the head slightly to the left", VOCABULARY)
    assert said.stands_for == (
        "'left' is read as asymmetry or yaw, a rise; 'slightly' is not judged; "
        "for a rise of the element, since the claim lowers it"
    )
    said = read_claim("element 1 turns the head", VOCABULARY)
    assert said.stands_for == "'turns' is read as asymmetry or yaw, either direction"


def test_a_move_that_leaves_the_data_decides_nothing() -> None:
    """Usage A6: confetti far from all codes was "mainly sharper"."""
    sharper = read_claim("element 1 makes it sharper", VOCABULARY)
    assert judge(sharper, EFFECTS, in_range=0.9).word == YES
    left = judge(sharper, EFFECTS, in_range=0.02)
    assert (left.word, left.reason) == (OPEN, "the move leaves the data: 2 % in range")
    unread = read_claim("element 1 makes the hair white", VOCABULARY)
    assert judge(unread, EFFECTS, in_range=0.0).word == UNKNOWN


def test_properties_that_one_phrase_may_mean() -> None:
    turn = read_claim("element 1 turns the head to the left", VOCABULARY)
    still = read_claim("element 1 does not turn the head", VOCABULARY)
    left = Effect("yaw", -0.5, -0.6, -0.4, "directed", True)
    right = Effect("asymmetry", 0.5, 0.4, 0.6, "directed")
    small = Effect("asymmetry", 0.01, -0.02, 0.04, "small")
    assert judge(turn, [left, small]).word == YES
    assert judge(turn, [left]).word == YES  # the other was not measured
    assert judge(turn, [left, right]).word == OPEN  # they disagree
    assert judge(turn, [right]).word == NO
    assert judge(turn, []).word == UNKNOWN
    assert judge(still, [left, small]).word == NO
    assert judge(still, [replace(small, name="yaw"), small]).word == YES


def test_mainly_is_judged() -> None:
    mainly = read_claim("element 1 is mainly darker", VOCABULARY)
    dark = Effect("luminance", -0.6, -0.7, -0.5, "directed")
    red = Effect("red-green", 0.9, 0.8, 1.0, "directed")
    assert judge(mainly, [replace(dark, main=True)]).word == YES
    assert judge(mainly, [dark, replace(red, main=True)]).word == NO
    assert judge(mainly, [dark, red]).word == OPEN


BOTH = {**VOCABULARY, **CAUSE_WORDS}


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("element 1 moves the face to the right",
         {"horizontal place": "up", "horizontal shift": "up"}),
        ("element 1 shifts it down", {"vertical place": "down", "vertical shift": "down"}),
        ("element 1 zooms in", {"edge extent": "up", "zoom": "up"}),
        ("element 1 tilts the head to the left", {"tilt": "up"}),
        ("element 1 changes the hue",
         {"red-green": "either", "yellow-blue": "either", "hue rotation": "either",
          "red-green offset": "either", "yellow-blue offset": "either"}),
        ("element 1 makes it noisier", {"noise": "up"}),
        ("element 1 reduces the noise", {"noise": "down"}),
        ("element 1 makes it less noisy", {"noise": "down"}),
        ("element 1 makes it sharper", {"sharpness": "up", "detail gain": "up"}),
        ("element 1 increases the brightness", {"luminance": "up", "lightness": "up"}),
        ("element 1 lowers the saturation", {"chroma": "down", "chroma gain": "down"}),
        ("element 1 darkens the centre", {"centre against rest": "down"}),
        ("element 1 makes the background lighter",
         {"border lightness": "up", "border against rest": "up"}),
        ("element 1 lights the face from the left",
         {"left-right light": "down", "left-right gradient": "down"}),
    ],
)  # fmt: skip
def test_causes_are_read_beside_attributes(claim: str, expected: dict[str, str]) -> None:
    assert meant(read_claim(claim, BOTH)) == expected


@pytest.mark.parametrize("claim", [row[0] for row in DEVELOPMENT])
def test_causes_change_no_answer_to_a_known_claim(claim: str) -> None:
    """Causes stand beside attributes: what was read of attributes is read of them as before."""
    alone, both = read_claim(claim, VOCABULARY), read_claim(claim, BOTH)
    assert bool(both.refused) == bool(alone.refused)
    assert (both.negated, both.main) == (alone.negated, alone.main)
    assert meant(alone).items() <= meant(both).items()
    assert judge(both, EFFECTS).word == judge(alone, EFFECTS).word
