"""What a sentence says of its own worth: flags both ways, the other elements, other seeds."""

from typing import Any

import numpy as np
import pytest

from zatlas.evidence.account.remarks import match_words, remarks
from zatlas.evidence.codes.stability import ElementStability, measure_stability
from zatlas.evidence.effects.flags import Flags
from zatlas.evidence.measurements import Subject, element_atlas
from zatlas.evidence.properties.property_set import pixel_properties
from zatlas.evidence.records import ElementEffect, MoveEffect
from zatlas.latents.code_statistics import gather

N = 160


def flagged(**more: Any) -> Flags:
    return Flags(**{
        "n": 512, "moved": 1, "dead_moved": 0, "elements": (), "length": 1.0, "in_range": 1.0,
        "neighbour_before": 1.0, "neighbour_after": 1.0, "kept": 0.31, "kept_low": 0.3,
        "kept_high": 0.32, "spill": None, "cycle_before": 0.0, "cycle_after": 0.0,
        "saturated_before": 0.0, "saturated_after": 0.0, **more,
    })  # fmt: skip


def element(**more: Any) -> ElementEffect:
    return ElementEffect(**{
        "n": 512, "size": 6.1, "size_low": 6.0, "size_high": 6.2, "peak": 20.0, "share": 0.5,
        "agreement": None, "linearity": None, "locality": None, "centre": None, "motion": None,
        "sweep_n": 128, "steps": (0.0, 1.0), "curve": (), "lines": (),
        "effects": {}, "element": 2, "sd": 1.5, "sensitivity": 1.0, **more,
    })  # fmt: skip


def test_flags_of_both_steps_are_said_with_their_images() -> None:
    forward = flagged(answers_most=4)
    backward = flagged(in_range=0.89, kept=0.312, answers_most=4)
    said, _ = remarks(element(flags=forward, flags_backward=backward))
    assert said == (
        "In range 100 % at +1 sd, 89 % at -1 sd; 31 % of it survives re-encoding (512 images); "
        "z[4] answers most."
    )
    backward = flagged(in_range=0.02, kept=0.2, answers_most=5)
    said, _ = remarks(element(flags=flagged(), flags_backward=backward))
    assert said == (
        "It leaves the data: in range 100 % at +1 sd, 2 % at -1 sd; 31 % of it survives "
        "re-encoding (20 % at -1 sd; 512 images); z[5] answers most at -1 sd."
    )


def test_other_seeds_and_the_posterior_are_said() -> None:
    assert remarks(element()) == ["Measured in one run alone."]
    times = ElementStability(found=3, runs=4, chance=0.31)
    one = element(match=0.93, stability=times, posterior_sd=0.3)
    assert remarks(one) == [
        "1 sd of the code is 5 posterior sd.",
        "Other seeds: found in 3 of 4 runs (match r = 0.93; chance 0.31).",
    ]
    assert match_words(one) == "0.93 (3 of 4)"
    alone = ElementStability(found=0, runs=1, chance=0.31)
    assert "Other seeds: not found in the other run" in remarks(
        element(match=0.4, stability=alone)
    )[0]  # fmt: skip
    assert remarks(element(sd=0.0)) == []


def test_an_element_is_found_where_its_match_exceeds_the_bound_and_chance() -> None:
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((400, 3))
    same, other = -codes[:, [1, 0, 2]], rng.standard_normal((400, 3))
    half = np.column_stack([codes[:, 0], other[:, 1:]])
    stability = measure_stability([codes, same, other, half])
    assert [stability.of(k, 0.7).found for k in range(3)] == [2, 1, 1]
    assert stability.of(0, 0.7).runs == 3
    assert stability.of(0, 0.7).chance < 0.2
    few = measure_stability([codes[:4], other[:4]])  # of 4 images chance alone reaches the bound
    assert few.matches[0].chance_high is not None
    assert few.matches[0].chance_high > 0.7
    assert few.of(0, 0.0).found == (
        abs(few.matches[0].correlation[0]) >= few.matches[0].chance_high
    )


def correlated_subject() -> Subject:
    """A code of four elements: 0 lightens by 0.02 a sd, and 1, which goes with it (r = 0.8),
    darkens by 0.1 a sd; 2 goes with nothing and is found again as element 3. Codes are skewed.
    """
    rng = np.random.default_rng(1)
    z = rng.standard_normal((N, 4)).astype(np.float32)
    z[:, 1] = 0.8 * z[:, 0] + 0.6 * z[:, 1]
    z[:, 2] = np.exp(z[:, 2])
    tilt = np.linspace(-0.1, 0.1, 8, dtype=np.float32)[None, None, :, None]

    def decode(z: Any) -> Any:
        light = 0.02 * z[:, 0] - 0.1 * z[:, 1] - 0.1
        return np.broadcast_to(
            light[:, None, None, None] + z[:, 2, None, None, None] * tilt * 0.3, (len(z), 8, 8, 1)
        ).astype(np.float32)

    def encode(x: Any) -> Any:
        found = np.zeros((len(x), 4), np.float32)
        found[:, 3] = (x[:, :, 7].mean((1, 2)) - x[:, :, 0].mean((1, 2))) / 0.06
        return found

    return Subject(encode, decode, gather(z), z, np.full((N, 4), 0.25, np.float32))


@pytest.fixture(scope="module")
def found() -> dict[int, ElementEffect]:
    grey = np.random.default_rng(0).uniform(110, 140, (N, 1, 1, 1)) * np.linspace(0.8, 1.2, 8)
    images = np.broadcast_to(grey.reshape(N, 1, 8, 1), (N, 8, 8, 1)).astype(np.uint8)
    atlas = element_atlas(correlated_subject(), pixel_properties(images), workers=2)
    return {one.element: one for one in atlas.elements}


def test_flags_are_measured_over_all_images_both_ways(found: dict[int, ElementEffect]) -> None:
    skewed = found[2]
    assert skewed.flags is not None
    assert skewed.flags_backward is not None
    assert skewed.flags.n == skewed.flags_backward.n == N
    assert skewed.flags.in_range > 0.9
    assert skewed.flags_backward.in_range < 0.7  # below the smallest code there is nothing
    assert skewed.flags.answers_most == skewed.flags_backward.answers_most == 3
    assert skewed.flags.kept == pytest.approx(0, abs=1e-5)
    assert "z[3] answers most" in skewed.sentence


def test_a_second_line_where_codes_correlate(found: dict[int, ElementEffect]) -> None:
    def light(effect: MoveEffect) -> float:
        return effect.effects["luminance"].mean

    assert light(found[0]) > 0
    together = found[0].together
    assert together is not None
    assert light(together) < 0  # element 1 goes with it, and darkens more
    statistics = correlated_subject().statistics
    assert statistics.covariance is not None
    sd = statistics.sd
    r = statistics.covariance[0, 1] / (sd[0] * sd[1])
    follows = (0.02 * sd[0] - 0.1 * r * sd[1]) / (0.02 * sd[0])
    assert light(together) / light(found[0]) == pytest.approx(follows, rel=0.05)
    assert found[0].conditional_sd == pytest.approx(1 / np.sqrt(1 - r * r), rel=0.05)
    assert "Its code goes with others: alone, 1 sd is 1." in found[0].sentence
    assert "darker" in found[0].sentence.partition("As it goes with them in these images: ")[2]
    assert found[1].flags is not None
    assert found[1].flags.answers_most is None  # no element answers
    assert found[2].together is None
    assert "goes with" not in found[2].sentence
    assert found[0].posterior_sd == 0.25
    assert f"1 sd of the code is {found[0].sd / 0.25:.2g} posterior sd" in found[0].sentence
