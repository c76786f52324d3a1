"""Runs of quantising bottlenecks: resuming, edits, sweeps and atlases in steps of the grid."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import zatlas
from conftest import TINY, Zatlas, discs
from zatlas.evidence.arrays import Array
from zatlas.evidence.effects.flags import code_reference, measure_flags
from zatlas.latents.code_statistics import gather
from zatlas.latents.quantised import can_give
from zatlas.models.model_file import ModelFile, adapt
from zatlas.recipes.recipe import recipes
from zatlas.run.run import Run
from zatlas.training.callbacks import Callback

IMAGES = discs(120)
LATENT = ["Linear(192, 16)", "ReLU()", "Linear(16, 12)"]
SMALL: dict[str, dict[str, Any]] = {  # the recipes, for a code of 12 elements
    "topk": {"k": 3, "batch": True}, "vq-vae": {"size": 16, "dim": 4}, "fsq": {}, "qlae": {},
    "residual-vq": {"size": 8, "dim": 4}, "joint-vae": {"categories": 4}, "sphere-ae": {},
}  # fmt: skip


def model_of(recipe: str) -> ModelFile:
    return adapt(TINY.model_copy(update={"encoder": LATENT}), recipe, SMALL[recipe])


class Stop(Exception):
    """Raised in the middle of an epoch."""


class StopsIn(Callback):
    """Stops the training in the middle of its second epoch, as a crash would."""

    def images(self, epoch: int, done: int, count: int) -> None:
        if epoch == 2 and done > 60:
            raise Stop


@pytest.mark.parametrize("recipe", SMALL)
def test_a_recipe_learns_and_resumes_to_the_same_bytes(recipe: str, tmp_path: Path) -> None:
    same: dict[str, Any] = {"valid": 0.25, "epochs": 3, "batch_size": 32, "seed": 1}
    whole = zatlas.train(model_of(recipe), IMAGES, out=tmp_path / "whole", **same)
    with pytest.raises(Stop):
        zatlas.train(model_of(recipe), IMAGES, out=tmp_path / "cut", callback=StopsIn(), **same)
    again = zatlas.train(model_of(recipe), IMAGES, out=tmp_path / "cut", resume=True, **same)
    for file in ("model.safetensors", "codes.npz"):
        a, b = ((run.path / file).read_bytes() for run in (whole, again))
        assert a == b, file
    first, last = (row.terms for row in (whole.history[0], whole.history[-1]))
    reconstruction = f"train_{whole.model.model_file.objective.reconstruction.name}"
    assert last[reconstruction] < first[reconstruction]
    codes = whole.encode(IMAGES)
    opened = zatlas.open_run(whole.path)
    assert np.array_equal(opened.encode(IMAGES), codes)
    assert np.isfinite(codes).all()
    assert can_give(whole.model, codes, codes).all()
    if recipe != "residual-vq":
        assert np.allclose(whole.project(codes), codes, atol=1e-6)


def test_recipes_say_what_they_are() -> None:
    for name in SMALL:
        recipe = recipes()[name]
        assert all([recipe.title, recipe.paper, recipe.advantage, recipe.disadvantage]), name


@pytest.fixture(scope="module")
def fsq_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose elements take the values -1, -0.5, 0, 0.5 and 1."""
    folder = tmp_path_factory.mktemp("fsq")
    np.save(folder / "discs.npy", IMAGES)
    model = adapt(TINY, "fsq", {"levels": 5})
    return zatlas.train(model, folder / "discs.npy", out=folder / "run", epochs=3, batch_size=32)


def test_samples_are_codes_that_the_bottleneck_can_give(fsq_run: Run) -> None:
    assert np.isin(fsq_run.sample(20), [-1, -0.5, 0, 0.5, 1]).all()


def images_of(run: Run) -> str:
    return str(run.path.parent / "discs.npy")


def test_edited_codes_are_projected_on_request_alone(fsq_run: Run) -> None:
    assert fsq_run.grid is not None
    assert [values is not None and values.tolist() for values in fsq_run.grid] == [
        [-1, -0.5, 0, 0.5, 1]
    ] * 4
    codes = fsq_run.encode(IMAGES[:5])
    free = fsq_run.edit(codes, "z[0] = 0.4")
    assert (free[:, 0] == np.float32(0.4)).all()
    nearest = fsq_run.edit(codes, "z[0] = 0.4; z[1] = 9", project=True)
    assert (nearest[:, 0] == 0.5).all()
    assert (nearest[:, 1] == 1).all()
    assert np.array_equal(nearest[:, 2:], codes[:, 2:])
    swept, offsets = fsq_run.traverse(codes, 0, steps=5, project=True)
    assert swept.shape == (5, 5, 4)
    assert np.isin(swept, [-1, -0.5, 0, 0.5, 1]).all()
    assert len(offsets) == 5


def test_a_plate_flags_codes_that_the_bottleneck_cannot_give(fsq_run: Run) -> None:
    note = "the code is not one that the bottleneck can give"
    plate = fsq_run.plate(["z[0] = 0.4", "z[0] = 0.5"], images_of(fsq_run), count=20)
    off, on = plate.record.edits
    assert off.assumptions == (f"{note}; `project` takes the nearest one",)
    assert on.assumptions == ()
    assert off.measured is not None
    assert off.measured.flags is not None
    assert off.measured.flags.can_give == 0
    assert f"T{note[1:]} in 100 % of images." in off.measured.sentence
    assert on.measured is not None
    assert on.measured.flags is not None
    assert on.measured.flags.can_give == 1
    assert note[1:] not in on.measured.sentence
    assert "steps of the grid; percentile" in plate.results.edits[0].notes[0]
    projected = fsq_run.plate(["z[0] = 0.4"], images_of(fsq_run), count=20, project=True)
    assert projected.record.project
    assert projected.record.edits[0].assumptions == (f"{note}; the nearest one is decoded",)
    assert projected.record.edits[0].measured is not None
    assert "bottleneck can give" not in projected.record.edits[0].measured.sentence
    assert np.array_equal(projected.results.edits[0].pictures, plate.results.edits[1].pictures)


def test_the_size_of_a_move_is_told_in_steps_of_the_grid() -> None:
    z = np.random.default_rng(0).choice([0.0, 0.5, 1.0], (60, 2)).astype(np.float32)
    statistics = gather(z)
    reference = code_reference(
        statistics,
        lambda _, edited: np.asarray(np.isin(edited, [0, 0.5, 1]).all(1)),
        np.array([0.5, np.nan]),
    )
    moved = z + np.array([1.0, 0.25], np.float32)

    def decode(codes: Array) -> Array:
        return np.asarray(codes[:, None, None, :])

    flags = measure_flags(lambda x: np.asarray(x[:, 0, 0]), decode, z, moved, reference)
    by_element = {one.element: one.grid_steps for one in flags.elements}
    assert by_element == {0: pytest.approx(2), 1: None}
    assert flags.can_give == 0


def test_an_atlas_tells_one_sd_in_steps_of_the_grid(fsq_run: Run) -> None:
    atlas = fsq_run.atlas(count=20)
    for element in atlas.record.elements:
        if element.sd > 0:
            assert element.grid_steps == pytest.approx(element.sd / 0.5, rel=1e-4)
            assert "1 sd of the code is" in element.sentence
            assert "steps of its grid" in element.sentence


def test_a_run_without_a_grid_says_nothing_of_one(tiny_run: Run, tiny_images: Path) -> None:
    assert tiny_run.grid is None
    codes = tiny_run.encode(IMAGES[:2])
    plain, projected = (tiny_run.edit(codes, "z[0] = 0.4", project) for project in (False, True))
    assert np.array_equal(plain, projected)
    plate = tiny_run.plate(["z[0] = 0.4"], str(tiny_images), count=20)
    measured = plate.record.edits[0].measured
    assert measured is not None
    assert measured.flags is not None
    assert measured.flags.can_give is None
    assert "grid" not in "".join([measured.sentence, *plate.results.edits[0].notes])


def test_the_commands_project_too(fsq_run: Run, tmp_path: Path, zatlas: Zatlas) -> None:
    out = tmp_path / "plate.png"
    given = [fsq_run.path, "z[0] = 0.4", "--images", images_of(fsq_run), "--count", 0, "--out", out]
    status, _, heard = zatlas("edit", *given)
    assert status == 0, heard
    status, said, heard = zatlas("edit", *given, "--project", "--overwrite")
    assert status == 0, heard
    assert "the nearest one is decoded" in said
    strip = tmp_path / "strip.png"
    status, _, heard = zatlas(
        "traverse", fsq_run.path, "--images", images_of(fsq_run), "--elements", 0, "--project",
        "--out", strip,
    )  # fmt: skip
    assert status == 0, heard
    assert strip.exists()


def test_bottlenecks_with_parameters_survive_yaml() -> None:
    for name in SMALL:
        model = model_of(name)
        again = ModelFile.model_validate(yaml.safe_load(model.to_yaml()))
        assert again.bottleneck == model.bottleneck
