"""The layers that a model file may name, and one layer made on the meta device.

Everything here is ``torch.nn``'s own, under its own name and with its own arguments; the list is a
white list, so that a model file is data and can run nothing else.
"""

import inspect
import warnings
from typing import Any

from torch import nn

from zatlas.errors import InputError
from zatlas.syntax import Call, format_call

LINEAR = frozenset({"Linear"})
CONVOLUTIONS = frozenset({"Conv2d", "ConvTranspose2d"})
PARAMETRIC = LINEAR | CONVOLUTIONS
NORMS = frozenset({"BatchNorm1d", "BatchNorm2d", "GroupNorm", "InstanceNorm2d", "LayerNorm"})
ACTIVATIONS = frozenset(
    {
        "ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "SELU", "CELU", "GELU", "SiLU", "Mish",
        "Softplus", "Tanh", "Sigmoid", "Hardtanh", "Hardsigmoid", "Identity",
    }
)  # fmt: skip
KEEPING = (ACTIVATIONS - {"PReLU"}) | {"Dropout"}  # take any shape and give it back
POOLS = frozenset({"MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d"})
SPATIAL = CONVOLUTIONS | POOLS | {
    "BatchNorm2d", "InstanceNorm2d", "Dropout2d", "Upsample", "PixelShuffle", "PixelUnshuffle",
}  # fmt: skip
RESHAPES = frozenset({"Flatten", "Unflatten"})
LAYERS = PARAMETRIC | NORMS | ACTIVATIONS | SPATIAL | RESHAPES | {"Dropout", "GroupNorm"}

# the first two arguments of each parametric or normalising layer: what it takes and what it gives
TAKES = {
    "Linear": "in_features", "Conv2d": "in_channels", "ConvTranspose2d": "in_channels",
    "BatchNorm1d": "num_features", "BatchNorm2d": "num_features", "InstanceNorm2d": "num_features",
    "GroupNorm": "num_channels",
}  # fmt: skip
GIVES = {"Linear": "out_features", "Conv2d": "out_channels", "ConvTranspose2d": "out_channels"}
# the range of what comes out of a layer that bounds it; a decoder's last layer must fit the pixels
BOUNDS = {"Tanh": (-1.0, 1.0), "Hardtanh": (-1.0, 1.0), "Sigmoid": (0.0, 1.0),
          "Hardsigmoid": (0.0, 1.0)}  # fmt: skip

Shape = tuple[int, ...]


def arguments(call: Call) -> dict[str, Any]:
    """The arguments of a layer by name, as typed and as ``torch.nn`` would default them.

    Raises InputError where ``torch.nn`` has no such argument or one is missing.
    """
    try:
        bound = inspect.signature(getattr(nn, call.name)).bind(*call.args, **call.kwargs)
    except TypeError as error:
        raise InputError(f"layer {format_call(call)}: {error}") from None
    bound.apply_defaults()
    return dict(bound.arguments)


def make(call: Call) -> nn.Module:
    """One ``torch.nn`` layer on the default device; InputError where its arguments make none."""
    try:
        with warnings.catch_warnings():  # torch remarks on zero-sized layers, refused later
            warnings.simplefilter("ignore")
            module: nn.Module = getattr(nn, call.name)(*call.args, **call.kwargs)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise InputError(f"layer {format_call(call)}: {reason[0]}") from None
    return module
