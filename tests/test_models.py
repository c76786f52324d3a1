"""Layer lists become networks, or one line that names the fault."""

from pathlib import Path

import numpy as np
import pytest
import torch

import zatlas
from zatlas.errors import InputError
from zatlas.models.model_file import (
    ModelFile,
    adapt,
    model_from,
    parse_model,
    presets,
    read_model,
)
from zatlas.models.network import build
from zatlas.models.scaling import changed, scaled
from zatlas.recipes.bottlenecks.gaussian import Gaussian
from zatlas.recipes.objective_text import written
from zatlas.syntax import format_call

# widths and parameter counts as published
PUBLISHED = {
    "fcn-multi-encoder": (3, 131_869_091),
    "fcn-3-large": (3, 55_893_043),
    "fcn-3-medium": (3, 25_464_099),
    "fcn-3-small": (3, 12_749_091),
    "fcn-64": (64, 26_574_656),
    "shallow-1024": (1024, 25_179_136),
    "fcn-10": (10, 25_739_146),
    "conv": (512 * 4 * 4, 5_512_579),
    "conv-64": (64, 1_908_483),
    "conv-bn-64": (64, 1_909_699),
    "vae-conv-64": (64, 2_170_691),
    "vae-fcn-64": (64, 26_582_912),
    "fcn-3-tiny": (3, 3_176_419),
    "conv-course": (48 * 8 * 8, 47_355),
    "resnet-64": (64, 5_047_683),
}


@pytest.mark.parametrize("name", sorted(presets()))
def test_every_preset_gives_the_image_back_in_its_range(name: str) -> None:
    model = build(name, seed=0)
    x = torch.rand(3, *model.architecture.image) * 2 - 1
    with torch.no_grad():
        z = model.encode(x)
        y = model.decode(z)
    assert z.shape == (3, model.latent)
    assert y.shape == x.shape
    assert y.abs().max() <= 1
    assert not model.training
    assert sum(p.numel() for p in model.parameters()) == model.architecture.parameters


@pytest.mark.parametrize(("name", "numbers"), PUBLISHED.items())
def test_published_sizes(name: str, numbers: tuple[int, int]) -> None:
    network = read_model(name).architecture()
    assert (network.latent, network.parameters) == numbers


def test_every_preset_is_published_here() -> None:
    assert sorted(PUBLISHED) == sorted(presets())


def test_a_recipe_given_as_a_model_is_explained() -> None:
    with pytest.raises(InputError, match="model=fcn-10 and recipe=beta-vae"):
        read_model("beta-vae")


@pytest.mark.parametrize("recipe", ["vae", "vae-course"])
@pytest.mark.parametrize("name", sorted(presets()))
def test_every_network_becomes_variational(name: str, recipe: str, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 64, 64, 3), np.uint8)
    run = zatlas.train(name, images, valid=0.25, out=tmp_path / "r", epochs=1, batch_size=4,
                       recipe=recipe, scale=0.02)  # fmt: skip
    assert run.model.latent == PUBLISHED[name][0]
    assert run.decode(run.sample(2)).shape == (2, 64, 64, 3)
    terms = run.history[0].terms
    exact = sum(terms[f"kl_{i}"] for i in range(run.model.latent))
    assert exact > 0
    if recipe == "vae":
        assert terms["valid_kl"] == pytest.approx(exact, rel=1e-4)


def test_scale_changes_every_width_but_image_and_code() -> None:
    half = scaled(read_model("fcn-10"), 0.5)
    assert half.encoder == ["Linear(12288, 512)", "ReLU()", "Linear(512, 128)", "ReLU()",
                            "Linear(128, 32)", "ReLU()", "Linear(32, 10)"]  # fmt: skip
    conv = scaled(read_model("conv-64"), 0.3).architecture()
    channels = [row.shape[0] for row in conv.rows if row.call.name == "Conv2d"]
    assert channels == [10, 19, 38, 77]
    assert conv.latent == 64
    multi = scaled(read_model("fcn-multi-encoder"), 0.1).architecture()
    assert [row.shape for row in multi.encoders[0] if row.call.name == "BatchNorm1d"] == [
        (300,), (300,), (100,)
    ]  # fmt: skip
    for factor in (0, -1, float("nan")):
        with pytest.raises(InputError, match="scale="):
            scaled(read_model("fcn-10"), factor)


def test_recipes_and_single_keys() -> None:
    for key in ("objective.kl.weight", "objective.kl_weight"):
        model = adapt(read_model("fcn-64"), "beta-vae", {key: 2.5})
        assert model.bottleneck == Gaussian()
        assert written(model.objective) == ["sse()", "kl(weight=2.5)"]
    old = {"objective.kl_weight": 3, "objective.kl": "course", "objective.reconstruction": "sse"}
    model = adapt(read_model("fcn-64"), None, {"bottleneck": "gaussian", **old})
    assert written(model.objective) == ["sse()", "kl(weight=3, convention='course')"]
    assert written(adapt(model, None, {"objective.kl": None}).objective) == ["sse()"]
    faults = [
        ("vea", None, "recipe='vea'.*'vae'"),
        (None, {"objective.klw": 1}, "objective.klw"),
        (None, {"objective.kl.weight": 1}, "no term kl; its terms are mse"),
        (None, {"objective.mse.wieght": 1}, "objective.mse.wieght.*'weight'"),
        (None, {"title.x": 1}, "title.x"),
        (None, {"bottleneck": "gausian"}, "'gausian'.*'gaussian'"),
    ]
    for recipe, settings, words in faults:
        with pytest.raises(InputError, match=words):
            adapt(read_model("fcn-64"), recipe, settings)


@pytest.mark.parametrize("name", sorted(presets()))
def test_long_form_is_the_same_network_and_survives_yaml(name: str) -> None:
    model = presets()[name]
    again = parse_model(model.long_form().to_yaml(), "again.yaml")
    assert again.architecture() == model.architecture()
    assert again.long_form() == again


def test_seed_fixes_the_weights_and_leaves_the_callers_random_state() -> None:
    before = torch.random.get_rng_state()
    first, second, third = (build("fcn-10", seed=s) for s in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), before)
    weight = "encoders.0.1.weight"
    assert torch.equal(first.state_dict()[weight], second.state_dict()[weight])
    assert not torch.equal(first.state_dict()[weight], third.state_dict()[weight])


def test_mirrored_keeps_inner_activations_drops_norms_and_computes_output_padding() -> None:
    model = ModelFile(
        image=(1, 7, 7),
        encoder=["Conv2d(1, 4, 3, stride=2)", "BatchNorm2d(4)", "LeakyReLU(0.2)",
                 "Conv2d(4, 8, 2, stride=2)", "ReLU()", "Linear(8, 5)"],
        output="Tanh()",
    )  # fmt: skip
    assert model.long_form().decoder == [
        "Linear(5, 8)", "ReLU()",
        "ConvTranspose2d(8, 4, 2, stride=2, output_padding=1)", "LeakyReLU(0.2)",
        "ConvTranspose2d(4, 1, 3, stride=2)", "Tanh()",
    ]  # fmt: skip
    assert model.architecture().latent == 5


def test_gaussian_head_is_built_twice_without_the_activation_behind_it() -> None:
    model = ModelFile(
        image=(1, 4, 4), encoder=["Linear(16, 6)", "ReLU()", "Linear(6, 3)", "ReLU()"],
        decoder=["Linear(3, 16)", "Tanh()"], bottleneck="gaussian",
    )  # fmt: skip
    network = model.architecture()
    (mean, spread), = network.heads  # fmt: skip
    assert format_call(mean.call) == format_call(spread.call) == "Linear(6, 3)"
    assert network.parameters == (16 * 6 + 6) + 2 * (6 * 3 + 3) + (3 * 16 + 16)
    built = build(model, seed=0)
    assert (built.encode(torch.randn(50, 1, 4, 4)) < 0).any()  # a ReLU would leave none


def test_several_encoders_are_concatenated_means_first() -> None:
    lists = [["Linear(16, 1)"], ["Linear(16, 2)"]]
    model = ModelFile(image=(1, 4, 4), encoders=lists, decoder=["Linear(3, 16)", "Tanh()"])
    assert model.architecture().latent == 3
    gaussian = build(model.model_copy(update={"bottleneck": Gaussian()}), seed=0)
    x = torch.randn(5, 1, 4, 4)
    mean, log_sd = gaussian.posterior(x)
    flat = x.flatten(1)
    assert isinstance(gaussian.means, torch.nn.ModuleList)
    parts = [head(flat) for head in gaussian.means]
    assert torch.equal(mean, torch.cat(parts, 1))
    assert log_sd is not None
    assert log_sd.shape == (5, 3)


def test_a_map_of_codes_counts_its_elements_in_c_order() -> None:
    model = ModelFile(
        image=(1, 8, 8), encoder=["Conv2d(1, 2, 4, stride=2, padding=1)"],
        decoder=["ConvTranspose2d(2, 1, 4, stride=2, padding=1)", "Tanh()"],
    )  # fmt: skip
    built = build(model, seed=0)
    x = torch.randn(2, 1, 8, 8)
    assert built.architecture.code_shape == (2, 4, 4)
    assert torch.equal(built.encode(x), built.encoders[0](x).flatten(1))


def small(**changes: object) -> dict[str, object]:
    whole = {"image": [1, 4, 4], "encoder": ["Linear(16, 3)"], "decoder": ["Linear(3, 16)"]}
    return {**whole, **changes}


FAULTS = [
    (small(encodr=["ReLU()"]), ["unknown key 'encodr'", "did you mean 'encoder'"]),
    (small(objective={"reconstuction": "mse"}), ["objective.reconstuction", "'reconstruction'"]),
    (small(objective={"reconstruction": "msd"}), ["objective.reconstruction", "msd"]),
    (small(objective=["mse()", "kll()"]), ["objective term 1 'kll()'", "'kl'"]),
    (small(objective=["mse(wieght=2)"]), ["objective.mse.wieght", "'weight'"]),
    (small(objective=["mse(weight=-1)"]), ["objective.mse.weight", "-1"]),
    (small(objective=["kl()"]), ["kl is a penalty", "mse"]),
    (small(objective=["mse()", "mse(weight=2)"]), ["mse, mse", "once"]),
    (small(objective=["mse()", "kl()"]), ["kl needs a Gaussian bottleneck"]),
    (small(objective=[]), ["objective", "list of terms"]),
    (small(objective=4), ["objective", "list of terms"]),
    (small(bottleneck="gausian"), ["bottleneck", "'gaussian'"]),
    (small(corruption="dust"), ["corruption", "none"]),
    (small(encoder=["Linear(12, 3)"]), ["encoder layer 0", "takes 12", "16", "do not meet"]),
    (small(encoder=["Linear(16, 8)", "ReLU()", "Linear(9, 3)"]),
     ["encoder layer 2 Linear(9, 3) takes 9", "layer 0 Linear(16, 8) gives 8"]),
    (small(decoder=["Linear(4, 16)"]), ["decoder layer 0 Linear(4, 16) takes 4", "3"]),
    (small(decoder=["Linear(3, 15)"]), ["decoder ends at 15", "1x4x4"]),
    (small(decoder=["Linear(3, 16)", "Sigmoid()"]), ["Sigmoid()", "[0, 1]", "[-1, 1]"]),
    (small(encoder=["Liner(16, 3)"]), ["Liner", "Linear"]),
    (small(encoder=["Linear(16, 3, 4, 5, 6, 7)"]), ["Linear(16, 3, 4, 5, 6, 7)"]),
    (small(encoder=["Linear(16, -3)"]), ["Linear(16, -3)"]),
    (small(encoder=[]), ["encoder", "no layer with weights"]),
    (small(encoder="mpl(8, 3)"), ["mpl", "mlp"]),
    (small(encoder="mlp(8, 2.5)"), ["mlp(8, 2.5)", "whole numbers"]),
    (small(encoder=["MaxPool2d(2)", "Linear(4, 3)"], decoder="mirrored"), ["MaxPool2d(2)", "undo"]),
    (small(encoder=None, encoders=[["Linear(16, 1)"]] * 2, decoder="mirrored"),
     ["mirrored needs one encoder", "2"]),
    (small(output="Tanh()"), ["output", "last layer of the decoder"]),
    (["Linear(16, 3)"], ["list", "keys of a model file"]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "words"), FAULTS, ids=lambda v: str(v)[:40])
def test_faults_are_named_in_one_line(data: object, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        model_from(data, "my.yaml").architecture()
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_a_decoder_that_goes_astray_names_the_layer_and_the_mend() -> None:
    halving = "kernel_size=4, stride=2, padding=1"
    model = ModelFile(
        encoder=[f"Conv2d({a}, {b}, {halving})" for a, b in ((3, 8), (8, 16), (16, 32))],
        decoder=[f"Conv2d(32, 16, {halving})", f"ConvTranspose2d(16, 8, {halving})",
                 f"ConvTranspose2d(8, 3, {halving})", "Tanh()"],
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        model.architecture()
    for word in ("3x16x16", "3x64x64", "layer 0 Conv2d", "ConvTranspose2d(32, 16, 4"):
        assert word in str(caught.value)


def test_memory_is_checked_before_it_is_taken() -> None:
    wide = ModelFile(encoder=["Linear(12288, 100000000)"], output="Tanh()")
    with pytest.raises(InputError, match="GiB"):
        build(wide)


def test_an_unknown_preset_names_the_nearest(tmp_path: object) -> None:
    with pytest.raises(InputError, match="did you mean 'fcn-10'"):
        read_model("fnc-10")
    with pytest.raises(InputError, match="no such model file"):
        read_model(f"{tmp_path}/missing.yaml")
    with pytest.raises(InputError, match="of the recipes, did you mean 'vae'"):
        read_model("vea")
    with pytest.raises(InputError, match="did you mean 'beta-vae', 'vae'"):
        adapt(ModelFile(encoder="mlp(4)"), "bvae")


def test_yaml_faults_name_the_line() -> None:
    with pytest.raises(InputError, match=r"bad.yaml line 2"):
        parse_model("title: x\nencoder: [Linear(", "bad.yaml")


def test_short_forms_write_out_the_published_network() -> None:
    short = ModelFile(encoder="mlp(1024, 256, 64, 10)", output="Tanh()")
    assert short.architecture() == read_model("fcn-10").architecture()
    leaky = ModelFile(encoder="mlp(1024, 512, 256, 128, 64, slope=0.1)", output="Tanh()")
    assert leaky.architecture() == read_model("fcn-64").architecture()


@pytest.mark.parametrize("name", presets())
@pytest.mark.parametrize("latent", [3, 20, 333])
def test_every_preset_takes_another_number_of_latent_elements(name: str, latent: int) -> None:
    """usage B7: the first thing that a student changes."""
    network = changed(presets()[name], latent=latent).architecture()
    assert network.latent == latent
    assert network.decoder[-1].shape == (3, 64, 64)


@pytest.mark.parametrize("bottleneck", ["plain", "gaussian"])
@pytest.mark.parametrize(
    "layers",
    [
        "encoder: mlp(16, 4)",
        "encoder: mlp(16, 4, slope=0.1)\ndecoder: mlp(4, 16)\noutput: Tanh()",
        "encoder: conv(16, 8)",
        "encoder: conv(16, 8)\ndecoder: conv(8, 16)\noutput: Tanh()",
        "encoder: ['Linear(12288, 4)', 'BatchNorm1d(4)']\ndecoder: ['ReLU()', 'Linear(4, 12288)']",
        "encoder: ['Linear(12288, 64)', 'ReLU()']\n"
        "decoder: ['Unflatten(1, (4, 4, 4))', 'ConvTranspose2d(4, 3, 16, stride=16)']",
    ],
)
def test_every_form_takes_another_number_of_latent_elements(layers: str, bottleneck: str) -> None:
    """usage B7: short forms, norms beside the code, and codes that are maps."""
    model = parse_model(f"{layers}\nbottleneck: {bottleneck}", "a model")
    made = changed(model, latent=20)
    assert build(made, seed=0).latent == 20
    assert parse_model(made.to_yaml(), "again").architecture() == made.architecture()
    assert changed(model, latent=model.architecture().latent) is model


def test_latent_elements_keep_the_proportions_of_several_encoders() -> None:
    """usage B7: each encoder gives one element or more."""
    model = changed(presets()["fcn-multi-encoder"], latent=20)
    assert [rows[-1].shape for rows in model.architecture().encoders] == [(7,), (6,), (7,)]
    assert model.title.endswith("(changed to 20 latent elements)")
    for wrong in (0, 2, 2.5):
        with pytest.raises(InputError, match="3 or more") as fault:
            changed(presets()["fcn-multi-encoder"], latent=wrong)  # type: ignore[arg-type]
        assert fault.value.arguments == ("latent",)


@pytest.mark.parametrize(
    ("key", "meant"),
    [("kl_weight", "objective.kl.weight"), ("kl.weight", "objective.kl.weight"),
     ("enocder", "'encoder'"), ("warmup_epochs", "objective.kl.warmup_epochs")],
)  # fmt: skip
def test_an_unknown_key_gets_the_key_that_was_meant(key: str, meant: str) -> None:
    """usage A13: ``kl_weight=4`` got no hint of ``objective``."""
    with pytest.raises(InputError, match=f"unknown key '{key}'") as fault:
        changed(presets()["vae-fcn-64"], changes={key: 4})
    assert meant in str(fault.value)
