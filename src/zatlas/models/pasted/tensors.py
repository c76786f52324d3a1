"""What pasted code does to a tensor: layers, functions of torch, views, and the draw of a VAE."""

import ast
import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from zatlas.errors import InputError
from zatlas.models.architecture import spell, trace
from zatlas.models.layers import GIVES, PARAMETRIC, arguments
from zatlas.models.pasted.values import (
    Batch,
    Draw,
    Join,
    Layer,
    Noise,
    Normal,
    Scatter,
    Spread,
    Step,
    Tensor,
)
from zatlas.syntax import Call, Source
from zatlas.syntax.values import capped

# functions and methods of tensors that are a layer of torch.nn; `relu_` is read as `relu`
FUNCTIONS = {
    "relu": "ReLU", "relu6": "ReLU6", "leaky_relu": "LeakyReLU", "elu": "ELU", "selu": "SELU",
    "celu": "CELU", "gelu": "GELU", "silu": "SiLU", "mish": "Mish", "softplus": "Softplus",
    "tanh": "Tanh", "sigmoid": "Sigmoid", "hardtanh": "Hardtanh", "hardsigmoid": "Hardsigmoid",
    "dropout": "Dropout", "dropout2d": "Dropout2d", "max_pool2d": "MaxPool2d",
    "avg_pool2d": "AvgPool2d", "adaptive_avg_pool2d": "AdaptiveAvgPool2d",
    "adaptive_max_pool2d": "AdaptiveMaxPool2d", "interpolate": "Upsample", "upsample": "Upsample",
    "pixel_shuffle": "PixelShuffle", "pixel_unshuffle": "PixelUnshuffle",
}  # fmt: skip
SAME = {"contiguous", "to", "cuda", "cpu", "float", "clone", "type_as", "Variable"}
REDUCTIONS = {"mean", "sum", "max", "min", "item", "any", "all", "norm", "std", "var", "argmax"}
NOISE = {"randn_like", "randn", "normal", "normal_", "sample", "rsample", "rand_like"}
EMPTY = {  # tensors that normal_() fills, or the parameters of normal()
    "FloatTensor", "empty", "empty_like", "new", "new_empty", "new_zeros", "zeros", "zeros_like",
    "ones", "ones_like",
}  # fmt: skip
ARITHMETIC = {
    "mul": ast.Mult, "multiply": ast.Mult, "add": ast.Add, "div": ast.Div, "sub": ast.Sub,
    "pow": ast.Pow,
}  # fmt: skip
ELEMENTWISE = {"exp", "sqrt", "abs", "clamp", "neg", "log", "square", "expm1", "log1p"}
JOINS = {"cat", "concat", "concatenate", "hstack"}
KINDS = (Tensor, Noise, Spread, Scatter)
MOST_FEATURES = 2**31  # numbers of a view


@dataclass
class Trace:
    """One pass of an image through the pasted code. ``names`` are of what is called just now.

    ``paths`` are the names of layers, as "encoder.0"; ``faults`` are the widths that do not meet,
    whose layers are read all the same.
    """

    source: Source
    aspect: tuple[int, int] = (1, 1)
    paths: Mapping[Layer, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def fault(self, node: ast.AST, why: str) -> InputError:
        """The error about an expression: the line, the text, the reason."""
        return self.source.fault(node, f"{self.source.typed(node)!r}: {why}")

    def layer(self, tensor: Any, call: Call, node: ast.AST, layer: Layer | None = None) -> Tensor:
        """The tensor after a layer."""
        if isinstance(tensor, Spread | Scatter):
            raise tensor.fault
        if not isinstance(tensor, Tensor):
            raise self.fault(node, "this takes what the network computes, and nothing else")
        if layer and layer.fault:
            raise layer.fault
        shape = tensor.shape
        if shape is not None:
            try:
                shape = trace("layer", [call], shape, self.aspect, faults=self.faults)[1]
            except InputError as error:
                self.faults.append(str(error))
                shape = None
        path = self.paths.get(layer.whole or layer, "") if layer else ""
        kinds = map(kind_of, (*self.names, *path.split(".")))
        part = next((kind for kind in kinds if kind), "")
        line = self.source.line(getattr(node, "lineno", 1))
        return Tensor((*tensor.steps, Step(call, part, line, layer, shape)), shape)

    def reshape(self, tensor: Tensor, shape: tuple[int, ...], node: ast.AST) -> Tensor:
        """The tensor with another shape of each image."""
        if shape == tensor.shape:
            return tensor
        if tensor.shape is not None and math.prod(shape) != math.prod(tensor.shape):
            raise self.fault(node, f"{spell(tensor.shape)} cannot be seen as {spell(shape)}")
        if tensor.shape is None or len(tensor.shape) > 1:
            tensor = self.layer(tensor, Call("Flatten"), node)
        if len(shape) > 1:
            tensor = self.layer(tensor, Call("Unflatten", (1, shape)), node)
        return Tensor(tensor.steps, shape)

    def view(self, tensor: Tensor, sizes: Sequence[Any], node: ast.AST) -> Tensor:
        """``tensor.view(*sizes)``; the first size is that of the batch."""
        if len(sizes) == 1 and isinstance(sizes[0], tuple | list):
            sizes = sizes[0]
        rest = list(sizes[1:])
        if not rest or not all(isinstance(size, int) and size for size in rest):
            raise self.fault(node, "the sizes of this view are not known")
        free = [place for place, size in enumerate(rest) if size == -1]
        if len(free) > 1 or (free and sizes[0] == -1) or min(rest) < -1:
            raise self.fault(node, "one size of a view may be -1")
        if rest == [-1] and tensor.shape is None:
            return self.layer(tensor, Call("Flatten"), node)
        if free:
            whole, part = math.prod(self.known(tensor, node)), -math.prod(rest)
            if whole % part:
                raise self.fault(node, f"{whole} numbers do not divide by {part}")
            rest[free[0]] = whole // part
        if math.prod(rest) > MOST_FEATURES:
            raise self.fault(node, "the view is too large")
        return self.reshape(tensor, tuple(rest), node)

    def known(self, tensor: Tensor, node: ast.AST) -> tuple[int, ...]:
        """The shape of an image at this place. Raises InputError where it is not known."""
        if tensor.shape is None:
            why = self.faults[0] if self.faults else "it depends on the size of the images"
            raise self.fault(node, f"the shape here is not known; {why}")
        return tensor.shape

    def method(self, tensor: Any, name: str, args: list[Any], kwargs: dict[str, Any],
               node: ast.AST) -> Any:  # fmt: skip
        """A function of torch, or a method of a tensor: ``torch.relu(x)``, ``x.relu()``."""
        name = name.rstrip("_")
        if name in NOISE | EMPTY:
            return Noise()
        if name in SAME:
            return tensor
        if name in ARITHMETIC and len(args) == 1:
            return self.operate(ARITHMETIC[name], tensor, args[0], node)
        if name in ELEMENTWISE and isinstance(tensor, Tensor | Spread):
            return self.spread(tensor, node)
        if name in ELEMENTWISE and isinstance(tensor, Noise):
            return tensor
        if name == "softplus" and isinstance(tensor, Spread):
            return self.spread(tensor, node)
        if name in FUNCTIONS:
            return self.layer(tensor, self.call_of(FUNCTIONS[name], args, kwargs, node), node)
        if isinstance(tensor, Spread | Scatter):
            raise tensor.fault
        if not isinstance(tensor, Tensor):
            raise self.fault(node, "this is not read")
        if name in ("view", "reshape"):
            return self.view(tensor, args, node)
        if name in ("chunk", "split", "tensor_split"):
            return self.halves(tensor, node)
        reshaped = _reshaped(name, self.known, tensor, [*args, *kwargs.values()], node)
        if reshaped is None and name in REDUCTIONS:
            raise self.fault(
                node, "this depends on the numbers of an image; zatlas has no such layer"
            )
        if reshaped is None:
            raise self.fault(node, f"{name!r} is no layer that zatlas has")
        if name == "flatten" and tensor.shape is None:
            return self.layer(tensor, Call("Flatten"), node)
        return self.reshape(tensor, reshaped, node)

    def call_of(self, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Call:
        """The layer that a function of ``torch.nn.functional`` stands for."""
        args = args[:1] if name.startswith("Dropout") else args
        known = inspect.signature(getattr(nn, name)).parameters
        options = {key: constant(self, value, node) for key, value in kwargs.items()
                   if key in known and value is not None}  # fmt: skip
        if name == "Upsample" and len(args) > 1 and args[0] is None:
            options["scale_factor"], args = constant(self, args[1], node), []
        return Call(name, tuple(constant(self, value, node) for value in args), options)

    def spread(self, tensor: Any, node: ast.AST) -> Spread:
        """An elementwise function that is no layer."""
        why = "this changes the numbers of a tensor and is no layer"
        return Spread(getattr(tensor, "tensor", tensor), self.fault(node, why))

    def operate(self, operator: type[ast.AST], left: Any, right: Any, node: ast.AST) -> Any:
        """Arithmetic of which one side at least is a tensor."""
        for one, other in ((left, right), (right, left)):
            if isinstance(other, int | float) and not isinstance(one, Scatter):
                return one if isinstance(one, Noise) else self.spread(one, node)
            if isinstance(other, int | float):
                return one
            if (
                operator is ast.Mult
                and isinstance(one, Noise)
                and isinstance(other, Tensor | Spread)
            ):
                return Scatter(_tensor_of(other), self.fault(node, "noise"))
            if operator is ast.Add and isinstance(one, Tensor) and isinstance(other, Scatter):
                return self.draw(one, other.tensor, node)
        if isinstance(left, Tensor) and isinstance(right, Tensor):
            why = "two tensors meet here (a skip connection or a product); zatlas has no such layer"
            raise self.fault(node, why)
        raise self.fault(node, "this arithmetic of tensors is not read")

    def draw(self, mean: Tensor, spread: Tensor, node: ast.AST) -> Tensor:
        """The code of a Gaussian bottleneck."""
        line = self.source.line(getattr(node, "lineno", 1))
        return Tensor((*mean.steps, Draw(mean, spread, line)), mean.shape)

    def sample(self, normal: Normal, node: ast.AST) -> Any:
        """What a distribution draws: a code, or noise."""
        if isinstance(normal.loc, Tensor) and isinstance(normal.scale, Tensor | Spread):
            return self.draw(normal.loc, _tensor_of(normal.scale), node)
        return Noise()

    def join(self, tensors: Any, node: ast.AST) -> Tensor:
        """``torch.cat``: of the codes of several encoders."""
        if not isinstance(tensors, tuple | list) or not tensors:
            raise self.fault(node, "what is concatenated here is not known")
        if not all(isinstance(tensor, Tensor) for tensor in tensors):
            raise self.fault(node, "this concatenates what the network computes and something else")
        shapes = [tensor.shape for tensor in tensors]
        flat = [math.prod(shape) for shape in shapes if shape is not None]
        shape = (sum(flat),) if len(flat) == len(shapes) else None
        line = self.source.line(getattr(node, "lineno", 1))
        return Tensor((Join(tuple(tensors), line),), shape)

    def halves(self, tensor: Tensor, node: ast.AST) -> tuple[Tensor, Tensor]:
        """The two halves of what the last layer gives, each as a layer of half the width."""
        last = tensor.steps[-1] if tensor.steps else None
        why = "a tensor is divided here; only a Linear or Conv2d before it can be read as two"
        if not isinstance(last, Step) or last.layer is None or last.call.name not in PARAMETRIC:
            raise self.fault(node, why)
        width = arguments(last.call)[GIVES[last.call.name]]
        if not isinstance(width, int) or width % 2:
            raise self.fault(node, f"{width} features cannot be halved")
        if last.layer.halves is None:
            call = _with_width(last.call, width // 2)
            first, second = (Layer(call, last.layer.line, whole=last.layer) for _ in range(2))
            last.layer.halves = first, second
        shape = None if tensor.shape is None else (tensor.shape[0] // 2, *tensor.shape[1:])
        steps = [Step(half.call, last.part, last.line, half, shape) for half in last.layer.halves]
        first_tensor, second_tensor = (Tensor((*tensor.steps[:-1], step), shape) for step in steps)
        return first_tensor, second_tensor

    def part_of(self, tensor: Tensor, index: Any, node: ast.AST) -> Any:
        """``x[:, :n]`` and ``x[:, n:]`` of a head, or ``x[:, :, None, None]``."""
        whole = slice(None)
        if not isinstance(index, tuple) or index[0] != whole:
            raise self.fault(node, "a part of a tensor is taken here; that is no layer")
        places = index[1:]
        if all(place is None or place == whole for place in places):
            left = list(self.known(tensor, node))
            shape = tuple(1 if place is None else left.pop(0) for place in places) + tuple(left)
            return self.reshape(tensor, shape, node)
        half = self.known(tensor, node)[0] // 2
        for which, cut in enumerate((slice(None, half), slice(half, None))):
            if places in ((cut,), (cut, Ellipsis)):
                return self.halves(tensor, node)[which]
        raise self.fault(node, "a part of a tensor is taken here; that is no layer")


def kind_of(name: str) -> str:
    """``enc`` for ``encoder``, ``encoder_1``, ``enc2``; ``dec`` likewise; else nothing."""
    start = name.lower().lstrip("_")[:3]
    return start if start in ("enc", "dec") else ""


def constant(trace: Trace, value: Any, node: ast.AST) -> Any:
    """A value as an argument of a layer: a number, a word, None, or a tuple of them."""
    if isinstance(value, list | tuple):
        capped(value, trace.source, node)
        return tuple(constant(trace, each, node) for each in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise trace.fault(node, "an argument here is no number and no word")


def size(tensor: Tensor, trace: Trace, node: ast.AST) -> tuple[Any, ...]:
    """``x.shape``: the batch, then the shape of an image."""
    return (Batch(), *trace.known(tensor, node))


def _with_width(call: Call, width: int) -> Call:
    """The layer with another number of outputs."""
    key = GIVES[call.name]
    if key in call.kwargs:
        return Call(call.name, call.args, {**call.kwargs, key: width})
    return Call(call.name, (call.args[0], width, *call.args[2:]), call.kwargs)


def _reshaped(name: str, known: Any, tensor: Tensor, args: list[Any], node: ast.AST) -> Any:
    """The shape of an image after a method that changes shapes; None for other methods."""
    if name == "flatten" and args in ([1], [1, -1]):
        return () if tensor.shape is None else (math.prod(tensor.shape),)
    if name not in ("flatten", "squeeze", "unsqueeze", "unflatten"):
        return None
    shape = list(known(tensor, node))
    axes = [axis + len(shape) + 1 if axis < 0 else axis for axis in args[:1] if _is_axis(axis)]
    if name == "squeeze":
        keep = [
            size for place, size in enumerate(shape, 1) if size != 1 or (args and [place] != axes)
        ]
        return tuple(keep) or (1,)
    if name == "unsqueeze" and axes:
        place = axes[0] + (args[0] < 0)
        return (*shape[: place - 1], 1, *shape[place - 1 :]) if place >= 1 else None
    sizes = args[1] if len(args) == 2 and isinstance(args[1], tuple | list) else ()
    if name == "unflatten" and axes == [1] and sizes:
        return (*sizes, *shape[1:]) if all(_is_axis(size) and size > 0 for size in sizes) else None
    return None


def _tensor_of(value: Tensor | Spread) -> Tensor:
    return value.tensor if isinstance(value, Spread) else value


def _is_axis(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
