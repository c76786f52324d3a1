"""Discriminators: the networks that critics train and terms ask.

A critic builds one under its name; ``network.parts[name]`` is where its terms find it.
"""

from typing import cast

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from zatlas.recipes.step import Network

# the critics' names
PERMUTED_CODES, PRIOR_CODES, PICTURES = "permuted_codes", "prior_codes", "pictures"


def of_codes(inputs: int, width: int, hidden: int) -> nn.Sequential:
    """A network from ``inputs`` numbers over hidden layers with LeakyReLU(0.2) to one number."""
    modules: list[nn.Module] = []
    for _ in range(hidden):
        modules += [nn.Linear(inputs, width), nn.LeakyReLU(0.2)]
        inputs = width
    return nn.Sequential(*modules, nn.Linear(inputs, 1), nn.Flatten(0))


def of_pictures(image: tuple[int, int, int], width: int) -> nn.Sequential:
    """Convolutions that halve a picture while both sides are 8 or more; channels double to 8x."""
    channels, *sides = image
    modules: list[nn.Module] = []
    following = width
    while min(sides) >= 8:
        convolution = nn.Conv2d(channels, following, 4, stride=2, padding=1)
        modules += [spectral_norm(convolution), nn.LeakyReLU(0.2)]
        channels, following = following, min(2 * following, 8 * width)
        sides = [side // 2 for side in sides]
    size = channels * sides[0] * sides[1]
    head = nn.Sequential(nn.Flatten(), spectral_norm(nn.Linear(size, 1)), nn.Flatten(0))
    return nn.Sequential(nn.Sequential(*modules), head)


def picture_discriminator(model: Network) -> tuple[nn.Module, nn.Module]:
    """The layers up to the features, and those from there to the logit."""
    features, head = cast("nn.Sequential", model.parts[PICTURES])
    return features, head


def picture_logits(model: Network, x_BCHW: Tensor) -> Tensor:
    """The logits T(x) (B,): above 0 where a picture is taken for a real one."""
    features, head = picture_discriminator(model)
    values: Tensor = head(features(x_BCHW))
    return values
