"""Every recipe on every kind of network that it fits: what a family must do, whatever its parts."""

from itertools import product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

import draw_families
import zatlas
from conftest import discs
from zatlas.errors import InputError
from zatlas.figures.family import family_diagram
from zatlas.files import json_text
from zatlas.models.model_file import ModelFile, adapt
from zatlas.models.network import build
from zatlas.models.pixels import to_floats
from zatlas.recipes.description import describe, values
from zatlas.recipes.objective_text import read_objective
from zatlas.recipes.recipe import recipes
from zatlas.recipes.step import Context, Step
from zatlas.run.run import Run

UNIT: dict[str, Any] = {"image": (3, 8, 8)}
NETWORKS = {
    "mlp": ModelFile(**UNIT, encoder="mlp(32, 16)"),
    "conv": ModelFile(**UNIT, encoder="conv(8, 8)"),  # the code is a stack of maps, 8 of 2x2
    "encoders": ModelFile(  # the second gives more elements than a gumbel bottleneck has categories
        **UNIT, encoders=[["Linear(192, 16)", "ReLU()", f"Linear(16, {d})"] for d in (4, 12)],
        decoder=["Linear(16, 16)", "ReLU()", "Linear(16, 192)", "Tanh()"],
    ),
}  # fmt: skip
CASES = list(product(sorted(recipes()), NETWORKS))
FEW = ModelFile(**UNIT, encoder="mlp(32, 4)")
UNFIT = {  # the reason why a recipe does not fit a code of 4 elements
    "joint-vae": "gumbel has 10 categories, but a code has 4 elements",
    "vq-vae": "vq",
    "residual-vq": "vq",
}
IMAGES, HELD_OUT = discs(64), discs(16, seed=1)
SETTINGS: dict[str, Any] = {"batch_size": 16, "lr": 3e-3, "precision": "fp32", "progress": False}


def model_of(recipe: str, network: str) -> ModelFile:
    return adapt(NETWORKS[network], recipe)


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A short training of one recipe on one network."""
    folder = tmp_path_factory.mktemp("family") / "run"
    return zatlas.train(
        model_of(*request.param), IMAGES, valid=HELD_OUT, out=folder, epochs=8, **SETTINGS
    )


@pytest.mark.parametrize("recipe", sorted({*UNFIT} & {*recipes()}))
def test_a_recipe_that_does_not_fit_says_why(recipe: str) -> None:
    with pytest.raises(InputError, match=UNFIT[recipe]):
        build(adapt(FEW, recipe))


def test_the_reconstruction_improves_and_every_number_is_finite(run: Run) -> None:
    term = run.model.model_file.objective.reconstruction.name
    values = [row.terms[f"train_{term}"] for row in run.history]
    assert min(values[1:]) < values[0]
    assert all(np.isfinite(list(row.columns().values())).all() for row in run.history)


def test_a_run_opens_with_the_weights_that_were_trained(run: Run) -> None:
    again = zatlas.open_run(run.path)
    assert np.array_equal(again.encode(HELD_OUT), run.encode(HELD_OUT))


def test_encoding_depends_on_the_image_alone(run: Run) -> None:
    """One image is encoded as among 512; sums of matrices differ by 1e-5 of a code's size."""
    many = np.concatenate([HELD_OUT] * 32)
    codes = run.encode(many)
    size = np.abs(codes).max()
    assert np.array_equal(codes, run.encode(many))
    assert np.allclose(codes[0], run.encode(many[:1])[0], atol=1e-5 * size, rtol=0)
    assert np.allclose(codes, np.concatenate([codes[:16]] * 32), atol=1e-5 * size, rtol=0)


def test_a_code_of_an_image_is_one_that_the_bottleneck_can_give(run: Run) -> None:
    if getattr(run.model.bottleneck, "depth", 1) > 1:
        pytest.skip("codebooks are searched one after the other: a sum may be found otherwise")
    codes = torch.from_numpy(run.encode(HELD_OUT))
    with torch.no_grad():
        projected = run.model.project(codes)
    assert torch.allclose(projected, codes, atol=1e-5 * codes.abs().max().item())


def test_an_edit_changes_its_element_alone_and_is_decoded(run: Run) -> None:
    codes = run.encode(HELD_OUT)
    edited = run.edit(codes, "z[1] += 5")
    assert np.allclose(edited[:, 1], codes[:, 1] + 5)
    assert np.array_equal(np.delete(edited, 1, 1), np.delete(codes, 1, 1))
    assert run.decode(edited).shape == HELD_OUT.shape


def test_samples_are_codes_that_are_decoded(run: Run) -> None:
    codes = run.sample(5, seed=1)
    assert codes.shape == (5, run.model.latent)
    assert codes.dtype == np.float32
    assert np.isfinite(codes).all()
    assert np.array_equal(codes, run.sample(5, seed=1))
    assert run.decode(codes).shape == (5, 8, 8, 3)


@pytest.mark.parametrize(("recipe", "network"), CASES)
def test_every_parameter_is_trained_by_the_objective_or_by_the_critic(
    recipe: str, network: str
) -> None:
    """Each has a gradient that is not 0 in the step that trains it."""
    file = model_of(recipe, network)
    model = build(file, seed=0).train()
    theirs = file.critic.trained(model)
    only_theirs = [any(p is one for one in theirs) for p in model.parameters()]

    def train_alone(critic: bool) -> None:
        for parameter, own in zip(model.parameters(), only_theirs, strict=True):
            parameter.requires_grad_(own == critic)

    draws = torch.Generator().manual_seed(0)
    x = to_floats(torch.from_numpy(IMAGES[:32]), model.pixel_range)
    corrupted = file.corruption(x, draws)
    noise = torch.randn(len(x), model.latent, generator=draws)
    train_alone(critic=False)
    output = model(corrupted, noise if file.bottleneck.needs_noise else None)
    context = Context(step=3, steps_per_epoch=2, images=len(IMAGES))
    step = Step(x, output, context, model, corrupted, draws)
    file.objective.loss(step, file.closing).total.backward()
    if theirs:
        train_alone(critic=True)
        file.critic.loss(step._replace(output=output.detach())).mean().backward()
    untrained = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.abs().max() > 0
    ]
    assert not untrained
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())  # type: ignore[union-attr]  # it has one


@pytest.mark.long
@pytest.mark.parametrize(("recipe", "network"), CASES)
def test_a_training_in_two_parts_gives_the_same_bytes(
    recipe: str, network: str, tmp_path: Path
) -> None:
    """The first part ends between two epochs; buffers, critics and schedules go on."""
    model, same = model_of(recipe, network), {**SETTINGS, "valid": HELD_OUT}
    whole = zatlas.train(model, IMAGES, out=tmp_path / "whole", epochs=2, **same)
    zatlas.train(model, IMAGES, out=tmp_path / "parts", epochs=1, **same)
    parts = zatlas.train(model, IMAGES, out=tmp_path / "parts", epochs=2, resume=True, **same)
    for name in ("model.safetensors", "model.yaml"):
        assert (whole.path / name).read_bytes() == (parts.path / name).read_bytes(), name
    assert [row.terms for row in whole.history] == [row.terms for row in parts.history]
    ends = [next((one.path / "state").glob("*/model.safetensors"), None) for one in (whole, parts)]
    assert ends[0] is None or ends[1] is None or ends[0].read_bytes() == ends[1].read_bytes()


@pytest.mark.parametrize("name", sorted(recipes()))
def test_a_recipe_is_described(name: str) -> None:
    """Its short names set what they say; its texts are one sentence each."""
    recipe = recipes()[name]
    known = values(recipe)
    assert {*recipe.parameters.values()} <= {*known}
    described = describe(recipe, name)
    assert [one.name for one in described.settings][: len(recipe.parameters)] == list(
        recipe.parameters
    )
    for text in (recipe.title, recipe.paper, recipe.advantage, recipe.disadvantage):
        assert text
        assert "\n" not in text
    for sentence in (recipe.advantage, recipe.disadvantage):
        assert sentence.endswith(".")
    assert json_text(described.plain())


@pytest.mark.parametrize("name", sorted(recipes()))
def test_the_recipe_of_a_model_is_known_from_its_parts(name: str) -> None:
    assert describe(recipes()[name]).recipe_words == name


def test_a_changed_weight_is_told_beside_the_recipe() -> None:
    whole = adapt(NETWORKS["mlp"], "beta-vae", {"beta": 8})
    assert describe(whole).recipe_words == "beta-vae, with beta=8"
    assert describe(adapt(NETWORKS["mlp"], "vae", {"beta": 0.5})).recipe_words.startswith("vae, ")
    assert describe(adapt(NETWORKS["mlp"], None, {"objective": ["mse()", "sse()"]})).recipe == ""


def test_the_old_name_of_a_recipe_says_the_new_one() -> None:
    with pytest.raises(InputError, match="recipe='plain': its name is now 'ae'"):
        adapt(NETWORKS["mlp"], "plain")


def test_the_page_of_families_and_their_diagrams_are_up_to_date() -> None:
    """`python benchmarks/draw_families.py` writes them."""
    for name, text in {"families.md": draw_families.page(), **draw_families.diagrams()}.items():
        assert (draw_families.DOCS / name).read_text(encoding="utf-8") == text, name


def test_brackets_stand_where_a_formula_is_a_sum() -> None:
    both = ModelFile(encoder="mlp(4)", objective=["bce(weight=2)"])
    assert describe(both).loss == "2·(−Σ x log x̂ + (1 − x) log(1 − x̂))"
    one = both.model_copy(update={"objective": read_objective(["mse()"])})
    assert describe(one).loss == "mean (x̂ − x)²"


@pytest.mark.parametrize("name", sorted(recipes()))
def test_a_diagram_shows_every_part_within_its_page(name: str) -> None:
    description = describe(recipes()[name], name)
    root = ElementTree.fromstring(family_diagram(description))
    shown = [element for element in root.iter() if element.tag.endswith("text")]
    texts = {element.text for element in shown}
    assert {"image x", "encoder", "code z", "decoder", "reconstruction x̂"} <= texts
    tags = [element.get("class") for element in root.iter()]
    terms = [part for part in description.parts if part.key == "objective"]
    assert tags.count("zd-loss") == len(terms)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    assert all(0 < float(e.attrib["x"]) < width for e in shown)
    assert all(0 < float(e.attrib["y"]) < height for e in shown)
