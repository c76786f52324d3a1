"""An encoder and a decoder from the layers that an image passes in pasted code."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from zatlas.errors import InputError
from zatlas.models.layers import KEEPING, NORMS, PARAMETRIC, RESHAPES, Image
from zatlas.models.pasted.values import Draw, Join, Layer, Step, Tensor
from zatlas.syntax import Call

WEIGHTED = PARAMETRIC | NORMS | {"PReLU"}
SIDES = (64, 28, 32, 128, 256, 96, 48, 224, 16, 100)  # of square images, the usual one first
DATA_SETS = {"mnist": 28, "cifar": 32, "svhn": 32, "celeba": 64, "stl10": 96}


@dataclass
class Network:
    """What pasted code holds: ``where`` opens errors, ``notes`` are what had to be assumed."""

    title: str
    where: str
    encoders: dict[str, list[Call]] = field(default_factory=dict)  # by name, in their order
    decoder: list[Call] = field(default_factory=list)
    gaussian: bool = False
    image: Image | None = None
    notes: list[str] = field(default_factory=list)


def images_for(first: Call | None, text: str = "") -> list[tuple[Image, str]]:
    """The images that a first Linear or Conv2d may take, the most usual first, and why.

    A data set that ``text`` names has a size of its own.
    """
    takes = {"Linear": "in_features", "Conv2d": "in_channels"}
    count = (*first.args, first.kwargs.get(takes[first.name]))[0] if first else None
    if first and isinstance(count, int) and count > 0:
        if first.name == "Conv2d":
            images = [(count, side, side) for side in SIDES]
            usual, *others = (f"the image is {_spell(image)}" for image in images)
            reasons = [f"{usual} unless the key image is set; Conv2d tells only the {count}",
                       *(f"{other}, a size that fits" for other in others)]  # fmt: skip
            found = list(zip(images, reasons, strict=True))
            for word, side in DATA_SETS.items():
                if word in text.lower():
                    image = (count, side, side)
                    return [(image, f"the image is {_spell(image)}, as {word} has it"), *found]
            return found
        for channels in (3, 1):
            side = math.isqrt(count // channels)
            if channels * side * side == count:
                image = (channels, side, side)
                return [(image, f"the image is {_spell(image)}, the {count} of the Linear")]
    return [((3, 64, 64), "the image is 3×64×64; the first layer does not tell")]


def first_with_size(calls: Iterator[Call]) -> Call | None:
    """The first layer that tells the size of the image."""
    return next((call for call in calls if call.name in ("Linear", "Conv2d")), None)


def _spell(image: Image) -> str:
    return "×".join(map(str, image))


def length(tensor: Tensor) -> int:
    """The number of layers on the longest way to a tensor."""
    inner = [
        max(map(length, step.tensors)) for step in tensor.steps if isinstance(step, Join)
    ]  # fmt: skip
    return len(tensor.steps) + sum(inner)


@dataclass
class Divided:
    """The steps of each encoder and of the decoder; ``spread`` is the second head of a VAE."""

    encoders: list[list[Step]]
    decoder: list[Step]
    spread: Step | None = None
    note: str = ""

    def steps(self) -> Iterator[Step]:
        """All steps."""
        for part in (*self.encoders, self.decoder, [self.spread] if self.spread else []):
            yield from part


def divide(output: Tensor, what: str, fault: Callable[[str], InputError]) -> Divided:
    """Divide the way of an image into encoder and decoder.

    ``what`` opens errors of one line, ``fault`` makes those of the whole network.

    The code is where a VAE draws, where the outputs of encoders are concatenated, or the narrowest
    place between the parts that are named encoder and decoder.
    """
    special = [step for step in output.steps if not isinstance(step, Step)]
    if len(special) > 1:
        raise InputError(f"{what} {special[1].line}: more than one place joins or draws here")
    if special:
        place = output.steps.index(special[0])
        after = _plain(output.steps[place + 1 :], what)
        if isinstance(special[0], Draw):
            divided = _of_vae(special[0], after, what)
        else:
            divided = Divided(_of_join(special[0], what), after)
    else:
        steps = _plain(output.steps, what)
        place, note = _code_place(steps, what, fault)
        divided = Divided([steps[:place]], steps[place:], note=note)
    _refuse_shared([step for part in (*divided.encoders, divided.decoder) for step in part], what)
    return divided


def _plain(steps: Sequence[Any], what: str) -> list[Step]:
    for step in steps:
        if isinstance(step, Join):
            why = "tensors are concatenated inside a part (a skip connection)"
            raise InputError(f"{what} {step.line}: {why}; zatlas has no such layer")
        if isinstance(step, Draw):
            raise InputError(f"{what} {step.line}: more than one place draws random numbers")
    return list(steps)


def _of_join(join: Join, what: str) -> list[list[Step]]:
    encoders = [_plain(tensor.steps, what) for tensor in join.tensors]
    used = [{id(step.layer) for step in steps if step.layer} for steps in encoders]
    if len(set().union(*used)) < sum(map(len, used)) or not all(encoders):
        why = "what is concatenated shares layers (a skip connection)"
        raise InputError(f"{what} {join.line}: {why}; zatlas has no such layer")
    return encoders


def _of_vae(draw: Draw, decoder: list[Step], what: str) -> Divided:
    mean, spread = (_plain(tensor.steps, what) for tensor in (draw.mean, draw.spread))
    whole = len(mean)
    mean, spread = _without(mean, RESHAPES), _without(spread, RESHAPES | KEEPING)
    fault = f"{what} {draw.line}: the code is drawn, but its mean and its spread"
    if not mean or not spread or mean[-1].call.name not in PARAMETRIC:
        raise InputError(f"{fault} do not come from one layer each")
    if mean[-1].call != spread[-1].call or mean[-1].layer is spread[-1].layer:
        raise InputError(f"{fault} come from different layers: {mean[-1].call}, {spread[-1].call}")
    if [(s.layer, s.call) for s in mean[:-1] if s.layer] != [
        (s.layer, s.call) for s in spread[:-1] if s.layer
    ]:
        raise InputError(f"{fault} come from two encoders")
    first = decoder[0].call.name if decoder else ""
    if whole > len(mean) and first not in ("Linear", "Flatten"):
        decoder = [Step(Call("Flatten"), "dec", draw.line, None, None), *decoder]
    return Divided([mean], decoder, spread[-1])


def _without(steps: list[Step], names: frozenset[str]) -> list[Step]:
    """The steps without those of such names at the end."""
    over = list(takewhile(lambda step: step.call.name in names, reversed(steps)))
    return steps[: len(steps) - len(over)]


def _code_place(
    steps: list[Step], what: str, fault: Callable[[str], InputError]
) -> tuple[int, str]:
    """How many steps lead to the code, and a note where it is only the narrowest place."""
    encodes = [place for place, step in enumerate(steps, 1) if step.part == "enc"]
    decodes = [place for place, step in enumerate(steps) if step.part == "dec"]
    weighted = [place for place, step in enumerate(steps, 1) if step.call.name in PARAMETRIC]
    if encodes and decodes:
        first, last = encodes[-1], decodes[0]
    elif len(weighted) < 2:
        raise fault("no encoder and decoder; too few layers lead to the picture")
    else:
        first, last = max([weighted[0], *encodes]), min([weighted[-1] - 1, *decodes])
    if first > last:
        if encodes and decodes and encodes[-1] > decodes[0]:
            why = "the encoder is called after the decoder"
            raise InputError(f"{what} {steps[encodes[-1] - 1].line}: {why}")
        missing = "decoder" if not decodes else "encoder"
        raise fault(f"the {missing} has no layers with weights")
    places = range(first, last + 1)
    if len(places) == 1:
        return first, ""
    sizes = {place: steps[place - 1].shape for place in places}
    if any(shape is None for shape in sizes.values()):
        line = steps[first - 1].line
        raise InputError(f"{what} {line}: the layers do not meet, so the code is not found")
    narrowest = min(places, key=lambda place: (math.prod(sizes[place] or ()), -place))
    step = steps[narrowest - 1]
    return narrowest, f"the code is the narrowest place, after {step.call} of {step.line}"


def _refuse_shared(steps: list[Step], what: str) -> None:
    seen: set[Layer] = set()
    for step in steps:
        if step.layer and step.call.name in WEIGHTED:
            if step.layer in seen:
                why = f"{step.call} is used twice with the same weights; zatlas has no such layer"
                raise InputError(f"{what} {step.line}: {why}")
            seen.add(step.layer)


def class_kind(name: str) -> str:
    """What a class is by its name: "whole", "enc", "dec" or ""."""
    lower = name.lower().replace("_", "")
    if "autoenc" in lower:
        return "whole"
    if "encoder" in lower and "decoder" in lower:
        return "whole"
    if re.search("encoder|enc(net)?$", lower):
        return "enc"
    if re.search("decoder|dec(net)?$", lower):
        return "dec"
    return "whole" if re.search(r"vae|(?:[a-z0-9]|_|^)A[Ee](?![a-z])", name, re.I) else ""
