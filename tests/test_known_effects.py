"""The judge of evidence: full marks for one who knows the truth, bad ones for whoever does not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from known.adapter import Answer, remembered, today
from known.banks import bank_case, make_bank
from known.networks import read_factors
from known.scores import BOUND, Mark, answers_of, cells, marks
from known.truth import Case, Properties, effects
from known.world import NAMES, SIZES, World
from known_effects import jobs, markdown, rows
from zatlas.evidence.arrays import floats, in_batches
from zatlas.evidence.properties import attributes
from zatlas.evidence.properties.property_set import Labelled

FACES, IMAGES, ELEMENTS = 512, 256, 120
KINDS = ("single", "heterogeneous", "even", "opposite", "dead")


def made(kind: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Changes (FACES, 15) up and down, in sd, of an element of a kind."""
    size = rng.choice([0.05, 0.1, 0.3, 0.5, 1.0], 15) * rng.choice([-1, 1], 15)
    each = np.broadcast_to(size, (FACES, 15))
    if kind == "heterogeneous":
        each = each * (1 + rng.standard_normal((FACES, 1)) / 2)
    if kind == "opposite":
        each = each * rng.permutation(np.repeat([-1, 1], FACES // 2))[:, None]
    if kind == "dead":
        each = np.zeros((FACES, 15))
    noise = rng.standard_normal((2, FACES, 15)) * 0.01
    return each + noise[0], (each if kind == "even" else -each) + noise[1]


@pytest.fixture(scope="module")
def case() -> Case:
    rng = np.random.default_rng(0)
    kinds = [KINDS[j % len(KINDS)] for j in range(ELEMENTS)]
    up, down = (np.stack(each, 1) for each in zip(*(made(k, rng) for k in kinds), strict=True))
    found = effects(np.zeros((FACES, 15)), up, down, np.ones(15))
    names = [f"p{k}" for k in range(15)]
    own = Properties("attribute", names, np.ones(15), np.ones(15))
    nothing = np.zeros((0, 1, 1, 3), np.uint8)
    return Case(
        decode=as_it_is, encode=as_it_is, codes=np.zeros((IMAGES, ELEMENTS)), sd=np.ones(ELEMENTS),
        images=nothing, labelled=Labelled(nothing, (), np.zeros(0, bool)), kinds=kinds,
        truth=[(own, found)],
    )  # fmt: skip


def as_it_is(values: np.ndarray) -> np.ndarray:
    return values


def oracle(case: Case) -> list[Answer]:
    """Who knows the truth: right words, and intervals of the right width about a sample's mean."""
    rng, answers = np.random.default_rng(1), []
    for own, e in case.truth:
        for j, k in np.ndindex(e.odd.shape):
            odd, even, rms = e.odd[j, k], e.even[j, k], e.rms[j, k]
            error = e.spread[j, k] / np.sqrt(IMAGES)
            mean = odd + error * rng.standard_normal()
            others = np.delete(np.maximum(np.abs(e.odd[j]), np.abs(e.even[j])), k)
            says = (
                "directed" if abs(odd) >= BOUND else "either way" if abs(even) >= BOUND
                else "opposite" if rms >= BOUND else "small"
            )  # fmt: skip
            low, high = mean - 1.96 * error, mean + 1.96 * error
            main = says == "directed" and bool(abs(odd) >= 2 * others.max())
            answers.append(
                Answer(j, own.kind, own.names[k], mean, low, high, mean, low, high, says, main)
            )
    return answers


def marked(case: Case, answers: list[Answer]) -> dict[str, Mark]:
    table = cells("made", 0, case, answers, {})
    return {m.question: m for m in marks(table) if m.about == "attribute"}


def test_who_knows_the_truth_has_full_marks(case: Case) -> None:
    found = marked(case, oracle(case))
    assert found["names: precision"].found == 1
    assert found["names: wrong sign"].found == 0
    assert found["power: >= 0.3 sd, drawn"].found == 1
    assert found["mainly: false"].found == 0
    assert found["dead elements with a false name"] == Mark(
        "made", "attribute", "dead elements with a false name", 0.0, 24, "<= 0.01"
    )
    assert 0.93 <= found["interval covers, sd"].found <= 0.97
    assert 0.98 <= found["slope of reported on true"].found <= 1.02
    for question, mark in found.items():
        if question.startswith("kind: ") and mark.of:
            assert mark.found == (1 if question.endswith("told") else 0), question
    assert found["kind: either way, told"].of > 50
    assert found["kind: opposite, told"].of > 50


def test_flipped_signs_are_seen(case: Case) -> None:
    flipped = [replace(a, mean=-a.mean, mean_sd=-a.mean_sd) for a in oracle(case)]
    found = marked(case, flipped)
    assert found["names: wrong sign"].found == 1
    assert found["slope of reported on true"].found < -0.9


def test_names_at_random_are_seen(case: Case) -> None:
    rng = np.random.default_rng(2)
    words = ("directed", "either way", "opposite", "small", "not settled", "")
    guessed = [
        replace(a, says=str(rng.choice(words)), main=bool(rng.random() < 0.1)) for a in oracle(case)
    ]
    found = marked(case, guessed)
    assert found["names: precision"].found < 0.8
    assert found["power: >= 0.3 sd, drawn"].found < 0.3
    assert found["dead elements with a false name"].found > 0.9
    assert found["mainly: false"].found > 0.5
    assert found["kind: either way, told"].found < 0.4
    assert found["kind: opposite, false"].found > 0.1


def test_narrow_intervals_and_silence_are_seen(case: Case) -> None:
    def narrow(a: Answer) -> Answer:
        middle, half = a.mean_sd, (a.high_sd - a.low_sd) / 6
        return replace(a, low_sd=middle - half, high_sd=middle + half, says="small")

    found = marked(case, [narrow(a) for a in oracle(case)])
    assert found["interval covers, sd"].found < 0.7
    assert 0.93 <= found["interval covers, natural units"].found <= 0.97
    assert found["kind: >= 0.3 sd said to be small"].found == 1
    assert found["power: >= 0.3 sd, drawn"].found == 0
    assert np.isnan(found["names: precision"].found)


def test_what_is_not_answered_counts_as_not_found(case: Case) -> None:
    found = marked(case, [])
    assert found["power: >= 0.3 sd, drawn"].found == 0
    assert found["interval covers, sd"].of == 0


def test_properties_of_one_family_are_no_rivals(case: Case) -> None:
    families = dict.fromkeys(case.truth[0][0].names, "one")
    table = cells("made", 0, case, oracle(case), families)
    assert table["ratio"].max() == 0


def test_seeds_take_turns_at_the_worlds(tmp_path: Path) -> None:
    todo = jobs(["sharp", "fcn-64"], range(0, 100), 8, tmp_path)
    assert [(decoder, world.seed, len(seeds), seeds[0]) for decoder, world, seeds in todo] == [
        ("sharp", 0, 50, 0), ("sharp", 1, 50, 1), ("fcn-64", 0, 20, 0)
    ]  # fmt: skip
    test = jobs(["sharp"], range(1000, 1200), 8, tmp_path)
    assert [world.seed for _, world, _ in test] == [1000, 1001, 1002]


def test_marks_are_written_for_each_seed_and_as_a_table(case: Case) -> None:
    both = [cells("made", seed, case, oracle(case), {}) for seed in (3, 4)]
    table = np.concatenate(both)
    written = list(rows(table))
    assert {row["seed"] for row in written} == {3, 4}
    each = [mark for part in both for mark in marks(part) if mark.of]
    assert len(written) == len(each)
    lines = markdown(list(marks(table))).splitlines()
    assert lines[0] == "| attributes | asked | made |"
    assert any(line.startswith("| names: precision | >= 0.97 | 1.000 ± 0.000 of") for line in lines)


def test_a_picture_is_measured_once() -> None:
    seen = []

    def measure(x: np.ndarray) -> np.ndarray:
        seen.append(len(x))
        return np.asarray(x.mean((1, 2)))

    pictures = np.arange(24, dtype=np.float32).reshape(4, 2, 1, 3)
    once = remembered(measure)
    assert np.array_equal(once(pictures[[0, 1, 0]]), pictures[[0, 1, 0]].mean((1, 2)))
    assert np.array_equal(once(pictures), pictures.mean((1, 2)))
    assert seen == [2, 2]


def test_factors_are_read_from_the_change_of_a_picture() -> None:
    rng = np.random.default_rng(3)
    slopes = 300 * rng.standard_normal((13, 600)) * np.geomspace(1, 0.1, 13)[:, None]
    slopes[4] = 0  # a factor that is not drawn
    true = rng.uniform(-1, 1, (20, 13))
    read, left, resolution = read_factors(true @ slopes, slopes)
    drawn = np.arange(13) != 4
    assert np.abs(read - true)[:, drawn].max() < 0.01
    assert np.abs(read[:, 4]).max() < 1e-6
    assert left.max() < 0.01
    assert resolution[:, drawn].min() > 0.9
    assert resolution[:, 4].max() < 1e-6  # nobody can read it
    noise = 30 * rng.standard_normal((20, 600))  # what no factor explains moves hardly any
    read, left, resolution = read_factors(noise, slopes)
    assert np.abs(read.mean(0)).max() < 0.1
    assert left.min() > 0.9
    assert resolution[:, 12].max() < 0.75


@pytest.mark.long
def test_the_truth_of_a_small_world_is_what_its_decoder_shows(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="the PCA needs it")
    world = World(5, faces=8, folder=tmp_path, learned=30, held_out=10)
    names = [column.name for column in attributes.columns(3)]

    def measure(x: np.ndarray) -> np.ndarray:
        return in_batches(attributes.measure, floats(x))

    for components in (None, 16):
        bank = make_bank(world, components, names, measure)
        case = bank_case(bank, seed=0, images=100)
        assert set(KINDS) - {"single", "heterogeneous"} <= set(case.kinds)
        _, attribute_effects = case.truth[0]
        factors, factor_effects = case.truth[1]
        scaled = np.abs(factor_effects.odd) / factors.scale
        for j, kind in enumerate(case.kinds):
            move = np.zeros_like(case.codes)
            move[:, j] = 1
            before, up, down = (
                _measured(case.decode, measure, case.codes + side * move) for side in (0, 1, -1)
            )
            per_image = (up - down) / 2
            error = per_image.std(0) / 10 + 1e-6
            assert np.all(np.abs(per_image.mean(0) - attribute_effects.odd[j]) < 5 * error), kind
            either = (up + down) / 2 - before
            error = either.std(0) / 10 + 1e-6
            assert np.all(np.abs(either.mean(0) - attribute_effects.even[j]) < 5 * error), kind
            if kind.startswith("edit"):
                assert np.isnan(factor_effects.odd[j]).all()
            if kind.startswith("single") and kind != "single 1.0":
                size = float(kind.split()[1])
                assert size in SIZES
                assert scaled[j].max() == pytest.approx(size, rel=1e-6)
                assert np.count_nonzero(scaled[j]) == 1
            if kind in ("dead", "even"):
                assert np.all(factor_effects.odd[j] == 0)
            if kind == "dead":
                assert np.all(factor_effects.rms[j] == 0)
        reconstructed = case.decode(case.encode(floats(np.asarray(case.labelled.images[:5]))))
        shown = floats(bank.labelled[:5])
        assert np.allclose(reconstructed, shown, atol=1e-5)
        assert len(factors.names) == len(NAMES)
        if components is None:
            judge = today()
            table = cells("sharp", 0, case, answers_of(judge, case, 0), judge.families)
            found = {m.question: m for m in marks(table) if m.about == "attribute"}
            assert found["names: precision"].found > 0.95
            assert found["dead elements with a false name"].found == 0
            assert found["power: >= 0.3 sd, drawn"].found > 0.8


def _measured(decode: Callable[..., Any], measure: Callable[..., Any], codes: Any) -> Any:
    return in_batches(lambda part: measure(decode(part)), codes, 64)
