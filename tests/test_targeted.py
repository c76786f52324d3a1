"""Edits with a target: what people type, the shortest edit, a small run, the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zatlas
from zatlas.errors import InputError
from zatlas.evidence.properties import attributes
from zatlas.latents.directions import mahalanobis
from zatlas.latents.targeted import LIMIT, lengths, solve
from zatlas.run.evidence import keep_edits, kept_edits
from zatlas.syntax import is_target, parse_target

Zatlas = Callable[..., tuple[int, str, str]]
RNG = np.random.default_rng(0)

# What is typed


@pytest.mark.parametrize(
    ("text", "name", "form", "value", "unit"),
    [
        ("luminance = +10", "luminance", "by", 10, "number"),
        ("luminance=-10", "luminance", "by", -10, "number"),
        ("luminance = 20", "luminance", "to", 20, "number"),
        ("luminance += 10", "luminance", "by", 10, "number"),
        ("luminance -= 10", "luminance", "by", -10, "number"),
        ("luminance -= -10", "luminance", "by", 10, "number"),
        ("yaw = (-20)", "yaw", "to", -20, "number"),
        ("yaw = -5 + 3", "yaw", "by", -2, "number"),
        ("  yaw = +2*10", "yaw", "by", 20, "number"),
        ("yaw = +1*sd", "yaw", "by", 1, "sd"),
        ("yaw = -sd/2", "yaw", "by", -0.5, "sd"),
        ('"left-right light" = +5', "left-right light", "by", 5, "number"),
        ("'left-right light' += 5", "left-right light", "by", 5, "number"),
        ("left-right light = +5", "left-right light", "by", 5, "number"),
        ("gender = Male = +0.5", "gender = Male", "by", 0.5, "number"),
        ('"code" = 3', "code", "to", 3, "number"),
        ("höhe = +1", "höhe", "by", 1, "number"),
    ],
)
def test_a_target_is_read(text: str, name: str, form: str, value: float, unit: str) -> None:
    assert is_target(text)
    target = parse_target(text)
    assert (target.text, target.name, target.form) == (text, name, form)
    assert target.amount.value == pytest.approx(value)
    assert target.amount.unit == unit


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("luminance = sd", "column 13: sd goes with a change"),
        ("luminance = 2*sd", "column 13: sd goes with a change"),
        ("luminance = +0", "column 13: a change of 0"),
        ("luminance = q(0.5)", "column 13: q goes with an element"),
        ("luminance == 10", "column 12: write one ="),
        ("luminance *= 2", "column 11: a property takes = [+]= and -=, not [*]="),
        ("luminance /= 2", "column 11: a property takes"),
        ("luminance =", "column 12: this cannot be read"),
        ("luminance = +", "this cannot be read"),
        ("luminance = ten", "column 13: 'ten' is not known here; write a number"),
        ("luminance = 10 L*", "this cannot be read"),
        ("luminance = 1, 2", "column 13: '1, 2' is not known"),
        ("luminance = ++3", "column 14: a number has no [+] in front"),
        ("luminance = +2*std", "column 16: 'std' is not known; did you mean 'sd'"),
        ("luminance = 1e99", "too large"),
        ("luminance = z[0]", "'z.0.' cannot be used here"),
        ("luminance = +10; z[0] *= 2", "column 1: a target stands alone"),
        ("z[0] *= 2; contrast = +1", "column 12: a target stands alone"),
        ("z[0] = 2\ncontrast = 4", "line 2, column 1: a target stands alone"),
    ],
)
def test_a_malformed_target_names_its_fault(text: str, fault: str) -> None:
    assert is_target(text)  # so that it gets this error, and not that of an edit of the code
    with pytest.raises(InputError, match=fault):
        parse_target(text)


@pytest.mark.parametrize(
    "text",
    [
        "z[0] *= 2", "code = 5", "latent = latent + 0.5", "z, latent = 1, 2", "z = 2*z", "z -= 0.5",
        'z["smile"] += 1*sd', "z = +5", "z = foo", "z == 3", "z[0] = +10", "z[0] *= 2; z = foo",
        "y[0] = 3", "luminance + 10", "luminance", "", "= 5", "'' = 5", "1 = 5", "z[0]",
    ],
)  # fmt: skip
def test_an_edit_of_a_code_stays_one(text: str) -> None:
    assert not is_target(text)
    with pytest.raises(InputError, match="not a target"):
        parse_target(text)


# The shortest edit

ELEMENTS, PROPERTIES = 5, 3
MIXED = RNG.standard_normal((ELEMENTS, ELEMENTS))
COVARIANCE = MIXED @ MIXED.T + np.eye(ELEMENTS)
SLOPES = RNG.standard_normal((ELEMENTS, PROPERTIES))
Z = RNG.standard_normal((20, ELEMENTS))


def linear(rows: Any, moved: Any) -> Any:
    return (moved - Z[rows]) @ SLOPES


def test_of_a_linear_decoder_it_is_known() -> None:
    asked = np.linspace(-2, 2, 20)
    edits = solve(linear, Z, asked, SLOPES, COVARIANCE, target=1)
    slope = SLOPES[:, 1]
    known = COVARIANCE @ slope / (slope @ COVARIANCE @ slope)
    np.testing.assert_allclose(edits, asked[:, None] * known, atol=1e-9)
    np.testing.assert_allclose(edits @ slope, asked, atol=1e-9)


def test_what_is_held_stays() -> None:
    edits = solve(linear, Z, np.full(20, 1.5), SLOPES, COVARIANCE, target=0, held=[1, 2])
    np.testing.assert_allclose(edits @ SLOPES, np.tile([1.5, 0, 0], (20, 1)), atol=1e-9)


@pytest.mark.parametrize("held", [[], [2]])
def test_no_other_edit_that_reaches_it_is_shorter(held: list[int]) -> None:
    (edit,) = solve(linear, Z[:1], np.ones(1), SLOPES, COVARIANCE, target=0, held=held)
    length = mahalanobis(edit, COVARIANCE)
    fixed = SLOPES[:, [0, *held]]
    free = np.eye(ELEMENTS) - fixed @ np.linalg.pinv(fixed)
    others = edit + RNG.standard_normal((200, ELEMENTS)) @ free  # they reach and hold as much
    np.testing.assert_allclose(others @ SLOPES[:, 0], 1.0, atol=1e-9)
    assert length <= lengths(others, COVARIANCE).min()


def test_a_curved_property_is_reached_in_every_image() -> None:
    def curved(rows: Any, moved: Any) -> Any:
        return np.sinh(moved[:, :1]) - np.sinh(Z[rows, :1])

    asked = np.where(Z[:, 0] > 0, -1.0, 3.0)
    edits = solve(curved, Z, asked, np.eye(ELEMENTS)[:, :1], np.eye(ELEMENTS), target=0)
    reached = curved(np.arange(20), Z + edits)[:, 0]
    np.testing.assert_allclose(reached, asked, rtol=2e-3)
    np.testing.assert_allclose(edits[:, 1:], 0, atol=1e-9)


def test_the_slope_at_the_edited_code_helps_where_the_first_one_leads_nowhere() -> None:
    """The first element is soon exhausted; behind that, only the second one raises the property."""

    def bent(rows: Any, moved: Any) -> Any:
        value = np.minimum(moved[:, 0], 1.0) + 0.5 * np.maximum(moved[:, 1], 0.0)
        return value[:, None] - np.zeros((len(rows), 1))

    z, first = np.zeros((4, 2)), np.array([[1.0], [0.0]])
    asked = np.full(4, 2.5)
    edits = solve(bent, z, asked, first, np.eye(2), target=0)
    np.testing.assert_allclose(bent(np.arange(4), edits)[:, 0], asked, rtol=0.05)


def test_what_cannot_be_reached_comes_as_near_as_it_can() -> None:
    def saturated(rows: Any, moved: Any) -> Any:
        return np.tanh(moved[:, :1]) - np.tanh(Z[rows, :1]) * 0

    edits = solve(saturated, 0 * Z, np.full(20, 9.0), np.eye(5)[:, :1], np.eye(5), target=0)
    assert (np.tanh(edits[:, 0]) > 0.99).all()
    assert (lengths(edits, np.eye(5)) <= LIMIT + 1e-9).all()


def test_a_target_that_does_not_change_is_refused() -> None:
    with pytest.raises(InputError, match="does not change with the code"):
        solve(linear, Z, np.ones(20), 0 * SLOPES, COVARIANCE, target=0)
    same = SLOPES[:, [0, 0]]
    with pytest.raises(InputError, match="hold fewer"):
        solve(linear, Z, np.ones(20), same, COVARIANCE, target=0, held=[1])


# A small run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> zatlas.Run:
    """A small network of pictures with labels: how light they are, and where the light is."""
    folder = tmp_path_factory.mktemp("targeted")
    light = RNG.uniform(40, 200, 600)
    side = RNG.uniform(-60, 60, 600)
    ramp = np.linspace(-1, 1, 16)
    images = light[:, None, None] + side[:, None, None] * ramp + RNG.normal(0, 4, (600, 16, 16))
    np.save(folder / "images.npy", np.clip(images, 0, 255).astype(np.uint8)[..., None])
    rows = [f"{i},{a:.3f},{b:.3f}" for i, (a, b) in enumerate(zip(light, side, strict=True))]
    (folder / "labels.csv").write_text("\n".join(["index,light,side", *rows]))
    (folder / "model.yaml").write_text(
        "image: [1, 16, 16]\nencoder: ['Linear(256, 6)']\ndecoder: ['Linear(6, 256)']\n"
    )
    return zatlas.train(
        folder / "model.yaml", folder / "images.npy", out=folder / "run", epochs=40, batch_size=32,
        lr=3e-3, progress=False,
    )  # fmt: skip


def images_of(run: zatlas.Run) -> Path:
    return run.path.parent / "images.npy"


def table_of(run: zatlas.Run) -> Path:
    return run.path.parent / "labels.csv"


def test_luminance_rises_by_what_was_asked(run: zatlas.Run) -> None:
    images = np.load(images_of(run))
    down, to = run.edits(["luminance = -10", "luminance = 50"], images, count=100)
    assert down.target is not None
    assert to.target is not None
    assert down.effects["luminance"].mean == pytest.approx(-10, rel=0.05)
    assert down.target.reached == pytest.approx(down.effects["luminance"].mean, rel=1e-3)
    assert (down.target.hit, down.target.n, down.target.read) == (1.0, 100, None)
    assert to.target.hit > 0.95
    assert to.target.to == 50
    assert 0 < down.target.length_low <= down.target.length <= down.target.length_high < LIMIT
    assert down.sentence.startswith("Asked luminance -10 L*: 100 % of 100 images reach it to")
    assert down.random is not None
    assert "luminance = -10: " in down.sentence


def test_holding_a_property_keeps_it(run: zatlas.Run) -> None:
    images = np.load(images_of(run))
    texts = ["left-right light = +1*sd"]
    (effect,) = run.edits(texts, images, count=60, hold=["top-bottom light"])
    assert effect.target is not None
    assert effect.target.hit > 0.9
    assert abs(effect.target.held["top-bottom light"]) < 0.1
    assert "Held: top-bottom light" in effect.sentence


def test_a_factor_is_reached_and_read_by_a_second_probe(run: zatlas.Run) -> None:
    plate = run.plate(["side = +20"], images_of(run), index=[0, 3], factors=table_of(run), count=80)
    (edit,) = plate.record.edits
    assert edit.target is not None
    assert edit.measured is not None
    assert edit.target.reached == pytest.approx((20, 20), rel=0.05)
    assert edit.target.factors == str(table_of(run))
    assert edit.measured.target is not None
    assert edit.measured.target.read == pytest.approx(20, rel=0.15)
    assert "A second probe, which learned from other images, reads +" in edit.measured.sentence


def test_what_is_out_of_reach_is_said(run: zatlas.Run) -> None:
    plate = run.plate(["luminance = +90"], images_of(run), index=[0, 1], count=0)
    (edit,) = plate.record.edits
    assert edit.target is not None
    assert any(edit.target.missed)
    (result,) = plate.results.edits
    assert result.notes[0].startswith("asked +90 L*; reached +")
    assert result.notes[1].startswith("not reached within Mahalanobis length 6")


def test_a_plate_is_kept_and_drawn_again_without_a_solve(run: zatlas.Run) -> None:
    images = images_of(run)
    hold = (["left-right light"], ["left-right light", "contrast"])
    plates = [
        run.plate(["luminance = +10", "z[0] += 1"], images, index=[0, 3], count=0, hold=each)
        for each in hold
    ]
    for plate in plates:
        keep_edits(run, plate.record)
    assert len(kept_edits(run).plates) == 2  # other properties are held
    from zatlas.evidence.edit_records import repeated

    record = kept_edits(run).plates[-1]
    again = repeated(run.model, run.space, np.load(images)[[0, 3]], record)
    for before, after in zip(plates[-1].results.edits, again.edits, strict=True):
        assert before.notes == after.notes
        assert np.abs(before.pictures.astype(int) - after.pictures).max() <= 1


def test_projected_codes_are_searched_and_drawn(run: zatlas.Run) -> None:
    """A step is tried with the codes that are decoded, so the nearest of these is found."""
    folder = run.path.parent
    quantised = zatlas.train(
        folder / "model.yaml", folder / "images.npy", recipe="fsq", out=folder / "fsq", epochs=8,
        batch_size=32, lr=3e-3, progress=False,
    )  # fmt: skip
    plate = quantised.plate(
        ["luminance = +10"], images_of(run), index=[0, 1, 2], count=0, project=True
    )
    (edit,) = plate.record.edits
    assert edit.target is not None
    assert edit.target.reached == pytest.approx((10, 10, 10), abs=4)
    codes = quantised.encode(np.load(images_of(run))[:3])
    for moved in edit.elements:
        codes[:, moved.element] = np.array(moved.after, np.float32)
    np.testing.assert_allclose(quantised.project(codes), codes, atol=1e-5)


def test_a_value_that_the_picture_has_already_is_no_miss(run: zatlas.Run) -> None:
    pictures = np.load(images_of(run))
    own = attributes.measure(run.reconstruct(pictures[:1]).astype(np.float32) / 127.5 - 1)[0, 0]
    plate = run.plate([f"luminance = {own:.4f}"], pictures, index=[0], count=0)
    target = plate.record.edits[0].target
    assert target is not None
    assert target.missed == [False]
    assert target.length[0] < 0.05


def test_one_image_is_enough(run: zatlas.Run) -> None:
    plate = run.plate(["luminance = +5"], np.load(images_of(run))[:1])
    assert plate.results.edits[0].notes[0] == "asked +5 L*; reached +5 L*"
    with pytest.raises(InputError, match="it has no sd; write a number"):
        run.plate(["luminance = +1*sd"], np.load(images_of(run))[:1])


def test_the_same_images_give_the_same_edit(run: zatlas.Run) -> None:
    first, second = (
        run.plate(["luminance = +10"], images_of(run), index=[4], count=0).record for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize(
    ("text", "options", "fault"),
    [
        ("lumniance = +1", {}, "'lumniance' is no property of the pictures; did you mean 'lum"),
        ("side = +1", {}, "no property of the pictures.*a factor needs factors=FILE.csv"),
        ("luminance = +1", {"hold": ["lightnes"]}, "hold=lightnes: .*did you mean 'lightness'"),
        ("luminance = +1", {"hold": ["luminance"]}, "hold=luminance: is what an edit changes"),
        ("z[0] += 1", {"hold": ["luminance"]}, "hold=luminance: goes with an edit that asks"),
        ("luminance = +1", {"hold": "contrast"}, "give a list"),
        ("tilt = 3", {}, "column 8: tilt is a change between two pictures; write tilt = .3"),
    ],
)
def test_what_does_not_fit_is_refused(
    run: zatlas.Run, text: str, options: dict[str, Any], fault: str
) -> None:
    with pytest.raises(InputError, match=fault):
        run.plate([text], images_of(run), index=[0], **options)


def test_codes_alone_have_no_target(run: zatlas.Run) -> None:
    codes = run.encode(np.load(images_of(run))[:2])
    with pytest.raises(InputError, match="asks for a property of the pictures; `zatlas edit`"):
        run.edit(codes, "luminance = +10")
    with pytest.raises(InputError, match="sd goes with a change"):
        run.edit(codes, "luminance = 2*sd")


# The command line and the report


def test_the_command_draws_and_the_report_repeats_it(run: zatlas.Run, zatlas: Zatlas) -> None:
    folder = run.path.parent
    labels = folder / "other.csv"
    labels.write_text(table_of(run).read_text())
    words = ("edit", run.path, "--images", images_of(run), "--index", "0,3", "--count", "40")
    status, out, err = zatlas(
        *words, "side = +20", "luminance = +5", "--factors", labels, "--hold", "contrast, light",
        "--out", folder / "plate.png",
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert "side = +20: asked +20; reached +20" in out
    assert "held light: " in out
    labels.unlink()  # the report does not need it
    status, out, err = zatlas("report", run.path, "--out", folder / "report.html")
    assert (status, err) == (0, "")
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "side = +20" in text
    assert "Asked side +20" in text
    assert "are not drawn" not in text
    assert zatlas("forget", run.path, "side = +20")[0] == 0


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["luminance = ten"], "column 13: 'ten' is not known here"),
        (["lumniance = +10"], "did you mean 'luminance'?; a factor needs --factors FILE.csv"),
        (["luminance = +10", "--hold", "smile"], "--hold smile: is no property"),
        (["luminance = +10", "--factors", "none.csv"], "--factors none.csv: no such file"),
        (["z[0] += 1", "--hold", "contrast"], "--hold contrast: goes with an edit that asks"),
    ],
)
def test_a_fault_is_one_line(
    run: zatlas.Run, zatlas: Zatlas, words: list[str], fault: str, tmp_path: Path
) -> None:
    out = tmp_path / "plate.png"
    status, _, err = zatlas("edit", run.path, *words, "--images", images_of(run), "--out", out)
    assert status == 2
    assert err.count("\n") == 1
    assert fault in err
    assert not out.exists()


def test_a_target_without_a_run_is_told(zatlas: Zatlas) -> None:
    status, _, err = zatlas("edit", "luminance = +10", "--images", "f.npy", "--out", "p.png")
    assert status == 2
    assert "RUN is missing: 'luminance = +10' is an edit" in err
