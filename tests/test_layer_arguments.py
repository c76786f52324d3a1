"""Robustness 12: arguments that torch refuses late are a fault of their layer, by its position."""

import pytest
from torch import nn

from zatlas.errors import InputError
from zatlas.models.layers import make
from zatlas.models.model_file import ModelFile, model_from
from zatlas.syntax import parse_call

# layers on a picture of 3x16x16, and words of the reason
FAULTY = {
    "Conv2d(3, 8, 3, stride=0)": "stride=0: give 1 or more",
    "Conv2d(3, 8, 0)": "kernel_size=0: give 1 or more",
    "Conv2d(3, 8, (3, 3, 3))": "kernel_size=(3, 3, 3) is not what torch.nn takes",
    "Conv2d(3, 8, '3')": "kernel_size='3' is not",
    "Conv2d(3, 8, 2.5)": "kernel_size=2.5 is not",
    "Conv2d(3, 8, 3, padding=-1)": "padding=-1: give 0 or more",
    "Conv2d(3, 8, 3, padding='half')": "padding",
    "Conv2d(3, 8, 3, padding_mode='mirror')": "padding_mode='mirror' is not",
    "Conv2d(3, 8, 3, dilation=0)": "dilation=0: give 1 or more",
    "Conv2d(3, 8, 3, groups=0)": "groups=0: give 1 or more",
    "Conv2d(3, 8, 3, groups=2)": "groups",
    "Conv2d(3, 8, 3, stride=2, padding='same')": "same",
    "Conv2d(3, 8, 3, device='cuda')": "device is no argument of a model file",
    "Conv2d(3, 8, 3, device='meta')": "device is no argument of a model file",
    "Conv2d(3, 8, 3, dtype='float16')": "dtype is no argument of a model file",
    "Conv2d(True, 8, 3)": "in_channels=True is not",
    "ConvTranspose2d(3, 8, 3, stride=2, output_padding=-1)": "output_padding=-1",
    "ConvTranspose2d(3, 8, 3, stride=2, output_padding=2)": "output padding",
    "Linear(768, 0)": "out_features=0: give 1 or more",
    "Linear(768, 'a')": "out_features='a' is not",
    "GroupNorm(0, 3)": "num_groups=0: give 1 or more",
    "GroupNorm(2, 3)": "num_channels",
    "BatchNorm2d(3, eps='small')": "eps='small' is not",
    "BatchNorm2d(3, eps=-1)": "eps=-1: give 0 or more",
    "BatchNorm2d(3, momentum='a')": "momentum='a' is not",
    "BatchNorm2d(3, momentum=-0.5)": "momentum=-0.5: give 0 or more",
    "LayerNorm(16, eps='a')": "eps='a' is not",
    "LayerNorm(16, eps=-1e-5)": "eps=-1e-05: give 0 or more",
    "LayerNorm('a')": "normalized_shape='a' is not",
    "LayerNorm((7, 7))": "7",
    "InstanceNorm2d(3, eps=None)": "eps=None is not",
    "MaxPool2d(2, return_indices=True)": "return_indices=True gives two tensors",
    "AdaptiveMaxPool2d(2, return_indices=True)": "return_indices=True gives two tensors",
    "MaxPool2d(2, padding=2)": "pad",
    "MaxPool2d((2, 2, 2))": "does not take 3x16x16",
    "AvgPool2d(2, stride=0)": "stride=0",
    "AvgPool2d(2, divisor_override=0)": "divisor_override=0",
    "AdaptiveAvgPool2d(None)": "AdaptiveAvgPool2d(None)",
    "AdaptiveAvgPool2d(0)": "output_size=0",
    "AdaptiveAvgPool2d((2, 2, 2))": "AdaptiveAvgPool2d((2, 2, 2))",
    "PixelShuffle(0)": "upscale_factor=0: give 1 or more",
    "PixelShuffle(1.5)": "upscale_factor=1.5 is not",
    "PixelShuffle('2')": "upscale_factor='2' is not",
    "PixelUnshuffle(3)": "PixelUnshuffle(3)",
    "Upsample('a')": "size='a' is not",
    "Upsample(scale_factor='2')": "scale_factor='2' is not",
    "Upsample(scale_factor=0)": "scale_factor=0: give a number above 0",
    "Upsample(scale_factor=(2, 2, 2))": "Upsample(scale_factor=(2, 2, 2))",
    "Upsample(scale_factor=2, mode='sharp')": "mode='sharp'",
    "Upsample(scale_factor=2, mode='trilinear')": "trilinear",
    "Upsample()": "Upsample()",
    "Hardtanh(1, -1)": "Hardtanh(1, -1)",
    "LeakyReLU('a')": "negative_slope='a' is not",
    "ELU(None)": "alpha=None is not",
    "Softplus('a')": "beta='a' is not",
    "GELU('a')": "GELU('a')",
    "Dropout(2)": "Dropout(2)",
    "Dropout('a')": "p='a' is not",
    "PReLU(7)": "PReLU(7)",
    "PReLU(0)": "num_parameters=0",
    "Flatten('a')": "start_dim='a' is not",
    "Flatten(7)": "Flatten(7)",
    "Unflatten(1, (5, 5))": "Unflatten(1, (5, 5))",
    "Unflatten('a', (3, 1))": "dim='a' is not",
    "ReLU(7, 8, 9)": "ReLU(7, 8, 9)",
}


@pytest.mark.parametrize("layer", FAULTY)
def test_a_layer_that_torch_refuses_is_named_with_its_position(layer: str) -> None:
    data = {"image": [3, 16, 16], "encoder": ["Identity()", layer, "Linear(768, 4)"],
            "decoder": ["Linear(4, 768)"]}  # fmt: skip
    with pytest.raises(InputError) as caught:
        model_from(data, "my.yaml").architecture()
    call = str(parse_call(layer, [layer.partition("(")[0]]))
    assert str(caught.value).startswith(f"encoder layer 1 {call}")
    assert FAULTY[layer] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "layer",
    ["Conv2d(3, 3, (3, 1), padding=(1, 0), padding_mode='reflect')", "Conv2d(3, 3, 3, 1, 'same')",
     "BatchNorm2d(3, momentum=None)", "BatchNorm2d(3, eps=0, affine=False)", "Dropout(0)",
     "LayerNorm([3, 16, 16], bias=False)", "Upsample(scale_factor=1.0, mode='nearest')",
     "Upsample((16, 16), mode='bilinear', align_corners=True)", "AdaptiveAvgPool2d((None, 16))",
     "MaxPool2d(3, stride=1, padding=1)", "Hardtanh(-2, 2)", "Identity()", "PReLU(3)",
     "GELU('tanh')", "Softplus(1, 20)", "GroupNorm(3, 3)", "PixelShuffle(1)"],
)  # fmt: skip
def test_what_torch_takes_is_taken(layer: str) -> None:
    model = ModelFile(image=(3, 16, 16), encoder=[layer, "Linear(768, 4)"],
                      decoder=["Linear(4, 768)"])  # fmt: skip
    assert model.architecture().latent == 4


def test_inplace_has_no_effect() -> None:
    """A layer that changes its input would change the code; runs of pasted code may hold it."""
    for layer in ("ReLU(True)", "LeakyReLU(0.2, inplace=True)", "Dropout(0.5, inplace=True)"):
        module = make(parse_call(layer, ["ReLU", "LeakyReLU", "Dropout"]))
        assert not module.inplace
        assert isinstance(module, nn.Module)


@pytest.mark.parametrize(
    "last", [["Sigmoid()"], ["Sigmoid()", "Unflatten(1, (1, 4, 4))"], ["Hardtanh(0, 1)"],
             ["Sigmoid()", "Identity()", "Flatten()", "Unflatten(1, (1, 4, 4))"]],
)  # fmt: skip
def test_a_bounded_output_is_seen_through_reshapes(last: list[str]) -> None:
    """Usage A2: Sigmoid followed by Unflatten passed the check and trained garbage."""
    data = {"image": [1, 4, 4], "encoder": ["Linear(16, 3)"], "decoder": ["Linear(3, 16)", *last]}
    with pytest.raises(InputError, match=r"whose range is \[0, 1\].*`range: \[0, 1\]`"):
        model_from(data, "my.yaml").architecture()
    assert model_from({**data, "range": [0, 1]}, "my.yaml").architecture().latent == 3
    bce = {**data, "range": [0, 1], "objective": ["bce()"]}
    assert model_from(bce, "my.yaml").architecture().latent == 3
