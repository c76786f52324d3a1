"""What a name in pasted code stands for, where it is no constant: layers, modules, tensors."""

import ast
from collections import ChainMap
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from zatlas.errors import InputError
from zatlas.models.layers import Shape
from zatlas.syntax import Call

Scope: TypeAlias = "ChainMap[str, Any]"


class TooLongError(InputError):
    """The program takes too many steps to be read."""


@dataclass(frozen=True)
class Unknown:
    """A value that cannot be read; ``fault`` says why, and is raised where the value is used."""

    fault: InputError


@dataclass(frozen=True)
class External:
    """Something that an import gives, by its full name: ``torch.nn.Linear``."""

    name: str

    @property
    def last(self) -> str:
        """The name without what stands before the last dot."""
        return self.name.rpartition(".")[2]


@dataclass(eq=False)
class Class:
    """A class of the pasted code. ``bases`` are other classes of it, or ``External``."""

    node: ast.ClassDef
    bases: list[Any]
    attributes: dict[str, Any] = field(default_factory=dict)

    def find(self, name: str) -> Any:
        """A method or an attribute of the class or of the classes it is derived from."""
        if name in self.attributes:
            return self.attributes[name]
        for base in self.bases:
            if isinstance(base, Class) and (found := base.find(name)) is not None:
                return found
        return None


@dataclass(eq=False)
class Instance:
    """What a class of the pasted code makes; ``defaults`` are the arguments that nobody gave.

    ``text`` is the line and the call with other arguments.
    """

    made_by: Class
    attributes: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, eq=False)
class Function:
    """A function of the pasted code; ``bound`` is the instance of a method."""

    node: ast.FunctionDef | ast.Lambda
    scope: Scope
    owner: Class | None = None
    bound: Instance | None = None


@dataclass(eq=False)
class Layer:
    """One layer of ``torch.nn``. ``line`` is where it is made; ``fault`` stands where it is tied.

    ``whole`` is the layer that this one is one half of, after ``chunk``.
    """

    call: Call
    line: str
    whole: "Layer | None" = None
    halves: "tuple[Layer, Layer] | None" = None
    fault: InputError | None = None


@dataclass(eq=False)
class Modules:
    """``nn.Sequential``, ``nn.ModuleList`` or ``nn.ModuleDict``: modules with their names."""

    kind: str
    entries: dict[str, Any] = field(default_factory=dict)


class Step(NamedTuple):
    """One layer on the way of an image, and what leaves it."""

    call: Call
    part: str  # "enc", "dec" or ""
    line: str
    layer: Layer | None
    shape: Shape | None


class Draw(NamedTuple):
    """The code of a Gaussian bottleneck is drawn: its mean came to here, the spread apart."""

    mean: "Tensor"
    spread: "Tensor"
    line: str


class Join(NamedTuple):
    """What several encoders give is concatenated."""

    tensors: "tuple[Tensor, ...]"
    line: str


@dataclass(frozen=True)
class Tensor:
    """What reaches one place: the layers passed so far, and its shape where that is known."""

    steps: tuple[Step | Draw | Join, ...] = ()
    shape: Shape | None = None


@dataclass(frozen=True)
class Batch:
    """The number of images in a batch, which no layer depends on."""


@dataclass(frozen=True)
class Noise:
    """Random numbers."""


@dataclass(frozen=True)
class Spread:
    """A function of each number of a tensor that is no layer, such as exp(0.5 x)."""

    tensor: Tensor
    fault: InputError  # raised where it goes into a layer


@dataclass(frozen=True)
class Scatter:
    """Random numbers, each times its own spread."""

    tensor: Tensor
    fault: InputError


@dataclass(frozen=True)
class Normal:
    """``torch.distributions.Normal(loc, scale)``."""

    loc: Any
    scale: Any
