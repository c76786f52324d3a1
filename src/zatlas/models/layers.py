"""The layers that a model file may name, and one layer made on the meta device.

Everything but ``Residual`` is ``torch.nn``'s own, under its own name and with its own arguments.
The list is a white list, so that a model file is data and can run nothing else.
"""

import inspect
import types
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

import torch
from torch import nn

from zatlas.errors import InputError
from zatlas.models.residual import Activation, Residual
from zatlas.syntax import Call

CONVOLUTIONS = frozenset({"Conv2d", "ConvTranspose2d"})
OWN: Mapping[str, type[nn.Module]] = {"Residual": Residual}
PARAMETRIC = CONVOLUTIONS | {"Linear"} | OWN.keys()
NORMS = frozenset({"BatchNorm1d", "BatchNorm2d", "GroupNorm", "InstanceNorm2d", "LayerNorm"})
ACTIVATIONS = frozenset(get_args(Activation))
KEEPING = (ACTIVATIONS - {"PReLU"}) | {"Dropout"}  # take any shape and give it back
RESHAPES = frozenset({"Flatten", "Unflatten"})
POOLS = {"MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d"}
SHUFFLES = {"Upsample", "PixelShuffle", "PixelUnshuffle"}
SPATIAL = CONVOLUTIONS | POOLS | SHUFFLES | {"BatchNorm2d", "InstanceNorm2d", "Dropout2d"}
SPATIAL |= OWN.keys()
LAYERS = PARAMETRIC | NORMS | ACTIVATIONS | SPATIAL | RESHAPES | {"Dropout"}

# the first two arguments of each parametric or normalising layer: what it takes and what it gives
TAKES = dict.fromkeys(("BatchNorm1d", "BatchNorm2d", "InstanceNorm2d"), "num_features")
TAKES |= dict.fromkeys(CONVOLUTIONS, "in_channels")
TAKES |= {"Linear": "in_features", "GroupNorm": "num_channels", "Residual": "channels"}
GIVES = {"Linear": "out_features", "Conv2d": "out_channels", "ConvTranspose2d": "out_channels"}
# the range of what comes out of a layer that bounds it; a decoder's last layer must fit the pixels
BOUNDS = dict.fromkeys(("Tanh", "Hardtanh"), (-1.0, 1.0))
BOUNDS |= dict.fromkeys(("Sigmoid", "Hardsigmoid"), (0.0, 1.0))

# layers that move numbers about, or take means and maxima of them: bounds stay
MOVING = RESHAPES | POOLS | (SHUFFLES - {"Upsample"}) | {"Identity"}

# what the numbers of an argument are at least
LEAST = dict.fromkeys((
    "in_features", "out_features", "in_channels", "out_channels", "num_features", "num_channels",
    "channels",
    "num_groups", "num_parameters", "normalized_shape", "kernel_size", "stride", "dilation",
    "groups", "upscale_factor", "downscale_factor", "size", "output_size", "divisor_override",
), 1)  # fmt: skip
LEAST |= dict.fromkeys(("padding", "output_padding", "eps", "momentum"), 0)
FOREIGN = ("device", "dtype")  # arguments of torch.nn that say where weights lie, not what they do

Shape = tuple[int, ...]
Image = tuple[int, int, int]  # channels, height, width


def arguments(call: Call) -> dict[str, Any]:
    """The arguments of a layer by name, as typed and as ``torch.nn`` would default them.

    Raises InputError where ``torch.nn`` has no such argument, one is missing, or one does not fit.
    """
    bound = _bound(call)
    for key, value in bound.arguments.items():
        if fault := _misfit(key, value, bound.signature.parameters[key].annotation):
            raise InputError(f"layer {call}: {fault}")
    bound.apply_defaults()
    given = dict(bound.arguments)
    if call.name == "ConvTranspose2d":  # torch refuses it when an image comes, and not on meta
        added, *others = (_pair(given[key]) for key in ("output_padding", "stride", "dilation"))
        if any(padding >= max(pair) for padding, *pair in zip(added, *others, strict=True)):
            why = "output padding must be smaller than stride or dilation"
            raise InputError(f"layer {call}: {why}")
    return given


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def _bound(call: Call) -> inspect.BoundArguments:
    try:
        return inspect.signature(_type(call.name)).bind(*call.args, **call.kwargs)
    except TypeError as error:
        raise InputError(f"layer {call}: {error}") from None


def _type(name: str) -> type[nn.Module]:
    found: type[nn.Module] = OWN[name] if name in OWN else getattr(nn, name)
    return found


def _misfit(key: str, value: Any, kind: Any) -> str:
    """Why a value is no such argument; "" where it is one."""
    if key in FOREIGN:
        return f"{key} is no argument of a model file; leave it out"
    if key == "return_indices" and value:
        return "return_indices=True gives two tensors; leave it out"
    if not _is_a(value, kind):
        return f"{key}={value!r} is not what torch.nn takes there"
    numbers = value if isinstance(value, tuple) else (value,)
    least = LEAST.get(key)
    if least is not None and any(
        isinstance(number, int | float) and number < least for number in numbers
    ):
        return f"{key}={value!r}: give {least} or more"
    scale = key == "scale_factor" and any(number <= 0 for number in numbers if number is not None)
    return f"{key}={value!r}: give a number above 0" if scale else ""


def _is_a(value: Any, kind: Any) -> bool:
    """Whether a value is of a type that a signature of ``torch.nn`` names."""
    inner = get_args(kind)
    if get_origin(kind) in (Union, types.UnionType):
        return any(_is_a(value, each) for each in inner)
    if get_origin(kind) is Literal:
        return value in inner
    if get_origin(kind) is tuple and inner[-1] is not Ellipsis:
        same = isinstance(value, tuple) and len(value) == len(inner)
        return same and all(map(_is_a, value, inner))
    if get_origin(kind) in (tuple, list):
        return isinstance(value, tuple) and all(_is_a(each, inner[0]) for each in value)
    if kind in (int, float):
        return isinstance(value, (int, kind)) and not isinstance(value, bool)
    if kind is bool:
        return isinstance(value, int)
    return not isinstance(kind, type) or kind is inspect.Parameter.empty or isinstance(value, kind)


def make(call: Call) -> nn.Module:
    """One layer on the default device; InputError where its arguments make none.

    ``inplace`` has no effect: a layer that changes its input would change the code.
    """
    bound = _bound(call)
    bound.arguments.pop("inplace", None)
    try:
        with warnings.catch_warnings():  # torch remarks on zero-sized layers, refused later
            warnings.simplefilter("ignore")
            module = _type(call.name)(*bound.args, **bound.kwargs)
    except Exception as error:  # torch checks by assertions and by dividing, too
        raise InputError(f"layer {call}: {reason_of(error)}") from None
    return module


def reason_of(error: Exception) -> str:
    """The first line of what torch says."""
    return next(iter(str(error).strip().splitlines()), "its arguments do not fit")


def bounds(calls: Sequence[Call]) -> tuple[float, float] | None:
    """The range of what a list of layers gives, where its last layers bound it; else None."""
    last = next((call for call in reversed(calls) if call.name not in MOVING), None)
    if last is not None and last.name == "Hardtanh":
        given = arguments(last)
        return float(given["min_val"]), float(given["max_val"])
    return BOUNDS.get(last.name) if last else None


def after_layer(call: Call, shape: Shape) -> tuple[Shape, int]:
    """The shape of one image's activations after a layer, and the layer's parameters, on meta.

    Raises whatever torch does where the layer refuses ``shape``.
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
        module.eval()(torch.zeros(1, device="cpu"))  # refuses arguments that are no numbers
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
