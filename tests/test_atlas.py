"""The atlas end to end: the record, its page, its command; edits measured; claims judged."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zatlas
from conftest import TINY, TINY_GAUSSIAN, Zatlas, discs
from zatlas.errors import InputError
from zatlas.evidence.account.claims import answer_claim, element_of
from zatlas.evidence.arrays import floats
from zatlas.evidence.effects.flags import Flags
from zatlas.evidence.measurements import Subject, edit_effects, element_atlas
from zatlas.evidence.properties.factors import tell_apart
from zatlas.evidence.properties.property_set import (
    Labelled,
    add_factors,
    measure_drawn,
    pixel_properties,
)
from zatlas.evidence.records import EditEffect, MainEffect, PropertyEffect
from zatlas.latents.code_statistics import gather
from zatlas.latents.moves import edit_move
from zatlas.run.evidence import kept_atlas, kept_edits, kept_maps, kept_reconstruction
from zatlas.run.run import Run
from zatlas.workflows.atlas import measure_atlas
from zatlas.workflows.edits import measure_edits


def identity(pictures: np.ndarray) -> np.ndarray:
    """A perfect encoder or decoder: the code is the picture."""
    return pictures


def grey_ramp(count: int, seed: int = 0) -> np.ndarray:
    """Pictures (N, 8, 8, 1) of one random grey each, with a little grain."""
    rng = np.random.default_rng(seed)
    grey = rng.uniform(60, 190, (count, 1, 1, 1)) + rng.normal(0, 4, (count, 8, 8, 1))
    return grey.astype(np.uint8)


def known_subject(count: int = 64) -> Subject:
    """A decoder whose truth is known: element 1 lightens by 0.1 a unit, 0 tilts the light from
    left to right, 2 does nothing, 3 is dead.
    """
    rng = np.random.default_rng(1)
    codes = rng.standard_normal((count, 4)).astype(np.float32)
    codes[:, 3] = 2.0
    tilt = np.broadcast_to(np.linspace(-0.1, 0.1, 8), (8, 8))[None, :, :, None]

    def decode(z: np.ndarray) -> np.ndarray:
        base = -0.2 + 0.1 * z[:, 1, None, None, None] + z[:, 0, None, None, None] * tilt
        return np.broadcast_to(base, (len(z), 8, 8, 1)).astype(np.float32)

    def encode(x: np.ndarray) -> np.ndarray:
        back = np.zeros((len(x), 4), np.float32)
        back[:, 1] = (x.mean((1, 2, 3)) + 0.2) / 0.1
        back[:, 3] = 2.0
        return back

    return Subject(encode, decode, gather(codes), codes)


def test_the_atlas_of_a_decoder_whose_truth_is_known() -> None:
    found = element_atlas(known_subject(), pixel_properties(grey_ramp(64)))
    first, second, *rest = found.elements
    assert (first.element, second.element) == (1, 0)
    # one sd of element 1 moves every pixel by 0.1 * sd of a range of 2, in 255 grey levels
    assert first.size == pytest.approx(0.1 * first.sd * 127.5, rel=1e-4)
    assert first.size_low == pytest.approx(first.size, rel=1e-4)
    assert "lighter (lightness" in first.sentence
    assert first.linearity == pytest.approx(1.0, abs=1e-4)
    assert first.flags is not None
    assert first.flags.kept == pytest.approx(1.0, abs=1e-3)
    assert second.flags is not None
    assert second.flags.kept == pytest.approx(0.0, abs=1e-3)
    assert "lighter towards the right" in second.sentence
    assert sorted(e.element for e in rest) == [2, 3]
    for element in rest:
        assert element.size == 0
        assert "no measurable effect" in element.sentence
    assert found.maps.absolute.shape == (4, 8, 8)
    assert found.maps.signed[1].mean() == pytest.approx(first.size, rel=1e-4)
    assert found.usage.used == 2
    assert found.interactions.table[0][1] == pytest.approx(0, abs=1e-3)


def test_what_the_network_does_not_draw_is_not_named() -> None:
    subject, images = (
        known_subject(),
        grey_ramp(64),
    )  # codes that have nothing to do with the images
    properties = measure_drawn(pixel_properties(images), images, subject.codes, subject.decode)
    first = element_atlas(subject, properties).elements[0]
    light = first.effects["luminance"]
    assert (light.named, light.drawn) == (False, False)
    assert (light.mean_sd or 0) > 0.2
    assert "small, under 0.2 sd of every property that the network draws" in first.sentence
    answer = answer_claim("element 1 makes it lighter", first)
    assert answer.word == "inconclusive"
    assert answer.reason.startswith("the network does not draw this property: luminance +")
    for claim in ("element 1 makes it sharper", "element 1 does not make it sharper"):
        assert answer_claim(claim, first).reason.startswith("the network does not draw this")
    own = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
    faithful = measure_drawn(
        pixel_properties(images), images, own,
        lambda z: np.broadcast_to(images[np.round(31.5 * z[:, 0] + 31.5).astype(int)] / 127.5 - 1,
                                  (len(z), 8, 8, 1)).astype(np.float32),
    )  # fmt: skip
    assert {one.drawn for one in faithful.drawn or ()} <= {True, None}  # None: it does not vary
    assert (
        measure_drawn(pixel_properties(images[:3]), images[:3], own, subject.decode).drawn is None
    )


def test_an_edit_as_typed_is_an_effect_like_any_other() -> None:
    subject = known_subject()
    far_off = subject.codes.copy()
    far_off[:, 1] += 20
    moves = [
        edit_move("z[1] += 20", subject.codes, far_off),
        edit_move("z", subject.codes, subject.codes),
    ]
    far, still = edit_effects(subject, pixel_properties(grey_ramp(64)), moves)
    assert edit_effects(subject, pixel_properties(grey_ramp(64)), []) == []
    assert far.flags is not None
    assert far.flags.elements[0].size == pytest.approx(20 / subject.statistics.sd[1], rel=1e-4)
    assert far.flags.in_range == 0
    assert far.flags.neighbour_after is not None
    assert far.flags.neighbour_after > 10
    assert "It leaves the data: in range in 0 % of images" in far.sentence
    assert far.random is not None
    assert far.random.size > 0
    assert still.size == 0
    assert "no measurable effect" in still.sentence


def test_factors_join_the_ruler_only_where_their_probe_beats_chance() -> None:
    images = grey_ramp(400)
    grey = images.mean((1, 2, 3))
    rng = np.random.default_rng(0)
    factors, _ = tell_apart({"grey": grey + rng.normal(0, 1, 400), "coin": rng.integers(0, 2, 400)})
    held_out = np.arange(400) % 3 == 0
    properties, probes = add_factors(
        pixel_properties(images), Labelled(images, factors, held_out), identity, identity
    )
    assert [c.name for c in properties.columns if c.kind == "factor"] == ["grey"]
    assert properties.real_sd[-1] == pytest.approx(grey[held_out].std(), rel=0.05)
    assert {probe.name: probe.passed for probe in probes.judged} == {"grey": True, "coin": False}


def test_a_factor_that_the_network_loses_is_listed_and_has_no_column() -> None:
    left, right = np.random.default_rng(0).integers(0, 256, (2, 400))
    images = np.zeros((400, 8, 8, 1), np.uint8)
    images[:, :, :4], images[:, :, 4:] = left[:, None, None, None], right[:, None, None, None]
    factors, _ = tell_apart({"left": left, "right": right})

    def left_alone(pictures: np.ndarray) -> np.ndarray:
        """A network whose pictures have nothing to their right."""
        return np.where(np.arange(8)[:, None] < 4, pictures, 0.0).astype(np.float32)

    labelled = Labelled(images, factors, np.arange(400) % 3 == 0)
    properties, probes = add_factors(pixel_properties(images), labelled, identity, left_alone)
    assert [c.name for c in properties.columns if c.kind == "factor"] == ["left"]
    assert [probe.passed for probe in probes.judged] == [True, True]
    assert [probe.passed for probe in probes.in_reconstructions] == [True, False]
    properties = measure_drawn(properties, images, floats(images), left_alone)
    drawn = {one.name: one.drawn for one in properties.drawn or ()}
    assert (drawn["left"], drawn["right"]) == (True, False)
    names = [column.name for column in properties.columns]
    assert [one.name for one in properties.drawn or ()] == [*names, "right"]


def test_the_same_seed_gives_the_same_bytes(tiny_run: Run, tiny_images: Path) -> None:
    texts = []
    for workers in (1, 2, 1):
        measure_atlas(tiny_run, images=tiny_images, count=30, seed=3, workers=workers)
        texts.append((tiny_run.path / "evidence" / "atlas.json").read_bytes())
    assert texts[0] == texts[1] == texts[2]
    other = measure_atlas(tiny_run, images=tiny_images, count=30, seed=4)
    assert list(other.rows) != json.loads(texts[0])["rows"]
    assert kept_atlas(tiny_run) == other


def test_maps_are_kept_and_damage_is_named(tiny_run: Run) -> None:
    measure_atlas(tiny_run, count=30)
    assert kept_maps(tiny_run).absolute.shape == (4, 8, 8)
    file = tiny_run.path / "evidence" / "atlas.npz"
    whole = file.read_bytes()
    file.write_bytes(whole[:100])
    with pytest.raises(InputError, match=r"atlas\.npz.*zatlas atlas"):
        kept_maps(tiny_run)
    file.write_bytes(whole)


def test_measured_edits_leave_the_callers_threads_and_say_a_fault(tiny_run: Run) -> None:
    import torch

    before = torch.get_num_threads(), torch.get_float32_matmul_precision()
    (record,) = measure_edits(tiny_run, ["z[0] += 2*sd"], discs(40, seed=2))
    assert record.edit == "z[0] += 2*sd"
    assert record.n == 40
    assert record.flags is not None
    assert record.flags.elements[0].size == pytest.approx(2, rel=1e-4)
    assert (torch.get_num_threads(), torch.get_float32_matmul_precision()) == before
    with pytest.raises(InputError, match=r"z\[9\]"):
        measure_edits(tiny_run, ["z[9] += 1"], discs(40))


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with discs, a table of their brightness, and two runs of other seeds."""
    folder = tmp_path_factory.mktemp("labelled")
    images = discs(300)
    np.save(folder / "discs.npy", images)
    rows = [f"{image.mean():.3f},{int(image[..., 0].mean() > 128)}" for image in images]
    (folder / "labels.csv").write_text("\n".join(["brightness,red", *rows]))
    for seed in (0, 1):
        zatlas.train(TINY_GAUSSIAN, folder / "discs.npy", valid=0.3, out=folder / f"run-{seed}",
                     epochs=8, batch_size=32, seed=seed)  # fmt: skip
    return folder


def test_the_command(labelled: Path, zatlas: Zatlas, tmp_path: Path) -> None:
    run = labelled / "run-0"
    status, out, _ = zatlas(
        "atlas", run, "--count", 60, "--pages", 2, "--factors", labelled / "labels.csv", "--runs",
        labelled / "run-1", "--name", "1=turns the head", "--json", tmp_path / "a.json",
    )  # fmt: skip
    assert status == 0
    assert 'z[1] "turns the head"' in out
    lines = out.splitlines()  # issue G: nothing was printed for minutes
    assert "measuring 4 elements on up to 60 held-out images" in lines
    assert "drawing the page" in lines
    assert "other seeds" in out
    assert "of 1)" in out
    assert "(chance: 0." in out
    record = json.loads((tmp_path / "a.json").read_text())
    assert record["schema"] == 3
    assert [e["size"] for e in record["elements"]] == sorted(
        (e["size"] for e in record["elements"]), reverse=True
    )
    assert {probe["name"] for probe in record["factors"]["judged"]} == {"brightness", "red"}
    assert len(record["stability"]["stability"]["best"]) == 4
    for element in record["elements"]:
        assert "Other seeds: " in element["sentence"]
        assert element["posterior_sd"] > 0
    assert record["held_out"]
    drawn = {one["name"]: one["drawn"] for one in record["drawn"]}
    assert [*drawn][:15] == [column["name"] for column in record["properties"]][:15]
    for element in record["elements"]:
        for name, effect in element["effects"].items():
            assert effect["drawn"] == drawn[name]
            assert not (effect["named"] and drawn[name] is False)
    page = (run / "atlas.html").read_text()
    assert "Which properties the network draws" in page
    assert "turns the head" in page
    assert page.count("<img") == 3
    assert zatlas("edit", run, 'z["turns the head"] += 1', "--images", labelled / "discs.npy",
                  "--out", tmp_path / "p.png")[0] == 0  # fmt: skip
    before = (run / "evidence" / "atlas.json").read_bytes()
    assert zatlas("atlas", run, "--name", "0=is gender", "--pages", 1)[0] == 0
    assert (run / "evidence" / "atlas.json").read_bytes() == before  # a name measures nothing
    status, _, _ = zatlas("report", run, "--out", tmp_path / "r.html")
    assert status == 0
    report = (tmp_path / "r.html").read_text()
    assert "The effect of every latent element" in report
    assert "is gender" in report


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--name", "head"], "--name 'head': write N="),
        (["--name", "9=x"], "element 9: the code has 4"),
        (["--factors", "nowhere.csv"], "--factors nowhere.csv: no such file"),
        (["--factors", "short.csv"], "2 rows for 300 pictures"),
        (["--factors", "same.csv"], "no column is a factor"),
        (["--runs", "nowhere"], "nowhere: is no run folder"),
        (["--images", "nowhere.npy"], "nowhere.npy"),
        (["--out", "atlas.txt"], "--out atlas.txt"),
        (["--count", "1"], "--count"),
    ],
)
def test_bad_input_of_the_command(
    words: list[str], fault: str, labelled: Path, zatlas: Zatlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(labelled)
    Path("short.csv").write_text("a\n1\n2\n")
    Path("same.csv").write_text("a\n" + "1\n" * 300)
    status, _, err = zatlas("atlas", "run-1", *words)
    assert status == 2
    assert fault in err
    assert err.count("\n") == 1


@pytest.fixture(scope="module")
def other_trainings(labelled: Path) -> Path:
    """Beside ``labelled``: runs that differ from its run-0 in one thing other than the seed."""
    np.save(labelled / "others.npy", discs(300, seed=9))
    for name, model, images, valid, seed in (
        ("same-seed", TINY_GAUSSIAN, "discs.npy", 0.3, 0),
        ("model", TINY, "discs.npy", 0.3, 1),
        ("images", TINY_GAUSSIAN, "others.npy", 0.3, 1),
        ("held-out", TINY_GAUSSIAN, "discs.npy", 0.2, 1),
    ):
        zatlas.train(model, labelled / images, valid=valid, out=labelled / name, epochs=1,
                     batch_size=64, seed=seed)  # fmt: skip
    return labelled


@pytest.mark.parametrize(
    ("runs", "fault"),
    [
        ("run-0", "run-0: has seed 0, as run-0; train it with another seed"),
        ("same-seed", "same-seed: has seed 0, as run-0"),
        ("run-1,run-1", "run-1: has seed 1, as run-1"),
        ("model", "model: has another model (model file) than run-0 (model file); train that one"),
        ("images", r"images: was trained on .*others\.npy, and not on .*discs\.npy; train on it"),
        ("held-out", "held-out: held out a fraction of 0.2, and not a fraction of 0.3; hold out"),
    ],
)
def test_other_runs_differ_in_the_seed_alone(
    runs: str, fault: str, other_trainings: Path, zatlas: Zatlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Usage A4: any run was taken for another seed."""
    monkeypatch.chdir(other_trainings)
    status, _, err = zatlas("atlas", "run-0", "--runs", runs, "--count", 20)
    assert status == 2
    assert re.search(fault.replace("(", r"\(").replace(")", r"\)"), err), err
    assert err.count("\n") == 1


def test_edit_says_what_it_measured(labelled: Path, zatlas: Zatlas, tmp_path: Path) -> None:
    words = ("edit", labelled / "run-0", "z[0] += 4*sd", "--images", labelled / "discs.npy",
             "--out", tmp_path / "p.png", "--json", tmp_path / "p.json")  # fmt: skip
    status, out, _ = zatlas(*words, "--count", 50)
    assert status == 0
    (tried,) = json.loads((tmp_path / "p.json").read_text())["edits"]
    assert tried["measured"]["sentence"] in out
    assert tried["measured"]["n"] == 50
    assert {"kept", "spill", "in_range", "neighbour_after"} <= tried["measured"]["flags"].keys()
    assert "random direction of the same length" in tried["measured"]["sentence"]
    status, out, _ = zatlas(*words, "--count", 0, "--overwrite")
    assert status == 0
    assert "random direction" not in out


def test_the_same_edit_twice_has_the_same_record_twice(labelled: Path) -> None:
    run = zatlas.open_run(labelled / "run-0")
    texts = ["z[0] *= 2", "z[1] += sd", "z[0] *= 2"]
    records = measure_edits(run, texts, np.load(labelled / "discs.npy"), count=40)
    assert [record.edit for record in records] == texts
    assert records[0] == records[2]


def test_a_name_given_later_stands_in_the_sentence(labelled: Path, zatlas: Zatlas) -> None:
    run = labelled / "run-1"
    for name in ("first", "second"):
        assert zatlas("atlas", run, "--count", 40, "--name", f"0={name}")[0] == 0
        assert zatlas("atlas", run, "--name", f"0={name} again")[0] == 0
        page = (run / "atlas.md").read_text()
        assert f"“{name} again”" in page
        assert f'("{name} again" is its user' in page
    status, out, _ = zatlas("atlas", run, "--name", "0=third", "--count", 30)
    assert status == 0
    assert "30 images" in out  # asked to measure: measured


def test_evidence_goes_with_the_weights_it_was_measured_on(tmp_path: Path) -> None:
    np.save(tmp_path / "discs.npy", discs(100))
    kept: dict[str, Any] = {"out": tmp_path / "run", "batch_size": 32}
    run = zatlas.train(TINY, tmp_path / "discs.npy", epochs=1, **kept)
    measure_atlas(run, count=20)
    zatlas.train(TINY, tmp_path / "discs.npy", epochs=1, resume=True, **kept)
    assert (run.path / "evidence" / "atlas.json").exists()  # the same weights
    zatlas.train(TINY, tmp_path / "discs.npy", epochs=3, resume=True, **kept)
    assert not (run.path / "evidence" / "atlas.json").exists()


def test_few_labels_leave_out_the_scores_alone(labelled: Path, tmp_path: Path) -> None:
    images = discs(110)
    np.save(tmp_path / "discs.npy", images)
    table = ["brightness", *(f"{image.mean():.3f}" for image in images)]
    (tmp_path / "labels.csv").write_text("\n".join(table))
    run = zatlas.train(TINY, tmp_path / "discs.npy", out=tmp_path / "run", epochs=1)
    record = measure_atlas(run, images=images, factors=tmp_path / "labels.csv")
    assert record.factors is not None
    assert record.factors.judged
    assert record.factors.disentanglement is None


def test_factors_never_known_together_have_no_crosstalk() -> None:
    images = discs(300)
    bright = images.mean((1, 2, 3))
    even = np.arange(300) % 2 == 0
    columns = {"a": np.where(even, bright, np.nan), "b": np.where(even, np.nan, bright)}
    factors, _ = tell_apart(columns)
    held_out = np.arange(300) >= 200
    properties, _ = add_factors(
        pixel_properties(images), Labelled(images, factors, held_out), identity, identity
    )
    assert set(properties.probes) == {"a", "b"}
    assert properties.crosstalk is None


def test_grey_pictures_in_three_channels_have_no_colour_to_tell_in() -> None:
    grey = np.repeat(grey_ramp(64), 3, axis=-1)
    properties = pixel_properties(grey)
    sd = {
        column.name: value
        for column, value in zip(properties.columns, properties.real_sd, strict=True)
    }
    assert sd["red-green"] == sd["yellow-blue"] == sd["chroma"] == 0
    assert sd["luminance"] > 1


def test_a_decoder_that_ignores_the_code_has_collapsed() -> None:
    subject = known_subject()
    blind = replace(subject, decode=lambda z: np.zeros((len(z), 8, 8, 1), np.float32))
    found = element_atlas(blind, pixel_properties(grey_ramp(64)))
    assert found.usage.used == 0
    assert found.usage.verdict.startswith("Collapsed")


def test_examine_answers_a_claim(zatlas: Zatlas, tmp_path: Path) -> None:
    np.save(tmp_path / "discs.npy", discs(120))
    (tmp_path / "model.yaml").write_text(TINY.to_yaml())
    status, out, _ = zatlas(
        "examine", tmp_path / "model.yaml", "z[0] *= 2", "--images", tmp_path / "discs.npy",
        "--out", tmp_path / "seen", "--epochs", 2, "--says", "element 1 turns the head", "--says",
        "z[0] makes it purple", "--says", "element 1 is sharper",
    )  # fmt: skip
    assert status == 0
    assert "element 1 turns the head: " in out
    assert (
        "z[0] makes it purple: cannot be judged: nothing that is measured stands for 'purple'"
        in out
    )
    assert "element 1 turns the head" in (tmp_path / "seen" / "report.html").read_text()
    drawn = [file.name for file in (tmp_path / "seen" / "report_files").glob("*claim-*.png")]
    assert len(drawn) == 3
    status, _, err = zatlas(
        "examine", tmp_path / "model.yaml", "--images", tmp_path / "discs.npy",
        "--out", tmp_path / "other", "--says", "it turns the head",
    )  # fmt: skip
    assert status == 2
    assert "names no element" in err
    assert not (tmp_path / "other").exists()


def on(name: str, mean_sd: float, named: bool, kind: str = "attribute") -> PropertyEffect:
    """The effect on one property, with what a verdict reads of it."""
    return PropertyEffect(
        name=name, unit="", up="", down="", kind=kind,
        finding="directed" if abs(mean_sd) >= 0.2 else "small", mean=mean_sd, low=None, high=None,
        mean_sd=mean_sd, low_sd=mean_sd - 0.1, high_sd=mean_sd + 0.1, d_z=None, agree=1,
        agree_low=1, agree_high=1, p=0, q=0, named=named,
    )  # fmt: skip


def effect_on(*effects: PropertyEffect, main: str = "") -> EditEffect:
    """The effect of an edit on these properties."""
    mainly = MainEffect(
        kind="attribute", first=main, second=None, ratio=None, low=None, high=None, mainly=True
    )
    return EditEffect(
        edit="z[1] += sd", n=9, size=1, size_low=1, size_high=1, peak=9, share=1, agreement=1,
        linearity=1, locality=1, centre=None, motion=None, sweep_n=9, steps=(),
        curve=(), lines=(), effects={effect.name: effect for effect in effects},
        main=(mainly,) if main else (),
    )  # fmt: skip


def test_claims_are_held_against_what_may_be_named() -> None:
    turn, light = on("asymmetry", 0.5, True), on("luminance", 0.2, True)
    both = effect_on(turn, light, main="asymmetry")
    answer = answer_claim("element 1 turns the head", both)
    assert answer.word == "supported"
    assert answer.reason == "the main effect: asymmetry +0.50 sd [+0.40, +0.60]"
    assert (answer.meant, answer.sentence) == (("asymmetry",), both.sentence)
    assert answer.stands_for == "'turns' is read as asymmetry, either direction"
    assert "not the main effect" in answer_claim("z[1] is how dark it is", both).verdict
    weak = effect_on(on("asymmetry", 0.05, False), light)
    assert answer_claim("element 1 turns the head", weak).word == "refuted"
    happy = answer_claim("element 1 is happiness", weak)
    assert (happy.word, happy.meant, happy.stands_for) == ("cannot be judged", (), "")
    both_named = effect_on(on("luminance", 0.5, True), on("luminance (label)", 0.4, True))
    assert answer_claim("z[1] is brighter", both_named).meant == ("luminance", "luminance (label)")
    unsure = effect_on(on("luminance", 0.35, False))
    assert "may have another cause" in answer_claim("z[1] is brighter", unsure).verdict
    flags = Flags(
        n=9, moved=1, dead_moved=0, elements=(), length=1, in_range=0.02, neighbour_before=1,
        neighbour_after=1, kept=1, kept_low=1, kept_high=1, spill=0, cycle_before=0, cycle_after=0,
        saturated_before=0, saturated_after=0,
    )  # fmt: skip
    far = both.model_copy(update={"flags": flags})
    assert answer_claim("element 1 turns the head", far).word == "inconclusive"


@pytest.mark.parametrize(
    ("claim", "word", "reason"),
    [
        ("element 5 makes it darker", "refuted", "in the other direction: luminance +0.58"),
        ("element 5 makes it lighter", "supported", "luminance +0.58"),
        ("element 5 does not change the lightness", "refuted", "it does change: luminance +0.58"),
        ("element 5 moves the face up", "refuted", "in the other direction: vertical place -0.39"),
        ("element 5 moves the face down", "supported", "vertical place -0.39"),
        ("element 5 makes the hair white", "cannot be judged", "stands for 'hair', 'white'"),
    ],
)
def test_the_direction_and_the_denial_of_a_claim_are_read(
    claim: str, word: str, reason: str
) -> None:
    effect = effect_on(
        on("luminance", 0.58, True), on("vertical place", -0.39, True), on("edge extent", 0.3, True)
    )
    answer = answer_claim(claim, effect)
    assert answer.word == word
    assert reason in answer.reason


def test_claims_name_their_element() -> None:
    assert element_of("element 1 turns the head", 4) == 1
    assert element_of("z[-1] is colour", 4) == 3
    for claim in (
        "it is gender",
        "element 7 is gender",
        "z[x] is gender",
        "elements 1 and element 2 are gender",
    ):
        with pytest.raises(InputError, match="^says="):
            element_of(claim, 4)


BEFORE = Path(__file__).parent / "data" / "evidence-0.1.0"


def test_records_of_0_1_0_are_read(tiny_run: Run) -> None:
    folder = tiny_run.path / "evidence"
    kept = {file: file.read_bytes() for file in folder.iterdir()}
    for file in BEFORE.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    try:
        atlas, (plate,) = kept_atlas(tiny_run), kept_edits(tiny_run).plates
        old = json.loads((BEFORE / "atlas.json").read_text())
        old_edit = json.loads((BEFORE / "edits.json").read_text())[0]["edits"][0]
        assert atlas.schema_number == 3
        for element, as_written in zip(atlas.elements, old["elements"], strict=True):
            for name, one in element.effects.items():
                size = f"({name} {one.mean_sd:+.2f} sd" if one.named else ""
                assert (size in element.sentence) == (size in as_written["sentence"])
        effect, cell = atlas.elements[0].effects["luminance"], old["elements"][0]["cells"][0]
        assert (effect.mean, effect.mean_sd) == (cell["effect"], cell["effect_sd"])
        assert atlas.stability is not None
        assert atlas.stability.runs == tuple(old["stability"]["runs"])
        assert atlas.stability.stability.udr == tuple(old["stability"]["udr"])
        assert plate.fingerprint is None
        assert plate.edits[0].measured is not None
        assert plate.edits[0].measured.n == old_edit["measured"]["n"]
        error = kept_reconstruction(tiny_run).metrics["mse"].mean
        assert error is not None
        assert error > 0
    finally:
        for file in folder.iterdir():
            file.unlink()
        for file, content in kept.items():
            file.write_bytes(content)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ('{"schema": 4}', "schema 4 is from a newer zatlas"),
        ('{"schema": 3}', "atlas.json: run: Field required"),
        ("[]", "was not written by zatlas"),
        ("{", "is not JSON"),
    ],
)
def test_damaged_records_are_refused(tiny_run: Run, content: str, fault: str) -> None:
    measure_atlas(tiny_run, count=20)
    file = tiny_run.path / "evidence" / "atlas.json"
    kept = file.read_bytes()
    file.write_text(content)
    try:
        with pytest.raises(InputError, match=fault):
            kept_atlas(tiny_run)
    finally:
        file.write_bytes(kept)


def test_a_label_with_the_name_of_an_attribute_is_told_apart(labelled: Path) -> None:
    table = (labelled / "labels.csv").read_text().replace("brightness", "luminance")
    (labelled / "same-name.csv").write_text(table)
    run = zatlas.open_run(labelled / "run-0")
    (effect,) = measure_edits(
        run, ["z[0] += sd"], np.load(labelled / "discs.npy"), count=40,
        factors=labelled / "same-name.csv",
    )  # fmt: skip
    assert {"luminance", "luminance (label)"} <= effect.effects.keys()


def test_counts_of_the_python_functions_are_checked(tiny_run: Run) -> None:
    with pytest.raises(InputError, match="count=1: give 2 or more"):
        measure_atlas(tiny_run, count=1)
    with pytest.raises(InputError, match="count=0"):
        measure_edits(tiny_run, ["z[0] += 1"], discs(9), count=0)
