"""The layers that a model file may name, and one layer made on the meta device.

Everything here is ``torch.nn``'s own, under its own name and with its own arguments; the list is a
white list, so that a model file is data and can run nothing else.
"""

import inspect
import warnings
from typing import Any

import torch
from torch import nn

from zatlas.errors import InputError
from zatlas.syntax import Call

CONVOLUTIONS = frozenset({"Conv2d", "ConvTranspose2d"})
PARAMETRIC = CONVOLUTIONS | {"Linear"}
NORMS = frozenset({"BatchNorm1d", "BatchNorm2d", "GroupNorm", "InstanceNorm2d", "LayerNorm"})
ACTIVATIONS = frozenset({
    "ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "SELU", "CELU", "GELU", "SiLU", "Mish",
    "Softplus", "Tanh", "Sigmoid", "Hardtanh", "Hardsigmoid", "Identity",
})  # fmt: skip
KEEPING = (ACTIVATIONS - {"PReLU"}) | {"Dropout"}  # take any shape and give it back
RESHAPES = frozenset({"Flatten", "Unflatten"})
POOLS = {"MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d"}
SHUFFLES = {"Upsample", "PixelShuffle", "PixelUnshuffle"}
SPATIAL = CONVOLUTIONS | POOLS | SHUFFLES | {"BatchNorm2d", "InstanceNorm2d", "Dropout2d"}
LAYERS = PARAMETRIC | NORMS | ACTIVATIONS | SPATIAL | RESHAPES | {"Dropout"}

# the first two arguments of each parametric or normalising layer: what it takes and what it gives
TAKES = dict.fromkeys(("BatchNorm1d", "BatchNorm2d", "InstanceNorm2d"), "num_features")
TAKES |= dict.fromkeys(CONVOLUTIONS, "in_channels")
TAKES |= {"Linear": "in_features", "GroupNorm": "num_channels"}
GIVES = {"Linear": "out_features", "Conv2d": "out_channels", "ConvTranspose2d": "out_channels"}
# the range of what comes out of a layer that bounds it; a decoder's last layer must fit the pixels
BOUNDS = dict.fromkeys(("Tanh", "Hardtanh"), (-1.0, 1.0))
BOUNDS |= dict.fromkeys(("Sigmoid", "Hardsigmoid"), (0.0, 1.0))

Shape = tuple[int, ...]
Image = tuple[int, int, int]  # channels, height, width


def arguments(call: Call) -> dict[str, Any]:
    """The arguments of a layer by name, as typed and as ``torch.nn`` would default them.

    Raises InputError where ``torch.nn`` has no such argument or one is missing.
    """
    try:
        bound = inspect.signature(getattr(nn, call.name)).bind(*call.args, **call.kwargs)
    except TypeError as error:
        raise InputError(f"layer {call}: {error}") from None
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
        raise InputError(f"layer {call}: {reason[0]}") from None
    return module


def after_layer(call: Call, shape: Shape) -> tuple[Shape, int]:
    """The shape of one image's activations after a layer, and the layer's parameters, on meta.

    Raises RuntimeError, ValueError or IndexError as torch does where the layer refuses ``shape``.
    """
    with torch.device("meta"), torch.no_grad():
        module = make(call)
        parameters = sum(p.numel() for p in module.parameters())
        known = _by_rule(call, module, shape)
        after = known or tuple(module.eval()(torch.empty(2, *shape)).shape[1:])
    return after, parameters


def _by_rule(call: Call, module: nn.Module, shape: Shape) -> Shape | None:
    """The shape after the layers that most networks are made of, by their own rule; else None.

    On the meta device torch runs these in Python, and the first one imports 800 modules: a second
    of every start, and 70 MB.
    """
    if call.name in KEEPING:
        return shape
    if isinstance(module, nn.Linear):
        taken, after = module.in_features, (*shape[:-1], module.out_features)
        given = shape[-1] if shape else 0
    elif isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
        module._check_input_dim(torch.empty(2, *shape))
        taken, given, after = module.num_features, shape[0], shape
    else:
        return None
    if taken != given:
        raise RuntimeError(f"takes {taken}, not {given}")
    return after
