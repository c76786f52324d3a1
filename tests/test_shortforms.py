"""Short forms with normalisation and residual blocks: what they stand for, and on which sizes."""

import itertools

import numpy as np
import pytest
import torch

import zatlas
from conftest import discs
from zatlas.errors import InputError
from zatlas.models.layers import make
from zatlas.models.model_file import model_from, parse_model, read_model
from zatlas.models.network import build
from zatlas.models.residual import Residual
from zatlas.models.scaling import changed
from zatlas.syntax import Call


def test_conv_with_batch_normalization_writes_out_a_preset() -> None:
    short = model_from({
        "encoder": ["conv(32, 64, 128, 256, norm=batch, activation=SiLU)", "Linear(4096, 64)"],
        "decoder": ["Linear(64, 4096)", "BatchNorm2d(256)", "SiLU()",
                    "conv(256, 128, 64, 32, norm=batch, activation=SiLU)", "Tanh()"],
    }, "short")  # fmt: skip
    assert short.architecture() == read_model("conv-bn-64").architecture()


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ("mlp(6, 3, norm=batch)",
         ["Linear(48, 6, bias=False)", "BatchNorm1d(6)", "ReLU()", "Linear(6, 3)"]),
        ("conv(12, norm=group, activation=GELU)",
         ["Conv2d(3, 12, 4, stride=2, padding=1, bias=False)", "GroupNorm(4, 12)", "GELU()"]),
        ("conv(8, slope=0.2)", ["Conv2d(3, 8, 4, stride=2, padding=1)", "LeakyReLU(0.2)"]),
        ("resnet(8, 16)",
         ["Conv2d(3, 8, 4, stride=2, padding=1)", "Residual(8)",
          "Conv2d(8, 16, 4, stride=2, padding=1)", "Residual(16)"]),
        ("resnet(8, blocks=2, norm=none, activation=SiLU)",
         ["Conv2d(3, 8, 4, stride=2, padding=1)",
          *["Residual(8, norm='none', activation='SiLU')"] * 2]),
    ],
)  # fmt: skip
def test_short_forms_are_written_out(text: str, layers: list[str]) -> None:
    assert parse_model(f"image: [3, 4, 4]\nencoder: {text}", "m").long_form().encoder == layers


def test_a_decoder_ends_without_normalisation_and_mirrored_undoes_a_resnet() -> None:
    conv = model_from({"image": [3, 8, 8], "encoder": "conv(4, 8)",
                       "decoder": "conv(8, 4, norm=batch)", "output": "Tanh()"}, "m")  # fmt: skip
    assert conv.long_form().decoder == [
        "ConvTranspose2d(8, 4, 4, stride=2, padding=1, bias=False)", "BatchNorm2d(4)", "ReLU()",
        "ConvTranspose2d(4, 3, 4, stride=2, padding=1)", "Tanh()",
    ]  # fmt: skip
    mirrored = {"image": [3, 8, 8], "encoder": "resnet(4, 8, norm=group)"}
    written = {**mirrored, "decoder": "resnet(8, 4, norm=group)", "output": "Tanh()"}
    assert model_from(mirrored, "m").architecture() == model_from(written, "m").architecture()


SIZES = list(itertools.product((28, 32, 64, 128, 256, 96), (1, 3)))


@pytest.mark.parametrize(("pixels", "channels"), SIZES)
@pytest.mark.parametrize("form", ["resnet", "conv"])
def test_sizes_that_divide_and_grey_or_colour(form: str, pixels: int, channels: int) -> None:
    """28 pixels are halved to 14 and 7."""
    data = {"image": [channels, pixels, pixels], "encoder": f"{form}(4, 8, norm=batch)",
            "decoder": f"{form}(8, 4, norm=batch)", "output": "Tanh()"}  # fmt: skip
    network = model_from(data, "m").architecture()
    assert network.code_shape == (8, pixels // 4, pixels // 4)
    assert network.decoder[-1].shape == (channels, pixels, pixels)
    model = build(changed(model_from(data, "m"), latent=5, scale=0.5), seed=0)
    with torch.no_grad():
        assert model(torch.zeros(2, *network.image)).output_BCHW.shape[1:] == network.image


@pytest.mark.parametrize("image", [(1, 28, 28), (3, 128, 96), (1, 256, 256)])
def test_a_preset_of_short_forms_takes_another_image(image: tuple[int, int, int]) -> None:
    model = changed(read_model("conv-course"), changes={"image": list(image)}, latent=10)
    network = model.architecture()
    assert (network.latent, network.decoder[-1].shape) == (10, image)


FAULTS = [
    ("conv(8, norm='layer')", "norm: Input should be 'batch', 'group' or 'none'"),
    ("conv(8, activation='Silu')", "activation: Input should be 'ReLU', "),
    ("conv(8, blocks=2)", "unknown 'blocks'; known are norm, activation, slope"),
    ("resnet(8, blocks=0)", "blocks: Input should be greater than or equal to 1"),
    ("conv(8, slope=0.1, activation=SiLU)", "slope is that of LeakyReLU; leave out activation"),
    ("['Residual(5)']", "takes 5, but what reaches it is 3x28x28"),
    ("['Residual(3, activation=\"Sequential\")']", "activation='Sequential'"),
]


@pytest.mark.parametrize(("encoder", "words"), FAULTS)
def test_faults_of_short_forms_are_named(encoder: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_model(f"image: [3, 28, 28]\nencoder: {encoder}", "m").architecture()
    assert words in str(caught.value)


def test_a_size_that_doubling_cannot_give_is_named() -> None:
    data = {"image": [1, 28, 28], "encoder": "resnet(8, 16, 32)", "decoder": "resnet(32, 16, 8)"}
    with pytest.raises(InputError, match=r"3 times, but 28 pixels have the sizes 28, 14, 7 alone"):
        model_from(data, "m").architecture()
    assert model_from({**data, "decoder": "mirrored"}, "m").architecture().decoder[-1]


def test_a_residual_block_by_hand() -> None:
    """y = x + c(a(n(c(a(n(x)))))), both convolutions identities with a factor and an offset."""
    block = Residual(1, norm="none")
    first, second = (layer for layer in block.branch if isinstance(layer, torch.nn.Conv2d))
    with torch.no_grad():
        for convolution, centre in ((first, 2.0), (second, 3.0)):
            convolution.weight.zero_()
            convolution.weight[0, 0, 1, 1] = centre
            convolution.bias.fill_(-1.0)  # type: ignore[union-attr]  # it has one
    x = torch.tensor([[[[-1.0, 0.25, 2.0]]]])
    expected = [-1.0 - 1, 0.25 - 1, 2.0 + 3 * (2 * 2.0 - 1) - 1]
    assert block(x).flatten().tolist() == expected


@pytest.mark.parametrize("norm", ["batch", "group", "none"])
def test_every_parameter_of_a_residual_block_gets_a_gradient(norm: str) -> None:
    block = make(Call("Residual", (8,), {"norm": norm, "activation": "SiLU"}))
    block(torch.randn(4, 8, 4, 4)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in block.parameters())


def test_scale_leaves_the_width_of_a_code_and_fits_groups() -> None:
    """The normalisation behind the last convolution of an encoder keeps its width."""
    model = parse_model("image: [3, 8, 8]\nencoder: conv(8, 12, norm=group)", "m")
    assert changed(model, scale=0.75).encoder == [
        "Conv2d(3, 6, 4, stride=2, padding=1, bias=False)", "GroupNorm(2, 6)", "ReLU()",
        "Conv2d(6, 12, 4, stride=2, padding=1, bias=False)", "GroupNorm(4, 12)", "ReLU()",
    ]  # fmt: skip
    assert changed(parse_model("encoder: resnet(8, 16)", "m"), scale=0.5).architecture()


@pytest.mark.parametrize("recipe", ["ae", "vae"])
def test_a_resnet_is_trained_and_opened_again(recipe: str, tmp_path: object) -> None:
    model = parse_model("image: [3, 8, 8]\nencoder: resnet(4, 8)", "m")
    images = discs(40)
    run = zatlas.train(model, images, out=f"{tmp_path}/r", latent=4, recipe=recipe, epochs=3,
                       batch_size=10, valid=0.25)  # fmt: skip
    assert run.history[-1].train_loss < run.history[0].train_loss
    np.testing.assert_allclose(run.encode(images)[:1], run.encode(images[:1]), atol=1e-6)


def test_batches_of_one_image_are_refused_where_a_block_takes_statistics(tmp_path: object) -> None:
    model = parse_model("image: [3, 2, 2]\nencoder: resnet(4)", "m")
    with pytest.raises(InputError, match="takes the mean of a batch"):
        zatlas.train(model, discs(8)[:, :2, :2], out=f"{tmp_path}/r", batch_size=1)
